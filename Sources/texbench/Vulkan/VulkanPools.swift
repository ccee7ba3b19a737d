internal import ProgramSupport
internal import TexAlloc
internal import TexAllocVulkan

/// A device of Vulkan, and pools that take their memory from one of its heaps alone.
struct VulkanPools {
  let gpu: VulkanDevice
  /// Each type of its memory that the CPU maps, and ordinary memory where it imports that.
  let heaps: [any Heap]

  init(for gpu: VulkanDevice) {
    self.gpu = gpu
    heaps = gpu.memoryHeaps + (gpu.importsHostMemory ? [MemfdHeap()] : [])
  }

  /// - Parameter component: Who writes.
  func pool(on heap: any Heap, with component: any Component) throws -> TexturePool {
    try TexturePool(
      for: [
        gpu, component,
        OnlyHeap(attributes: BufferAttributes(name: "bench") { $0.heaps = [heap.name] }),
      ], from: [heap])
  }

  /// Has the slot of a turn come back before the next one: else that one's memory is cold.
  func waitForGPU() throws {
    guard try gpu.makeFence().wait(until: .now + .seconds(10)) else {
      throw ProgramFailure("\(gpu.description.name): it is not done after 10 s")
    }
  }

  /// The one whose routes are traced, and foretell those of memory that is write-combining.
  var traced: (any Heap)? { heaps.first { $0.name == MemfdHeap.name } }

  private struct OnlyHeap: Component {
    let attributes: BufferAttributes
  }
}

/// Where a texture is drawn from, as small as nobody measures.
struct VulkanScreen {
  private let canvas: VulkanCanvas
  private let quad: Canvas.Quad

  init(_ size: ImageSize, on gpu: VulkanDevice) throws {
    canvas = try VulkanCanvas(ImageSize(width: 64, height: 64), on: gpu)
    quad = Canvas.Quad(
      x: 0, y: 0, width: 64, height: 64, texelWidth: Float(size.width),
      texelHeight: Float(size.height))
  }

  /// Draws twice, by no part of what is compared.
  func draw(_ texture: VulkanTexture, _ watch: inout Stopwatch) throws {
    for stage in [Stage.firstDraw, .nextDraw] {
      canvas.clear(.one)
      try canvas.draw([quad], image: texture)
      try canvas.finish()
      watch.end(stage)
    }
  }
}

extension Bench {
  /// nil where there is no device of Vulkan, which is left out then.
  func vulkanPools(_ options: RunOptions) -> VulkanPools? {
    do { return VulkanPools(for: try options.openVulkan()) } catch {
      leaveOut("Vulkan", because: "\(error)")
      return nil
    }
  }
}
