internal import ProgramSupport
internal import TexAlloc
internal import TexAllocEGL
internal import TexAllocJPEG

/// One decoder on each of several threads, all into one pool.
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
}
