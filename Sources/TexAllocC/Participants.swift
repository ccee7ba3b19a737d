internal import CTexAlloc
internal import SystemPackage
internal import TexAlloc
internal import TexAllocJSON

extension texalloc_component: SizedStruct {}
extension texalloc_heap: SizedStruct {}

/// A component of the caller's, which says what it can live with.
struct StatedComponent: Component {
  let attributes: BufferAttributes
  let isCoherent: Bool

  @unsafe static func all(in options: texalloc_pool_options) throws -> [StatedComponent] {
    let list = try unsafe array(options.components, options.component_count, "components")
    return try unsafe list.indices.map { index in
      guard let component = unsafe list[index] else { throw Misuse.argument("a component is NULL") }
      let stated = unsafe try passed(component)
      return StatedComponent(
        attributes: unsafe try BufferAttributes(
          reading: stated.attributes, of: "component \(index)"),
        isCoherent: unsafe !stated.is_incoherent)
    }
  }
}

/// A heap whose memory the caller gives.
@safe struct CalledHeap: Heap, @unchecked Sendable {
  // What the function is given is the caller's to share among threads.

  let attributes: BufferAttributes
  let isForeign: Bool
  private let caching: Caching
  private let allocate:
    @convention(c) (UnsafeMutableRawPointer?, Int, UnsafeMutablePointer<CInt>?) -> CInt
  private let user: UnsafeMutableRawPointer?

  @unsafe static func all(in options: texalloc_pool_options) throws -> [any Heap] {
    let list = try unsafe array(options.heaps, options.heap_count, "heaps")
    return try unsafe list.indices.map { index in
      guard let heap = unsafe list[index] else { throw Misuse.argument("a heap is NULL") }
      return unsafe try CalledHeap(try passed(heap), index)
    }
  }

  private init(_ heap: texalloc_heap, _ index: Int) throws {
    guard let allocate = unsafe heap.allocate else { throw Misuse.argument("allocate is NULL") }
    attributes = unsafe try BufferAttributes(reading: heap.attributes, of: "heap \(index)")
    isForeign = unsafe heap.is_dma_buf
    caching = attributes.caching?.first ?? .cached
    unsafe self.allocate = allocate
    unsafe user = heap.user
  }

  func makeSlab(of size: Int) throws(SystemFailure) -> Slab {
    let size = try wholePages(size)
    var raw: CInt = -1
    let code = unsafe allocate(user, size, &raw)
    guard code == 0, raw >= 0 else {
      throw SystemFailure(
        "allocate", on: name, code == 0 ? .badFileDescriptor : Errno(rawValue: code))
    }
    // Closed from here on, whatever happens.
    let memory = OwnedDescriptor(owning: FileDescriptor(rawValue: raw))
    let held: Int64
    do { held = try memory.descriptor.seek(offset: 0, from: .end) } catch {
      throw SystemFailure("lseek", on: name, error as? Errno ?? .badFileDescriptor)
    }
    guard held >= size else { throw SystemFailure("allocate", on: name, .invalidArgument) }
    return try Slab(
      mapping: memory, size: size, of: name, caching: caching, givingPagesBack: !isForeign)
  }
}

extension BufferAttributes {
  fileprivate init(reading json: UnsafePointer<CChar>?, of participant: String) throws {
    let text = try unsafe text(json, "attributes")
    try self.init(json: Array(text.utf8), file: participant)
  }
}
