import TestSupport
import TexAlloc

extension BufferAttributes {
  /// Participants that are valid, and disagree about as often as they agree.
  static func random(
    count: ClosedRange<Int>, alternatives: ClosedRange<Int> = 0...0, using random: inout SplitMix64
  ) -> [BufferAttributes] {
    let count = Int.random(in: count, using: &random)
    let provider = Int.random(in: 0..<2 * count, using: &random)
    return (0..<count).map { index in
      let constraints = BufferConstraints.random(opinionated: 4, using: &random)
      let choices = (0..<Int.random(in: alternatives, using: &random)).map { _ in
        BufferConstraints.random(opinionated: 8, using: &random)
      }
      return BufferAttributes(
        name: "p\(index)", provides: index == provider ? .random(using: &random) : nil,
        alternatives: choices
      ) { $0 = constraints }
    }
  }
}

extension ProvidedMemory {
  static func random(using random: inout SplitMix64) -> ProvidedMemory {
    let alignments = [1, 3 << 20, 1 << 20, 1 << 31]
    return ProvidedMemory(
      contiguous: Int.random(in: 0..<4, using: &random) > 0,
      physicalAlignment: alignments[Int.random(in: alignments.indices, using: &random)],
      protected: .random(using: &random))
  }
}

extension BufferConstraints {
  /// - Parameter opinionated: One field in so many is set.
  static func random(opinionated: Int, using random: inout SplitMix64) -> BufferConstraints {
    var constraints = BufferConstraints()
    func some<Value>(_ value: @autoclosure () -> Value) -> Value? {
      Int.random(in: 0..<opinionated, using: &random) == 0 ? value() : nil
    }
    func one<Value>(of values: [Value]) -> Value {
      values[Int.random(in: values.indices, using: &random)]
    }
    func several<Value>(of values: [Value], atLeast least: Int = 1) -> [Value] {
      let count = Int.random(in: least...values.count, using: &random)
      return Array(values.shuffled(using: &random).prefix(count))
    }

    for path in Self.alignments { constraints[keyPath: path] = some(one(of: Self.multiples)) }
    for (least, most) in Self.bounds {
      constraints[keyPath: least] = some(one(of: Self.limits))
      let limit = constraints[keyPath: least] ?? 1
      constraints[keyPath: most] = some(one(of: Self.limits.filter { $0 >= limit }))
    }
    constraints.heldBuffers = some(one(of: [0, 1, 3, .max - 3]))
    constraints.formats = some(several(of: Self.someFormats, atLeast: 3))
    constraints.heaps = some(several(of: ["system", "caf\u{E9}", "cafe\u{301}"]))
    constraints.caching = some(several(of: Caching.allCases))
    constraints.contiguous = some(.random(using: &random))
    constraints.protected = some(.random(using: &random))
    constraints.cpuUsage = some(several(of: CPUUsage.allCases, atLeast: 0))
    constraints.deviceUsage = some(several(of: DeviceUsage.allCases, atLeast: 0))

    if constraints.contiguous == true {
      constraints.physicalAlignment = some(one(of: [3, 1 << 20, 1 << 31]))
    }
    if constraints.protected == true { constraints.cpuUsage = some([]) }
    return constraints
  }

  private typealias Number = WritableKeyPath<BufferConstraints, Int?>

  private static var alignments: [Number] {
    [\.offsetAlignment, \.pitchAlignment, \.heightAlignment, \.sizeAlignment]
  }

  private static var bounds: [(least: Number, most: Number)] {
    [
      (\.minPitch, \.maxPitch), (\.minWidth, \.maxWidth), (\.minHeight, \.maxHeight),
      (\.minSize, \.maxSize), (\.minBuffers, \.maxBuffers),
    ]
  }

  private static let multiples = [1, 2, 3, 4, 6, 64, 4096, 65535, 65536, 1 << 31]
  private static let limits = [1, 2, 63, 64, 100, 4096, 8192, 1 << 40, .max]
  private static let someFormats = [
    Format(.xrgb8888), Format(.abgr8888), Format(.abgr8888, Modifier(rawValue: 1)),
    Format(.yuyv), Format(.nv12), Format(.r8), Format(Fourcc(rawValue: 0x3031_3050)),
  ]
}
