import CNarrowEGL
import TestSupport
import TexAlloc
import TexAllocJPEG
import XCTest

@testable import TexAllocEGL

/// Streams, drivers and devices with which no picture can be finished, and what is left where one is not.
final class FinishingFaultTests: XCTestCase {
  override func tearDown() { narrow_egl_set(narrow_egl()) }

  func testPlanesAreTrustedAfterACheckOfTheirOwn() throws {
    var narrowing = narrow_egl()
    narrowing.mixes_planes = true
    narrow_egl_set(narrowing)
    let gpu = try EGLDevice.finishing()
    let pool = try TexturePool(for: [gpu, JPEGDecoder.component])
    let photo = try JPEGImage(SampleFile.make(64, 48, "-sample 2x2"))
    XCTAssertEqual(gpu.finisher(of: photo, demanded: .gpu), .gpu)
    XCTAssertEqual(gpu.finisher(of: photo, as: .yuv420, demanded: .gpu), .gpu)
    let choice = gpu.finisher(of: photo, as: .nv12, demanded: .gpu)
    XCTAssertTrue(choice.reason?.contains("errs") ?? false, "\(choice)")
    for format in [Fourcc.nv12, .r8] {
      var stream = try photo.coefficients(in: CoefficientMemory(of: pool))
      stream.pictureFormat = format
      XCTAssertThrowsError(try gpu.finishing(stream), "it errs, or was not checked: \(format)") {
        XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .pixels)
      }
    }
  }

  func testWhatIsNotMadeOfAPictureIsNotTheGPUs() throws {
    let gpu = try EGLDevice.finishing()
    let photo = try JPEGImage(SampleFile.make(64, 48, "-sample 2x2"))
    for format in [Fourcc.argb8888, .nv16, .rgb565] {
      let choice = gpu.finisher(of: photo, as: format, demanded: .gpu)
      XCTAssertEqual(choice.reason, "\(format) is not what a GPU makes of it")
    }
    var options = DecodingOptions()
    options.region = ImageRegion(x: 3, y: 2, width: 20, height: 20)
    let part = try JPEGImage(SampleFile.make(64, 48, "-sample 2x2"), options)
    XCTAssertEqual(gpu.finisher(of: part, as: .nv12, demanded: .gpu).finisher, .cpu)
    XCTAssertEqual(gpu.finisher(of: part, demanded: .gpu), .gpu)
  }

  func testStreamsThatCannotBeAreRefused() throws {
    let gpu = try EGLDevice.finishing()
    let pool = try TexturePool(for: [gpu, JPEGDecoder.component])
    let photo = try JPEGImage(SampleFile.make(90, 70, "-sample 2x2"))
    for format in [Fourcc.abgr8888, .nv12] {
      XCTAssertEqual(gpu.finisher(of: photo, as: format, demanded: .gpu), .gpu)
    }
    let sound = try photo.coefficients(in: CoefficientMemory(of: pool))
    let part = sound.parts[0]
    func changed(
      _ region: ImageRegion? = nil, of size: ImageSize? = nil, _ quantization: [[UInt16]]? = nil,
      _ parts: [CoefficientStream.Part]? = nil
    ) -> CoefficientStream {
      CoefficientStream(
        sound.header, region, of: size ?? sound.storedSize, sound.format,
        quantization: quantization ?? sound.quantization, parts: parts ?? sound.parts)
    }
    func parts(
      _ blocks: Range<Int>, _ entries: [CoefficientStream.Entries], _ count: Int
    ) -> [CoefficientStream.Part] {
      [.init(of: blocks, offsets: part.offsets, entries: entries, entryCount: count)]
    }
    let piece = part.entries[0]
    let more = part.blocks.lowerBound..<part.blocks.upperBound + 1
    var oddPlace = changed(
      ImageRegion(x: 1, y: 0, width: 90, height: 70), of: .init(width: 92, height: 70))
    oddPlace.pictureFormat = .nv12
    var otherPlanes = sound
    otherPlanes.pictureFormat = .nv16
    var light = sound.header
    light.descriptor.sampling = .asLight
    let faults: [String: CoefficientStream] = [
      "another size": changed(of: ImageSize(width: 91, height: 70)),
      "a region outside": changed(ImageRegion(x: 80, y: 0, width: 90, height: 70)),
      "too few factors": changed(nil, [[UInt16](repeating: 1, count: 63)]),
      "no parts": changed(nil, nil, []),
      "too few blocks": changed(
        nil, nil, parts(0..<12, [.init(in: piece.memory, of: 0..<12, from: 0)], 12)),
      "more blocks than entries": changed(nil, nil, parts(more, part.entries, part.entryCount)),
      "more entries than memory": changed(nil, nil, parts(part.blocks, part.entries, 1 << 24)),
      "no entries": changed(nil, nil, parts(part.blocks, [], 0)),
      "blocks twice": changed(nil, nil, sound.parts + sound.parts),
      "half a sample": oddPlace, "planes of another sampling": otherPlanes,
      "sampled as light": CoefficientStream(
        light, of: sound.storedSize, sound.format, quantization: sound.quantization,
        parts: sound.parts),
    ]
    for (what, stream) in faults {
      XCTAssertThrowsError(try gpu.finishing(stream), what) {
        guard let refused = $0 as? RegistrationRefused else { return XCTFail("\(what): \($0)") }
        XCTAssertTrue([.size, .copyFailed].contains(refused.cause), "\(what): \(refused)")
      }
    }
    XCTAssertNoThrow(try gpu.texture(finishing: sound), "which nobody has spent")
  }

  func testAnotherDevicesMemoryIsRefused() throws {
    let (one, two) = (try EGLDevice.finishing(), try EGLDevice.finishing())
    let pool = try TexturePool(for: [one, JPEGDecoder.component])
    let photo = try JPEGImage(SampleFile.make(90, 70))
    XCTAssertEqual(two.finisher(of: photo, demanded: .gpu), .gpu)
    let stream = try photo.coefficients(in: CoefficientMemory(of: pool))
    XCTAssertThrowsError(try two.finishing(stream)) {
      XCTAssertTrue("\($0)".contains("no buffer of the device's"), "\($0)")
    }
    try one.makeCurrent()
    XCTAssertEqual(one.finisher(of: photo, demanded: .gpu), .gpu)
    XCTAssertNoThrow(try one.texture(finishing: stream))
  }

  func testPicturesThatAreFinishedInTurnsDoNotMix() throws {
    let gpu = try EGLDevice.finishing()
    let pool = try TexturePool(for: [gpu, JPEGDecoder.component])
    let photos = try [
      (300, 200, "-sample 2x2"), (200, 300, "-restart 1"), (250, 250, "-grayscale"),
    ]
    .map { try JPEGImage(SampleFile.make($0, $1, $2)) }
    let workers = try WorkerThreads(2)
    let finishings = try photos.map { photo in
      XCTAssertEqual(gpu.finisher(of: photo, demanded: .gpu), .gpu)
      return try gpu.finishing(photo.coefficients(in: CoefficientMemory(of: pool), on: workers))
    }
    var textures = [Texture?](repeating: nil, count: photos.count)
    while textures.contains(where: { $0 == nil }) {
      for (index, finishing) in finishings.enumerated() {
        textures[index] = try finishing.step(for: .zero)
      }
    }
    for (photo, texture) in zip(photos, textures) {
      let buffer = try pool.allocate(photo.descriptor(as: [.abgr8888]), for: [.texture, .cpuRead])
      try photo.decode(into: buffer)
      XCTAssertTrue(try texture?.shownPixels() == buffer.pixels(), "\(photo.size)")
    }
  }

  func testAPictureThatIsLetGoOfGivesItsMemoryBack() throws {
    let gpu = try EGLDevice.finishing()
    let pool = try TexturePool(for: [gpu, JPEGDecoder.component])
    let photo = try JPEGImage(SampleFile.make(900, 700, "-quality 98"))
    XCTAssertEqual(gpu.finisher(of: photo, demanded: .gpu), .gpu)
    do {
      let finishing = try gpu.finishing(photo.coefficients(in: CoefficientMemory(of: pool)))
      _ = try finishing.step(for: .zero)
    }
    try gpu.collect()
    XCTAssertTrue(try gpu.makeFence().wait(until: .now + .seconds(60)))
    try gpu.collect()
    pool.collect()
    XCTAssertEqual(pool.statistics.slots, 0)
    XCTAssertTrue(gpu.ledger.allSatisfy { $0.state == .retired })
  }

  /// Software devices do all at once, so the loss comes before the first step.
  func testALossEndsAFinishingForGood() throws {
    let gpu = try EGLDevice.finishing()
    let pool = try TexturePool(for: [gpu, JPEGDecoder.component])
    let photo = try JPEGImage(SampleFile.make(90, 70))
    XCTAssertEqual(gpu.finisher(of: photo, demanded: .gpu), .gpu)
    let finishing = try gpu.finishing(photo.coefficients(in: CoefficientMemory(of: pool)))
    var narrowing = narrow_egl()
    narrowing.is_lost = true
    narrow_egl_set(narrowing)
    XCTAssertThrowsError(try finishing.step())
    narrow_egl_set(narrow_egl())
    XCTAssertThrowsError(try finishing.step(), "what the GPU had is gone")
  }

  func testWhatMayPassIsNoVerdict() throws {
    let gpu = try EGLDevice.finishing()
    let photo = try JPEGImage(SampleFile.make(64, 48))
    let choice = gpu.finisher(of: Unlucky(photo: photo), demanded: .gpu)
    XCTAssertEqual(choice.finisher, .cpu)
    XCTAssertTrue(choice.reason?.contains("memory") ?? false, "\(choice)")
    XCTAssertEqual(gpu.finisher(of: photo, demanded: .gpu), .gpu)
  }

  /// A picture for whose sample there is no memory.
  private struct Unlucky: CoefficientImage {
    let photo: JPEGImage

    var header: ImageHeader { photo.header }
    var coefficientFormat: CoefficientFormat? { photo.coefficientFormat }
    var coefficientSize: ImageSize { photo.coefficientSize }

    func decode(
      into buffer: TextureBuffer, on workers: any Workers, goOn: @Sendable (Double) -> Bool
    ) throws(ImageDecodingError) -> DecodingReport { try photo.decode(into: buffer, goOn: goOn) }

    func coefficients(
      in memory: CoefficientMemory, on workers: any Workers, goOn: @Sendable (Double) -> Bool
    ) throws(CoefficientsRefused) -> CoefficientStream {
      try photo.coefficients(in: memory, on: workers, goOn: goOn)
    }

    func coefficientSample(
      _ size: ImageSize, as format: Fourcc, in memory: CoefficientMemory
    ) throws(CoefficientsRefused) -> CoefficientSample {
      throw .failed(ImageDecodingError("sample", .outOfMemory))
    }
  }

  /// Of several scans a file may have more blocks in a unit than one of one scan.
  func testUnitsOfManyBlocksAreNotTheGPUs() throws {
    let gpu = try EGLDevice.finishing()
    let folder = try TemporaryFolder()
    let scans = folder.path("scans")
    try Data("0;\n1;\n2;\n".utf8).write(to: URL(filePath: scans))
    for factors in ["4x4,4x4,4x4", "4x4,2x4,4x2", "4x2,4x2,1x1"] {
      let photo = try JPEGImage(SampleFile.make(61, 45, "-sample \(factors) -scans \(scans)"))
      guard photo.coefficientFormat != nil else { continue }
      XCTAssertEqual(gpu.finisher(of: photo, demanded: .gpu).finisher, .cpu, factors)
    }
  }
}
