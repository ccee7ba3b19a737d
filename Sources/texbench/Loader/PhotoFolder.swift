internal import Foundation
internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc

/// Photographs in files of a folder that is gone afterwards.
final class PhotoFolder {
  let paths: [FilePath]
  /// The different ones.
  let pictures: [Picture]
  private let folder: URL

  /// - Parameter sizes: In turns; files of one size hold one picture.
  init(count: Int, sizes: [ImageSize]) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "texbench-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    pictures = try sizes.map { try Picture(.photo, $0, named: "\($0)", .halved) }
    paths = (0..<count).map { [folder] in FilePath(folder.appending(path: "\($0).jpg").path) }
    for (number, path) in paths.enumerated() {
      try Data(pictures[number % pictures.count].bytes).write(to: URL(filePath: path.string))
    }
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// The picture in a file.
  func picture(_ number: Int) -> Picture { pictures[number % pictures.count] }
}
