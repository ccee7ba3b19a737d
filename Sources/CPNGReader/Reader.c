#include "include/CPNGReader.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

struct texalloc_png_reader {
  png_structp png;
  png_infop info;
  jmp_buf escape;
  const uint8_t *bytes;
  size_t size, offset;
  /// Bytes that the library may have at once.
  size_t largest_piece;
  texalloc_png_result result;
  char message[200];
};

static void keep(texalloc_png_reader *reader, const char *message) {
  strncpy(reader->message, message, sizeof reader->message - 1);
}

static _Noreturn void fail(png_structp png, const char *message) {
  texalloc_png_reader *reader = png_get_error_ptr(png);
  keep(reader, message);
  if (reader->result == texalloc_png_done)
    reader->result =
        strstr(message, "memory") != NULL ? texalloc_png_out_of_memory : texalloc_png_damaged;
  longjmp(reader->escape, 1);
}

static void warn(png_structp png, const char *message) { keep(png_get_error_ptr(png), message); }

static void read_bytes(png_structp png, png_bytep to, size_t size) {
  texalloc_png_reader *reader = png_get_io_ptr(png);
  if (size > reader->size - reader->offset) {
    reader->result = texalloc_png_truncated;
    png_error(png, "the file ends");
  }
  memcpy(to, reader->bytes + reader->offset, size);
  reader->offset += size;
}

/// A chunk may claim two gigabytes, which the library takes before it reads one byte of it.
static png_voidp allocate(png_structp png, png_alloc_size_t size) {
  texalloc_png_reader *reader = png_get_mem_ptr(png);
  return size <= reader->largest_piece ? malloc(size) : NULL;
}

static void release(png_structp png, png_voidp piece) {
  (void)png;
  free(piece);
}

/// Passes over all that is of no use here, without any memory for it.
static void ignore_chunks(png_structp png) {
  static const png_byte names[] =
      "bKGD\0" "cHRM\0" "gAMA\0" "hIST\0" "iTXt\0" "oFFs\0" "pCAL\0" "pHYs\0" "sBIT\0" "sCAL\0"
      "sPLT\0" "sRGB\0" "sTER\0" "tEXt\0" "tIME\0" "zTXt\0";
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, names, (int)(sizeof names / 5));
}

texalloc_png_reader *texalloc_png_open(
    const uint8_t *bytes, size_t size, const texalloc_png_terms *terms) {
  texalloc_png_reader *reader = calloc(1, sizeof *reader);
  if (reader == NULL) return NULL;
  reader->bytes = bytes;
  reader->size = size;
  // Beside chunks, rows are the largest: eight bytes a pixel, and what the library puts around them.
  reader->largest_piece = terms->chunk_bytes + (size_t)terms->width * 8 + 4096;
  // An error while it is made comes back as NULL, or here.
  if (setjmp(reader->escape) == 0) {
    reader->png = png_create_read_struct_2(
        PNG_LIBPNG_VER_STRING, reader, fail, warn, reader, allocate, release);
    if (reader->png != NULL) reader->info = png_create_info_struct(reader->png);
    if (reader->info != NULL) {
      png_set_read_fn(reader->png, reader, read_bytes);
      png_set_user_limits(reader->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
      png_set_chunk_malloc_max(reader->png, terms->chunk_bytes);
      png_set_chunk_cache_max(reader->png, terms->chunks);
      ignore_chunks(reader->png);
      return reader;
    }
  }
  texalloc_png_close(reader);
  return NULL;
}

void texalloc_png_close(texalloc_png_reader *reader) {
  png_destroy_read_struct(&reader->png, &reader->info, NULL);
  free(reader);
}

texalloc_png_result texalloc_png_read_header(
    texalloc_png_reader *reader, texalloc_png_header *header) {
  if (setjmp(reader->escape)) return reader->result;
  png_read_info(reader->png, reader->info);
  int colours = png_get_color_type(reader->png, reader->info);
  *header = (texalloc_png_header){
      .width = png_get_image_width(reader->png, reader->info),
      .height = png_get_image_height(reader->png, reader->info),
      .has_alpha = (colours & PNG_COLOR_MASK_ALPHA) != 0 ||
                   png_get_valid(reader->png, reader->info, PNG_INFO_tRNS) != 0,
      .is_grey = (colours & PNG_COLOR_MASK_COLOR) == 0,
      .is_interlaced =
          png_get_interlace_type(reader->png, reader->info) != PNG_INTERLACE_NONE,
  };
  return texalloc_png_done;
}

const uint8_t *texalloc_png_profile(texalloc_png_reader *reader, size_t *size) {
  if (setjmp(reader->escape)) return NULL;
  png_charp name = NULL;
  int method = 0;
  png_bytep bytes = NULL;
  png_uint_32 count = 0;
  if (png_get_iCCP(reader->png, reader->info, &name, &method, &bytes, &count) == 0) return NULL;
  *size = count;
  return bytes;
}

const uint8_t *texalloc_png_exif(texalloc_png_reader *reader, size_t *size) {
  if (setjmp(reader->escape)) return NULL;
  png_bytep bytes = NULL;
  png_uint_32 count = 0;
  if (png_get_eXIf_1(reader->png, reader->info, &count, &bytes) == 0) return NULL;
  *size = count;
  return bytes;
}

texalloc_png_result texalloc_png_start(texalloc_png_reader *reader, bool blue_first) {
  if (setjmp(reader->escape)) return reader->result;
  png_set_expand(reader->png);
  png_set_scale_16(reader->png);
  png_set_gray_to_rgb(reader->png);
  png_set_add_alpha(reader->png, 255, PNG_FILLER_AFTER);
  if (blue_first) png_set_bgr(reader->png);
  png_set_interlace_handling(reader->png);
  png_read_update_info(reader->png, reader->info);
  size_t width = png_get_image_width(reader->png, reader->info);
  if (png_get_rowbytes(reader->png, reader->info) != width * 4)
    png_error(reader->png, "its rows are of another size");
  return texalloc_png_done;
}

texalloc_png_result texalloc_png_read_row(texalloc_png_reader *reader, uint8_t *row) {
  if (setjmp(reader->escape)) return reader->result;
  png_read_row(reader->png, row, NULL);
  return texalloc_png_done;
}

texalloc_png_result texalloc_png_read_end(texalloc_png_reader *reader) {
  if (setjmp(reader->escape)) return reader->result;
  png_read_end(reader->png, NULL);
  return texalloc_png_done;
}

const char *texalloc_png_message(const texalloc_png_reader *reader) { return reader->message; }
