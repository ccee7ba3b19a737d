import CDRM
import Foundation
import ProgramSupport
import SystemPackage
import TestSupport
import TexAlloc
import TexAllocEGL
import TexAllocV4L2
import XCTest

@testable import TexAllocKMS

/// Real display drivers, whose screens QEMU takes pictures of.
final class DisplayTests: XCTestCase {
  private let size = ImageSize(width: 800, height: 600)

  override func tearDown() async throws { try Vivid.unload() }

  func testTheScreenShowsWhatTheGPURenderedIntoMemoryOfAnotherHeap() throws {
    let display = try display(of: "cirrus")
    XCTAssertTrue(display.isAtomic)
    let screen = try show(3, on: display, "cirrus")
    XCTAssertNil(screen.reason)
    XCTAssertFalse(screen.plan.heap.hasSuffix("cirrus"), screen.plan.heap)
    CapabilityTable.print("cirrus", "foreign memory shown", true)
  }

  func testTheCallsOfOldShowTheSame() throws {
    let display = try display(of: "cirrus", wantsAtomic: false)
    XCTAssertFalse(display.isAtomic)
    _ = try show(3, on: display, "cirrus-legacy")
  }

  func testADriverThatTakesNoForeignMemoryShowsItsOwnAndTheRefusalIsTyped() throws {
    let display = try display(of: "virtio_gpu")
    let foreign = try TexturePool(for: [], from: [UDMABufHeap()])
    let buffer = try foreign.allocate(
      ImageDescriptor(width: 800, height: 600, formats: [.xrgb8888]))
    XCTAssertThrowsError(try display.register(buffer)) {
      let refusal = $0 as? RegistrationRefused
      XCTAssertEqual(refusal?.cause, .importFailed)
      XCTAssertEqual(refusal?.component, display.name)
      XCTAssertEqual(refusal?.field, "DRM_IOCTL_PRIME_FD_TO_HANDLE", "\($0)")
      XCTAssertEqual(refusal?.held, "udmabuf: \(Errno.operationNotSupportedByDevice)")
    }
    let screen = try show(3, on: display, "virtio_gpu")
    XCTAssertEqual(screen.plan.heap, "scanout:\(display.name)")
    XCTAssertNotNil(screen.reason)
    CapabilityTable.print("virtio_gpu", "own memory shown", true)
  }

  func testTheScreenShowsACamerasFrameThatNobodyCopied() throws {
    let camera = try Camera(
      at: Vivid().node, ImageSize(width: 640, height: 480), formats: [.xrgb8888])
    let display = try display(of: "cirrus", ImageSize(width: 640, height: 480))
    let frames = try camera.start(for: [display], [.scanout, .cpuRead])
    XCTAssertNil(frames.reason)
    for number in 0..<2 {
      let frame = try XCTUnwrap(frames.next(until: .now + .seconds(60)))
      XCTAssertTrue(try display.wait(until: .now + .seconds(60)))
      try display.show(display.register(frame.buffer))
      XCTAssertTrue(try display.wait(until: .now + .seconds(60)))
      let layout = frame.buffer.layout
      XCTAssertEqual(layout.planes[0].pitch, 640 * 4)
      let taken = try frame.buffer.withContents { bytes in bytes.indices.map { bytes[$0] } }
      try expectScreen(
        of: "cirrus", "camera-\(number)",
        Screenshot.rgb(of: Array(taken.prefix(640 * 480 * 4)), [2, 1, 0]))
    }
    display.stop()
  }

  func testAScreenThatIsPulledOutIsTypedAndNothingIsKept() throws {
    let display = try display(of: "cirrus")
    let screen = try blank(display)
    let status = try statusFile(of: display)
    try Data("off".utf8).write(to: status)
    defer { try? Data("detect".utf8).write(to: status) }
    XCTAssertThrowsError(try screen.show(XCTUnwrap(screen.next()))) {
      XCTAssertEqual(
        $0 as? DisplayError,
        .disconnected(device: display.node.string, connector: display.connector.name))
    }
    XCTAssertEqual(screen.statistics.slots, 0)
    XCTAssertThrowsError(try Display(at: display.node)) {
      guard case .disconnected = $0 as? DisplayError else { return XCTFail("\($0)") }
    }
    try Data("detect".utf8).write(to: status)
    _ = try blank(Display(at: display.node, size))
  }

  func testTheScreenShowsWhatItDidBeforeOnceItIsStopped() throws {
    for wantsAtomic in [true, false] {
      let name = wantsAtomic ? "atomic" : "legacy"
      let display = try display(of: "cirrus", wantsAtomic: wantsAtomic)
      let before = try Screenshot(of: "cirrus", to: "former-\(name)-0")
      XCTAssertNotEqual(before.size, size, "the console has another mode")
      try display.rule()
      let other = try self.display(of: "cirrus")
      XCTAssertThrowsError(try other.rule()) {
        XCTAssertEqual($0 as? DisplayError, .notMaster(device: other.node.string))
      }
      let screen = try blank(display)
      XCTAssertEqual(try Screenshot(of: "cirrus", to: "former-\(name)-1").size, size)
      display.stop()
      try other.rule()
      other.stop()
      XCTAssertEqual(try Screenshot(of: "cirrus", to: "former-\(name)-2").size, before.size)
      XCTAssertEqual(screen.statistics.slots, 0)
    }
  }

  /// A picture that is smaller than the mode.
  func testAFirstPictureThatIsRefusedLeavesTheCardToWhoSaidToRuleIt() throws {
    for isTold in [true, false] {
      let display = try display(of: "cirrus")
      let other = try self.display(of: "cirrus")
      let small = try Display(of: display.card, nil, ImageSize(width: 640, height: 480))
      let screen = try small.start(for: [], .cpuRead)
      let picture = try small.register(XCTUnwrap(screen.next()))
      if isTold { try display.rule() }
      XCTAssertThrowsError(try display.show(picture)) {
        XCTAssertEqual(
          $0 as? DisplayError,
          .failed(SystemFailure("DRM_IOCTL_MODE_ATOMIC", on: display.node.string, .noSpace)))
      }
      if isTold {
        XCTAssertThrowsError(try other.rule()) {
          XCTAssertEqual($0 as? DisplayError, .notMaster(device: other.node.string))
        }
        display.stop()
      }
      try other.rule()
      other.stop()
    }
  }

  /// The screen is the same still, and its list of modes is another.
  func testAModeThatGoesAwayIsTypedAndNothingIsKept() throws {
    let there = try display(of: "cirrus")
    var gone = there.mode.info
    gone.clock += 1000
    let connector = there.connector
    let before = Connector(
      name: connector.name, status: connector.status, modes: [DisplayMode(gone)],
      id: connector.id, encoder: connector.encoder, encoders: connector.encoders)
    let display = try Display(of: there.card, at: before, size)
    let screen = try display.start(for: [], .cpuRead)
    XCTAssertThrowsError(try screen.show(XCTUnwrap(screen.next()))) {
      XCTAssertEqual(
        $0 as? DisplayError, .mode(connector: connector.name, wanted: size, held: size))
    }
    XCTAssertEqual(screen.statistics.slots, 0)
    _ = try blank(there)
  }

  func testADisplayIsFoundByWhatPeopleCallIt() throws {
    let display = try display(of: "cirrus")
    for name in ["cirrus", display.node.string, display.connector.name] {
      XCTAssertEqual(try Display.named(name, size).name, display.name)
    }
    XCTAssertThrowsError(try Display.named("DP-9")) {
      guard case .connector(_, "DP-9", let held) = $0 as? DisplayError else {
        return XCTFail("\($0)")
      }
      XCTAssertTrue(held.contains(display.connector.name), "\(held)")
    }
  }

  /// The driver waits, and not the thread that shows the picture.
  func testAPictureIsShownWhenItsFenceHasPassed() throws {
    let display = try display(of: "cirrus")
    let screen = try blank(display)
    let buffer = try XCTUnwrap(screen.next(until: .now + .seconds(60)))
    // They pass by themselves after ten seconds: a machine that stands still for as long gets another.
    for _ in 0..<5 {
      let fence = try PendingFence(from: PresentHeap.dumbBuffers(of: "vgem"))
      try screen.show(buffer, after: fence.syncFile)
      let isFlipped = try display.wait(until: .now + .milliseconds(300))
      if fence.syncFile.hasPassed {
        XCTAssertTrue(try display.wait(until: .now + .seconds(60)))
        continue
      }
      XCTAssertFalse(isFlipped, "it is shown before its fence has passed")
      try fence.pass()
      XCTAssertTrue(try display.wait(until: .now + .seconds(60)))
      return
    }
    XCTFail("every fence passed before it was looked at")
  }

  func testWhoeverRulesTheScreenKeepsOthersOut() throws {
    let first = try display(of: "cirrus")
    let screen = try blank(first)
    let second = try display(of: "cirrus")
    let other = try second.start(for: [], .cpuRead)
    func expectRefusal(_ screen: Screen) throws {
      XCTAssertThrowsError(try screen.show(XCTUnwrap(screen.next()))) {
        XCTAssertEqual($0 as? DisplayError, .notMaster(device: first.node.string))
      }
      XCTAssertEqual(screen.statistics.slots, 0)
    }
    try expectRefusal(other)
    first.card.yield()  // somebody takes it away from the first
    try expectRefusal(screen)
    try other.show(XCTUnwrap(other.next()))
    second.stop()
    XCTAssertEqual(other.statistics.slots, 0)
  }

  func testWhatIsNoDisplayIsTyped() throws {
    let display = try display(of: "cirrus")
    XCTAssertThrowsError(try Display(at: display.node, ImageSize(width: 801, height: 600))) {
      XCTAssertEqual(
        $0 as? DisplayError,
        .mode(
          connector: display.connector.name, wanted: ImageSize(width: 801, height: 600),
          held: size))
    }
    XCTAssertThrowsError(try Display(at: display.node, connector: "DP-9")) {
      XCTAssertEqual(
        $0 as? DisplayError,
        .connector(
          device: display.node.string, wanted: "DP-9", held: [display.connector.name]))
    }
    let vgem = try PresentHeap.dumbBuffers(of: "vgem")
    XCTAssertThrowsError(try Display(at: vgem.node)) {
      guard case .unsupported = $0 as? DisplayError else { return XCTFail("\($0)") }
    }
    XCTAssertThrowsError(try Display(at: "/dev/null")) {
      guard case .failed(let failure) = $0 as? DisplayError else { return XCTFail("\($0)") }
      XCTAssertEqual(failure.operation, "DRM_IOCTL_VERSION")
    }
  }

  private func display(
    of driver: String, _ size: ImageSize? = nil, wantsAtomic: Bool = true
  ) throws -> Display {
    _ = try Monitor()
    let node = try XCTUnwrap(
      Display.found().first { (try? $0.display.get())?.driver == driver }?.node, driver)
    return try Display(of: Card(node, wantsAtomic: wantsAtomic), nil, size ?? self.size)
  }

  private func statusFile(of display: Display) throws -> URL {
    let card = try XCTUnwrap(display.node.lastComponent?.string)
    return URL(filePath: "/sys/class/drm/\(card)-\(display.connector.name)/status")
  }

  /// Shows two pictures with nothing in them.
  private func blank(_ display: Display) throws -> Screen {
    let screen = try display.start(for: [], .cpuRead)
    for _ in 0..<2 { try screen.show(XCTUnwrap(screen.next(until: .now + .seconds(60)))) }
    XCTAssertTrue(try display.wait(until: .now + .seconds(60)))
    return screen
  }

  /// Renders pictures by OpenGL and shows them; the last of them is what the screen has, byte for byte.
  private func show(
    _ count: Int, on display: Display, _ name: String
  ) throws -> Screen {
    let gpu = try EGLDevice.importing()
    let screen = try display.start(for: [gpu])
    for number in 0..<count {
      let buffer = try XCTUnwrap(screen.next(until: .now + .seconds(60)))
      let target = try gpu.registerForRendering(buffer)
      let canvas = try Canvas(width: 800, height: 600, framebuffer: target.framebuffer)
      canvas.clear([0.1, Float(number) / 4, 0.6, 1])
      let quads = (0..<40).map { index in
        Canvas.Quad(
          x: Float(index * 19), y: Float(index * 13), width: 33, height: 71,
          tint: [Float(index) / 40, 0.5, Float(number) / 8, 1])
      }
      try canvas.draw(quads, from: .none)
      try screen.show(buffer, after: target.finish())
      XCTAssertTrue(try display.wait(until: .now + .seconds(60)), "picture \(number)")
      if number == count - 1 {
        try expectScreen(of: display.driver, name, Screenshot.rgb(of: canvas.readPixels()))
      }
    }
    return screen
  }

  /// QEMU reads the memory when it is told to, which may be a moment after the driver was.
  private func expectScreen(of driver: String, _ name: String, _ expected: [UInt8]) throws {
    for attempt in 0..<5 {
      let shown = try Screenshot(of: driver, to: "\(name)-\(attempt)")
      if shown.pixels == expected { return }
      usleep(200_000)
    }
    XCTFail("\(name): the screen shows something else")
  }
}
