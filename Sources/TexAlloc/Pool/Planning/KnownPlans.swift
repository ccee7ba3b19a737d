internal import Synchronization

/// What a pool has planned, by writer, use and sampling: any number of images is laid out by it.
///
/// A pool meets few writers, and mostly the one that it met last, so they are looked for in the order
/// in which they were used. Of very many, those are forgotten that were not used for longest.
final class KnownPlans: Sendable {
  private final class Entry: Sendable {
    let writer: ImageWriter
    let flags: AllocationFlags
    let parties: ImageParties
    let plans: ImagePlans

    init(
      _ writer: ImageWriter, _ flags: AllocationFlags, _ parties: ImageParties,
      _ plans: ImagePlans
    ) {
      self.writer = writer
      self.flags = flags
      self.parties = parties
      self.plans = plans
    }

    func isFor(_ image: ImageDescriptor, _ flags: AllocationFlags) -> Bool {
      self.flags == flags && parties.sampling == image.sampling && writer == image.writing
    }
  }

  /// How many are kept.
  static let limit = 64

  private let planner: ImagePlanner
  /// The last used first.
  private let entries = Mutex<[Entry]>([])

  init(by planner: ImagePlanner) { self.planner = planner }

  /// The plans for such images and for this use, made where they are not known.
  func plans(
    of image: ImageDescriptor, for flags: AllocationFlags
  ) throws(AllocationError) -> ImagePlans {
    let flags = flags.intersection(.planned)
    if let known = find(where: { $0.isFor(image, flags) }) { return known }
    let parties = try planner.parties(to: image, for: flags)
    // A flag may give nobody else a say.
    let plans: ImagePlans
    if let known = find(where: { $0.parties == parties }) {
      plans = known
    } else {
      plans = try planner.plans(for: parties)
    }
    return add(Entry(image.writing, flags, parties, plans), for: image)
  }

  private func find(where suits: (Entry) -> Bool) -> ImagePlans? {
    entries.withLock { entries in
      guard let place = entries.firstIndex(where: suits) else { return nil }
      let entry = entries[place]
      if place > 0 {
        entries.remove(at: place)
        entries.insert(entry, at: 0)
      }
      return entry.plans
    }
  }

  /// Where another thread was faster, that thread's stay.
  private func add(_ entry: Entry, for image: ImageDescriptor) -> ImagePlans {
    entries.withLock { entries in
      let known = entries.first { $0.isFor(image, entry.flags) }
      if let known { return known.plans }
      if entries.count == Self.limit { entries.removeLast() }
      entries.insert(entry, at: 0)
      return entry.plans
    }
  }

  /// The last used first.
  var all: [ImagePlans] {
    entries.withLock { entries in
      entries.map(\.plans).reduce(into: []) { all, plans in
        if !all.contains(where: { $0 === plans }) { all.append(plans) }
      }
    }
  }
}
