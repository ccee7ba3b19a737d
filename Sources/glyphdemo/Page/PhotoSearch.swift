internal import FoundationEssentials
internal import SystemPackage
internal import TexAlloc
internal import TexAllocJPEG

/// Finds photographs for the page where the user names none.
enum PhotoSearch {
  /// Of Debian's `mate-backgrounds`, of as many sizes as there are; else those that come with this
  /// project.
  static func photographs(count: Int) -> [FilePath] {
    let installed = mostVaried(files(below: "/usr/share/backgrounds/mate/nature"))
    let found = installed.count >= 6 ? installed : ownPhotographs()
    return Array(found.prefix(count)).sorted { $0.string < $1.string }
  }

  /// The files that are named, and the JPEG files below the folders that are.
  static func photographs(named names: [String]) -> [FilePath] {
    names.flatMap { name in isFolder(name) ? files(below: name) : [FilePath(name)] }
  }

  /// The JPEG and PNG files below a folder.
  static func pictures(below folder: String) -> [FilePath] {
    files(below: folder, ["jpg", "jpeg", "png"])
  }

  /// The first of each size before the others.
  private static func mostVaried(_ files: [FilePath]) -> [FilePath] {
    var sizes: Set<ImageSize> = []
    let isFirst = files.map { file in
      guard let image = try? JPEGImage(contentsOf: file) else { return false }
      return sizes.insert(image.size).inserted
    }
    return zip(files, isFirst).filter(\.1).map(\.0) + zip(files, isFirst).filter { !$1 }.map(\.0)
  }

  private static func ownPhotographs() -> [FilePath] {
    OwnAssets.folders.lazy.map { files(below: $0 + "/photos") }.first { !$0.isEmpty } ?? []
  }

  private static func files(
    below folder: String, _ extensions: [String] = ["jpg", "jpeg"]
  ) -> [FilePath] {
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
    return names.sorted().map { FilePath(folder).appending($0) }.filter {
      extensions.contains($0.extension?.lowercased() ?? "")
    }
  }

  static func isFolder(_ path: String) -> Bool {
    var isFolder = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder
  }
}

/// What comes with this project.
enum OwnAssets {
  /// Where it may be: in `assets` of the folder where the program runs, or of one above the program itself.
  static var folders: [String] {
    var folders = ["."]
    let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    var folder = FilePath(program ?? "").removingLastComponent()
    while !folder.isEmpty {
      folders.append(folder.string)
      guard folder.removeLastComponent() else { break }
    }
    return folders.map { $0 + "/assets" }
  }

  /// A text in UTF-8; nil where it is nowhere.
  static func text(_ name: String) -> String? {
    folders.lazy.compactMap { FileManager.default.contents(atPath: "\($0)/texts/\(name)") }.first
      .map { String(decoding: $0, as: UTF8.self) }
  }
}
