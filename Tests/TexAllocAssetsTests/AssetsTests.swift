import SystemPackage
import TexAlloc
import TexAllocAssets
import TexAllocEGL
import TexAllocJPEG
import XCTest

/// On the main actor, whose thread the GPU's context is current on, as a toolkit would have it.
@MainActor
final class AssetsTests: XCTestCase {
  func testAFileBecomesATextureInOneCall() async throws {
    let assets = try makeAssets()
    let texture = try await assets.texture(at: photograph("hills.jpg"))
    XCTAssertEqual(texture.buffer.layout.width, 480)
    XCTAssertEqual(texture.buffer.layout.height, 320)
  }

  func testABatchKeepsItsOrderAndOneBrokenFileFailsAlone() async throws {
    let assets = try makeAssets()
    let paths = [photograph("sea.jpg"), FilePath("/no/such/file.jpg"), photograph("moon.jpg")]
    var done: [Int] = []
    let results = await assets.textures(at: paths) { done.append($0.done) }
    XCTAssertEqual(done, [1, 2, 3])
    XCTAssertEqual(try results[0].get().texture.buffer.layout.width, 640)
    XCTAssertThrowsError(try results[1].get()) {
      XCTAssertEqual("\($0)", "/no/such/file.jpg: No such file or directory")
    }
    XCTAssertEqual(try results[2].get().texture.buffer.layout.width, 383)
  }

  func testABatchOfManyFilesTakesAndGivesBackItsSlots() async throws {
    let assets = try makeAssets()
    let paths = (0..<60).map { photograph(["dunes.jpg", "lake.jpg", "brook.jpg"][$0 % 3]) }
    let results = await assets.textures(at: paths)
    XCTAssertEqual(results.compactMap { try? $0.get() }.count, 60)
    XCTAssertEqual(assets.pool.statistics.slots, 60)
  }

  func testCancellingEndsTheDecoding() async throws {
    let assets = try makeAssets()
    let task = Task { await assets.textures(at: [photograph("clouds.jpg")]) }
    task.cancel()  // before it has the actor
    let results = await task.value
    XCTAssertThrowsError(try results[0].get()) {
      guard case AssetError.decoding(let error) = $0 else { return XCTFail("\($0)") }
      XCTAssertEqual(error.reason, .cancelled)
    }
    XCTAssertEqual(assets.pool.statistics.slots, 0)
  }

  /// The files are none, so that opening one would be another error.
  func testAWrongThreadIsToldBeforeAnyFileIsOpened() async throws {
    let thread = try await RenderThread(.software)
    let pool = try TexturePool(for: [thread.gpu, JPEGDecoder.component])
    let assets = Assets(gpu: thread.gpu, pool: pool)
    let nowhere = FilePath("/no/such/file.jpg")
    do {
      _ = try await assets.texture(at: nowhere)
      XCTFail("registered where no context is current")
    } catch {
      XCTAssertEqual(error.refusal?.cause, .wrongThread, "\(error)")
    }
    let results = await assets.textures(at: [nowhere, nowhere])
    XCTAssertEqual(results.count, 2)
    XCTAssertThrowsError(try results[1].get()) {
      XCTAssertEqual(($0 as? AssetError)?.refusal?.cause, .wrongThread, "\($0)")
    }
  }

  func testARenderThreadTakesItsTexturesAfterEveryWait() async throws {
    let thread = try await RenderThread(.software)
    let pool = try TexturePool(for: [thread.gpu, JPEGDecoder.component])
    let paths = ["sea.jpg", "moon.jpg", "lake.jpg"].map(photograph)
    let names = try await thread.run { thread in
      let assets = Assets(gpu: thread.gpu, pool: pool)
      let one = try await assets.texture(at: paths[0])
      let more = try await assets.textures(at: paths).map { try $0.get().texture }
      return ([one] + more).map(\.name)
    }
    XCTAssertEqual(Set(names).count, 4)
  }

  private func makeAssets() throws -> Assets {
    let gpu = try EGLDevice.surfaceless(.software)
    return Assets(gpu: gpu, pool: try TexturePool(for: [gpu, JPEGDecoder.component]))
  }

  private func photograph(_ name: String) -> FilePath {
    FilePath(#filePath).removingLastComponent().pushing("../../assets/photos").appending(name)
  }
}

extension AssetError {
  fileprivate var refusal: RegistrationRefused? {
    guard case .registration(_, let refusal) = self else { return nil }
    return refusal
  }
}
