internal import Glibc
public import SystemPackage
public import TexAlloc
public import TexAllocEGL
public import TexAllocJPEG

/// Files to textures in one call: reads and decodes on the threads of Swift's concurrency, straight
/// into memory of the pool, and registers where the caller runs.
///
/// The caller is isolated to the thread where the GPU's context is current: an actor of the toolkit's
/// render thread, or a `RenderThread`. The main actor is no thread on Linux, unless a
/// toolkit's loop makes it one. Where the caller comes back to another thread from a wait, it is told
/// before any file is opened.
public struct Assets: Sendable {
  public let gpu: EGLDevice
  public let pool: TexturePool
  public let decoder: JPEGDecoder

  /// - Parameter pool: Made for the GPU and `JPEGDecoder.component`.
  public init(gpu: EGLDevice, pool: TexturePool, decoder: JPEGDecoder = .component) {
    self.gpu = gpu
    self.pool = pool
    self.decoder = decoder
  }

  /// The texture of one JPEG file. Cancelling the task ends the decoding.
  public func texture(
    at path: FilePath, isolation: isolated (any Actor)? = #isolation
  ) async throws(AssetError) -> Texture {
    await leaveAndReturn()
    try requireThread(for: path)
    return try register(try await decode(path)).texture
  }

  /// The textures of many JPEG files, decoded on as many threads as there are cores. What fails fails
  /// by itself. Cancelling the task ends the decoding; what was not decoded is then an error.
  ///
  /// - Parameters:
  ///   - paths: In the order of the result.
  ///   - isolation: The caller's; leave it alone.
  ///   - progress: Is told after each file, where the caller runs.
  public func textures(
    at paths: [FilePath], isolation: isolated (any Actor)? = #isolation,
    progress: (LoadProgress) -> Void = { _ in }
  ) async -> [Result<LoadedTexture, AssetError>] {
    await leaveAndReturn()
    if let first = paths.first {
      do throws(AssetError) { try requireThread(for: first) } catch {
        return paths.map { _ in .failure(error) }
      }
    }
    var results = [Result<LoadedTexture, AssetError>?](repeating: nil, count: paths.count)
    await withTaskGroup(of: (Int, Result<DecodedImage, AssetError>).self) { group in
      _ = isolation  // what a closure captures is where it runs
      var waiting = paths.indices.makeIterator()
      func startNext() {
        guard let index = waiting.next() else { return }
        let path = paths[index]
        group.addTask { [self] in (index, await result(of: path)) }
      }
      for _ in 0..<coreCount { startNext() }
      var done = 0
      for await (index, decoded) in group {
        startNext()
        results[index] = decoded.flatMap { image in
          Result { () throws(AssetError) in try register(image) }
        }
        done += 1
        progress(LoadProgress(done: done, total: paths.count, latest: paths[index]))
      }
    }
    return results.compactMap { $0 }
  }

  /// What an actor without a thread does not survive: it goes on where there is room.
  @concurrent private func leaveAndReturn() async {}

  private func requireThread(for path: FilePath) throws(AssetError) {
    do { try gpu.requireContext() } catch { throw .registration(path, error) }
  }

  private struct DecodedImage: Sendable {
    let path: FilePath
    let header: ImageHeader
    let buffer: TextureBuffer
    let time: Duration
  }

  @concurrent private func result(of path: FilePath) async -> Result<DecodedImage, AssetError> {
    do throws(AssetError) { return .success(try await decode(path)) } catch {
      return .failure(error)
    }
  }

  @concurrent private func decode(_ path: FilePath) async throws(AssetError) -> DecodedImage {
    let start = ContinuousClock.now
    let photo: JPEGImage
    do { photo = try JPEGImage(contentsOf: path, by: decoder) } catch { throw .decoding(error) }
    let buffer: TextureBuffer
    do {
      buffer = try pool.allocate(photo.descriptor, named: path.lastComponent?.string ?? path.string)
    } catch {
      throw .allocation(path, error)
    }
    do {
      try photo.decode(into: buffer) { _ in !Task.isCancelled }
    } catch {
      throw .decoding(error)
    }
    return DecodedImage(
      path: path, header: photo.header, buffer: buffer, time: ContinuousClock.now - start)
  }

  private func register(_ image: DecodedImage) throws(AssetError) -> LoadedTexture {
    let start = ContinuousClock.now
    do {
      let texture = try gpu.texture(for: image.buffer)
      return LoadedTexture(
        texture: texture, header: image.header, decoding: image.time,
        registering: ContinuousClock.now - start)
    } catch {
      throw .registration(image.path, error)
    }
  }
}

/// A file that became a texture, and how long that took.
public struct LoadedTexture: Sendable {
  public let texture: Texture
  /// What the file says of itself; of how it is to be shown, foremost.
  public let header: ImageHeader
  /// From opening the file to its last row, on one thread.
  public let decoding: Duration
  /// Import or upload.
  public let registering: Duration
}

/// How far a batch of files is.
public struct LoadProgress: Sendable {
  public let done, total: Int
  /// The file that was finished last.
  public let latest: FilePath
}

/// Why a file did not become a texture.
public enum AssetError: Error, Hashable, Sendable {
  /// The file could not be read or decoded.
  case decoding(ImageDecodingError)
  /// The pool gave no memory for it.
  case allocation(FilePath, AllocationError)
  /// The GPU took its memory in no way.
  case registration(FilePath, RegistrationRefused)
}

extension AssetError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .decoding(let error): "\(error)"
    case .allocation(let path, let error): "\(path): \(error)"
    case .registration(let path, let error): "\(path): \(error)"
    }
  }
}

/// Processors that threads of this process may run on.
let coreCount = max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN)))
