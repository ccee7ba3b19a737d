internal import CEGL
internal import CTexbench
internal import Glibc
internal import ProgramSupport
internal import Synchronization
internal import SystemPackage
internal import TexAlloc
internal import TexAllocAssets
internal import TexAllocEGL
internal import TexAllocJPEG

/// A folder of photographs, by the loader and by the bare decoder on as many threads.
struct LoaderRoutes {
  private let photos: PhotoFolder
  private let gpu: EGLDevice

  init(_ photos: PhotoFolder, on gpu: EGLDevice) {
    self.photos = photos
    self.gpu = gpu
  }

  var comparison: Comparison {
    get throws {
      let count = photos.paths.count
      let threads = try WorkerThreads().limit
      let picture = photos.pictures[0]
      return Comparison(
        title: "\(count) photographs of \(picture.width)x\(picture.height), \(threads) decoding",
        item: "photograph", clock: .wall,
        routes: [
          Route(name: "bare decode: tjDecompress2 into warm memory", items: count) {
            let bare = WarmDecoders(threads, for: picture)
            return { _ in
              try Threads.run(threads) { thread in
                for _ in stride(from: thread, to: count, by: threads) { try bare.decode(thread) }
              }
            }
          },
          Route(
            name: "loader: read, decoded, registered by polls", items: count, isOurs: true,
            goal: Goal(ratio: 1.05)
          ) {
            let loading = try LoadingLoop(gpu)
            return { watch in
              try loading.load(photos.paths)
              watch.finish()
              try loading.forget()
            }
          },
        ])
    }
  }

  /// MiB of PSS at the peak of loading beyond the textures', and what stays of the first picture ever: a
  /// driver in software compiles its shaders then.
  func peak() throws -> [Figure] {
    func idle() -> Int {
      malloc_trim(0)
      return ProcessFootprint.now().proportionalKiB
    }
    let new = idle()
    do {
      let loading = try LoadingLoop(gpu)
      try loading.load(photos.paths.prefix(1))
      try loading.forget()
    }
    let loading = try LoadingLoop(gpu)
    let before = idle()
    var peak = before
    try loading.load(photos.paths) { peak = max(peak, ProcessFootprint.now().proportionalKiB) }
    peak = max(peak, ProcessFootprint.now().proportionalKiB)
    let held = loading.bytes
    try loading.forget()
    let photographs = "\(photos.paths.count) photographs"
    func figure(_ title: String, _ name: String, _ kibibytes: Int) -> Figure {
      Figure(
        title: title, name: name, value: Double(kibibytes) / 1024, unit: .number, note: "PSS")
    }
    return [
      figure(
        "MiB at the peak of loading beyond the textures (goal 16, and what decoders work with)",
        photographs, peak - before - held >> 10),
      figure("MiB that stay after the first picture of a process", "1 photograph", before - new),
    ]
  }
}

/// Memory with a decoder for each of several threads.
private final class WarmDecoders: @unchecked Sendable {  // a thread has one of them
  private let pixels: [OrdinaryPixels]

  init(_ count: Int, for picture: Picture) {
    pixels = (0..<count).map { _ in OrdinaryPixels(for: picture) }
  }

  func decode(_ thread: Int) throws { try pixels[thread].decode() }
}

/// A loop that sleeps until there is something to poll for.
final class LoadingLoop {
  private final class Shelf: Sendable {
    let loaded = Mutex<[LoadedTexture<Texture>]>([])
    let failure = Mutex<AssetError?>(nil)
  }

  private let assets: Assets<Texture>
  private let gpu: EGLDevice
  private let shelf = Shelf()

  init(_ gpu: EGLDevice) throws {
    self.gpu = gpu
    assets = try Assets(gpu: gpu, pool: TexturePool(for: [gpu, JPEGDecoder.component]))
  }

  /// Bytes of the images that are held.
  var bytes: Int {
    shelf.loaded.withLock { $0.reduce(0) { $0 + $1.texture.buffer.layout.size } }
  }

  func load(_ paths: some Collection<FilePath>, _ look: () -> Void = {}) throws {
    for path in paths {
      assets.submit(AssetRequest(path)) { [shelf] result in
        switch result {
        case .success(let photo): shelf.loaded.withLock { $0.append(photo) }
        case .failure(let error): shelf.failure.withLock { $0 = error }
        }
      }
    }
    while shelf.loaded.withLock({ $0.count }) < paths.count {
      if let failure = shelf.failure.withLock({ $0 }) { throw failure }
      var request = pollfd(fd: assets.wakeUp.rawValue, events: Int16(POLLIN), revents: 0)
      _ = unsafe poll(&request, 1, 20)
      try assets.poll(budget: .milliseconds(2))
      look()
    }
    glFinish()
  }

  func forget() throws {
    shelf.loaded.withLock { $0 = [] }
    try gpu.collect()
  }
}
