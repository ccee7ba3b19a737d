import Foundation
import Synchronization
import SystemPackage
import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocAssets

/// A device that takes everything, until it is lost.
final class PlainDevice: Registrar {
  final class Handle: Registration {
    let component = "device"
    let buffer: TextureBuffer
    init(_ buffer: TextureBuffer) { self.buffer = buffer }
  }

  let attributes = BufferAttributes(name: "device") { $0.deviceUsage = [.sample, .finish] }
  let isLost = Atomic(false)
  /// What registering takes, in microseconds.
  let cost = Atomic(0)
  let registered = Atomic(0)

  func register(_ buffer: TextureBuffer) throws(RegistrationRefused) -> Handle {
    if isLost.load(ordering: .relaxed) {
      throw RegistrationRefused(.lost, by: "device", field: "context", wanted: "one", held: "none")
    }
    usleep(UInt32(cost.load(ordering: .relaxed)))
    registered.add(1, ordering: .relaxed)
    return Handle(buffer)
  }
}

/// A loader with a decoder, a disk and a device that tests hold in their hands.
final class LoaderUnderTest: Sendable {
  typealias Loaded = LoadedTexture<PlainDevice.Handle>

  let device = PlainDevice()
  let decoder = ScriptedDecoder()
  let pool: TexturePool
  let assets: Assets<PlainDevice.Handle>
  /// Where threads that read wait.
  let disk = Gate()
  /// How many files were opened.
  let opens = Atomic(0)
  /// What has ended, by name, in order.
  let ended = Mutex<[(name: String, result: Result<Loaded, AssetError>)]>([])

  init(
    limits: AssetLimits = AssetLimits(), pool poolLimits: PoolLimits = PoolLimits(),
    threads: Int = 1,
    file: @escaping @Sendable (String) -> [UInt8] = { _ in ScriptedDecoder.file() }
  ) throws {
    pool = try TexturePool(for: [device, decoder], from: [MemfdHeap()], limits: poolLimits)
    let (gate, opens) = (disk, Counter())
    let source = Disk(
      mount: { path in path.components.first?.string ?? "/" },
      open: { path throws(ImageDecodingError) in
        gate.pass(path.string)
        opens.count.add(1, ordering: .relaxed)
        return EncodedFile(ImageSource(file(path.string), named: path.string), nil)
      })
    self.openCounter = opens
    assets = Assets(
      try AssetEngine(
        .registrar(device), pool, [decoder], limits,
        on: try WorkerThreads(threads, named: "test-decode"), from: source))
  }

  final class Counter: Sendable { let count = Atomic(0) }
  private let openCounter: Counter
  var openCount: Int { openCounter.count.load(ordering: .relaxed) }

  @discardableResult
  func submit(_ name: String, _ priority: AssetPriority = .normal) -> AssetLoad {
    submit(AssetRequest(FilePath(name), priority))
  }

  @discardableResult
  func submit(_ request: AssetRequest) -> AssetLoad {
    assets.submit(request) { [self] result in note(request.name, result) }
  }

  func note(_ name: String, _ result: Result<Loaded, AssetError>) {
    ended.withLock { $0.append((name, result)) }
  }

  var names: [String] { ended.withLock { $0.map(\.name) } }

  func error(of name: String) -> AssetError? {
    ended.withLock { ended in
      guard case .failure(let error) = ended.first(where: { $0.name == name })?.result
      else { return nil }
      return error
    }
  }

  /// Forgets textures, so that their slots come back.
  func forget() { ended.withLock { $0 = [] } }

  /// Polls until something is so; fails where that takes a minute.
  func poll(until isSo: () throws -> Bool, file: StaticString = #filePath, line: UInt = #line)
    rethrows
  {
    let end = ContinuousClock.now + .seconds(60)
    while try !isSo() {
      if ContinuousClock.now > end {
        return XCTFail("it does not come about: \(assets.statistics)", file: file, line: line)
      }
      _ = try? assets.poll(budget: .milliseconds(1))
      usleep(500)
    }
  }

  func pollUntilEnded(_ count: Int, file: StaticString = #filePath, line: UInt = #line) {
    poll(until: { ended.withLock { $0.count } >= count }, file: file, line: line)
  }
}

/// Waits without polling.
func waitUntil(
  _ isSo: () throws -> Bool, file: StaticString = #filePath, line: UInt = #line
) rethrows {
  let end = ContinuousClock.now + .seconds(60)
  while try !isSo() {
    if ContinuousClock.now > end {
      return XCTFail("it does not come about", file: file, line: line)
    }
    usleep(500)
  }
}
