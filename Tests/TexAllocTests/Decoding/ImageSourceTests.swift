import Glibc
import SystemPackage
import TestSupport
import TexAlloc
import XCTest

final class ImageSourceTests: XCTestCase {
  private let bytes: [UInt8] = (0..<200).map { UInt8($0) }

  private func read(_ source: ImageSource, at offset: Int, _ count: Int) throws -> [UInt8] {
    var result = [UInt8](repeating: 0, count: count)
    var span = result.mutableSpan
    let read = try source.read(into: &span, at: offset)
    return Array(result.prefix(read))
  }

  func testBytesAreTheSameWhereverTheyComeFrom() throws {
    let folder = try TemporaryFolder()
    let path = FilePath(folder.path("file"))
    let file = try FileDescriptor.open(
      path, .readWrite, options: [.create], permissions: .ownerReadWrite)
    try file.writeAll(bytes)
    try unsafe bytes.withUnsafeBytes { borrowed in
      let sources = [
        ImageSource(bytes), unsafe ImageSource(borrowing: borrowed), try ImageSource(path),
        try ImageSource(OwnedDescriptor(owning: file)),
      ]
      for source in sources {
        XCTAssertEqual(source.size, 200)
        XCTAssertEqual(try read(source, at: 0, 200), bytes, source.name)
        XCTAssertEqual(try read(source, at: 190, 20), Array(bytes[190...]), source.name)
        XCTAssertEqual(try read(source, at: 200, 1), [], source.name)
        XCTAssertEqual(try read(source, at: 1000, 1), [], source.name)
      }
      XCTAssertEqual(sources.map { $0.withBytesInMemory { $0.count } }, [200, 200, nil, nil])
    }
  }

  func testFileThatShrinksIsReadAsFarAsItGoes() throws {
    let memory = try Memfd(size: 100)
    let source = try ImageSource(OwnedDescriptor(duplicating: memory.descriptor, named: "file"))
    try memory.descriptor.resize(to: 10)
    XCTAssertEqual(try read(source, at: 0, 100).count, 10)
  }

  func testWhatIsNoFileIsRefusedWithoutWaiting() throws {
    let folder = try TemporaryFolder()
    let pipe = folder.path("pipe")
    XCTAssertEqual(unsafe mkfifo(pipe, 0o600), 0)
    func refusal(_ path: String) -> String? {
      do {
        _ = try ImageSource(FilePath(path))
        return nil
      } catch { return "\(error)" }
    }
    XCTAssertEqual(refusal(pipe), "\(pipe): is a pipe, not a file")
    XCTAssertEqual(refusal("/"), "/: is a directory, not a file")
    XCTAssertEqual(refusal("/dev/null"), "/dev/null: is a device, not a file")
    XCTAssertEqual(refusal("/nowhere"), "/nowhere: No such file or directory")
  }
}
