/// Elements side by side, to which one owner adds: an array that nobody shares, so that no store asks whether
/// somebody does.
@safe struct GrowingBuffer<Element>: ~Copyable {
  private(set) var count = 0
  /// Those below `count` have values. Nobody else's.
  @unsafe private var memory: UnsafeMutableBufferPointer<Element>

  /// Empty, with room for as many before anything is moved.
  init(capacity: Int) {
    precondition(capacity > 0)
    unsafe memory = .allocate(capacity: capacity)
  }

  deinit {
    unsafe memory.extracting(indices).deinitialize()
    unsafe memory.deallocate()
  }

  var indices: Range<Int> { 0..<count }

  subscript(index: Int) -> Element {
    @inline(__always)
    get {
      precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
      return unsafe memory.baseAddress.unsafelyUnwrapped[index]
    }
    @inline(__always)
    _modify {
      precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
      yield unsafe &memory.baseAddress.unsafelyUnwrapped[index]
    }
  }

  @inline(__always)
  mutating func append(_ element: Element) {
    if unsafe count == memory.count { grow(to: count * 2) }
    // There is room behind the last.
    unsafe memory.initializeElement(at: count, to: element)
    count += 1
  }

  mutating func append(repeating element: Element, count added: Int) {
    if unsafe count + added > memory.count { grow(to: max(count * 2, count + added)) }
    unsafe memory.extracting(count..<count + added).initialize(repeating: element)
    count += added
  }

  @inline(never)
  private mutating func grow(to capacity: Int) {
    let larger = UnsafeMutableBufferPointer<Element>.allocate(capacity: capacity)
    _ = unsafe larger.moveInitialize(fromContentsOf: memory.extracting(0..<count))
    unsafe memory.deallocate()
    unsafe memory = larger
  }
}
