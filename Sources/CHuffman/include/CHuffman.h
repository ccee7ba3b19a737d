// Reads the Huffman code of JPEG files and nothing more: what it finds is a stream of coefficients, for
// somebody else to make pixels of. Sequential files of one scan, as nearly all are; whatever is odd
// about a file is left to a decoder that knows all of JPEG. What such a one has read of a file of several
// scans becomes a stream, too.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// One file after another; for one thread at a time.
typedef struct texalloc_huffman_reader texalloc_huffman_reader;

typedef enum __attribute__((enum_extensibility(closed))) {
  texalloc_huffman_done,
  /// There is more to read.
  texalloc_huffman_paused,
  /// The memory for entries is full: the next block needs more.
  texalloc_huffman_full,
  /// The file is not for this reader.
  texalloc_huffman_odd,
} texalloc_huffman_result;

/// What the colours of a file are.
typedef enum __attribute__((enum_extensibility(closed))) {
  texalloc_huffman_grey,
  texalloc_huffman_ycc,
  texalloc_huffman_rgb,
} texalloc_huffman_colours;

typedef struct {
  /// Sampling factors: blocks across and down that it has in each unit.
  uint8_t across, down;
  /// By what coefficients are multiplied, in the order of the file.
  uint16_t quantization[64];
} texalloc_huffman_component;

typedef struct {
  /// Pixels.
  uint32_t width, height;
  texalloc_huffman_colours colours;
  uint32_t component_count;
  texalloc_huffman_component components[3];
  /// Units, in which the blocks of all components are interleaved.
  uint32_t units_across, units_down;
  uint32_t blocks_per_unit;
} texalloc_huffman_header;

/// NULL without memory.
texalloc_huffman_reader *texalloc_huffman_open(void);
void texalloc_huffman_close(texalloc_huffman_reader *reader);

/// Begins a file: reads up to its coded data. The bytes stay where they are until it has been read.
///
/// - Returns: Done or odd.
texalloc_huffman_result texalloc_huffman_read_header(
    texalloc_huffman_reader *reader, const uint8_t *bytes, size_t size,
    texalloc_huffman_header *header);

/// Some units of a picture that are read alone. Those of a file begin with an interval between restart
/// markers, or are the first.
typedef struct {
  /// Units, of all of the picture.
  uint32_t first, end;
  /// Where they begin in the file.
  size_t start;
} texalloc_huffman_part;

/// Cuts what is coded into parts of about the same size, as far as there are restart markers, which several
/// readers can read at once. Whatever is odd about the markers ends the cutting: who reads the part that
/// they are in finds it out.
///
/// - Parameters:
///   - reader: Has read the header.
///   - end: Of the units that are wanted, which are some at least.
///   - parts: Room for `most`, which is one at least.
/// - Returns: How many.
uint32_t texalloc_huffman_cut(
    const texalloc_huffman_reader *reader, uint32_t end, uint32_t most,
    texalloc_huffman_part *parts);

/// Goes where a part begins, and has nothing read behind it. Offsets and counts are of the part.
///
/// - Parameter reader: Has read the header of the same file, or begun a picture whose coefficients somebody
///   else has read; whose parts may begin with any row of units.
void texalloc_huffman_begin_part(
    texalloc_huffman_reader *reader, const texalloc_huffman_part *part);

/// What was odd, in English.
const char *texalloc_huffman_oddity(const texalloc_huffman_reader *reader);

/// Where the place of each block's first entry in the stream is written, and behind the last block the
/// count of entries: whole lines, in order, never read.
///
/// - Parameter size: Bytes: 4 for each block and 4 more, in whole lines at least.
void texalloc_huffman_write_offsets(texalloc_huffman_reader *reader, void *to, size_t size);

/// Where entries are written from the next block on, likewise. An entry is a coefficient that is not
/// zero, or the first of a block whatever it is: its place in the order of the file in the upper 16
/// bits, its value before it is multiplied in the lower.
///
/// - Parameter size: Bytes, in whole lines.
void texalloc_huffman_write_entries(texalloc_huffman_reader *reader, void *to, size_t size);

/// Reads on: some units at most. Once it has answered that it is done, or that the file is odd, it
/// reads no further. Behind the last unit of the file the file must end, and behind an interval there must
/// be its marker.
texalloc_huffman_result texalloc_huffman_read(texalloc_huffman_reader *reader, uint32_t units);

enum {
  /// Of blocks in a unit, at most.
  texalloc_huffman_most_rows = 4,
};

/// Begins a picture whose coefficients somebody else has read.
///
/// - Parameter header: Of its units and their blocks nothing is known yet.
/// - Returns: Done or odd.
texalloc_huffman_result texalloc_huffman_begin_blocks(
    texalloc_huffman_reader *reader, texalloc_huffman_header *header);

/// Adds the next row of units, or what of it is not added yet.
///
/// - Parameter rows: Of each component `texalloc_huffman_most_rows` rows of blocks, of which as many are
///   there as a unit has. A block is its 64 coefficients, row by row.
/// - Returns: Paused where there are more rows; else as of reading.
texalloc_huffman_result texalloc_huffman_add_row(
    texalloc_huffman_reader *reader, const texalloc_huffman_header *header,
    const int16_t *const *rows);

/// Blocks that were read.
uint32_t texalloc_huffman_block_count(const texalloc_huffman_reader *reader);
/// Entries that they have.
uint32_t texalloc_huffman_entry_count(const texalloc_huffman_reader *reader);
