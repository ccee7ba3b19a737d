#include "CCoefficients.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

struct reader {
  struct jpeg_decompress_struct codec;
  struct jpeg_error_mgr errors;
  jmp_buf escape;
};

static void fail(j_common_ptr codec) { longjmp(((struct reader *)codec->client_data)->escape, 1); }
static void print_nothing(j_common_ptr codec) { (void)codec; }

static const uint8_t zigzag[64] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
    41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
    30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

static ptrdiff_t copy_blocks(
    struct reader *reader, jvirt_barray_ptr *arrays, int16_t *coefficients, size_t room) {
  struct jpeg_decompress_struct *codec = &reader->codec;
  size_t count = 0;
  JDIMENSION width =
      (codec->image_width + 8 * codec->max_h_samp_factor - 1) / (8 * codec->max_h_samp_factor);
  JDIMENSION height = codec->total_iMCU_rows;
  if (codec->num_components == 1) {
    width = codec->comp_info[0].width_in_blocks;
    height = codec->comp_info[0].height_in_blocks;
  }
  for (JDIMENSION down = 0; down < height; down++)
    for (JDIMENSION across = 0; across < width; across++)
      for (int i = 0; i < codec->num_components; i++) {
        int h = codec->comp_info[i].h_samp_factor, v = codec->comp_info[i].v_samp_factor;
        if (codec->num_components == 1) h = v = 1;
        for (int y = 0; y < v; y++) {
          JBLOCKARRAY row = codec->mem->access_virt_barray(
              (j_common_ptr)codec, arrays[i], down * (JDIMENSION)v + (JDIMENSION)y, 1, FALSE);
          for (int x = 0; x < h; x++, count++) {
            if (count == room) return -1;
            const JCOEF *block = row[0][across * (JDIMENSION)h + (JDIMENSION)x];
            for (int j = 0; j < 64; j++) coefficients[count * 64 + (size_t)j] = block[zigzag[j]];
          }
        }
      }
  return (ptrdiff_t)count;
}

ptrdiff_t texalloc_read_coefficients(
    const uint8_t *file, size_t size, int16_t *coefficients, size_t room, long *warnings) {
  struct reader reader;
  memset(&reader, 0, sizeof reader);
  reader.codec.err = jpeg_std_error(&reader.errors);
  reader.codec.client_data = &reader;
  reader.errors.error_exit = fail;
  reader.errors.output_message = print_nothing;
  ptrdiff_t count = -1;
  *warnings = 0;
  jpeg_create_decompress(&reader.codec);
  if (setjmp(reader.escape) == 0) {
    jpeg_mem_src(&reader.codec, file, size);
    jpeg_read_header(&reader.codec, TRUE);
    *warnings = -reader.errors.num_warnings;
    jvirt_barray_ptr *arrays = jpeg_read_coefficients(&reader.codec);
    count = copy_blocks(&reader, arrays, coefficients, room);
    jpeg_finish_decompress(&reader.codec);
    *warnings += reader.errors.num_warnings;
  } else {
    count = -1;
  }
  jpeg_destroy_decompress(&reader.codec);
  return count;
}
