public import SystemPackage

/// An image as compositors and cameras hand it over: up to four planes, each of which says in which
/// memory it lies, and what they hold.
///
/// ```swift
/// let frame = AdoptedImage(
///   ImageSize(width: 1920, height: 1080), .nv12,
///   [.init(luma, pitch: 1920), .init(chroma, offset: 4096, pitch: 1920)])
/// let buffer = try TextureBuffer(adopting: frame)
/// ```
public struct AdoptedImage: Hashable, Sendable {
  /// One plane.
  public struct Plane: Hashable, Sendable {
    /// Of the memory that it lies in; planes may share one, also by different descriptors of it.
    public var descriptor: FileDescriptor
    /// Bytes from the start of that memory.
    public var offset: Int
    /// Bytes from one row to the next; of another arrangement than rows, what its modifier says.
    public var pitch: Int

    public init(_ descriptor: FileDescriptor, offset: Int = 0, pitch: Int) {
      self.descriptor = descriptor
      self.offset = offset
      self.pitch = pitch
    }
  }

  /// In pixels.
  public var size: ImageSize
  /// With any modifier.
  public var format: Format
  /// One to four, in the order of `drm_fourcc.h`: where the image is linear, those of the format.
  public var planes: [Plane]
  /// What the numbers mean as colours.
  public var colour = Colour.picture
  /// What the fourth channel says of the others; nothing in formats without one.
  public var alpha = Alpha.premultiplied
  /// What a shader gets of the numbers.
  public var sampling = Sampling.asStored
  /// Where the format is described.
  public var table = FormatTable.known

  public init(_ size: ImageSize, _ format: Format, _ planes: [Plane]) {
    self.size = size
    self.format = format
    self.planes = planes
  }
}

extension TextureBuffer {
  /// Takes an image that the application allocated plane by plane, so that devices register it as they do
  /// our own. Its memory is dma-bufs, or memfds. The descriptors are duplicated; the application's own
  /// stay its own.
  ///
  /// A memfd that can shrink would end the process at the next access, so it is sealed against that,
  /// for good, unless it is sealed already. A dma-buf cannot shrink.
  ///
  /// Nothing is known of where the application's pages were: a device compares the pixels that it
  /// shows with a trial image of the same heap where there is such a heap here, else with those of the
  /// buffer where it is mapped for reading, and should not be written meanwhile; else it takes the
  /// buffer unchecked, and says so. Of an image that is not linear nothing is known but where its planes
  /// begin: it is neither mapped nor checked, and only devices that say that they take the modifier
  /// register it.
  ///
  /// A plane of luma or chroma that is to be a texture of its own is adopted by itself, as an image of the
  /// format that ``PlaneShape/alone`` tells.
  ///
  /// - Parameters:
  ///   - image: With descriptors that are open for reading; for writing too where they are to be written
  ///     or sealed. Each plane lies within its memory.
  ///   - cpuUsage: What the CPU will do with it; it is mapped for that, and for nothing else. To be
  ///     written (`sequentialWrite`), its rows are whole lines of ``PlaneWriter/lineSize``.
  ///   - heap: Where the memory came from, if the application knows better than the kernel tells,
  ///     which is always so for a DRM driver: `drm-dumb:vgem`, `gbm:vgem`.
  ///   - caching: How a mapping of it is cached, likewise.
  ///   - name: For errors and reports.
  /// - Throws: `AdoptionRefused` with the field, what it must be and what it is.
  public convenience init(
    adopting image: AdoptedImage, mappedFor cpuUsage: Set<CPUUsage> = [], heap: String? = nil,
    caching: Caching? = nil, named name: String = "adopted"
  ) throws(AdoptionRefused) {
    let check = AdoptionCheck(name: name, cpuUsage: cpuUsage)
    try check.checkSize(image.size)
    try check.checkCount(of: image.planes)
    var files: [(file: AdoptedFile, start: Int)] = []
    var places: [AdoptionCheck.Place] = []
    for plane in image.planes {
      let file = try AdoptedFile(plane.descriptor, named: name)
      if let known = files.first(where: { $0.file.isSameMemory(as: file) }) {
        places.append(.init(plane: plane, size: known.file.size, start: known.start))
      } else {
        let start = try check.start(after: files.last.map { ($0.start, $0.file.size) }, file.size)
        files.append((file, start))
        places.append(.init(plane: plane, size: file.size, start: start))
      }
    }
    try self.init(
      check.layout(of: image, at: places), at: 0, in: files, mappedFor: cpuUsage, heap: heap,
      caching: caching, named: name)
  }

  /// Takes an image in one memory, such as another process exported, with all that is said of
  /// ``init(adopting:mappedFor:heap:caching:named:)``.
  ///
  /// - Parameters:
  ///   - layout: Of a linear format. Its planes lie within its size, and all of it within the memory.
  ///   - offset: Bytes from the start of the memory to the image.
  /// - Throws: `AdoptionRefused` with the field, what it must be and what it is.
  public convenience init(
    adopting descriptor: FileDescriptor, _ layout: ImageLayout, at offset: Int = 0,
    mappedFor cpuUsage: Set<CPUUsage> = [], heap: String? = nil, caching: Caching? = nil,
    named name: String = "adopted"
  ) throws(AdoptionRefused) {
    let file = try AdoptedFile(descriptor, named: name)
    try AdoptionCheck(name: name, cpuUsage: cpuUsage).check(layout, at: offset, in: file)
    try self.init(
      layout, at: offset, in: [(file, 0)], mappedFor: cpuUsage, heap: heap, caching: caching,
      named: name)
  }

  /// - Parameters:
  ///   - files: Each with where it begins, counted through all of them.
  ///   - charge: What a peer's memory counts as.
  convenience init(
    _ layout: ImageLayout, at offset: Int, in files: [(file: AdoptedFile, start: Int)],
    mappedFor cpuUsage: Set<CPUUsage>, heap: String? = nil, caching: Caching? = nil,
    charging charge: PeerCharge? = nil, named name: String
  ) throws(AdoptionRefused) {
    var parts: [AdoptedPart] = []
    do throws(SystemFailure) {
      for (file, start) in files {
        let part = try AdoptedPart(file, at: start, mappedFor: cpuUsage, named: name)
        if charge != nil { try part.populate() }
        parts.append(part)
      }
    } catch {
      throw .failed(error)
    }
    // Last, so that memory that is refused is as it was.
    for file in files { try file.file.keepSize() }
    self.init(
      name: name, layout: layout,
      in: AdoptedMemory(
        parts, mappedFor: cpuUsage, heap: heap, caching: caching, charging: charge, named: name),
      at: offset)
  }
}
