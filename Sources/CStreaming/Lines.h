// Lines that pass the caches by, in clang's vector types: one text for every processor.
#pragma once

#include "CStreaming.h"

#include <string.h>

enum { line_size = texalloc_line_size };

typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef uint8_t bytes32 __attribute__((vector_size(32)));
typedef uint8_t bytes64 __attribute__((vector_size(64)));

// Compiles a function once for every processor of the list; the loader picks, before ThreadSanitizer
// is ready for what it instruments.
#if defined(__x86_64__) && defined(__GLIBC__) && !__has_feature(thread_sanitizer)
#define FOR_PROCESSORS(...) __attribute__((target_clones(__VA_ARGS__)))
#else
#define FOR_PROCESSORS(...)
#endif

// A part of such functions: compiled with each of them.
#define PART static inline __attribute__((always_inline))

/// Stores a line where a line begins: (v)movnt on x86-64, stnp on arm64, which wants a pair of
/// registers at a time.
PART void stream_line(uint8_t *to, const bytes64 *line) {
  bytes32 halves[2];
  memcpy(halves, line, sizeof halves);
  for (size_t i = 0; i < 2; i++) __builtin_nontemporal_store(halves[i], (bytes32 *)to + i);
}

/// Stores `size` bytes of one line again and again.
PART void stream_lines(uint8_t *to, const bytes64 *line, size_t size) {
  for (uint8_t *end = to + size; to < end; to += line_size) stream_line(to, line);
}
