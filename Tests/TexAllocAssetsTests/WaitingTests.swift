import SystemPackage
import TestSupport
import TexAlloc
import TexAllocAssets
import TexAllocEGL
import TexAllocJPEG
import XCTest

/// What waits, with a GPU.
final class WaitingTests: XCTestCase {
  private func makeAssets(_ gpu: EGLDevice) throws -> (Assets<Texture>, TexturePool) {
    let pool = try TexturePool(for: [gpu, JPEGDecoder.component])
    return (try Assets(gpu: gpu, pool: pool), pool)
  }

  private func photograph(_ name: String) -> FilePath { FilePath(TestPhotograph.path(name)) }

  func testARenderThreadTakesItsTexturesAfterEveryWait() async throws {
    let thread = try await RenderThread(.tested)
    let (assets, _) = try makeAssets(thread.gpu)
    let paths = ["sea.jpg", "moon.jpg", "lake.jpg"].map(photograph)
    let sizes = try await thread.run { thread in
      let one = try await assets.texture(at: paths[0])
      var sizes = ["\(one.buffer.layout.imageSize)"]
      for await next in assets.load(paths.map { AssetRequest($0) }) {
        XCTAssertEqual(next.index < 3, true)
        sizes.append("\(try next.result.get().header.size)")
      }
      return sizes
    }
    XCTAssertEqual(sizes.count, 4)
    XCTAssertEqual(sizes[0], "640x427")
    XCTAssertEqual(Set(sizes).count, 3)
  }

  func testOneBrokenFileFailsAlone() async throws {
    let thread = try await RenderThread(.tested)
    let (assets, _) = try makeAssets(thread.gpu)
    let requests = [
      AssetRequest(photograph("sea.jpg")), "/no/such/file.jpg",
      AssetRequest(photograph("moon.jpg")),
    ]
    let errors = await thread.run { thread in
      var errors: [Int: String] = [:]
      for await next in assets.load(requests) {
        if case .failure(let error) = next.result { errors[next.index] = "\(error)" }
      }
      return errors
    }
    XCTAssertEqual(errors, [1: "/no/such/file.jpg: No such file or directory"])
  }

  /// The files are none, so that opening one would be another error.
  func testAWrongThreadIsToldBeforeAnyFileIsOpened() async throws {
    let thread = try await RenderThread(.tested)
    let (assets, _) = try makeAssets(thread.gpu)
    do {
      _ = try await assets.texture(at: "/no/such/file.jpg")
      XCTFail("registered where no context is current")
    } catch {
      XCTAssertEqual(error.refusal?.cause, .wrongThread, "\(error)")
    }
    var causes: [RegistrationRefused.Cause?] = []
    for await next in assets.load(["/no/such/file.jpg", "/nor/this"]) {
      if case .failure(let error) = next.result { causes.append(error.refusal?.cause) }
    }
    XCTAssertEqual(causes, [.wrongThread, .wrongThread])
  }

  @MainActor
  func testTheMainActorIsNoThread() async throws {
    let thread = try await RenderThread(.tested)
    let (assets, _) = try makeAssets(thread.gpu)
    do {
      _ = try await assets.texture(at: "/no/such/file.jpg")
      XCTFail("registered where no context is current")
    } catch {
      XCTAssertEqual(error.refusal?.cause, .wrongThread, "\(error)")
    }
  }

  func testCancellingATaskEndsWhatItWaitsFor() async throws {
    let thread = try await RenderThread(.tested)
    let (assets, pool) = try makeAssets(thread.gpu)
    let path = photograph("clouds.jpg")
    let task = Task {
      await thread.run { thread in
        var errors: [AssetError] = []
        for await next in assets.load([AssetRequest](repeating: AssetRequest(path), count: 3)) {
          if case .failure(let error) = next.result { errors.append(error) }
        }
        return errors
      }
    }
    task.cancel()  // before it has the thread
    let errors = await task.value
    XCTAssertEqual(errors.map(\.reason), [.cancelled, .cancelled, .cancelled])
    let statistics = assets.statistics
    XCTAssertEqual(statistics.loaded, 0)
    for _ in 0..<2000 where pool.statistics.slots > 0 {
      try await Task.sleep(for: .milliseconds(1))
    }
    XCTAssertEqual(pool.statistics.slots, 0)
  }

  func testWhoStopsIteratingCancelsTheRest() async throws {
    let thread = try await RenderThread(.tested)
    let (assets, _) = try makeAssets(thread.gpu)
    let path = photograph("clouds.jpg")
    let requests = (0..<30).map { number in
      var request = AssetRequest(path)
      request.decoding.damage = .salvage(fill: [UInt8(number), 0, 0, 255])
      return request
    }
    await thread.run { thread in
      for await _ in assets.load(requests) { break }
    }
    for _ in 0..<2000 where assets.statistics.underWay > 0 {
      try await Task.sleep(for: .milliseconds(1))
    }
    XCTAssertGreaterThan(assets.statistics.cancelled, 0)
    XCTAssertEqual(assets.statistics.underWay, 0)
  }

  func testMipmappedPicturesAreCopiesOfTheGPUsOwn() async throws {
    let thread = try await RenderThread(.tested)
    let (assets, _) = try makeAssets(thread.gpu)
    var request = AssetRequest(photograph("lake.jpg"))
    request.isMipmapped = true
    let wanted = request
    let route = try await thread.run { thread in try await assets.load(wanted).texture.route }
    XCTAssertNotEqual(route, .imported)
  }

  func testLoadingGoesOnWithTheDeviceAfterALoss() async throws {
    let path = photograph("lake.jpg")
    let thread = try await RenderThread(.tested)
    let (assets, _) = try makeAssets(thread.gpu)
    let lost = try await thread.run { thread in
      let photo = try await assets.load(AssetRequest(path))
      thread.gpu.contextWasLost()
      return photo
    }
    let next = try await RenderThread(.tested)
    let pool = try TexturePool(for: [next.gpu, JPEGDecoder.component])
    assets.goOn(with: next.gpu, pool: pool)
    let isOfNext = try await next.run { next in
      _ = try await assets.load(AssetRequest(path))
      return await withCheckedContinuation { continuation in
        assets.submit(lost) { continuation.resume(returning: (try? $0.get()) != nil) }
        Self.poll(assets, on: next)
      }
    }
    XCTAssertTrue(isOfNext)
  }

  private static func poll(_ assets: Assets<Texture>, on thread: isolated RenderThread) {
    for _ in 0..<5000 where assets.statistics.underWay > 0 {
      _ = try? assets.poll(budget: .milliseconds(1))
      usleep(1000)
    }
  }
}

extension AssetError {
  fileprivate var refusal: RegistrationRefused? {
    guard case .device(let refusal) = reason else { return nil }
    return refusal
  }
}
