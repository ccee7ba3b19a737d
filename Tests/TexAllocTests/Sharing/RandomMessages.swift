import TestSupport

@testable import TexAlloc

/// Messages of every kind, all of whose fields vary.
struct RandomMessages {
  private var random: SplitMix64

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  mutating func next() -> WireMessage {
    switch number(1...10) {
    case 1: .hello(name: text())
    case 2: .ask
    case 3: .attributes((0..<number(0...3)).map { _ in participant() })
    case 4: .conflict(text())
    case 5: .offer(offer())
    case 6: .again(tenure(), fence())
    case 7: .release(tenure(), fence(), refusal: text())
    case 8: .withdraw(number: UInt64(number(1...9)))
    case 9: .reached(UInt64(number(1...9)))
    default: .farewell(text())
    }
  }

  mutating func byte() -> UInt8 { .random(in: 0...255, using: &random) }
  mutating func number(_ range: ClosedRange<Int>) -> Int { .random(in: range, using: &random) }

  mutating func offer() -> WireOffer {
    let planes = number(1...4)
    let memories = number(1...planes)
    return WireOffer(
      tenure: WireTenure(number: UInt64(number(1...Int.max)), generation: 1),
      width: UInt32(number(1...5000)), height: UInt32(number(1...5000)),
      format: format(),
      planes: (0..<planes).map {
        .init(
          offset: UInt64(number(0...Int.max)), pitch: UInt32(number(1...1 << 20)),
          memory: UInt32(min($0, memories - 1)))
      },
      memories: memories, isKept: flag(),
      orientation: one(of: Orientation.allCases),
      colour: Colour(
        matrix: one(of: Colour.Matrix.allCases), range: one(of: Colour.Range.allCases),
        transfer: one(of: Colour.Transfer.allCases),
        horizontalSiting: one(of: Colour.Siting.allCases),
        verticalSiting: one(of: Colour.Siting.allCases)),
      alpha: one(of: Alpha.allCases), sampling: one(of: Sampling.allCases), fence: fence(),
      label: text(), attributes: constraints())
  }

  private mutating func tenure() -> WireTenure {
    WireTenure(number: UInt64(number(1...9)), generation: UInt64(number(1...9)))
  }

  private mutating func fence() -> WireFence {
    one(of: [.passed, .syncFile, .counter(UInt64(number(1...Int.max)))])
  }

  private mutating func participant() -> BufferAttributes {
    var participant = BufferAttributes(name: text())
    participant.constraints = constraints()
    participant.alternatives = (0..<number(0...2)).map { _ in constraints() }
    return participant
  }

  private mutating func constraints() -> BufferConstraints {
    var constraints = BufferConstraints()
    for field in AttributeField.allCases where flag() {
      switch field.storage {
      case .number(let path): constraints[keyPath: path] = number(0...Int.max)
      case .flag(let path): constraints[keyPath: path] = flag()
      case .formats(let path):
        constraints[keyPath: path] = (0..<number(0...5)).map { _ in format() }
      case .heaps(let path): constraints[keyPath: path] = (0..<number(0...3)).map { _ in text() }
      case .caching(let path): constraints[keyPath: path] = Caching.allCases
      case .cpuUsage(let path): constraints[keyPath: path] = [.read]
      case .deviceUsage(let path): constraints[keyPath: path] = [.sample, .scanout]
      }
    }
    return constraints
  }

  private mutating func format() -> Format {
    Format(
      Fourcc(rawValue: .random(in: 0...UInt32.max, using: &random)),
      Modifier(rawValue: .random(in: 0...UInt64.max, using: &random)))
  }

  private mutating func text() -> String { one(of: ["", "a", "Bach bei Nacht", "水の流れ 🌊"]) }
  private mutating func flag() -> Bool { .random(using: &random) }
  private mutating func one<Value>(of values: [Value]) -> Value {
    values[number(0...values.count - 1)]
  }
}
