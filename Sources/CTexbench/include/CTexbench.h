// What the benchmark measures against and Swift cannot say: copies by hand, as fast as their authors
// know, stb_image, and libjpeg called directly; how often memory is asked for; and what the processor says of the machine below
// it.
#pragma once

#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Whether this processor has the instructions.
bool texbench_has_avx2(void);
bool texbench_has_avx512(void);

/// Copy `size` bytes, whole 64-byte lines, by non-temporal stores of so many bits, and fence them.
/// `to` is aligned to a line. Without the instructions they do nothing.
void texbench_copy_avx2(void *restrict to, const void *restrict from, size_t size);
void texbench_copy_avx512(void *restrict to, const void *restrict from, size_t size);

/// Writes eight bytes of every sixteen, so that each line leaves in parts, and waits until they are on their
/// way. Reads a word of each line.
void texbench_write_halves(void *lines, size_t size);
uint64_t texbench_load_lines(const void *lines, size_t size);

/// Whether stb_image.h was there when this was built.
extern const bool texbench_has_stb;

/// Decodes a JPEG into new memory, four bytes a pixel, which is to be freed; null where that fails.
uint8_t *texbench_stb_decode(const uint8_t *bytes, size_t size);
void texbench_stb_free(uint8_t *pixels);

/// A part of a picture, in pixels at the scale that it is decoded to.
typedef struct {
  uint32_t x, y, width, height;
} texbench_region;

/// Decodes a JPEG, or a part of it, by libjpeg-turbo to four bytes a pixel. Rows of a part hold some columns
/// more, as many as fill blocks.
///
/// - Parameters:
///   - region: NULL for all of it.
///   - pixels: Room for rows of `pitch` bytes.
bool texbench_decode_part(
    const uint8_t *bytes, size_t size, uint32_t eighths, const texbench_region *region,
    uint8_t *pixels, size_t pitch);

/// Decodes the luma and the chroma of a JPEG, by jpeg_read_raw_data.
///
/// - Parameter planes: Room for rows of whole blocks, as many as fill whole rows of blocks.
bool texbench_decode_planes(
    const uint8_t *bytes, size_t size, uint8_t *const planes[3], const size_t pitches[3]);

/// How often this thread has asked malloc, or one of its kind, for memory; 0 where nobody counts.
uint64_t texbench_allocations(void);

/// The twelve letters by which a hypervisor makes itself known (CPUID 0x40000000), and a zero; empty
/// where there is none, or none that says so.
void texbench_hypervisor(char signature[13]);
