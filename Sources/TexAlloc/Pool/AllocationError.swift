/// Why an image got no memory. The pool is as it was before.
public enum AllocationError: Error, Hashable, Sendable {
  /// Attributes that contradict themselves.
  case invalid(InvalidAttributes)
  /// The components of the image cannot live with each other, or not at its size.
  case conflict(MergeConflict)
  /// The image is for what no component of the pool does, though some are devices.
  case noUser([DeviceUsage], components: [String])
  /// Nobody who touches the image says in which format.
  case noFormat(ImageDescriptor)
  /// No heap suits all who touch the image; each with the reason.
  case noHeap([HeapVerdict])
  /// There is no route on which all who touch the image agree; each with the reason.
  case noRoute([RouteVerdict])
  /// The image is larger than any slab can be; in bytes.
  case tooLarge(size: Int, limit: Int)
  /// More slabs would pass the pool's budget; all in bytes.
  case budget(wanted: Int, allocated: Int, limit: Int)
  /// The heap had no memory to give.
  case heap(SystemFailure)
  /// A component, or a heap, that the pool asks about images of some kind wants one of that pool itself whose
  /// plan is not known.
  case beingAsked

  /// What stands in the way of an image that takes no route.
  init(_ reason: RouteVerdict.Reason) {
    switch reason {
    case .conflict(let conflict): self = .conflict(conflict)
    case .noHeap(let verdicts): self = .noHeap(verdicts)
    case .noMemory(let failure): self = .heap(failure)
    case .refused: self = .noRoute([])
    }
  }

  init(_ error: MergeError) {
    switch error {
    case .invalid(let invalid): self = .invalid(invalid)
    case .conflict(let conflict): self = .conflict(conflict)
    }
  }
}

extension AllocationError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .invalid(let invalid): "\(invalid)"
    case .conflict(let conflict): "\(conflict)"
    case .noUser(let usage, let components):
      usage.map(\.rawValue).joined(separator: ", ") + ": the usage of no component of the pool ("
        + components.joined(separator: ", ") + "), nor of the writer"
    case .noFormat(let image):
      "\(image.writer.name): a format for \(image.width)x\(image.height) pixels is named by nobody"
    case .noHeap(let verdicts):
      "no heap suits everybody: " + verdicts.map(\.description).joined(separator: "; ")
    case .noRoute(let verdicts):
      "no route: " + verdicts.map(\.description).joined(separator: "; ")
    case .tooLarge(let size, let limit):
      "an image of \(size) bytes is larger than the largest slab of \(limit)"
    case .budget(let wanted, let allocated, let limit):
      "\(wanted) more bytes beside \(allocated) pass the pool's budget of \(limit)"
    case .heap(let failure): "\(failure)"
    case .beingAsked:
      "the pool is asking its components, which cannot have it plan images meanwhile"
    }
  }
}
