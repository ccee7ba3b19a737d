public import CTexAlloc
internal import Synchronization
internal import SystemPackage
internal import TexAlloc

/// A buffer with what few callers ask of it.
struct HeldBuffer: ~Copyable, Sendable {
  let buffer: TextureBuffer
  /// Made when first asked for.
  private let particulars = LazyObject<Particulars>()

  init(_ buffer: TextureBuffer) { self.buffer = buffer }

  /// The planes that are mapped, and texts that last as long as the handle.
  private final class Particulars: Sendable {
    let loans = Mutex<[Int: PlaneLoan]>([:])
    let name, caching: CText
    let heap, reason: CText?

    init(_ buffer: TextureBuffer) {
      name = CText(buffer.name)
      caching = CText(buffer.caching?.rawValue ?? "unknown")
      heap = buffer.heap.map { CText($0) }
      reason = buffer.plan?.obstacle.map { CText($0) }
    }
  }

  private func madeParticulars() -> Particulars {
    particulars.made { Particulars(buffer) }
  }

  func mapping(of plane: Int) -> PlaneLoan? {
    particulars.ifMade?.loans.withLock { $0[plane] }
  }

  /// - Throws: `WritingRefused` where it is in use; so it is where it is mapped.
  func map(_ plane: Int, for access: PlaneLoan.Access) throws(WritingRefused) -> PlaneLoan {
    let loan = try PlaneLoan(of: buffer, plane: plane, for: access)
    madeParticulars().loans.withLock { $0[plane] = loan }
    return loan
  }

  func unmap(_ plane: Int) throws(Misuse) {
    // Outside of the lock: it may copy.
    guard let loan = particulars.ifMade?.loans.withLock({ $0.removeValue(forKey: plane) }) else {
      throw Misuse(TEXALLOC_BUSY, "\(buffer.name): plane \(plane) is not mapped")
    }
    _ = consume loan
  }

  /// Its texts last as long as this.
  var info: texalloc_buffer_info {
    let texts = madeParticulars()
    let layout = buffer.layout
    var info = unsafe texalloc_buffer_info()
    unsafe info.width = UInt32(clamping: layout.width)
    unsafe info.height = UInt32(clamping: layout.height)
    unsafe info.format = layout.format.fourcc.rawValue
    unsafe info.modifier = layout.format.modifier.rawValue
    unsafe info.size = UInt64(layout.size)
    unsafe info.plane_count = UInt32(layout.planes.count)
    unsafe info.planes = four { index in texalloc_plane(index, of: buffer) }
    unsafe info.route = texalloc_route(buffer.route)
    unsafe info.reason = texts.reason?.pointer
    unsafe info.name = texts.name.pointer
    unsafe info.heap = texts.heap?.pointer
    unsafe info.caching = texts.caching.pointer
    unsafe info.is_spent = buffer.isSpent
    unsafe info.is_discarded = buffer.discardReason != nil
    unsafe info.is_lost = buffer.isLost
    unsafe info.descriptors = four { index in
      layout.planes.indices.contains(index)
        ? buffer.place(ofPlane: index).descriptor?.rawValue ?? -1 : -1
    }
    return unsafe info
  }
}

extension texalloc_buffer_info: SizedStruct {}
extension texalloc_mapping: SizedStruct {}

extension texalloc_plane {
  fileprivate init(_ index: Int, of buffer: TextureBuffer) {
    self.init(index, of: buffer.layout)
    if buffer.layout.planes.indices.contains(index) {
      offset = UInt64(buffer.place(ofPlane: index).offset)
    }
  }

  /// All zero where there is no such plane.
  init(_ index: Int, of layout: ImageLayout) {
    self.init()
    guard layout.planes.indices.contains(index) else { return }
    pitch = UInt32(clamping: layout.planes[index].pitch)
    offset = UInt64(layout.planes[index].offset)
    guard layout.shapes.indices.contains(index) else { return }
    let shape = layout.shapes[index]
    row_size = UInt32(clamping: layout.rowSize(ofPlane: index))
    width = UInt32(
      clamping: (layout.width + shape.horizontalSubsampling - 1) / shape.horizontalSubsampling)
    height = UInt32(clamping: layout.rowCount(ofPlane: index))
  }
}

@c @implementation
public func texalloc_buffer_get_info(
  _ buffer: OpaquePointer?, _ info: UnsafeMutablePointer<texalloc_buffer_info>?
) -> texalloc_status {
  answer { unsafe try pass(Handles.buffers.use(buffer) { unsafe $0.info }, to: info) }
}

@c @implementation
public func texalloc_buffer_write_rows(
  _ buffer: OpaquePointer?, _ plane: UInt32, _ firstRow: UInt32, _ rowCount: UInt32,
  _ pixels: UnsafeRawPointer?, _ stride: Int
) -> texalloc_status {
  answer {
    try Handles.buffers.use(buffer) { held in
      guard let pixels = unsafe pixels else { throw Misuse.argument("pixels is NULL") }
      let (plane, rows) = (Int(plane), Int(firstRow)..<Int(firstRow) + Int(rowCount))
      try requireRoom(for: rows.count, by: stride)
      if let loan = held.mapping(of: plane) {
        unsafe try loan.write(pixels, to: rows, by: stride)
      } else {
        unsafe try held.buffer.write(pixels, to: rows, by: stride, ofPlane: plane)
      }
    }
  }
}

@c @implementation
public func texalloc_buffer_map(
  _ buffer: OpaquePointer?, _ plane: UInt32, _ mode: texalloc_map_mode,
  _ mapping: UnsafeMutablePointer<texalloc_mapping>?
) -> texalloc_status {
  answer {
    unsafe try requireRoom(in: mapping)
    let access: PlaneLoan.Access =
      switch mode {
      case TEXALLOC_MAP_ROWS: .rows
      case TEXALLOC_MAP_MEMORY: .memory(staging: false)
      case TEXALLOC_MAP_STAGED: .memory(staging: true)
      default: throw Misuse.argument("mode: \(mode.rawValue)")
      }
    let loan = try Handles.buffers.use(buffer) { held in
      do { return try held.map(Int(plane), for: access) } catch let error as WritingRefused {
        guard case .raw(let refusal) = error.reason else { throw error }
        throw Misuse(status(of: error), refusal.words)
      }
    }
    var result = unsafe texalloc_mapping()
    unsafe result.is_staged = loan.isStaged
    unsafe result.bytes = loan.memory
    unsafe result.pitch = UInt32(clamping: loan.pitch)
    unsafe result.row_size = UInt32(clamping: loan.rowSize)
    unsafe result.row_count = UInt32(clamping: loan.rowCount)
    unsafe try pass(result, to: mapping)
  }
}

extension RawPlaneRefused {
  /// As the header calls what would do.
  fileprivate var words: String {
    switch reason {
    case .notForRandomAccess:
      "\(buffer): it was allocated neither with is_painted nor with TEXALLOC_CPU_READ;"
        + " TEXALLOC_MAP_STAGED does without"
    case .notCached(let heap, let caching):
      "\(buffer): its memory of \(heap ?? "an unknown heap") is"
        + " \(caching?.rawValue ?? "perhaps not cached"); TEXALLOC_MAP_STAGED does with that"
    }
  }
}

@c @implementation
public func texalloc_buffer_unmap(_ buffer: OpaquePointer?, _ plane: UInt32) -> texalloc_status {
  answer { try Handles.buffers.use(buffer) { try $0.unmap(Int(plane)) } }
}

@c @implementation
public func texalloc_buffer_read(
  _ buffer: OpaquePointer?, _ plane: UInt32, _ evenIfSlow: Bool, _ pixels: UnsafeMutableRawPointer?,
  _ stride: Int
) -> texalloc_status {
  answer {
    let buffer = try Handles.buffer(buffer)
    guard let pixels = unsafe pixels else { throw Misuse.argument("pixels is NULL") }
    let (plane, layout) = (Int(plane), buffer.layout)
    guard layout.shapes.indices.contains(plane) else {
      throw Misuse.argument("there is no plane \(plane) of \(layout.shapes.count)")
    }
    let (size, pitch) = (layout.rowSize(ofPlane: plane), layout.planes[plane].pitch)
    guard stride >= size else {
      throw Misuse.argument("a stride of \(stride) for rows of \(size) bytes")
    }
    try requireRoom(for: layout.rowCount(ofPlane: plane), by: stride)
    try buffer.withReadback(ofPlane: plane, evenIfSlow: evenIfSlow) { rows in
      for row in 0..<layout.rowCount(ofPlane: plane) {
        // The caller has room for as many rows.
        unsafe rows.extracting(row * pitch..<row * pitch + size).withUnsafeBytes {
          unsafe UnsafeMutableRawBufferPointer(start: pixels + row * stride, count: size)
            .copyMemory(from: $0)
        }
      }
    }
  }
}

@c @implementation
public func texalloc_buffer_discard(
  _ buffer: OpaquePointer?, _ reason: UnsafePointer<CChar>?
) -> texalloc_status {
  answer {
    let buffer = try Handles.buffer(buffer)
    buffer.discard(because: try unsafe text(reason, "reason"))
  }
}

/// What Linux and EGL give in place of a sync_file that has passed already.
let passedFence: CInt = -1

/// Of a caller's sync_file, which stays the caller's.
func syncFile(copying descriptor: CInt) throws -> SyncFile {
  try SyncFile(
    owning: OwnedDescriptor(
      duplicating: FileDescriptor(rawValue: descriptor), named: "sync file"))
}

@c @implementation
public func texalloc_buffer_hold(_ buffer: OpaquePointer?, _ fence: CInt) -> texalloc_status {
  answer {
    let buffer = try Handles.buffer(buffer)
    if fence == passedFence { return }
    buffer.hold(until: try syncFile(copying: fence))
    try? FileDescriptor(rawValue: fence).close()
  }
}

@c @implementation
public func texalloc_buffer_export(
  _ buffer: OpaquePointer?, _ descriptor: UnsafeMutablePointer<CInt>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(descriptor, for: "descriptor")
    unsafe room.pointee = try Handles.buffer(buffer).export().release().rawValue
  }
}

@c @implementation
public func texalloc_buffer_release(_ buffer: OpaquePointer?) -> texalloc_status {
  answer { try Handles.buffers.release(buffer) }
}
