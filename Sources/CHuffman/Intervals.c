// What lies between the markers of coded data: bytes without their stuffing, and parts that can be read
// alone.
#include "Reader.h"

#include <string.h>

/// Copies coded data without its stuffing, up to a marker or to the end of the room.
///
/// - Returns: Where it ends.
static uint8_t *unstuff(texalloc_huffman_reader *reader, uint8_t *to, const uint8_t *room_end) {
  const uint8_t *next = reader->next, *end = reader->end;
  while (to < room_end) {
    if (end - next >= 8 && room_end - to >= 8) {
      uint64_t bytes = load64(next);
      memcpy(to, &bytes, sizeof bytes);
      // The highest bit of each byte that is 0xFF, and of none below the first of them.
      uint64_t full = (~bytes - 0x0101010101010101) & bytes & 0x8080808080808080;
      int count = full == 0 ? 8 : __builtin_ctzll(full) / 8;
      to += count;
      next += count;
      if (count == 8) continue;
    }
    if (next == end) break;
    if (*next != 0xFF) {
      *to++ = *next++;
    } else if (end - next >= 2 && next[1] == 0) {
      *to++ = 0xFF;
      next += 2;
    } else {
      break;
    }
  }
  reader->is_last_window = to < room_end;
  reader->next = next;
  return to;
}

void texalloc_huffman_fill_window(texalloc_huffman_reader *reader) {
  size_t left = (size_t)(reader->window_end - reader->place);
  memmove(reader->window, reader->place, left);
  reader->place = reader->window;
  // What lies behind the end is of other files. That it was read is found out before it counts.
  reader->window_end = unstuff(reader, reader->window + left, reader->window + window_size);
}

void texalloc_huffman_begin_interval(texalloc_huffman_reader *reader) {
  reader->place = reader->window_end = reader->window;
  reader->bits = 0;
  reader->bit_count = 0;
  for (int i = 0; i < 3; i++) reader->components[i].prediction = 0;
  texalloc_huffman_fill_window(reader);
}

void texalloc_huffman_begin_part(
    texalloc_huffman_reader *reader, const texalloc_huffman_part *part) {
  reader->unit = part->first;
  reader->end_unit = part->end;
  reader->restarts = part->first / reader->interval;
  reader->next = reader->bytes + part->start;
  reader->block_count = reader->entry_count = 0;
  reader->entry_room = reader->offset_room = 0;
  reader->entries_staged = reader->offsets_staged = 0;
  texalloc_huffman_begin_interval(reader);
  reader->has_begun_interval = true;
}

/// - Returns: What is behind the restart marker of a number; NULL where another marker comes before it, or
///   none.
static const uint8_t *behind_restart(
    const texalloc_huffman_reader *reader, const uint8_t *next, uint32_t number) {
  while ((next = memchr(next, 0xFF, (size_t)(reader->end - next))) != NULL) {
    if (reader->end - next < 2) return NULL;
    next += 2;
    if (next[-1] != 0) return next[-1] == first_restart + number % 8 ? next : NULL;
  }
  return NULL;
}

uint32_t texalloc_huffman_cut(
    const texalloc_huffman_reader *reader, uint32_t end, uint32_t most,
    texalloc_huffman_part *parts) {
  const size_t start = (size_t)(reader->data - reader->bytes);
  parts[0] = (texalloc_huffman_part){.first = 0, .end = end, .start = start};
  const uint32_t markers = (end - 1) / reader->interval;
  if (most < 2 || markers == 0) return 1;
  const uint8_t *place = reader->data;
  for (uint32_t i = 0; i < markers && place != NULL; i++) place = behind_restart(reader, place, i);
  if (place == NULL) return 1;
  // Of all but the last interval, the bytes of which tell what reading it costs.
  const uint64_t size = (uint64_t)(place - reader->data);
  uint32_t count = 1;
  place = reader->data;
  for (uint32_t i = 0; i < markers && count < most; i++) {
    place = behind_restart(reader, place, i);
    if (place == NULL) break;  // somebody has changed the bytes meanwhile
    if ((uint64_t)(place - reader->data) * most < size * count) continue;
    const uint32_t first = (i + 1) * reader->interval;
    parts[count - 1].end = first;
    parts[count++] = (texalloc_huffman_part){
        .first = first, .end = end, .start = (size_t)(place - reader->bytes)};
  }
  return count;
}
