internal import ArgumentParser
package import TexAlloc

extension ImageSize {
  /// For `transform:` of an option: `1920x1080`.
  package static func argument(_ text: String) throws -> ImageSize {
    guard let size = ImageSize(text) else { throw ValidationError("not a size like 1920x1080") }
    return size
  }
}
