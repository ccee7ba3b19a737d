/// What the memory of a pool must be so that every component of the pool can live with it: the heap,
/// the caching, the alignments and limits. Formats are settled image by image.
public struct MemoryPlan: Hashable, Sendable {
  /// The heap that the slabs come from.
  public let heap: String
  /// How the CPU's mapping of the slabs is cached.
  public let caching: Caching
  /// The attributes of all components and the heap, merged without formats.
  public let attributes: MergedAttributes
  /// Every heap that was looked at, the chosen one too, in the order of preference.
  public let verdicts: [HeapVerdict]
  /// Whether devices copy the images, since there is no heap whose memory they can use.
  public internal(set) var isCopied = false

  /// Why the heap was chosen; ``verdicts`` have why the others were not.
  public var reason: String {
    if isCopied { return "devices can use the memory of no heap, so images are copied from this" }
    let tried = verdicts.prefix { $0.passedOver != nil }.map(\.heap)
    return "of the heaps that suit every component it ranks first, "
      + (attributes.demandsMemory ? "by being known to provide what is demanded, then " : "")
      + "by caching and then by kind"
      + (tried.isEmpty ? "" : ", now that \(tried.joined(separator: ", ")) failed when tried")
  }

  /// What an image's merged attributes ask for that the plan does not hold; nil where they fit.
  func lacks(_ image: MergedAttributes) -> AllocationError? {
    func outside(_ field: String, _ wanted: some Any, _ held: some Any) -> AllocationError {
      .outsidePlan(field: field, wanted: "\(wanted)", held: "\(held)")
    }
    if let heaps = image.heaps, !heaps.contains(heap) { return outside("heaps", heaps, heap) }
    if let allowed = image.caching, !allowed.contains(caching) {
      return outside("caching", allowed, caching)
    }
    // What the image demands beyond the plan, the merge with the heap has allowed.
    if attributes.protected && !image.protected { return outside("protected", false, true) }
    return nil
  }
}

extension MemoryPlan {
  /// The same plan where images are copied, after each heap was tried for using its memory.
  func copying(after tried: [HeapVerdict]) -> MemoryPlan {
    var plan = MemoryPlan(
      heap: heap, caching: caching, attributes: attributes,
      verdicts: [HeapVerdict(heap: heap, passedOver: nil)] + tried.filter { $0.heap != heap })
    plan.isCopied = true
    return plan
  }
}

/// What became of a heap when a pool chose one.
public struct HeapVerdict: Hashable, Sendable {
  public let heap: String
  /// Why it was passed over; nil for the chosen one.
  public let passedOver: String?
}

extension HeapVerdict: CustomStringConvertible {
  public var description: String { "\(heap): \(passedOver ?? "chosen")" }
}
