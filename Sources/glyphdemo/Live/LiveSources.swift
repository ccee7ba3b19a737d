internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc
internal import TexAllocEGL
internal import TexAllocV4L2

/// The first camera of this machine, in the size that it has.
struct LiveCamera: LiveSource {
  private let frames: CameraFrames
  private let members: [String]

  init(for gpu: EGLDevice, from heaps: [any Heap]) throws {
    let found = Camera.found(from: heaps)
    guard let camera = found.lazy.compactMap({ try? $0.device.get() }).first else {
      throw ProgramFailure(Self.absence(of: found))
    }
    frames = try camera.start(for: [gpu])
    members = [camera.name, gpu.name]
  }

  var caption: String { "\(frames.camera.driver), \(frames.camera.size)" }

  var memory: LiveReport.Memory? {
    LiveReport.Memory(frames.plan, of: members, frames.bufferCount, because: frames.reason)
  }

  /// The newest: what was taken while the page was drawn is late.
  func next(until deadline: ContinuousClock.Instant) throws -> VideoFrame? {
    var newest = try frames.next(until: deadline)
    while newest != nil, let newer = try frames.next(until: .now) { newest = newer }
    return newest
  }

  func stop() { frames.stop() }
}

/// Pictures that a decoder of this machine decodes, over and over.
struct LiveStream: LiveSource {
  private let frames: DecodedFrames
  private let members: [String]
  private let chunks: [[UInt8]]
  private var fed = 0
  /// Since the stream began last.
  private var pictures = 0
  /// When the next picture is to be shown.
  private var due = ContinuousClock.now
  /// Nothing in such a file says how long each is shown.
  private static let period = Duration.milliseconds(40)

  init(of file: String?, for gpu: EGLDevice, from heaps: [any Heap]) throws {
    guard let file else { throw ProgramFailure("--stream names none") }
    chunks = try Self.chunks(of: file)
    let found = VideoDecoder.found(from: heaps)
    let decoder = found.lazy.compactMap { try? $0.device.get() }.first { $0.coded.contains(.fwht) }
    guard let decoder else { throw ProgramFailure(Self.absence(of: found) + " that decodes FWHT") }
    frames = try decoder.start(.fwht, for: [gpu], chunkSize: chunks.map(\.count).max() ?? 1)
    members = [decoder.name, gpu.name]
  }

  var caption: String { "FWHT by \(frames.decoder.driver)" }

  var memory: LiveReport.Memory? {
    frames.plan.map {
      LiveReport.Memory($0, of: members, frames.bufferCount, because: frames.reason)
    }
  }

  mutating func next(until deadline: ContinuousClock.Instant) throws -> VideoFrame? {
    guard ContinuousClock.now >= due else { return nil }
    while let step = try frames.next(until: deadline) {
      switch step {
      case .frame(let frame):
        pictures += 1
        due = .now + Self.period
        return frame
      case .wantsBytes where fed < chunks.count:
        let chunk = chunks[fed]
        if try frames.feed(chunk.span, time: Self.period * fed) { fed += 1 }
      case .wantsBytes: frames.finish()
      case .end:
        guard pictures > 0 else { throw ProgramFailure("its stream has no picture") }
        try frames.restart()
        (fed, pictures) = (0, 0)
      }
    }
    return nil
  }

  func stop() { frames.stop() }

  /// The pictures of a file, each of which begins with eight bytes that are in no other place.
  private static func chunks(of file: String) throws -> [[UInt8]] {
    let limit = 256 << 20
    let bytes: [UInt8]
    do { bytes = try FilePath(file).contents(atMost: limit + 1) } catch {
      throw ProgramFailure("\(file): \(error)")
    }
    guard bytes.count <= limit else { throw ProgramFailure("\(file): more than \(limit) bytes") }
    let start = [UInt8](repeating: 0x4F, count: 4) + [UInt8](repeating: 0xFF, count: 4)
    var starts: [Int] = []
    var place = 0
    while let found = bytes[place...].firstIndex(of: start[0]) {
      if bytes[found...].starts(with: start) {
        starts.append(found)
        place = found + start.count
      } else {
        place = found + 1
      }
    }
    guard starts.first == 0 else { throw ProgramFailure("\(file): no file of FWHT") }
    return zip(starts, starts.dropFirst() + [bytes.count]).map { Array(bytes[$0..<$1]) }
  }
}

extension LiveSource {
  /// Why there is no device, or the first that there could be.
  fileprivate static func absence<Device: Component>(of found: [VideoFinding<Device>]) -> String {
    found.first.map(\.description) ?? "no node of Video4Linux"
  }
}
