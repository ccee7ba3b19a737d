import SystemPackage
import TexAlloc
import XCTest

/// What holds without a device; DriverTests have those that make fences.
final class SyncFileTests: XCTestCase {
  func testADescriptorOfAnotherKindIsRefusedAndClosed() throws {
    let (reading, writing) = try FileDescriptor.pipe()
    defer { try? writing.close() }
    XCTAssertThrowsError(try SyncFile(owning: OwnedDescriptor(owning: reading))) {
      let failure = SystemFailure(
        "SYNC_IOC_FILE_INFO", on: "sync file", .inappropriateIOCTLForDevice)
      XCTAssertEqual($0 as? SystemFailure, failure)
      XCTAssertTrue(failure.isUnsupported)
    }
    XCTAssertThrowsError(try reading.duplicate()) {
      XCTAssertEqual($0 as? Errno, .badFileDescriptor)
    }
  }

  func testMemoryThatIsNoDMABufHasNoFencesOfItsOwn() throws {
    let image = ImageDescriptor(width: 8, height: 8, formats: [.abgr8888])
    let buffers = [
      try TexturePool(for: [], from: [MemfdHeap()]).allocate(image, named: "icon"),
      try ImageAllocator(for: []).allocate(image, named: "icon"),
    ]
    for buffer in buffers {
      XCTAssertThrowsError(try buffer.fence(before: .writing)) {
        let failure = $0 as? SystemFailure
        XCTAssertEqual(failure?.object, "icon")
        XCTAssertEqual(failure?.operation, "DMA_BUF_IOCTL_EXPORT_SYNC_FILE")
        XCTAssertEqual(failure?.isUnsupported, true, "\($0)")
      }
    }
  }

  func testAReleasedDescriptorIsTheCallers() throws {
    let (reading, writing) = try FileDescriptor.pipe()
    let released = OwnedDescriptor(owning: reading).release()
    XCTAssertEqual(released, reading)
    XCTAssertNoThrow(try released.close())
    try writing.close()
  }
}
