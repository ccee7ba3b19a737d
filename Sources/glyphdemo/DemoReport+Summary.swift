extension DemoReport {
  /// For the person who ran it.
  var summary: String {
    let lines =
      [
        "\(picture): \(width)x\(height)",
        "",
        "device    \(device.renderer), \(device.version)",
        "          chosen because \(device.chosenBecause)",
        "heap      \(pool.heap), \(pool.caching);"
          + " \(mebibytes(pool.slotBytes)) of \(mebibytes(pool.slabBytes)) MiB in use,"
          + " \(pool.slots) slots in \(pool.slabs) slabs",
      ] + photoLines + glyphLines
      + [
        "time      "
          + stages.map { "\($0.name) \(rounded($0.milliseconds)) ms" }.joined(separator: ", ")
      ]
      + notes.map { "note      \($0)" }
    return lines.joined(separator: "\n")
  }

  private var photoLines: [String] {
    photos.map { photo in
      "photo     \(photo.name), \(photo.width)x\(photo.height): \(way(photo)),"
        + " \(photo.bytesCopied) bytes copied"
    }
  }

  private var glyphLines: [String] {
    ["glyphs    \(glyphs.drawn) drawn, \(glyphs.rasterised) rasterised"]
      + glyphs.pages.map { page in
        "          \(page.name): \(way(page)), \(page.bytesCopied) bytes copied"
      }
  }

  private func way(_ texture: TextureEntry) -> String {
    texture.path + (texture.reason.map { " because \($0)" } ?? "")
  }

  private func mebibytes(_ bytes: Int) -> String { rounded(Double(bytes) / 1_048_576) }

  private func rounded(_ number: Double) -> String { "\((number * 10).rounded() / 10)" }
}
