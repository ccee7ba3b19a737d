#include "CJPEG.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>
#include <jerror.h>

#ifndef JCS_ALPHA_EXTENSIONS
#error "this is not libjpeg-turbo: pixels of four bytes are missing"
#endif

const uint32_t texalloc_jpeg_max_side = JPEG_MAX_DIMENSION;

struct texalloc_jpeg_reader {
  struct jpeg_decompress_struct codec;
  struct jpeg_error_mgr errors;
  const uint8_t *bytes;
  size_t size;
  texalloc_jpeg_result result;
  char message[JMSG_LENGTH_MAX];
  jmp_buf escape;
};

/// Warnings after which every pixel is what the file says; all others end the decoding.
static bool is_harmless(const struct jpeg_error_mgr *errors) {
  switch (errors->msg_code) {
    case JWRN_JFIF_MAJOR:     // a JFIF of a later version; its pixels are coded as ever
    case JWRN_ADOBE_XFORM:    // a transform nobody defined; everyone takes it for YCbCr
    case JWRN_BOGUS_ICC:      // the profile is lost, no pixel
    case JWRN_NOT_SEQUENTIAL: // parameters that mean nothing in a sequential file
      return true;
    case JWRN_EXTRANEOUS_DATA: {
      // Padding between markers, which many cameras leave. Before a restart marker it is the only
      // trace of coded data that was damaged so that it ends early.
      int marker = errors->msg_parm.i[1];
      return marker < 0xD0 || marker > 0xD7;
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

__attribute__((format(printf, 2, 3)))
static void say(texalloc_jpeg_reader *reader, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(reader->message, sizeof reader->message, format, arguments);
  va_end(arguments);
}

/// Leaves the library for the call that entered it.
_Noreturn static void fail(j_common_ptr codec) {
  texalloc_jpeg_reader *reader = codec->client_data;
  reader->result = result_of(codec->err->msg_code);
  if (codec->err->msg_code == JERR_IMAGE_TOO_BIG)  // whose own message leaves out the size
    say(reader, "%ux%u pixels; at most %u on a side", reader->codec.image_width,
        reader->codec.image_height, texalloc_jpeg_max_side);
  else
    codec->err->format_message(codec, reader->message);
  longjmp(reader->escape, 1);
}

/// Warnings have a level below 0; the others are for tracing.
static void warn(j_common_ptr codec, int level) {
  if (level < 0 && !is_harmless(codec->err)) fail(codec);
}

static void print_nothing(j_common_ptr codec) { (void)codec; }

texalloc_jpeg_reader *texalloc_jpeg_open(const uint8_t *bytes, size_t size) {
  texalloc_jpeg_reader *reader = calloc(1, sizeof *reader);
  if (reader == NULL) return NULL;
  reader->bytes = bytes;
  reader->size = size;
  reader->codec.err = jpeg_std_error(&reader->errors);
  reader->codec.client_data = reader;
  reader->errors.error_exit = fail;
  reader->errors.emit_message = warn;
  reader->errors.output_message = print_nothing;
  return reader;
}

void texalloc_jpeg_close(texalloc_jpeg_reader *reader) {
  jpeg_destroy_decompress(&reader->codec);
  free(reader);
}

const char *texalloc_jpeg_message(const texalloc_jpeg_reader *reader) {
  return reader->message;
}

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
    texalloc_jpeg_reader *reader, texalloc_jpeg_header *header) {
  struct jpeg_decompress_struct *codec = &reader->codec;
  if (setjmp(reader->escape)) return reader->result;
  jpeg_create_decompress(codec);
  jpeg_mem_src(codec, reader->bytes, reader->size);
  jpeg_read_header(codec, TRUE);

  if (codec->data_precision != 8) {
    say(reader, "samples of %d bits; 8 are", codec->data_precision);
    return texalloc_jpeg_unsupported;
  }
  switch (codec->jpeg_color_space) {
    case JCS_GRAYSCALE:
    case JCS_YCbCr:
    case JCS_RGB:
      break;
    case JCS_CMYK:
    case JCS_YCCK:
      say(reader, "colours for print (CMYK)");
      return texalloc_jpeg_unsupported;
    default:
      say(reader, "%d colours of no known meaning", codec->num_components);
      return texalloc_jpeg_unsupported;
  }
  header->width = codec->image_width;
  header->height = codec->image_height;
  header->is_grey = codec->jpeg_color_space == JCS_GRAYSCALE;
  header->has_several_scans = jpeg_has_multiple_scans(codec);
  header->coefficient_size = header->has_several_scans ? coefficient_size(codec) : 0;
  return texalloc_jpeg_done;
}

texalloc_jpeg_result texalloc_jpeg_start(texalloc_jpeg_reader *reader, texalloc_jpeg_order order) {
  static const J_COLOR_SPACE spaces[] = {
      [texalloc_jpeg_rgba] = JCS_EXT_RGBA,
      [texalloc_jpeg_bgra] = JCS_EXT_BGRA,
      [texalloc_jpeg_grey] = JCS_GRAYSCALE,
  };
  struct jpeg_decompress_struct *codec = &reader->codec;
  if (setjmp(reader->escape)) return reader->result;
  codec->out_color_space = spaces[order];
  // Otherwise jpeg_start_decompress() reads all scans in one go, and nobody could stop it. The
  // pixels are the same: "Buffered-image mode" in libjpeg.txt.
  codec->buffered_image = jpeg_has_multiple_scans(codec);
  jpeg_start_decompress(codec);
  return texalloc_jpeg_done;
}

texalloc_jpeg_result texalloc_jpeg_read_on(
    texalloc_jpeg_reader *reader, texalloc_jpeg_position *position) {
  struct jpeg_decompress_struct *codec = &reader->codec;
  if (setjmp(reader->escape)) return reader->result;
  position->at_end = jpeg_consume_input(codec) == JPEG_REACHED_EOI;
  position->scan = (uint32_t)codec->input_scan_number;
  position->bytes_left = codec->src->bytes_in_buffer;
  return texalloc_jpeg_done;
}

texalloc_jpeg_result texalloc_jpeg_start_rows(texalloc_jpeg_reader *reader) {
  if (setjmp(reader->escape)) return reader->result;
  jpeg_start_output(&reader->codec, reader->codec.input_scan_number);
  return texalloc_jpeg_done;
}

texalloc_jpeg_result texalloc_jpeg_read_rows(
    texalloc_jpeg_reader *reader, void *rows, size_t pitch, uint32_t count) {
  if (setjmp(reader->escape)) return reader->result;
  for (uint32_t row = 0; row < count;) {
    // The library gives as many rows at once as share a row of the coarsest colour.
    JSAMPROW group[MAX_SAMP_FACTOR];
    uint32_t size = 0;
    for (; size < MAX_SAMP_FACTOR && row + size < count; size++)
      group[size] = (JSAMPROW)rows + (row + size) * pitch;
    row += jpeg_read_scanlines(&reader->codec, group, size);
  }
  return texalloc_jpeg_done;
}
