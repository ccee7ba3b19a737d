#include "CTexbench.h"

void texbench_write_halves(void *lines, size_t size) {
  volatile uint64_t *words = lines;
  for (size_t i = 0; i < size / 8; i += 2) words[i] = i;
  __sync_synchronize();
}

uint64_t texbench_load_lines(const void *lines, size_t size) {
  const volatile uint64_t *words = lines;
  uint64_t sum = 0;
  for (size_t i = 0; i < size / 8; i += 8) sum += words[i];
  return sum;
}
