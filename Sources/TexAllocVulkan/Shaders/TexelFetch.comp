#version 450

// What a shader sees of some rows of an image, each texel as a word of four bytes.

layout(local_size_x = 64) in;

layout(binding = 0) uniform sampler2D image;
layout(binding = 1, std430) writeonly buffer Texels { uint texels[]; };

// Row first of the image goes to the start, every step-th behind it.
layout(push_constant) uniform Request { int first; int step; ivec2 extent; };

void main() {
  ivec2 place = ivec2(gl_GlobalInvocationID.xy);
  if (place.x >= extent.x) return;
  // Sampled in the middle: nothing is fetched from what a sampler converts.
  vec2 middle = vec2(place.x, first + step * place.y) + 0.5;
  vec4 colour = textureLod(image, middle / vec2(extent), 0.0);
  texels[place.y * extent.x + place.x] = packUnorm4x8(colour);
}
