/// What is told apart by small numbers, which are used again.
struct SlotTable<Element> {
  private var elements: [Element?] = []
  /// How often each number was used.
  private var generations: [UInt32] = []
  private var free: [Int] = []

  var count: Int { elements.count - free.count }

  /// The numbers of all.
  var numbers: [Int] { elements.indices.filter { elements[$0] != nil } }

  mutating func insert(_ element: Element) -> Int {
    if let number = free.popLast() {
      elements[number] = element
      return number
    }
    elements.append(element)
    generations.append(0)
    return elements.count - 1
  }

  @discardableResult
  mutating func remove(_ number: Int) -> Element {
    guard let element = elements[number].take() else { preconditionFailure("no \(number)") }
    generations[number] &+= 1
    free.append(number)
    return element
  }

  /// Traps where there is none.
  subscript(number: Int) -> Element {
    get {
      guard let element = elements[number] else { preconditionFailure("no \(number)") }
      return element
    }
    _modify {
      guard var element = elements[number].take() else { preconditionFailure("no \(number)") }
      defer { elements[number] = element }
      yield &element
    }
  }

  func generation(of number: Int) -> UInt32 { generations[number] }
}
