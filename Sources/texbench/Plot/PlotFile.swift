internal import Foundation
internal import ProgramSupport
internal import SystemPackage

/// Where a plot goes.
struct PlotFile {
  private let path: String
  private let isPNG: Bool

  /// nil for a name that ends in neither .svg nor .png.
  init?(_ path: String) {
    guard [".svg", ".png"].contains(where: path.hasSuffix) else { return nil }
    self.path = path
    isPNG = path.hasSuffix(".png")
  }

  /// Librsvg makes the PNG, by its program.
  func write(_ svg: String) throws {
    guard isPNG else { return try TextFile.write(svg, to: FilePath(path)) }
    let source = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).svg")
    try svg.write(to: source, atomically: false, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: source) }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["rsvg-convert", "--zoom", "2", "--output", path, source.path]
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw ProgramFailure("\(path): rsvg-convert of librsvg2-bin could not write it")
    }
  }
}
