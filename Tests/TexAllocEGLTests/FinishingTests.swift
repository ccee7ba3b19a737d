import CEGL
import CNarrowEGL
import TestSupport
import TexAlloc
import TexAllocJPEG
import XCTest

@testable import TexAllocEGL

/// What the GPU makes of coefficients is what libjpeg makes of the file, to the last bit.
final class FinishingTests: XCTestCase {
  private static let codings = [
    "-sample 1x1", "-sample 2x1", "-sample 1x2", "-sample 2x2", "-sample 4x1", "-sample 1x4",
    "-sample 4x2", "-sample 2x2,1x2,2x1", "-sample 1x1,2x2,1x1", "-sample 2x2 -quality 100",
    "-sample 2x2 -quality 5 -optimize", "-grayscale", "-rgb", "-restart 3B -sample 2x1",
    "-progressive -sample 2x2", "-progressive -grayscale", "-progressive -sample 2x1 -quality 100",
  ]
  private static let sizes = [
    (1, 1), (2, 1), (3, 3), (5, 4), (7, 9), (16, 16), (17, 15), (33, 64), (129, 1), (203, 155),
  ]

  override func tearDown() { narrow_egl_set(narrow_egl()) }

  func testEveryCodingAtEverySizeIsWhatTheCPUMakesOfIt() throws {
    let gpu = try EGLDevice.finishing()
    let pool = try TexturePool(for: [gpu, JPEGDecoder.component])
    for coding in Self.codings {
      for (width, height) in Self.sizes {
        let photo = try JPEGImage(SampleFile.make(width, height, coding))
        let texture = try finished(photo, on: gpu, from: pool)
        XCTAssertEqual(texture.finisher, .gpu)
        XCTAssertTrue(
          try texture.shownPixels() == decoded(photo), "\(coding), \(width)x\(height)")
      }
      try gpu.collect()
    }
  }

  func testPlanesAreWhatTheCPUMakesOfThem() throws {
    let gpu = try EGLDevice.finishing()
    let pool = try TexturePool(for: [gpu, JPEGDecoder.component])
    let codings: [(String, Fourcc)] = [
      ("-sample 1x1", .yuv444), ("-sample 2x1", .yuv422), ("-sample 2x2", .yuv420),
      ("-sample 4x1", .yuv411), ("-progressive -sample 2x2", .yuv420), ("-grayscale", .r8),
      ("-sample 2x2", .r8), ("-sample 1x1", .nv24), ("-sample 2x1", .nv16), ("-sample 2x2", .nv12),
      ("-progressive -sample 2x2", .nv12), ("-restart 1 -sample 2x2", .nv12),
    ]
    for (coding, format) in codings {
      let regions =
        Self.sizes.map { ($0, ImageRegion(of: ImageSize(width: $0.0, height: $0.1))) }
        + [((203, 155), ImageRegion(x: 36, y: 18, width: 101, height: 77))]
      for ((width, height), region) in regions {
        var options = DecodingOptions()
        options.region = region
        let photo = try JPEGImage(SampleFile.make(width, height, coding), options)
        XCTAssertEqual(gpu.finisher(of: photo, as: format, demanded: .gpu), .gpu)
        var stream = try photo.coefficients(in: CoefficientMemory(of: pool))
        stream.pictureFormat = format
        let texture = try gpu.texture(finishing: stream)
        let buffer = try pool.allocate(photo.descriptor(as: [format]), for: .texture)
        try photo.decode(into: buffer)
        let decoded = try gpu.texture(for: buffer)
        let what = "\(coding), \(region) of \(width)x\(height)"
        XCTAssertEqual(texture.buffer.layout.format.fourcc, format, what)
        XCTAssertEqual(texture.planes.count, format.planes?.count, what)
        for (ours, theirs) in zip(texture.planes, decoded.planes) {
          XCTAssertEqual(ours.size, theirs.size, what)
          XCTAssertTrue(
            try Self.texels(of: ours, on: gpu) == Self.texels(of: theirs, on: gpu), what)
        }
        XCTAssertTrue(try texture.shownPixels() == decoded.shownPixels(), what)
      }
      try gpu.collect()
    }
  }

  func testAContextSetsNoUniformsOfWhatAnotherComputesBy() throws {
    let gpu = try EGLDevice.finishing()
    let pool = try TexturePool(for: [gpu, JPEGDecoder.component])
    let photo = try JPEGImage(SampleFile.make(203, 155, "-sample 2x2"))
    XCTAssertEqual(gpu.finisher(of: photo, demanded: .gpu), .gpu)
    let program = try gpu.finishingPrograms(of: nil).blocks.name
    let glGetUniform = unsafe try XCTUnwrap(
      eglFunction("glGetUniformiv", as: PFNGLGETUNIFORMIVPROC.self))
    func endBlock() -> GLint {
      var value: GLint = 0
      unsafe glGetUniform(program, glGetUniformLocation(program, "endBlock"), &value)
      return value
    }
    let before = endBlock()
    XCTAssertGreaterThan(before, 0, "that of a trial")
    _ = try finished(photo, on: gpu, from: pool)
    XCTAssertEqual(endBlock(), before, "a trial may be setting it at that moment")
    let here = try gpu.contextHere()
    XCTAssertNotEqual(try gpu.finishingPrograms(of: here.serial).blocks.name, program)
  }

  func testPhotographsThatAreWantedAsPlanesBecomePlanes() throws {
    let gpu = try EGLDevice.finishing()
    let pool = try TexturePool(for: [gpu, JPEGDecoder.component])
    var options = DecodingOptions()
    options.prefersPlanes = true
    let photo = try JPEGImage(SampleFile.make(90, 60, "-sample 2x1"), options)
    let texture = try finished(photo, on: gpu, from: pool)
    XCTAssertEqual(texture.buffer.layout.format.fourcc, .nv16)
  }

  private static func texels(of plane: Texture.Plane, on gpu: EGLDevice) throws -> [UInt8] {
    try gpu.maker.run { () throws(EGLFailure) in
      try gpu.maker.texelFetch().texels(
        ofRows: Array(0..<plane.size.height), of: plane.size, in: plane.name)
    }
  }

  func testARegionIsWhatTheCPUMakesOfIt() throws {
    let gpu = try EGLDevice.finishing()
    let pool = try TexturePool(for: [gpu, JPEGDecoder.component])
    var random = SplitMix64(seed: 3)
    func part(of length: Int) -> Range<Int> {
      let start = Int.random(in: 0..<length, using: &random)
      return start..<Int.random(in: start + 1...length, using: &random)
    }
    for coding in Self.codings {
      for orientation in [Orientation.upright, .turnedRight] {
        let file = try SampleFile.make(131, 107, coding)
          .inserting([.orientation(Int(orientation.rawValue))])
        let size = try JPEGImage(file).size
        for _ in 0..<6 {
          let (columns, rows) = (part(of: size.width), part(of: size.height))
          var options = DecodingOptions()
          options.region = ImageRegion(
            x: columns.lowerBound, y: rows.lowerBound, width: columns.count, height: rows.count)
          let photo = try JPEGImage(file, options)
          let texture = try finished(photo, on: gpu, from: pool)
          XCTAssertTrue(
            try texture.shownPixels() == decoded(photo),
            "\(coding) \(orientation) \(columns) \(rows)")
        }
      }
      try gpu.collect()
    }
  }

  func testAStreamOfManyPiecesAndStepsIsOnePicture() throws {
    let gpu = try EGLDevice.finishing()
    let pool = try TexturePool(for: [gpu, JPEGDecoder.component])
    let photo = try JPEGImage(SampleFile.make(900, 700, "-sample 2x2 -quality 98"))
    XCTAssertEqual(gpu.finisher(of: photo, demanded: .gpu), .gpu)
    let stream = try photo.coefficients(in: CoefficientMemory(of: pool))
    let finishing = try gpu.finishing(stream, mipmapped: true)
    var texture: Texture?
    while texture == nil { texture = try finishing.step(for: .zero) }
    let shown = try XCTUnwrap(texture)
    XCTAssertTrue(shown.isMipmapped)
    XCTAssertTrue(try shown.shownPixels() == decoded(photo))
    XCTAssertThrowsError(try gpu.finishing(stream), "it is spent") {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .spent)
    }
  }

  func testTheStreamsSlotsReturnWhenTheGPUIsDone() throws {
    let gpu = try EGLDevice.finishing()
    let pool = try TexturePool(for: [gpu, JPEGDecoder.component])
    let photo = try JPEGImage(SampleFile.make(200, 100))
    let texture = try finished(photo, on: gpu, from: pool)
    XCTAssertTrue(try gpu.makeFence().wait(until: .now + .seconds(60)))
    try gpu.collect()
    XCTAssertTrue(try gpu.makeFence().wait(until: .now + .seconds(60)))
    pool.collect()
    XCTAssertEqual(pool.statistics.slots, 0)
    XCTAssertTrue(texture.buffer.isSpent)
    XCTAssertTrue(try texture.shownPixels() == decoded(photo))
  }

  func testNobodyChoosesASoftwareDeviceUnlessTold() throws {
    let gpu = try EGLDevice.finishing()
    let photo = try JPEGImage(SampleFile.make(200, 100))
    let choice = gpu.finisher(of: photo)
    XCTAssertEqual(choice.finisher, .cpu)
    XCTAssertTrue(choice.reason?.contains("software") ?? false, "\(choice)")
    XCTAssertEqual(gpu.finisher(of: photo, demanded: .cpu).finisher, .cpu)
    XCTAssertEqual(gpu.finisher(of: photo, demanded: .gpu), .gpu)
    let arithmetic = try JPEGImage(SampleFile.make(200, 100, "-arithmetic"))
    XCTAssertEqual(gpu.finisher(of: arithmetic, demanded: .gpu).finisher, .cpu)
  }

  func testADriverThatRoundsOtherwiseIsFoundOut() throws {
    var narrowing = narrow_egl()
    narrowing.rounds_down = true
    narrow_egl_set(narrowing)
    let gpu = try EGLDevice.finishing()
    let pool = try TexturePool(for: [gpu, JPEGDecoder.component])
    let photo = try JPEGImage(SampleFile.make(64, 48))
    let choice = gpu.finisher(of: photo, demanded: .gpu)
    XCTAssertEqual(choice.finisher, .cpu)
    XCTAssertTrue(choice.reason?.contains("errs") ?? false, "\(choice)")
    let stream = try photo.coefficients(in: CoefficientMemory(of: pool))
    XCTAssertThrowsError(try gpu.texture(finishing: stream)) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .pixels)
    }
    let grey = try JPEGImage(SampleFile.make(64, 48, "-grayscale"))
    XCTAssertEqual(gpu.finisher(of: grey, demanded: .gpu), .gpu, "which rounds nothing there")
  }

  func testADriverThatKeepsUniformsOfThePictureBeforeIsFoundOut() throws {
    var narrowing = narrow_egl()
    narrowing.keeps_uniforms = true
    narrow_egl_set(narrowing)
    let gpu = try EGLDevice.finishing()
    let choice = try gpu.finisher(of: JPEGImage(SampleFile.make(64, 48)), demanded: .gpu)
    XCTAssertEqual(choice.finisher, .cpu)
    XCTAssertTrue(choice.reason?.contains("errs") ?? false, "\(choice)")
  }

  func testPicturesThatDoNotPayAreLeftToTheCPU() {
    let costs = FinishingCosts(calls: .microseconds(50), gpuPerPixel: 0.1, savedPerPixel: 2)
    XCTAssertNotNil(costs.objection(to: 128 * 128))
    XCTAssertNil(costs.objection(to: 512 * 512))
    XCTAssertEqual(costs.time(of: 1_000_000), .microseconds(100))
    let slow = FinishingCosts(calls: .microseconds(50), gpuPerPixel: 3, savedPerPixel: 2)
    XCTAssertEqual(slow.objection(to: 4096 * 4096), "the GPU takes longer than the CPU")
    let vain = FinishingCosts(calls: .microseconds(50), gpuPerPixel: 0.1, savedPerPixel: -1)
    XCTAssertEqual(vain.objection(to: 4096 * 4096), "the CPU saves nothing by it")
  }

  private func finished(
    _ photo: JPEGImage, on gpu: EGLDevice, from pool: TexturePool
  ) throws -> Texture {
    let choice = gpu.finisher(of: photo, demanded: .gpu)
    XCTAssertEqual(choice, .gpu)
    return try gpu.texture(finishing: photo.coefficients(in: CoefficientMemory(of: pool)))
  }

  private func decoded(_ photo: JPEGImage) throws -> [UInt8] {
    let pool = try TexturePool(for: [])
    let buffer = try pool.allocate(photo.descriptor(as: [.abgr8888]), for: .cpuRead)
    try photo.decode(into: buffer)
    return try buffer.pixels()
  }
}

extension EGLDevice {
  /// The software device, which has mapped buffers and computes.
  static func finishing() throws -> EGLDevice {
    let gpu = try EGLDevice.surfaceless(.tested)
    do { _ = try gpu.finishingPrograms(of: nil) } catch {
      if error.isUnsupported { throw XCTSkip("\(error)") }
      throw error
    }
    return gpu
  }
}
