import Synchronization
import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocVulkan

/// Tests on the software device, with Khronos' validation layer where that is installed: a test that it
/// says anything in fails.
class VulkanTestCase: XCTestCase {
  let validation = ValidationLog()

  override func tearDown() {
    for message in validation.messages { XCTFail(message) }
    super.tearDown()
  }

  /// The test is skipped where there is no loader or no such device.
  func device(
    route: Route? = nil, without hidden: Set<String> = [], by loader: VulkanLoader? = nil
  ) throws -> VulkanDevice {
    do {
      // The layer knows nothing of what a driver of ours feigns.
      let tell: (@Sendable (String) -> Void)? = loader == nil ? validation.add : nil
      return try VulkanDevice.headless(
        VulkanDeviceChoice(TestedDevice.name), by: loader, without: hidden,
        route: route, onValidation: tell)
    } catch {
      throw error.isUnsupported && !TestedDevice.isDemanded
        ? XCTSkip("no software device of Vulkan here: \(error)") : error
    }
  }

  /// Memory that other APIs open, too, of which the device samples images where they lie; the test is skipped
  /// where there is none.
  func sharedHeap(of gpu: VulkanDevice) throws -> VulkanHeap {
    guard let heap = gpu.sharedHeaps.first else {
      throw XCTSkip("the driver of Vulkan exports no memory")
    }
    do {
      _ = try pool(for: gpu, of: heap).allocate(
        ImageDescriptor(width: 64, height: 32, formats: [.abgr8888]), for: .texture)
    } catch {
      throw gpu.description.kind == .cpu ? error : XCTSkip("none is sampled in it: \(error)")
    }
    return heap
  }

  /// A pool of the device, for converted images, too, that takes its memory of this heap alone.
  func pool(
    for gpu: VulkanDevice, of heap: any Heap, limits: PoolLimits = PoolLimits()
  ) throws -> TexturePool {
    let only = OnlyHeap(attributes: BufferAttributes(name: "heap") { $0.heaps = [heap.name] })
    return try TexturePool(for: [gpu, gpu.conversion, only], from: [heap], limits: limits)
  }
}

/// Asks for memory of a heap by its name.
private struct OnlyHeap: Component {
  let attributes: BufferAttributes
}

final class ValidationLog: Sendable {
  private let log = Mutex<[String]>([])

  var messages: [String] { log.withLock { $0 } }
  func add(_ message: String) { log.withLock { $0.append(message) } }
}

extension VulkanTexture {
  /// Whether a shader sees in every row what ``TextureBuffer/paintTrial(_:)`` wrote.
  func showsTrial(_ turn: Int) throws -> Bool {
    for (index, shape) in buffer.layout.shapes.enumerated() {
      let channels = try XCTUnwrap(
        shape.texels.flatMap { PixelChannels(shape: $0, sampling: buffer.layout.sampling) })
      let shown = try texels(ofPlane: index)
      var wanted: [UInt8] = []
      for row in 0..<planes[index].size.height {
        let bytes = buffer.layout.trialPattern(ofRow: row, plane: index, turn: turn)
        wanted += channels.colours(of: bytes).compactMap(\.self).joined()
      }
      guard shown.count == wanted.count,
        zip(wanted, shown).allSatisfy({ abs(Int($0) - Int($1)) <= channels.tolerance })
      else { return false }
    }
    return true
  }
}

extension TextureBuffer {
  /// Writes a picture that is another one each turn, plane by plane.
  func paintTrial(_ turn: Int) {
    for plane in layout.planes.indices {
      var writer = writer(ofPlane: plane)
      for row in 0..<writer.rowCount {
        let bytes = layout.trialPattern(ofRow: row, plane: plane, turn: turn)
        writer.write(bytes.span, row: row)
      }
    }
  }
}
