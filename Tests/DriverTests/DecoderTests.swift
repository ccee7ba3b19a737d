import Foundation
import TestSupport
import TexAlloc
import TexAllocEGL
import XCTest

@testable import TexAllocV4L2

/// A real driver that decodes, into memory that the GPU samples where the pictures are written.
final class DecoderTests: XCTestCase {
  override func tearDown() async throws { try Vicodec.unload() }

  func testPicturesAreThoseThatTheDriverDecodesIntoMemoryOfItsOwn() throws {
    for (fourcc, size) in [
      (Fourcc.nv12, ImageSize(width: 700, height: 500)),
      (.xrgb8888, .init(width: 640, height: 360)),
    ] {
      try check(fourcc, size, on: Vicodec())
      try Vicodec.unload()
    }
  }

  func testTheAPIOfSeveralPlanesGivesTheSame() throws {
    try check(.nv12, ImageSize(width: 640, height: 480), on: Vicodec(isMultiplanar: true))
  }

  private func check(_ fourcc: Fourcc, _ size: ImageSize, on codec: Vicodec) throws {
    let before = try dmaBufs()
    let chunks = try codec.encode(fourcc, size, count: 3)
    let reference = try codec.decodeIntoItsOwn(chunks, fourcc)
    let frames = try VideoDecoder(at: codec.decoder, from: PresentHeap.shared).start(
      .fwht, for: [], .cpuRead)
    var count = 0
    try decode(chunks, by: frames) { frame in
      let layout = frame.buffer.layout
      XCTAssertEqual(layout.format.fourcc, fourcc)
      XCTAssertEqual(layout.imageSize, size)
      XCTAssertEqual(frame.region, ImageRegion(of: size))
      XCTAssertEqual(frame.time, .milliseconds(40 * count))
      XCTAssertFalse(frame.isDamaged)
      for plane in layout.planes.indices {
        let pixels = try frame.buffer.pixels(ofPlane: plane)
        let (place, width) = (layout.planes[plane], layout.rowSize(ofPlane: plane))
        for row in 0..<layout.rowCount(ofPlane: plane) {
          let start = place.offset + row * place.pitch
          let isSame = unsafe pixels.withUnsafeBytes { pixels in
            unsafe reference[count].withUnsafeBytes { reference in
              unsafe memcmp(
                pixels.baseAddress! + row * width, reference.baseAddress! + start, width)
            } == 0
          }
          XCTAssertTrue(isSame, "\(fourcc), picture \(count), plane \(plane), row \(row)")
          if !isSame { return }
        }
      }
      count += 1
    }
    XCTAssertEqual(count, chunks.count)
    XCTAssertNil(frames.reason)
    XCTAssertEqual(frames.damage, .init(chunks: 0, pictures: 0))
    frames.stop()
    CapabilityTable.print("vicodec", "\(fourcc) decoded into foreign memory", true)
    // Those of the pictures, and two of the coded bytes, until the stream itself goes.
    XCTAssertLessThanOrEqual(try dmaBufs(), before + frames.bufferCount + 2)
  }

  func testTheGPUShowsPicturesWhereTheyAreDecoded() throws {
    let codec = try Vicodec()
    let gpu = try EGLDevice.importing()
    let size = ImageSize(width: 640, height: 384)
    for fourcc in [Fourcc.xrgb8888, .nv12] {
      let chunks = try codec.encode(fourcc, size, count: 2)
      let frames = try VideoDecoder(at: codec.decoder, from: PresentHeap.shared).start(
        .fwht, for: [gpu])
      var count = 0
      try decode(chunks, by: frames) { frame in
        let texture = try gpu.register(frame.buffer)
        XCTAssertEqual(texture.route, .imported)
        if fourcc == .xrgb8888 {
          let pixels = try texture.shownPixels()
          for (x, y) in [(3, 5), (500, 20), (320, 370), (639, 383)] {
            for channel in 0..<3 {
              let expected = Vicodec.sample(0, channel, x, y, count)
              let shown = pixels[(y * size.width + x) * 4 + 2 - channel]
              XCTAssertLessThan(abs(Int(shown) - Int(expected)), 8, "\(x), \(y): \(channel)")
            }
          }
        }
        count += 1
        try gpu.collect()
      }
      XCTAssertEqual(count, chunks.count)
      CapabilityTable.print("vicodec", "\(fourcc) decoded and imported", true)
    }
  }

  func testPicturesThatChangeWithinAStreamHaveMemoryOfTheirOwn() throws {
    let codec = try Vicodec()
    let sizes = [ImageSize(width: 640, height: 480), ImageSize(width: 1024, height: 600)]
    let chunks = try sizes.flatMap { try codec.encode(.nv12, $0, count: 2) }
    let frames = try VideoDecoder(at: codec.decoder, from: PresentHeap.shared).start(
      .fwht, for: [], .cpuRead, size: sizes[1])
    var shown: [VideoFrame] = []
    try decode(chunks, by: frames) { shown.append($0) }
    XCTAssertEqual(shown.map(\.buffer.layout.imageSize), [sizes[0], sizes[0], sizes[1], sizes[1]])
    // Those of before are still what they were.
    for (number, frame) in shown.enumerated() {
      let pixels = try frame.buffer.pixels()
      for (x, y) in [(8, 8), (400, 300)] {
        let value = pixels[y * frame.buffer.layout.width + x]
        let expected = Vicodec.sample(0, 0, x, y, number % 2)
        XCTAssertLessThan(abs(Int(value) - Int(expected)), 8, "picture \(number)")
      }
    }
  }

  func testADecoderGoesOnElsewhereAndAfterTheEnd() throws {
    let codec = try Vicodec()
    let size = ImageSize(width: 640, height: 360)
    let chunks = try codec.encode(.xrgb8888, size, count: 4)
    let frames = try VideoDecoder(at: codec.decoder, from: PresentHeap.shared).start(
      .fwht, for: [], .cpuRead)
    // Nobody takes what these are decoded to.
    for chunk in chunks.prefix(2) { try frames.feed(chunk.span) }
    for _ in 0..<2 {
      try frames.restart()
      var times: [Duration] = []
      try decode(chunks, by: frames) { times.append($0.time) }
      XCTAssertEqual(times, chunks.indices.map { .milliseconds(40 * $0) })
      guard case .end = try frames.next(until: .now + .seconds(60)) else { return XCTFail() }
    }
  }

  func testADecoderGoesOnElsewhereWhilePicturesChange() throws {
    let codec = try Vicodec()
    let sizes = [ImageSize(width: 640, height: 480), ImageSize(width: 1024, height: 600)]
    let chunks = try sizes.map { try codec.encode(.nv12, $0, count: 2) }
    let frames = try VideoDecoder(at: codec.decoder, from: PresentHeap.shared).start(
      .fwht, for: [], .cpuRead, size: sizes[1])
    // The first of the others is read, and nobody has asked for the last of these.
    var fed = 0
    let first = [chunks[0][0], chunks[1][0]]
    while fed < first.count {
      let step = try XCTUnwrap(frames.next(until: .now + .seconds(60)), "nothing came")
      guard case .wantsBytes = step else { continue }
      let chunk = first[fed]
      try frames.feed(chunk.span)
      fed += 1
    }
    usleep(200_000)
    try frames.restart()
    var shown: [ImageSize] = []
    try decode(chunks[1], by: frames) { shown.append($0.buffer.layout.imageSize) }
    XCTAssertEqual(shown, [sizes[1], sizes[1]])
  }

  func testADecoderWaitsForPicturesThatAreHeld() throws {
    let codec = try Vicodec()
    let chunks = try codec.encode(.xrgb8888, ImageSize(width: 640, height: 360), count: 8)
    let frames = try VideoDecoder(at: codec.decoder, from: PresentHeap.shared).start(
      .fwht, for: [], .cpuRead, buffers: 3)
    var (held, rest): ([VideoFrame], [[UInt8]]) = ([], chunks)
    func takeOne(until deadline: ContinuousClock.Instant) throws {
      switch try frames.next(until: deadline) {
      case .frame(let frame): held.append(frame)
      case .wantsBytes where !rest.isEmpty:
        let chunk = rest.removeFirst()
        try frames.feed(chunk.span)
      default: break
      }
    }
    while held.count < max(frames.bufferCount, 1) { try takeOne(until: .now + .seconds(60)) }
    for _ in 0..<10 { try takeOne(until: .now + .milliseconds(100)) }
    XCTAssertEqual(held.count, frames.bufferCount)
    held = []
    guard case .frame = try frames.next(until: .now + .seconds(60)) else { return XCTFail() }
  }

  func testNoiseIsNoPictureAndDamageIsCounted() throws {
    let codec = try Vicodec()
    let before = try dmaBufs()
    try feedNoise(to: codec)
    try expectDMABufs(atMost: before)
  }

  private func feedNoise(to codec: Vicodec) throws {
    let decoder = try VideoDecoder(at: codec.decoder, from: PresentHeap.shared)
    var random = SplitMix64(seed: 7)
    func noise(_ count: Int) -> [UInt8] {
      (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
    let nothing = try decoder.start(.fwht, for: [], .cpuRead)
    XCTAssertThrowsError(try decode([noise(5000), noise(9)], by: nothing) { _ in XCTFail() }) {
      XCTAssertEqual(
        $0 as? VideoError, .noPicture(device: codec.decoder.string, chunks: 2, damaged: 2))
    }
    let sound = try codec.encode(.nv12, ImageSize(width: 640, height: 480), count: 3)
    var bent = sound[1]
    for index in 2000..<5000 { bent[index] = UInt8.random(in: 0...255, using: &random) }
    let streams = [
      [sound[0], noise(5000), sound[1]],
      [sound[0], Array(sound[1].prefix(sound[1].count / 2)), sound[0]],
      [sound[0], bent, sound[0]],
    ]
    for (number, chunks) in streams.enumerated() {
      let frames = try decoder.start(.fwht, for: [], .cpuRead)
      var count = 0
      try decode(chunks, by: frames) { _ in count += 1 }
      XCTAssertTrue((1...3).contains(count), "stream \(number): \(count)")
      if number == 0 { XCTAssertGreaterThan(frames.damage.chunks, 0) }
    }
  }

  func testWhatIsNoDecoderAndWhatItCannotDecodeIsTyped() throws {
    let codec = try Vicodec()
    XCTAssertThrowsError(try VideoDecoder(at: codec.stateless)) {
      guard case .unsupported(_, let feature) = $0 as? VideoError else { return XCTFail("\($0)") }
      XCTAssertTrue(feature.contains("stateless"), feature)
    }
    let decoder = try VideoDecoder(at: codec.decoder, from: PresentHeap.shared)
    XCTAssertEqual(decoder.coded, [.fwht])
    XCTAssertThrowsError(try decoder.start(.h264, for: [])) {
      XCTAssertEqual(
        $0 as? VideoError, .coded(device: decoder.node.string, wanted: .h264, held: [.fwht]))
    }
    let frames = try decoder.start(.fwht, for: [])
    let tooMuch = [UInt8](repeating: 0, count: frames.chunkSize + 1)
    XCTAssertThrowsError(try frames.feed(tooMuch.span)) {
      XCTAssertEqual(
        $0 as? VideoError,
        .chunk(device: decoder.node.string, wanted: tooMuch.count, held: frames.chunkSize))
    }
    let found = VideoDecoder.found()
    XCTAssertEqual(found.compactMap { try? $0.device.get() }.map(\.node), [codec.decoder])
    XCTAssertEqual(decoder.attributes.deviceUsage, [.decode])
    XCTAssertEqual(decoder.attributes.minWidth, 640)
  }

  func testPicturesTakeNoMemoryOfTheirOwn() throws { try checkStream(of: 40) }
}

/// The same for longer than a test should take: `VM/test soak`.
final class LongDecoderTests: XCTestCase {
  override func tearDown() async throws { try Vicodec.unload() }

  func testAThousandPicturesTakeNoMemoryOfTheirOwn() throws { try checkStream(of: 1000) }
}

extension XCTestCase {
  /// Decodes all of a stream, each chunk with its time.
  fileprivate func decode(
    _ chunks: [[UInt8]], by frames: DecodedFrames, _ show: (VideoFrame) throws -> Void
  ) throws {
    var next = 0
    while true {
      let step = try frames.next(until: .now + .seconds(60))
      switch try XCTUnwrap(step, "nothing came") {
      case .frame(let frame): try show(frame)
      case .wantsBytes where next < chunks.count:
        let chunk = chunks[next]
        XCTAssertTrue(try frames.feed(chunk.span, time: .milliseconds(40 * next)))
        next += 1
      case .wantsBytes: frames.finish()
      case .end: return
      }
    }
  }

  /// Decodes and draws so many pictures, after the first of which nothing is made anew.
  fileprivate func checkStream(of count: Int) throws {
    let codec = try Vicodec()
    let gpu = try EGLDevice.importing()
    let chunks = try codec.encode(.xrgb8888, ImageSize(width: 640, height: 360), count: 4)
    let frames = try VideoDecoder(at: codec.decoder, from: PresentHeap.shared).start(
      .fwht, for: [gpu])
    var (number, before) = (0, (dmaBufs: 0, descriptors: 0))
    let stream = (0..<count).map { chunks[$0 % 4] }
    try decode(stream, by: frames) { frame in
      _ = try gpu.texture(for: frame.buffer)
      try gpu.collect()
      if number == 20 { before = (try dmaBufs(), try openDescriptors()) }
      number += 1
    }
    XCTAssertEqual(number, count)
    XCTAssertLessThanOrEqual(try dmaBufs(), before.dmaBufs + 1)
    XCTAssertLessThanOrEqual(try openDescriptors(), before.descriptors + 1)
    let statistics = gpu.statistics
    XCTAssertLessThanOrEqual(
      statistics.imported - statistics.reusedImages, 2 * 4, "\(statistics)")
  }

  fileprivate func openDescriptors() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
  }
}
