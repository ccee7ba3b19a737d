// Stores and loads that pass the caches by: what write-combining memory wants, and Swift cannot say.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// Bytes that write-combining memory takes at once.
enum { texalloc_line_size = 64 };

// Each of these writes one row in whole lines, in order, by non-temporal stores: the pixels, then
// zeros up to `pitch`. `to` and `pitch` are aligned to a line, sources to nothing. `count` is in
// pixels, which lie in memory in the order of their names.

/// Copies `size` bytes.
void texalloc_stream_row(void *to, const void *from, size_t size, size_t pitch);

/// Gives each pixel the colour, whose four parts are multiplied by the pixel's byte / 255.
void texalloc_stream_a8_to_rgba(
  void *to, const void *from, size_t count, size_t pitch, uint8_t red, uint8_t green, uint8_t blue,
  uint8_t alpha);

/// Adds 255 to each pixel of three bytes.
void texalloc_stream_rgb_to_rgbx(void *to, const void *from, size_t count, size_t pitch);

/// Repeats each byte three times, and adds 255.
void texalloc_stream_grey_to_rgbx(void *to, const void *from, size_t count, size_t pitch);

/// Keeps the upper 5, 6 and 5 bits of each pixel of four bytes, red uppermost in a little-endian
/// pair of bytes.
void texalloc_stream_rgbx_to_rgb565(void *to, const void *from, size_t count, size_t pitch);

/// Takes bytes from two planes by turns.
void texalloc_stream_uv_to_gr88(
  void *to, const void *u, const void *v, size_t count, size_t pitch);

/// Copies some of up to 64 lines side by side, those whose bits are set, the lowest for the first. `to` is
/// aligned to a line.
void texalloc_stream_marked(void *to, const void *from, uint64_t lines);

/// Fills `size` bytes, whole lines, with one value by non-temporal stores. `to` is aligned to a line.
void texalloc_stream_fill(void *to, uint8_t value, size_t size);

/// Writes the zeros behind a row whose first `size` bytes somebody else has just written, so that
/// its last line leaves whole. `row` and `pitch` are aligned to a line.
void texalloc_stream_padding(void *row, size_t size, size_t pitch);

/// Makes every store before it visible before every store after it, non-temporal ones too.
void texalloc_store_fence(void);

/// Copies `size` bytes out of memory that is not cached, whole lines by streaming loads, which fetch
/// a line at once. Nothing needs to be aligned.
void texalloc_stream_load(void *restrict to, const void *restrict from, size_t size);
