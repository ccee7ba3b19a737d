internal import Synchronization

/// What a caller holds something by.
struct Handle {
  /// Named as in the header, behind its prefix.
  enum Kind: UInt {
    case device = 1
    case pool, buffer, picture, texture, loader, load, target, fence, glyphs, face, font, report,
      listener, socket, vulkan, vulkanTexture
  }

  private static var indexBits: UInt { 20 }
  private static var kindBits: UInt { 6 }
  static var generationShift: UInt { indexBits + kindBits }
  static var largestIndex: Int { 1 << indexBits - 1 }

  private let bits: UInt

  init(_ kind: Kind, index: Int, generation: UInt) {
    bits = generation << Self.generationShift | kind.rawValue << Self.indexBits | UInt(index)
  }

  init(_ pointer: OpaquePointer?) { bits = UInt(bitPattern: pointer) }

  var pointer: OpaquePointer? { unsafe OpaquePointer(bitPattern: bits) }
  var index: Int { Int(bits & (1 << Self.indexBits - 1)) }
  var kind: UInt { bits >> Self.indexBits & (1 << Self.kindBits - 1) }
  var generation: UInt { bits >> Self.generationShift }
}

extension Handle: CustomStringConvertible {
  var description: String { "0x" + String(bits, radix: 16) }
}

/// A place for what is held, with what is known of it.
@safe struct Entry<Value: ~Copyable>: ~Copyable {
  let state = Atomic<UInt>(0)
  /// The number of the next entry without a value, from 1.
  let next = Atomic<UInt32>(0)
  /// Where the value is while somebody holds it: apart, since whoever puts it there has that memory alone.
  let value: UnsafeMutablePointer<Value>
}

/// Entries that never move and never go: blocks of them, each twice as large as the one before.
@safe struct EntryStore<Value: ~Copyable>: ~Copyable {
  private typealias Block = UnsafeMutablePointer<Entry<Value>>

  private static var firstBlock: Int { 64 }
  private static var blockCount: Int { 15 }

  private let blocks: UnsafeMutablePointer<Atomic<UnsafeMutablePointer<Entry<Value>>?>>

  init() {
    unsafe blocks = .allocate(capacity: Self.blockCount)
    for block in 0..<Self.blockCount {
      unsafe (blocks + block).initialize(to: Atomic(nil))
    }
  }

  // It is a table's, which lives as long as the process; or a test's. Nothing is held any more.
  deinit {
    for block in 0..<Self.blockCount {
      guard let entries = unsafe blocks[block].load(ordering: .relaxed) else { continue }
      unsafe entries.pointee.value.deallocate()
      unsafe entries.deinitialize(count: Self.firstBlock << block)
      unsafe entries.deallocate()
    }
    unsafe blocks.deinitialize(count: Self.blockCount)
    unsafe blocks.deallocate()
  }

  @inline(__always)
  private static func place(of index: Int) -> (block: Int, offset: Int) {
    let number = UInt(index) / UInt(firstBlock) + 1
    let block = UInt.bitWidth - 1 - number.leadingZeroBitCount
    return (block, index - firstBlock * (1 << block - 1))
  }

  /// nil where no block has it yet.
  @inline(__always)
  func known(_ index: Int) -> UnsafeMutablePointer<Entry<Value>>? {
    let (block, offset) = Self.place(of: index)
    guard let entries = unsafe blocks[block].load(ordering: .acquiring) else { return nil }
    return unsafe entries + offset
  }

  /// One that is known to be there.
  @inline(__always)
  func entry(_ index: Int) -> UnsafeMutablePointer<Entry<Value>> {
    guard let entry = unsafe known(index) else { preconditionFailure("no entry \(index)") }
    return unsafe entry
  }

  /// By one thread at a time.
  func grow(for index: Int) {
    let (block, _) = Self.place(of: index)
    guard unsafe blocks[block].load(ordering: .relaxed) == nil else { return }
    let count = Self.firstBlock << block
    let entries = Block.allocate(capacity: count)
    let values = UnsafeMutablePointer<Value>.allocate(capacity: count)
    for offset in 0..<count {
      unsafe (entries + offset).initialize(to: Entry(value: values + offset))
    }
    unsafe blocks[block].store(entries, ordering: .releasing)
  }
}
