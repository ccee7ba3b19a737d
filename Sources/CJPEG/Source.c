// Where the bytes of a file come from, and what is kept of its markers.
#include "Reader.h"

#include <stdlib.h>
#include <string.h>

#include <jerror.h>

/// Bytes of memory that the library is given at once, so that it comes back and the clock is looked
/// at. Near the end of what it has, it decodes more slowly: this is large enough not to show.
enum { memory_piece_size = 1 << 20 };

static size_t at_most(size_t size, size_t limit) { return size < limit ? size : limit; }

static boolean fill(j_decompress_ptr codec) {
  static const JOCTET end[] = {0xFF, JPEG_EOI};
  texalloc_jpeg_reader *reader = codec->client_data;
  const texalloc_jpeg_input *input = &reader->input;
  ptrdiff_t size;
  if (input->bytes != NULL) {
    size_t start = at_most(reader->offset, input->size);
    reader->source.next_input_byte = input->bytes + start;
    size = (ptrdiff_t)at_most(input->size - start, memory_piece_size);
  } else {
    reader->source.next_input_byte = reader->piece;
    size = input->read(input->context, reader->piece, piece_size, reader->offset);
  }
  if (size < 0) texalloc_jpeg_give_up(reader, texalloc_jpeg_unreadable, "the file cannot be read");
  if (size == 0) {
    // Read on as libjpeg's own sources do: the image ends here.
    WARNMS(codec, JWRN_JPEG_EOF);
    reader->source.next_input_byte = end;
    reader->source.bytes_in_buffer = sizeof end;
    return TRUE;
  }
  texalloc_jpeg_check_time(reader, (uint64_t)size);
  reader->offset += (uint64_t)size;
  reader->source.bytes_in_buffer = (size_t)size;
  return TRUE;
}

static void skip(j_decompress_ptr codec, long count) {
  texalloc_jpeg_reader *reader = codec->client_data;
  struct jpeg_source_mgr *source = &reader->source;
  if (count <= 0) return;
  size_t held = at_most((size_t)count, source->bytes_in_buffer);
  source->next_input_byte += held;
  source->bytes_in_buffer -= held;
  reader->offset += (size_t)count - held;
}

static void do_nothing(j_decompress_ptr codec) { (void)codec; }

void texalloc_jpeg_begin_source(texalloc_jpeg_reader *reader) {
  reader->source = (struct jpeg_source_mgr){
      .init_source = do_nothing,
      .fill_input_buffer = fill,
      .skip_input_data = skip,
      .resync_to_restart = jpeg_resync_to_restart,
      .term_source = do_nothing,
  };
  reader->offset = 0;
  reader->codec.src = &reader->source;
}

void texalloc_jpeg_resume(
    texalloc_jpeg_reader *reader, const texalloc_jpeg_input *input,
    const texalloc_jpeg_terms *terms) {
  reader->input = *input;
  reader->terms = *terms;
  reader->deadline = 0;
  // What was read of a file still lies here, as does the end that was made up; memory may lie elsewhere.
  if (input->bytes == NULL || reader->has_ended) return;
  reader->offset -= reader->source.bytes_in_buffer;
  reader->source.bytes_in_buffer = 0;
}

// --- Markers --------------------------------------------------------------------------------

static void read_bytes(j_decompress_ptr codec, uint8_t *to, size_t count) {
  struct jpeg_source_mgr *source = codec->src;
  while (count > 0) {
    if (source->bytes_in_buffer == 0) source->fill_input_buffer(codec);
    size_t size = at_most(count, source->bytes_in_buffer);
    memcpy(to, source->next_input_byte, size);
    to += size;
    count -= size;
    source->next_input_byte += size;
    source->bytes_in_buffer -= size;
  }
}

/// Makes room for a segment, within the limit.
static uint8_t *add_segment(texalloc_jpeg_reader *reader, int kind, size_t size) {
  marker_store *markers = &reader->markers;
  if (size > reader->terms.marker_bytes - markers->size)
    texalloc_jpeg_give_up(reader, texalloc_jpeg_too_many_marker_bytes, "too many bytes of markers");
  if (markers->size + size > markers->capacity) {
    size_t capacity = markers->size + size;
    uint8_t *bytes = realloc(markers->bytes, capacity);
    if (bytes == NULL) texalloc_jpeg_give_up(reader, texalloc_jpeg_out_of_memory, "no memory");
    markers->bytes = bytes;
    markers->capacity = capacity;
  }
  size_t start = markers->size;
  markers->size += size;
  markers->segments[markers->count].kind = kind;
  markers->segments[markers->count].start = start;
  markers->segments[markers->count].size = size;
  markers->count++;
  return markers->bytes + start;
}

static bool is_wanted(const texalloc_jpeg_reader *reader, int kind) {
  const marker_store *markers = &reader->markers;
  if (!reader->terms.keeps_markers || markers->count == max_segments) return false;
  // A file has one EXIF; what comes behind is another program's mistake.
  for (size_t i = 0; kind == 1 && i < markers->count; i++)
    if (markers->segments[i].kind == kind) return false;
  return true;
}

/// Keeps what is EXIF or part of an ICC profile; all else is skipped.
static boolean read_marker(j_decompress_ptr codec) {
  static const char exif[] = "Exif\0", icc[] = "ICC_PROFILE";
  texalloc_jpeg_reader *reader = codec->client_data;
  int kind = codec->unread_marker - JPEG_APP0;
  const char *name = kind == 1 ? exif : icc;
  size_t name_size = kind == 1 ? sizeof exif : sizeof icc;

  uint8_t start[sizeof icc];
  read_bytes(codec, start, 2);
  size_t length = (size_t)start[0] << 8 | start[1];
  length = length < 2 ? 0 : length - 2;
  if (length >= name_size) {
    read_bytes(codec, start, name_size);
    length -= name_size;
    if (memcmp(start, name, name_size) == 0 && is_wanted(reader, kind)) {
      read_bytes(codec, add_segment(reader, kind, length), length);
      return TRUE;
    }
  }
  skip(codec, (long)length);
  return TRUE;
}

void texalloc_jpeg_keep_markers(texalloc_jpeg_reader *reader) {
  jpeg_set_marker_processor(&reader->codec, JPEG_APP0 + 1, read_marker);
  jpeg_set_marker_processor(&reader->codec, JPEG_APP0 + 2, read_marker);
}

size_t texalloc_jpeg_segment_count(const texalloc_jpeg_reader *reader) {
  return reader->markers.count;
}

void texalloc_jpeg_drop_segments(texalloc_jpeg_reader *reader) {
  free(reader->markers.bytes);
  reader->markers.bytes = NULL;
  reader->markers.size = reader->markers.capacity = reader->markers.count = 0;
}

texalloc_jpeg_segment texalloc_jpeg_get_segment(const texalloc_jpeg_reader *reader, size_t index) {
  const marker_store *markers = &reader->markers;
  return (texalloc_jpeg_segment){
      .kind = markers->segments[index].kind,
      .bytes = markers->bytes + markers->segments[index].start,
      .size = markers->segments[index].size,
  };
}
