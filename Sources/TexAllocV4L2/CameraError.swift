public import TexAlloc

/// Why a camera gives no frames.
public enum CameraError: Error, Hashable, Sendable {
  /// The device is none that this library speaks to: what it lacks.
  case unsupported(device: String, feature: String)
  /// It gives none of the formats that are wanted.
  case format(device: String, wanted: [Fourcc], held: [Fourcc])
  /// It gives another size than the one that is wanted: the nearest.
  case size(device: String, wanted: ImageSize, held: ImageSize)
  /// Those who use the frames need more buffers at a time than were asked for, or fewer.
  case bufferCount(device: String, wanted: Int, held: Int)
  /// There is no memory that the camera and all who use its frames get along with.
  case memory(AllocationError)
  /// The camera does not take the memory that all others agreed on.
  case refused(RegistrationRefused)
  /// The camera is in use, by another program or by this one.
  case busy(device: String)
  /// The camera was taken away.
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

extension CameraError: CustomStringConvertible {
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
