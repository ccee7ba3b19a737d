// libjpeg-turbo, called as its documentation says, into memory that the caller has: what parts of a picture
// take at least.
#include "CTexbench.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

enum { most_rows = 64 };

typedef struct {
  struct jpeg_decompress_struct codec;
  struct jpeg_error_mgr errors;
  jmp_buf escape;
} decoder;

_Noreturn static void fail(j_common_ptr codec) { longjmp(((decoder *)codec)->escape, 1); }
static void print_nothing(j_common_ptr codec) { (void)codec; }

/// Reads the header in a decoder that is to be destroyed in any case.
static void open_file(decoder *decoder, const uint8_t *bytes, size_t size) {
  jpeg_mem_src(&decoder->codec, bytes, size);
  jpeg_read_header(&decoder->codec, TRUE);
}

static void make(decoder *decoder) {
  memset(decoder, 0, sizeof *decoder);
  decoder->codec.err = jpeg_std_error(&decoder->errors);
  decoder->errors.error_exit = fail;
  decoder->errors.output_message = print_nothing;
  jpeg_create_decompress(&decoder->codec);
}

bool texbench_decode_part(
    const uint8_t *bytes, size_t size, uint32_t eighths, const texbench_region *region,
    uint8_t *pixels, size_t pitch) {
  decoder decoder;
  struct jpeg_decompress_struct *codec = &decoder.codec;
  make(&decoder);
  bool succeeds = setjmp(decoder.escape) == 0;
  if (succeeds) {
    open_file(&decoder, bytes, size);
    codec->scale_num = eighths;
    codec->scale_denom = 8;
    codec->out_color_space = JCS_EXT_RGBA;
    jpeg_start_decompress(codec);
    uint32_t end = codec->output_height;
    if (region != NULL) {
      JDIMENSION x = region->x, width = region->width;
      jpeg_crop_scanline(codec, &x, &width);
      jpeg_skip_scanlines(codec, region->y);
      end = region->y + region->height;
    }
    uint32_t first = codec->output_scanline;
    while (codec->output_scanline < end) {
      JSAMPROW rows[16];
      uint32_t row = codec->output_scanline, count = end - row < 16 ? end - row : 16;
      for (uint32_t i = 0; i < count; i++) rows[i] = pixels + (row - first + i) * pitch;
      jpeg_read_scanlines(codec, rows, count);
    }
    if (end == codec->output_height) jpeg_finish_decompress(codec);
  }
  jpeg_destroy_decompress(codec);
  return succeeds;
}

bool texbench_decode_planes(
    const uint8_t *bytes, size_t size, uint8_t *const planes[3], const size_t pitches[3]) {
  decoder decoder;
  struct jpeg_decompress_struct *codec = &decoder.codec;
  make(&decoder);
  bool succeeds = setjmp(decoder.escape) == 0;
  if (succeeds) {
    open_file(&decoder, bytes, size);
    codec->raw_data_out = TRUE;
    jpeg_start_decompress(codec);
    uint32_t group = (uint32_t)codec->max_v_samp_factor * DCTSIZE;
    while (codec->output_scanline < codec->output_height) {
      JSAMPROW rows[3][most_rows];
      JSAMPARRAY colours[3];
      uint32_t block = codec->output_scanline / group;
      for (int i = 0; i < 3; i++) {
        uint32_t count = (uint32_t)codec->comp_info[i].v_samp_factor * DCTSIZE;
        for (uint32_t row = 0; row < count; row++)
          rows[i][row] = planes[i] + (size_t)(block * count + row) * pitches[i];
        colours[i] = rows[i];
      }
      jpeg_read_raw_data(codec, colours, group);
    }
    jpeg_finish_decompress(codec);
  }
  jpeg_destroy_decompress(codec);
  return succeeds;
}
