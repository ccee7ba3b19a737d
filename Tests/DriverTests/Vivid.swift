import CV4L2
import Foundation
import SystemPackage
import TexAlloc
import TexAllocV4L2
import XCTest

/// The kernel's [virtual camera]. In the guest only.
///
/// [virtual camera]: https://docs.kernel.org/admin-guide/media/vivid.html
struct Vivid {
  let node: FilePath

  /// Loads it.
  ///
  /// - Parameters:
  ///   - onlyContiguous: Whether it takes memory like a device without pages of its own.
  ///   - isMultiplanar: Whether it speaks the API of several planes.
  /// - Throws: `XCTSkip` outside of the guest.
  init(onlyContiguous: Bool = false, isMultiplanar: Bool = false) throws {
    _ = try Monitor()
    let parameters = [
      "n_devs=1", "node_types=0x1", "allocators=\(onlyContiguous ? 1 : 0)",
      "multiplanar=\(isMultiplanar ? 2 : 1)",
    ]
    XCTAssertEqual(try Self.modprobe(["vivid"] + parameters), 0)
    node = try XCTUnwrap(
      Camera.found(from: PresentHeap.shared).compactMap { try? $0.device.get() }
        .first { $0.driver == "vivid" }?.node)
  }

  /// Unloads it, which fails where somebody has it open, or holds memory of it.
  static func unload() throws {
    guard FileManager.default.fileExists(atPath: "/sys/module/vivid") else { return }
    XCTAssertEqual(try modprobe(["-r", "vivid"]), 0)
  }

  /// The camera, at the size that an emulated guest keeps up with.
  func camera(_ formats: [Fourcc]? = nil) throws -> Camera {
    try Camera(
      at: node, ImageSize(width: 320, height: 180), formats: formats, from: PresentHeap.shared)
  }

  /// Takes the device away.
  func disconnect() throws { try press("Disconnect") }

  /// Sets a control, or has a button do what it does.
  func press(_ control: String) throws {
    let file = try FileDescriptor.open(node, .readWrite)
    defer { try? file.close() }
    var entry = v4l2_queryctrl()
    entry.id = UInt32(V4L2_CTRL_FLAG_NEXT_CTRL)
    while unsafe texalloc_video_ioctl(file.rawValue, texalloc_queryctrl, &entry) == 0 {
      let name = unsafe withUnsafeBytes(of: entry.name) {
        unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name == control {
        var control = v4l2_control(id: entry.id, value: 1)
        XCTAssertEqual(unsafe texalloc_video_ioctl(file.rawValue, texalloc_s_ctrl, &control), 0)
        return
      }
      entry.id |= UInt32(V4L2_CTRL_FLAG_NEXT_CTRL)
    }
    XCTFail("vivid has no control that is called \(control)")
  }

  private static func modprobe(_ arguments: [String]) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(filePath: "/sbin/modprobe")
    process.arguments = arguments
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }
}
