internal import ProgramSupport
internal import TexAlloc
internal import TexAllocEGL
internal import TexAllocKMS

/// What a run on a display did: for `--report` as JSON, and for the summary.
struct LiveReport: Encodable {
  /// Buffers that several have agreed on.
  struct Memory: Encodable {
    /// Whose attributes were merged.
    let members: [String]
    let format: String
    let heap, caching: String
    /// How many buffers there may be at a time.
    let buffers: Int
    /// Why they are the device's own, and not ours.
    @NullEncoded var reason: String?

    init(_ plan: MemoryPlan, of members: [String], _ buffers: Int, because reason: String?) {
      self.members = members
      format = plan.attributes.format?.description ?? "any"
      (heap, caching, self.buffers) = (plan.heap, plan.caching.rawValue, buffers)
      _reason = NullEncoded(wrappedValue: reason)
    }
  }

  struct Display: Encodable {
    let name, mode: String
    let width, height: Int
    let isAtomic: Bool
    let pictures: Int
    let memory: Memory
    /// Buffers that somebody still had at the end.
    let buffersLeft: Int
  }

  /// The camera, or the stream.
  struct Source: Encodable {
    let name: String
    let pictures: Int
    @NullEncoded private(set) var memory: Memory?
    /// Why there was none, or none any more.
    @NullEncoded private(set) var absence: String?

    init(name: String, pictures: Int, memory: Memory?, absence: String?) {
      (self.name, self.pictures) = (name, pictures)
      _memory = NullEncoded(wrappedValue: memory)
      _absence = NullEncoded(wrappedValue: absence)
    }
  }

  let display: Display
  let sources: [Source]
  let photos: [TextureReport]
  let notes: [String]
}

extension LiveReport.Display {
  init(_ display: Display, _ screen: Screen, _ gpu: EGLDevice, pictures: Int) {
    (name, mode) = (display.name, "\(display.mode)")
    (width, height) = (display.mode.size.width, display.mode.size.height)
    (isAtomic, self.pictures) = (display.isAtomic, pictures)
    memory = LiveReport.Memory(
      screen.plan, of: [gpu.name, display.name], screen.bufferCount, because: screen.reason)
    buffersLeft = screen.statistics.slots
  }
}

extension LiveReport {
  /// For the person who ran it.
  var summary: String {
    let lines =
      [
        "display   \(display.name), \(display.mode), \(display.isAtomic ? "atomic" : "by the calls of old"):"
          + " \(display.pictures) pictures",
        Self.words(display.memory),
      ]
      + sources.flatMap { source in
        let name = source.name.padded(to: 10)
        return [name + (source.absence ?? "\(source.pictures) pictures")]
          + (source.memory.map { [Self.words($0)] } ?? [])
      }
      + photos.map { "photo     \($0.name), \($0.width)x\($0.height): \($0.way)" }
      + notes.map { "note      \($0)" }
    return lines.joined(separator: "\n")
  }

  private static func words(_ memory: Memory) -> String {
    "          \(memory.format) from \(memory.heap), \(memory.caching), on which"
      + " \(memory.members.joined(separator: " and ")) agreed"
      + (memory.reason.map { "; its own, because \($0)" } ?? "")
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
