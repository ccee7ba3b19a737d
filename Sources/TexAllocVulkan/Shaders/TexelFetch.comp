#version 450

// What a shader sees of some rows of an image, each texel as a word of four bytes.

layout(local_size_x = 64) in;

layout(binding = 0) uniform sampler2D image;
layout(binding = 1, std430) writeonly buffer Texels { uint texels[]; };

// Row first of the image goes to the start, every step-th behind it.
layout(push_constant) uniform Request { int first; int step; int width; };

void main() {
  ivec2 place = ivec2(gl_GlobalInvocationID.xy);
  if (place.x >= width) return;
  vec4 colour = texelFetch(image, ivec2(place.x, first + step * place.y), 0);
  texels[place.y * width + place.x] = packUnorm4x8(colour);
}
