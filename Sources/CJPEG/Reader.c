// One file after another, each up to its first scan.
#include "Reader.h"

#include <stdlib.h>

#ifndef JCS_ALPHA_EXTENSIONS
#error "this is not libjpeg-turbo: pixels of four bytes are missing"
#endif

const uint32_t texalloc_jpeg_max_side = JPEG_MAX_DIMENSION;

static texalloc_jpeg_result make_codec(texalloc_jpeg_reader *reader) {
  texalloc_jpeg_take_notes(reader);
  if (setjmp(reader->escape)) return reader->result;
  jpeg_create_decompress(&reader->codec);
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

/// A file that defines no tables must not be decoded by those of the one before. A codec that forgets
/// them keeps their memory, and looks through all of it for each new one, which costs more than to make
/// another.
static texalloc_jpeg_result forget_file(texalloc_jpeg_reader *reader) {
  texalloc_jpeg_drop_segments(reader);
  reader->note_count = 0;
  reader->is_damaged = reader->has_ended = false;
  reader->begun_colours = 0;
  reader->height = 0;
  reader->colour_count = 0;
  reader->deadline = reader->work = 0;
  jpeg_destroy_decompress(&reader->codec);
  return make_codec(reader);
}

void texalloc_jpeg_finish(texalloc_jpeg_reader *reader) {
  jpeg_abort_decompress(&reader->codec);
  texalloc_jpeg_drop_segments(reader);
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
  texalloc_jpeg_begin_source(reader);
  if (setjmp(reader->escape)) return reader->result;
  jpeg_read_header(codec, TRUE);
  reader->height = codec->image_height;
  reader->colour_count = codec->num_components;

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
      .is_grey = codec->jpeg_color_space == JCS_GRAYSCALE,
      .is_cmyk = codec->num_components == 4,
      .is_inverted = codec->saw_Adobe_marker,
      .component_count = (uint32_t)codec->num_components,
      .is_rgb = codec->jpeg_color_space == JCS_RGB,
      .is_arithmetic = codec->arith_code,
      .has_several_scans = jpeg_has_multiple_scans(codec),
      .is_progressive = codec->progressive_mode,
  };
  for (int i = 0; i < codec->num_components; i++) {
    header->across[i] = (uint8_t)codec->comp_info[i].h_samp_factor;
    header->down[i] = (uint8_t)codec->comp_info[i].v_samp_factor;
  }
  if (header->has_several_scans) header->coefficient_size = coefficient_size(codec);
  return texalloc_jpeg_done;
}

texalloc_jpeg_result texalloc_jpeg_set_scale(
    texalloc_jpeg_reader *reader, uint32_t eighths, texalloc_jpeg_scale *scale) {
  struct jpeg_decompress_struct *codec = &reader->codec;
  if (setjmp(reader->escape)) return reader->result;
  codec->scale_num = eighths;
  codec->scale_denom = 8;
  jpeg_calc_output_dimensions(codec);
  reader->height = codec->output_height;
  uint32_t size = texalloc_scaled_block(codec);
  *scale = (texalloc_jpeg_scale){
      .eighths = eighths,
      .width = codec->output_width,
      .height = codec->output_height,
      .block_width = (uint32_t)codec->max_h_samp_factor * size,
      .block_height = (uint32_t)codec->max_v_samp_factor * size,
  };
  for (int i = 0; i < reader->colour_count; i++) {
    const jpeg_component_info *colour = codec->comp_info + i;
    scale->across[i] = (uint8_t)((uint32_t)colour->h_samp_factor * texalloc_scaled_samples(colour));
    scale->down[i] = (uint8_t)((uint32_t)colour->v_samp_factor * texalloc_scaled_samples(colour));
  }
  return texalloc_jpeg_done;
}
