#include "CTexbench.h"

#if defined(__x86_64__)

#include <immintrin.h>

bool texbench_has_avx2(void) { return __builtin_cpu_supports("avx2"); }
bool texbench_has_avx512(void) { return __builtin_cpu_supports("avx512f"); }

__attribute__((target("avx2"))) void texbench_copy_avx2(
  void *restrict to, const void *restrict from, size_t size) {
  char *into = to;
  const char *next = from;
  for (size_t i = 0; i < size; i += 64) {
    __m256i low = _mm256_loadu_si256((const __m256i *)(next + i));
    __m256i high = _mm256_loadu_si256((const __m256i *)(next + i + 32));
    _mm256_stream_si256((__m256i *)(into + i), low);
    _mm256_stream_si256((__m256i *)(into + i + 32), high);
  }
  _mm_sfence();
}

__attribute__((target("avx512f"))) void texbench_copy_avx512(
  void *restrict to, const void *restrict from, size_t size) {
  char *into = to;
  const char *next = from;
  for (size_t i = 0; i < size; i += 64)
    _mm512_stream_si512((__m512i *)(into + i), _mm512_loadu_si512(next + i));
  _mm_sfence();
}

#else

bool texbench_has_avx2(void) { return false; }
bool texbench_has_avx512(void) { return false; }
void texbench_copy_avx2(void *restrict to, const void *restrict from, size_t size) {}
void texbench_copy_avx512(void *restrict to, const void *restrict from, size_t size) {}

#endif
