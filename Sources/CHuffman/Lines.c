// Where entries and offsets go: they wait until they are whole lines, which leave past the caches.
#include "Reader.h"

#include <string.h>

#include "CStreaming.h"

enum { line_bytes = 64 };

/// Sends words off that wait, in whole lines; all of them, with zeros behind, at the end.
static void send(
    uint32_t **lines, size_t *room, uint32_t *staged, size_t *count, bool is_end) {
  size_t whole = *count / words_per_line * words_per_line, rest = *count - whole;
  if (whole + (is_end && rest > 0 ? words_per_line : 0) > *room) __builtin_trap();
  texalloc_stream_row(*lines, staged, whole * 4, whole * 4);
  *lines += whole;
  *room -= whole;
  memmove(staged, staged + whole, rest * 4);
  *count = rest;
  if (!is_end || rest == 0) return;
  texalloc_stream_row(*lines, staged, rest * 4, line_bytes);
  *lines += words_per_line;
  *room -= words_per_line;
  *count = 0;
}

static void send_entries(texalloc_huffman_reader *reader, bool is_end) {
  send(&reader->entry_lines, &reader->entry_room, reader->entries, &reader->entries_staged, is_end);
}

static void send_offsets(texalloc_huffman_reader *reader, bool is_end) {
  send(&reader->offset_lines, &reader->offset_room, reader->offsets, &reader->offsets_staged, is_end);
}

void texalloc_huffman_write_offsets(texalloc_huffman_reader *reader, void *to, size_t size) {
  reader->offset_lines = to;
  reader->offset_room = size / line_bytes * words_per_line;
}

void texalloc_huffman_write_entries(texalloc_huffman_reader *reader, void *to, size_t size) {
  reader->entry_lines = to;
  reader->entry_room = size / line_bytes * words_per_line;
}

bool texalloc_huffman_make_room(texalloc_huffman_reader *reader) {
  const uint32_t blocks = reader->blocks_per_unit;
  if (reader->entries_staged + blocks * 64 > staged_entries) send_entries(reader, false);
  if (reader->entries_staged + blocks * 64 > reader->entry_room) {
    send_entries(reader, true);
    reader->entry_room = 0;
    return false;
  }
  if (reader->offsets_staged + blocks > staged_offsets) send_offsets(reader, false);
  return true;
}

void texalloc_huffman_end_lines(texalloc_huffman_reader *reader) {
  send_entries(reader, true);
  reader->offsets[reader->offsets_staged++] = reader->entry_count;
  send_offsets(reader, true);
  texalloc_store_fence();
}
