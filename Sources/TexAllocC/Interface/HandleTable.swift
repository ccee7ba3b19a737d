internal import CTexAlloc
internal import Synchronization

/// What callers hold of one kind, by handles: numbers in the form of pointers, which are looked up and never
/// followed.
///
/// A handle is the number of an entry, that of the kind, and how often the entry was used before; so one
/// that was released, or is of another kind, is found out, and none that is still held is taken for another.
///
/// Nothing waits here. An entry counts its uses: one is the caller's, until it releases the handle, and one is
/// that of each call that is under way. Whoever ends the last ends what is held.
@safe struct HandleTable<Value: ~Copyable & Sendable>: ~Copyable, @unchecked Sendable {
  // An entry's value changes hands with its state, whose bits say whose it is.

  private let entries: EntryStore<Value>
  private let kind: Handle.Kind
  /// The first entry without a value, beside how often that was changed.
  private let free = Atomic<UInt>(0)
  private let used = Mutex(0)
  private let limit: Int

  /// - Parameter limit: How many may be held at a time.
  init(of kind: Handle.Kind, limit: Int = Handle.largestIndex + 1) {
    self.kind = kind
    self.limit = limit
    entries = EntryStore()
  }

  deinit { releaseAll() }

  /// - Throws: `Misuse` where there are too many.
  @safe func insert(_ value: consuming Value) throws(Misuse) -> OpaquePointer? {
    let index: Int
    if let free = takeFree() { index = free } else { index = try takeNew() }
    let entry = unsafe entries.entry(index)
    // Nobody else knows of it.
    unsafe entry.pointee.value.initialize(to: value)
    let state = unsafe entry.pointee.state.wrappingAdd(
      EntryState.birth, ordering: .acquiringAndReleasing
    ).newValue
    return unsafe Handle(kind, index: index, generation: EntryState.generation(state)).pointer
  }

  /// Does something with what is held, which stays until that is done.
  ///
  /// - Throws: `Misuse` where nothing is held by that.
  @inline(__always) @safe
  func use<Result>(
    _ pointer: OpaquePointer?, _ body: (borrowing Value) throws -> Result
  ) throws -> Result {
    let handle = unsafe try handle(of: pointer)
    guard let entry = unsafe entries.known(handle.index) else { throw released() }
    let state = unsafe entry.pointee.state.wrappingAdd(1, ordering: .acquiring).oldValue
    defer { unsafe endUse(of: entry, handle.index) }
    guard EntryState.isHeld(state, by: handle) else { throw released() }
    return try unsafe body(entry.pointee.value.pointee)
  }

  /// Takes from the caller what it holds; nothing happens for NULL. Calls that use it end first.
  ///
  /// - Parameter last: What is done before it goes, by the one who has let go of it.
  /// - Throws: `Misuse` where nothing is held by that.
  @safe func release(
    _ pointer: OpaquePointer?, _ last: (borrowing Value) -> Void = { _ in }
  ) throws(Misuse) {
    if unsafe pointer == nil { return }
    let handle = unsafe try handle(of: pointer)
    guard let entry = unsafe entries.known(handle.index) else { throw released() }
    var state = unsafe entry.pointee.state.load(ordering: .relaxed)
    while EntryState.isHeld(state, by: handle) {
      let isLastUse = EntryState.uses(state) == 1
      let (isOurs, current) = unsafe entry.pointee.state.compareExchange(
        expected: state,
        desired: isLastUse ? EntryState.freed(state) : EntryState.closing(state),
        ordering: .acquiringAndReleasing)
      state = current
      guard isOurs else { continue }
      unsafe last(entry.pointee.value.pointee)
      if isLastUse {
        unsafe end(entry, handle.index)
      } else {
        unsafe endUse(of: entry, handle.index)
      }
      return
    }
    throw released()
  }

  /// Takes all of them.
  ///
  /// - Returns: Whether there were any.
  @discardableResult
  func releaseAll(_ last: (borrowing Value) -> Void = { _ in }) -> Bool {
    var wereAny = false
    for index in 0..<used.withLock({ $0 }) {
      let state = unsafe entries.entry(index).pointee.state.load(ordering: .acquiring)
      let handle = Handle(kind, index: index, generation: EntryState.generation(state))
      guard EntryState.isHeld(state, by: handle) else { continue }
      wereAny = true
      unsafe try? release(handle.pointer, last)
    }
    return wereAny
  }

  @inline(__always)
  private func endUse(of entry: UnsafeMutablePointer<Entry<Value>>, _ index: Int) {
    let state = unsafe entry.pointee.state.wrappingSubtract(1, ordering: .acquiringAndReleasing)
      .newValue
    if EntryState.isOver(state) { unsafe endClosing(entry, index, state) }
  }

  /// Unless somebody looks at it just now, who then does.
  private func endClosing(
    _ entry: UnsafeMutablePointer<Entry<Value>>, _ index: Int, _ state: UInt
  ) {
    let (isOurs, _) = unsafe entry.pointee.state.compareExchange(
      expected: state, desired: EntryState.opened(state), ordering: .acquiringAndReleasing)
    if isOurs { unsafe end(entry, index) }
  }

  private func end(_ entry: UnsafeMutablePointer<Entry<Value>>, _ index: Int) {
    let value = unsafe entry.pointee.value.move()
    var head = free.load(ordering: .relaxed)
    while true {
      unsafe entry.pointee.next.store(UInt32(truncatingIfNeeded: head), ordering: .relaxed)
      let (isDone, current) = free.weakCompareExchange(
        expected: head, desired: FreeList.head(after: head, index + 1), ordering: .releasing)
      if isDone { break }
      head = current
    }
    // What that calls may come back here.
    _ = consume value
  }

  private func takeFree() -> Int? {
    var head = free.load(ordering: .acquiring)
    while UInt32(truncatingIfNeeded: head) != 0 {
      let index = Int(UInt32(truncatingIfNeeded: head)) - 1
      let next = unsafe entries.entry(index).pointee.next.load(ordering: .relaxed)
      let (isDone, current) = free.weakCompareExchange(
        expected: head, desired: FreeList.head(after: head, Int(next)),
        successOrdering: .acquiringAndReleasing, failureOrdering: .acquiring)
      if isDone { return index }
      head = current
    }
    return nil
  }

  private func takeNew() throws(Misuse) -> Int {
    Fork.watch()
    return try used.withLock { used throws(Misuse) in
      guard used < limit else {
        throw Misuse(TEXALLOC_OUT_OF_MEMORY, "\(limit) handles of a \(kind) are held: the most")
      }
      entries.grow(for: used)
      used += 1
      return used - 1
    }
  }

  @inline(__always)
  private func handle(of pointer: OpaquePointer?) throws(Misuse) -> Handle {
    let handle = unsafe Handle(pointer)
    guard handle.kind == kind.rawValue else { throw notOfKind(handle) }
    return handle
  }

  @inline(never)
  private func notOfKind(_ handle: Handle) -> Misuse {
    Misuse(
      TEXALLOC_INVALID_HANDLE,
      unsafe handle.pointer == nil ? "the \(kind) is NULL" : "\(handle) is no \(kind)")
  }

  @inline(never)
  private func released() -> Misuse {
    Misuse(TEXALLOC_INVALID_HANDLE, "the \(kind) was released before")
  }
}

extension HandleTable where Value: AnyObject {
  /// What is held, which then stays as long as the caller likes.
  @safe func find(_ pointer: OpaquePointer?) throws -> Value { try use(pointer) { $0 } }
}

/// How often an entry was used before, whether it is held, and how many use it; in one number.
private enum EntryState {
  private static var held: UInt { 1 << 24 }
  /// Nobody holds it any more, but somebody still uses it.
  private static var isClosing: UInt { 1 << 25 }
  private static var usesMask: UInt { held - 1 }

  /// One more generation, which is held and so used once.
  static var birth: UInt { 1 << Handle.generationShift | held | 1 }

  @inline(__always)
  static func isHeld(_ state: UInt, by handle: Handle) -> Bool {
    generation(state) == handle.generation && state & held != 0
  }

  @inline(__always)
  static func generation(_ state: UInt) -> UInt { state >> Handle.generationShift }
  static func uses(_ state: UInt) -> UInt { state & usesMask }
  static func freed(_ state: UInt) -> UInt { state & ~(held | usesMask) }
  static func closing(_ state: UInt) -> UInt { state & ~held | isClosing }
  static func opened(_ state: UInt) -> UInt { state & ~isClosing }
  @inline(__always)
  static func isOver(_ state: UInt) -> Bool { state & (isClosing | usesMask) == isClosing }
}

private enum FreeList {
  /// Changes each time, so that nobody who was slow takes it for the one that it has seen.
  static func head(after head: UInt, _ first: Int) -> UInt {
    (head >> 32 &+ 1) << 32 | UInt(first)
  }
}
