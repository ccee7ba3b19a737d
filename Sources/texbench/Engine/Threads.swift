internal import Dispatch
internal import Foundation
internal import Synchronization

enum Threads {
  /// Runs the body on so many threads at once, and waits for all of them.
  ///
  /// - Parameter body: Is given the number of its thread.
  /// - Throws: The error of one of the threads that failed.
  static func run(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
    let failures = Failures()
    let group = DispatchGroup()
    for number in 0..<count {
      group.enter()
      Thread.detachNewThread {
        do { try body(number) } catch { failures.append(error) }
        group.leave()
      }
    }
    group.wait()
    if let failure = failures.first { throw failure }
  }

  private final class Failures: Sendable {
    private let errors = Mutex<[any Error]>([])
    var first: (any Error)? { errors.withLock { $0.first } }
    func append(_ error: any Error) { errors.withLock { $0.append(error) } }
  }
}
