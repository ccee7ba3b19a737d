internal import CTexbench
internal import Glibc
internal import ProgramSupport
internal import Synchronization
internal import TexAlloc
internal import TexAllocJPEG

/// What decoding a picture takes besides its time and its texture.
struct DecodeFigures {
  let picture: Picture

  /// Of a decode into warm memory, its header included; nil where this process is not told of them.
  func allocations() throws -> Figure? {
    let pool = try pool()
    for _ in 0..<3 { try decode(in: pool) }
    let before = texbench_allocations()
    try decode(in: pool)
    let count = texbench_allocations() - before
    guard count > 0 else { return nil }
    return Figure(
      title: "allocations by malloc of a whole decode", name: picture.name, value: Double(count),
      unit: .number, note: "header and buffer included")
  }

  /// MiB of PSS of the first decode, beyond those of the texture and of the coefficients that a file
  /// with several scans needs.
  func peak() throws -> Figure {
    let pool = try pool()
    let image = try JPEGImage(picture.bytes, named: picture.name, by: JPEGDecoder())
    malloc_trim(0)  // what others have freed would hide what this takes
    let before = ProcessFootprint.now().proportionalKiB
    let peak = Atomic(before)
    // The bytes of the file are the caller's.
    let buffer = try pool.allocate(image.descriptor)
    let looks = Atomic(0)
    try image.decode(into: buffer) { done in
      // What it takes it takes early, and each look walks through the page tables.
      let look = Int(done * 32) + 1
      guard looks.exchange(look, ordering: .relaxed) != look else { return true }
      peak.max(ProcessFootprint.now().proportionalKiB, ordering: .relaxed)
      return true
    }
    // Of half as many rows and columns, the colours have half as many coefficients as the brightness.
    let coefficients = image.hasSeveralScans ? picture.width * picture.height * 3 : 0
    let taken = (peak.load(ordering: .relaxed) - before) << 10
    return Figure(
      title: "MiB at the peak of a decode beyond its texture (goal 2)", name: picture.name,
      value: Double(taken - picture.size - coefficients) / Double(1 << 20), unit: .number,
      note: "PSS, which moves with who else uses the libraries"
        + (image.hasSeveralScans ? ", without the coefficients of a progressive file" : ""))
  }

  private func decode(in pool: TexturePool) throws {
    let image = try JPEGImage(picture.bytes, named: picture.name)
    try image.decode(into: pool.allocate(image.descriptor))
  }

  /// Whose pages are those of its pictures.
  private func pool() throws -> TexturePool {
    try TexturePool(
      for: [JPEGDecoder.component], from: [MemfdHeap()], limits: PoolLimits(prefault: 0))
  }
}
