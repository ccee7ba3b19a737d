#include "Reader.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jerror.h>

#ifndef JCS_ALPHA_EXTENSIONS
#error "this is not libjpeg-turbo: pixels of four bytes are missing"
#endif

const uint32_t texalloc_jpeg_max_side = JPEG_MAX_DIMENSION;

/// The tables of a file are forgotten with the next, but the library keeps their memory, a kilobyte,
/// until the codec goes.
enum { max_files_per_codec = 64 };

// --- What goes wrong ------------------------------------------------------------------------

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
static bool looks_below(const struct jpeg_decompress_struct *codec) {
  if (codec->out_color_space == JCS_GRAYSCALE) return false;
  for (int i = 0; i < codec->num_components; i++) {
    const jpeg_component_info *colour = codec->comp_info + i;
    bool is_full_width = colour->h_samp_factor == codec->max_h_samp_factor;
    bool is_half_width = colour->h_samp_factor * 2 == codec->max_h_samp_factor
        && colour->downsampled_width > 2;
    if (colour->v_samp_factor * 2 == codec->max_v_samp_factor && (is_full_width || is_half_width))
      return true;
  }
  return false;
}

static uint32_t good_rows(const struct jpeg_decompress_struct *codec) {
  if (codec->input_iMCU_row == 0 || codec->comp_info == NULL) return 0;
  uint64_t rows = (uint64_t)codec->input_iMCU_row * codec->max_v_samp_factor * DCTSIZE;
  if (rows >= codec->image_height) return codec->image_height;
  return (uint32_t)rows - looks_below(codec);
}

/// A note of what is not as it should be; `message` NULL for that of the library.
static void write_note(
    texalloc_jpeg_reader *reader, texalloc_jpeg_result result, const char *message,
    texalloc_jpeg_note *note) {
  struct jpeg_decompress_struct *codec = &reader->codec;
  note->result = result;
  note->scan = (uint32_t)codec->input_scan_number;
  note->good_rows = good_rows(codec);
  if (message != NULL)
    snprintf(note->message, sizeof note->message, "%s", message);
  else if (codec->err->msg_code == JERR_IMAGE_TOO_BIG)  // whose own message leaves out the size
    snprintf(note->message, sizeof note->message, "%ux%u pixels; at most %u on a side",
        codec->image_width, codec->image_height, texalloc_jpeg_max_side);
  else
    codec->err->format_message((j_common_ptr)codec, note->message);
}

static void note_damage(
    texalloc_jpeg_reader *reader, texalloc_jpeg_result result, const char *message) {
  if (reader->is_damaged) return;
  reader->is_damaged = true;
  write_note(reader, result, message, &reader->damage);
}

void texalloc_jpeg_give_up(
    texalloc_jpeg_reader *reader, texalloc_jpeg_result result, const char *message) {
  note_damage(reader, result, message);
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
    note_damage(reader, result, NULL);
    if (!reader->terms.salvages) texalloc_jpeg_give_up(reader, result, NULL);
  }
  for (size_t i = 0; i < reader->note_count; i++)
    if (reader->note_codes[i] == code) return;
  if (reader->note_count == max_notes) return;
  reader->note_codes[reader->note_count] = code;
  write_note(reader, result, NULL, &reader->notes[reader->note_count++]);
}

static void print_nothing(j_common_ptr codec) { (void)codec; }

size_t texalloc_jpeg_note_count(const texalloc_jpeg_reader *reader) { return reader->note_count; }

const texalloc_jpeg_note *texalloc_jpeg_get_note(const texalloc_jpeg_reader *reader, size_t index) {
  return &reader->notes[index];
}

const texalloc_jpeg_note *texalloc_jpeg_first_damage(const texalloc_jpeg_reader *reader) {
  return reader->is_damaged ? &reader->damage : NULL;
}

uint64_t texalloc_jpeg_clock(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

void texalloc_jpeg_check_time(texalloc_jpeg_reader *reader) {
  if (texalloc_jpeg_clock() > reader->deadline)
    texalloc_jpeg_give_up(reader, texalloc_jpeg_too_late, "the time is over");
}

// --- One file after another -----------------------------------------------------------------

static texalloc_jpeg_result make_codec(texalloc_jpeg_reader *reader) {
  struct jpeg_decompress_struct *codec = &reader->codec;
  codec->err = jpeg_std_error(&reader->errors);
  codec->client_data = reader;
  reader->errors.error_exit = fail;
  reader->errors.emit_message = warn;
  reader->errors.output_message = print_nothing;
  reader->file_count = 0;
  if (setjmp(reader->escape)) return reader->result;
  jpeg_create_decompress(codec);
  texalloc_jpeg_keep_markers(reader);
  return texalloc_jpeg_done;
}

texalloc_jpeg_reader *texalloc_jpeg_open(void) {
  texalloc_jpeg_reader *reader = calloc(1, sizeof *reader);
  if (reader == NULL) return NULL;
  if (make_codec(reader) == texalloc_jpeg_done) return reader;
  texalloc_jpeg_close(reader);
  return NULL;
}

void texalloc_jpeg_close(texalloc_jpeg_reader *reader) {
  jpeg_destroy_decompress(&reader->codec);
  free(reader->markers.bytes);
  free(reader);
}

/// A file that defines no tables must not be decoded by those of the one before.
static void forget_tables(struct jpeg_decompress_struct *codec) {
  for (int i = 0; i < NUM_QUANT_TBLS; i++) codec->quant_tbl_ptrs[i] = NULL;
  for (int i = 0; i < NUM_HUFF_TBLS; i++)
    codec->dc_huff_tbl_ptrs[i] = codec->ac_huff_tbl_ptrs[i] = NULL;
}

static texalloc_jpeg_result forget_file(texalloc_jpeg_reader *reader) {
  reader->note_count = reader->markers.size = reader->markers.count = 0;
  reader->is_damaged = reader->has_ended = false;
  reader->begun_colours = 0;
  reader->timed_row = 0;
  jpeg_abort_decompress(&reader->codec);
  reader->codec.input_scan_number = 0;
  reader->codec.input_iMCU_row = 0;
  if (++reader->file_count <= max_files_per_codec) {
    forget_tables(&reader->codec);
    return texalloc_jpeg_done;
  }
  jpeg_destroy_decompress(&reader->codec);
  return make_codec(reader);
}

void texalloc_jpeg_finish(texalloc_jpeg_reader *reader) {
  jpeg_abort_decompress(&reader->codec);
  free(reader->markers.bytes);
  reader->markers = (marker_store){0};
}

// --- The header -----------------------------------------------------------------------------

/// What the virtual arrays of a file with several scans take: whole blocks of 64 coefficients, as
/// many as fill the units that the colours are interleaved in.
static uint64_t coefficient_size(const struct jpeg_decompress_struct *codec) {
  uint64_t blocks = 0;
  for (int i = 0; i < codec->num_components; i++) {
    const jpeg_component_info *colour = codec->comp_info + i;
    uint64_t h = (uint64_t)colour->h_samp_factor, v = (uint64_t)colour->v_samp_factor;
    uint64_t units_across = (colour->width_in_blocks + h - 1) / h;
    uint64_t units_down = (colour->height_in_blocks + v - 1) / v;
    blocks += units_across * h * units_down * v;
  }
  return blocks * sizeof(JBLOCK);
}

texalloc_jpeg_result texalloc_jpeg_read_header(
    texalloc_jpeg_reader *reader, const texalloc_jpeg_input *input,
    const texalloc_jpeg_terms *terms, texalloc_jpeg_header *header) {
  struct jpeg_decompress_struct *codec = &reader->codec;
  texalloc_jpeg_result result = forget_file(reader);
  if (result != texalloc_jpeg_done) return result;
  reader->input = *input;
  reader->terms = *terms;
  reader->deadline = texalloc_jpeg_clock() + terms->time;
  texalloc_jpeg_begin_source(reader);
  if (setjmp(reader->escape)) return reader->result;
  jpeg_read_header(codec, TRUE);

  char message[100];
  if (codec->data_precision != 8) {
    snprintf(message, sizeof message, "samples of %d bits; 8 are", codec->data_precision);
    texalloc_jpeg_give_up(reader, texalloc_jpeg_unsupported, message);
  }
  if (codec->jpeg_color_space == JCS_UNKNOWN) {
    snprintf(message, sizeof message, "%d colours of no known meaning", codec->num_components);
    texalloc_jpeg_give_up(reader, texalloc_jpeg_unsupported, message);
  }
  *header = (texalloc_jpeg_header){
      .width = codec->image_width,
      .height = codec->image_height,
      .block_height = (uint32_t)codec->max_v_samp_factor * DCTSIZE,
      .is_grey = codec->jpeg_color_space == JCS_GRAYSCALE,
      .is_cmyk = codec->num_components == 4,
      .is_inverted = codec->saw_Adobe_marker,
      .has_several_scans = jpeg_has_multiple_scans(codec),
      .is_progressive = codec->progressive_mode,
  };
  if (header->has_several_scans) header->coefficient_size = coefficient_size(codec);
  return texalloc_jpeg_done;
}

// --- Decoding -------------------------------------------------------------------------------

/// Takes down which colours the scan that was begun holds.
static void look_at_scan(texalloc_jpeg_reader *reader) {
  struct jpeg_decompress_struct *codec = &reader->codec;
  for (int i = 0; i < codec->comps_in_scan; i++)
    reader->begun_colours |= 1u << codec->cur_comp_info[i]->component_index;
}

texalloc_jpeg_result texalloc_jpeg_start(texalloc_jpeg_reader *reader, texalloc_jpeg_order order) {
  static const J_COLOR_SPACE spaces[] = {
      [texalloc_jpeg_rgba] = JCS_EXT_RGBA,
      [texalloc_jpeg_bgra] = JCS_EXT_BGRA,
      [texalloc_jpeg_grey] = JCS_GRAYSCALE,
      [texalloc_jpeg_cmyk] = JCS_CMYK,
  };
  struct jpeg_decompress_struct *codec = &reader->codec;
  if (setjmp(reader->escape)) return reader->result;
  codec->out_color_space = spaces[order];
  // Otherwise jpeg_start_decompress() reads all scans in one go, and nobody could stop it. The
  // pixels are the same: "Buffered-image mode" in libjpeg.txt.
  codec->buffered_image = jpeg_has_multiple_scans(codec);
  jpeg_start_decompress(codec);
  look_at_scan(reader);
  return texalloc_jpeg_done;
}

texalloc_jpeg_result texalloc_jpeg_read_on(
    texalloc_jpeg_reader *reader, texalloc_jpeg_position *position) {
  struct jpeg_decompress_struct *codec = &reader->codec;
  if (setjmp(reader->escape)) return reader->result;
  texalloc_jpeg_check_time(reader);
  int step = jpeg_consume_input(codec);
  if (step == JPEG_REACHED_SOS) look_at_scan(reader);
  if (step == JPEG_REACHED_EOI && reader->has_ended) {
    const char *message = "Premature end of JPEG file";
    if (!reader->terms.salvages)
      texalloc_jpeg_give_up(reader, texalloc_jpeg_truncated, message);
    note_damage(reader, texalloc_jpeg_truncated, message);
  }
  position->scan = (uint32_t)codec->input_scan_number;
  position->offset = reader->offset - codec->src->bytes_in_buffer;
  position->ended_scan = step == JPEG_SCAN_COMPLETED;
  position->at_end = step == JPEG_REACHED_EOI;
  return texalloc_jpeg_done;
}

texalloc_jpeg_result texalloc_jpeg_end_here(texalloc_jpeg_reader *reader) {
  struct jpeg_decompress_struct *codec = &reader->codec;
  if (setjmp(reader->escape)) return reader->result;
  codec->unread_marker = JPEG_EOI;
  while (jpeg_consume_input(codec) != JPEG_REACHED_EOI) {}
  return texalloc_jpeg_done;
}

bool texalloc_jpeg_has_all_colours(const texalloc_jpeg_reader *reader) {
  return reader->begun_colours == (1u << reader->codec.num_components) - 1;
}

texalloc_jpeg_result texalloc_jpeg_start_rows(texalloc_jpeg_reader *reader) {
  if (setjmp(reader->escape)) return reader->result;
  jpeg_start_output(&reader->codec, reader->codec.input_scan_number);
  return texalloc_jpeg_done;
}

texalloc_jpeg_result texalloc_jpeg_read_rows(
    texalloc_jpeg_reader *reader, void *rows, size_t pitch, uint32_t count) {
  struct jpeg_decompress_struct *codec = &reader->codec;
  if (setjmp(reader->escape)) return reader->result;
  if (codec->output_iMCU_row != reader->timed_row) {
    reader->timed_row = codec->output_iMCU_row;
    texalloc_jpeg_check_time(reader);
  }
  for (uint32_t row = 0; row < count;) {
    // The library gives as many rows at once as share a row of the coarsest colour.
    JSAMPROW group[MAX_SAMP_FACTOR];
    uint32_t size = 0;
    for (; size < MAX_SAMP_FACTOR && row + size < count; size++)
      group[size] = (JSAMPROW)rows + (row + size) * pitch;
    row += jpeg_read_scanlines(codec, group, size);
  }
  return texalloc_jpeg_done;
}

uint32_t texalloc_jpeg_row_count(const texalloc_jpeg_reader *reader) {
  return reader->codec.output_scanline;
}
