#version 450

// The pixels of a rectangle: its tint, an image times that, or an image's red as coverage of it.

layout(binding = 0) uniform sampler2D image;

layout(push_constant) uniform Request { vec2 size; vec2 extent; int mode; };

layout(location = 0) in vec2 place;
layout(location = 1) in vec4 colour;
layout(location = 0) out vec4 pixel;

void main() {
  if (mode == 0) {
    pixel = colour;
    return;
  }
  // A pixel shows all texels below it: one filtered sample for every two, each way.
  vec2 below = vec2(abs(dFdx(place.x)), abs(dFdy(place.y)));
  ivec2 count = clamp(ivec2(ceil(below / 2.0 - 0.01)), 1, 32);
  vec4 sum = vec4(0.0);
  for (int y = 0; y < count.y; y++)
    for (int x = 0; x < count.x; x++) {
      vec2 share = (vec2(x, y) + 0.5) / vec2(count) - 0.5;
      sum += textureLod(image, (place + share * below) / extent, 0.0);
    }
  vec4 mean = sum / float(count.x * count.y);
  pixel = colour * (mode == 1 ? mean : mean.rrrr);
}
