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

#if JPEG_LIB_VERSION >= 70
#define min_DCT_scaled_size min_DCT_v_scaled_size
#define DCT_scaled_size DCT_v_scaled_size
#endif

/// Reads a row of blocks after the other, and keeps of each colour the samples that it has.
static size_t read_rows(struct reader *reader, uint8_t *planes, size_t room, uint32_t sizes[3][2]) {
  struct jpeg_decompress_struct *codec = &reader->codec;
  enum { longest = 1 << 13, most_rows = 64 };
  static uint8_t stage[3][most_rows][longest];
  static JSAMPROW rows[3][most_rows];
  JSAMPARRAY colours[3];
  size_t starts[4] = {0};
  for (int i = 0; i < 3; i++) {
    sizes[i][0] = codec->comp_info[i].downsampled_width;
    sizes[i][1] = codec->comp_info[i].downsampled_height;
    starts[i + 1] = starts[i] + (size_t)sizes[i][0] * sizes[i][1];
    for (int row = 0; row < most_rows; row++) rows[i][row] = stage[i][row];
    colours[i] = rows[i];
  }
  if (starts[3] > room) return 0;
  uint32_t group = (uint32_t)(codec->max_v_samp_factor * codec->min_DCT_scaled_size);
  for (uint32_t block = 0; codec->output_scanline < codec->output_height; block++) {
    jpeg_read_raw_data(codec, colours, group);
    for (int i = 0; i < 3; i++) {
      uint32_t count =
          (uint32_t)(codec->comp_info[i].v_samp_factor * codec->comp_info[i].DCT_scaled_size);
      for (uint32_t row = 0; row < count && block * count + row < sizes[i][1]; row++)
        memcpy(planes + starts[i] + (size_t)(block * count + row) * sizes[i][0], stage[i][row],
            sizes[i][0]);
    }
  }
  return starts[3];
}

size_t texalloc_read_planes(const uint8_t *file, size_t size, uint32_t eighths, uint8_t *planes,
    size_t room, uint32_t sizes[3][2]) {
  struct reader reader;
  memset(&reader, 0, sizeof reader);
  reader.codec.err = jpeg_std_error(&reader.errors);
  reader.codec.client_data = &reader;
  reader.errors.error_exit = fail;
  reader.errors.output_message = print_nothing;
  volatile size_t count = 0;
  jpeg_create_decompress(&reader.codec);
  if (setjmp(reader.escape) == 0) {
    jpeg_mem_src(&reader.codec, file, size);
    jpeg_read_header(&reader.codec, TRUE);
    reader.codec.scale_num = eighths;
    reader.codec.scale_denom = 8;
    reader.codec.raw_data_out = TRUE;
    jpeg_start_decompress(&reader.codec);
    count = read_rows(&reader, planes, room, sizes);
    jpeg_finish_decompress(&reader.codec);
  }
  jpeg_destroy_decompress(&reader.codec);
  return count;
}
