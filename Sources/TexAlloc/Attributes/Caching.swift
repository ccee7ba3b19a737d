/// How the CPU's caches treat a buffer, in the order in which a merge prefers them.
public enum Caching: String, CaseIterable, Sendable {
  /// Stores are gathered into whole lines; loads are very slow.
  case writeCombining
  /// Ordinary memory: the only one that the CPU may read or write out of order.
  case cached
  /// Every access goes to memory by itself.
  case uncached
}
