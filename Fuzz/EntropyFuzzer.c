// What libFuzzer calls: reads bytes as the entropy decoder does, and as libjpeg does. What the first
// accepts must have libjpeg's coefficients, and no warning of its. Cut at its restart markers it must be the
// same, and what is odd must be odd in one of the parts; rows from the first must be those of all.
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CCoefficients.h"
#include "CHuffman.h"

enum {
  most_blocks = 1 << 12,
  // So little that streams grow, and end in the middle.
  piece_size = 16 << 10,
  most_pieces = 1 << 8,
  most_parts = 3,
};

/// What was read of a file, or of a part.
typedef struct {
  _Alignas(64) uint32_t offsets[most_blocks + 64];
  _Alignas(64) uint8_t pieces[most_pieces][piece_size];
  uint32_t starts[most_pieces + 1];
  size_t piece_count;
  uint32_t block_count, entry_count;
} stream;

static stream whole, part;
static int16_t expected[most_blocks][64];

static void fail(const char *what, uint32_t block) {
  fprintf(stderr, "%s, block %u\n", what, block);
  abort();
}

static texalloc_huffman_reader *open_file(
    const uint8_t *file, size_t size, texalloc_huffman_header *header) {
  static texalloc_huffman_reader *reader;
  if (reader == NULL) reader = texalloc_huffman_open();
  bool is_odd = texalloc_huffman_read_header(reader, file, size, header) != texalloc_huffman_done;
  return is_odd ? NULL : reader;
}

/// - Returns: Whether it is sound.
static bool read_all(texalloc_huffman_reader *reader, stream *to) {
  texalloc_huffman_write_offsets(reader, to->offsets, sizeof to->offsets);
  texalloc_huffman_result result = texalloc_huffman_full;
  to->piece_count = 0;
  while (result != texalloc_huffman_done) {
    if (result == texalloc_huffman_odd) return false;
    if (result == texalloc_huffman_full) {
      if (to->piece_count == most_pieces) fail("more entries than there can be", 0);
      to->starts[to->piece_count] = texalloc_huffman_entry_count(reader);
      texalloc_huffman_write_entries(reader, to->pieces[to->piece_count++], piece_size);
    }
    result = texalloc_huffman_read(reader, 7);
  }
  to->entry_count = texalloc_huffman_entry_count(reader);
  to->block_count = texalloc_huffman_block_count(reader);
  if (to->offsets[to->block_count] != to->entry_count) fail("the count of entries", 0);
  return true;
}

static uint32_t entry_of(const stream *of, size_t *piece, uint32_t number) {
  while (*piece + 1 < of->piece_count && number >= of->starts[*piece + 1]) ++*piece;
  uint32_t word;
  memcpy(&word, of->pieces[*piece] + (number - of->starts[*piece]) * 4, sizeof word);
  return word;
}

/// - Parameters:
///   - first: The block of all that is the part's first.
static void compare_part(uint32_t first) {
  size_t from = 0, own = 0;
  if (first + part.block_count > whole.block_count) fail("blocks of a part", first);
  for (uint32_t block = 0; block < part.block_count; block++) {
    uint32_t start = whole.offsets[first + block], own_start = part.offsets[block];
    uint32_t count = whole.offsets[first + block + 1] - start;
    if (part.offsets[block + 1] - own_start != count) fail("another block in a part", first + block);
    for (uint32_t i = 0; i < count; i++)
      if (entry_of(&whole, &from, start + i) != entry_of(&part, &own, own_start + i))
        fail("another entry in a part", first + block);
  }
}

static void read_parts(
    const uint8_t *file, size_t size, const texalloc_huffman_header *header, bool is_sound) {
  texalloc_huffman_header again;
  texalloc_huffman_part parts[most_parts];
  const uint32_t units = header->units_across * header->units_down;
  texalloc_huffman_reader *reader = open_file(file, size, &again);
  uint32_t count = texalloc_huffman_cut(reader, units, most_parts, parts), next = 0;
  bool are_sound = true;
  for (uint32_t i = 0; i < count; i++) {
    if (parts[i].first != next || parts[i].end <= next) fail("parts that are apart", next);
    next = parts[i].end;
    reader = open_file(file, size, &again);
    texalloc_huffman_begin_part(reader, &parts[i]);
    if (!read_all(reader, &part)) are_sound = false;
    else if (is_sound) compare_part(parts[i].first * header->blocks_per_unit);
  }
  if (next != units) fail("the end of the parts", next);
  if (are_sound != is_sound) fail(is_sound ? "parts of what is whole" : "parts of what is odd", 0);
  // What a region needs, up to where the file says.
  uint32_t rows = 1 + file[size / 2] % header->units_down;
  reader = open_file(file, size, &again);
  texalloc_huffman_cut(reader, rows * header->units_across, 1, parts);
  texalloc_huffman_begin_part(reader, &parts[0]);
  bool is_read = read_all(reader, &part);
  if (is_sound && !is_read) fail("rows of what is whole", rows);
  if (is_sound) compare_part(0);
}

int LLVMFuzzerTestOneInput(const uint8_t *file, size_t size) {
  texalloc_huffman_header header;
  texalloc_huffman_reader *reader = open_file(file, size, &header);
  if (reader == NULL) return 0;
  uint64_t blocks = (uint64_t)header.units_across * header.units_down * header.blocks_per_unit;
  if (blocks > most_blocks) return 0;
  bool is_sound = read_all(reader, &whole);
  read_parts(file, size, &header, is_sound);
  if (!is_sound) return 0;
  if (whole.block_count != blocks) fail("too few blocks", 0);
  long warnings;
  ptrdiff_t found = texalloc_read_coefficients(file, size, expected[0], most_blocks, &warnings);
  if (found != (ptrdiff_t)blocks) fail("libjpeg gives up, or has other blocks", (uint32_t)blocks);
  if (warnings != 0) fail("libjpeg warns", (uint32_t)blocks);
  size_t piece = 0;
  for (uint32_t block = 0; block < blocks; block++) {
    int16_t coefficients[64] = {0};
    for (uint32_t entry = whole.offsets[block]; entry < whole.offsets[block + 1]; entry++) {
      uint32_t word = entry_of(&whole, &piece, entry);
      coefficients[word >> 16 & 63] = (int16_t)word;
    }
    if (memcmp(coefficients, expected[block], sizeof coefficients) != 0)
      fail("other coefficients", block);
  }
  return 0;
}
