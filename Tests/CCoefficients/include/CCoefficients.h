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
