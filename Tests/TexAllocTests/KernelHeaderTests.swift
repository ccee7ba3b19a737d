import Foundation
import XCTest

/// What the C of the package needs of the headers that it is compiled with.
final class KernelHeaderTests: XCTestCase {
  /// Those of Linux 5.15 and glibc 2.35, which Ubuntu 22.04 has, lack the rest.
  func testHeadersOfLinux515WillDo() throws {
    let hidden = """
      #define _GNU_SOURCE
      #define dma_buf_export_sync_file hidden_export
      #define dma_buf_import_sync_file hidden_import
      #include <linux/dma-buf.h>
      #undef dma_buf_export_sync_file
      #undef dma_buf_import_sync_file
      #undef DMA_BUF_IOCTL_EXPORT_SYNC_FILE
      #undef DMA_BUF_IOCTL_IMPORT_SYNC_FILE
      #include <linux/memfd.h>
      #undef MFD_NOEXEC_SEAL
      #undef MFD_EXEC
      #include <sys/mman.h>
      #undef MADV_POPULATE_READ
      #undef MADV_POPULATE_WRITE
      #undef _GNU_SOURCE

      """
    let errors = try errors(in: hidden + Self.check)
    XCTAssertEqual(errors, [])
  }

  func testNewerHeadersSayTheSame() throws {
    let errors = try errors(in: Self.check)
    XCTAssertEqual(errors, [])
  }

  /// The numbers are the kernel's for good.
  private static let check = """
    #include "CLinux.h"
    _Static_assert(DMA_BUF_IOCTL_EXPORT_SYNC_FILE == 0xC0086202, "_IOWR('b', 2, 8 bytes)");
    _Static_assert(DMA_BUF_IOCTL_IMPORT_SYNC_FILE == 0x40086203, "_IOW('b', 3, 8 bytes)");
    _Static_assert(MFD_NOEXEC_SEAL == 8, "");
    _Static_assert(MADV_POPULATE_WRITE == 23, "");

    """

  private func errors(in source: String) throws -> [Substring] {
    let project = URL(filePath: #filePath).appending(path: "../../..").standardized
    return try ClientCompiler().errors(
      inC: source, including: project.appending(path: "Sources/CLinux/include"))
  }
}
