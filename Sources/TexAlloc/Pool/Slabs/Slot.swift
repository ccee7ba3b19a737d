internal import Synchronization

/// A range of a slab that a buffer has: it cannot be copied, and goes back once.
struct Slot: ~Copyable, Sendable {
  let slab: Slab
  /// Where the pool keeps the slab.
  let place: Int
  /// Whether nobody had the range since it was zero.
  let isZero: Bool
  let lease: RangeAllocator.Lease

  var range: Range<Int> { lease.range }

  consuming func takeLease() -> RangeAllocator.Lease { lease }
}

/// What a slot must be.
struct SlotRequest: Sendable {
  /// Bytes.
  let size: Int
  /// What it begins at a multiple of, in its slab.
  let alignment: Int
  let tenancy: Tenancy
  let label: SlotLabel

  /// Bytes of a shared slab that surely has room for it.
  var sharedSize: Int {
    let step = alignment.leastCommonMultiple(with: pageSize)
    return step > pageSize ? size + step : size
  }
}

/// What a slot is called in reports.
struct SlotLabel: Sendable {
  let name: String
  /// The component that writes it.
  let owner: String
}

/// Who may share a slab.
enum Tenancy: Hashable, Sendable {
  /// Any number of images.
  case shared
  /// One image at a time.
  case alone
  /// One image, ever: another process may keep the descriptor.
  case exported
}

/// A slot that nobody holds any more, but that devices may still use.
final class ReleasedSlot: Sendable {
  private let slot: Mutex<Slot?>
  private let fences: [any Fence]

  init(_ slot: consuming Slot, until fences: [any Fence]) {
    self.slot = Mutex<Slot?>(slot)
    self.fences = fences
  }

  /// Whether no device uses it any more.
  var hasPassed: Bool { fences.allSatisfy(\.hasPassed) }

  /// Waits until it has passed or the time has come; answers whether it has passed.
  func wait(until deadline: ContinuousClock.Instant) -> Bool {
    fences.allSatisfy { $0.wait(until: deadline) }
  }

  /// Gives the slot up; nil the second time.
  func take() -> Slot? { slot.withLock { $0.take() } }

  /// Whether the slot was given up.
  var isTaken: Bool {
    slot.withLock { slot in
      switch slot {
      case .some: false
      case .none: true
      }
    }
  }
}
