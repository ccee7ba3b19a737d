import ProgramSupport
import Foundation
import TexAlloc
import TexAllocEGL
import XCTest

/// Slabs of huge pages. The guest reserves some; elsewhere the machine's owner may have.
final class HugePageTests: XCTestCase {
  private static let reserved = "/proc/sys/vm/nr_hugepages"
  private static let pageSize = 2 << 20

  override func setUp() async throws {
    guard (try? Monitor()) != nil else { return }
    try "16".write(toFile: Self.reserved, atomically: false, encoding: .utf8)
  }

  override func tearDown() async throws {
    guard (try? Monitor()) != nil else { return }
    try "0".write(toFile: Self.reserved, atomically: false, encoding: .utf8)
  }

  func testSlabOfReservedHugePagesHoldsImages() throws {
    try skipUnlessReserved(2)
    let before = try Self.free()
    do {
      let slab = try MemfdHeap().makeSlab(of: 2 * Self.pageSize)
      let bytes = unsafe slab.bytes(in: 0..<slab.size)
      XCTAssertTrue(unsafe bytes.allSatisfy { $0 == 0 })
      XCTAssertEqual(try Self.free(), before - 2, "it is made of them")
    }
    XCTAssertEqual(try Self.free(), before, "they came back")
    CapabilityTable.print(MemfdHeap.name, "huge pages", true)
  }

  func testImagesInHugePagesAreImported() throws {
    try skipUnlessReserved(2)
    let gpu = try EGLDevice.surfaceless(.software)
    var heaps: [any Heap] = [MemfdHeap()]
    if let udmabuf = try? UDMABufHeap() { heaps.append(udmabuf) }
    for heap in heaps {
      let before = try Self.free()
      let pool = try TexturePool(for: [gpu], from: [heap])
      let image = ImageDescriptor(width: 64, height: 3, formats: [.abgr8888])
      let (first, second) = (try pool.allocate(image), try pool.allocate(image))
      do {
        var writer = second.writer()
        writer.fill(0..<writer.rowCount, with: 77)
      }
      XCTAssertLessThan(try Self.free(), before, heap.name)
      XCTAssertEqual(first.descriptor, second.descriptor, "they share a slab")
      let texture = try gpu.register(second)
      let canvas = try Canvas(width: 64, height: 3)
      try canvas.draw([Canvas.Quad(whole: second.layout)], from: .texels(texture))
      XCTAssertTrue(try canvas.readPixels().allSatisfy { $0 == 77 }, heap.name)
      CapabilityTable.print(heap.name, "huge pages imported", true)
    }
  }

  /// Whoever took them would leave the slab without: they cannot be had again once they are given back.
  func testATrimKeepsTheHugePagesOfASlabThatIsUsed() throws {
    try skipUnlessReserved(4)
    let before = try Self.free()
    do {
      let pool = try TexturePool(
        for: [], from: [MemfdHeap()], limits: PoolLimits(firstSlab: 8 << 20, prefault: 0))
      let image = ImageDescriptor(width: 512, height: 512, formats: [.abgr8888])
      let kept = try pool.allocate(image)
      do {
        let others = try (0..<6).map { _ in try pool.allocate(image) }
        XCTAssertEqual(pool.statistics.slabs, 1, "\(others.count) more lie in the same slab")
      }
      XCTAssertEqual(pool.trim(), 0)
      XCTAssertEqual(try Self.free(), before - 4)
      // Somebody takes all that there are, and the slab is written to its end all the same.
      let rest = try Self.free()
      let greedy = rest > 0 ? try MemfdHeap().makeSlab(of: rest * Self.pageSize) : nil
      XCTAssertEqual(try Self.free(), 0)
      for buffer in try (0..<7).map({ _ in try pool.allocate(image) }) + [kept] {
        var writer = buffer.writer()
        writer.fill(0..<writer.rowCount, with: 7)
      }
      XCTAssertEqual(pool.statistics.slabs, 1)
      withExtendedLifetime(greedy) {}
    }
    XCTAssertEqual(try Self.free(), before, "they came back")
    CapabilityTable.print(MemfdHeap.name, "huge pages kept", true)
  }

  func testWithoutEnoughOfThemSlabsAreOfUsualPages() throws {
    let free = try Self.free()
    let slab = try MemfdHeap().makeSlab(of: (free + 1) * Self.pageSize)
    XCTAssertEqual(try Self.free(), free)
    XCTAssertEqual(slab.size, (free + 1) * Self.pageSize)
  }

  private func skipUnlessReserved(_ count: Int) throws {
    let free = try Self.free()
    if free < count {
      throw XCTSkip("\(free) huge pages are free, wanted \(count): \(Self.reserved) reserves them")
    }
  }

  /// Huge pages that are reserved, and that nobody uses or has a claim to.
  private static func free() throws -> Int {
    let folder = "/sys/kernel/mm/hugepages/hugepages-2048kB"
    guard FileManager.default.fileExists(atPath: folder) else {
      throw XCTSkip("the kernel has no huge pages of 2 MiB: \(folder)")
    }
    func number(_ name: String) throws -> Int {
      let text = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
      return Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
    }
    return try number("free_hugepages") - number("resv_hugepages")
  }
}
