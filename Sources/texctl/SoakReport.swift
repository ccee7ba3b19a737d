internal import ProgramSupport

/// What `texctl soak` saw.
struct SoakReport: Encodable {
  struct Round: Encodable {
    /// Images that were written, drawn and let go of.
    let images: Int
    /// Images that got no memory, or no texture.
    let failures: Int
    /// What the process had when all of them were gone.
    let left: ProcessFootprint
  }

  let rounds: [Round]
  /// How many images were copied to the GPU instead of imported.
  let uploads: Int
  /// Of the pool and of the device, at the end: 0 where the ledger is balanced.
  let slotsLeft, slabsLeft, imagesLeft: Int

  var text: String {
    let images = rounds.reduce(0) { $0 + $1.images }
    let failures = rounds.reduce(0) { $0 + $1.failures }
    func row(_ title: String, _ value: KeyPath<ProcessFootprint, Int>) -> String {
      title + rounds.map { String($0.left[keyPath: value]) }.joined(separator: " ")
    }
    return """
      \(images) images drawn, \(uploads) of them uploaded; \(failures) failures
      After each round, when all were gone:
      \(row("  memory in KiB  ", \.proportionalKiB))
      \(row("  descriptors    ", \.descriptors))
      \(row("  mappings       ", \.mappings))
      At the end: \(slotsLeft) slots, \(slabsLeft) slabs, \(imagesLeft) images
      """
  }
}
