// libpng's reader for Swift: the library leaves through longjmp where it fails, which must not cross
// Swift's frames. Here every failure is a result and a message.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// How a call ended.
typedef enum __attribute__((enum_extensibility(closed))) {
  texalloc_png_done,
  /// The file ends before its image does.
  texalloc_png_truncated,
  /// The file breaks the rules of PNG.
  texalloc_png_damaged,
  texalloc_png_out_of_memory,
} texalloc_png_result;

/// What a file may cost; what passes it is ignored, or an error where an image cannot do without.
typedef struct {
  /// Pixels across.
  uint32_t width;
  /// Bytes that one chunk beside the image may take when it is decompressed.
  size_t chunk_bytes;
  /// How many such chunks are kept.
  uint32_t chunks;
} texalloc_png_terms;

typedef struct {
  /// Pixels.
  uint32_t width, height;
  /// Whether a pixel may be seen through.
  bool has_alpha;
  bool is_grey;
  /// Whether it comes in seven passes, each of which fills in pixels between those before.
  bool is_interlaced;
} texalloc_png_header;

/// Reads one file in memory, for one thread at a time. After a call that was not done, only its message
/// may be asked for.
typedef struct texalloc_png_reader texalloc_png_reader;

/// The bytes are borrowed until it is closed. NULL without memory.
texalloc_png_reader *texalloc_png_open(
    const uint8_t *bytes, size_t size, const texalloc_png_terms *terms);
void texalloc_png_close(texalloc_png_reader *reader);

/// Reads up to the first pixel.
texalloc_png_result texalloc_png_read_header(
    texalloc_png_reader *reader, texalloc_png_header *header);

/// Bytes of the ICC profile and of the EXIF that stand before the pixels; NULL where there are none. Valid
/// until the reader is closed.
const uint8_t *texalloc_png_profile(texalloc_png_reader *reader, size_t *size);
const uint8_t *texalloc_png_exif(texalloc_png_reader *reader, size_t *size);

/// Gets ready to decode to four bytes a pixel: red, green, blue, or the other way round, and alpha, 255
/// where there is none. Alpha is straight.
texalloc_png_result texalloc_png_start(texalloc_png_reader *reader, bool blue_first);

/// Decodes the next row of a pass; of an interlaced file, into the row that the pass before left.
texalloc_png_result texalloc_png_read_row(texalloc_png_reader *reader, uint8_t *row);

/// Reads what stands behind the pixels.
texalloc_png_result texalloc_png_read_end(texalloc_png_reader *reader);

/// The error, or else the last thing that was not as it should be; empty where all was. In English.
const char *texalloc_png_message(const texalloc_png_reader *reader);
