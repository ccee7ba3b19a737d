public import SystemPackage
public import TexAlloc
public import TexAllocJPEG

/// Why a file did not become a texture.
public enum AssetError: Error, Hashable, Sendable {
  /// The file could not be read or decoded.
  case jpeg(JPEGError)
  /// The pool gave no memory for it.
  case allocation(FilePath, AllocationError)
  /// The GPU took its memory in no way.
  case registration(FilePath, RegistrationRefused)
}

extension AssetError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .jpeg(let error): "\(error)"
    case .allocation(let path, let error): "\(path): \(error)"
    case .registration(let path, let error): "\(path): \(error)"
    }
  }
}
