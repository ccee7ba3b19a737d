#include "Lines.h"

typedef uint16_t halves16 __attribute__((vector_size(32)));
typedef uint16_t halves64 __attribute__((vector_size(128)));
typedef uint32_t words16 __attribute__((vector_size(64)));

/// What a row is made from.
struct source {
  const uint8_t *pixels;
  /// The second plane, where there are two.
  const uint8_t *others;
  /// Red, green, blue and alpha, where there is a colour.
  uint8_t colour[4];
};

/// Makes the pixels of one line from as many of the source.
typedef void make_line(bytes64 *line, const struct source *source);

/// Writes a row of `count` pixels, and zeros behind them. A line that the pixels only begin is made
/// from a copy of them, so that nothing behind the source is read.
///
/// Pixels take `source_size` bytes in each plane of the source, and `size` bytes in the row.
PART void stream_row(
  uint8_t *to, struct source source, size_t count, size_t source_size, size_t size, size_t pitch,
  make_line *make) {
  const uint8_t *end = to + pitch;
  const size_t per_line = line_size / size, step = per_line * source_size;
  for (; count >= per_line; count -= per_line, to += line_size) {
    bytes64 line;
    make(&line, &source);
    stream_line(to, &line);
    source.pixels += step;
    if (source.others) source.others += step;
  }
  if (count > 0) {
    uint8_t pixels[2 * line_size] = {0}, others[2 * line_size] = {0};
    memcpy(pixels, source.pixels, count * source_size);
    if (source.others) memcpy(others, source.others, count * source_size);
    source.pixels = pixels;
    source.others = others;
    bytes64 line;
    make(&line, &source);
    memset((uint8_t *)&line + count * size, 0, line_size - count * size);
    stream_line(to, &line);
    to += line_size;
  }
  const bytes64 zeros = {0};
  stream_lines(to, &zeros, (size_t)(end - to));
}

PART void copy(bytes64 *line, const struct source *source) {
  memcpy(line, source->pixels, sizeof *line);
}

PART void a8_to_rgba(bytes64 *line, const struct source *source) {
  bytes16 alpha;
  memcpy(&alpha, source->pixels, sizeof alpha);
  bytes64 alphas = __builtin_shufflevector(
    alpha, alpha, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6,
    6, 7, 7, 7, 7, 8, 8, 8, 8, 9, 9, 9, 9, 10, 10, 10, 10, 11, 11, 11, 11, 12, 12, 12, 12, 13, 13,
    13, 13, 14, 14, 14, 14, 15, 15, 15, 15);
  uint32_t colour;
  memcpy(&colour, source->colour, sizeof colour);
  bytes64 colours = (bytes64)((words16){0} + colour);
  // Division by 255, rounded to the nearest.
  halves64 product = __builtin_convertvector(alphas, halves64)
      * __builtin_convertvector(colours, halves64) + 128;
  *line = __builtin_convertvector((product + (product >> 8)) >> 8, bytes64);
}

PART void rgb_to_rgbx(bytes64 *line, const struct source *source) {
  const bytes16 full = (bytes16){0} + 255;
  bytes16 pixels, quads[4];
  for (size_t i = 0; i < 3; i++) {
    memcpy(&pixels, source->pixels + 12 * i, sizeof pixels);
    quads[i] = __builtin_shufflevector(
      pixels, full, 0, 1, 2, 16, 3, 4, 5, 16, 6, 7, 8, 16, 9, 10, 11, 16);
  }
  // The last quad would end 4 bytes behind the source.
  memcpy(&pixels, source->pixels + 32, sizeof pixels);
  quads[3] = __builtin_shufflevector(
    pixels, full, 4, 5, 6, 16, 7, 8, 9, 16, 10, 11, 12, 16, 13, 14, 15, 16);
  memcpy(line, quads, sizeof *line);
}

PART void grey_to_rgbx(bytes64 *line, const struct source *source) {
  bytes16 grey;
  memcpy(&grey, source->pixels, sizeof grey);
  const bytes16 full = (bytes16){0} + 255;
  *line = __builtin_shufflevector(
    grey, full, 0, 0, 0, 16, 1, 1, 1, 16, 2, 2, 2, 16, 3, 3, 3, 16, 4, 4, 4, 16, 5, 5, 5, 16, 6, 6,
    6, 16, 7, 7, 7, 16, 8, 8, 8, 16, 9, 9, 9, 16, 10, 10, 10, 16, 11, 11, 11, 16, 12, 12, 12, 16,
    13, 13, 13, 16, 14, 14, 14, 16, 15, 15, 15, 16);
}

PART void rgbx_to_rgb565(bytes64 *line, const struct source *source) {
  words16 pixels[2];
  halves16 packed[2];
  memcpy(pixels, source->pixels, sizeof pixels);
  for (size_t i = 0; i < 2; i++)
    packed[i] = __builtin_convertvector(
      (pixels[i] & 0xF8) << 8 | (pixels[i] >> 5 & 0x7E0) | (pixels[i] >> 19 & 0x1F), halves16);
  memcpy(line, packed, sizeof *line);
}

PART void uv_to_gr88(bytes64 *line, const struct source *source) {
  bytes32 u, v;
  memcpy(&u, source->pixels, sizeof u);
  memcpy(&v, source->others, sizeof v);
  *line = __builtin_shufflevector(
    u, v, 0, 32, 1, 33, 2, 34, 3, 35, 4, 36, 5, 37, 6, 38, 7, 39, 8, 40, 9, 41, 10, 42, 11, 43, 12,
    44, 13, 45, 14, 46, 15, 47, 16, 48, 17, 49, 18, 50, 19, 51, 20, 52, 21, 53, 22, 54, 23, 55, 24,
    56, 25, 57, 26, 58, 27, 59, 28, 60, 29, 61, 30, 62, 31, 63);
}

FOR_PROCESSORS("avx2", "default")
void texalloc_stream_row(void *to, const void *from, size_t size, size_t pitch) {
  stream_row(to, (struct source){.pixels = from}, size, 1, 1, pitch, copy);
}

FOR_PROCESSORS("avx2", "default")
void texalloc_stream_a8_to_rgba(
  void *to, const void *from, size_t count, size_t pitch, uint8_t red, uint8_t green, uint8_t blue,
  uint8_t alpha) {
  struct source source = {.pixels = from, .colour = {red, green, blue, alpha}};
  stream_row(to, source, count, 1, 4, pitch, a8_to_rgba);
}

FOR_PROCESSORS("avx2", "default")
void texalloc_stream_rgb_to_rgbx(void *to, const void *from, size_t count, size_t pitch) {
  stream_row(to, (struct source){.pixels = from}, count, 3, 4, pitch, rgb_to_rgbx);
}

FOR_PROCESSORS("avx2", "default")
void texalloc_stream_grey_to_rgbx(void *to, const void *from, size_t count, size_t pitch) {
  stream_row(to, (struct source){.pixels = from}, count, 1, 4, pitch, grey_to_rgbx);
}

FOR_PROCESSORS("avx2", "default")
void texalloc_stream_rgbx_to_rgb565(void *to, const void *from, size_t count, size_t pitch) {
  stream_row(to, (struct source){.pixels = from}, count, 4, 2, pitch, rgbx_to_rgb565);
}

FOR_PROCESSORS("avx2", "default")
void texalloc_stream_uv_to_gr88(
  void *to, const void *u, const void *v, size_t count, size_t pitch) {
  struct source source = {.pixels = u, .others = v};
  stream_row(to, source, count, 1, 2, pitch, uv_to_gr88);
}

FOR_PROCESSORS("avx2", "default")
void texalloc_stream_marked(void *to, const void *from, uint64_t lines) {
  for (; lines; lines &= lines - 1) {
    const size_t offset = (size_t)__builtin_ctzll(lines) * line_size;
    bytes64 line;
    memcpy(&line, (const uint8_t *)from + offset, sizeof line);
    stream_line((uint8_t *)to + offset, &line);
  }
}
