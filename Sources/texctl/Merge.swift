internal import ArgumentParser
internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc
internal import TexAllocJSON

struct Merge: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Merge the attributes of participants.",
    discussion: """
      Exits 0 with what they agree on, 1 with a conflict, 2 where a file is invalid.

      With --image it lays an image out, in one of these formats: \(known). Pools know more.
      """)

  private static var known: String {
    FormatTable.specification.formats.map { "\($0)".filter { $0 != " " } }.joined(separator: ", ")
  }

  @Argument(help: "A JSON file for each participant.", completion: .file())
  var files: [String]

  @Option(
    help: ArgumentHelp("Lay out an image of so many pixels: 1920x1080.", valueName: "size"),
    transform: ImageSize.argument)
  var image: ImageSize?

  @Flag(help: "Print JSON.")
  var json = false

  @Option(
    help: ArgumentHelp(
      "Also draw it: who wants what, and what they agree on, or what they do not.",
      valueName: "file"),
    completion: .file())
  var svg: String?

  func run() throws {
    let participants: [BufferAttributes]
    do { participants = try self.participants() } catch { try refuse(error) }
    let outcome = Result { () throws(MergeError) in
      try BufferAttributes.merging(participants, image: image, in: .specification)
    }
    if let svg {
      try Texctl.stating {
        try TextFile.write(MergePicture(of: participants, outcome).svg, to: FilePath(svg))
      }
    }
    switch outcome {
    case .success(let merged): print(json ? merged.json : merged.table)
    case .failure(let error): try refuse(error)
    }
  }

  private func refuse(_ error: MergeError) throws -> Never {
    switch error {
    case .conflict(let conflict):
      print(json ? conflict.json : conflict.description)
      throw ExitCode(1)
    case .invalid(let invalid):
      if json { print(invalid.json) } else { Console.say(invalid.description) }
      throw ExitCode(2)
    }
  }

  private func participants() throws(MergeError) -> [BufferAttributes] {
    var participants: [BufferAttributes] = []
    for file in files {
      do throws(InvalidAttributes) {
        participants.append(try BufferAttributes(contentsOf: file))
      } catch {
        throw .invalid(error)
      }
    }
    return participants
  }
}

extension MergedAttributes {
  /// One row a line, for people.
  var table: String {
    let rows = limits + choices + planes
    let width = rows.map(\.name.count).max() ?? 0
    return rows.map { row in
      row.name + String(repeating: " ", count: width + 2 - row.name.count) + row.value
    }.joined(separator: "\n")
  }

  private typealias Row = (name: String, value: String)

  private var limits: [Row] {
    [
      (
        "alignment",
        "offset \(offsetAlignment), pitch \(pitchAlignment), height \(heightAlignment), "
          + "size \(sizeAlignment), physical \(physicalAlignment)"
      ),
      ("pitch", range(minPitch, maxPitch)),
      ("width", range(minWidth, maxWidth)),
      ("height", range(minHeight, maxHeight)),
      ("size", range(minSize, maxSize)),
      ("buffers", "\(buffers): \(range(minBuffers, maxBuffers)), \(heldBuffers) held"),
      ("formats", list(formats?.map(\.description), absent: "any")),
      ("heaps", list(heaps, absent: "any")),
      ("caching", list(caching?.map(\.rawValue), absent: "any")),
      ("contiguous", contiguous ? "needed" : "not needed"),
      ("protected", protected ? "needed" : "not needed"),
      ("provides", provides.map(\.words) ?? "not known"),
      ("CPU", list(cpuUsage.map(\.rawValue), absent: "")),
      ("devices", list(deviceUsage.map(\.rawValue), absent: "")),
    ]
  }

  private var choices: [Row] {
    [
      ("chosen format", format?.description ?? "none"),
      ("chosen caching", chosenCaching?.rawValue ?? "none"),
    ] + alternatives.map { ("alternative", "\($0.index) of \($0.participant)") }
  }

  private var planes: [Row] {
    guard let layout else { return [] }
    let planes = layout.planes.enumerated().map { index, plane in
      Row("plane \(index)", "offset \(plane.offset), pitch \(plane.pitch), rows \(plane.rows)")
    }
    return planes + [("image size", "\(layout.size)")]
  }
}

extension ProvidedMemory {
  fileprivate var words: String {
    "\(contiguous ? "" : "not ")contiguous, physical alignment \(physicalAlignment), "
      + "\(protected ? "" : "not ")protected"
  }
}

func range(_ least: Int, _ most: Int?) -> String {
  "\(least) … " + (most.map { "\($0)" } ?? "unlimited")
}

private func list(_ words: [String]?, absent: String) -> String {
  guard let words else { return absent }
  return words.isEmpty ? "none" : words.joined(separator: ", ")
}
