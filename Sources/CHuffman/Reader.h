// What the parts of the reader share.
#pragma once

#include <string.h>

#include "CHuffman.h"

enum {
  /// Bits of a code that are looked up at once: behind the first coefficient of a block, and of that.
  /// Larger tables leave the nearest cache.
  lookup_bits = 10,
  first_lookup_bits = 9,
  /// Blocks of a unit, at most.
  max_blocks_per_unit = 10,
  /// Bytes that a unit can take, and more: the longest code and its value 64 times in each block.
  unit_bytes = 4 << 10,
  /// Bytes of coded data that are made ready at once.
  window_size = 8 << 10,
  /// Words that wait to leave as whole lines.
  staged_entries = 3 << 9,
  staged_offsets = 512,
  words_per_line = 16,
  /// Of a block, as texalloc_huffman_is_moderate() counts.
  most_of_columns = 5800,
};

/// How a file defines a code.
typedef struct {
  /// Codes of each length, from 1 bit.
  uint8_t counts[16];
  uint8_t symbols[256];
} code_definition;

/// What some bits tell of the first coefficient of a block; 0 where they are not enough.
typedef uint32_t first_facts;

/// What they tell of those behind it: up to two, and whether the block ends behind those.
typedef uint64_t rest_facts;

/// Symbols of whatever length.
typedef struct {
  code_definition definition;
  /// By length: the first 16 bits behind all codes that are no longer, and what makes a code's number
  /// the place of its symbol.
  uint32_t limits[17];
  int32_t shifts[17];
  bool is_defined, is_built;
} code_table;

/// A code of first coefficients.
typedef struct {
  first_facts facts[1 << first_lookup_bits];
  code_table codes;
} first_table;

/// A code of the others.
typedef struct {
  rest_facts facts[1 << lookup_bits];
  code_table codes;
} rest_table;

/// What a block of a component is read with.
typedef struct {
  first_table *first;
  rest_table *rest;
  uint16_t quantization[64];
  /// The largest of them up to each place, but for the first.
  uint16_t largest[64];
  int32_t prediction;
} component_reader;

struct texalloc_huffman_reader {
  const char *oddity;
  /// The file, where its coded data begins, and what of it is left.
  const uint8_t *bytes, *data, *next, *end;

  first_table firsts[4];
  rest_table rests[4];
  component_reader components[3];
  /// Which component each block of a unit is of.
  uint8_t sequence[max_blocks_per_unit];
  uint32_t blocks_per_unit;
  /// The next, behind the last of the part that is read, and all of the picture.
  uint32_t unit, end_unit, unit_count;
  /// Units between restart markers; all where there are none.
  uint32_t interval;
  /// Restart markers that come before the next unit.
  uint32_t restarts;
  /// Whether the interval of the next unit has begun, where that is its first.
  bool has_begun_interval;

  /// Coded data without its stuffing.
  uint8_t window[window_size + unit_bytes];
  const uint8_t *window_end, *place;
  /// Whether the data ends with the window: a marker is next.
  bool is_last_window;
  uint64_t bits;
  uint32_t bit_count;

  uint32_t block_count, entry_count;
  uint32_t *entry_lines, *offset_lines;
  /// Words that they have room for, in whole lines.
  size_t entry_room, offset_room;
  size_t entries_staged, offsets_staged;
  // Two entries are stored at once, of which the second may be none.
  uint32_t entries[staged_entries + 2];
  /// And where the last block ends.
  uint32_t offsets[staged_offsets + 1];
};

static inline texalloc_huffman_result odd(texalloc_huffman_reader *reader, const char *what) {
  reader->oddity = what;
  return texalloc_huffman_odd;
}

/// Make a code ready, unless it is: what few files change from the one before. They answer whether it
/// is sound.
bool texalloc_huffman_build_first(first_table *table);
bool texalloc_huffman_build_rest(rest_table *table);

/// What a component's coefficients are multiplied by, in the order of the file.
void texalloc_huffman_set_quantization(component_reader *component, const uint16_t *factors);

/// Lays out the units of a picture, of which none was read.
texalloc_huffman_result texalloc_huffman_begin_units(
    texalloc_huffman_reader *reader, texalloc_huffman_header *header);

/// Sends off what is whole lines, so that one more unit may wait.
///
/// - Returns: Whether there is room for its entries.
bool texalloc_huffman_make_room(texalloc_huffman_reader *reader);

/// Sends the rest off, behind the last unit.
void texalloc_huffman_end_lines(texalloc_huffman_reader *reader);

/// Whether all decoders make the same of a block.
bool texalloc_huffman_is_moderate(
    const uint32_t *entries, const uint32_t *end, const uint16_t *factors);

static inline uint32_t magnitude(int32_t value) { return (uint32_t)(value < 0 ? -value : value); }

/// Markers.
enum { first_restart = 0xD0, end_of_image = 0xD9 };

/// Begins the coded data of an interval.
void texalloc_huffman_begin_interval(texalloc_huffman_reader *reader);

/// Fills the window behind what is left in it.
void texalloc_huffman_fill_window(texalloc_huffman_reader *reader);

static inline uint64_t load64(const uint8_t *from) {
  uint64_t bytes;
  memcpy(&bytes, from, sizeof bytes);
  return bytes;
}

/// The fields of facts. The length is where shifts look for it, the places where entries have them.
/// Where a code is longer than what is looked up, or its value is not in it, the first place is one
/// that no block has, and the magnitude a symbol and the length of its code, or 0.
enum {
  facts_length = 0x3F,        // bits of all that is told
  facts_count_shift = 6,      // coefficients, in 2 bits
  facts_end = 1 << 8,         // the block ends
  facts_places = 0x3F << 16,  // what the place grows by with the first value
  facts_second_shift = 6,     // brings what it grows by with the second there
  facts_magnitude_shift = 28, // sum of both, without their signs, in 16 bits
  facts_second_value_shift = 44,  // in 8 bits, of which the first is the sign
  facts_value_shift = 52,     // the first value, in 12
};

/// The value of some bits behind a symbol, as of section F.2.2.1 of T.81.
static inline int32_t extended(uint32_t bits, uint32_t size) {
  // Half of the values, those without the highest bit, are negative.
  return (int32_t)bits - (int32_t)(((bits >> (size - 1)) - 1) & ((1u << size) - 1));
}
