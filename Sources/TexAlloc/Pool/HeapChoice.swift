/// How a pool comes to its heap: merges its components with each heap in turn, ranks those that
/// merge, and settles for the first that every component gets along with when it is tried.
struct HeapChoice {
  private struct Candidate {
    let heap: any Heap
    let attributes: MergedAttributes
    let caching: Caching

    /// Whether nobody knows that the memory is what is demanded.
    var doubt: Int { attributes.demandsMemory && attributes.provides == nil ? 1 : 0 }
  }

  private let components: [any Component]
  private let limits: PoolLimits
  private var candidates: [Candidate] = []
  private var refusals: [HeapVerdict] = []

  /// - Throws: `AllocationError.invalid` where a component contradicts itself, or a heap goes by
  ///   another name than it lists.
  init(
    for components: [any Component], from heaps: [any Heap], limits: PoolLimits
  ) throws(AllocationError) {
    self.components = components
    self.limits = limits
    let formatless = components.flatMap(\.participants).map(\.withoutFormats)
    for heap in heaps {
      try Self.checkName(of: heap.attributes)
      do {
        let merged = try BufferAttributes.merging([heap.attributes] + formatless)
        let caching = merged.chosenCaching ?? .cached
        candidates.append(Candidate(heap: heap, attributes: merged, caching: caching))
      } catch {
        guard case .conflict(let conflict) = error else { throw AllocationError(error) }
        refusals.append(HeapVerdict(heap: heap.name, passedOver: "\(conflict)"))
      }
    }
    // Stable: the order of the heaps stays.
    candidates.sort { ($0.doubt, $0.caching.rank) < ($1.doubt, $1.caching.rank) }
  }

  /// The others ask for a heap by what it lists, and a buffer's heap is known by its name.
  private static func checkName(of heap: BufferAttributes) throws(AllocationError) {
    guard heap.heaps != [heap.name] else { return }
    let listed = heap.heaps.map { $0.joined(separator: ", ") } ?? "none"
    throw .invalid(
      InvalidAttributes(
        participant: heap.name, field: AttributeField.heaps.rawValue,
        reason: "the heap lists \(listed); it is to list its own name"))
  }

  /// Has the heaps tried in order of rank, and takes the first that gives memory in which every
  /// registrar among the components sees what was written.
  func settle() throws(AllocationError) -> (plan: MemoryPlan, store: SlabStore) {
    let registrars = components.compactMap { $0 as? any Registrar }
    let areCoherent = components.allSatisfy(\.isCoherent)
    var verdicts: [HeapVerdict] = []
    for (place, candidate) in candidates.enumerated() {
      let store = SlabStore(
        heap: candidate.heap, limits: limits,
        isSynchronized: !areCoherent && candidate.caching == .cached)
      if let reason = Self.objection(to: store, of: registrars) {
        verdicts.append(HeapVerdict(heap: candidate.heap.name, passedOver: reason))
        continue
      }
      verdicts.append(HeapVerdict(heap: candidate.heap.name, passedOver: nil))
      verdicts += candidates[(place + 1)...].map {
        HeapVerdict(
          heap: $0.heap.name,
          passedOver: "would do, but ranks below \(candidate.heap.name)")
      }
      let plan = MemoryPlan(
        heap: candidate.heap.name, caching: candidate.caching,
        attributes: candidate.attributes, verdicts: verdicts + refusals)
      return (plan, store)
    }
    throw .noHeap(verdicts + refusals + absentHeaps)
  }

  /// Heaps that a component asks for by name and that are not among those to choose from.
  private var absentHeaps: [HeapVerdict] {
    let known = Set(candidates.map(\.heap.name) + refusals.map(\.heap))
    return components.flatMap(\.participants).flatMap { component in
      let wanted = ([component.constraints] + component.alternatives).flatMap { $0.heaps ?? [] }
      return Set(wanted).subtracting(known).sorted().map {
        HeapVerdict(heap: $0, passedOver: "absent, though \(component.name) asks for it")
      }
    }
  }

  private static func objection(to store: SlabStore, of registrars: [any Registrar]) -> String? {
    for registrar in registrars {
      for image in registrar.trials {
        do {
          let merged = try BufferAttributes.merging(
            [image.writer, store.heap.attributes] + registrar.participants,
            image: image.size, in: image.table)
          guard let layout = merged.layout else { continue }
          try registrar.check(store.makeTrial(of: layout, alignment: merged.slotAlignment))
        } catch {
          return "\(error)"
        }
      }
    }
    return nil
  }
}

extension Caching {
  fileprivate var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

extension BufferAttributes {
  /// The same with no opinion on formats.
  fileprivate var withoutFormats: BufferAttributes {
    var result = self
    result.formats = nil
    for index in result.alternatives.indices { result.alternatives[index].formats = nil }
    return result
  }
}

/// A registrar that uses no memory of a pool itself, but copies what is in it.
struct CopyingDevice: Component {
  let attributes: BufferAttributes

  /// The components with every registrar that can copy in this role; nil where none can.
  static func replacing(registrarsOf components: [any Component]) -> [any Component]? {
    var isAny = false
    let result = components.map { component -> any Component in
      guard let copying = (component as? any Registrar)?.copying else { return component }
      isAny = true
      return CopyingDevice(attributes: copying)
    }
    return isAny ? result : nil
  }
}

/// The application where it reads images back.
struct CPUReader: Component {
  static let component = CPUReader()

  let attributes = BufferAttributes(name: "cpu reader") { $0.cpuUsage = [.read] }
}
