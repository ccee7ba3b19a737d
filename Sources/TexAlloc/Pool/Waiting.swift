/// What an allocation does when only fences that have not passed stand between it and memory.
public enum Waiting: Hashable, Sendable {
  /// Fails at once.
  case never
  /// Waits for the fences until there is memory or the time has come. Not for a thread that the fences
  /// themselves need.
  case until(ContinuousClock.Instant)
}
