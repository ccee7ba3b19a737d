internal import CTexAlloc
internal import SystemPackage
internal import TexAlloc
internal import TexAllocJSON

extension texalloc_heap: SizedStruct {}

/// A heap whose memory the caller gives.
@safe struct CalledHeap: Heap, @unchecked Sendable {
  // What the functions are given is the caller's to share among threads.

  let attributes: BufferAttributes
  let isForeign: Bool
  private let caching: Caching
  private let functions: texalloc_heap

  @unsafe static func all(in options: texalloc_pool_options) throws -> [any Heap] {
    let list = try unsafe array(options.heaps, options.heap_count, "heaps")
    return try unsafe list.indices.map { index in
      guard let heap = unsafe list[index] else { throw Misuse.argument("a heap is NULL") }
      return unsafe try CalledHeap(try passed(heap), index)
    }
  }

  private init(_ heap: texalloc_heap, _ index: Int) throws {
    let (allocates, maps) = unsafe (heap.allocate != nil, heap.map != nil)
    guard allocates != maps, unsafe (heap.unmap != nil) == maps else {
      throw Misuse.argument("a heap has allocate, or map and unmap")
    }
    guard unsafe allocates || !heap.is_dma_buf else {
      throw Misuse.argument("a heap of dma-bufs has allocate")
    }
    attributes = unsafe try .stated(heap.attributes, heap.json, of: "heap \(index)")
    isForeign = unsafe heap.is_dma_buf
    caching = attributes.caching?.first ?? .cached
    unsafe functions = heap
  }

  func makeSlab(of size: Int) throws(SystemFailure) -> Slab {
    let size = try wholePages(size)
    if let map = unsafe functions.map { return try unsafe makeSlab(of: size, by: map) }
    var raw: CInt = -1
    let code = unsafe functions.allocate(functions.user, size, &raw)
    guard code == 0, raw >= 0 else { throw failure("allocate", code, .badFileDescriptor) }
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

  @unsafe private func makeSlab(
    of size: Int,
    by map:
      @convention(c) (
        UnsafeMutableRawPointer?, Int, UnsafeMutablePointer<UnsafeMutableRawPointer?>?
      ) -> CInt
  ) throws(SystemFailure) -> Slab {
    var start: UnsafeMutableRawPointer?
    let code = unsafe map(functions.user, size, &start)
    guard code == 0, let start = unsafe start else { throw failure("map", code, .badAddress) }
    let bytes = unsafe UnsafeMutableRawBufferPointer(start: start, count: size)
    // Unmapped from here on, whatever happens.
    return try unsafe Slab(
      mapped: bytes, ownedBy: CalledMapping(bytes, functions), of: name, caching: caching)
  }

  private func failure(_ function: String, _ code: CInt, _ nothing: Errno) -> SystemFailure {
    SystemFailure(function, on: name, code == 0 ? nothing : Errno(rawValue: code))
  }
}

/// Memory that a heap of the caller has mapped, and gets back.
@safe private final class CalledMapping: @unchecked Sendable {  // nobody changes it
  private let bytes: UnsafeMutableRawBufferPointer
  private let functions: texalloc_heap

  init(_ bytes: UnsafeMutableRawBufferPointer, _ functions: texalloc_heap) {
    unsafe self.bytes = bytes
    unsafe self.functions = functions
  }

  deinit { unsafe functions.unmap?(functions.user, bytes.baseAddress, bytes.count) }
}

extension texalloc_attributes: SizedStruct {}

extension BufferAttributes {
  /// What a struct says, or a text.
  @unsafe static func stated(
    _ attributes: UnsafePointer<texalloc_attributes>?, _ json: UnsafePointer<CChar>?,
    of participant: String
  ) throws -> BufferAttributes {
    if let attributes = unsafe attributes {
      guard unsafe json == nil else {
        throw Misuse.argument("\(participant) has attributes and json")
      }
      return unsafe try BufferAttributes(passed(attributes))
    }
    let text = try unsafe text(json, "json")
    return try BufferAttributes(json: Array(text.utf8), file: participant)
  }

  @unsafe init(_ stated: texalloc_attributes) throws(Misuse) {
    let constraints = unsafe try BufferConstraints(stated)
    self.init(name: try unsafe text(stated.name, "name")) { $0 = constraints }
  }
}

extension BufferConstraints {
  /// Zero is no opinion.
  @unsafe fileprivate init(_ stated: texalloc_attributes) throws(Misuse) {
    func number(_ value: UInt32) -> Int? { value == 0 ? nil : Int(value) }
    func length(_ value: UInt64) -> Int? { value == 0 ? nil : Int(clamping: value) }
    func list<Value>(
      _ flags: UInt32, _ known: KeyValuePairs<Int, Value>, _ name: StaticString
    ) throws(Misuse) -> [Value]? {
      let rest = known.reduce(flags) { $0 & ~UInt32($1.key) }
      guard rest == 0 else { throw .argument("\(name): 0x\(String(rest, radix: 16))") }
      return flags == 0 ? nil : known.filter { flags & UInt32($0.key) != 0 }.map(\.value)
    }
    self.init()
    unsafe contiguous = stated.is_contiguous ? true : nil
    unsafe protected = stated.is_protected ? true : nil
    unsafe offsetAlignment = number(stated.offset_alignment)
    unsafe pitchAlignment = number(stated.pitch_alignment)
    unsafe heightAlignment = number(stated.height_alignment)
    unsafe sizeAlignment = number(stated.size_alignment)
    unsafe physicalAlignment = number(stated.physical_alignment)
    unsafe (minWidth, maxWidth) = (number(stated.min_width), number(stated.max_width))
    unsafe (minHeight, maxHeight) = (number(stated.min_height), number(stated.max_height))
    unsafe (minPitch, maxPitch) = (length(stated.min_pitch), length(stated.max_pitch))
    unsafe (minSize, maxSize) = (length(stated.min_size), length(stated.max_size))
    unsafe (minBuffers, maxBuffers) = (number(stated.min_buffers), number(stated.max_buffers))
    unsafe heldBuffers = number(stated.held_buffers)
    caching = try list(unsafe stated.caching, Caching.flags, "caching")
    cpuUsage = try list(
      unsafe stated.cpu_usage,
      [
        TEXALLOC_WRITES_IN_ORDER: .sequentialWrite, TEXALLOC_WRITES_IN_ANY_ORDER: .randomWrite,
        TEXALLOC_READS: .read,
      ], "cpu_usage")
    deviceUsage = try list(
      unsafe stated.device_usage,
      [
        TEXALLOC_FOR_TEXTURE: .sample, TEXALLOC_FOR_RENDERING: .render,
        TEXALLOC_FOR_SCANOUT: .scanout, TEXALLOC_FOR_CAPTURE: .capture,
        TEXALLOC_FOR_ENCODING: .encode, TEXALLOC_FOR_DECODING: .decode,
        TEXALLOC_MIPMAPPED: .mipmap,
      ], "device_usage")
    let formats = try unsafe array(stated.formats, stated.format_count, "formats")
    if !formats.isEmpty {
      self.formats = formats.map {
        Format(Fourcc(rawValue: $0.fourcc), Modifier(rawValue: $0.modifier))
      }
    }
    let heaps = try unsafe array(stated.heaps, stated.heap_count, "heaps")
    if unsafe !heaps.isEmpty {
      var names: [String] = []
      for index in unsafe heaps.indices { names.append(try unsafe text(heaps[index], "a heap")) }
      self.heaps = names
    }
  }
}

extension Caching {
  fileprivate static let flags: KeyValuePairs<Int, Caching> = [
    TEXALLOC_WRITE_COMBINING: .writeCombining, TEXALLOC_CACHED: .cached,
    TEXALLOC_UNCACHED: .uncached,
  ]

  var flag: UInt32 { Self.flags.first { $0.value == self }.map { UInt32($0.key) } ?? 0 }
}
