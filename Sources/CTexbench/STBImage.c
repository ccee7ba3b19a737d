#include "CTexbench.h"

#if __has_include(<stb/stb_image.h>)

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_JPEG
#define STBI_NO_STDIO
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunused-function"
#include <stb/stb_image.h>
#pragma clang diagnostic pop

const bool texbench_has_stb = true;

uint8_t *texbench_stb_decode(const uint8_t *bytes, size_t size) {
  int width, height, channels;
  return stbi_load_from_memory(bytes, (int)size, &width, &height, &channels, 4);
}

void texbench_stb_free(uint8_t *pixels) { stbi_image_free(pixels); }

#else

const bool texbench_has_stb = false;
uint8_t *texbench_stb_decode(const uint8_t *bytes, size_t size) { return NULL; }
void texbench_stb_free(uint8_t *pixels) {}

#endif
