#include "Lines.h"

FOR_PROCESSORS("avx2", "default")
void texalloc_stream_fill(void *to, uint8_t value, size_t size) {
  bytes64 line = (bytes64){0} + value;
  stream_lines(to, &line, size);
}

void texalloc_stream_padding(void *row, size_t size, size_t pitch) {
  size_t whole = (size + line_size - 1) / line_size * line_size;
  memset((uint8_t *)row + size, 0, whole - size);
  texalloc_stream_fill((uint8_t *)row + whole, 0, pitch - whole);
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
