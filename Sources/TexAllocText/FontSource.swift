internal import CFreeType
internal import Glibc
public import SystemPackage

/// Where a face comes from, by which faces are the same wherever they are opened: a file or bytes, the
/// number of the face in them, and how it is varied.
public struct FontSource: Hashable, Sendable {
  enum Place: Hashable, Sendable {
    case file(FilePath, FileIdentity?)
    case bytes(FontBytes)
  }

  /// What tells a file from another that has its name later.
  struct FileIdentity: Hashable, Sendable {
    private let device: DeviceID
    private let number: Inode
    private let size: Int64
    private let seconds, nanoseconds: Int

    /// nil for what cannot be asked.
    init?(of path: FilePath) {
      guard let status = try? path.stat() else { return nil }
      (device, number, size) = (status.deviceID, status.inode, status.size)
      (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
    }
  }

  let place: Place
  /// The path, or what the caller called the bytes; errors name it.
  public let name: String
  /// Which face of the file.
  public let index: Int
  /// Where it stands on each axis that was named, by the tags of OpenType (`wght`, `wdth`).
  public let axes: [String: Double]

  /// Looks up the file, which is opened by ``FontFace``.
  ///
  /// - Parameter index: Which face of a collection (`.ttc`); in the upper 16 bits, which named
  ///   instance of a variable font.
  public init(contentsOf path: FilePath, index: Int = 0, axes: [String: Double] = [:]) {
    place = .file(path, FileIdentity(of: path))
    name = path.string
    self.index = index
    self.axes = axes
  }

  /// Copies the bytes, which all faces of the source share.
  public init(
    bytes: Span<UInt8>, named name: String, index: Int = 0, axes: [String: Double] = [:]
  ) {
    place = .bytes(FontBytes(bytes))
    self.name = name
    self.index = index
    self.axes = axes
  }
}

/// A font in memory, which FreeType reads from for as long as a face of it lives.
@safe final class FontBytes: Sendable {
  /// Nobody writes it after the initialiser.
  @unsafe nonisolated(unsafe) let bytes: UnsafeMutableRawBufferPointer

  init(_ source: Span<UInt8>) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: source.count, alignment: 1)
    unsafe source.withUnsafeBytes { unsafe copy.copyMemory(from: $0) }
    unsafe bytes = copy
  }

  deinit { unsafe bytes.deallocate() }
}

extension FontBytes: Hashable {
  static func == (left: FontBytes, right: FontBytes) -> Bool { left === right }

  func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

extension FontFace {
  /// Sets the axes that are named, and the others to what the font says.
  ///
  /// https://freetype.org/freetype2/docs/reference/ft2-multiple_masters.html
  static func vary(
    _ face: FT_Face, to axes: [String: Double], of font: String, in library: FontLibrary
  ) throws(FontError) {
    guard let first = axes.keys.min() else { return }
    var description: UnsafeMutablePointer<FT_MM_Var>?
    // The description, and as many axes as it counts, are FreeType's until they are given back.
    guard unsafe FT_Get_MM_Var(face, &description) == 0, let description = unsafe description else {
      throw .noSuchAxis(font: font, axis: first)
    }
    defer { unsafe FT_Done_MM_Var(library.handle, description) }
    var left = axes
    let count = unsafe Int(description.pointee.num_axis)
    // Where a named instance stands, or the font by itself.
    var coordinates = [FT_Fixed](repeating: 0, count: count)
    try check(
      unsafe FT_Get_Var_Design_Coordinates(face, FT_UInt(count), &coordinates),
      "FT_Get_Var_Design_Coordinates")
    for number in 0..<count {
      let axis = unsafe description.pointee.axis[number]
      let name = unsafe tag(axis.tag)
      guard let wanted = left.removeValue(forKey: name) else { continue }
      let ends = unsafe (Double(axis.minimum), Double(axis.maximum))
      guard !wanted.isNaN else { throw .noSuchPosition(font: font, axis: name, wanted) }
      coordinates[number] = FT_Fixed(min(max((wanted * 65536).rounded(), ends.0), ends.1))
    }
    if let unknown = left.keys.min() { throw .noSuchAxis(font: font, axis: unknown) }
    try check(
      unsafe FT_Set_Var_Design_Coordinates(face, FT_UInt(count), &coordinates),
      "FT_Set_Var_Design_Coordinates")

    func check(_ code: FT_Error, _ operation: String) throws(FontError) {
      guard code == 0 else { throw .damaged(font: font, while: operation, code: Int(code)) }
    }
  }

  private static func tag(_ number: FT_ULong) -> String {
    String(
      String.UnicodeScalarView(
        [24, 16, 8, 0].map { Unicode.Scalar(UInt8(truncatingIfNeeded: number >> FT_ULong($0))) }))
  }
}
