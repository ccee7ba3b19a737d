import TexAlloc
import XCTest

@testable import texbench

/// Prices of the model that are measured.
final class ModelFitTests: XCTestCase {
  func testEachPriceIsMeasured() throws {
    let model = ModelFit.measured(on: try MemfdHeap().makeSlab(of: 1 << 20))
    for price in [model.busWrite, model.partialWrite, model.load] {
      XCTAssertGreaterThan(price, 0)
      XCTAssertLessThan(price, 1e6, "nanoseconds for a line")
    }
  }

  func testWithoutWriteCombiningMemoryThePricesStayAndTheReportSaysSo() throws {
    guard !Heaps.present().contains(where: \.isWriteCombining) else {
      throw XCTSkip("there is write-combining memory here")
    }
    let given = WriteCombiningModel(busWrite: 1, partialWrite: 2, load: 3)
    let fit = ModelFit(nil, instead: given)
    XCTAssertEqual(fit.model, given)
    XCTAssertEqual(fit.words, "not fitted: no memory here is write-combining")
  }
}
