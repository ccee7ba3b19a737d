internal import CLinux
internal import Glibc
internal import SystemPackage

/// Runs a call that answers -1 and sets `errno` where it fails; the one place that reads `errno`.
/// A call that a signal interrupted is made again.
@discardableResult
func systemCall(
  _ operation: String, on object: String, _ call: () -> CInt
) throws(SystemFailure) -> CInt {
  while true {
    let result = call()
    if result >= 0 { return result }
    let failure = Errno(rawValue: errno)
    if failure != .interrupted { throw SystemFailure(operation, on: object, failure) }
  }
}
