/// Something that was not measured, and why.
struct Omission: Codable {
  let what, reason: String
}
