/// Where fontconfig found a face.
struct FontFile: Hashable {
  let path: String
  /// Which face of a collection, as FreeType counts.
  let index: Int
  let family: String
}
