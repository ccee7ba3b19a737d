/// What the thread of a pool does next, outside of the lock.
enum PoolWork {
  /// Lets go of what nobody uses.
  case letGo([Slab])
  case grow(Growth)
  case makeReady(PageRequest)
}

/// A slab to be made.
struct Growth {
  /// Bytes, whole pages: as many as are of use, and the least that are.
  let wanted, least: Int
  let tenancy: Tenancy
  /// The allocation that needs it; nil where it is made ahead of need.
  let demand: Demand?

  /// The sizes to try, each half as large as the one before.
  var sizes: [Int] {
    var sizes = [wanted]
    while let last = sizes.last, last > max(least, pageSize) {
      sizes.append(max((last / 2).roundedUp(toMultipleOf: pageSize), least))
    }
    return sizes
  }
}

/// Pages of a slab that the kernel is to be asked for.
struct PageRequest {
  /// Bytes that are asked for at once: as much as whoever needs a slab is made to wait for, and as the
  /// pages of a large image are ready ahead of its writer.
  static let step = 1 << 20

  let slab: Slab
  /// Where the pool keeps the slab.
  let place: Int
  let range: Range<Int>
}

extension PageRequest {
  /// What to ask for at once, and the rest.
  fileprivate func split() -> (step: PageRequest, rest: PageRequest?) {
    let middle = min(range.lowerBound + Self.step, range.upperBound)
    func part(_ range: Range<Int>) -> PageRequest {
      PageRequest(slab: slab, place: place, range: range)
    }
    let rest = middle..<range.upperBound
    return (part(range.lowerBound..<middle), rest.isEmpty ? nil : part(rest))
  }
}

extension SlabSet {
  /// Whether the thread is to be woken.
  var hasWork: Bool {
    hasDropped || !demands.isEmpty || !pageRequests.isEmpty || isToGrowAhead
  }

  private var isToGrowAhead: Bool { growsAhead && limits.prefault > 0 && isNearlyFull }

  /// What to do next; nil where there is nothing. Allocations that wait get what has come back since.
  mutating func nextWork() -> PoolWork? {
    serveDemands()
    if hasDropped { return .letGo(takeDropped()) }
    while let demand = demands.first {
      if let obstacle = obstacle(to: demand.request) {
        demands.removeFirst()
        demand.fulfil(.failure(obstacle))
      } else if let growth = growth(for: demand) {
        return .grow(growth)
      } else {
        dropEmptySlabs()
        // Else the budget has gone elsewhere meanwhile.
        if hasDropped { return .letGo(takeDropped()) }
      }
    }
    if let next = pageRequests.first {
      let (step, rest) = next.split()
      pageRequests.replaceSubrange(0..<1, with: rest.map { [$0] } ?? [])
      return .makeReady(step)
    }
    return growthAhead().map { .grow($0) }
  }

  /// Why there is no slab for a request, whatever the heap could give; else nil.
  func obstacle(to request: SlotRequest) -> AllocationError? {
    let least = leastSlab(for: request)
    let bytes = ledger.bytes
    if least <= limits.budget - (bytes - emptyBytes) { return nil }
    return .budget(wanted: least, allocated: bytes, limit: limits.budget)
  }

  private mutating func serveDemands() {
    var left: [Demand] = []
    for demand in demands {
      if let slot = carve(demand.request) {
        demand.fulfil(.success(slot))
      } else {
        left.append(demand)
      }
    }
    demands = left
  }

  /// Takes in the slab that was made.
  mutating func finish(_ growth: Growth, with slab: Slab) {
    if growth.tenancy == .shared {
      let isLess = slab.size < growth.wanted
      nextSize = isLess ? slab.size : min(max(nextSize, slab.size) * 2, largestShared)
    }
    growsAhead = true
    ledger.add(-growth.wanted)
    let slot = add(slab, for: growth.tenancy, carving: growth.demand?.request)
    guard let demand = growth.demand else { return }
    guard let slot else { preconditionFailure("a fresh slab has no room for what it was made for") }
    demands.removeAll { $0 === demand }
    demand.fulfil(.success(slot))
  }

  /// Notes that there is no slab; what needs it gets another try once empty slabs were let go of.
  mutating func fail(_ growth: Growth, with error: AllocationError) {
    ledger.add(-growth.wanted)
    guard let demand = growth.demand else {
      growsAhead = false
      return
    }
    dropEmptySlabs()
    if hasDropped { return }
    demands.removeAll { $0 === demand }
    demand.fulfil(.failure(error))
  }

  /// Has the kernel asked for the first pages of a range that somebody is about to write, before all
  /// others.
  ///
  /// - Returns: How many bytes further on the next are to be asked for; nil where all are.
  mutating func requestPages(aheadOf range: Range<Int>, of slab: Slab) -> Int? {
    guard limits.prefault > 0, let place = slabs.firstIndex(where: { $0?.slab === slab }),
      let carved = slabs[place], !carved.contents.pages.isRequested(range)
    else { return nil }
    let end = min(range.lowerBound + PageRequest.step, range.upperBound)
    let pages = carved.contents.pages.request(range.lowerBound..<end)
    pageRequests.insert(
      contentsOf: pages.map { PageRequest(slab: slab, place: place, range: $0) }, at: 0)
    return PageRequest.step / 2
  }

  /// Notes that the kernel gave the pages.
  mutating func markReady(_ pages: PageRequest) {
    carvedSlab(of: pages)?.contents.pages.markReady(pages.range)
  }

  /// Notes how the kernel refused the pages, which come with the first write then, or do not come.
  mutating func note(_ refusal: SystemFailure, of pages: PageRequest) {
    carvedSlab(of: pages)?.contents.pages.refusal = refusal
  }

  /// Forgets the pages that the kernel was not asked for yet.
  mutating func cancelPageRequests() {
    for pages in pageRequests { carvedSlab(of: pages)?.contents.pages.cancelRequest(pages.range) }
    pageRequests = []
  }

  /// The slab of pages, where it was not dropped meanwhile.
  private func carvedSlab(of pages: PageRequest) -> CarvedSlab? {
    slabs[pages.place].flatMap { $0.slab === pages.slab ? $0 : nil }
  }

  /// Whole pages.
  private func leastSlab(for request: SlotRequest) -> Int {
    let size = tenancy(of: request) == .shared ? request.sharedSize : request.size
    return size.roundedUp(toMultipleOf: pageSize)
  }

  /// The slab that an allocation needs, entered in the ledger; nil where the budget has no room for it.
  private func growth(for demand: Demand) -> Growth? {
    let (tenancy, least) = (tenancy(of: demand.request), leastSlab(for: demand.request))
    var wanted = least
    if tenancy == .shared {
      let left = (limits.budget - ledger.bytes) / pageSize * pageSize
      let useful = max(nextSize, least.roundedUpToPowerOfTwo)
      wanted = max(least, min(useful, largestShared, left))
    }
    guard ledger.add(wanted, within: limits.budget) else { return nil }
    return Growth(wanted: wanted, least: least, tenancy: tenancy, demand: demand)
  }

  private mutating func growthAhead() -> Growth? {
    guard isToGrowAhead else { return nil }
    let size = min(nextSize, largestShared)
    guard ledger.add(size, within: limits.budget) else {
      growsAhead = false
      return nil
    }
    return Growth(wanted: size, least: size, tenancy: .shared, demand: nil)
  }
}
