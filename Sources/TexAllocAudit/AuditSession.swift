internal import CAudit
internal import Synchronization
internal import TexAlloc

/// An audit from its beginning to its end: watches pools, and has each of their slabs audited.
@safe final class AuditSession: SlabObserver {
  private struct State {
    var slabs: [ObjectIdentifier: WatchedSlab] = [:]
    var pools: [WeakPool] = []
    var slabBytes = 0
    var auditedBytes = 0
    /// Why a slab could not be audited, the first that nobody was told of.
    var failure: AuditError?
    /// What was counted, once it has ended.
    var counts: texalloc_audit_counts?
    var duration = Duration.zero
  }

  private struct WeakPool {
    weak var pool: TexturePool?
  }

  private struct WatchedSlab {
    weak var slab: Slab?
    weak var audited: AuditedSlab?
  }

  private let audit: AuditMemory
  private let limit: Int
  private let start = ContinuousClock.now
  private let state = Mutex(State())

  static var obstacle: String? {
    unsafe texalloc_audit_obstacle().map { unsafe String(cString: $0) }
  }

  init(atMost limit: Int) throws(AuditError) {
    if let obstacle = Self.obstacle { throw .unsupported(because: obstacle) }
    audit = try AuditMemory()
    self.limit = limit
  }

  /// Audits a pool, once.
  ///
  /// - Throws: What ``takeFailure()`` gives, such as where a slab that the pool has cannot be audited.
  func watch(_ pool: TexturePool) throws(AuditError) {
    let isNew = state.withLock { state in
      guard !state.pools.contains(where: { $0.pool === pool }) else { return false }
      state.pools.append(WeakPool(pool: pool))
      return true
    }
    guard isNew else { return }
    pool.addObserver(self)
    if let failure = takeFailure() { throw failure }
  }

  /// Why a slab could not be audited, be it one that came later; to be told once.
  func takeFailure() -> AuditError? { state.withLock { $0.failure.take() } }

  func add(_ slab: Slab) {
    state.withLock { state in
      guard state.counts == nil else { return }  // its pool is gone, and its slabs are not
      state.slabBytes += slab.size
      do throws(AuditError) {
        let audited = unsafe try AuditedSlab(slab, by: audit, atMost: limit)
        state.slabs[ObjectIdentifier(slab)] = WatchedSlab(slab: slab, audited: audited)
        state.auditedBytes += audited.auditedBytes
      } catch {
        state.failure = state.failure ?? error
      }
    }
  }

  func renew(_ range: Range<Int>, of slab: Slab) {
    let audited = state.withLock { $0.slabs[ObjectIdentifier(slab)]?.audited }
    audited?.renew(range)
  }

  /// Makes all memory ordinary again, once.
  @discardableResult
  func end() -> texalloc_audit_counts {
    for pool in state.withLock({ $0.pools.compactMap(\.pool) }) { pool.removeObserver(self) }
    return state.withLock { state in
      if let counts = state.counts { return counts }
      for watched in state.slabs.values {
        // Held meanwhile, as is its mapping; one that is going ends by itself, and is waited for.
        guard let slab = watched.slab else { continue }
        withExtendedLifetime(slab) { watched.audited?.end() }
      }
      let counts = unsafe texalloc_audit_end(audit.pointer)
      state.counts = counts
      state.duration = ContinuousClock.now - start
      return counts
    }
  }

  func report() -> AuditReport {
    let counts = end()
    let (slabBytes, auditedBytes, duration) = state.withLock {
      ($0.slabBytes, $0.auditedBytes, $0.duration)
    }
    return AuditReport(
      loads: Int(counts.loads), loadedBytes: Int(counts.loaded_bytes),
      stores: Int(counts.stores), storedBytes: Int(counts.stored_bytes),
      nonTemporalStores: Int(counts.non_temporal_stores),
      fullLineWrites: Int(counts.full_lines), partialLineWrites: Int(counts.partial_lines),
      linesTouched: Int(counts.touched_lines), jumpsBackward: Int(counts.jumps_backward),
      exposures: Int(counts.exposures), slabBytes: slabBytes, auditedBytes: auditedBytes,
      duration: duration, offenders: offenders)
  }

  /// Places whose call stacks read the same are one offender.
  private var offenders: [Offender] {
    var counts: [Key: Int] = [:]
    lazy var symbolizer = Symbolizer()
    var index = 0
    while true {
      let place = unsafe texalloc_audit_place_at(audit.pointer, index)
      guard let found = unsafe place.counts else { break }
      index += 1
      let offences = Offence.allCases.map { ($0, Int(unsafe found[$0.index])) }.filter { $1 > 0 }
      guard !offences.isEmpty else { continue }
      let addresses = unsafe UnsafeBufferPointer(start: place.frames, count: place.depth)
      let backtrace = symbolizer.backtrace(unsafe Array(addresses))
      for (offence, count) in offences {
        counts[Key(offence: offence, backtrace: backtrace), default: 0] += count
      }
    }
    return counts.map { Offender(offence: $0.offence, count: $1, backtrace: $0.backtrace) }
      .sorted { ($1.count, $0.description) < ($0.count, $1.description) }
  }

  private struct Key: Hashable {
    let offence: Offence
    let backtrace: [StackFrame]
  }
}
