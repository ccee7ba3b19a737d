// From an open file to rows of pixels.
#include "Reader.h"

/// Takes down which colours the scan that was begun holds.
static void look_at_scan(texalloc_jpeg_reader *reader) {
  struct jpeg_decompress_struct *codec = &reader->codec;
  for (int i = 0; i < codec->comps_in_scan; i++)
    reader->begun_colours |= 1u << codec->cur_comp_info[i]->component_index;
}

static texalloc_jpeg_result start(texalloc_jpeg_reader *reader, J_COLOR_SPACE space, boolean is_raw) {
  struct jpeg_decompress_struct *codec = &reader->codec;
  if (setjmp(reader->escape)) return reader->result;
  codec->out_color_space = space;
  codec->raw_data_out = is_raw;
  // Otherwise jpeg_start_decompress() reads all scans in one go, and nobody could stop it. The
  // pixels are the same: "Buffered-image mode" in libjpeg.txt.
  codec->buffered_image = jpeg_has_multiple_scans(codec);
  jpeg_start_decompress(codec);
  look_at_scan(reader);
  return texalloc_jpeg_done;
}

texalloc_jpeg_result texalloc_jpeg_start(texalloc_jpeg_reader *reader, texalloc_jpeg_order order) {
  static const J_COLOR_SPACE spaces[] = {
      [texalloc_jpeg_rgba] = JCS_EXT_RGBA,
      [texalloc_jpeg_bgra] = JCS_EXT_BGRA,
      [texalloc_jpeg_grey] = JCS_GRAYSCALE,
      [texalloc_jpeg_cmyk] = JCS_CMYK,
  };
  return start(reader, spaces[order], FALSE);
}

texalloc_jpeg_result texalloc_jpeg_start_planes(texalloc_jpeg_reader *reader) {
  return start(reader, JCS_YCbCr, TRUE);
}

/// Pixels of a row of blocks, but not less than what a step costs anyway.
static uint64_t block_row_work(const struct jpeg_decompress_struct *codec) {
  return (uint64_t)codec->image_width * codec->max_v_samp_factor * DCTSIZE + 256;
}

texalloc_jpeg_result texalloc_jpeg_read_on(
    texalloc_jpeg_reader *reader, texalloc_jpeg_position *position) {
  struct jpeg_decompress_struct *codec = &reader->codec;
  if (setjmp(reader->escape)) return reader->result;
  texalloc_jpeg_check_time(reader, block_row_work(codec));
  int step = jpeg_consume_input(codec);
  if (step == JPEG_REACHED_SOS) look_at_scan(reader);
  if (step == JPEG_REACHED_EOI && reader->has_ended) {
    const char *message = "Premature end of JPEG file";
    if (!reader->terms.salvages)
      texalloc_jpeg_give_up(reader, texalloc_jpeg_truncated, message);
    texalloc_jpeg_note_damage(reader, texalloc_jpeg_truncated, message);
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
  return reader->begun_colours == (1u << reader->colour_count) - 1;
}

texalloc_jpeg_result texalloc_jpeg_start_rows(texalloc_jpeg_reader *reader) {
  if (setjmp(reader->escape)) return reader->result;
  jpeg_start_output(&reader->codec, reader->codec.input_scan_number);
  return texalloc_jpeg_done;
}

texalloc_jpeg_result texalloc_jpeg_crop(
    texalloc_jpeg_reader *reader, uint32_t *column, uint32_t *width) {
  if (setjmp(reader->escape)) return reader->result;
  jpeg_crop_scanline(&reader->codec, column, width);
  return texalloc_jpeg_done;
}

texalloc_jpeg_result texalloc_jpeg_skip_rows(texalloc_jpeg_reader *reader, uint32_t count) {
  struct jpeg_decompress_struct *codec = &reader->codec;
  if (setjmp(reader->escape)) return reader->result;
  texalloc_jpeg_check_time(reader, (uint64_t)codec->image_width * count);
  jpeg_skip_scanlines(codec, count);
  return texalloc_jpeg_done;
}

texalloc_jpeg_result texalloc_jpeg_read_rows(
    texalloc_jpeg_reader *reader, void *rows, size_t pitch, uint32_t count) {
  struct jpeg_decompress_struct *codec = &reader->codec;
  if (setjmp(reader->escape)) return reader->result;
  texalloc_jpeg_check_time(reader, (uint64_t)codec->output_width * count);
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

texalloc_jpeg_result texalloc_jpeg_read_planes(
    texalloc_jpeg_reader *reader, void *start, const texalloc_jpeg_places *places) {
  struct jpeg_decompress_struct *codec = &reader->codec;
  if (setjmp(reader->escape)) return reader->result;
  texalloc_jpeg_check_time(reader, block_row_work(codec));
  JSAMPROW rows[3][MAX_SAMP_FACTOR * DCTSIZE];
  JSAMPARRAY colours[3];
  for (int i = 0; i < 3; i++) {
    colours[i] = rows[i];
    const jpeg_component_info *colour = codec->comp_info + i;
    uint32_t count = (uint32_t)colour->v_samp_factor * texalloc_scaled_samples(colour);
    for (uint32_t row = 0; row < count; row++)
      rows[i][row] = (JSAMPROW)start + places->offset[i] + row * places->pitch[i];
  }
  uint32_t height = (uint32_t)codec->max_v_samp_factor * texalloc_scaled_block(codec);
  jpeg_read_raw_data(codec, colours, height);
  return texalloc_jpeg_done;
}

uint32_t texalloc_jpeg_row_count(const texalloc_jpeg_reader *reader) {
  uint32_t count = reader->codec.output_scanline;  // of planes, of whole blocks
  return count < reader->height ? count : reader->height;
}
