import TexAlloc
import TexAllocJSON
import XCTest

final class ImageLayoutTests: XCTestCase {
  private let text =
    #"{"width": 16, "height": 8, "format": {"fourcc": "NV12", "modifier": 0}, "#
    + #""planes": [{"offset": 0, "pitch": 64, "rows": 8}, "#
    + #"{"offset": 512, "pitch": 64, "rows": 4}], "size": 768, "#
    + #""colour": {"matrix": "bt709", "range": "limited", "transfer": "bt709", "#
    + #""horizontalSiting": "cosited", "verticalSiting": "centred"}, "alpha": "opaque"}"#

  func testALayoutSurvivesItsMessage() throws {
    let layout = try ImageLayout(json: Array(text.utf8), named: "frame")
    XCTAssertEqual(layout.colour, .video)
    XCTAssertEqual(layout.shapes.count, 2)
    XCTAssertEqual(layout.json, text)
    for fourcc in FormatTable.known.formats {
      var image = ImageDescriptor(width: 33, height: 17, formats: [fourcc])
      image.alpha = .straight
      image.colour.transfer = .linear
      let layout = try TexturePool(for: [], from: [MemfdHeap()]).allocate(image, for: []).layout
      XCTAssertEqual(try ImageLayout(json: Array(layout.json.utf8), named: ""), layout)
    }
  }

  func testAFormatOfOthersIsDescribedByWhoeverReads() throws {
    let fourcc = try XCTUnwrap(Fourcc("GY10"))
    var image = ImageDescriptor(width: 5, height: 3, formats: [fourcc])
    image.table[fourcc] = [PlaneShape([.init(.luma, bits: 10), .init(.unused, bits: 6)])]
    let layout = try TexturePool(for: [], from: [MemfdHeap()]).allocate(image, for: []).layout
    let message = Array(layout.json.utf8)
    XCTAssertEqual(try ImageLayout(json: message, named: "grey", in: image.table), layout)
    XCTAssertEqual(try ImageLayout(json: message, named: "grey").shapes, [])
  }

  func testWhatIsWrongIsNamed() {
    func refusal(_ old: String, _ new: String) -> String {
      do {
        _ = try ImageLayout(
          json: Array(text.replacing(old, with: new).utf8), named: "frame")
        return "none"
      } catch { return "\(error.participant ?? "") \(error.field ?? ""): \(error.reason)" }
    }
    XCTAssertEqual(refusal(#""size": 768, "#, ""), "frame size: missing")
    XCTAssertEqual(refusal(#""pitch": 64, "#, ""), "frame pitch: missing")
    XCTAssertEqual(
      refusal(#""opaque""#, #""none""#),
      #"frame alpha: "none" is none of premultiplied, straight, opaque"#)
    XCTAssertEqual(
      refusal(#""matrix""#, #""metrics""#), "frame matrix: missing")
    XCTAssertEqual(
      refusal(#""matrix""#, #""a": 1, "matrix""#), "frame a: unknown key in a colour")
    XCTAssertEqual(
      refusal(#""rows": 8"#, #""rows": 8.5"#),
      "frame rows: 8.5 is not written as an integer from 0 to \(Int.max)")
    let plane = #"{"offset": 0, "pitch": 64, "rows": 8}, "#
    XCTAssertEqual(
      refusal(plane, String(repeating: plane, count: 4)), "frame planes: 5 of at most 4")
    XCTAssertEqual(refusal(#""width""#, #""depth""#), "frame depth: unknown key")
    XCTAssertEqual(refusal("{", "["), "frame : line 1, column 9: ']' expected near ':'")
  }
}
