internal import Synchronization

/// Who uses each plane of a buffer on the CPU: nobody, one that writes, or any number that read.
///
/// One number holds the count of each plane's readers in 16 bits of its own, all of them set where
/// somebody writes it.
struct PlaneUse: ~Copyable, Sendable {
  enum User {
    case writer, reader
  }

  private let counts = Atomic<UInt64>(0)
  private static let (bits, writer) = (16, UInt64(UInt16.max))

  /// Begins a use of a plane, of at most four, unless it collides with one under way: answers who is
  /// in its way.
  func begin(_ user: User, ofPlane plane: Int) -> User? {
    let shift = plane * Self.bits
    var counts = counts.load(ordering: .relaxed)
    while true {
      let held = counts >> shift & Self.writer
      if held == Self.writer { return .writer }
      if user == .writer && held > 0 || held == Self.writer - 1 { return .reader }
      let (isDone, current) = self.counts.weakCompareExchange(
        expected: counts, desired: counts &+ Self.count(of: user) << shift,
        successOrdering: .acquiring, failureOrdering: .relaxed)
      if isDone { return nil }
      counts = current
    }
  }

  func end(_ user: User, ofPlane plane: Int) {
    counts.wrappingSubtract(Self.count(of: user) << (plane * Self.bits), ordering: .releasing)
  }

  private static func count(of user: User) -> UInt64 { user == .writer ? writer : 1 }
}
