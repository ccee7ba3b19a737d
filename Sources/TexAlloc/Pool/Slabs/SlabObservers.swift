internal import Synchronization

/// Is told of the slabs of a pool: of those that there are, and of each that comes.
package protocol SlabObserver: AnyObject, Sendable {
  /// Nobody has written to what is told from then on.
  func add(_ slab: Slab)
  /// A range of a slab is somebody else's from now on.
  func renew(_ range: Range<Int>, of slab: Slab)
}

extension TexturePool {
  /// Tells the observer of every slab until it is removed.
  package func addObserver(_ observer: any SlabObserver) { stores.observers.add(observer) }
  package func removeObserver(_ observer: any SlabObserver) { stores.observers.remove(observer) }
}

/// Who wants to know of the pools that the process makes.
private let poolObservers = Mutex<[@Sendable (TexturePool) -> Void]>([])

extension TexturePool {
  /// Has the body called with every pool that is made from now on, before anyone else has it.
  package static func onCreation(_ body: @escaping @Sendable (TexturePool) -> Void) {
    poolObservers.withLock { $0.append(body) }
  }

  func announce() {
    for observer in poolObservers.withLock({ $0 }) { observer(self) }
  }
}

/// The slabs of a pool, and who wants to know of them. It keeps no slab.
final class SlabObservers: Sendable {
  private struct State {
    var slabs: [WeakSlab] = []
    var observers: [any SlabObserver] = []
  }

  private struct WeakSlab {
    weak var slab: Slab?
  }

  private let state = Mutex(State())
  /// So that nobody takes the lock for nobody.
  private let isWatched = Atomic(false)

  func add(_ observer: any SlabObserver) {
    let slabs = state.withLock { state in
      state.observers.append(observer)
      isWatched.store(true, ordering: .releasing)
      return state.slabs.compactMap(\.slab)
    }
    for slab in slabs { observer.add(slab) }
  }

  func remove(_ observer: any SlabObserver) {
    state.withLock { state in
      state.observers.removeAll { $0 === observer }
      isWatched.store(!state.observers.isEmpty, ordering: .releasing)
    }
  }

  func add(_ slab: Slab) {
    let observers = state.withLock { state in
      state.slabs.removeAll { $0.slab == nil }
      state.slabs.append(WeakSlab(slab: slab))
      return state.observers
    }
    for observer in observers { observer.add(slab) }
  }

  func renew(_ range: Range<Int>, of slab: Slab) {
    guard isWatched.load(ordering: .acquiring) else { return }
    for observer in state.withLock({ $0.observers }) { observer.renew(range, of: slab) }
  }
}
