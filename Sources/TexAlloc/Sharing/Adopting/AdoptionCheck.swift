/// The checks of numbers that come from outside; all sums are checked for overflow.
struct AdoptionCheck {
  /// A plane, and the memory that it lies in.
  struct Place {
    let plane: AdoptedImage.Plane
    /// Bytes of that memory.
    let size: Int
    /// Where that memory begins, counted through all memories of the image.
    let start: Int
  }

  let name: String
  let cpuUsage: Set<CPUUsage>

  /// Checks an image that lies in one memory.
  ///
  /// - Parameter offset: Bytes from the start of the memory to the image.
  func check(_ layout: ImageLayout, at offset: Int, in file: AdoptedFile) throws(AdoptionRefused) {
    try checkShapes(of: layout)
    for (index, plane) in layout.planes.enumerated() {
      try check(plane, index, within: layout.size, "the image's \(layout.size) bytes")
    }
    guard offset >= 0 else { throw refusal("offset", "at least 0", offset) }
    let end = offset.checkedSum(layout.size)
    guard let end, end <= file.size else {
      throw refusal(
        "size", "an image within \(file.size) bytes of memory", "\(layout.size) at \(offset)")
    }
    try checkUsage(of: layout, at: offset)
  }

  func checkCount(of planes: [AdoptedImage.Plane]) throws(AdoptionRefused) {
    guard (1...4).contains(planes.count) else { throw refusal("planes", "1 to 4", planes.count) }
  }

  func checkSize(_ size: ImageSize) throws(AdoptionRefused) {
    guard size.width > 0 else { throw refusal("width", "at least 1", size.width) }
    guard size.height > 0 else { throw refusal("height", "at least 1", size.height) }
  }

  /// Where a memory of so many bytes begins, counted through all memories of an image: on a page behind
  /// the one before.
  func start(
    after last: (start: Int, size: Int)?, _ size: Int
  ) throws(AdoptionRefused) -> Int {
    guard let last else { return 0 }
    let start = last.start.checkedSum(last.size)?.checkedRoundedUp(toMultipleOf: pageSize)
    guard let start, start.checkedSum(size) != nil else {
      throw refusal(
        "size", "memories of at most \(Int.max) bytes together",
        "\(size) behind \(last.size) at \(last.start)")
    }
    return start
  }

  /// The layout of an image whose planes lie in memories of their own, once all of it is checked.
  ///
  /// - Parameter places: One for each plane.
  func layout(
    of image: AdoptedImage, at places: [Place]
  ) throws(AdoptionRefused) -> ImageLayout {
    let isLinear = image.format.modifier == .linear
    let shapes = isLinear ? image.table[image.format.fourcc] ?? [] : []
    if !isLinear, !cpuUsage.isEmpty {
      throw refusal(
        "cpuUsage", "none: only linear images are mapped",
        cpuUsage.map(\.rawValue).sorted().joined(separator: ", "))
    }
    var planes: ImageLayout.Planes = []
    for (index, place) in places.enumerated() {
      let rows = index < shapes.count ? shapes[index].rows(down: image.size.height) : 0
      let (offset, pitch) = (place.plane.offset, place.plane.pitch)
      try check(
        .init(offset: offset, pitch: pitch, rows: rows), index, within: place.size,
        "the \(place.size) bytes of its memory")
      planes.append(.init(offset: place.start + offset, pitch: pitch, rows: rows))
    }
    var layout = ImageLayout(
      width: image.size.width, height: image.size.height, format: image.format, planes: planes,
      shapes: shapes, size: places.map { $0.start + $0.size }.max() ?? 0)
    layout.colour = image.colour
    layout.alpha = image.alpha
    layout.sampling = image.sampling
    if isLinear { try checkShapes(of: layout) }
    try checkUsage(of: layout, at: 0)
    return layout
  }

  private func check(
    _ plane: ImageLayout.Plane, _ index: Int, within size: Int, _ words: String
  ) throws(AdoptionRefused) {
    guard plane.offset >= 0 else {
      throw refusal("offset of plane \(index)", "at least 0", plane.offset)
    }
    guard plane.pitch > 0 else {
      throw refusal("pitch of plane \(index)", "at least 1", plane.pitch)
    }
    guard let end = plane.pitch.checkedProduct(plane.rows)?.checkedSum(plane.offset),
      end <= size, plane.offset < size
    else {
      throw refusal(
        "size of plane \(index)", "a plane within \(words)",
        "\(plane.rows) rows of \(plane.pitch) at \(plane.offset)")
    }
  }

  private func checkShapes(of layout: ImageLayout) throws(AdoptionRefused) {
    guard !layout.shapes.isEmpty else {
      throw refusal("formats", "a linear format whose planes are known", layout.format)
    }
    try checkSize(layout.imageSize)
    guard layout.planes.count == layout.shapes.count else {
      throw refusal(
        "planes", "\(layout.shapes.count) of \(layout.format)", layout.planes.count)
    }
    for (index, (plane, shape)) in zip(layout.planes, layout.shapes).enumerated() {
      guard let row = shape.bytes(across: layout.width) else {
        throw refusal("width", "rows of at most \(Int.max) bytes", layout.width)
      }
      guard plane.pitch >= row else {
        throw refusal("pitch of plane \(index)", "at least \(row)", plane.pitch)
      }
      let rows = shape.rows(down: layout.height)
      guard plane.rows >= rows else {
        throw refusal("rows of plane \(index)", "at least \(rows)", plane.rows)
      }
    }
  }

  private func checkUsage(of layout: ImageLayout, at offset: Int) throws(AdoptionRefused) {
    if cpuUsage.contains(.randomWrite) {
      throw refusal("cpuUsage", "read, sequentialWrite", "randomWrite")
    }
    guard cpuUsage.contains(.sequentialWrite) else { return }
    let line = PlaneWriter.lineSize
    for (index, plane) in layout.planes.enumerated() {
      guard plane.pitch.isMultiple(of: line) else {
        throw refusal(
          "pitchAlignment of plane \(index)", "a multiple of \(line)", plane.pitch)
      }
      let start = offset + plane.offset
      guard start.isMultiple(of: line) else {
        throw refusal("offsetAlignment of plane \(index)", "a multiple of \(line)", start)
      }
    }
  }

  private func refusal(_ field: String, _ wanted: String, _ held: some Any) -> AdoptionRefused {
    .unsuitable(buffer: name, field: field, wanted: wanted, held: "\(held)")
  }
}

extension ImageLayout {
  /// Whether every row of every plane is whole lines, as writers want them.
  var isInWholeLines: Bool {
    planes.allSatisfy {
      $0.pitch.isMultiple(of: PlaneWriter.lineSize)
        && $0.offset.isMultiple(of: PlaneWriter.lineSize)
    }
  }
}

/// Why memory of the application was not adopted. It is as it was, and nothing of it is kept.
public enum AdoptionRefused: Error, Hashable, Sendable {
  /// The field: `descriptor`, `seals`, `cpuUsage`; or one of the layout: `formats`, `width`, `height`,
  /// `planes`, `pitch`, `rows`, `offset`, `size`, `pitchAlignment`, `offsetAlignment`, those of a
  /// plane with its number, `pitch of plane 1`. What it must be, and what it is, lengths in bytes.
  case unsuitable(buffer: String, field: String, wanted: String, held: String)
  /// A call of the kernel that the memory was asked with.
  case failed(SystemFailure)
}

extension AdoptionRefused: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unsuitable(let buffer, let field, let wanted, let held):
      "\(buffer): \(field): wanted \(wanted), held \(held)"
    case .failed(let failure): "\(failure)"
    }
  }
}
