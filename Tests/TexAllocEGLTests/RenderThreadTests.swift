import Foundation
import TestSupport
import TexAlloc
import TexAllocEGL
import XCTest

final class RenderThreadTests: XCTestCase {
  func testItStaysOnOneThreadWhateverItWaitsFor() async throws {
    let thread = try await RenderThread(.tested)
    let names = try await thread.run { thread in
      var names: Set<UInt> = []
      for _ in 0..<20 {
        names.insert(UInt(pthread_self()))
        XCTAssertTrue(thread.gpu.isCurrent)
        try await Task.sleep(for: .milliseconds(1))
        await Self.elsewhere()
      }
      return names
    }
    XCTAssertEqual(names.count, 1)
    XCTAssertFalse(thread.gpu.isCurrent)
  }

  func testWhatIsLetGoOfElsewhereIsCollectedThere() async throws {
    let thread = try await RenderThread(.tested)
    let image = ImageDescriptor(width: 16, height: 4, formats: [.abgr8888])
    let pool = try TexturePool(for: [thread.gpu])
    var texture: Texture? = try await thread.run { thread in
      try thread.gpu.texture(for: pool.allocate(image))
    }
    XCTAssertEqual(texture?.component, "gpu")
    texture = nil
    try await thread.run { thread in
      try thread.gpu.collect()
      try? await Task.sleep(for: .milliseconds(1))
      XCTAssertEqual(thread.gpu.statistics.liveImages, 0)
    }
  }

  /// Where the actor is gone, its context is current nowhere, and the device collects by itself.
  func testADeviceOutlivesItsThread() async throws {
    var thread: RenderThread? = try await RenderThread(.tested)
    var gpu = thread?.gpu
    let pool = try TexturePool(for: [gpu].compactMap { $0 })
    let image = ImageDescriptor(width: 16, height: 4, formats: [.abgr8888])
    var texture = try await thread?.run { try $0.gpu.texture(for: pool.allocate(image)) }
    thread = nil
    try await wait { (try? gpu?.makeCurrent()) != nil }
    texture = nil
    XCTAssertNil(texture)
    try gpu?.collect()
    gpu = nil
    try await wait {
      _ = try? pool.allocate(image)
      return pool.statistics.waitingSlots == 0
    }
  }

  func testADeviceThatCannotBeOpenedIsTheFailure() async {
    do {
      _ = try await RenderThread(.named("no such driver"))
      XCTFail("opened")
    } catch {
      XCTAssertTrue(error.isUnsupported, "\(error)")
    }
  }

  @concurrent private static func elsewhere() async {}

  private func wait(for condition: () -> Bool) async throws {
    for _ in 0..<2000 where !condition() { try await Task.sleep(for: .milliseconds(5)) }
    XCTAssertTrue(condition())
  }
}
