internal import ProgramSupport
internal import TexAlloc
internal import TexAllocEGL
internal import TexAllocJPEG

/// One decoder on each of several threads, all into one pool; and several threads that share one picture's
/// code.
struct Decoders {
  private let pools: HeapPools

  init(_ pools: HeapPools) { self.pools = pools }

  func measure(on bench: Bench) throws {
    let size = ImageSize(width: 1024, height: 768)
    let picture = try Picture(.photo, size, named: "\(size)", .halved)
    let image = try JPEGImage(picture.bytes, named: picture.name)
    bench.compare(
      Comparison(
        title: "decoders of \(picture.name), one on each thread", item: "image", clock: .wall,
        axis: "decoders",
        routes: (1...bench.report.environment.cores).map { count in
          Route(name: "\(count) at once", items: count, position: count) {
            let pool = try pools.pool()
            return { _ in
              try Threads.run(count) { _ in try image.decode(into: pool.allocate(image.descriptor))
              }
            }
          }
        }))
  }

  /// As far as coefficients, by threads that share a file with restart markers.
  func measureSharing(on bench: Bench) throws {
    let size = ImageSize(width: 1920, height: 1080)
    let picture = try Picture(.photo, size, named: "\(size)", .restarts)
    let memory = CoefficientMemory(of: try TexturePool(for: []))
    func route(_ count: Int) -> Route {
      Route(name: "\(count) at once", position: count) {
        let workers: any Workers = count == 1 ? CallingThread() : try WorkerThreads(count - 1)
        return { watch in
          let image = try JPEGImage(picture.bytes, named: picture.name)
          let stream = try image.coefficients(in: memory, on: workers)
          watch.end(.decode)
          watch.finish()
          withExtendedLifetime(stream) {}
        }
      }
    }
    bench.compare(
      Comparison(
        title: "entropy decoding of \(picture.name), shared by threads", item: "image",
        clock: .wall, axis: "threads",
        routes: (1...bench.report.environment.cores).map(route)))
  }
}
