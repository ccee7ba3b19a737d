import Foundation
import SystemPackage
import XCTest

/// The photographs that a Debian machine has with the package mate-backgrounds.
enum Photographs {
  static let folder = "/usr/share/backgrounds/mate"

  static func paths() throws -> [FilePath] {
    let names = try? FileManager.default.subpathsOfDirectory(atPath: folder)
    let photographs = (names ?? []).filter { $0.hasSuffix(".jpg") }.sorted()
    guard !photographs.isEmpty else {
      throw XCTSkip("no photographs in \(folder): install mate-backgrounds")
    }
    return photographs.map { FilePath("\(folder)/\($0)") }
  }
}
