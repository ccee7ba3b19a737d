import TestSupport
import TexAlloc
import TexAllocJSON
import XCTest

/// Tries a law on random participants; prints as JSON the smallest that break it.
func assertLaw(
  _ law: String, participants count: ClosedRange<Int> = 1...4,
  alternatives: ClosedRange<Int> = 0...0, seeds: Range<UInt64> = 0..<1000,
  file: StaticString = #filePath, line: UInt = #line,
  holds: ([BufferAttributes]) -> Bool
) {
  for seed in seeds {
    var random = SplitMix64(seed: seed)
    let participants = BufferAttributes.random(
      count: count, alternatives: alternatives, using: &random)
    if holds(participants) { continue }
    let smallest = shrunk(participants) { !holds($0) }
    let text = smallest.map(\.json).joined(separator: "\n")
    return XCTFail("\(law), seed \(seed):\n\(text)", file: file, line: line)
  }
}

/// Takes away what can be taken away while the participants still fail.
func shrunk(_ participants: [BufferAttributes], fails: ([BufferAttributes]) -> Bool)
  -> [BufferAttributes]
{
  var smallest = participants
  while let smaller = smallest.smaller.first(where: fails) { smallest = smaller }
  return smallest
}

extension [BufferAttributes] {
  /// These, each time without one participant, alternative, opinion, or element of a list.
  fileprivate var smaller: [Self] {
    indices.flatMap { index in
      [removing(index)] + self[index].smaller.map { replacing(index, with: $0) }
    }
  }
}

extension BufferAttributes {
  fileprivate var smaller: [BufferAttributes] {
    let fewer = alternatives.indices.map { index in
      with { $0.alternatives.remove(at: index) }
    }
    let weaker = constraints.smaller.map { constraints in with { $0.constraints = constraints } }
    let weakerAlternatives = alternatives.indices.flatMap { index in
      alternatives[index].smaller.map { alternative in
        with { $0.alternatives[index] = alternative }
      }
    }
    let silent = provides == nil ? [] : [with { $0.provides = nil }]
    return fewer + weaker + weakerAlternatives + silent
  }

  private func with(_ change: (inout BufferAttributes) -> Void) -> BufferAttributes {
    var copy = self
    change(&copy)
    return copy
  }
}

extension BufferConstraints {
  fileprivate var smaller: [BufferConstraints] {
    let fields = AttributeField.allCases
    let without = fields.map { field in restricted(to: fields.filter { $0 != field }) }
    let shorter = (formats ?? []).indices.map { index in
      var copy = self
      copy.formats?.remove(at: index)
      return copy
    }
    return (without + shorter).filter { $0 != self && $0.formats?.isEmpty != true }
  }
}

extension Array {
  fileprivate func removing(_ index: Int) -> Self {
    var copy = self
    copy.remove(at: index)
    return copy
  }

  fileprivate func replacing(_ index: Int, with element: Element) -> Self {
    var copy = self
    copy[index] = element
    return copy
  }
}
