import CV4L2
import Foundation
import SystemPackage
import TexAlloc
import XCTest

@testable import TexAllocV4L2

/// The kernel's [virtual codec], which was built for the guest's kernel. In the guest only.
///
/// [virtual codec]: https://docs.kernel.org/admin-guide/media/vicodec.html
struct Vicodec {
  let decoder, stateless: FilePath
  private let encoder: FilePath

  /// Loads it.
  ///
  /// - Parameter isMultiplanar: Whether it speaks the API of several planes.
  /// - Throws: `XCTSkip` outside of the guest, and where it could not be built.
  init(isMultiplanar: Bool = false) throws {
    _ = try Monitor()
    let folder = ".deps/codec"
    guard FileManager.default.fileExists(atPath: "\(folder)/vicodec.ko") else {
      throw XCTSkip("the virtual codec was not built: Scripts/install-dependencies codec")
    }
    if !FileManager.default.fileExists(atPath: "/sys/module/v4l2_mem2mem") {
      for module in ["videobuf2-v4l2", "videobuf2-vmalloc"] {
        XCTAssertEqual(try Self.run("/sbin/modprobe", module), 0)
      }
      XCTAssertEqual(try Self.run("/sbin/insmod", "\(folder)/v4l2-mem2mem.ko"), 0)
    }
    XCTAssertEqual(
      try Self.run(
        "/sbin/insmod", "\(folder)/vicodec.ko", "multiplanar=\(isMultiplanar ? 1 : 0)"), 0)
    func node(_ name: String) throws -> FilePath {
      let classes = "/sys/class/video4linux"
      let node = try FileManager.default.contentsOfDirectory(atPath: classes).first {
        (try? String(contentsOfFile: "\(classes)/\($0)/name", encoding: .utf8)) == "\(name)\n"
      }
      return try FilePath("/dev/\(XCTUnwrap(node, name))")
    }
    decoder = try node("stateful-decoder")
    stateless = try node("stateless-decoder")
    encoder = try node("stateful-encoder")
  }

  /// Unloads it, which fails where somebody has it open.
  static func unload() throws {
    guard FileManager.default.fileExists(atPath: "/sys/module/vicodec") else { return }
    XCTAssertEqual(try run("/sbin/rmmod", "vicodec"), 0)
  }

  private static func run(_ program: String, _ arguments: String...) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// Encodes pictures, of ``sample(_:_:_:_:_:)``.
  func encode(
    _ fourcc: Fourcc, _ size: ImageSize, count: Int
  ) throws -> [[UInt8]] {
    let planes = try XCTUnwrap(fourcc.planes)
    return unsafe try encode(fourcc, size, count: count) { number, bytes, pitch, height in
      for (plane, shape) in planes.enumerated() {
        let start = plane == 0 ? 0 : pitch * height
        let rows = (0...1).map { band in
          (0..<size.width / shape.horizontalSubsampling * shape.bytesPerElement).map { byte in
            Self.sample(
              plane, byte % shape.bytesPerElement, byte / shape.bytesPerElement,
              band * Self.bandHeight, number)
          }
        }
        for y in 0..<shape.rows(down: size.height) {
          let row = rows[y / Self.bandHeight % 2]
          unsafe row.withUnsafeBytes {
            unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[(start + y * pitch)...])
              .copyMemory(from: $0)
          }
        }
      }
    }
  }

  /// Encodes pictures.
  ///
  /// - Parameter draw: Is given a picture's number, its memory, the pitch and the rows of the first plane.
  func encode(
    _ fourcc: Fourcc, _ size: ImageSize, count: Int,
    draw: (Int, UnsafeMutableRawBufferPointer, _ pitch: Int, _ height: Int) throws -> Void
  ) throws -> [[UInt8]] {
    let node = try VideoNode(encoder)
    var raw = try FormatEntry(of: node, .output)
    raw.code = fourcc == .nv12 ? 0x3231_564E : 0x3432_5258
    raw.size = size
    (raw.pitch, raw.bytes) = (0, 0)
    try raw.set(on: node)
    var crop = v4l2_selection()
    crop.type = V4L2_BUF_TYPE_VIDEO_OUTPUT.rawValue
    crop.target = UInt32(V4L2_SEL_TGT_CROP)
    crop.r = v4l2_rect(
      left: 0, top: 0, width: UInt32(size.width), height: UInt32(size.height))
    try node.call("VIDIOC_S_SELECTION", texalloc_s_selection, &crop)
    let pictures = try BufferQueue(of: node, .output, count: 1, in: .exported)
    let coded = try BufferQueue(of: node, .capture, count: 1, in: .exported)
    let source = try pictures.export(0, to: "pictures", .cached)
    let result = try coded.export(0, to: "coded", .cached)
    try pictures.start()
    try coded.start()
    return try (0..<count).map { number in
      unsafe try draw(number, source.bytes(in: 0..<raw.bytes), raw.pitch, raw.size.height)
      try coded.enqueue(0, at: 0, .zero)
      try pictures.enqueue(raw.bytes, at: 0, .zero)
      while true {
        var file = pollfd(
          fd: node.descriptor.rawValue, events: Int16(POLLIN), revents: 0)
        XCTAssertGreaterThan(unsafe poll(&file, 1, 60_000), 0, "no picture is encoded in a minute")
        if file.revents == 0 { return [] }
        guard let done = try coded.dequeue() else { continue }
        XCTAssertNotNil(try pictures.dequeue())
        return unsafe Array(result.bytes(in: 0..<done.bytes))
      }
    }
  }

  private static let bandHeight = 64

  /// Slopes, which the codec keeps well, in bands one below the other, that move with the picture's number.
  static func sample(_ plane: Int, _ channel: Int, _ x: Int, _ y: Int, _ number: Int) -> UInt8 {
    let slope = y / bandHeight % 2 == 0 ? x / 16 : 80 - x / 16
    return UInt8(clamping: 60 + slope + 20 * channel + 30 * plane + 4 * number)
  }

  /// What the decoder writes into memory of its own, picture by picture: the whole images.
  func decodeIntoItsOwn(_ chunks: [[UInt8]], _ fourcc: Fourcc) throws -> [[UInt8]] {
    let node = try VideoNode(decoder)
    var coded = try CodedQueue(of: node, .fwht, nil, 1 << 20)
    let first = chunks[0]
    XCTAssertTrue(try coded.feed(first.span, .zero))
    let format = try XCTUnwrap(
      VideoFormat.negotiate(fourcc, nil, sets: true, with: node), "\(fourcc)")
    let pictures = try BufferQueue(of: node, .capture, count: 1, in: .exported)
    let memory = try pictures.export(0, to: "pictures", .cached)
    try pictures.start()
    return try chunks.enumerated().map { number, chunk in
      if number > 0 { XCTAssertTrue(try coded.feed(chunk.span, .zero)) }
      try pictures.enqueue(0, at: 0, .zero)
      while true {
        var file = pollfd(
          fd: node.descriptor.rawValue, events: Int16(POLLIN), revents: 0)
        XCTAssertGreaterThan(unsafe poll(&file, 1, 60_000), 0, "no picture is decoded in a minute")
        if file.revents == 0 { return [] }
        guard try pictures.dequeue() != nil else { continue }
        try coded.collect()
        return unsafe Array(memory.bytes(in: 0..<format.bytes))
      }
    }
  }
}
