import TexAlloc
import XCTest

final class FourccTests: XCTestCase {
  func testCharactersAreALittleEndianNumber() {
    XCTAssertEqual(Fourcc("AB24"), .abgr8888)
    XCTAssertEqual(Fourcc("R8  "), .r8)
    XCTAssertEqual(Fourcc.nv12.description, "NV12")
  }

  func testOnlyFourPrintableASCIICharactersAreACode() {
    for wrong in ["", "R8", "ABCDE", "AB2\n", "ÄB2"] { XCTAssertNil(Fourcc(wrong), wrong) }
  }
}
