internal import Foundation

/// The descriptors that this process has of memory and of devices, with what they lead to. Others are
/// opened and closed by libraries as they like: Mesa writes what it compiled in the background.
package func memoryDescriptors() throws -> Set<String> {
  let folder = "/proc/self/fd"
  let manager = FileManager.default
  let open = try manager.contentsOfDirectory(atPath: folder).compactMap { number in
    (try? manager.destinationOfSymbolicLink(atPath: "\(folder)/\(number)")).map {
      "\(number) \($0)"
    }
  }
  let kinds = ["/memfd:", "/dmabuf:", "/dev/"]
  return Set(open.filter { link in kinds.contains { link.contains(" \($0)") } })
}
