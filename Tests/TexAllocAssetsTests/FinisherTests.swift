import Synchronization
import SystemPackage
import TestSupport
import TexAlloc
import TexAllocEGL
import TexAllocJPEG
import XCTest

@testable import TexAllocAssets

/// Photographs whose decoding a device finishes, or why it does not.
final class FinisherTests: XCTestCase {
  private func photograph(
    _ name: String, _ finisher: Finisher?, _ change: (inout AssetRequest) -> Void = { _ in }
  ) -> AssetRequest {
    var request = AssetRequest(FilePath(TestPhotograph.path(name)))
    request.finisher = finisher
    change(&request)
    return request
  }

  // MARK: With a GPU

  func testTheGPUFinishesWhatItIsDemandedFor() async throws {
    let thread = try await RenderThread(.tested)
    let pool = try TexturePool(for: [thread.gpu, JPEGDecoder.component])
    let assets = try Assets(gpu: thread.gpu, pool: pool, finishedBy: .gpu)
    let byGPU = photograph("lake.jpg", nil)
    let byCPU = photograph("lake.jpg", .cpu)
    let mipmapped = photograph("sea.jpg", nil) { $0.isMipmapped = true }
    let (choices, names, areSame) = try await thread.run { thread in
      let first = try await assets.load(byGPU)
      let second = try await assets.load(byCPU)
      let third = try await assets.load(mipmapped)
      XCTAssertTrue(third.texture.isMipmapped)
      return (
        [first, second, third].map(\.finisher),
        [first, second].map(\.texture.buffer.name),
        try first.texture.shownPixels() == second.texture.shownPixels()
      )
    }
    try XCTSkipIf(choices[0]?.reason?.contains("compute") ?? false, "no compute shaders")
    XCTAssertEqual(choices[0], .gpu)
    XCTAssertEqual(choices[1], .cpu(because: "that was demanded"))
    XCTAssertEqual(choices[2], .gpu)
    XCTAssertEqual(names, ["lake.jpg", "lake.jpg"])
    XCTAssertTrue(areSame)
    XCTAssertEqual(assets.statistics.finishedByGPU, 2)
  }

  func testTheTextureSaysWhyTheGPUDidNotFinishIt() async throws {
    let thread = try await RenderThread(.tested)
    let pool = try TexturePool(for: [thread.gpu, JPEGDecoder.component])
    let assets = try Assets(gpu: thread.gpu, pool: pool)
    let requests = [
      photograph("lake.jpg", nil),
      photograph("lake.jpg", .gpu) { $0.formats = [.argb8888] },
      photograph("lake.jpg", .gpu) { $0.decoding.appliesProfile = true },
      AssetRequest(ImageSource(try SampleFile.make(64, 64, "-arithmetic"))),
    ]
    let reasons = try await thread.run { thread in
      var reasons: [Int: String] = [:]
      for await next in assets.load(requests) {
        reasons[next.index] = try next.result.get().texture.finisher?.reason
      }
      return reasons
    }
    XCTAssertEqual(reasons[0], "the device is software: the CPU would do it")
    XCTAssertEqual(reasons[1], "AR24 was asked for")
    XCTAssertEqual(
      reasons[3], "its coding, its colours or the size that is wanted are not usual")
    XCTAssertEqual(assets.statistics.finishedByGPU, reasons[2] == nil ? 1 : 0)
  }

  // MARK: With a device that tests hold in their hands

  /// What a device is asked for, and what it answers.
  private final class Finishing: Sendable {
    let steps = Atomic(0)
    let begun = Atomic(0)
    let refuses = Atomic(false)
    /// Nothing is given to a device that has as much to do already.
    let cost = Mutex(Duration.milliseconds(3))
  }

  private func makeAssets(
    _ finishing: Finishing, stepsOfEach: Int
  ) throws -> (Assets<PlainDevice.Handle>, TexturePool) {
    let device = PlainDevice()
    let pool = try TexturePool(for: [device, JPEGDecoder.component], from: [MemfdHeap()])
    let plain = AssetDevice.registrar(device)
    let whole = AssetDevice(
      requireReady: plain.requireReady, register: plain.register, finisher: { _, _, _ in .gpu },
      finish: { stream, _ throws(RegistrationRefused) in
        finishing.begun.add(1, ordering: .relaxed)
        if finishing.refuses.load(ordering: .relaxed) {
          throw RegistrationRefused(
            .copyFailed, by: "device", field: "coefficients", wanted: "some", held: "none")
        }
        let left = StepsLeft(stepsOfEach)
        return { time throws(RegistrationRefused) in
          finishing.steps.add(1, ordering: .relaxed)
          if let all = time { time = all - finishing.cost.withLock { $0 } }
          guard left.takeLast() else { return nil }
          return PlainDevice.Handle(stream.makeSpentBuffer())
        }
      }, collect: plain.collect)
    let engine = try AssetEngine(
      whole, pool, [JPEGDecoder.component], AssetLimits(), on: nil, from: .system())
    return (Assets(engine), pool)
  }

  func testAPollGivesTheDeviceNoMoreThanItsTime() throws {
    let finishing = Finishing()
    let (assets, pool) = try makeAssets(finishing, stepsOfEach: 2)
    let ended = Mutex<[String]>([])
    for name in ["lake.jpg", "sea.jpg", "moon.jpg"] {
      assets.submit(photograph(name, nil)) { result in
        XCTAssertEqual((try? result.get())?.finisher, .gpu)
        ended.withLock { $0.append(name) }
      }
    }
    waitUntil { assets.statistics.decoded == 3 }
    for poll in 1...6 {
      try assets.poll(budget: .seconds(1))
      XCTAssertEqual(finishing.steps.load(ordering: .relaxed), poll, "one step is all of its time")
    }
    XCTAssertEqual(ended.withLock { Set($0) }.count, 3)
    XCTAssertEqual(assets.statistics.underWay, 0)
    waitUntil { pool.statistics.slots == 0 }
  }

  func testWhoWaitsIsGivenItByAsManySteps() async throws {
    let finishing = Finishing()
    let (assets, _) = try makeAssets(finishing, stepsOfEach: 4)
    let photo = try await assets.load(photograph("lake.jpg", nil))
    XCTAssertEqual(photo.finisher, .gpu)
    XCTAssertEqual(finishing.steps.load(ordering: .relaxed), 4)
    XCTAssertEqual(finishing.begun.load(ordering: .relaxed), 1)
  }

  func testWhatTheDeviceDoesNotTakeIsDecodedToPixels() throws {
    let finishing = Finishing()
    finishing.refuses.store(true, ordering: .relaxed)
    let (assets, _) = try makeAssets(finishing, stepsOfEach: 1)
    let outcome = Mutex<FinisherChoice?>(nil)
    assets.submit(photograph("lake.jpg", .gpu)) { result in
      outcome.withLock { $0 = (try? result.get())?.finisher }
    }
    try waitUntil {
      try assets.poll(budget: .milliseconds(1))
      return outcome.withLock { $0 != nil }
    }
    let choice = try XCTUnwrap(outcome.withLock { $0 })
    XCTAssertEqual(choice.finisher, .cpu)
    XCTAssertTrue(choice.reason?.contains("wanted some") ?? false, "\(choice)")
    XCTAssertEqual(finishing.begun.load(ordering: .relaxed), 1)
  }

  func testCancellingBetweenStepsLeavesNothing() throws {
    let finishing = Finishing()
    let (assets, pool) = try makeAssets(finishing, stepsOfEach: 100)
    let load = assets.submit(photograph("lake.jpg", nil)) { result in
      if case .success = result { XCTFail("it was cancelled") }
    }
    waitUntil { load.state == .decoded }
    try assets.poll(budget: .milliseconds(1))
    XCTAssertEqual(load.state, .decoded)
    load.cancel()
    try assets.poll(budget: .milliseconds(1))
    XCTAssertEqual(load.state, .ended)
    XCTAssertEqual(assets.statistics.decodedBytes, 0)
    waitUntil { pool.statistics.slots == 0 }
  }
}

private final class StepsLeft: Sendable {
  private let count: Atomic<Int>

  init(_ count: Int) { self.count = Atomic(count) }

  /// Takes one; answers whether it was the last.
  func takeLast() -> Bool { count.subtract(1, ordering: .relaxed).newValue == 0 }
}
