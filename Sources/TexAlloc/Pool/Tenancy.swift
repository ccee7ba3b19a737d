/// Who may share a slab.
enum Tenancy: Hashable, Sendable {
  /// Any number of images.
  case shared
  /// One image at a time.
  case alone
  /// One image, ever: another process may keep the descriptor.
  case exported
}
