#include "Lines.h"

FOR_PROCESSORS("avx2", "default")
void texalloc_stream_fill(void *to, uint8_t value, size_t size) {
  bytes64 line = (bytes64){0} + value;
  stream_lines(to, &line, size);
}

void texalloc_stream_padding(void *row, size_t size, size_t pitch) {
  uint8_t *to = (uint8_t *)row + size, *end = (uint8_t *)row + pitch;
  // No byte twice, unlike memset(): the line may have left for memory with the first one.
#define ZEROS(size) \
  if ((uintptr_t)to & (size)) { \
    __builtin_memset_inline(to, 0, (size)); \
    to += (size); \
  }
  ZEROS(1) ZEROS(2) ZEROS(4) ZEROS(8) ZEROS(16) ZEROS(32)
#undef ZEROS
  texalloc_stream_fill(to, 0, (size_t)(end - to));
}

void texalloc_store_fence(void) {
#if defined(__x86_64__)
  __builtin_ia32_sfence();
#elif defined(__aarch64__)
  __asm__ volatile("dmb oshst" ::: "memory");
#else
  __sync_synchronize();
#endif
}
