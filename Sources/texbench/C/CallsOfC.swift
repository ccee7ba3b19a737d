internal import ArgumentParser
internal import CTexAlloc
internal import ProgramSupport
internal import TexAlloc
// Has the bodies of what the header declares.
internal import TexAllocC

/// What it costs that C calls: what goes through texalloc.h beside the same in Swift, in turns.
struct CallsOfC: Measurement {
  static let configuration = CommandConfiguration(
    commandName: "c", abstract: "Calls by texalloc.h beside the same in Swift.")

  @OptionGroup var options: RunOptions

  private static let (turns, calls) = (101, 2_000)
  private static let (width, height) = (1024, 64)

  func measure(on bench: Bench) throws {
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    let image = ImageDescriptor(width: Self.width, height: Self.height, formats: [.abgr8888])
    let buffer = try pool.allocate(image, for: [])
    let row = [UInt8](repeating: 7, count: Self.width * 4)
    var wanted = unsafe texalloc_image()
    unsafe wanted.struct_size = UInt32(MemoryLayout<texalloc_image>.size)
    unsafe (wanted.width, wanted.height) = (UInt32(Self.width), UInt32(Self.height))
    var poolOfC: OpaquePointer?
    var bufferOfC: OpaquePointer?
    unsafe try check(texalloc_pool_create(nil, nil, &poolOfC))
    unsafe try check(texalloc_pool_allocate(poolOfC, &wanted, 0, &bufferOfC))
    defer { unsafe _ = (texalloc_buffer_release(bufferOfC), texalloc_pool_release(poolOfC)) }

    bench.add(
      try figure("write a row of 4 KiB") {
        var writer = buffer.writer()
        writer.write(row.span, row: 5)
      } byC: {
        unsafe try row.withUnsafeBytes {
          unsafe try check(texalloc_buffer_write_rows(bufferOfC, 0, 5, 1, $0.baseAddress, $0.count))
        }
      })
    bench.add(
      try figure("ask what a pool holds") {
        guard pool.statistics.slots == 1 else { throw ProgramFailure("more than one slot") }
      } byC: {
        var info = texalloc_pool_info()
        info.struct_size = UInt32(MemoryLayout<texalloc_pool_info>.size)
        unsafe try check(texalloc_pool_get_info(poolOfC, &info))
      })
    bench.add(
      try figure("allocate an image and let go of it, two calls", calls: 2) {
        _ = try pool.allocate(image, for: [])
      } byC: {
        var buffer: OpaquePointer?
        unsafe try check(texalloc_pool_allocate(poolOfC, &wanted, 0, &buffer))
        unsafe try check(texalloc_buffer_release(buffer))
      })
  }

  private func check(_ status: texalloc_status) throws {
    if status != TEXALLOC_OK { throw ProgramFailure("texalloc.h: status \(status.rawValue)") }
  }

  /// What a call takes longer by C.
  private func figure(
    _ name: String, calls: Int = 1, inSwift swift: () throws -> Void, byC c: () throws -> Void
  ) throws -> Figure {
    var differences: [Double] = []
    var ofSwift: [Double] = []
    for _ in 0..<Self.turns {
      let (left, right) = (try nanoseconds(swift), try nanoseconds(c))
      ofSwift.append(left)
      differences.append((right - left) / Double(calls))
    }
    return Figure(
      title: "a call by C: so much longer than in Swift", name: name,
      value: differences.sorted()[Self.turns / 2], unit: .nanoseconds,
      note:
        "goal 30 ns; in Swift it takes \(ofSwift.sorted()[Self.turns / 2].text(1)) ns;"
        + " medians of \(Self.turns) turns of \(Self.calls)")
  }

  private func nanoseconds(_ call: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    for _ in 0..<Self.calls { try call() }
    return (ContinuousClock.now - start) / .nanoseconds(1) / Double(Self.calls)
  }
}
