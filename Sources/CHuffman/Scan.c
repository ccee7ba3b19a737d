// Coded data: from bits to entries. Every read and every store is bounded by what is looked at before
// each block; what is odd ends the reading.
#include "Reader.h"

#include <string.h>

#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

enum { last_place = 63 << 16, one_place = 1 << 16 };

/// Behind the byte that was read last: bits of those that are in hand were read ahead.
static const uint8_t *read_end(const texalloc_huffman_reader *reader) {
  return reader->place - reader->bit_count / 8;
}

/// Whether the data of an interval ended with the byte that was read last.
static bool ended(const texalloc_huffman_reader *reader) {
  return reader->is_last_window && read_end(reader) == reader->window_end;
}

/// Whether a marker is next.
static bool is_next(const texalloc_huffman_reader *reader, uint32_t marker) {
  return reader->end - reader->next >= 2 && reader->next[0] == 0xFF && reader->next[1] == marker;
}

// --- Blocks -----------------------------------------------------------------------------------

// What is in hand while blocks are read.
typedef struct {
  const uint8_t *place;
  uint64_t bits;
  uint32_t bit_count;
} bit_reader;

/// At least 56 bits are in hand then.
static inline void refill(bit_reader *b) {
  b->bits |= __builtin_bswap64(load64(b->place)) >> b->bit_count;
  b->place += (63 - b->bit_count) >> 3;
  b->bit_count |= 56;
}

static inline void skip(bit_reader *b, uint32_t count) {
  b->bits <<= count & 63;
  b->bit_count -= count;
}

/// Reads a symbol of whatever length; -1 where there is none. 16 bits are in hand.
///
/// - Parameter length: The shortest that it may have.
static inline int32_t read_symbol(bit_reader *b, const code_table *codes, uint32_t length) {
  uint32_t next = (uint32_t)(b->bits >> 48);
  for (; length <= 16; length++) {
    if (next >= codes->limits[length]) continue;
    skip(b, length);
    int32_t place = (int32_t)(next >> (16 - length)) + codes->shifts[length];
    return codes->definition.symbols[place & 0xFF];
  }
  return -1;
}

static inline int32_t read_value(bit_reader *b, uint32_t size) {
  uint32_t bits = (uint32_t)(b->bits >> (64 - size));
  skip(b, size);
  return extended(bits, size);
}

/// Reads one block.
///
/// - Parameter to: Room for 64 entries, and one that is none.
/// - Returns: Where its entries end; NULL where it is odd.
static inline __attribute__((always_inline)) uint32_t *read_block(
    bit_reader *in, component_reader *component, uint32_t *to) {
  bit_reader b = *in;
  const rest_facts *facts = component->rest->facts;
  uint32_t *entry = to;

  refill(&b);
  first_facts first = component->first->facts[b.bits >> (64 - first_lookup_bits)];
  int32_t difference;
  if (LIKELY(first != 0)) {
    skip(&b, first & facts_length);
    difference = (int32_t)first >> 16;
  } else {
    int32_t size = read_symbol(&b, &component->first->codes, 1);
    if (size < 0) return NULL;
    difference = size == 0 ? 0 : read_value(&b, (uint32_t)size);
  }
  // At most 64 times what 11 bits hold is added before it is found too large.
  component->prediction += difference;
  uint32_t start = magnitude(component->prediction);
  if (UNLIKELY(start > INT16_MAX)) return NULL;
  *entry++ = (uint16_t)component->prediction;

  uint32_t place = 0, sum = 0;
  rest_facts fact;
  for (;;) {
    refill(&b);
    // Each takes no more bits than are looked up, of the 56.
    for (int i = 0; i < 5; i++) {
      fact = facts[b.bits >> (64 - lookup_bits)];
      uint32_t one = place + ((uint32_t)fact & facts_places);
      uint32_t two = one + ((uint32_t)(fact >> facts_second_shift) & facts_places);
      if (UNLIKELY(two >= last_place)) goto careful;
      entry[0] = one | (uint16_t)((int64_t)fact >> facts_value_shift);
      entry[1] = two | (uint16_t)(int8_t)(fact >> facts_second_value_shift);
      entry += fact >> facts_count_shift & 3;
      sum += (uint16_t)(fact >> facts_magnitude_shift);
      place = two;
      b.bits <<= fact & 63;
      b.bit_count -= (uint32_t)fact & facts_length;
      if (fact & facts_end) goto done;
    }
    continue;

  careful:
    refill(&b);
    uint32_t told = (uint16_t)(fact >> facts_magnitude_shift);
    int32_t symbol = (int32_t)(told >> 8);
    if (LIKELY((fact & facts_places) == facts_places && told != 0)) {
      skip(&b, told & 0xFF);
    } else {
      symbol = read_symbol(&b, &component->rest->codes, 1);
      if (symbol < 0) return NULL;
    }
    uint32_t run = (uint32_t)symbol >> 4, size = symbol & 15;
    if (size == 0) {
      if (run != 15) goto done;
      place += 16 * one_place;
      if (place >= last_place) return NULL;
      continue;
    }
    place += (run + 1) * one_place;
    if (place > last_place) return NULL;
    int32_t value = read_value(&b, size);
    *entry++ = place | (uint16_t)value;
    sum += magnitude(value);
    if (place == last_place) goto done;
  }

done:
  *in = b;
  if (UNLIKELY(start * component->quantization[0] + (uint64_t)sum * component->largest[place >> 16]
          > most_of_columns)
      && !texalloc_huffman_is_moderate(to, entry, component->quantization))
    return NULL;
  return entry;
}

/// Reads the blocks of some units that no marker comes between.
static texalloc_huffman_result read_units(texalloc_huffman_reader *reader, uint32_t end) {
  const uint32_t blocks = reader->blocks_per_unit;
  while (reader->unit < end) {
    if (UNLIKELY(!texalloc_huffman_make_room(reader))) return texalloc_huffman_full;
    const uint8_t *limit = reader->window_end + sizeof(uint64_t);
    if (!reader->is_last_window) {
      limit = reader->window_end - unit_bytes;
      if (reader->place > limit) {
        texalloc_huffman_fill_window(reader);
        continue;
      }
    } else if (reader->place > limit) {
      return odd(reader, "data that ends early");
    }

    // As many units as there surely is room for.
    const uint32_t *entry_limit = reader->entries + staged_entries - blocks * 64;
    if (reader->entry_room < staged_entries)
      entry_limit = reader->entries + reader->entry_room - blocks * 64;
    const uint32_t *offset_limit = reader->offsets + staged_offsets - blocks;
    bit_reader b = {reader->place, reader->bits, reader->bit_count};
    uint32_t *entry = reader->entries + reader->entries_staged;
    uint32_t *offset = reader->offsets + reader->offsets_staged;
    const uint32_t first = reader->entry_count - (uint32_t)reader->entries_staged;
    uint32_t unit = reader->unit;
    do {
      for (uint32_t i = 0; i < blocks; i++) {
        *offset++ = first + (uint32_t)(entry - reader->entries);
        entry = read_block(&b, &reader->components[reader->sequence[i]], entry);
        if (UNLIKELY(entry == NULL)) return odd(reader, "a block that no encoder makes");
      }
      unit++;
    } while (
        LIKELY(unit < end && b.place <= limit && entry <= entry_limit && offset <= offset_limit));
    reader->block_count += (unit - reader->unit) * blocks;
    reader->unit = unit;
    reader->place = b.place;
    reader->bits = b.bits;
    reader->bit_count = b.bit_count;
    reader->entries_staged = (size_t)(entry - reader->entries);
    reader->entry_count = first + (uint32_t)reader->entries_staged;
    reader->offsets_staged = (size_t)(offset - reader->offsets);
  }
  return texalloc_huffman_done;
}

/// Looks for the marker at the end of an interval.
static texalloc_huffman_result end_interval(texalloc_huffman_reader *reader) {
  if (!ended(reader)) return odd(reader, "an interval that is too long or too short");
  if (!is_next(reader, first_restart + reader->restarts % 8))
    return odd(reader, "a restart marker that is missing");
  return texalloc_huffman_done;
}

/// Sends the rest off, when what was read ends as it should.
static texalloc_huffman_result finish(texalloc_huffman_reader *reader) {
  if (reader->unit == reader->unit_count) {
    if (!ended(reader) || !is_next(reader, end_of_image))
      return odd(reader, "data that ends early, or goes on");
  } else if (reader->unit % reader->interval == 0) {
    if (end_interval(reader) != texalloc_huffman_done) return texalloc_huffman_odd;
  } else if (read_end(reader) > reader->window_end) {
    return odd(reader, "data that ends early");
  }
  texalloc_huffman_end_lines(reader);
  reader->next = reader->end;
  return texalloc_huffman_done;
}

texalloc_huffman_result texalloc_huffman_read(texalloc_huffman_reader *reader, uint32_t units) {
  if (reader->oddity != NULL) return texalloc_huffman_odd;
  uint32_t left = reader->end_unit - reader->unit;
  uint32_t end = reader->unit + (units < left ? units : left);
  while (reader->unit < end) {
    uint32_t in_interval = reader->unit % reader->interval;
    if (in_interval == 0 && !reader->has_begun_interval) {
      if (end_interval(reader) != texalloc_huffman_done) return texalloc_huffman_odd;
      reader->restarts++;
      reader->next += 2;
      texalloc_huffman_begin_interval(reader);
    }
    uint32_t interval_left = reader->interval - in_interval, asked = end - reader->unit;
    uint32_t stop = reader->unit + (asked < interval_left ? asked : interval_left);
    uint32_t before = reader->unit;
    texalloc_huffman_result result = read_units(reader, stop);
    reader->has_begun_interval = reader->unit == before;
    if (result != texalloc_huffman_done) return result;
  }
  if (reader->unit < reader->end_unit) return texalloc_huffman_paused;
  return finish(reader);
}

uint32_t texalloc_huffman_block_count(const texalloc_huffman_reader *reader) {
  return reader->block_count;
}

uint32_t texalloc_huffman_entry_count(const texalloc_huffman_reader *reader) {
  return reader->entry_count;
}
