import Glibc
import Synchronization
import TexAlloc

/// A device that the library does not know: a panel that shows one picture at a time. It imports each
/// slab once, by a mapping of its own, and every picture in the slab is a part of that import.
final class Panel: Registrar {
  let attributes = BufferAttributes(name: "panel") {
    $0.formats = [Format(.xrgb8888), Format(.r8)]
    $0.heaps = [SharedMemoryHeap.name]
    $0.pitchAlignment = 256
    $0.maxWidth = 4096
    $0.deviceUsage = [.scanout]
  }

  private let imports = SlabCompanion<SlabImport>()
  private let pictures = Mutex<[TextureBuffer.ID: WeakPicture]>([:])
  private let shown = Mutex<Showing?>(nil)

  private struct WeakPicture {
    weak var picture: Picture?
  }

  func register(_ buffer: TextureBuffer) throws(RegistrationRefused) -> Picture {
    if let known = pictures.withLock({ $0[buffer.id]?.picture }) { return known }
    try attributes.accept(buffer)
    guard let slab = buffer.slab else {
      throw refusal("slab", wanted: "memory of a pool", held: buffer.heap ?? "other memory")
    }
    let slabImport: SlabImport
    do {
      slabImport = try slab.companion(imports) { () throws(SystemFailure) in
        try SlabImport(of: slab)
      }
    } catch {
      throw refusal("import", wanted: "a mapping", held: "\(error)")
    }
    let picture = Picture(of: buffer, in: slabImport, on: name)
    pictures.withLock { $0[buffer.id] = WeakPicture(picture: picture) }
    return picture
  }

  /// The pool asks before it settles for a heap: what is written must be what the panel shows.
  func check(_ trial: TextureBuffer, on route: Route) throws(RegistrationRefused) {
    let picture = try register(trial)
    let row = (0..<trial.layout.rowSize(ofPlane: 0)).map { UInt8(truncatingIfNeeded: 7 * $0 + 3) }
    do {
      var writer = trial.writer()
      writer.write(row.span, row: trial.layout.height - 1)
    }
    let shown = picture.pixels(ofRow: trial.layout.height - 1)
    guard shown == row else {
      throw refusal("pixels", wanted: "those that were written", held: "others")
    }
  }

  /// Shows a picture until the next is shown. Its memory is nobody else's until then, whoever lets go of it.
  func show(_ picture: Picture) {
    let showing = Showing()
    picture.buffer.hold(until: showing)
    shown.withLock { before in
      before?.end()
      before = showing
    }
  }

  private func refusal(_ field: String, wanted: String, held: String) -> RegistrationRefused {
    RegistrationRefused(.importFailed, by: name, field: field, wanted: wanted, held: held)
  }
}

/// A buffer as the panel has it.
final class Picture: Registration {
  let component: String
  let buffer: TextureBuffer
  let slabImport: SlabImport

  init(of buffer: TextureBuffer, in slabImport: SlabImport, on component: String) {
    self.buffer = buffer
    self.slabImport = slabImport
    self.component = component
  }

  /// What the panel shows.
  func pixels(ofRow row: Int) -> [UInt8] {
    let (layout, plane) = (buffer.layout, buffer.layout.planes[0])
    let start = buffer.offset + plane.offset + row * plane.pitch
    return slabImport.bytes(in: start..<start + layout.rowSize(ofPlane: 0))
  }
}

/// The panel's own mapping of a slab: the slab's companion, which goes before the slab's memory does.
@safe final class SlabImport: @unchecked Sendable {  // the address never changes
  /// How many there are.
  static let count = Atomic(0)

  private let address: UnsafeMutableRawPointer
  private let size: Int

  init(of slab: Slab) throws(SystemFailure) {
    guard let descriptor = slab.descriptor else {
      throw SystemFailure("import", on: slab.heap, .badFileDescriptor)
    }
    let address = unsafe mmap(nil, slab.size, PROT_READ, MAP_SHARED, descriptor.rawValue, 0)
    guard let address = unsafe address, unsafe address != MAP_FAILED else {
      throw SystemFailure("mmap", on: slab.heap, Errno(rawValue: errno))
    }
    unsafe self.address = address
    size = slab.size
    Self.count.add(1, ordering: .relaxed)
  }

  deinit {
    unsafe munmap(address, size)
    Self.count.subtract(1, ordering: .releasing)
  }

  func bytes(in range: Range<Int>) -> [UInt8] {
    precondition(0 <= range.lowerBound && range.upperBound <= size)
    return unsafe Array(UnsafeRawBufferPointer(start: address, count: size)[range])
  }
}

/// The time for which a picture is shown.
final class Showing: Fence {
  private let isOver = Atomic(false)

  func end() { isOver.store(true, ordering: .releasing) }

  var hasPassed: Bool { isOver.load(ordering: .acquiring) }

  func wait(until deadline: ContinuousClock.Instant) -> Bool {
    while !hasPassed, ContinuousClock.now < deadline { usleep(1000) }
    return hasPassed
  }
}
