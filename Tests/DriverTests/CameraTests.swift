import CV4L2
import Foundation
import TestSupport
import TexAlloc
import TexAllocEGL
import XCTest

@testable import TexAllocV4L2

/// A real driver of Video4Linux, whose pictures the GPU samples where the camera writes them.
final class CameraTests: XCTestCase {
  override func tearDown() async throws { try Vivid.unload() }

  func testTheGPUShowsPixelsWhereTheCameraWritesThem() throws { try checkFrames(.xrgb8888) }
  func testTheGPUShowsLumaAndChromaInOnePlane() throws { try checkFrames(.yuyv) }
  func testTheGPUShowsLumaAndChromaInTwoPlanes() throws { try checkFrames(.nv12) }

  private func checkFrames(_ fourcc: Fourcc) throws {
    let vivid = try Vivid()
    let gpu = try EGLDevice.importing()
    let frames = try vivid.camera([fourcc]).start(for: [gpu])
    XCTAssertNil(frames.reason)
    try checkFrames(frames, on: gpu)
    CapabilityTable.print("vivid", "\(fourcc) captured and imported", true)
  }

  func testTheAPIOfSeveralPlanesGivesTheSame() throws {
    let vivid = try Vivid(isMultiplanar: true)
    let gpu = try EGLDevice.importing()
    let frames = try vivid.camera([.nv12]).start(for: [gpu])
    XCTAssertNil(frames.reason)
    try checkFrames(frames, on: gpu)
  }

  func testATrialLeavesTheFormatAsItWas() throws {
    let camera = try Vivid().camera([.nv12])
    let before = try VideoFormat.current(of: camera.kind.node)
    XCTAssertNotEqual(before?.size, camera.size)
    let pool = try TexturePool(for: [camera])
    let image = camera.kind.image(in: [.nv12])
    let buffer = try pool.allocate(image, for: [.capture, .dedicated])
    try camera.check(buffer, on: .imported)
    XCTAssertEqual(try VideoFormat.current(of: camera.kind.node), before)
  }

  func testFramesTakeNoMemoryAndNoImportsOfTheirOwn() throws { try checkRing(of: 40) }

  func testTheCameraWaitsForFramesThatAreHeldAndGoesOnWhenTheyAreLetGoOf() throws {
    let vivid = try Vivid()
    let gpu = try EGLDevice.importing()
    let frames = try vivid.camera([.xrgb8888]).start(for: [gpu], buffers: 3)
    var held: [Texture] = []
    while let frame = try frames.next(until: .now + .seconds(3)) {
      held.append(try gpu.register(frame.buffer))
    }
    XCTAssertEqual(held.count, frames.bufferCount)
    held = []
    try gpu.collect()
    XCTAssertNotNil(try frames.next(until: .now + .seconds(60)))
  }

  /// In a guest that has just begun, memory is often contiguous by chance; then there is nothing to refuse.
  func testMemoryThatIsNotContiguousIsRefusedAndTheDriversOwnServes() throws {
    let vivid = try Vivid(onlyContiguous: true)
    let gpu = try EGLDevice.importing()
    let frames = try vivid.camera([.xrgb8888]).start(for: [gpu])
    if let reason = frames.reason {
      XCTAssertTrue(reason.contains("VIDIOC_QBUF"), reason)
      XCTAssertTrue(frames.plan.heap.hasPrefix("exported:"), frames.plan.heap)
    }
    try checkFrames(frames, on: gpu)
  }

  func testTheDriversOwnMemoryIsSampled() throws {
    for fourcc in [Fourcc.xrgb8888, .nv12] {
      let camera = try Vivid(onlyContiguous: true).camera([fourcc])
      let gpu = try EGLDevice.importing()
      let memory = try FrameMemory(exporting: 4, of: camera.kind, .texture)
      let ring = try FrameRing(in: memory, because: "it is tried")
      try checkFrames(CameraFrames(of: camera, ring), on: gpu)
      CapabilityTable.print("vivid", "\(fourcc) exported", true)
    }
  }

  private func checkFrames(_ frames: CameraFrames, on gpu: EGLDevice) throws {
    for _ in 0..<frames.bufferCount + 2 {
      let frame = try XCTUnwrap(frames.next(until: .now + .seconds(60)))
      let texture = try gpu.register(frame.buffer)
      XCTAssertEqual(texture.route, .imported)
      try checkBars(texture, "\(frame.buffer.layout.format)")
      try gpu.collect()
    }
  }

  func testACameraThatIsTakenAwayIsGone() throws {
    let vivid = try Vivid()
    let frames = try vivid.camera().start(for: [], .cpuRead)
    XCTAssertNotNil(try frames.next(until: .now + .seconds(60)))
    XCTAssertThrowsError(try vivid.camera().start(for: [], .cpuRead)) {
      XCTAssertEqual($0 as? VideoError, .busy(device: vivid.node.string))
    }
    try vivid.disconnect()
    XCTAssertThrowsError(
      try {
        while try frames.next(until: .now + .seconds(60)) != nil {}
      }()
    ) { XCTAssertEqual($0 as? VideoError, .gone(device: vivid.node.string)) }
  }

  func testACameraThatIsStoppedMidStreamLetsGoOfItsMemory() throws {
    let vivid = try Vivid()
    let before = try dmaBufs()
    do {
      let frames = try vivid.camera([.xrgb8888]).start(for: [], .cpuRead)
      let held = try XCTUnwrap(frames.next(until: .now + .seconds(60)))
      XCTAssertGreaterThan(try dmaBufs(), before)
      Thread.detachNewThread {
        usleep(200_000)
        frames.stop()
      }
      while try frames.next(until: .now + .seconds(60)) != nil {}
      XCTAssertNil(try frames.next(until: .now + .seconds(60)))
      // What somebody holds is still there.
      XCTAssertEqual(try held.buffer.pixels().count, 320 * 180 * 4)
    }
    try expectDMABufs(atMost: before)
    let again = try vivid.camera([.xrgb8888]).start(for: [], .cpuRead)
    XCTAssertNotNil(try again.next(until: .now + .seconds(60)))
  }

  func testAStreamThatTheDriverBreaksOffIsTypedAndLetsGoOfItsMemory() throws {
    let vivid = try Vivid()
    let before = try dmaBufs()
    do {
      let frames = try vivid.camera([.xrgb8888]).start(for: [], .cpuRead)
      XCTAssertNotNil(try frames.next(until: .now + .seconds(60)))
      try vivid.press("Inject Fatal Streaming Error")
      XCTAssertThrowsError(
        try {
          while try frames.next(until: .now + .seconds(60)) != nil {}
        }()
      ) {
        guard case .failed(let failure) = $0 as? VideoError else { return XCTFail("\($0)") }
        XCTAssertEqual(failure.errno, .ioError)
        XCTAssertEqual(failure.object, vivid.node.string)
      }
    }
    try expectDMABufs(atMost: before)
    try vivid.press("Inject VIDIOC_STREAMON Error")
    XCTAssertThrowsError(try vivid.camera([.xrgb8888]).start(for: [], .cpuRead)) {
      guard case .failed(let failure) = $0 as? VideoError else { return XCTFail("\($0)") }
      XCTAssertEqual(failure.operation, "VIDIOC_STREAMON")
    }
    try expectDMABufs(atMost: before)
    let again = try vivid.camera([.xrgb8888]).start(for: [], .cpuRead)
    XCTAssertNotNil(try again.next(until: .now + .seconds(60)))
  }

  func testTasksIterateUntilTheyAreCancelled() async throws {
    let vivid = try Vivid()
    let frames = try vivid.camera().start(for: [], .cpuRead)
    let task = Task {
      var count = 0
      for try await frame in frames {
        XCTAssertEqual(frame.buffer.layout.format.fourcc, frames.camera.formats.first)
        count += 1
        if count == 5 { return count }
      }
      return count
    }
    let count = try await task.value
    XCTAssertEqual(count, 5)
    let waiting = Task { for try await _ in frames {} }
    waiting.cancel()
    try await waiting.value
    XCTAssertNil(try frames.next(until: .now + .seconds(60)))
  }

  func testWhatIsNoCameraIsTyped() throws {
    XCTAssertThrowsError(try Camera(at: "/dev/null")) {
      let failure = SystemFailure("VIDIOC_QUERYCAP", on: "/dev/null", .inappropriateIOCTLForDevice)
      XCTAssertEqual($0 as? VideoError, .failed(failure))
    }
    XCTAssertThrowsError(try Camera(at: "/dev/video-none")) {
      let failure = SystemFailure("open", on: "/dev/video-none", .noSuchFileOrDirectory)
      XCTAssertEqual($0 as? VideoError, .failed(failure))
    }
  }

  func testSizesAndFormatsThatTheCameraLacksAreTypedWithTheNearest() throws {
    let vivid = try Vivid()
    XCTAssertThrowsError(try Camera(at: vivid.node, ImageSize(width: 321, height: 180))) {
      guard case .size(_, let wanted, let held) = $0 as? VideoError else {
        return XCTFail("\($0)")
      }
      XCTAssertEqual(wanted.width, 321)
      XCTAssertEqual(held, ImageSize(width: 320, height: 180))
    }
    XCTAssertThrowsError(try vivid.camera([.abgr16161616f])) {
      guard case .format(_, let wanted, let held) = $0 as? VideoError else {
        return XCTFail("\($0)")
      }
      XCTAssertEqual(wanted, [.abgr16161616f])
      XCTAssertTrue(held.contains(.xrgb8888))
    }
  }
}

/// The same for longer than a test should take: `VM/test soak`.
final class LongCameraTests: XCTestCase {
  override func tearDown() async throws { try Vivid.unload() }

  func testThreeHundredFramesTakeNoMemoryAndNoImportsOfTheirOwn() throws { try checkRing(of: 300) }
}

extension XCTestCase {
  /// Captures and draws so many frames, after the first of which nothing is made anew.
  fileprivate func checkRing(of count: Int) throws {
    let vivid = try Vivid()
    let gpu = try EGLDevice.importing()
    let frames = try vivid.camera([.xrgb8888]).start(for: [gpu])
    var last: VideoFrame?
    var descriptors = 0
    for number in 0..<count {
      let frame = try XCTUnwrap(frames.next(until: .now + .seconds(60)), "\(number)")
      if let last {
        XCTAssertGreaterThan(frame.sequence, last.sequence)
        XCTAssertGreaterThan(frame.time, last.time)
      }
      last = frame
      let texture = try gpu.texture(for: frame.buffer)
      if number.isMultiple(of: 20) { try checkBars(texture, "\(number)") }
      try gpu.collect()
      if number == 20 { descriptors = try openDescriptors() }
    }
    XCTAssertLessThanOrEqual(try openDescriptors(), descriptors + 1)
    let statistics = gpu.statistics
    XCTAssertLessThanOrEqual(
      statistics.imported - statistics.reusedImages, 2 * frames.bufferCount, "\(statistics)")
  }

  /// What vivid shows: bars of 75 percent, and in the upper part a text.
  fileprivate func checkBars(_ texture: Texture, _ what: String) throws {
    let layout = texture.buffer.layout
    let (width, row) = (layout.width, layout.height - 10)
    let pixels = try texture.shownPixels()
    let bars: [[Int]] = [
      [191, 191, 191], [191, 191, 0], [0, 191, 191], [0, 191, 0], [191, 0, 191], [191, 0, 0],
      [0, 0, 191], [0, 0, 0],
    ]
    for (index, expected) in bars.enumerated() {
      let place = (row * width + index * width / 8 + width / 16) * 4
      let shown = pixels[place..<place + 3].map(Int.init)
      XCTAssertTrue(
        zip(shown, expected).allSatisfy { abs($0 - $1) <= 6 },
        "\(what), bar \(index): \(shown), and not \(expected)")
    }
  }

  fileprivate func openDescriptors() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
  }
}
