import Foundation
import Synchronization
import SystemPackage
import TestSupport
import TexAlloc
import TexAllocJPEG
import XCTest

@testable import TexAllocAssets

/// Files as they lie about, from the real disk, by the real decoder.
final class FolderTests: XCTestCase {
  private typealias Result = Swift.Result<LoadedTexture<PlainDevice.Handle>, AssetError>

  /// Loads files by names, and tells what became of each.
  private func load(
    _ paths: [String], by assets: Assets<PlainDevice.Handle>, meanwhile body: () throws -> Void = {}
  ) throws -> [String: Result] {
    let ended = Mutex<[(String, Result)]>([])
    for path in paths {
      assets.submit(AssetRequest(FilePath(path))) { result in
        ended.withLock { $0.append((path, result)) }
      }
    }
    let end = ContinuousClock.now + .seconds(60)
    while ended.withLock({ $0.count }) < paths.count && ContinuousClock.now < end {
      try body()
      try assets.poll(budget: .milliseconds(4))
      usleep(200)
    }
    let all = ended.withLock { $0 }
    XCTAssertEqual(all.count, paths.count, "each ends once")
    return Dictionary(all) { first, _ in first }
  }

  private func makeAssets() throws -> (Assets<PlainDevice.Handle>, TexturePool) {
    let device = PlainDevice()
    let pool = try TexturePool(for: [device, JPEGDecoder.component], from: [MemfdHeap()])
    return (
      try Assets(device: device, pool: pool, decoders: [JPEGDecoder.component]), pool
    )
  }

  func testAFolderOfAllSortsEndsFileByFileAndLeavesNothing() throws {
    let photos = ["lake.jpg", "moon.jpg", "sea.jpg"].map(TestPhotograph.path)
    let sound = try photos.map { [UInt8](try Data(contentsOf: URL(filePath: $0))) }
    let folder = try TemporaryFolder()
    var wanted: [String: String] = [:]
    var random = SplitMix64(seed: 15)
    for number in 0..<500 {
      let path = folder.path("\(number).jpg")
      let photo = sound[number % sound.count]
      let bytes: [UInt8]
      switch number % 25 {
      case 0: (bytes, wanted[path]) = (Array(photo.prefix(photo.count / 2)), "truncated")
      case 1: (bytes, wanted[path]) = ([], "empty")
      case 2:
        bytes = (0..<2000).map { _ in UInt8.random(in: 0..<0xff, using: &random) }
        wanted[path] = "unrecognized"
      case 3: (bytes, wanted[path]) = (Self.huge(photo), "tooMuch")
      case 4:
        unsafe XCTAssertEqual(mkfifo(path, 0o600), 0)
        wanted[path] = "notAFile"
        continue
      case 5:
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        wanted[path] = "notAFile"
        continue
      case 6:
        try FileManager.default.createSymbolicLink(
          atPath: path, withDestinationPath: folder.path("nowhere"))
        wanted[path] = "unreadable"
        continue
      case 7:
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: photos[0])
        wanted[path] = "loaded"
        continue
      case 8: (bytes, wanted[path]) = (Array("a letter".utf8), "unrecognized")
      default: (bytes, wanted[path]) = (photo, "loaded")
      }
      try Data(bytes).write(to: URL(filePath: path))
    }
    let sparse = folder.path("sparse.jpg")
    try Data().write(to: URL(filePath: sparse))
    unsafe XCTAssertEqual(truncate(sparse, 1 << 40), 0)
    wanted[sparse] = "tooMuch"

    let threads = try Self.threads()
    let descriptors = try Self.descriptors()
    do {
      let (assets, pool) = try makeAssets()
      do {
        let ended = try load(Array(wanted.keys), by: assets)
        for (path, result) in ended {
          XCTAssertEqual(Self.word(for: result), wanted[path], "\(path): \(result)")
        }
      }
      let statistics = assets.statistics
      XCTAssertEqual(statistics.underWay, 0)
      XCTAssertEqual(statistics.loaded + statistics.failed, wanted.count)
      XCTAssertEqual(statistics.encodedBytes, 0)
      XCTAssertEqual(statistics.decodedBytes, 0)
      waitUntil { pool.statistics.slots == 0 }
    }
    // Threads of tests before may have been counted, which end in the meantime.
    try waitUntil {
      try Self.threads() <= threads && Self.descriptors() <= descriptors
    }
  }

  func testNoMoreIsDecodedThanARequestAsksForAndEachIsATextureOfItsOwn() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("photo.jpg")
    let file = try SampleFile.make(400, 300, "-sample 2x2").inserting([.orientation(6)])
    try Data(file).write(to: URL(filePath: path))
    let wishes: [(inout DecodingOptions) -> Void] = [
      { _ in }, { $0.size = .fit(ImageSize(width: 75, height: 1000)) },
      { $0.size = .fill(ImageSize(width: 76, height: 1)) },
      { $0.region = ImageRegion(x: 10, y: 20, width: 30, height: 40) },
      { $0.prefersPlanes = true },
      { $0.region = ImageRegion(x: 0, y: 0, width: 400, height: 300) },
      { $0.content = .preview },
    ]
    let (assets, _) = try makeAssets()
    let ended = Mutex<[Int: Result]>([:])
    for (index, wish) in wishes.enumerated() {
      var request = AssetRequest(FilePath(path))
      wish(&request.decoding)
      assets.submit(request) { result in ended.withLock { $0[index] = result } }
    }
    try poll(assets) { ended.withLock { $0.count } == wishes.count }
    let results = ended.withLock { $0 }
    func loaded(_ index: Int) throws -> String {
      guard let photo = try results[index]?.get() else { return "" }
      let layout = photo.texture.buffer.layout
      return "\(photo.header.size) \(layout.imageSize) \(layout.format)"
    }
    XCTAssertEqual(try loaded(0), "300x400 400x300 AB24")
    XCTAssertEqual(try loaded(1), "75x100 100x75 AB24")
    XCTAssertEqual(try loaded(2), "150x200 200x150 AB24")
    XCTAssertEqual(try loaded(3), "30x40 40x30 AB24")
    XCTAssertEqual(try loaded(4), "300x400 400x300 NV12")
    XCTAssertThrowsError(try loaded(5)) { XCTAssertTrue("\($0)".contains("the region"), "\($0)") }
    XCTAssertThrowsError(try loaded(6)) {
      XCTAssertTrue("\($0)".contains("no thumbnail: its EXIF has none"), "\($0)")
    }
  }

  func testOnlyTheStartOfAFileIsReadForItsThumbnail() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("photo.jpg")
    let small = try SampleFile.make(40, 30)
    let file = try SampleFile.make(400, 300).inserting([.thumbnail(small)])
    try Data(file + [UInt8](repeating: 0, count: 1 << 20)).write(to: URL(filePath: path))
    let (assets, _) = try makeAssets()
    var request = AssetRequest(FilePath(path))
    request.decoding.content = .preview
    let ended = Mutex<Result?>(nil)
    assets.submit(request) { result in ended.withLock { $0 = result } }
    try poll(assets) { ended.withLock { $0 } != nil }
    XCTAssertEqual(
      try ended.withLock { $0 }?.get().header.size, ImageSize(width: 40, height: 30))
    XCTAssertEqual(assets.statistics.bytesRead, 256 << 10)
  }

  private func poll(
    _ assets: Assets<PlainDevice.Handle>, until isSo: () -> Bool
  ) throws {
    let end = ContinuousClock.now + .seconds(60)
    while !isSo() && ContinuousClock.now < end {
      try assets.poll(budget: .milliseconds(4))
      usleep(200)
    }
  }

  func testAFailureIsRememberedUntilTheFileChanges() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("photo.jpg")
    let photo = try Data(contentsOf: URL(filePath: TestPhotograph.path("lake.jpg")))
    try photo.prefix(photo.count / 2).write(to: URL(filePath: path))
    let (assets, _) = try makeAssets()
    func error(_ change: (inout AssetRequest) -> Void = { _ in }) throws -> AssetError? {
      var request = AssetRequest(FilePath(path))
      change(&request)
      let ended = Mutex<Result?>(nil)
      assets.submit(request) { result in ended.withLock { $0 = result } }
      try waitUntil {
        try assets.poll(budget: .milliseconds(1))
        return ended.withLock { $0 != nil }
      }
      guard case .failure(let error) = ended.withLock({ $0 }) else { return nil }
      return error
    }
    XCTAssertEqual(try error()?.isRemembered, false)
    let again = try XCTUnwrap(try error())
    XCTAssertTrue(again.isRemembered)
    XCTAssertEqual(Self.word(for: .failure(again)), "truncated")
    XCTAssertEqual(try error { $0.retriesFailure = true }?.isRemembered, false)
    XCTAssertNil(
      try error { $0.decoding.damage = .salvage(fill: .zero) }, "that is another request")
    try photo.write(to: URL(filePath: path))
    XCTAssertNil(try error())
  }

  func testFilesThatAreReplacedAndCutShortWhileTheyAreReadDoNoHarm() throws {
    let folder = try TemporaryFolder()
    let photo = try Data(contentsOf: URL(filePath: TestPhotograph.path("mosaic.jpg")))
    let other = try Data(contentsOf: URL(filePath: TestPhotograph.path("lake.jpg")))
    let paths = (0..<60).map { folder.path("\($0).jpg") }
    for path in paths { try photo.write(to: URL(filePath: path)) }
    let (assets, pool) = try makeAssets()
    var random = SplitMix64(seed: 3)
    let ended = try load(paths, by: assets) {
      let path = paths[Int.random(in: 0..<paths.count, using: &random)]
      switch Int.random(in: 0..<3, using: &random) {
      case 0:
        unsafe truncate(path, off_t(Int.random(in: 0..<photo.count, using: &random)))
      case 1: try other.write(to: URL(filePath: path), options: .atomic)
      default: try photo.write(to: URL(filePath: path))
      }
    }
    for (path, result) in ended {
      XCTAssertTrue(
        ["loaded", "truncated", "empty", "damaged", "unrecognized"]
          .contains(Self.word(for: result)), "\(path): \(result)")
    }
    XCTAssertEqual(assets.statistics.underWay, 0)
    XCTAssertEqual(assets.statistics.encodedBytes, 0)
    _ = pool
  }

  /// A picture whose header says that it is the largest that there can be.
  private static func huge(_ photo: [UInt8]) -> [UInt8] {
    var bytes = photo
    for index in 0..<bytes.count - 9 where bytes[index] == 0xff && bytes[index + 1] == 0xc0 {
      for place in 5..<9 { bytes[index + place] = 0xff - UInt8(place & 1) * 0x10 }
      break
    }
    return bytes
  }

  private static func word(for result: Result) -> String {
    switch result {
    case .success: return "loaded"
    case .failure(let error):
      guard case .file(let cause) = error.reason else { return "\(error)" }
      switch cause.reason {
      case .unreadable: return "unreadable"
      case .notAFile: return "notAFile"
      case .empty: return "empty"
      case .unrecognized: return "unrecognized"
      case .truncated: return "truncated"
      case .damaged: return "damaged"
      case .tooMuch: return "tooMuch"
      default: return "\(error)"
      }
    }
  }

  private static func threads() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count
  }

  private static func descriptors() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
  }
}
