/// What a GPU does of JPEG's decoding, in the integers of libjpeg's accurate transform (jidctint.c), of
/// its fancy upsampling (jdsample.c) and of its colours (jdcolor.c).
enum FinishingShaders {
  /// Blocks of coefficients to samples, eight threads to a block. Samples lie in planes, four to a word.
  static let blocks = """
    layout(local_size_x = 64) in;
    layout(std430, binding = 0) readonly buffer Entries { uint entries[]; };
    layout(std430, binding = 1) readonly buffer Offsets { uint offsets[]; };
    layout(std430, binding = 2) writeonly buffer Samples { uint samples[]; };
    // Of all blocks of the picture; what is before the entries that are bound; where those and the
    // offsets begin in their buffers.
    uniform int firstBlock, endBlock, firstEntry, entryPlace, offsetPlace;
    uniform int unitsAcross, blocksPerUnit;
    // Of each row of units, those that are wanted.
    uniform int firstColumn, endColumn;
    // Of each block of a unit: its component, and where it is among the blocks of that.
    uniform int component[10], across[10], down[10];
    // Of each component: blocks of a unit, words of a row of samples, where its plane begins.
    uniform int unitAcross[3], unitDown[3], rowWords[3], planes[3];
    uniform int quantization[192];
    const int places[64] = int[64](
      0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
      13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52,
      45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63);
    shared int block[8][64];

    int descaled(int x, int bits) { return (x + (1 << (bits - 1))) >> bits; }

    void transform(inout int v[8], int bits) {
      int z1 = (v[2] + v[6]) * 4433;
      int t2 = z1 - v[6] * 15137, t3 = z1 + v[2] * 6270;
      int t0 = (v[0] + v[4]) << 13, t1 = (v[0] - v[4]) << 13;
      int t10 = t0 + t3, t13 = t0 - t3, t11 = t1 + t2, t12 = t1 - t2;
      t0 = v[7]; t1 = v[5]; t2 = v[3]; t3 = v[1];
      z1 = t0 + t3;
      int z2 = t1 + t2, z3 = t0 + t2, z4 = t1 + t3, z5 = (z3 + z4) * 9633;
      t0 *= 2446; t1 *= 16819; t2 *= 25172; t3 *= 12299;
      z1 *= -7373; z2 *= -20995;
      z3 = z3 * -16069 + z5; z4 = z4 * -3196 + z5;
      t0 += z1 + z3; t1 += z2 + z4; t2 += z2 + z3; t3 += z1 + z4;
      v[0] = descaled(t10 + t3, bits); v[7] = descaled(t10 - t3, bits);
      v[1] = descaled(t11 + t2, bits); v[6] = descaled(t11 - t2, bits);
      v[2] = descaled(t12 + t1, bits); v[5] = descaled(t12 - t1, bits);
      v[3] = descaled(t13 + t0, bits); v[4] = descaled(t13 - t0, bits);
    }

    void main() {
      int b = int(gl_LocalInvocationID.x) >> 3, k = int(gl_LocalInvocationID.x) & 7;
      int number = firstBlock + int(gl_WorkGroupID.x) * 8 + b;
      int unit = number / blocksPerUnit, part = number - unit * blocksPerUnit;
      int row = unit / unitsAcross, column = unit - row * unitsAcross;
      bool isThere = number < endBlock && column >= firstColumn && column < endColumn;
      int c = component[part];
      for (int i = 0; i < 8; i++) block[b][i * 8 + k] = 0;
      barrier();
      if (isThere) {
        int start = int(offsets[offsetPlace + number]) - firstEntry + entryPlace;
        int end = min(
          int(offsets[offsetPlace + number + 1]) - firstEntry + entryPlace, start + 64);
        for (int i = start + k; i < end; i += 8) {
          uint entry = entries[i];
          int place = int(entry >> 16) & 63, value = int(entry << 16) >> 16;
          block[b][places[place]] = value * quantization[c * 64 + place];
        }
      }
      barrier();
      int v[8];
      for (int i = 0; i < 8; i++) v[i] = block[b][i * 8 + k];
      transform(v, 11);
      for (int i = 0; i < 8; i++) block[b][i * 8 + k] = v[i];
      barrier();
      for (int i = 0; i < 8; i++) v[i] = block[b][k * 8 + i];
      transform(v, 18);
      if (isThere) {
        uint left = 0u, right = 0u;
        for (int i = 0; i < 4; i++) {
          left |= uint(clamp(v[i] + 128, 0, 255)) << (8 * i);
          right |= uint(clamp(v[i + 4] + 128, 0, 255)) << (8 * i);
        }
        int y = (row * unitDown[c] + down[part]) * 8 + k;
        int x = (column * unitAcross[c] + across[part]) * 2;
        int at = planes[c] + y * rowWords[c] + x;
        samples[at] = left;
        samples[at + 1] = right;
      }
    }
    """

  /// Two planes to one in which their samples take turns, a thread to a word of each.
  static let chroma = """
    layout(local_size_x = 64) in;
    layout(std430, binding = 2) buffer Samples { uint samples[]; };
    // Words: where they are, where they go, and how many there are of each.
    uniform int blue, red, both, count;

    uint spread(uint two) { return (two & 255u) | ((two & 65280u) << 8); }

    void main() {
      int i = int(gl_GlobalInvocationID.x);
      if (i >= count) return;
      uint u = samples[blue + i], v = samples[red + i];
      samples[both + 2 * i] = spread(u) | (spread(v) << 8);
      samples[both + 2 * i + 1] = spread(u >> 16) | (spread(v >> 16) << 8);
    }
    """

  /// Samples to pixels, a thread to a pixel.
  static let pixels = """
    layout(local_size_x = 16, local_size_y = 8) in;
    layout(std430, binding = 2) readonly buffer Samples { uint samples[]; };
    layout(rgba8, binding = 0) writeonly uniform highp image2D picture;
    // Where in the file's picture it begins.
    uniform int left, top;
    uniform int width, firstRow, endRow, colours;
    // Of each component: where its plane begins and how long its rows are, in samples; how many of them
    // are the picture's; by how much it is smaller; how it is made larger.
    uniform int planes[3], pitches[3], widths[3], heights[3], across[3], down[3], smoothing[3];

    int plane(int c, int x, int y) {
      int at = planes[c] + y * pitches[c] + x;
      return int(samples[at >> 2] >> (8 * (at & 3))) & 255;
    }

    // Three quarters of the nearer row and one of the other, times four.
    int column(int c, int x, int y, int other) { return plane(c, x, y) * 3 + plane(c, x, other); }

    int upsampled(int c, int x, int y) {
      int sx = x / across[c], sy = y / down[c], how = smoothing[c];
      if (how == 0) return plane(c, sx, sy);
      bool isLower = (y & 1) == 1, isRight = (x & 1) == 1;
      int other = isLower ? min(sy + 1, heights[c] - 1) : max(sy - 1, 0);
      if (how == 2) return (column(c, sx, sy, other) + (isLower ? 2 : 1)) >> 2;
      int beside = isRight ? sx + 1 : sx - 1;
      bool isEdge = beside < 0 || beside >= widths[c];
      if (how == 1) {
        int near = plane(c, sx, sy);
        return isEdge ? near : (near * 3 + plane(c, beside, sy) + (isRight ? 2 : 1)) >> 2;
      }
      int near = column(c, sx, sy, other), bias = isRight ? 7 : 8;
      return (near * 3 + (isEdge ? near : column(c, beside, sy, other)) + bias) >> 4;
    }

    void main() {
      ivec2 at = ivec2(gl_GlobalInvocationID.xy) + ivec2(0, firstRow);
      if (at.x >= width || at.y >= endRow) return;
      int x = at.x + left, y = at.y + top;
      ivec3 pixel = ivec3(upsampled(0, x, y));
      if (colours > 0) pixel.gb = ivec2(upsampled(1, x, y), upsampled(2, x, y));
      if (colours == 1) {
        int luma = pixel.r, cb = pixel.g - 128, cr = pixel.b - 128;
        pixel = luma + ivec3(
          (91881 * cr + 32768) >> 16, (-22554 * cb - 46802 * cr + 32768) >> 16,
          (116130 * cb + 32768) >> 16);
      }
      imageStore(picture, at, vec4(vec3(clamp(pixel, 0, 255)) / 255.0, 1.0));
    }
    """
}
