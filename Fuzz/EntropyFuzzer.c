// What libFuzzer calls: reads bytes as the entropy decoder does, and as libjpeg does. What the first
// accepts must have libjpeg's coefficients, and no warning of its.
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
};

static _Alignas(64) uint32_t offsets[most_blocks + 64];
static _Alignas(64) uint8_t pieces[most_pieces][piece_size];
static int16_t expected[most_blocks][64];

static void fail(const char *what, uint32_t block) {
  fprintf(stderr, "%s, block %u\n", what, block);
  abort();
}

/// - Returns: Blocks; 0 where the file is not for it.
static uint32_t read_file(
    const uint8_t *file, size_t size, uint32_t *starts, size_t *piece_count, uint32_t *entry_count) {
  static texalloc_huffman_reader *reader;
  if (reader == NULL) reader = texalloc_huffman_open();
  texalloc_huffman_header header;
  if (texalloc_huffman_read_header(reader, file, size, &header) != texalloc_huffman_done) return 0;
  uint64_t blocks = (uint64_t)header.units_across * header.units_down * header.blocks_per_unit;
  if (blocks > most_blocks) return 0;
  texalloc_huffman_write_offsets(reader, offsets, sizeof offsets);
  texalloc_huffman_result result = texalloc_huffman_full;
  *piece_count = 0;
  while (result != texalloc_huffman_done) {
    if (result == texalloc_huffman_odd) return 0;
    if (result == texalloc_huffman_full) {
      if (*piece_count == most_pieces) fail("more entries than there can be", 0);
      starts[*piece_count] = texalloc_huffman_entry_count(reader);
      texalloc_huffman_write_entries(reader, pieces[(*piece_count)++], piece_size);
    }
    result = texalloc_huffman_read(reader, 7);
  }
  *entry_count = texalloc_huffman_entry_count(reader);
  if (texalloc_huffman_block_count(reader) != blocks) fail("too few blocks", 0);
  return (uint32_t)blocks;
}

int LLVMFuzzerTestOneInput(const uint8_t *file, size_t size) {
  uint32_t starts[most_pieces + 1], entry_count;
  size_t piece_count, piece = 0;
  uint32_t blocks = read_file(file, size, starts, &piece_count, &entry_count);
  if (blocks == 0) return 0;
  long warnings;
  ptrdiff_t found = texalloc_read_coefficients(file, size, expected[0], most_blocks, &warnings);
  if (found != (ptrdiff_t)blocks) fail("libjpeg gives up, or has other blocks", blocks);
  if (warnings != 0) fail("libjpeg warns", blocks);
  if (offsets[blocks] != entry_count) fail("the count of entries", blocks);
  for (uint32_t block = 0; block < blocks; block++) {
    while (piece + 1 < piece_count && offsets[block] >= starts[piece + 1]) piece++;
    int16_t coefficients[64] = {0};
    for (uint32_t entry = offsets[block]; entry < offsets[block + 1]; entry++) {
      uint32_t word;
      memcpy(&word, pieces[piece] + (entry - starts[piece]) * 4, sizeof word);
      coefficients[word >> 16 & 63] = (int16_t)word;
    }
    if (memcmp(coefficients, expected[block], sizeof coefficients) != 0)
      fail("other coefficients", block);
  }
  return 0;
}
