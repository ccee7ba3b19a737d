/// The checks of one participant's, or one alternative's, constraints by themselves.
struct ConstraintsCheck {
  let participant: String
  let constraints: BufferConstraints

  func lowerLimits() throws(InvalidAttributes) {
    try atLeast(1, .minWidth, constraints.minWidth)
    try atLeast(1, .minHeight, constraints.minHeight)
    try atLeast(1, .minBuffers, constraints.minBuffers)
    try atLeast(1, .maxBuffers, constraints.maxBuffers)
    // The JSON form holds no negative number; Swift's Int does.
    try atLeast(0, .minPitch, constraints.minPitch)
    try atLeast(0, .minSize, constraints.minSize)
    try atLeast(0, .heldBuffers, constraints.heldBuffers)
  }

  func alignments() throws(InvalidAttributes) {
    try isAlignment(.offsetAlignment, constraints.offsetAlignment)
    try isAlignment(.pitchAlignment, constraints.pitchAlignment)
    try isAlignment(.heightAlignment, constraints.heightAlignment)
    try isAlignment(.sizeAlignment, constraints.sizeAlignment)
    try isAlignment(.physicalAlignment, constraints.physicalAlignment)
  }

  /// - Parameter sorted: What is the same stands together.
  func distinct<Element>(
    _ sorted: [Element]?, _ field: AttributeField, areSame: (Element, Element) -> Bool
  ) throws(InvalidAttributes) {
    guard let sorted else { return }
    if sorted.isEmpty {
      try refuse(field, "the list is empty; leave it out to accept any")
    }
    for (element, next) in zip(sorted, sorted.dropFirst()) where areSame(element, next) {
      try refuse(field, "the list holds a duplicate")
    }
  }

  func bounds() throws(InvalidAttributes) {
    try ordered(constraints.minPitch ?? 0, .maxPitch, constraints.maxPitch)
    try ordered(constraints.minWidth ?? 1, .maxWidth, constraints.maxWidth)
    try ordered(constraints.minHeight ?? 1, .maxHeight, constraints.maxHeight)
    try ordered(constraints.minSize ?? 0, .maxSize, constraints.maxSize)
    try ordered(constraints.minBuffers ?? 1, .maxBuffers, constraints.maxBuffers)
  }

  /// Fields that exclude each other.
  func exclusions() throws(InvalidAttributes) {
    if let alignment = constraints.physicalAlignment, alignment > 1, constraints.contiguous != true
    {
      try refuse(.physicalAlignment, "\(alignment) without contiguous memory; 1 would do")
    }
    if constraints.protected == true, let usage = constraints.cpuUsage, !usage.isEmpty {
      let words = usage.map(\.rawValue).joined(separator: ", ")
      try refuse(.protected, "protected memory, yet the CPU is to \(words)")
    }
  }

  private func atLeast(_ limit: Int, _ field: AttributeField, _ value: Int?)
    throws(InvalidAttributes)
  {
    if let value, value < limit { try refuse(field, "\(value); at least \(limit) is needed") }
  }

  private func isAlignment(_ field: AttributeField, _ value: Int?) throws(InvalidAttributes) {
    if let value, !(1...BufferConstraints.maximumAlignment).contains(value) {
      try refuse(field, "\(value); an alignment is 1 … \(BufferConstraints.maximumAlignment)")
    }
  }

  private func ordered(_ least: Int, _ field: AttributeField, _ most: Int?)
    throws(InvalidAttributes)
  {
    if let most, most < least { try refuse(field, "\(most) is below the minimum, \(least)") }
  }

  private func refuse(_ field: AttributeField, _ reason: String) throws(InvalidAttributes) {
    throw InvalidAttributes(participant: participant, field: field.rawValue, reason: reason)
  }
}
