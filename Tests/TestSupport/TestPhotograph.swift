internal import Foundation

/// The photographs of the repository.
package enum TestPhotograph {
  /// The path of one in assets/photos.
  package static func path(_ name: String) -> String {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
    return folder.appending(path: "../../assets/photos/\(name)").path
  }
}
