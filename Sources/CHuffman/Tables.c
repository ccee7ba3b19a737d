// Codes made ready to be read, several facts at a lookup.
#include "Reader.h"

#include <string.h>

/// Numbers the codes, as of annex C of T.81; answers whether there are no more than their lengths allow.
///
/// - Parameter symbols: Becomes, by the next bits, a symbol in the upper byte and its length in the
///   lower; 0 for longer codes.
static bool number_codes(code_table *table, uint16_t *symbols, uint32_t bits) {
  const code_definition *definition = &table->definition;
  uint32_t code = 0, place = 0;
  memset(symbols, 0, sizeof *symbols << bits);
  for (uint32_t length = 1; length <= 16; length++) {
    table->shifts[length] = (int32_t)place - (int32_t)code;
    uint32_t count = definition->counts[length - 1];
    // No code is all ones.
    if (code + count >= 1u << length) return false;
    for (uint32_t i = 0; i < count; i++, code++, place++) {
      if (length > bits) continue;
      uint16_t symbol = (uint16_t)(definition->symbols[place] << 8 | length);
      for (uint32_t j = 0; j < 1u << (bits - length); j++)
        symbols[(code << (bits - length)) + j] = symbol;
    }
    table->limits[length] = code << (16 - length);
    code <<= 1;
  }
  return true;
}

static int32_t value_in(uint32_t bits, uint32_t end, uint32_t size) {
  return size == 0 ? 0 : extended(bits >> end & ((1u << size) - 1), size);
}

bool texalloc_huffman_build_first(first_table *table) {
  enum { count = 1 << first_lookup_bits };
  if (table->codes.is_built) return true;
  uint16_t symbols[count];
  if (!number_codes(&table->codes, symbols, first_lookup_bits)) return false;
  for (uint32_t bits = 0; bits < count; bits++) {
    uint32_t size = symbols[bits] >> 8, length = (symbols[bits] & 0xFF) + size;
    bool is_known = symbols[bits] != 0 && length <= first_lookup_bits;
    table->facts[bits] = !is_known ? 0
        : length | (uint32_t)value_in(bits, first_lookup_bits - length, size) << 16;
  }
  return table->codes.is_built = true;
}

/// - Parameter symbols: As of `number_codes`.
static rest_facts facts(const uint16_t *symbols, uint32_t bits) {
  int32_t values[2] = {0, 0};
  uint32_t places[2] = {0, 0}, length = 0, count = 0, magnitude = 0, end = 0;
  while (count < 2 && end == 0) {
    uint32_t next = symbols[bits << length & ((1 << lookup_bits) - 1)];
    uint32_t run = next >> 12, size = next >> 8 & 15, next_length = (next & 0xFF) + size;
    if (next == 0 || length + next_length > lookup_bits) break;
    if (size > 0) {
      int32_t value = value_in(bits, lookup_bits - length - next_length, size);
      magnitude += (uint32_t)(value < 0 ? -value : value);
      values[count] = value;
      places[count++] = run + 1;
    } else if (run == 15) {
      // Sixteen zeros with no value are told alone.
      if (length > 0) break;
      return 16 << 16 | next_length;
    } else {
      end = facts_end;
    }
    length += next_length;
  }
  if (length == 0) return (rest_facts)symbols[bits] << facts_magnitude_shift | facts_places;
  return (rest_facts)(uint32_t)values[0] << facts_value_shift
      | (rest_facts)(uint8_t)values[1] << facts_second_value_shift
      | (rest_facts)magnitude << facts_magnitude_shift
      | places[1] << (16 + facts_second_shift) | places[0] << 16
      | end | count << facts_count_shift | length;
}

bool texalloc_huffman_build_rest(rest_table *table) {
  enum { count = 1 << lookup_bits };
  if (table->codes.is_built) return true;
  uint16_t symbols[count];
  if (!number_codes(&table->codes, symbols, lookup_bits)) return false;
  for (uint32_t bits = 0; bits < count; bits++) table->facts[bits] = facts(symbols, bits);
  return table->codes.is_built = true;
}
