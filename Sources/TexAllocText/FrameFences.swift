internal import TexAlloc

/// Counts frames, and knows up to which one the GPU is done.
///
/// A frame is built, ends with a flush, and is drawn while the next is built. So a fence that is made at
/// the end of a frame is the end of all draws of the frames before it.
struct FrameFences {
  /// The one that is being built.
  private(set) var current: UInt32
  /// All draws of frames up to this one are over.
  private(set) var done: UInt32 = 0
  /// In the order of the frames that they are the end of.
  private var pending: [(frame: UInt32, fence: any Fence)] = []
  /// The one that ended last with a fence.
  private var fenced: UInt32 = 0
  /// How many may end without a fence after one with a fence.
  var patience: UInt32

  /// Frames of which the GPU is asked at most: one that hangs is not asked for ever more.
  private static let limit = 8
  /// How many frames may end without a fence at most.
  static let mostPatience: UInt32 = 8

  /// - Parameter current: The first frame.
  init(current: UInt32 = 1, patience: UInt32) {
    (self.current, self.patience) = (current, patience)
  }

  /// Whether there is no number for the next frame: then all begins anew.
  var isAtEnd: Bool { current == .max }

  /// Whether somebody will want to know that the GPU is done with the frame that is being built.
  var isFenceDue: Bool { current - fenced > patience }

  /// Ends a frame.
  ///
  /// - Parameter makeFence: The end of everything drawn so far; nil where nobody draws. Not asked for where
  ///   too many have not passed.
  mutating func end<Failure: Error>(
    _ makeFence: (() throws(Failure) -> any Fence)?
  ) throws(Failure) {
    if let makeFence {
      look()
      if pending.count < Self.limit {
        pending.append((current - 1, try makeFence()))
        fenced = current
      }
    } else {
      done = current - 1
    }
    current += 1
  }

  /// Ends a frame without asking the GPU: nothing wants to know.
  mutating func end() { current += 1 }

  /// Looks which fences have passed.
  mutating func look() {
    while let first = pending.first, first.fence.hasPassed {
      done = first.frame
      pending.removeFirst()
    }
  }

  /// Waits for all of them.
  mutating func wait(until deadline: ContinuousClock.Instant) {
    while let first = pending.first, first.fence.wait(until: deadline) {
      done = first.frame
      pending.removeFirst()
    }
  }
}
