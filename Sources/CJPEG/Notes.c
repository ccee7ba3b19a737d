// What is wrong with a file, and how a call leaves the library because of it.
#include "Reader.h"

#include <string.h>
#include <time.h>

#include <jerror.h>

/// Warnings after which every pixel is what the file says.
static bool is_harmless(const struct jpeg_error_mgr *errors) {
  switch (errors->msg_code) {
    case JWRN_JFIF_MAJOR:     // a JFIF of a later version; its pixels are coded as ever
    case JWRN_ADOBE_XFORM:    // a transform nobody defined; everyone takes it for YCbCr
    case JWRN_NOT_SEQUENTIAL: // parameters that mean nothing in a sequential file
      return true;
    case JWRN_EXTRANEOUS_DATA: {
      // Padding between markers, which many cameras leave. Before a restart marker it is the only
      // trace of coded data that was damaged so that it ends early.
      int marker = errors->msg_parm.i[1];
      return marker < JPEG_RST0 || marker > JPEG_RST0 + 7;
    }
    default:
      return false;
  }
}

static texalloc_jpeg_result result_of(int message) {
  switch (message) {
    case JERR_OUT_OF_MEMORY:
      return texalloc_jpeg_out_of_memory;
    case JWRN_JPEG_EOF:
      return texalloc_jpeg_truncated;
#if JPEG_LIB_VERSION < 70
    case JERR_ARITH_NOTIMPL:
#endif
    case JERR_BAD_PRECISION:
    case JERR_CCIR601_NOTIMPL:
    case JERR_COMPONENT_COUNT:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_EMPTY_IMAGE:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_IMAGE_TOO_BIG:
    case JERR_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_SOF_UNSUPPORTED:
    case JERR_WIDTH_OVERFLOW:
      return texalloc_jpeg_unsupported;
    default:
      return texalloc_jpeg_damaged;
  }
}

/// As jinit_upsampler() chooses: two rows are made of one by way of its neighbours, unless the colour
/// is so narrow that nothing is to be smoothed across.
static bool looks_below(const texalloc_jpeg_reader *reader) {
  const struct jpeg_decompress_struct *codec = &reader->codec;
  uint32_t size = texalloc_scaled_block(codec);
  if (codec->out_color_space == JCS_GRAYSCALE || codec->raw_data_out || size == 1) return false;
  uint32_t most_across = (uint32_t)codec->max_h_samp_factor * size;
  uint32_t most_down = (uint32_t)codec->max_v_samp_factor * size;
  for (int i = 0; i < reader->colour_count; i++) {
    const jpeg_component_info *colour = codec->comp_info + i;
    uint32_t across = (uint32_t)colour->h_samp_factor * texalloc_scaled_samples(colour);
    uint32_t down = (uint32_t)colour->v_samp_factor * texalloc_scaled_samples(colour);
    bool is_half_width = across * 2 == most_across && colour->downsampled_width > 2;
    if (down * 2 == most_down && (across == most_across || is_half_width)) return true;
  }
  return false;
}

/// Rows of blocks above what is damaged.
static uint64_t good_block_rows(
    const struct jpeg_decompress_struct *codec, texalloc_jpeg_result result) {
  uint64_t row = codec->input_iMCU_row, restart = codec->restart_interval;
  bool is_left_over = result == texalloc_jpeg_damaged && codec->err->msg_code == JWRN_EXTRANEOUS_DATA;
  const jpeg_component_info *colour = codec->cur_comp_info[0];
  if (row == 0 || !is_left_over || restart == 0 || colour == NULL) return row;
  // What is left over before a restart marker shows when the next row has begun, where that begins
  // with the marker.
  uint64_t width = codec->MCUs_per_row;
  if (codec->comps_in_scan == 1) width *= (uint64_t)colour->v_samp_factor;
  return row * width % restart == 0 ? row - 1 : row;
}

static uint32_t good_rows(const texalloc_jpeg_reader *reader, texalloc_jpeg_result result) {
  const struct jpeg_decompress_struct *codec = &reader->codec;
  uint64_t rows = good_block_rows(codec, result) * (uint64_t)codec->max_v_samp_factor
      * texalloc_scaled_block(codec);
  if (rows == 0 || rows >= reader->height) return rows == 0 ? 0 : reader->height;
  return (uint32_t)rows - looks_below(reader);
}

/// A note of what is not as it should be; `message` NULL for that of the library.
static void write_note(
    texalloc_jpeg_reader *reader, texalloc_jpeg_result result, const char *message,
    texalloc_jpeg_note *note) {
  struct jpeg_decompress_struct *codec = &reader->codec;
  note->result = result;
  // Between two scans, the next is what is damaged.
  bool is_between = result == texalloc_jpeg_damaged && reader->height > 0
      && codec->input_iMCU_row > 0 && codec->input_iMCU_row == codec->total_iMCU_rows;
  note->scan = (uint32_t)(codec->input_scan_number + is_between);
  note->good_rows = good_rows(reader, result);
  note->is_behind_rows = note->good_rows == reader->height;
  if (message != NULL)
    snprintf(note->message, sizeof note->message, "%s", message);
  else if (codec->err->msg_code == JERR_IMAGE_TOO_BIG)  // whose own message leaves out the size
    snprintf(note->message, sizeof note->message, "%ux%u pixels; at most %u on a side",
        codec->image_width, codec->image_height, texalloc_jpeg_max_side);
  else
    codec->err->format_message((j_common_ptr)codec, note->message);
}

void texalloc_jpeg_note_damage(
    texalloc_jpeg_reader *reader, texalloc_jpeg_result result, const char *message) {
  if (reader->is_damaged) return;
  reader->is_damaged = true;
  write_note(reader, result, message, &reader->damage);
}

void texalloc_jpeg_give_up(
    texalloc_jpeg_reader *reader, texalloc_jpeg_result result, const char *message) {
  texalloc_jpeg_note_damage(reader, result, message);
  reader->result = result;
  longjmp(reader->escape, 1);
}

/// Of what the library complains of. What is damaged behind the end of the file is what lacks there.
static texalloc_jpeg_result result_for(const texalloc_jpeg_reader *reader) {
  texalloc_jpeg_result result = result_of(reader->errors.msg_code);
  return reader->has_ended && result == texalloc_jpeg_damaged ? texalloc_jpeg_truncated : result;
}

_Noreturn static void fail(j_common_ptr codec) {
  texalloc_jpeg_reader *reader = codec->client_data;
  texalloc_jpeg_give_up(reader, result_for(reader), NULL);
}

/// Whether a warning leaves every pixel as the file says.
static bool is_harmless_now(texalloc_jpeg_reader *reader) {
  if (reader->errors.msg_code != JWRN_JPEG_EOF) return is_harmless(&reader->errors);
  reader->has_ended = true;
  // The arithmetic decoder takes what lacks for zeros, and says nothing.
  return !reader->codec.arith_code;
}

/// Warnings have a level below 0; the others are for tracing.
static void warn(j_common_ptr codec, int level) {
  texalloc_jpeg_reader *reader = codec->client_data;
  if (level >= 0) return;
  int code = codec->err->msg_code;
  texalloc_jpeg_result result =
    is_harmless_now(reader) ? texalloc_jpeg_done : result_for(reader);
  if (result != texalloc_jpeg_done) {
    texalloc_jpeg_note_damage(reader, result, NULL);
    if (!reader->terms.salvages) texalloc_jpeg_give_up(reader, result, NULL);
  }
  // What lacks behind the end is told when it is missed, at the end of the image at the latest.
  if (code == JWRN_JPEG_EOF && result == texalloc_jpeg_done) return;
  for (size_t i = 0; i < reader->note_count; i++)
    if (reader->note_codes[i] == code) return;
  if (reader->note_count == max_notes) return;
  reader->note_codes[reader->note_count] = code;
  write_note(reader, result, NULL, &reader->notes[reader->note_count++]);
}

static void print_nothing(j_common_ptr codec) { (void)codec; }

void texalloc_jpeg_take_notes(texalloc_jpeg_reader *reader) {
  reader->codec.err = jpeg_std_error(&reader->errors);
  reader->codec.client_data = reader;
  reader->errors.error_exit = fail;
  reader->errors.emit_message = warn;
  reader->errors.output_message = print_nothing;
}

size_t texalloc_jpeg_note_count(const texalloc_jpeg_reader *reader) { return reader->note_count; }

const texalloc_jpeg_note *texalloc_jpeg_get_note(const texalloc_jpeg_reader *reader, size_t index) {
  return &reader->notes[index];
}

const texalloc_jpeg_note *texalloc_jpeg_first_damage(const texalloc_jpeg_reader *reader) {
  return reader->is_damaged ? &reader->damage : NULL;
}

void texalloc_jpeg_check_time(texalloc_jpeg_reader *reader, uint64_t work) {
  // About a millisecond's. The clock costs a thousandth of that, more than small pictures can spare.
  enum { work_between_checks = 1 << 18 };
  reader->work += work;
  if (reader->work < work_between_checks) return;
  reader->work = 0;
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  uint64_t now = (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
  if (reader->deadline == 0) reader->deadline = now + reader->terms.time;
  if (now > reader->deadline)
    texalloc_jpeg_give_up(reader, texalloc_jpeg_too_late, "the time is over");
}
