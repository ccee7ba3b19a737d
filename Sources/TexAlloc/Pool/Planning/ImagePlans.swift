internal import Synchronization

/// The ways in which images of one kind can be had, best first. Each is found when
/// those before it did not do.
final class ImagePlans: Sendable {
  /// Finds the way on a route, or why there is none.
  typealias Find =
    @Sendable (Route, _ better: [RouteVerdict]) throws(AllocationError) -> Result<
      ImagePlan, RouteVerdict.Reason
    >

  let best: ImagePlan
  private let find: Find?
  private let search: Mutex<Search>

  /// How far was looked.
  private struct Search {
    /// Not looked at yet.
    var routes = Route.allCases[...]
    /// What was passed over.
    var verdicts: [RouteVerdict] = []
    /// Besides the best.
    var others: [ImagePlan] = []

    mutating func next(by find: Find) throws(AllocationError) -> ImagePlan? {
      while let route = routes.popFirst() {
        switch try find(route, verdicts) {
        case .success(let plan): return plan
        case .failure(let reason): verdicts.append(RouteVerdict(route: route, reason: reason))
        }
      }
      return nil
    }
  }

  /// One way and no other, for images that take no route.
  init(only plan: ImagePlan) {
    best = plan
    find = nil
    search = Mutex(Search())
  }

  /// - Throws: `AllocationError.noRoute`, or what the closure throws.
  init(find: @escaping Find) throws(AllocationError) {
    var search = Search()
    guard let best = try search.next(by: find) else { throw .noRoute(search.verdicts) }
    self.best = best
    self.find = find
    self.search = Mutex(search)
  }

  /// An image in the best way that has memory for it. Where the components cannot live with each other
  /// at its size, or the heap has nothing to give, the next way is tried.
  ///
  /// - Throws: What stood in the way of the best.
  func makeBuffer(
    _ make: (ImagePlan) throws(AllocationError) -> TextureBuffer
  ) throws(AllocationError) -> TextureBuffer {
    do throws(AllocationError) { return try make(best) } catch {
      guard let verdict = best.verdict(after: error) else { throw error }
      if let buffer = try makeBufferElsewhere(make, after: verdict) { return buffer }
      throw error
    }
  }

  private func makeBufferElsewhere(
    _ make: (ImagePlan) throws(AllocationError) -> TextureBuffer, after verdict: RouteVerdict
  ) throws(AllocationError) -> TextureBuffer? {
    var verdicts = [verdict]
    for index in 0... {
      guard let plan = try other(index) else { break }
      do throws(AllocationError) { return try make(plan.passingOver(verdicts)) } catch {
        guard let verdict = plan.verdict(after: error) else { throw error }
        verdicts.append(verdict)
      }
    }
    return nil
  }

  private func other(_ index: Int) throws(AllocationError) -> ImagePlan? {
    guard let find else { return nil }
    var further = search.withLock { $0 }
    if index < further.others.count { return further.others[index] }
    // Without the lock, since components and heaps are asked.
    if let next = try further.next(by: find) { further.others.append(next) }
    return search.withLock { [further] search in
      // Where another thread was faster, that thread's stay.
      if search.others.count <= index { search = further }
      return index < search.others.count ? search.others[index] : nil
    }
  }
}

/// One way for a kind of image to have memory.
final class ImagePlan: Sendable {
  let memory: MemoryPlan
  let merge: AttributeMerge
  let store: SlabStore
  /// What the CPU may do with the images, for their writer and by their flags; a device's driver that
  /// reads them aside.
  let cpuUsage: Set<CPUUsage>
  /// What devices may do with them, by their flags.
  let deviceUsage: Set<DeviceUsage>
  private let slotAlignment: Int
  /// Whether nobody but one device is told of the images.
  private let hasOneDevice: Bool

  init(
    _ memory: MemoryPlan, _ merge: AttributeMerge, _ store: SlabStore, cpuUsage: Set<CPUUsage>,
    deviceUsage: Set<DeviceUsage>, hasOneDevice: Bool
  ) {
    self.memory = memory
    self.cpuUsage = cpuUsage
    self.deviceUsage = deviceUsage
    slotAlignment = memory.attributes.slotAlignment
    self.hasOneDevice = hasOneDevice
    self.merge = merge
    self.store = store
  }

  /// Whether the memory is needed when a device has a copy, too.
  var isKept: Bool { !hasOneDevice || cpuUsage.contains(.read) }

  /// Where the planes of an image lie, and what it begins at a multiple of.
  func layOut(_ image: ImageDescriptor) throws(AllocationError) -> (ImageLayout, alignment: Int) {
    // What was merged when the plan was made does for nearly every image.
    if let layout = try? memory.attributes.layout(of: image.size, in: image.table) {
      return (try image.meaning(of: layout), slotAlignment)
    }
    let merged: MergedAttributes
    do throws(MergeConflict) {
      merged = try merge.attributes(for: image.size, in: image.table)
    } catch {
      throw .conflict(error)
    }
    return (try image.meaning(of: merged.layout), merged.slotAlignment)
  }

  /// What an allocation that failed says of the route; nil where another route is no answer to it.
  fileprivate func verdict(after error: AllocationError) -> RouteVerdict? {
    guard let route = memory.route else { return nil }
    return switch error {
    case .conflict(let conflict): RouteVerdict(route: route, reason: .conflict(conflict))
    case .heap(let failure): RouteVerdict(route: route, reason: .noMemory(failure))
    default: nil
    }
  }

  /// The same way for an image for which better ones failed.
  fileprivate func passingOver(_ failed: [RouteVerdict]) -> ImagePlan {
    var memory = memory
    memory.betterRoutes = (failed + memory.betterRoutes).sorted { $0.route < $1.route }
    return ImagePlan(
      memory, merge, store, cpuUsage: cpuUsage, deviceUsage: deviceUsage,
      hasOneDevice: hasOneDevice)
  }
}
