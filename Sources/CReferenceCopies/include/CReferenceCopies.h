// Copies by hand, as fast as their authors know, for benchmarks to measure against.
#pragma once

#include <stdbool.h>
#include <stddef.h>

/// Whether this processor has the instructions.
bool reference_has_avx2(void);
bool reference_has_avx512(void);

/// Copy `size` bytes, whole 64-byte lines, by non-temporal stores of so many bits, and fence them.
/// `to` is aligned to a line. Without the instructions they do nothing.
void reference_copy_avx2(void *restrict to, const void *restrict from, size_t size);
void reference_copy_avx512(void *restrict to, const void *restrict from, size_t size);
