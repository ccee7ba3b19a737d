internal import CTexAlloc
internal import Synchronization

/// The objects of one kind that callers hold, by handles: numbers in the form of pointers, which are looked
/// up and never followed.
///
/// A handle is the number of an entry, that of the kind, and how often the entry was used before; so one
/// that was released, or is of another kind, is found out, and none that is still held is taken for another.
struct HandleTable<Object: AnyObject & Sendable>: ~Copyable, Sendable {
  private struct Entry {
    var object: Object?
    var generation: UInt = 0
  }

  private struct State {
    var entries: [Entry] = []
    var free: [Int] = []

    @inline(__always)
    func object(of handle: Handle) -> Object? {
      let index = handle.index
      guard index < entries.count, entries[index].generation == handle.generation else {
        return nil
      }
      return entries[index].object
    }
  }

  private let state = Mutex(State())
  private let kind: Handle.Kind

  init(of kind: Handle.Kind) { self.kind = kind }

  /// - Throws: `Misuse` where there are too many.
  @safe func insert(_ object: Object) throws(Misuse) -> OpaquePointer? {
    Fork.watch()
    let handle = state.withLock { state -> Handle? in
      let index: Int
      if let free = state.free.popLast() {
        index = free
      } else {
        index = state.entries.count
        if index > Handle.largestIndex { return nil }
        state.entries.append(Entry())
      }
      state.entries[index].object = object
      state.entries[index].generation += 1
      return Handle(kind, index: index, generation: state.entries[index].generation)
    }
    guard let handle else {
      throw Misuse(TEXALLOC_OUT_OF_MEMORY, "more than \(Handle.largestIndex) handles of a \(kind)")
    }
    return unsafe handle.pointer
  }

  /// - Throws: `Misuse` where it is none that is held.
  @safe func find(_ pointer: OpaquePointer?) throws(Misuse) -> Object {
    let handle = unsafe try handle(of: pointer)
    guard let object = state.withLock({ $0.object(of: handle) }) else { throw released() }
    return object
  }

  /// Takes the object from the caller; nothing happens, and nil comes back, for NULL.
  @safe func remove(_ pointer: OpaquePointer?) throws(Misuse) -> Object? {
    if unsafe pointer == nil { return nil }
    let handle = unsafe try handle(of: pointer)
    let object = state.withLock { state -> Object? in
      guard let object = state.object(of: handle) else { return nil }
      state.free.append(handle.index)
      state.entries[handle.index].object = nil
      return object
    }
    guard let object else { throw released() }
    return object
  }

  /// Takes all of them.
  @discardableResult
  func removeAll() -> [Object] {
    state.withLock { state in
      var objects: [Object] = []
      for index in state.entries.indices {
        guard let object = state.entries[index].object.take() else { continue }
        objects.append(object)
        state.free.append(index)
      }
      return objects
    }
  }

  @inline(__always)
  private func handle(of pointer: OpaquePointer?) throws(Misuse) -> Handle {
    guard let pointer = unsafe pointer else {
      throw Misuse(TEXALLOC_INVALID_HANDLE, "the \(kind) is NULL")
    }
    let handle = unsafe Handle(pointer)
    guard handle.kind == kind.rawValue else {
      throw Misuse(TEXALLOC_INVALID_HANDLE, "\(handle) is no \(kind)")
    }
    return handle
  }

  private func released() -> Misuse {
    Misuse(TEXALLOC_INVALID_HANDLE, "the \(kind) was released before")
  }
}

/// What a caller holds an object by.
struct Handle {
  /// Named as in the header, behind its prefix.
  enum Kind: UInt {
    case device = 1
    case pool, buffer, picture, texture, loader, load, target, fence, glyphs, face, font, report,
      listener, socket, vulkan, vulkanTexture
  }

  private static var indexBits: UInt { 20 }
  private static var kindBits: UInt { 6 }
  static var largestIndex: Int { 1 << indexBits - 1 }

  private let bits: UInt

  init(_ kind: Kind, index: Int, generation: UInt) {
    bits =
      generation << (Self.indexBits + Self.kindBits) | kind.rawValue << Self.indexBits | UInt(index)
  }

  init(_ pointer: OpaquePointer) { bits = UInt(bitPattern: pointer) }

  var pointer: OpaquePointer? { unsafe OpaquePointer(bitPattern: bits) }
  var index: Int { Int(bits & (1 << Self.indexBits - 1)) }
  var kind: UInt { bits >> Self.indexBits & (1 << Self.kindBits - 1) }
  var generation: UInt { bits >> (Self.indexBits + Self.kindBits) }
}

extension Handle: CustomStringConvertible {
  var description: String { "0x" + String(bits, radix: 16) }
}
