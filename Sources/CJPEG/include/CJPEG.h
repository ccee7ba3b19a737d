// libjpeg-turbo for Swift: the library leaves through longjmp where it fails, which must not cross
// Swift's frames. Here every failure is a result and a note of what happened where. libjpeg's own
// header stays behind this one.
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
  /// The input could not be read.
  texalloc_jpeg_unreadable,
  /// Its markers are longer than the limit.
  texalloc_jpeg_too_many_marker_bytes,
  /// The time is over.
  texalloc_jpeg_too_late,
} texalloc_jpeg_result;

/// The bytes of a pixel, in the order of memory. Alpha is 255. CMYK is as the file has it.
typedef enum __attribute__((enum_extensibility(closed))) {
  texalloc_jpeg_rgba,
  texalloc_jpeg_bgra,
  texalloc_jpeg_grey,
  texalloc_jpeg_cmyk,
} texalloc_jpeg_order;

/// Where the bytes of a file come from.
typedef struct {
  /// All of them, in memory; NULL where they are read piece by piece.
  const uint8_t *bytes;
  /// Of `bytes`.
  size_t size;
  /// Reads bytes from an offset: answers how many, fewer than `size` only where the file ends, or -1.
  ptrdiff_t (*read)(void *context, uint8_t *bytes, size_t size, uint64_t offset);
  void *context;
} texalloc_jpeg_input;

/// What a file may cost.
typedef struct {
  /// Whether EXIF and the parts of a colour profile are kept, and how many bytes of them at most.
  bool keeps_markers;
  size_t marker_bytes;
  /// Nanoseconds of the thread's processor time, from the header or from where it is resumed.
  uint64_t time;
  /// Whether what was damaged is noted and passed over; otherwise it ends the reading.
  bool salvages;
} texalloc_jpeg_terms;

typedef struct {
  /// Pixels.
  uint32_t width, height;
  /// Whether the file holds brightness only.
  bool is_grey;
  /// Whether it holds colours for print, and whether they are stored inverted, as Adobe does.
  bool is_cmyk, is_inverted;
  /// Colours, and their sampling factors.
  uint32_t component_count;
  uint8_t across[4], down[4];
  /// Whether three colours are red, green and blue.
  bool is_rgb;
  /// Whether Huffman's code is not what it is coded by.
  bool is_arithmetic;
  /// Whether every row waits for the end of the file: progressive files, and a scan per colour.
  bool has_several_scans, is_progressive;
  /// Bytes that the library allocates for the coefficients of a file with several scans; else 0.
  uint64_t coefficient_size;
} texalloc_jpeg_header;

/// What a file gives at a part of its size.
typedef struct {
  /// Of the size; the library's fast transforms are those to 1, 2, 4 and 8.
  uint32_t eighths;
  /// Pixels.
  uint32_t width, height;
  /// Columns and rows of pixels that are coded together.
  uint32_t block_width, block_height;
  /// Samples of each colour among these, unless they are made pixels.
  uint8_t across[4], down[4];
} texalloc_jpeg_scale;

/// What a marker held that the reader kept, without its length and its name.
typedef struct {
  /// 1 for EXIF, 2 for a part of an ICC profile.
  int kind;
  const uint8_t *bytes;
  size_t size;
} texalloc_jpeg_segment;

/// What was not as it should be, and how far the reading was.
typedef struct {
  /// Done where every pixel is what the file says nevertheless.
  texalloc_jpeg_result result;
  /// From 1; 0 before the first.
  uint32_t scan;
  /// Rows of pixels at the scale, from the first, that it leaves as they are: those above the row of
  /// blocks that was being read, less one where its colours look at the row below; all where nothing was.
  uint32_t good_rows;
  /// Whether those are all.
  bool is_behind_rows;
  /// In English.
  char message[200];
} texalloc_jpeg_note;

/// How far a file has been read.
typedef struct {
  /// From 1.
  uint32_t scan;
  /// Bytes from the start of the file.
  uint64_t offset;
  /// Whether this step was the last of its scan.
  bool ended_scan;
  /// Whether the end of the image was seen.
  bool at_end;
} texalloc_jpeg_position;

/// Pixels that the library takes across or down.
extern const uint32_t texalloc_jpeg_max_side;

/// Reads one file after another; for one thread at a time. After a call that was not done, only its
/// notes may be asked for, or the next file be begun.
typedef struct texalloc_jpeg_reader texalloc_jpeg_reader;

/// NULL without memory.
texalloc_jpeg_reader *texalloc_jpeg_open(void);
void texalloc_jpeg_close(texalloc_jpeg_reader *reader);

/// Begins a file, and reads up to its first scan. The file before is forgotten, its tables too.
texalloc_jpeg_result texalloc_jpeg_read_header(
    texalloc_jpeg_reader *reader, const texalloc_jpeg_input *input,
    const texalloc_jpeg_terms *terms, texalloc_jpeg_header *header);

/// Goes on behind the header that was read last, with the same file, which may lie elsewhere now.
void texalloc_jpeg_resume(
    texalloc_jpeg_reader *reader, const texalloc_jpeg_input *input,
    const texalloc_jpeg_terms *terms);

/// What was kept of the markers, in the order of the file; valid until the next file.
size_t texalloc_jpeg_segment_count(const texalloc_jpeg_reader *reader);
texalloc_jpeg_segment texalloc_jpeg_get_segment(const texalloc_jpeg_reader *reader, size_t index);

/// What was not as it should be, the first of each kind; valid until the next file.
size_t texalloc_jpeg_note_count(const texalloc_jpeg_reader *reader);
const texalloc_jpeg_note *texalloc_jpeg_get_note(const texalloc_jpeg_reader *reader, size_t index);

/// The first note by which pixels are lost, or which ended the reading; NULL where there is none.
const texalloc_jpeg_note *texalloc_jpeg_first_damage(const texalloc_jpeg_reader *reader);

/// Has the file whose header was read decoded to a part of its size: to all of it unless this is called.
texalloc_jpeg_result texalloc_jpeg_set_scale(
    texalloc_jpeg_reader *reader, uint32_t eighths, texalloc_jpeg_scale *scale);

/// Gets ready to decode; allocates what the header told.
texalloc_jpeg_result texalloc_jpeg_start(texalloc_jpeg_reader *reader, texalloc_jpeg_order order);

/// The same for the colours of the file as they are stored, each by itself.
texalloc_jpeg_result texalloc_jpeg_start_planes(texalloc_jpeg_reader *reader);

/// Reads on without giving rows, no further than a row of blocks of one scan: before the rows where
/// there are several scans, and after them, each until the end is seen.
texalloc_jpeg_result texalloc_jpeg_read_on(
    texalloc_jpeg_reader *reader, texalloc_jpeg_position *position);

/// Takes the file for ended where a scan has, or where the rest is not to be believed.
texalloc_jpeg_result texalloc_jpeg_end_here(texalloc_jpeg_reader *reader);

/// Whether every colour has a scan that was begun.
bool texalloc_jpeg_has_all_colours(const texalloc_jpeg_reader *reader);

/// Whether all coefficients of a file with several scans, whose end was seen, are known to the last bit.
bool texalloc_jpeg_has_exact_coefficients(const texalloc_jpeg_reader *reader);

/// By what the coefficients of a colour are multiplied, in the order of the file.
///
/// - Parameter factors: Room for 64.
/// - Returns: Whether that is known.
bool texalloc_jpeg_get_quantization(
    const texalloc_jpeg_reader *reader, uint32_t component, uint16_t *factors);

/// Where the rows of blocks lie that are coded together, of a file with several scans whose end was seen.
///
/// - Parameters:
///   - row: Of those, from 0.
///   - rows: Room for four for each colour. Blocks follow each other, each of 64 coefficients, row by row.
texalloc_jpeg_result texalloc_jpeg_get_blocks(
    texalloc_jpeg_reader *reader, uint32_t row, const int16_t **rows);

/// Begins the rows of a file with several scans, when its end was seen.
texalloc_jpeg_result texalloc_jpeg_start_rows(texalloc_jpeg_reader *reader);

/// Has rows hold only some columns, before the first is read; and more to both sides, up to whole blocks:
/// tells which. At the edges of what is held, colours may differ from those of whole rows.
texalloc_jpeg_result texalloc_jpeg_crop(
    texalloc_jpeg_reader *reader, uint32_t *column, uint32_t *width);

/// Passes over the next `count` rows, of those that are left, without making pixels of most of them.
texalloc_jpeg_result texalloc_jpeg_skip_rows(texalloc_jpeg_reader *reader, uint32_t count);

/// Decodes the next `count` rows, of those that are left.
///
/// Pixels in colour are stored in order, and past the caches where a row is aligned to 16 bytes;
/// those in grey with memcpy. Nothing is read back.
texalloc_jpeg_result texalloc_jpeg_read_rows(
    texalloc_jpeg_reader *reader, void *rows, size_t pitch, uint32_t count);

/// Where the rows of blocks of three colours go: bytes from a start to the first row of each, and from
/// one row to the next, which is as long as whole blocks are.
typedef struct {
  size_t offset[3], pitch[3];
} texalloc_jpeg_places;

/// Decodes the next row of blocks that are coded together, of a file that was started for planes: of each
/// colour as many rows as the scale tells, of which those below the image are left alone.
texalloc_jpeg_result texalloc_jpeg_read_planes(
    texalloc_jpeg_reader *reader, void *start, const texalloc_jpeg_places *places);

/// Rows that were decoded, those of a call that failed included.
uint32_t texalloc_jpeg_row_count(const texalloc_jpeg_reader *reader);

/// Gives up what was kept of the markers.
void texalloc_jpeg_drop_segments(texalloc_jpeg_reader *reader);

/// Gives up all that the file took.
void texalloc_jpeg_finish(texalloc_jpeg_reader *reader);

/// Makes a file with the colours and the sampling factors of another; a baseline one, or a progressive one
/// where that has several scans.
///
/// - Returns: Its bytes, for free(3); NULL where the library makes no such file.
uint8_t *texalloc_jpeg_make_sample(
    const texalloc_jpeg_header *like, uint32_t width, uint32_t height, size_t *size);
