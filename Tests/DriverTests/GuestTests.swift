import Foundation
import TestSupport
import TexAlloc
import XCTest

/// That the guest is what the other tests take it for. They would be skipped where it is not.
final class GuestTests: XCTestCase {
  func testEveryHeapIsThere() throws {
    _ = try Monitor()
    XCTAssertEqual(
      Set(try PresentHeap.all().map(\.name)),
      [
        "gbm:vgem", "gbm:virtio_gpu", "gbm:cirrus", "dma-heap:system", "udmabuf", "drm-dumb:vgem",
        "drm-dumb:virtio_gpu", "drm-dumb:cirrus",
      ])
  }

  func testAPictureOfTheScreenIsTaken() throws {
    let monitor = try Monitor()
    for screen in ["cirrus", "virtio_gpu"] {
      let file = "out/vm/\(screen).png"
      XCTAssertEqual(try monitor.ask("screendump \(file) -f png \(screen)"), "")
      let picture = try Data(contentsOf: URL(filePath: file))
      XCTAssertEqual(Array(picture.prefix(4)), [0x89, 0x50, 0x4E, 0x47], "of a PNG file")
    }
  }

  func testTheProbeTellsHowEveryHeapIsCachedAndWhyOneWasChosen() throws {
    _ = try Monitor()
    let run = try ProgramRun("texctl", ["probe", "--json"])
    XCTAssertEqual(run.status, 0, run.complaint)
    let json = try JSONSerialization.jsonObject(with: Data(run.output.utf8))
    let heaps = try XCTUnwrap((json as? [String: Any])?["heaps"] as? [[String: Any]])
    for found in Heaps.found() {
      let entry = try XCTUnwrap(
        heaps.first {
          $0["name"] as? String == found.name
            && $0["present"] as? Bool == ((try? found.heap.get()) != nil)
        }, found.name)
      XCTAssertNotNil(entry["reason"] as? String, "\(entry)")
      guard let caching = found.caching?.caching else { continue }
      let told = entry["caching"] as? String
      XCTAssertEqual(told?.hasPrefix("\(caching.rawValue): "), true, "\(entry)")
    }
    let chosen = heaps.filter { $0["chosen"] as? Bool == true }
    XCTAssertEqual(chosen.map { $0["name"] as? String }, [Heaps.present()[0].name])
    XCTAssertEqual(
      chosen.first?["reason"] as? String,
      "of the heaps that suit everybody it ranks first, by caching and then by kind")
  }
}
