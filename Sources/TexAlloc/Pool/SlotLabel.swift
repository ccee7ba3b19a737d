/// What a slot is called in reports.
struct SlotLabel {
  let name: String
  /// The component that writes it.
  let owner: String
}
