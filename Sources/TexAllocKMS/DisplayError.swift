public import TexAlloc

/// Why a display shows nothing.
public enum DisplayError: Error, Hashable, Sendable {
  /// The device is none that this library speaks to: what it lacks.
  case unsupported(device: String, feature: String)
  /// There is no such connector.
  case connector(device: String, wanted: String, held: [String])
  /// No screen is there, or not any more.
  case disconnected(device: String, connector: String)
  /// The screen has no mode of that size, or has the mode no more: the nearest size.
  case mode(connector: String, wanted: ImageSize, held: ImageSize?)
  /// Somebody else rules the displays of this card, as a display server does.
  case notMaster(device: String)
  /// The picture before is not shown yet.
  case busy(connector: String)
  /// There is no memory that the display and all who use it get along with.
  case memory(AllocationError)
  /// The display does not take the memory that all others agreed on.
  case refused(RegistrationRefused)
  /// The card was taken away.
  case gone(device: String)
  /// What the driver says of its formats breaks off, or points past its end.
  case damagedFormats(device: String)
  /// A call failed.
  case failed(SystemFailure)

  /// What a failed call says of the device.
  init(_ failure: SystemFailure) {
    switch failure.errno {
    case .permissionDenied: self = .notMaster(device: failure.object)
    case .noSuchAddressOrDevice, .operationNotSupportedByDevice:
      self = .gone(device: failure.object)
    default: self = .failed(failure)
    }
  }
}

extension DisplayError: CustomStringConvertible {
  public var description: String {
    func words(_ size: ImageSize) -> String { "\(size.width)x\(size.height)" }
    return switch self {
    case .unsupported(let device, let feature): "\(device): not supported: \(feature)"
    case .connector(let device, let wanted, let held):
      "\(device): connectors: wanted \(wanted), held \(held.joined(separator: ", "))"
    case .disconnected(let device, let connector): "\(device): \(connector): no screen is connected"
    case .mode(let connector, let wanted, let held):
      "\(connector): mode: wanted \(words(wanted)), held \(held.map(words) ?? "none")"
    case .notMaster(let device): "\(device): somebody else rules its displays"
    case .busy(let connector): "\(connector): the picture before is not shown yet"
    case .memory(let error): "\(error)"
    case .refused(let refusal): "\(refusal)"
    case .gone(let device): "\(device): gone"
    case .damagedFormats(let device): "\(device): IN_FORMATS: it breaks off, or points past its end"
    case .failed(let failure): "\(failure)"
    }
  }
}
