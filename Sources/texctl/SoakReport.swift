/// What `texctl soak` saw.
struct SoakReport: Encodable {
  /// Images that were written, drawn and let go of.
  let images: Int
  /// How many were copied to the GPU instead of imported.
  let uploads: Int
  /// Images that got no memory, or no texture.
  let failures: Int
  /// When a fifth of the time had passed, and at the end, while work went on.
  let early, late: ProcessFootprint
  /// Of the pool, after everything was let go of: 0 where the ledger is balanced.
  let slotsLeft, imagesLeft: Int

  var text: String {
    """
    \(images) images drawn, \(uploads) of them uploaded; \(failures) failures
    memory       \(early.proportionalKiB) KiB, later \(late.proportionalKiB) KiB
    descriptors  \(early.descriptors), later \(late.descriptors)
    mappings     \(early.mappings), later \(late.mappings)
    left         \(slotsLeft) slots, \(imagesLeft) images
    """
  }
}
