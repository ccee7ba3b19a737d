import TestSupport
import XCTest

@testable import TexAllocAssets

final class AssetQueueTests: XCTestCase {
  /// Beside a list that is searched.
  func testTheMostUrgentComesFirstWhateverChanges() {
    var random = SplitMix64(seed: 7)
    for _ in 0..<50 {
      var queue = AssetQueue()
      var model: [Int: AssetQueue.Key] = [:]
      var order: UInt64 = 0
      func key() -> AssetQueue.Key {
        order += 1
        return AssetQueue.Key(priority: Int32.random(in: -3...3, using: &random), order: order)
      }
      for _ in 0..<300 {
        let number = Int.random(in: 0..<40, using: &random)
        let new = key()
        switch (model[number] != nil, Int.random(in: 0..<4, using: &random)) {
        case (false, _):
          queue.insert(number, new)
          model[number] = new
        case (true, 0):
          queue.remove(number)
          model[number] = nil
        case (true, 1):
          XCTAssertEqual(queue.popFirst(), model.max { $0.value < $1.value }?.key)
          model = model.filter { queue.contains($0.key) }
        case (true, _):
          queue.change(number, to: new)
          model[number] = new
        }
        XCTAssertEqual(queue.count, model.count)
        XCTAssertEqual(queue.first?.number, model.max { $0.value < $1.value }?.key)
      }
      let rest = model.sorted { $1.value < $0.value }.map(\.key)
      XCTAssertEqual(rest, rest.compactMap { _ in queue.popFirst() })
      XCTAssertTrue(queue.isEmpty)
    }
  }

  func testOfEqualsTheEarlierComesFirst() {
    var queue = AssetQueue()
    for number in 0..<10 {
      queue.insert(number, AssetQueue.Key(priority: 5, order: UInt64(number)))
    }
    XCTAssertEqual((0..<10).compactMap { _ in queue.popFirst() }, Array(0..<10))
  }
}
