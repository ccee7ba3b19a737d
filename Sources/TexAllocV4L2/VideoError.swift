public import TexAlloc

/// Why a camera or a decoder gives no frames.
public enum VideoError: Error, Hashable, Sendable {
  /// The device is none that this library speaks to: what it lacks.
  case unsupported(device: String, feature: String)
  /// It gives none of the formats that are wanted.
  case format(device: String, wanted: [Fourcc], held: [Fourcc])
  /// It gives another size than the one that is wanted: the nearest.
  case size(device: String, wanted: ImageSize, held: ImageSize)
  /// The decoder takes none of such coded bytes: those that it takes.
  case coded(device: String, wanted: CodedFormat, held: [CodedFormat])
  /// More coded bytes at a time than the decoder has room for: the most that it takes.
  case chunk(device: String, wanted: Int, held: Int)
  /// The coded bytes ended, and the decoder found no picture in them: how many chunks there were, and of
  /// how many it said that they are damaged.
  case noPicture(device: String, chunks: Int, damaged: Int)
  /// Those who use the frames need more buffers at a time than were asked for, or fewer.
  case bufferCount(device: String, wanted: Int, held: Int)
  /// There is no memory that the device and all who use its frames get along with.
  case memory(AllocationError)
  /// The device does not take the memory that all others agreed on.
  case refused(RegistrationRefused)
  /// The device is in use, by another program or by this one.
  case busy(device: String)
  /// The device was taken away.
  case gone(device: String)
  /// A call failed.
  case failed(SystemFailure)

  /// What a failed call says of the device.
  init(_ failure: SystemFailure) {
    switch failure.errno {
    case .resourceBusy: self = .busy(device: failure.object)
    case .operationNotSupportedByDevice, .noSuchAddressOrDevice:
      self = .gone(device: failure.object)
    default: self = .failed(failure)
    }
  }
}

extension VideoError: CustomStringConvertible {
  public var description: String {
    func list(_ formats: [Fourcc]) -> String {
      formats.isEmpty ? "none" : formats.map(\.description).joined(separator: ", ")
    }
    return switch self {
    case .unsupported(let device, let feature): "\(device): not supported: \(feature)"
    case .format(let device, let wanted, let held):
      "\(device): formats: wanted one of \(list(wanted)), held \(list(held))"
    case .size(let device, let wanted, let held):
      "\(device): size: wanted \(wanted.width)x\(wanted.height), held \(held.width)x\(held.height)"
    case .coded(let device, let wanted, let held):
      "\(device): coded bytes: wanted \(wanted), held "
        + (held.isEmpty ? "none" : held.map(\.description).joined(separator: ", "))
    case .chunk(let device, let wanted, let held):
      "\(device): \(wanted) bytes at a time; the limit is \(held)"
    case .noPicture(let device, let chunks, let damaged):
      "\(device): no picture in \(chunks) chunks, \(damaged) of them damaged"
    case .bufferCount(let device, let wanted, let held):
      "\(device): buffers: wanted \(wanted), held \(held)"
    case .memory(let error): "\(error)"
    case .refused(let refusal): "\(refusal)"
    case .busy(let device): "\(device): in use"
    case .gone(let device): "\(device): gone"
    case .failed(let failure): "\(failure)"
    }
  }
}
