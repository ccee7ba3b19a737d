// What the parts of the reader share.
#pragma once

#include "CJPEG.h"

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

enum {
  /// Bytes that are read of a file at once.
  piece_size = 64 << 10,
  /// Kinds of notes that are kept, and parts of a profile, of which there can be 255, with one EXIF.
  max_notes = 8,
  max_segments = 256,
};

/// Bytes that were kept of the markers: where the segments lie among them.
typedef struct {
  uint8_t *bytes;
  size_t size, capacity;
  struct {
    int kind;
    size_t start, size;
  } segments[max_segments];
  size_t count;
} marker_store;

struct texalloc_jpeg_reader {
  struct jpeg_decompress_struct codec;
  struct jpeg_error_mgr errors;
  struct jpeg_source_mgr source;
  jmp_buf escape;
  /// What a call that the library left early is to answer.
  texalloc_jpeg_result result;

  texalloc_jpeg_input input;
  texalloc_jpeg_terms terms;
  /// Of the file, up to the end of what lies in the source's buffer.
  uint64_t offset;
  /// On the thread's processor clock; 0 before it was looked at.
  uint64_t deadline;
  /// Bytes or pixels since then.
  uint64_t work;

  texalloc_jpeg_note notes[max_notes];
  int note_codes[max_notes];
  size_t note_count;
  texalloc_jpeg_note damage;
  bool is_damaged;
  /// Whether the library has been told that the file ends. It reads ahead, so that no pixel need be
  /// lost by that; where one is, it complains again.
  bool has_ended;

  /// Rows at the scale; 0 before the header was read. A second header leaves its own numbers in the codec,
  /// and is an error.
  uint32_t height;
  int colour_count;

  marker_store markers;
  /// A bit for each component that a scan was begun for.
  uint32_t begun_colours;
  uint8_t piece[piece_size];
};

#if JPEG_LIB_VERSION >= 70
#define texalloc_scaled_block(codec) ((uint32_t)(codec)->min_DCT_v_scaled_size)
#define texalloc_scaled_samples(colour) ((uint32_t)(colour)->DCT_v_scaled_size)
#else
/// Rows and columns of a block at the scale, of the colours whose blocks are smallest, and of one.
#define texalloc_scaled_block(codec) ((uint32_t)(codec)->min_DCT_scaled_size)
#define texalloc_scaled_samples(colour) ((uint32_t)(colour)->DCT_scaled_size)
#endif

/// Has a codec that is to be made tell the reader what is wrong.
void texalloc_jpeg_take_notes(texalloc_jpeg_reader *reader);

/// Takes down what is wrong, unless something was before; `message` NULL for that of the library.
void texalloc_jpeg_note_damage(
    texalloc_jpeg_reader *reader, texalloc_jpeg_result result, const char *message);

/// Leaves the library for the call that entered it.
_Noreturn void texalloc_jpeg_give_up(
    texalloc_jpeg_reader *reader, texalloc_jpeg_result result, const char *message);

/// Looks at the clock now and then, and leaves the library where the time is over.
///
/// - Parameter work: Bytes or pixels that come next.
void texalloc_jpeg_check_time(texalloc_jpeg_reader *reader, uint64_t work);

/// Puts the source of a reader's input before its codec.
void texalloc_jpeg_begin_source(texalloc_jpeg_reader *reader);

/// Has a codec keep EXIF and colour profiles.
void texalloc_jpeg_keep_markers(texalloc_jpeg_reader *reader);
