internal import ArgumentParser
internal import ProgramSupport
internal import TexAllocEGL

/// What it costs the render thread to have textures, without the pixels.
struct Textures: Measurement {
  static let configuration = CommandConfiguration(
    commandName: "textures",
    abstract:
      "Register, hand over and let go of textures, beside the bare calls; draw beside growth.")

  @OptionGroup var options: RunOptions

  func measure(on bench: Bench) throws {
    let isQuick = bench.effort == .quick
    if let vulkan = bench.vulkanPools(options) {
      bench.compare(VulkanRegistering(gpu: vulkan.gpu).besideBareCalls)
    }
    guard let gpu = bench.gpu else {
      return bench.leaveOut("textures", because: "there is no GPU")
    }
    if let obstacle = gpu.importObstacle {
      bench.leaveOut("imports", because: obstacle)
    } else {
      bench.compare(Registering(gpu).besideBareCalls)
      for side in isQuick ? [64, 256] : [16, 32, 64, 128, 256, 512, 1024] {
        bench.compare(HandingOver.imports(of: side, on: gpu))
      }
    }
    do {
      let buffers = try MappedCopier()
      for side in isQuick ? [256] : [64, 256, 1024] {
        bench.compare(HandingOver.copies(of: side, by: buffers))
      }
      for figure in try Growing(buffers).figures(bench.effort) { bench.add(figure) }
    } catch {
      bench.leaveOut("mapped buffers", because: "\(error)")
    }
  }
}
