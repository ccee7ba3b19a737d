// A small known file, made by the library itself: what decoders are tried with.
#include "CJPEG.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

typedef struct {
  struct jpeg_compress_struct codec;
  struct jpeg_error_mgr errors;
  jmp_buf escape;
} encoder;

_Noreturn static void fail(j_common_ptr codec) { longjmp(((encoder *)codec->client_data)->escape, 1); }
static void print_nothing(j_common_ptr codec) { (void)codec; }

/// Gradients, edges between black, white and full colours, which ring beyond what pixels can hold, and
/// noise.
static void paint(uint8_t *row, uint32_t width, uint32_t y, uint32_t components, uint32_t *seed) {
  for (uint32_t x = 0; x < width; x++)
    for (uint32_t i = 0; i < components; i++) {
      *seed = *seed * 1664525 + 1013904223;
      bool is_edge = (x / 5 + y / 3 + i) % 7 == 0, is_full = (x / 11 + y / 13 + i) % 2 == 0;
      uint32_t smooth = x * (3 + i) + y * (5 - i) + (*seed >> 28);
      *row++ = is_edge ? (is_full ? 255 : 0) : (uint8_t)(smooth & 0xFF);
    }
}

static void encode(
    encoder *coder, const texalloc_jpeg_header *like, uint8_t *row, uint32_t width,
    uint32_t height) {
  struct jpeg_compress_struct *codec = &coder->codec;
  codec->image_width = width;
  codec->image_height = height;
  codec->input_components = (int)like->component_count;
  codec->in_color_space = like->component_count == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(codec);
  jpeg_set_quality(codec, 90, TRUE);
  if (like->is_rgb) jpeg_set_colorspace(codec, JCS_RGB);
  for (uint32_t i = 0; i < like->component_count; i++) {
    codec->comp_info[i].h_samp_factor = like->across[i];
    codec->comp_info[i].v_samp_factor = like->down[i];
  }
  if (like->has_several_scans) jpeg_simple_progression(codec);
  jpeg_start_compress(codec, TRUE);
  uint32_t seed = 1;
  for (uint32_t y = 0; y < height; y++) {
    paint(row, width, y, like->component_count, &seed);
    jpeg_write_scanlines(codec, &row, 1);
  }
  jpeg_finish_compress(codec);
}

uint8_t *texalloc_jpeg_make_sample(
    const texalloc_jpeg_header *like, uint32_t width, uint32_t height, size_t *size) {
  encoder coder;
  memset(&coder, 0, sizeof coder);
  coder.codec.err = jpeg_std_error(&coder.errors);
  coder.codec.client_data = &coder;
  coder.errors.error_exit = fail;
  coder.errors.output_message = print_nothing;
  // The library's own memory for a file would be lost where the file fails.
  enum { first_size = 64 << 10 };
  uint8_t *volatile bytes = NULL;
  unsigned char *own = malloc(first_size), *file = own;
  unsigned long file_size = first_size;
  uint8_t *row = malloc((size_t)width * 3);
  if (own == NULL || row == NULL) {
    free(own);
    free(row);
    return NULL;
  }
  jpeg_create_compress(&coder.codec);
  if (setjmp(coder.escape) == 0) {
    jpeg_mem_dest(&coder.codec, &file, &file_size);
    encode(&coder, like, row, width, height);
    bytes = file;
    *size = file_size;
  }
  jpeg_destroy_compress(&coder.codec);
  free(row);
  if (bytes != own) free(own);
  return bytes;
}
