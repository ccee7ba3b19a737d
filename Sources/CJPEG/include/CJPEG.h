// libjpeg-turbo for Swift: the library leaves through longjmp where it fails, which must not cross
// Swift's frames. Here every failure is a result and a message, and warnings that cost pixels are
// failures. libjpeg's own header stays behind this one.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// How a call ended.
typedef enum __attribute__((enum_extensibility(closed))) {
  texalloc_jpeg_done,
  /// The file is sound as far as it was read, but uses what the library or this reader cannot do.
  texalloc_jpeg_unsupported,
  /// The file ends before its image does.
  texalloc_jpeg_truncated,
  /// The file breaks the rules of JPEG so that pixels are lost.
  texalloc_jpeg_damaged,
  texalloc_jpeg_out_of_memory,
} texalloc_jpeg_result;

/// The bytes of a pixel, in the order of memory. Alpha is 255.
typedef enum __attribute__((enum_extensibility(closed))) {
  texalloc_jpeg_rgba,
  texalloc_jpeg_bgra,
  texalloc_jpeg_grey,
} texalloc_jpeg_order;

typedef struct {
  /// Pixels.
  uint32_t width, height;
  /// Whether the file holds brightness only.
  bool is_grey;
  /// Whether every row waits for the end of the file: progressive files, and a scan per colour.
  bool has_several_scans;
  /// Bytes that the library allocates for the coefficients of such a file; else 0.
  uint64_t coefficient_size;
} texalloc_jpeg_header;

/// How far a file has been read.
typedef struct {
  /// From 1.
  uint32_t scan;
  /// Bytes that are still to be read.
  size_t bytes_left;
  /// Whether the end of the image was seen.
  bool at_end;
} texalloc_jpeg_position;

/// Pixels that the library takes across or down.
extern const uint32_t texalloc_jpeg_max_side;

/// One file that is being decoded; for one thread at a time. After a call that was not done, only
/// its message may be asked for, and it is to be closed.
typedef struct texalloc_jpeg_reader texalloc_jpeg_reader;

/// NULL without memory. The bytes are used until the reader is closed.
texalloc_jpeg_reader *texalloc_jpeg_open(const uint8_t *bytes, size_t size);
void texalloc_jpeg_close(texalloc_jpeg_reader *reader);

/// What went wrong, in English; valid until the reader is closed.
const char *texalloc_jpeg_message(const texalloc_jpeg_reader *reader);

/// Reads up to the first scan. The first call.
texalloc_jpeg_result texalloc_jpeg_read_header(
    texalloc_jpeg_reader *reader, texalloc_jpeg_header *header);

/// Gets ready to decode; allocates what the header told.
texalloc_jpeg_result texalloc_jpeg_start(texalloc_jpeg_reader *reader, texalloc_jpeg_order order);

/// Reads on without giving rows, no further than a row of blocks of one scan: before the rows where
/// there are several scans, and after them, each until the end is seen.
texalloc_jpeg_result texalloc_jpeg_read_on(
    texalloc_jpeg_reader *reader, texalloc_jpeg_position *position);

/// Begins the rows of a file with several scans, when its end was seen.
texalloc_jpeg_result texalloc_jpeg_start_rows(texalloc_jpeg_reader *reader);

/// Decodes the next `count` rows, of those that are left.
///
/// Pixels in colour are stored in order, and past the caches where a row is aligned to 32 bytes;
/// those in grey with memcpy. Nothing is read back.
texalloc_jpeg_result texalloc_jpeg_read_rows(
    texalloc_jpeg_reader *reader, void *rows, size_t pitch, uint32_t count);
