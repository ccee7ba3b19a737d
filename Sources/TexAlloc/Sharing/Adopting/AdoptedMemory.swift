internal import SystemPackage

/// Memory of the application behind a buffer: one or several, each of which holds planes of its image.
///
/// Where there are several, places are counted through all of them, each beginning on a page behind
/// the one before.
final class AdoptedMemory: BufferMemory {
  let heap: String?
  let caching: Caching?
  let size: Int
  let cpuUsage: Set<CPUUsage>
  private let parts: [AdoptedPart]
  private let name: String
  private let charge: PeerCharge?

  /// - Parameters:
  ///   - parts: Mapped for that usage.
  ///   - heap: If the application knows better than the kernel tells.
  ///   - caching: Likewise.
  ///   - charge: Of the peer that sent it; given back with the memory.
  init(
    _ parts: [AdoptedPart], mappedFor cpuUsage: Set<CPUUsage>, heap: String?, caching: Caching?,
    charging charge: PeerCharge? = nil, named name: String
  ) {
    self.charge = charge
    self.heap = heap ?? Self.common(parts.map(\.file.heap))
    self.caching = caching ?? Self.common(parts.map(\.file.caching))
    self.parts = parts
    self.cpuUsage = cpuUsage
    self.name = name
    size = parts.last.map { $0.start + $0.file.size } ?? 0
  }

  private static func common<Value: Equatable>(_ values: [Value?]) -> Value? {
    guard let first = values.first, values.allSatisfy({ $0 == first }) else { return nil }
    return first
  }

  var descriptor: FileDescriptor? { parts.count == 1 ? parts[0].file.descriptor : nil }
  var isExportable: Bool { false }

  func place(at offset: Int) -> (descriptor: FileDescriptor?, offset: Int) {
    let part = part(at: offset)
    return (part.file.descriptor, offset - part.start)
  }

  @unsafe func bytes(in range: Range<Int>) -> UnsafeMutableRawBufferPointer {
    let part = part(at: range.lowerBound)
    return unsafe part.bytes(in: range.lowerBound - part.start..<range.upperBound - part.start)
  }

  private func part(at offset: Int) -> AdoptedPart {
    parts.last { $0.start <= offset } ?? parts[0]
  }

  /// Always: whose caches the application's devices share is not known.
  func beginAccess(for usage: Set<CPUUsage>) {
    for part in parts { try? part.synchronization.begin(usage) }
  }

  func endAccess(for usage: Set<CPUUsage>, in range: Range<Int>) {
    for part in parts { try? part.synchronization.end(usage) }
  }

  /// From the heap of the same name, where there is one here and where the trial could be written.
  func makeTrial(
    of layout: ImageLayout, at offset: Int
  ) throws(AllocationError) -> TextureBuffer? {
    let alignment = offset == 0 ? pageSize : min(offset & -offset, pageSize)
    guard !layout.shapes.isEmpty, layout.isInWholeLines,
      alignment.isMultiple(of: PlaneWriter.lineSize),
      let heap = Heaps.present().first(where: { $0.name == heap })
    else { return nil }
    return try TrialMemory.makeBuffer(layout, alignment: alignment, from: heap)
  }
}

/// One memory of the application's. What is closed and unmapped with it is our own.
final class AdoptedPart: Sendable {
  let file: AdoptedFile
  /// Bytes through all memories of the image, from the first.
  let start: Int
  private let mapping: Mapping?
  private let name: String

  init(
    _ file: AdoptedFile, at start: Int, mappedFor cpuUsage: Set<CPUUsage>, named name: String
  ) throws(SystemFailure) {
    self.file = file
    self.start = start
    self.name = name
    mapping =
      cpuUsage.isEmpty
      ? nil
      : try Mapping(
        file.descriptor, size: file.size, named: name, isWritable: cpuUsage != [.read])
    // It would wait for devices, and a peer can have it wait for long.
    if cpuUsage.isEmpty || file.isBusy(for: cpuUsage) { return }
    // Where this succeeds, so does every later call; see beginAccess.
    try synchronization.begin(cpuUsage)
    try synchronization.end(cpuUsage)
  }

  /// Has every page there before anybody touches one, so that a lack of memory is an error of ours and
  /// no signal.
  func populate() throws(SystemFailure) {
    switch mapping {
    case .some(let mapping) where !file.cutToWholePages():
      try mapping.populate(0..<file.size, named: name, forReading: true)
    default: break
    }
  }

  var synchronization: DMABufSynchronization {
    DMABufSynchronization(descriptor: file.descriptor, name: name)
  }

  /// - Parameter range: Bytes of this memory.
  @unsafe func bytes(in range: Range<Int>) -> UnsafeMutableRawBufferPointer {
    switch mapping {
    case .some(let mapping): unsafe mapping[range]
    case .none: preconditionFailure("\(name) is not mapped")
    }
  }
}
