// What a file of several scans holds, when its end was seen: coefficients, before they are transformed.
#include "Reader.h"

/// The library smooths what it makes of coefficients that are not known to the last bit.
static bool is_exact(const struct jpeg_decompress_struct *codec) {
  if (codec->coef_bits == NULL) return true;
  for (int i = 0; i < codec->num_components; i++)
    for (int j = 0; j < DCTSIZE2; j++)
      if (codec->coef_bits[i][j] != 0) return false;
  return true;
}

bool texalloc_jpeg_has_exact_coefficients(const texalloc_jpeg_reader *reader) {
  return texalloc_jpeg_has_all_colours(reader) && is_exact(&reader->codec);
}

bool texalloc_jpeg_get_quantization(
    const texalloc_jpeg_reader *reader, uint32_t component, uint16_t *factors) {
  static const uint8_t places[DCTSIZE2] = {
      0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
      41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
      30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};
  const JQUANT_TBL *table = reader->codec.comp_info[component].quant_table;
  if (table == NULL) return false;
  for (int i = 0; i < DCTSIZE2; i++) factors[i] = table->quantval[places[i]];
  return true;
}

texalloc_jpeg_result texalloc_jpeg_get_blocks(
    texalloc_jpeg_reader *reader, uint32_t row, const int16_t **rows) {
  struct jpeg_decompress_struct *codec = &reader->codec;
  if (setjmp(reader->escape)) return reader->result;
  // By now this reads nothing: "the full buffered-image mode" in jdtrans.c.
  jvirt_barray_ptr *arrays = jpeg_read_coefficients(codec);
  for (int i = 0; i < codec->num_components; i++) {
    uint32_t count = codec->num_components == 1 ? 1 : (uint32_t)codec->comp_info[i].v_samp_factor;
    JBLOCKARRAY blocks = codec->mem->access_virt_barray(
        (j_common_ptr)codec, arrays[i], row * count, count, FALSE);
    for (uint32_t y = 0; y < count; y++) rows[i * MAX_SAMP_FACTOR + (int)y] = blocks[y][0];
  }
  return texalloc_jpeg_done;
}
