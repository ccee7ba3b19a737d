import XCTest

@testable import TexAlloc

final class WireFormTests: XCTestCase {
  func testEveryMessageReadsAsItWasWritten() throws {
    var messages = RandomMessages(seed: 21)
    for sequence in 0..<2000 as Range<UInt64> {
      let message = messages.next()
      let bytes = message.encoded(as: sequence)
      XCTAssertEqual(
        try read(bytes, message.descriptors, sequence), message, "message \(sequence)")
    }
  }

  func testNoMessageIsShorterOrLongerThanItSays() throws {
    var messages = RandomMessages(seed: 22)
    for _ in 0..<100 {
      let message = messages.next()
      let bytes = message.encoded(as: 0)
      for size in 0..<bytes.count {
        XCTAssertThrowsError(try read(Array(bytes.prefix(size)), message.descriptors))
        // Also where the header agrees with the packet.
        var cut = Array(bytes.prefix(size))
        if size >= WireForm.headerSize {
          cut[8] = UInt8(size & 0xFF)
          cut[9] = UInt8(size >> 8)
          XCTAssertThrowsError(try read(cut, message.descriptors))
        }
      }
      XCTAssertThrowsError(try read(bytes + [0], message.descriptors))
    }
  }

  /// So nothing that is read is left out of account.
  func testWhateverIsReadIsWrittenAsTheSameBytes() throws {
    var messages = RandomMessages(seed: 23)
    var accepted = 0
    for _ in 0..<20_000 {
      let message = messages.next()
      var bytes = message.encoded(as: 0)
      for _ in 0..<messages.number(1...3) {
        let place = messages.number(0...bytes.count - 1)
        bytes[place] = messages.number(0...3) == 0 ? messages.byte() : bytes[place] ^ 1
      }
      guard let read = try? read(bytes, message.descriptors) else { continue }
      accepted += 1
      XCTAssertEqual(read.encoded(as: 0), bytes)
    }
    XCTAssertGreaterThan(accepted, 1000)
  }

  func testTheFieldAtFaultIsNamed() throws {
    let hello = WireMessage.hello(name: "me").encoded(as: 7)
    func field(_ change: (inout [UInt8]) -> Void, descriptors: Int = 0) -> String? {
      var bytes = hello
      change(&bytes)
      do throws(MalformedMessage) {
        _ = try WireMessage(bytes.span, descriptors: descriptors, sequence: 7)
        return nil
      } catch {
        return "\(error.message): \(error.field)"
      }
    }
    XCTAssertNil(field { _ in })
    XCTAssertEqual(field { $0[0] = 0 }, "header: magic")
    XCTAssertEqual(field { $0[4] = 2 }, "header: version")
    XCTAssertEqual(field { $0[6] = 99 }, "header: kind")
    XCTAssertEqual(field { $0[8] += 1 }, "hello: size")
    XCTAssertEqual(field({ _ in }, descriptors: 1), "hello: descriptors")
    XCTAssertEqual(field({ $0[12] = 1 }, descriptors: 1), "hello: descriptors")
    XCTAssertEqual(field { $0[16] = 6 }, "hello: sequence")
    XCTAssertEqual(field { $0[26] = 0x1B }, "hello: name")
    XCTAssertEqual(field { $0[26] = 0xFF }, "hello: name")
  }

  /// The page lists these in this order; what has gone out into the world stays.
  func testTheNumbersAreThoseOfThePage() throws {
    XCTAssertEqual(
      AttributeField.wireWords.map(\.rawValue),
      [
        "offsetAlignment", "pitchAlignment", "heightAlignment", "sizeAlignment",
        "physicalAlignment", "minPitch", "maxPitch", "minWidth", "maxWidth", "minHeight",
        "maxHeight", "minSize", "maxSize", "minBuffers", "maxBuffers", "heldBuffers", "formats",
        "heaps", "caching", "contiguous", "protected", "cpuUsage", "deviceUsage",
      ])
    XCTAssertEqual(Caching.wireWords, [.writeCombining, .cached, .uncached])
    XCTAssertEqual(CPUUsage.wireWords, [.randomWrite, .read, .sequentialWrite])
    XCTAssertEqual(
      DeviceUsage.wireWords,
      [.capture, .decode, .encode, .mipmap, .render, .sample, .scanout, .finish])
    XCTAssertEqual(Colour.Matrix.wireWords, [.bt601, .bt709, .bt2020])
    XCTAssertEqual(Colour.Range.wireWords, [.full, .limited])
    XCTAssertEqual(Colour.Transfer.wireWords, [.sRGB, .linear, .bt709, .pq, .hlg])
    XCTAssertEqual(Colour.Siting.wireWords, [.centred, .cosited])
    XCTAssertEqual(Alpha.wireWords, [.premultiplied, .straight, .opaque])
    XCTAssertEqual(Sampling.wireWords, [.asStored, .asLight])
    XCTAssertEqual(WireMessage.Kind.allCases.map(\.rawValue), Array(1...10))
  }

  func testEveryWordHasANumber() {
    XCTAssertEqual(Set(Caching.wireWords), Set(Caching.allCases))
    XCTAssertEqual(Set(CPUUsage.wireWords), Set(CPUUsage.allCases))
    XCTAssertEqual(Set(DeviceUsage.wireWords), Set(DeviceUsage.allCases))
    XCTAssertEqual(Set(Colour.Matrix.wireWords), Set(Colour.Matrix.allCases))
    XCTAssertEqual(Set(Colour.Range.wireWords), Set(Colour.Range.allCases))
    XCTAssertEqual(Set(Colour.Transfer.wireWords), Set(Colour.Transfer.allCases))
    XCTAssertEqual(Set(Colour.Siting.wireWords), Set(Colour.Siting.allCases))
    XCTAssertEqual(Set(Alpha.wireWords), Set(Alpha.allCases))
    XCTAssertEqual(Set(Sampling.wireWords), Set(Sampling.allCases))
    XCTAssertEqual(Set(AttributeField.wireWords), Set(AttributeField.allCases))
  }

  func testAMessageIsTheBytesOfThePage() {
    XCTAssertEqual(
      WireMessage.hello(name: "me").encoded(as: 1),
      [
        0x54, 0x58, 0x41, 0x4C, 1, 0, 1, 0, 28, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
        2, 0, 0x6D, 0x65,
      ])
    let offer = WireOffer(
      tenure: WireTenure(number: 3, generation: 1), width: 16, height: 4,
      format: Format(.abgr8888), planes: [.init(offset: 0, pitch: 64, memory: 0)], memories: 1,
      isKept: true, orientation: .turnedRight, colour: .video, alpha: .opaque,
      sampling: .asStored, fence: .counter(9), label: "b", attributes: BufferConstraints())
    let bytes = WireMessage.offer(offer).encoded(as: 0)
    XCTAssertEqual(bytes.count, 24 + 32 + 12 + 4 + 8 + 8 + 64 + 3 + 4)
    XCTAssertEqual(bytes[68..<72], [1, 1, 1, 6])
    XCTAssertEqual(bytes[80..<88], [1, 1, 2, 1, 0, 2, 0, 0])
    XCTAssertEqual(bytes[96], 64)
  }

  func testOurOwnWordsFit() {
    XCTAssertEqual("a\u{1B}[2J\nb".fit(forWire: 100), "a [2J b")
    XCTAssertEqual("ää".fit(forWire: 3), "ä")
  }

  private func read(
    _ bytes: [UInt8], _ descriptors: Int, _ sequence: UInt64 = 0
  ) throws -> WireMessage {
    try WireMessage(bytes.span, descriptors: descriptors, sequence: sequence)
  }
}
