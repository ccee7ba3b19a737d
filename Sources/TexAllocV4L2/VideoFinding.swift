public import TexAlloc

/// A node of Video4Linux, and what came of opening it as a camera or as a decoder.
public struct VideoFinding<Device: Sendable>: Sendable {
  public let node: FilePath
  /// The device, or why there is none.
  public let device: Result<Device, VideoError>

  init(_ node: FilePath, _ open: (FilePath) throws(VideoError) -> Device) {
    self.node = node
    device = Result { () throws(VideoError) in try open(node) }
  }

  /// Of every node.
  static func all(_ open: (FilePath) throws(VideoError) -> Device) -> [VideoFinding] {
    let folder = "/dev"
    let names = (try? SystemFile.names(in: folder)) ?? []
    return names.filter { $0.hasPrefix("video") }.sorted().map { name in
      VideoFinding(FilePath("\(folder)/\(name)"), open)
    }
  }
}

extension VideoFinding: CustomStringConvertible where Device: Component {
  public var description: String {
    switch device {
    case .success(let device): "\(device.name)"
    case .failure(let error): "\(node): \(error)"
    }
  }
}
