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

bool texbench_stb_decode(const uint8_t *bytes, size_t size) {
  int width, height, channels;
  stbi_uc *pixels = stbi_load_from_memory(bytes, (int)size, &width, &height, &channels, 4);
  stbi_image_free(pixels);
  return pixels != NULL;
}

#else

const bool texbench_has_stb = false;
bool texbench_stb_decode(const uint8_t *bytes, size_t size) { return false; }

#endif
