// Stores that pass the caches by: what write-combining memory wants, and Swift cannot say.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// Bytes that write-combining memory takes at once.
enum { texalloc_line_size = 64 };

/// Writes a row: `size` bytes, then zeros up to `pitch`, all in whole lines by non-temporal stores.
/// `to` and `pitch` are aligned to a line, `from` to nothing.
void texalloc_stream_row(void *restrict to, const void *restrict from, size_t size, size_t pitch);

/// Fills `size` bytes, whole lines, with one value by non-temporal stores. `to` is aligned to a line.
void texalloc_stream_fill(void *to, uint8_t value, size_t size);

/// Writes the zeros behind a row whose first `size` bytes somebody else has just written, so that
/// its last line leaves whole. `row` and `pitch` are aligned to a line.
void texalloc_stream_padding(void *row, size_t size, size_t pitch);

/// Makes every store before it visible before every store after it, non-temporal ones too.
void texalloc_store_fence(void);
