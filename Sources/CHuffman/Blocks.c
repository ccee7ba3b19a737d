// Blocks of 64 coefficients, which somebody else has read, to entries; and which blocks are for them.
#include "Reader.h"

#include <string.h>

/// Decoders agree about a block as long as no number of theirs overflows the 16 bits that the fastest
/// of them have: as long as no two of its columns have more than this, whose first pass makes less than
/// six times as much of it.
bool texalloc_huffman_is_moderate(
    const uint32_t *entries, const uint32_t *end, const uint16_t *factors) {
  static const uint8_t columns[64] = {
      0, 1, 0, 0, 1, 2, 3, 2, 1, 0, 0, 1, 2, 3, 4, 5, 4, 3, 2, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 6, 5, 4,
      3, 2, 1, 0, 1, 2, 3, 4, 5, 6, 7, 7, 6, 5, 4, 3, 2, 3, 4, 5, 6, 7, 7, 6, 5, 4, 5, 6, 7, 7, 6, 7};
  uint64_t sums[8] = {0}, most = 0, second = 0;
  for (; entries < end; entries++)
    sums[columns[*entries >> 16]] += (uint64_t)magnitude((int16_t)*entries) * factors[*entries >> 16];
  for (int i = 0; i < 8; i++) {
    uint64_t sum = sums[i];
    if (sum > second) second = sum;
    if (sum > most) {
      second = most;
      most = sum;
    }
  }
  return most + second <= most_of_columns;
}

texalloc_huffman_result texalloc_huffman_begin_blocks(
    texalloc_huffman_reader *reader, texalloc_huffman_header *header) {
  // There is no file.
  static const uint8_t none[1];
  reader->bytes = reader->data = reader->end = none;
  reader->interval = 0;
  reader->oddity = NULL;
  for (uint32_t i = 0; i < header->component_count; i++)
    texalloc_huffman_set_quantization(&reader->components[i], header->components[i].quantization);
  return texalloc_huffman_begin_units(reader, header);
}

/// - Parameters:
///   - block: By rows, as it is transformed.
///   - to: Room for 64 entries.
/// - Returns: Where its entries end; NULL where it is odd.
static uint32_t *add_block(
    const int16_t *block, const component_reader *component, uint32_t *to) {
  // In the order of the file, of each place by rows.
  static const uint32_t places[64] = {
      0, 1, 5, 6, 14, 15, 27, 28, 2, 4, 7, 13, 16, 26, 29, 42, 3, 8, 12, 17, 25, 30, 41, 43, 9, 11, 18,
      24, 31, 40, 44, 53, 10, 19, 23, 32, 39, 45, 52, 54, 20, 22, 33, 38, 46, 51, 55, 60, 21, 34, 37, 47,
      50, 56, 59, 61, 35, 36, 48, 49, 57, 58, 62, 63};
  uint32_t *entry = to;
  uint64_t sum = 0;
  *entry++ = (uint16_t)block[0];
  for (int i = 0; i < 64; i += 4) {
    uint64_t four;
    memcpy(&four, block + i, sizeof four);
    if (i == 0) four &= ~(uint64_t)0xFFFF;
    while (four != 0) {
      int shift = __builtin_ctzll(four) & 48;
      uint16_t value = (uint16_t)(four >> shift);
      *entry++ = places[i + shift / 16] << 16 | value;
      sum += magnitude((int16_t)value);
      four &= ~((uint64_t)0xFFFF << shift);
    }
  }
  uint64_t most = magnitude(block[0]) * (uint64_t)component->quantization[0]
      + sum * component->largest[63];
  bool is_sound = most <= most_of_columns
      || texalloc_huffman_is_moderate(to, entry, component->quantization);
  return is_sound ? entry : NULL;
}

texalloc_huffman_result texalloc_huffman_add_row(
    texalloc_huffman_reader *reader, const texalloc_huffman_header *header,
    const int16_t *const *rows) {
  if (reader->oddity != NULL) return texalloc_huffman_odd;
  if (reader->unit == reader->end_unit) return odd(reader, "too many blocks");
  uint32_t first = reader->unit / header->units_across * header->units_across;
  while (reader->unit < first + header->units_across) {
    if (!texalloc_huffman_make_room(reader)) return texalloc_huffman_full;
    uint32_t column = reader->unit - first;
    for (uint32_t i = 0; i < header->component_count; i++)
      for (uint32_t y = 0; y < header->components[i].down; y++)
        for (uint32_t x = 0; x < header->components[i].across; x++) {
          const int16_t *row = rows[i * texalloc_huffman_most_rows + y];
          uint32_t *start = reader->entries + reader->entries_staged;
          const uint32_t *end =
              add_block(row + (column * header->components[i].across + x) * 64, &reader->components[i], start);
          if (end == NULL) return odd(reader, "a block that no encoder makes");
          reader->offsets[reader->offsets_staged++] = reader->entry_count;
          reader->entries_staged += (size_t)(end - start);
          reader->entry_count += (uint32_t)(end - start);
          reader->block_count++;
        }
    reader->unit++;
  }
  if (reader->unit < reader->end_unit) return texalloc_huffman_paused;
  texalloc_huffman_end_lines(reader);
  return texalloc_huffman_done;
}
