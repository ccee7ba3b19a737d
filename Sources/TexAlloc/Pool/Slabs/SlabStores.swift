internal import Synchronization

/// The slabs of a pool, heap by heap: those of each are made when an image first needs one.
final class SlabStores: Sendable {
  let observers = SlabObservers()
  private let ledger = SlabLedger()
  private let state: Mutex<State>

  private struct State {
    var limits: PoolLimits
    /// In the order in which they were first needed.
    var stores: [SlabStore] = []
  }

  init(limits: PoolLimits) {
    state = Mutex(State(limits: limits))
  }

  private var all: [SlabStore] { state.withLock { $0.stores } }

  /// - Parameter isSynchronized: As of ``SlabStore``.
  func store(of heap: any Heap, isSynchronized: Bool) -> SlabStore {
    let name = heap.name
    return state.withLock { state in
      let known = state.stores.first {
        $0.heapName == name && $0.isSynchronized == isSynchronized
      }
      if let known { return known }
      let store = SlabStore(
        heap: heap, limits: state.limits, isSynchronized: isSynchronized, observers: observers,
        ledger: ledger)
      state.stores.append(store)
      return store
    }
  }

  var limits: PoolLimits {
    get { state.withLock { $0.limits } }
    set {
      let stores = state.withLock { state in
        state.limits = newValue
        return state.stores
      }
      for store in stores { store.limits = newValue }
    }
  }

  var statistics: PoolStatistics { all.map(\.statistics).reduce(PoolStatistics(), +) }

  var snapshot: PoolSnapshot { PoolSnapshot(slabs: all.flatMap(\.snapshot)) }

  /// Takes back the slots whose fences have passed; answers how many.
  @discardableResult
  func collect() -> Int { all.reduce(0) { $0 + $1.collect() } }

  /// Gives memory back to the system that no image uses, of the heaps that came last first; answers how
  /// many bytes.
  func trim(to bytes: Int) -> Int {
    collect()
    var excess = statistics.residentBytes - bytes
    var count = 0
    for store in all.reversed() where excess > 0 {
      let given = store.trim(to: max(0, store.statistics.residentBytes - excess))
      excess -= given
      count += given
    }
    return count
  }

  /// Lets go of the slabs that hold nothing; answers whether there were any.
  func dropEmptySlabs() -> Bool {
    let before = ledger.bytes
    for store in all { store.perform { _ = $0.dropEmptySlabs() } }
    return ledger.bytes < before
  }
}

/// Bytes of the slabs of all heaps of a pool, those that are being made among them.
final class SlabLedger: Sendable {
  private let total = Atomic(0)

  var bytes: Int { total.load(ordering: .relaxed) }

  func add(_ bytes: Int) { total.add(bytes, ordering: .relaxed) }

  /// Adds bytes where there are at most so many then; answers whether it did.
  func add(_ bytes: Int, within limit: Int) -> Bool {
    var held = total.load(ordering: .relaxed)
    while bytes <= limit - held {
      let (isDone, current) = total.weakCompareExchange(
        expected: held, desired: held + bytes, ordering: .relaxed)
      if isDone { return true }
      held = current
    }
    return false
  }
}
