#include "CStreaming.h"

#include <string.h>

// clang's vector types and __builtin_nontemporal_store give movnt on x86-64 and stnp on arm64.
typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef uint8_t bytes32 __attribute__((vector_size(32)));

enum { line_size = texalloc_line_size };

#define STREAM_LINES(name, vector, attributes)                                              \
  attributes static void name(char *restrict to, const char *restrict from, size_t lines) { \
    for (; lines > 0; lines--, to += line_size, from += line_size) {                        \
      vector line[line_size / sizeof(vector)];                                              \
      memcpy(line, from, line_size);                                                        \
      for (size_t i = 0; i < line_size / sizeof(vector); i++)                               \
        __builtin_nontemporal_store(line[i], (vector *)to + i);                             \
    }                                                                                       \
  }

STREAM_LINES(stream_lines_16, bytes16, )

#if defined(__x86_64__)
STREAM_LINES(stream_lines_32, bytes32, __attribute__((target("avx2"))))
#endif

static void stream_lines(char *restrict to, const char *restrict from, size_t lines) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) {
    stream_lines_32(to, from, lines);
    return;
  }
#endif
  stream_lines_16(to, from, lines);
}

void texalloc_stream_row(void *restrict to, const void *restrict from, size_t size, size_t pitch) {
  size_t whole = size / line_size * line_size, rest = size - whole;
  stream_lines(to, from, whole / line_size);
  if (rest > 0) {
    char last[line_size] = {0};
    memcpy(last, (const char *)from + whole, rest);
    stream_lines((char *)to + whole, last, 1);
    whole += line_size;
  }
  texalloc_stream_fill((char *)to + whole, 0, pitch - whole);
}

void texalloc_stream_fill(void *to, uint8_t value, size_t size) {
  bytes16 pattern;
  memset(&pattern, value, sizeof pattern);
  for (size_t i = 0; i < size / sizeof pattern; i++)
    __builtin_nontemporal_store(pattern, (bytes16 *)to + i);
}

void texalloc_stream_padding(void *row, size_t size, size_t pitch) {
  size_t whole = (size + line_size - 1) / line_size * line_size;
  memset((char *)row + size, 0, whole - size);
  texalloc_stream_fill((char *)row + whole, 0, pitch - whole);
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
