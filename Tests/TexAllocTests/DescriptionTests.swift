import XCTest

@testable import TexAlloc

/// What is printed is for people.
final class DescriptionTests: XCTestCase {
  func testFlagsAreTheirNames() {
    XCTAssertEqual("\(AllocationFlags([.cpuRead, .texture]))", "texture, cpuRead")
    XCTAssertEqual("\(AllocationFlags())", "none")
    let unknown = AllocationFlags(rawValue: 1 << 20).union(.zeroed)
    XCTAssertEqual("\(unknown)", "zeroed, 0x100000")
    let names = (0..<32).map { "\(AllocationFlags(rawValue: 1 << $0))" }
    XCTAssertEqual(names.count { !$0.hasPrefix("0x") }, 13, "each has its own")
  }

  func testAttributesAreWhatIsSet() {
    let gpu = BufferAttributes(name: "gpu") {
      ($0.pitchAlignment, $0.formats) = (64, [Format(.abgr8888), Format(.r8)])
      ($0.deviceUsage, $0.contiguous) = ([.sample], false)
    }
    XCTAssertEqual(
      "\(gpu)", "gpu: pitchAlignment 64, formats AB24 R8  , contiguous false, deviceUsage sample")
    XCTAssertEqual("\(BufferAttributes(name: "any"))", "any: no opinion")
    let heap = BufferAttributes(
      name: "cma", provides: ProvidedMemory(contiguous: true, physicalAlignment: 4096),
      alternatives: [.init { $0.maxWidth = 5 }, .init()])
    XCTAssertEqual(
      "\(heap)",
      "cma: provides contiguous memory aligned to 4096, and one of maxWidth 5 | no opinion")
    XCTAssertEqual("\(ProvidedMemory())", "plain memory")
  }

  func testMergedAttributesAreWhatSomebodySet() throws {
    XCTAssertEqual("\(try BufferAttributes.merging([]))", "anything")
    let gpu = BufferAttributes(name: "gpu") {
      ($0.pitchAlignment, $0.formats, $0.caching) = (64, [Format(.r8)], [.cached])
    }
    XCTAssertEqual(
      "\(try BufferAttributes.merging([gpu], image: ImageSize(width: 5, height: 2)))",
      "pitchAlignment 64, formats R8  , caching cached, in R8  , cached, 128 bytes, rows of [64]")
  }

  func testStatisticsAreSentences() throws {
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    let image = ImageDescriptor(width: 512, height: 512, formats: [.abgr8888])
    let buffer = try pool.allocate(image)
    XCTAssertTrue(
      "\(pool.statistics)".hasPrefix(
        "1 slots of 1.0 MiB, 0 of them waiting, in 1 slabs of 4.0 MiB"),
      "\(pool.statistics)")
    withExtendedLifetime(buffer) {}
  }
}
