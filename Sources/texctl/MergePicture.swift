internal import ProgramSupport
internal import TexAlloc

/// A merge as a picture, of SVG: what each participant wants, and what they agree on, or do not.
struct MergePicture {
  private struct Box {
    let title: String
    let lines: [String]
    var height: Int { 34 + lines.count * MergePicture.lineHeight }
  }

  private static let (lineHeight, gap, margin) = (16, 18, 20)
  private static let (width, columnGap, charactersPerLine) = (400, 110, 50)

  private let wants: [Box]
  private let outcome: Box
  private let isConflict: Bool

  init(of participants: [BufferAttributes], _ outcome: Result<MergedAttributes, MergeError>) {
    let chosen =
      (try? outcome.get())?.alternatives.map { ($0.participant, $0.index) } ?? []
    wants = participants.map { participant in
      let index = chosen.first { $0.0 == participant.name }?.1
      let alternatives = participant.alternatives
      let choice = index.flatMap { alternatives.indices.contains($0) ? alternatives[$0] : nil }
      let note: [String] =
        alternatives.isEmpty
        ? []
        : [
          choice == nil ? "any of \(alternatives.count)" : "one of \(alternatives.count), which is"
        ]
      return Box(
        title: participant.name,
        lines: Self.wrapped(participant.constraints.wishes + note + (choice?.wishes ?? [])))
    }
    switch outcome {
    case .success(let merged):
      let rows = merged.table.split(separator: "\n").map(String.init)
      self.outcome = Box(title: "agreed", lines: Self.wrapped(rows))
      isConflict = false
    case .failure(let error):
      self.outcome = Box(title: "conflict", lines: Self.wrapped(["\(error)"]))
      isConflict = true
    }
  }

  /// Lines of the same words, none too long for a box.
  private static func wrapped(_ lines: [String]) -> [String] {
    lines.flatMap { line in
      var (parts, part): ([String], String) = ([], "")
      for word in line.split(separator: " ", omittingEmptySubsequences: false) {
        if part.count + 1 + word.count > charactersPerLine, !part.isEmpty {
          parts.append(part)
          part = "    "
        } else if !part.isEmpty {
          part += " "
        }
        part += word
      }
      return parts + [part]
    }
  }

  var svg: String {
    let column = wants.reduce(-Self.gap) { $0 + $1.height + Self.gap }
    let height = max(column, outcome.height) + 2 * Self.margin
    let width = 2 * Self.width + Self.columnGap + 2 * Self.margin
    let right = Self.margin + Self.width + Self.columnGap
    let colour = isConflict ? "#b3261e" : "#1b6e3c"
    var body: [String] = []
    var top = (height - column) / 2
    let target = "\(right - 2) \(height / 2)"
    for box in wants {
      let (x, y) = (Self.margin + Self.width, top + box.height / 2)
      body.append(
        "<path d=\"M\(x) \(y) C\(x + 60) \(y) \(right - 60) \(height / 2) \(target)\" fill=\"none\""
          + " stroke=\"\(colour)\" stroke-width=\"1.5\"/>")
      body += drawn(box, x: Self.margin, y: top, "#2f5d8a")
      top += box.height + Self.gap
    }
    body += drawn(outcome, x: right, y: (height - outcome.height) / 2, colour)
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" width="\(width)" \
      height="\(height)" font-family="DejaVu Sans Mono, monospace" font-size="12">
      <rect width="\(width)" height="\(height)" fill="#ffffff"/>
      \(body.joined(separator: "\n"))
      </svg>

      """
  }

  private func drawn(_ box: Box, x: Int, y: Int, _ colour: String) -> [String] {
    let frame = "x=\"\(x)\" y=\"\(y)\" width=\"\(Self.width)\""
    return [
      "<rect \(frame) height=\"\(box.height)\" rx=\"6\" fill=\"#f7f9fb\" stroke=\"\(colour)\"/>",
      "<text x=\"\(x + 12)\" y=\"\(y + 20)\" font-weight=\"bold\" fill=\"\(colour)\">"
        + "\(box.title.xmlEscaped)</text>",
    ]
      + box.lines.enumerated().map { index, line in
        "<text x=\"\(x + 12)\" y=\"\(y + 38 + index * Self.lineHeight)\" xml:space=\"preserve\""
          + " fill=\"#1c1c1c\">\(line.xmlEscaped)</text>"
      }
  }
}

extension BufferConstraints {
  /// What is asked for, a line for each thing.
  fileprivate var wishes: [String] {
    func limits(_ name: String, _ least: Int?, _ most: Int?) -> String? {
      if least == nil, most == nil { return nil }
      return least == most ? "\(name) \(least ?? 0)" : "\(name) \(range(least ?? 0, most))"
    }
    func list(_ name: String, _ words: [String]?) -> String? {
      words.map { "\(name) " + ($0.isEmpty ? "none" : $0.joined(separator: ", ")) }
    }
    let alignments = [
      ("offset", offsetAlignment), ("pitch", pitchAlignment), ("height", heightAlignment),
      ("size", sizeAlignment), ("physical", physicalAlignment),
    ].compactMap { name, value in value.map { "\(name) \($0)" } }
    return [
      alignments.isEmpty ? nil : "alignment " + alignments.joined(separator: ", "),
      limits("pitch", minPitch, maxPitch), limits("width", minWidth, maxWidth),
      limits("height", minHeight, maxHeight), limits("size", minSize, maxSize),
      limits("buffers", minBuffers, maxBuffers), heldBuffers.map { "keeps \($0) to itself" },
      list("formats", formats?.map(\.description)), list("heaps", heaps),
      list("caching", caching?.map(\.rawValue)),
      contiguous.map { $0 ? "contiguous" : "not contiguous" },
      protected.map { $0 ? "protected" : "not protected" },
      list("CPU", cpuUsage?.map(\.rawValue)), list("devices", deviceUsage?.map(\.rawValue)),
    ].compactMap { $0 }
  }
}
