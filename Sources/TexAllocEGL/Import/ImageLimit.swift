internal import Glibc
internal import TexAlloc

/// How many images may live at once. Mesa keeps a descriptor and a mapping for each, and crashes
/// where the mappings run out, so the cap lies well below both limits.
public struct ImageLimit: Hashable, Sendable {
  /// `RLIMIT_NOFILE`, soft, of getrlimit(2).
  public let descriptors: Int
  /// `/proc/sys/vm/max_map_count` of proc(5).
  public let mappings: Int

  /// Half of what the process may have of the scarcer; the rest is for everybody else.
  public var images: Int { min(descriptors, mappings) / 2 }

  /// How many descriptors the process may have open, whoever has them: Mesa keeps those of images that
  /// are gone until it draws again with what it drew them with, and everybody else has some, too.
  var openDescriptors: Int { min(descriptors, mappings) / 4 * 3 }

  /// The limits of this process as they are now.
  public static func now() -> ImageLimit {
    var limit = rlimit()
    let known = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
    let descriptors = known ? Int(clamping: limit.rlim_cur) : 1024
    let mappings = SystemFile.number(in: "/proc/sys/vm/max_map_count") ?? 65530
    return ImageLimit(descriptors: descriptors, mappings: mappings)
  }
}
