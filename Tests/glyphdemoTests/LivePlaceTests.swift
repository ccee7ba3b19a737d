import ProgramSupport
import TexAlloc
import XCTest

@testable import TexAllocV4L2
@testable import glyphdemo

/// Places for pictures that change, without a device that gives them.
final class LivePlaceTests: XCTestCase {
  func testAPictureThatNobodyCanDrawClosesItsPlaceWithTheReason() throws {
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    let buffer = try pool.allocate(ImageDescriptor(width: 64, height: 64, formats: [.xrgb8888]))
    let picture = VideoFrame(
      buffer: buffer, region: ImageRegion(of: ImageSize(width: 64, height: 64)), sequence: 0,
      time: .zero, isDamaged: false)
    let place = LivePlace("camera") { OneSource(picture: picture) }
    place.advance { false }
    place.draw { _ in throw ProgramFailure("the GPU refuses it") }
    place.advance { false }
    place.draw { _ in XCTFail("it is drawn again") }
    let report = place.end()
    XCTAssertEqual(report.pictures, 1)
    XCTAssertEqual(report.absence, "the GPU refuses it")
  }

  func testWhoInterruptsIsHeardWhileTheFirstPictureIsWaitedFor() {
    let place = LivePlace("camera") { OneSource(picture: nil) }
    var isInterrupted = false
    place.advance {
      defer { isInterrupted = true }
      return isInterrupted
    }
    XCTAssertNil(place.newest)
    XCTAssertNil(place.end().absence, "it is not the camera's fault")
  }
}

/// Gives the same picture each time, or none.
private struct OneSource: LiveSource {
  let picture: VideoFrame?
  var caption: String { "one" }
  var memory: LiveReport.Memory? { nil }
  func next(until deadline: ContinuousClock.Instant) -> VideoFrame? { picture }
  func stop() {}
}
