internal import Synchronization

/// A range of a slab on its way from the pool to a buffer and back.
final class Slot: Sendable {
  let slab: Slab
  let range: Range<Int>
  /// What was asked for.
  let request: SlotRequest
  /// Whether nobody had the range before: it is zero.
  let isFresh: Bool
  private let lease: Mutex<RangeAllocator.Lease?>

  init(
    _ lease: consuming RangeAllocator.Lease, of slab: Slab, for request: SlotRequest, isFresh: Bool
  ) {
    self.slab = slab
    self.request = request
    self.isFresh = isFresh
    range = lease.range
    self.lease = Mutex(lease)
  }

  /// Gives up the lease; nil the second time.
  func takeLease() -> RangeAllocator.Lease? {
    lease.withLock { $0.take() }
  }

  /// Whether the lease was given up.
  var isFree: Bool {
    lease.withLock { lease in
      switch lease {
      case .some: false
      case .none: true
      }
    }
  }
}

/// What a slot must be.
struct SlotRequest {
  /// Bytes.
  let size: Int
  /// What it begins at a multiple of, in its slab.
  let alignment: Int
  let tenancy: Tenancy
  let label: SlotLabel

  /// A slab of its own for what would waste a shared one: for an image above a quarter of the
  /// largest, and for one that can begin nowhere but at its start.
  ///
  /// - Throws: `AllocationError.tooLarge` for one that no slab can hold.
  init(
    size: Int, alignment: Int, tenancy: Tenancy, label: SlotLabel, limits: PoolLimits
  ) throws(AllocationError) {
    guard size <= CarvedSlab.largestSize else {
      throw .tooLarge(size: size, limit: CarvedSlab.largestSize)
    }
    let needsOwnSlab = size > limits.largestSlab / 4 || alignment >= limits.largestSlab
    self.size = size
    self.alignment = alignment
    self.label = label
    self.tenancy = tenancy == .shared && needsOwnSlab ? .alone : tenancy
  }

  /// Bytes of a slab that surely has room for it.
  var slabSize: Int {
    let step = alignment.leastCommonMultiple(with: pageSize)
    return tenancy == .shared && step > pageSize ? size + step : size
  }
}

/// What a slot is called in reports.
struct SlotLabel {
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
struct ReleasedSlot: Sendable {
  let slot: Slot
  let fences: [any Fence]

  /// Whether no device uses it any more.
  var hasPassed: Bool { fences.allSatisfy(\.hasPassed) }

  /// Waits until it has passed or the time has come; answers whether it has passed.
  func wait(until deadline: ContinuousClock.Instant) -> Bool {
    fences.allSatisfy { $0.wait(until: deadline) }
  }
}
