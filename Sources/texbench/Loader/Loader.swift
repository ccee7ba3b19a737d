internal import ArgumentParser
internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc
internal import TexAllocAssets
internal import TexAllocEGL
internal import TexAllocJPEG

struct Loader: Measurement {
  static let configuration = CommandConfiguration(
    commandName: "loader", abstract: "From files to textures, many of them, while a loop renders.")

  @Option(help: .hidden)
  var firstScreen: FirstScreen.Way?

  @OptionGroup var options: RunOptions

  func measure(on bench: Bench) throws {
    guard let gpu = bench.gpu else {
      return bench.leaveOut("every way to load files", because: "there is no GPU")
    }
    if let firstScreen { return try FirstScreen.print(firstScreen, on: gpu) }
    let isQuick = bench.effort == .quick
    try bench.add(Self.priorities(on: gpu))
    let photos = try PhotoFolder(count: 24, sizes: [ImageSize(width: 1920, height: 1080)])
    // Before anything else has taken memory.
    for figure in try LoaderRoutes(photos, on: gpu).peak() { bench.add(figure) }
    bench.compare(try LoaderRoutes(photos, on: gpu).comparison)
    for figure in try FirstScreen.figures(rounds: isQuick ? 1 : 9) { bench.add(figure) }
    let many = try PhotoFolder(
      count: isQuick ? 50 : 200,
      sizes: [(1920, 1080), (2000, 1500), (2304, 1728)].prefix(isQuick ? 1 : 3).map(
        ImageSize.init(width:height:)))
    for route in [TexAlloc.Route.imported, .transferred] {
      if route == .transferred && gpu.description.isSoftware {
        bench.leaveOut(
          "frames of the route \(route)", because: "a driver in software copies on the CPU")
        continue
      }
      let device: EGLDevice
      do { device = try options.open(on: route) } catch {
        bench.leaveOut("frames of the route \(route)", because: "\(error)")
        continue
      }
      let frames = GalleryFrames(many, on: device, frames: isQuick ? 120 : 3600)
      do { for figure in try frames.figures(route) { bench.add(figure) } } catch {
        bench.leaveOut("frames of the route \(route)", because: "\(error)")
      }
      try gpu.makeCurrent()
    }
  }

  /// What it takes to change two hundred of ten thousand that wait.
  private static func priorities(on gpu: EGLDevice) throws -> Figure {
    var limits = AssetLimits()
    limits.reads = 0
    let assets = try Assets(
      gpu: gpu, pool: TexturePool(for: [gpu, JPEGDecoder.component]), limits: limits)
    let loads = (0..<10_000).map { number in
      assets.submit(AssetRequest(FilePath("/nowhere/\(number)"))) { _ in }
    }
    var random = SplitMix64(seed: 1)
    var times: [Double] = []
    for round in 0..<101 {
      let changes = (0..<200).map { _ in
        (
          load: loads[Int.random(in: 0..<loads.count, using: &random)],
          priority: round.isMultiple(of: 2) ? AssetPriority.visible : .past
        )
      }
      let start = Cost.now()
      assets.prioritize(changes)
      times.append((Cost.now() - start).cpu / 1000)
    }
    return Figure(
      title: "µs to change 200 priorities of 10,000 that wait, in one call (goal 50)",
      name: "prioritize", value: Quartiles(times).median, unit: .number,
      note: "median of \(times.count) calls, processor time; each of random ones")
  }
}
