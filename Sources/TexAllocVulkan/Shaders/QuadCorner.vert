#version 450

// The corners of rectangles of a picture, six for each of them.

struct Quad {
  vec4 frame;    // x, y, width, height in pixels
  vec4 texels;   // at its upper left corner; then from there to the upper right one
  vec4 below;    // from its upper left corner to the lower left one
  vec4 tint;
};

layout(binding = 1, std430) readonly buffer Quads { Quad quads[]; };

layout(push_constant) uniform Request { vec2 size; vec2 extent; int mode; };

layout(location = 0) out vec2 place;
layout(location = 1) out vec4 colour;

const vec2 corners[6] = vec2[](
  vec2(0, 0), vec2(1, 0), vec2(0, 1), vec2(0, 1), vec2(1, 0), vec2(1, 1));

void main() {
  Quad quad = quads[gl_InstanceIndex];
  vec2 corner = corners[gl_VertexIndex];
  place = quad.texels.xy + corner.x * quad.texels.zw + corner.y * quad.below.xy;
  colour = quad.tint;
  gl_Position = vec4((quad.frame.xy + corner * quad.frame.zw) / size * 2.0 - 1.0, 0.0, 1.0);
}
