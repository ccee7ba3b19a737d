internal import CTexAlloc
internal import Synchronization
internal import SystemPackage
internal import TexAlloc
internal import TexAllocAssets
internal import TexAllocEGL
internal import TexAllocVulkan

/// A loader with the device that it registers with.
final class HeldLoader: Sendable {
  let assets: any AssetsOfC
  /// nil where it is one of Vulkan.
  let device: Mutex<HeldDevice?>
  private let isClosed = Mutex(false)

  init(_ assets: any AssetsOfC, for device: HeldDevice?) {
    self.assets = assets
    self.device = Mutex(device)
  }

  /// - Throws: `Misuse` where it was closed: then nobody is told.
  func submit(_ request: AssetRequest, _ listener: LoadListener) throws(Misuse) -> AssetLoad {
    // Submitting calls nobody.
    try isClosed.withLock { isClosed throws(Misuse) in
      if isClosed { throw Misuse(TEXALLOC_CLOSED, "the loader was released meanwhile") }
      return assets.submit(request, for: listener)
    }
  }

  /// - Throws: `Misuse` where it is one of Vulkan.
  func goOn(with device: HeldDevice, _ pool: TexturePool) throws(Misuse) {
    guard let assets = assets as? Assets<Texture> else {
      throw .argument("the loader is one of Vulkan: release it, and create another")
    }
    self.device.withLock { $0 = device }
    assets.goOn(with: device.gpu, pool: pool)
  }

  /// Other threads may still be in calls, and hold it.
  func close() {
    isClosed.withLock { $0 = true }
    assets.close()
  }
}

/// A request that may have ended before its caller has heard of it.
final class HeldLoad: Sendable {
  private let begun = Mutex<AssetLoad?>(nil)

  /// Whoever uses the handle waits until that has returned.
  func begin(_ submit: () throws(Misuse) -> AssetLoad) throws(Misuse) {
    try begun.withLock { begun throws(Misuse) in begun = try submit() }
  }

  var load: AssetLoad {
    get throws(Misuse) {
      guard let load = begun.withLock({ $0 }) else {
        throw Misuse(TEXALLOC_INVALID_HANDLE, "the load was never submitted")
      }
      return load
    }
  }
}

/// A loader for a device of either API.
protocol AssetsOfC: Sendable {
  func submit(_ request: AssetRequest, for listener: LoadListener) -> AssetLoad
  func poll(budget: Duration) throws(RegistrationRefused) -> AssetPoll
  var wakeUp: FileDescriptor { get }
  var statistics: AssetStatistics { get }
  func close()
}

extension Assets: AssetsOfC where Handle: TextureOfC {
  func submit(_ request: AssetRequest, for listener: LoadListener) -> AssetLoad {
    submit(request) { listener.tell($0) }
  }
}

/// A texture that callers hold by a handle.
protocol TextureOfC: Registration {
  /// Makes a handle of it, for the one who is told.
  @unsafe func hand(over loaded: inout texalloc_loaded) throws(Misuse)
}

extension Texture: TextureOfC {
  @unsafe func hand(over loaded: inout texalloc_loaded) throws(Misuse) {
    unsafe loaded.texture = try Handles.textures.insert(HeldTexture(self))
  }
}

extension VulkanTexture: TextureOfC {
  @unsafe func hand(over loaded: inout texalloc_loaded) throws(Misuse) {
    unsafe loaded.vulkan_texture = try Handles.vulkanTextures.insert(HeldVulkanTexture(self))
  }
}
