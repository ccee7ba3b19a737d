import Glibc
import Synchronization
import TexAlloc

/// A process that ends when a thread of the library's is about to, and says what became of what the
/// thread would let go of: a value of its own, whose destructor takes its time.
///
/// Its argument is when the process ends: `leaving`, while the thread lets go of it, or `busy`, before.
@main
enum EndingProcess {
  static func main() throws {
    try LeavingThread.endProcess(beforeItLeaves: CommandLine.arguments.last == "busy")
  }
}

private enum LeavingThread {
  private enum Letting: Int {
    case notBegun, begun, over
  }

  private static let letting = Atomic(Letting.notBegun.rawValue)
  private static let processEnds = Atomic(false)

  static func endProcess(beforeItLeaves isBusy: Bool) throws {
    // What is registered before the first thread is called after what the library does.
    atexit {
      LeavingThread.processEnds.store(true, ordering: .releasing)
      usleep(500_000)
      print(Letting(rawValue: LeavingThread.letting.load(ordering: .acquiring)) ?? .notBegun)
    }
    var key = pthread_key_t()
    unsafe pthread_key_create(&key) { _ in
      LeavingThread.letting.store(Letting.begun.rawValue, ordering: .releasing)
      usleep(2_000_000)
      LeavingThread.letting.store(Letting.over.rawValue, ordering: .releasing)
    }
    try useThread { [key] in
      _ = unsafe pthread_setspecific(key, UnsafeRawPointer(bitPattern: 1))
      while isBusy, !processEnds.load(ordering: .acquiring) { usleep(1000) }
    }
    if !isBusy {
      while letting.load(ordering: .acquiring) == Letting.notBegun.rawValue { usleep(1000) }
    }
    exit(0)
  }

  /// Nobody holds the thread by the return.
  private static func useThread(for job: @escaping @Sendable () -> Void) throws {
    try WorkerThread(named: "texalloc-ending").begin(job)
  }
}
