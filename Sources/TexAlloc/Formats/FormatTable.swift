/// Which formats somebody knows the planes of.
///
/// Formats that the library does not know are described by whoever writes such images. Devices that are to
/// show them are opened with the same table:
///
/// ```swift
/// let grey10 = Fourcc("GY10")!
/// var table = FormatTable.known
/// table[grey10] = [PlaneShape([.init(.red, bits: 10), .init(.unused, bits: 6)])]
/// let gpu = try EGLDevice.surfaceless(formats: table)
/// var image = ImageDescriptor(width: 640, height: 480, formats: [grey10])
/// image.table = table
/// ```
public struct FormatTable: Hashable, Sendable {
  private var rows: [Fourcc: [PlaneShape]]

  /// No format at all.
  public init() { rows = [:] }

  /// The planes of a format when it is linear, one to ``ImageLayout/Planes/limit``; nil for one that is
  /// not in the table.
  public subscript(fourcc: Fourcc) -> [PlaneShape]? {
    get { rows[fourcc] }
    set {
      precondition(
        newValue.map { 1...ImageLayout.Planes.limit ~= $0.count } ?? true,
        "\(fourcc) of no plane, or of more than \(ImageLayout.Planes.limit)")
      rows[fourcc] = newValue
    }
  }

  /// Ascending by number.
  public var formats: [Fourcc] { rows.keys.sorted { $0.rawValue < $1.rawValue } }

  /// The formats of the page that says how attributes are merged, by which `texctl merge` lays out
  /// images: its answer to any other is a conflict in `formats`. Pools lay out all of ``known``, so a
  /// pool may give an image where that page has none; for the formats of the page both do the same.
  public static let specification = FormatTable([
    .argb8888, .xrgb8888, .abgr8888, .xbgr8888, .rgb565, .gr88, .r8, .yuyv, .uyvy, .nv12, .yuv420,
  ])

  /// Every format that the library knows.
  public static let known = FormatTable(
    rows: Dictionary(uniqueKeysWithValues: Fourcc.rows.map { (Fourcc(known: $0), $1) }))

  private static let ranking = Fourcc.rows.map { Fourcc(known: $0.0) }

  /// In the order in which devices like them: those that the library knows first.
  package var ranked: [Fourcc] {
    Self.ranking.filter { rows[$0] != nil } + formats.filter { !Self.ranking.contains($0) }
  }

  private init(rows: [Fourcc: [PlaneShape]]) { self.rows = rows }

  private init(_ formats: [Fourcc]) {
    rows = FormatTable.known.rows.filter { formats.contains($0.key) }
  }
}
