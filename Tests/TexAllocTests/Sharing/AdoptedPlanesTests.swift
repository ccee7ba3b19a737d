import SystemPackage
import TestSupport
import XCTest

@testable import TexAlloc

final class AdoptedPlanesTests: XCTestCase {
  private let size = ImageSize(width: 16, height: 4)

  func testPlanesLieInMemoriesOfTheirOwn() throws {
    let (luma, chroma) = (try Memfd(size: 4096), try Memfd(size: 8192))
    let before = try memoryDescriptors()
    do {
      var image = AdoptedImage(
        size, .nv12,
        [
          .init(luma.descriptor, offset: 128, pitch: 64),
          .init(chroma.descriptor, offset: 4096, pitch: 128),
        ])
      image.colour = .video
      let buffer = try TextureBuffer(adopting: image, mappedFor: [.read, .sequentialWrite])
      XCTAssertNil(buffer.descriptor, "there are two")
      XCTAssertEqual(buffer.heap, "memfd")
      XCTAssertEqual(buffer.layout.colour, .video)
      XCTAssertEqual(buffer.layout.alpha, .opaque)
      XCTAssertEqual([0, 1].map { buffer.place(ofPlane: $0).offset }, [128, 4096])
      XCTAssertEqual(buffer.layout.planes.map(\.rows), [4, 2])
      for plane in 0..<2 {
        var writer = buffer.writer(ofPlane: plane)
        writer.fill(0..<writer.rowCount, with: UInt8(plane + 1))
      }
      XCTAssertEqual(try buffer.withReadback(ofPlane: 1) { Array([$0[0], $0[255]]) }, [2, 2])
    }
    XCTAssertEqual(try [127, 128, 128 + 255, 128 + 256].map(luma.byte), [0, 1, 1, 0])
    XCTAssertEqual(try [4095, 4096, 4096 + 255, 4096 + 256].map(chroma.byte), [0, 2, 2, 0])
    XCTAssertTrue(try memoryDescriptors().isSubset(of: before))
  }

  func testTwoDescriptorsOfOneMemoryAreOneMemory() throws {
    let memory = try Memfd(size: 8192)
    let again = try OwnedDescriptor(duplicating: memory.descriptor, named: "again")
    let buffer = try TextureBuffer(
      adopting: AdoptedImage(
        size, .nv12,
        [
          .init(memory.descriptor, offset: 4096, pitch: 64),
          .init(again.descriptor, pitch: 64),
        ]))
    XCTAssertNotNil(buffer.descriptor)
    XCTAssertEqual(buffer.slabSize, 8192)
    XCTAssertEqual([0, 1].map { buffer.place(ofPlane: $0).offset }, [4096, 0])
  }

  func testAnyModifierIsAdoptedButNotMapped() throws {
    let memory = try Memfd(size: 4096)
    let tiled = Format(.xrgb8888, Modifier(rawValue: 0x0100_0000_0000_0004))
    let image = AdoptedImage(
      size, tiled,
      [.init(memory.descriptor, pitch: 128), .init(memory.descriptor, offset: 2048, pitch: 64)])
    let buffer = try TextureBuffer(adopting: image)
    XCTAssertEqual(buffer.layout.format, tiled)
    XCTAssertEqual(buffer.place(ofPlane: 1).offset, 2048)
    XCTAssertThrowsError(try TextureBuffer(adopting: image, mappedFor: [.read])) {
      XCTAssertEqual(
        "\($0)", "adopted: cpuUsage: wanted none: only linear images are mapped, held read")
    }
  }

  func testEveryWrongNumberOfAPlaneIsNamedWithItsLimit() throws {
    let (first, second) = (try Memfd(size: 4096), try Memfd(size: 256))
    func refusal(
      _ luma: (offset: Int, pitch: Int), _ chroma: (offset: Int, pitch: Int)?,
      _ format: Format = .nv12, of size: ImageSize? = nil
    ) -> String {
      var planes = [
        AdoptedImage.Plane(first.descriptor, offset: luma.offset, pitch: luma.pitch)
      ]
      if let chroma {
        planes.append(.init(second.descriptor, offset: chroma.offset, pitch: chroma.pitch))
      }
      do {
        _ = try TextureBuffer(
          adopting: AdoptedImage(size ?? self.size, format, planes), named: "frame")
        return "none"
      } catch { return "\(error)" }
    }
    XCTAssertEqual(refusal((0, 64), (0, 64)), "none")
    XCTAssertEqual(
      refusal((0, 64), nil), "frame: planes: wanted 2 of NV12, held 1")
    XCTAssertEqual(
      refusal((0, 64), (192, 64)),
      "frame: size of plane 1: wanted a plane within the 256 bytes of its memory, "
        + "held 2 rows of 64 at 192")
    XCTAssertEqual(
      refusal((Int.max, 64), (0, 64)),
      "frame: size of plane 0: wanted a plane within the 4096 bytes of its memory, "
        + "held 4 rows of 64 at \(Int.max)")
    XCTAssertEqual(
      refusal((-1, 64), (0, 64)), "frame: offset of plane 0: wanted at least 0, held -1")
    XCTAssertEqual(
      refusal((0, 64), (0, 15)), "frame: pitch of plane 1: wanted at least 16, held 15")
    XCTAssertEqual(
      refusal((0, 64), (0, 64), of: ImageSize(width: 0, height: 4)),
      "frame: width: wanted at least 1, held 0")
    XCTAssertEqual(
      refusal((0, 64), (0, 64), of: ImageSize(width: 16, height: -4)),
      "frame: height: wanted at least 1, held -4")
    let unknown = Format(try XCTUnwrap(Fourcc("ZZ99")))
    XCTAssertEqual(
      refusal((0, 64), (0, 64), unknown),
      "frame: formats: wanted a linear format whose planes are known, held ZZ99")
    let tiled = Format(.nv12, Modifier(rawValue: 1))
    XCTAssertEqual(
      refusal((4096, 64), (0, 64), tiled),
      "frame: size of plane 0: wanted a plane within the 4096 bytes of its memory, "
        + "held 0 rows of 64 at 4096")
    for count in [0, 5] {
      let planes = Array(
        repeating: AdoptedImage.Plane(first.descriptor, pitch: 64), count: count)
      XCTAssertThrowsError(try TextureBuffer(adopting: AdoptedImage(size, .nv12, planes))) {
        XCTAssertEqual("\($0)", "adopted: planes: wanted 1 to 4, held \(count)")
      }
    }
  }

  func testMemoriesThatAreTooLargeTogetherAreRefused() throws {
    let size = 1 << 62
    let memories = [try Memfd(size: size), try Memfd(size: size)]  // of which no page is touched
    let image = AdoptedImage(
      self.size, .nv12, memories.map { .init($0.descriptor, pitch: 64) })
    XCTAssertThrowsError(try TextureBuffer(adopting: image)) {
      XCTAssertEqual(
        "\($0)",
        "adopted: size: wanted memories of at most \(Int.max) bytes together, "
          + "held \(size) behind \(size) at 0")
    }
  }

  func testRefusedMemoryIsAsItWas() throws {
    let (luma, chroma) = (try Memfd(size: 4096), try Memfd(size: 4096, seals: Memfd.sealed))
    let before = try memoryDescriptors()
    for planes: [AdoptedImage.Plane] in [
      [.init(luma.descriptor, pitch: 64), .init(luma.descriptor, pitch: 8)],
      [.init(luma.descriptor, pitch: 64), .init(chroma.descriptor, pitch: 64)],
      [.init(luma.descriptor, pitch: 64), .init(FileDescriptor(rawValue: 9999), pitch: 64)],
    ] {
      XCTAssertThrowsError(
        try TextureBuffer(adopting: AdoptedImage(size, .nv12, planes), mappedFor: [.read]))
    }
    XCTAssertTrue(try memoryDescriptors().isSubset(of: before))
    XCTAssertNoThrow(try luma.descriptor.resize(to: 0), "it was sealed")
  }
}
