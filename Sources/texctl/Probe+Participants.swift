internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc
internal import TexAllocJSON
internal import TexAllocKMS
internal import TexAllocV4L2

extension BufferAttributes {
  /// Attributes as an object of JSON within another.
  struct Form: Encodable {
    let attributes: BufferAttributes

    init(_ attributes: BufferAttributes) { self.attributes = attributes }

    func encode(to encoder: any Encoder) throws {
      try JSONForm(attributes.json).encode(to: encoder)
    }

    /// For people: formats and sizes.
    var words: String {
      let constraints =
        attributes.alternatives.isEmpty
        ? [attributes.constraints] : attributes.alternatives
      let formats = constraints.flatMap { $0.formats ?? [] }.map(\.description)
      func range(_ least: Int?, _ most: Int?) -> String {
        guard let least, let most else { return "any" }
        return least == most ? "\(least)" : "\(least) to \(most)"
      }
      let all = [attributes.constraints] + attributes.alternatives
      let widths = range(
        all.compactMap(\.minWidth).min(), all.compactMap(\.maxWidth).max())
      let heights = range(
        all.compactMap(\.minHeight).min(), all.compactMap(\.maxHeight).max())
      return "\(formats.joined(separator: ", ")); width \(widths), height \(heights)"
    }
  }
}

extension ProbeReport.Participant {
  private init(_ attributes: BufferAttributes) {
    self.init(name: attributes.name, attributes: BufferAttributes.Form(attributes), reason: nil)
  }

  private init(_ node: FilePath, _ error: any Error) {
    self.init(name: node.string, attributes: nil, reason: "\(error)")
  }

  static func cameras(of size: ImageSize?) -> [Self] {
    Camera.found().map { finding in
      participant(finding.node) {
        let camera = try finding.device.get()
        return try size.map { try Camera(at: camera.node, $0) } ?? camera
      }
    }
  }

  static func decoders() -> [Self] {
    VideoDecoder.found().map { finding in participant(finding.node) { try finding.device.get() } }
  }

  static func displays(of size: ImageSize?) -> [Self] {
    Display.found().map { finding in
      participant(finding.node) {
        let display = try finding.display.get()
        return try size.map {
          try Display(at: display.node, connector: display.connector.name, $0)
        } ?? display
      }
    }
  }

  private static func participant(
    _ node: FilePath, _ open: () throws -> any Component
  ) -> Self {
    do { return Self(try open().attributes) } catch { return Self(node, error) }
  }
}

extension ProbeReport {
  /// Writes what `texctl merge` reads, a file for each.
  func writeAttributes(to folder: FilePath) throws {
    let all =
      [device?.attributes].compactMap { $0 }
      + (cameras + decoders + displays).compactMap(\.attributes)
    for form in all {
      let name = String(form.attributes.name.map { $0.isLetter || $0.isNumber ? $0 : "-" })
      try TextFile.write(form.attributes.json + "\n", to: folder.appending("\(name).json"))
    }
  }
}
