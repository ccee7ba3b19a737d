internal import Glibc
internal import Synchronization

/// The contexts in which a device's calls work: the one that it was opened for, and those of its share
/// group that have joined and not left.
struct ContextGroup: Sendable {
  struct Member: Sendable {
    let handle: ContextHandle
    /// Its place in a ``ContextSet``. Another has it when this one has left and its last fence has passed.
    let number: Int
    /// What it is told apart by from all that were or will be.
    let serial: UInt64
    /// The thread that it was last seen on.
    fileprivate(set) var thread = pthread_self()
    /// Whether the device had no other when this one was found to be current.
    fileprivate(set) var isAlone = true

    private static let last = Atomic<UInt64>(0)

    fileprivate init(_ handle: ContextHandle, number: Int) {
      self.handle = handle
      self.number = number
      serial = Self.last.add(1, ordering: .relaxed).newValue
    }

    var set: ContextSet { ContextSet(rawValue: 1 << UInt64(number)) }
    var wasLastSeenHere: Bool { pthread_equal(thread, pthread_self()) != 0 }
  }

  private(set) var members: [Member]
  /// Of those that have left: the ends of what was drawn there, until they are known to have passed.
  private(set) var left: [(set: ContextSet, fence: EGLFence)] = []
  /// Those that were once alone, whose textures of that time carry no fence; and one behind all of these,
  /// as soon as there is one.
  private(set) var early: [UInt64: EGLFence?] = [:]

  init(_ first: ContextHandle) { members = [Member(first, number: 0)] }

  var isAlone: Bool { members.count == 1 }
  var all: ContextSet { members.reduce([]) { $0.union($1.set) } }

  func member(_ serial: UInt64) -> Member? { members.first { $0.serial == serial } }

  /// The one that is current on this thread, which is noted.
  mutating func current() -> Member? {
    guard let place = members.firstIndex(where: \.handle.isCurrent) else { return nil }
    members[place].thread = pthread_self()
    members[place].isAlone = isAlone
    return members[place]
  }

  /// Whether a fence is due behind what a context made while it was alone.
  func needsEarlyFence(_ member: Member) -> Bool {
    if case .some(nil) = early[member.serial] { true } else { false }
  }

  /// - Returns: Whether there was room.
  mutating func join(_ handle: ContextHandle) -> Bool {
    let taken = left.reduce(all) { $0.union($1.set) }
    guard let number = (0..<64).first(where: { !taken.contains(.init(rawValue: 1 << UInt64($0))) })
    else { return false }
    if isAlone { early[members[0].serial] = .some(nil) }
    members.append(Member(handle, number: number))
    return true
  }

  /// - Parameter fence: Behind all that was done in it.
  mutating func leave(_ member: Member, _ fence: EGLFence) {
    if case .some(nil) = early[member.serial] { early[member.serial] = fence }
    members.removeAll { $0.serial == member.serial }
    left.append((member.set, fence))
  }

  mutating func setEarly(_ fence: EGLFence, of member: Member) {
    early[member.serial] = fence
  }

  /// Forgets those that have left whose fences have passed.
  mutating func forget(_ passed: [EGLFence]) {
    left.removeAll { entry in passed.contains { $0 === entry.fence } }
  }
}

/// Some of a device's contexts, by their numbers.
struct ContextSet: OptionSet, Hashable, Sendable {
  let rawValue: UInt64
}
