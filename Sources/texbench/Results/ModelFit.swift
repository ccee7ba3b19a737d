internal import CTexbench
internal import TexAlloc
internal import TexAllocVulkan

/// What this machine's own write-combining memory makes of the model's prices.
struct ModelFit: Codable {
  let model: WriteCombiningModel
  /// Where they were measured, or why they are those that were given.
  let words: String

  /// Looks for memory that is write-combining: of a device of Vulkan first, then of the kernel's heaps.
  ///
  /// - Parameter model: What stays where there is none.
  init(_ gpu: VulkanDevice?, instead model: WriteCombiningModel) {
    let heaps = (gpu?.memoryHeaps ?? []) as [any Heap] + Heaps.present()
    for heap in heaps where heap.isWriteCombining {
      guard let slab = try? heap.makeSlab(of: Self.size) else { continue }
      self.model = Self.measured(on: slab)
      words = "fitted to \(heap.name)"
      return
    }
    self.model = model
    words = "not fitted: no memory here is write-combining"
  }

  /// Bytes that are written; of these, few are read, which takes longest.
  private static let (size, readSize) = (16 << 20, 64 << 10)
  private static let rounds = 5

  /// The best of some rounds.
  ///
  /// - Parameter slab: Of at least as many bytes as are written.
  static func measured(on slab: Slab) -> WriteCombiningModel {
    // The slab outlives all that uses its bytes.
    let bytes = unsafe slab.bytes(in: 0..<min(slab.size, size))
    var writer = unsafe PlaneWriter(
      bytes, pitch: 4096, rowSize: 4096, rowCount: bytes.count / 4096)
    let whole = best(of: bytes.count / 64) { writer.fill(0..<writer.rowCount, with: 1) }
    let parts = best(of: bytes.count / 64) {
      unsafe texbench_write_halves(bytes.baseAddress, bytes.count)
    }
    let read = min(readSize, bytes.count)
    let loads = best(of: read / 64) { _ = unsafe texbench_load_lines(bytes.baseAddress, read) }
    return WriteCombiningModel(busWrite: whole, partialWrite: parts, load: loads)
  }

  /// Nanoseconds of a line.
  private static func best(of lines: Int, _ body: () -> Void) -> Double {
    (0..<rounds).map { _ in ContinuousClock().measure(body) / .nanoseconds(1) / Double(lines) }
      .min() ?? 0
  }
}
