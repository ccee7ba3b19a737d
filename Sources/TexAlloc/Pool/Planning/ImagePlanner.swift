/// Finds the ways in which images of a pool have memory that all who touch them can use.
struct ImagePlanner: Sendable {
  private let components: PoolComponents
  private let heaps: [any Heap]
  /// The names of those whose memory is another driver's.
  private let foreign: [String]
  private let stores: SlabStores
  /// Those of the pools whose components are being asked here, by the thread or the task.
  @TaskLocal private static var asking: [ObjectIdentifier] = []

  /// - Throws: `AllocationError.invalid` where a component contradicts itself, or a heap goes by
  ///   another name than it lists.
  init(
    for components: [any Component], from heaps: [any Heap], into stores: SlabStores
  ) throws(AllocationError) {
    for heap in heaps { try Self.checkName(of: heap.attributes) }
    self.components = try PoolComponents(components)
    self.heaps = heaps
    foreign = heaps.filter(\.isForeign).map(\.name)
    self.stores = stores
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

  /// All that have a say in such images for this use.
  func parties(
    to image: ImageDescriptor, for flags: AllocationFlags
  ) throws(AllocationError) -> ImageParties {
    var parties = try components.parties(writtenBy: image.writer, for: flags)
    parties.sampling = image.sampling
    return parties
  }

  /// The ways for images in which these have a say.
  func plans(for parties: ImageParties) throws(AllocationError) -> ImagePlans {
    if parties.devices.isEmpty {
      switch try plan(for: parties, on: nil, []) {
      case .success(let plan): return ImagePlans(only: plan)
      case .failure(let reason): throw AllocationError(reason)
      }
    }
    return try ImagePlans { (route, better) throws(AllocationError) in
      try plan(for: parties, on: route, better)
    }
  }

  /// Merges everybody's attributes with each heap in turn, ranks those that merge, and settles for the
  /// first that every device gets along with when it is tried.
  private func plan(
    for parties: ImageParties, on route: Route?, _ betterRoutes: [RouteVerdict]
  ) throws(AllocationError) -> Result<ImagePlan, RouteVerdict.Reason> {
    // It would ask whoever is being asked, who would ask for the same again.
    let pool = ObjectIdentifier(stores)
    guard !Self.asking.contains(pool) else { throw .beingAsked }
    let voices: ImageParties.Voices
    do {
      voices =
        if let route { try parties.voices(on: route, trying: foreign) } else {
          .init(participants: parties.constant)
        }
    } catch {
      return .failure(error)
    }
    do { _ = try BufferAttributes.merging(voices.participants) } catch {
      guard case .conflict(let conflict) = error else { throw AllocationError(error) }
      return .failure(.conflict(conflict))
    }
    let heaps = heaps(for: voices, on: route)
    var candidates: [Candidate] = []
    var refusals: [HeapVerdict] = []
    for heap in heaps {
      switch try Candidate.make(heap, for: voices.participants) {
      case .success(let candidate): candidates.append(candidate)
      case .failure(let refusal): refusals.append(refusal)
      }
    }
    candidates.sort { $0.rank < $1.rank }  // stable: the order of the heaps stays

    var verdicts: [HeapVerdict] = []
    for (place, candidate) in candidates.enumerated() {
      let isSynchronized =
        !parties.areCoherent && route != .uploaded && candidate.caching == .cached
      let objection = Self.$asking.withValue(Self.asking + [pool]) {
        candidate.objection(of: voices.devices, isSynchronized, parties.sampling)
      }
      if let reason = objection {
        verdicts.append(HeapVerdict(heap: candidate.heap.name, passedOver: reason))
        continue
      }
      verdicts.append(HeapVerdict(heap: candidate.heap.name, passedOver: nil))
      verdicts += candidates[(place + 1)...].map {
        HeapVerdict(
          heap: $0.heap.name,
          passedOver: "would do, but ranks below \(candidate.heap.name)")
      }
      return .success(
        ImagePlan(
          MemoryPlan(
            route: route, betterRoutes: betterRoutes, heap: candidate.heap.name,
            caching: candidate.caching, attributes: candidate.attributes,
            verdicts: verdicts + refusals),
          candidate.merge, stores.store(of: candidate.heap, isSynchronized: isSynchronized),
          cpuUsage: parties.cpuUsage, deviceUsage: parties.deviceUsage,
          hasOneDevice: voices.devices.count == 1))
    }
    return .failure(.noHeap(verdicts + refusals + absent(voices, among: heaps)))
  }

  /// Those to choose from: what devices have of their own, and the pool's where that may be imported or
  /// nobody has any.
  private func heaps(for voices: ImageParties.Voices, on route: Route?) -> [any Heap] {
    guard let own = voices.heaps else {
      // Where nobody uses the memory but to copy from it, the plainest comes first.
      return route == .uploaded ? heaps.reversed() : heaps
    }
    let names = Set(own.map(\.name))
    return own + (route == .imported ? heaps.filter { !names.contains($0.name) } : [])
  }

  /// Heaps that somebody asks for by name and that are not among those to choose from.
  private func absent(
    _ voices: ImageParties.Voices, among heaps: [any Heap]
  ) -> [HeapVerdict] {
    let known = Set(heaps.map(\.name) + foreign)
    return voices.participants.flatMap { participant in
      let wanted = ([participant.constraints] + participant.alternatives).flatMap { $0.heaps ?? [] }
      return Set(wanted).subtracting(known).sorted().map {
        HeapVerdict(heap: $0, passedOver: "absent, though \(participant.name) asks for it")
      }
    }
  }
}

/// A heap that suits everybody, as far as words go.
private struct Candidate {
  let heap: any Heap
  let merge: AttributeMerge
  let attributes: MergedAttributes

  var caching: Caching { attributes.chosenCaching ?? .cached }
  /// Whether somebody knows that the memory is what is demanded comes first.
  var rank: (doubt: Int, caching: Int) {
    (
      attributes.demandsMemory && attributes.provides == nil ? 1 : 0,
      Caching.allCases.firstIndex(of: caching) ?? 0
    )
  }

  /// - Returns: Or else why it does not suit.
  static func make(
    _ heap: any Heap, for participants: [BufferAttributes]
  ) throws(AllocationError) -> Result<Candidate, HeapVerdict> {
    let merge: AttributeMerge
    do { merge = try AttributeMerge([heap.attributes] + participants) } catch {
      throw .invalid(error)
    }
    func passOver(_ reason: String) -> Result<Candidate, HeapVerdict> {
      .failure(HeapVerdict(heap: heap.name, passedOver: reason))
    }
    do {
      let attributes = try merge.attributes()
      let missing = Set(attributes.cpuUsage).subtracting(heap.cpuUsage)
      guard missing.isEmpty else {
        let words = missing.map(\.rawValue).sorted().joined(separator: ", ")
        return passOver("its memory is not mapped for the CPU to \(words)")
      }
      return .success(Candidate(heap: heap, merge: merge, attributes: attributes))
    } catch {
      return passOver("\(error)")
    }
  }

  /// Why a device does not get along with the heap's memory when that is tried; nil where all do.
  func objection(
    of devices: [(registrar: any Registrar, route: Route)], _ isSynchronized: Bool,
    _ sampling: Sampling
  ) -> String? {
    guard var layout = trialLayout else { return nil }
    layout.sampling = sampling
    for device in devices where device.route != .uploaded {
      do {
        let trial = try TrialMemory.makeBuffer(
          layout, alignment: attributes.slotAlignment, from: heap, isSynchronized: isSynchronized)
        try device.registrar.check(trial, on: device.route)
      } catch {
        return "\(error)"
      }
    }
    return nil
  }

  /// A small image of the kind that a CPU can write, as awkward as they come: its pitch is no multiple
  /// of more than what all ask for, if that can be. nil where there is none.
  private var trialLayout: ImageLayout? {
    let layouts = stride(from: 80, to: 600, by: 16).compactMap { width in
      let image = ImageSize(
        width: min(max(width, attributes.minWidth), attributes.maxWidth ?? .max),
        height: min(max(5, attributes.minHeight), attributes.maxHeight ?? .max))
      return try? merge.attributes(for: image).layout
    }.filter { layout in
      layout.planes.allSatisfy { $0.pitch.isMultiple(of: PlaneWriter.lineSize) }
    }
    return layouts.first { layout in
      let multiple = layout.planes[0].pitch / max(attributes.pitchAlignment, PlaneWriter.lineSize)
      return multiple > 1 && !multiple.isMultiple(of: 2)
    } ?? layouts.first
  }
}
