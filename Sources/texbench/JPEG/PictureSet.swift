internal import FoundationEssentials
internal import ProgramSupport
internal import TexAlloc

/// Which pictures are decoded: each is made when it is its turn.
struct PictureSet {
  let makers: [() throws -> Picture]

  /// Those that the program makes itself.
  init(for effort: Effort) {
    let icon = ("128²", ImageSize(width: 128, height: 128))
    let small = ("512²", ImageSize(width: 512, height: 512))
    let screen = ("1080p", ImageSize(width: 1920, height: 1080))
    let camera = ("12 MP", ImageSize(width: 4000, height: 3000))
    func maker(
      _ content: PictureContent, _ size: (name: String, size: ImageSize), _ coding: PictureCoding
    ) -> () throws -> Picture {
      { try Picture(content, size.size, named: size.name, coding) }
    }
    makers =
      switch effort {
      case .quick: [maker(.photo, small, .halved), maker(.photo, screen, .halved)]
      case .normal:
        [icon, small, screen, camera].map { maker(.photo, $0, .halved) }
          + [.full, .progressive, .restarts].map { maker(.photo, screen, $0) }
          + [.gradient, .noise].map { maker($0, screen, .halved) }
      case .full:
        PictureContent.allCases.reversed().flatMap { content in
          [icon, small, screen, camera].flatMap { size in
            PictureCoding.allCases.map { maker(content, size, $0) }
          }
        }
      }
  }

  /// The JPEG files of a folder, by name.
  init(folder: String) throws {
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted() } catch {
      throw ProgramFailure("\(folder): cannot be read")
    }
    let files = names.filter { name in
      [".jpg", ".jpeg"].contains { name.lowercased().hasSuffix($0) }
    }
    guard !files.isEmpty else { throw ProgramFailure("\(folder): no .jpg or .jpeg file") }
    makers = files.map { file in { try Picture(contentsOf: "\(folder)/\(file)") } }
  }
}
