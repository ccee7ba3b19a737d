// What libjpeg makes of the coded data of a file.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// Reads all coefficients of a file of one scan: 64 for each block, in the order of the file, the blocks
/// in the order of their units.
///
/// - Parameters:
///   - coefficients: Room for `room` blocks.
///   - warnings: Becomes how many there were from behind the header to the end of the image.
/// - Returns: How many blocks there are; -1 where the library gives up, or for want of room.
ptrdiff_t texalloc_read_coefficients(
    const uint8_t *file, size_t size, int16_t *coefficients, size_t room, long *warnings);

/// Decodes the planes of a file of three colours to a part of its size, one behind the other.
///
/// - Parameter sizes: Is told the columns and rows of each.
/// - Returns: Their bytes; 0 where that fails.
size_t texalloc_read_planes(const uint8_t *file, size_t size, uint32_t eighths, uint8_t *planes,
    size_t room, uint32_t sizes[3][2]);
