internal import ArgumentParser
internal import TexAlloc
internal import TexAllocEGL
internal import TexAllocJPEG

struct JPEG: Measurement {
  static let configuration = CommandConfiguration(
    commandName: "jpeg", abstract: "From a JPEG file to a texture that is bound, by every route.")

  @Option(
    help: ArgumentHelp(
      "A folder of JPEG files to decode instead of the program's own pictures.",
      valueName: "folder"),
    completion: .directory)
  var pictures: String?

  @OptionGroup var options: RunOptions

  /// Of one picture.
  private static let mostTracedPixels = 2_500_000

  func measure(on bench: Bench) throws {
    let set = try pictures.map(PictureSet.init(folder:)) ?? PictureSet(for: bench.effort)
    guard let gpu = bench.gpu else {
      return bench.leaveOut("every route to a texture", because: "there is no GPU")
    }
    let pools = HeapPools(for: gpu)
    for omission in pools.omissions { bench.leaveOut(omission.what, because: omission.reason) }
    let vulkan = bench.vulkanPools(options)
    var tracedPixels = bench.effort.tracedPixels
    for make in set.makers {
      let picture: Picture
      do { picture = try make() } catch {
        bench.leaveOut("a picture", because: "\(error)")
        continue
      }
      let limit = gpu.description.maxTextureSize
      guard max(picture.width, picture.height) <= limit else {
        bench.leaveOut(picture.name, because: "textures have at most \(limit) pixels a side")
        continue
      }
      let pixels = picture.width * picture.height
      let isTraced = pixels <= min(tracedPixels, Self.mostTracedPixels)
      if isTraced { tracedPixels -= pixels }
      let routes = PictureRoutes(
        picture: picture, gpu: gpu, pools: pools,
        readback: OrdinaryPixels(for: picture), isTraced: isTraced)
      bench.compare(
        Comparison(
          title: picture.name, item: "image", rival: PictureRoutes.rival,
          isMain: picture.isTypical, looksAtMemory: true,
          routes: routes.all(on: bench)))
      if let vulkan {
        let pictures = VulkanPictures(picture: picture, pools: vulkan, isTraced: isTraced)
        bench.compare(
          pictures.comparison(doubt: bench.report.environment.doubtAboutWriteCombining))
      }
      if let finished = try? FinishedPicture(picture, on: gpu) {
        for figure in try finished.figures() { bench.add(figure) }
      }
    }
    try addFigures(to: bench)
    try PictureParts(gpu, pools, bench.effort).measure(on: bench)
    let decoders = Decoders(pools)
    try decoders.measure(on: bench)
    try decoders.measureSharing(on: bench)
    Images(gpu, pools).measure(on: bench)
  }

  private func addFigures(to bench: Bench) throws {
    let size =
      bench.effort == .quick
      ? ImageSize(width: 512, height: 512) : ImageSize(width: 1920, height: 1080)
    for (size, coding) in [
      (ImageSize(width: size.width, height: 8), PictureCoding.halved), (size, .halved),
      (size, .progressive),
    ] {
      let picture = try Picture(.photo, size, named: "\(size)", coding)
      let figures = DecodeFigures(picture: picture)
      if let allocations = try figures.allocations() {
        bench.add(allocations)
      } else {
        bench.leaveOut("allocations of \(picture.name)", because: "nobody counts them here")
      }
      bench.add(try figures.peak())
    }
  }
}
