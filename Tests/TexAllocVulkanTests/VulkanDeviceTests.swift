import CVulkan
import Foundation
import Synchronization
import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocVulkan

/// Which device it is, and over whose handles.
final class VulkanDeviceTests: VulkanTestCase {
  func testADeviceIsChosenByNameByNumberAndByUUID() throws {
    let gpu = try device()
    let description = gpu.description
    if !TestedDevice.isDemanded { XCTAssertEqual(description.kind, .cpu) }
    XCTAssertEqual(description.uuid.count, 32)
    let word = try XCTUnwrap(description.name.split(separator: " ").first).uppercased()
    let choices: [VulkanDeviceChoice] = [
      .init("\(description.index)"), .init(description.uuid), .init(word),
    ]
    for choice in choices {
      XCTAssertEqual(try VulkanDevice.headless(choice).description.uuid, description.uuid)
    }
    XCTAssertThrowsError(try VulkanDevice.headless(.named("no such device"))) {
      let failure = $0 as? VulkanFailure
      XCTAssertEqual(failure?.cause, .unsupported)
      XCTAssertTrue(failure?.reason.contains(description.name) == true, "\($0)")
    }
  }

  func testGPUsComeBeforeTheCPU() {
    let version = "1.3.0"
    func device(_ index: Int, _ kind: VulkanDeviceDescription.Kind) -> VulkanDeviceDescription {
      VulkanDeviceDescription(
        index: index, name: "\(kind)", kind: kind, driver: "", uuid: "\(index)", driverUUID: "",
        version: version, extensions: [], memoryTypes: [], maxImageSize: 1,
        nonCoherentAtomSize: 1, hostPointerAlignment: nil)
    }
    let all = [device(0, .cpu), device(1, .integrated), device(2, .discrete)]
    XCTAssertEqual(
      VulkanDeviceChoice.automatic.candidates(among: all).map(\.index), [2, 1, 0])
    XCTAssertEqual(VulkanDeviceChoice.software.candidates(among: all).map(\.index), [0])
    XCTAssertEqual(VulkanDeviceChoice.index(1).candidates(among: all).map(\.index), [1])
  }

  func testAToolkitsDeviceIsUsedWithinItsLockAlone() throws {
    let toolkit = try device()
    let uses = Mutex(0)
    let own = toolkit.handles
    let handles = unsafe VulkanToolkitDevice(
      instance: own.instance, physicalDevice: own.physicalDevice, device: own.device,
      queue: own.queue, queueFamily: own.queueFamily, extensions: own.extensions
    ) { use in
      uses.withLock {
        $0 += 1
        use()
      }
    }
    let gpu = try VulkanDevice(over: handles)
    XCTAssertEqual(gpu.description.uuid, toolkit.description.uuid)
    let pool = try TexturePool(for: [gpu])
    let buffer = try pool.allocate(ImageDescriptor(width: 33, height: 7, formats: [.abgr8888]))
    buffer.paintTrial(0)
    let texture = try gpu.register(buffer)
    let before = uses.withLock { $0 }
    XCTAssertGreaterThan(before, 0)
    try gpu.collect()
    XCTAssertEqual(uses.withLock { $0 }, before + 1, "the barriers of what is new, at once")
    XCTAssertTrue(try texture.showsTrial(0))
  }

  func testAMachineWithoutALoaderSaysSo() throws {
    let loader = unsafe VulkanLoader { _, _ in nil }
    XCTAssertThrowsError(try VulkanDevice.headless(by: loader)) {
      XCTAssertEqual(($0 as? VulkanFailure)?.operation, "vkGetInstanceProcAddr")
    }
  }

  /// NVIDIA's driver ends EGL with its last instance.
  func testAnInstanceStaysWhenTheLastDeviceGoes() throws {
    _ = try device()  // or the test is skipped
    func instance() throws -> VulkanInstance {
      try VulkanDevice.headless(VulkanDeviceChoice(TestedDevice.name)).connection.physical.instance
    }
    weak var kept: VulkanInstance?
    do { kept = try instance() }
    XCTAssertNotNil(kept)
    XCTAssertIdentical(kept, try instance())
  }

  func testTheValidationLayerIsHeardWhereItIsInstalled() throws {
    _ = try device()  // or the test is skipped
    let log = ValidationLog()
    let gpu = try VulkanDevice.headless(
      VulkanDeviceChoice(TestedDevice.name), onValidation: log.add)
    let layer = "/usr/share/vulkan/explicit_layer.d/VkLayer_khronos_validation.json"
    guard FileManager.default.fileExists(atPath: layer) else {
      throw XCTSkip("no \(layer): install vulkan-validationlayers")
    }
    // Nothing is as wrong as a buffer of no bytes.
    let buffer = try unsafe gpu.connection.makeBuffer(
      of: 0, for: VK_BUFFER_USAGE_STORAGE_BUFFER_BIT)
    unsafe gpu.connection.functions.destroyBuffer(gpu.connection.device, buffer, nil)
    XCTAssertTrue(log.messages.contains { $0.contains("VUID-VkBufferCreateInfo-size") })
  }

  func testShadersAreWhatTheirSourcesCompileTo() throws {
    let compiler = "/usr/bin/glslangValidator"
    guard FileManager.default.isExecutableFile(atPath: compiler) else {
      throw XCTSkip("no \(compiler): install glslang-tools")
    }
    let shaders = URL(filePath: #filePath).appending(
      path: "../../../Sources/TexAllocVulkan/Shaders")
    for (name, code) in [
      ("QuadCorner.vert", quadCornerCode), ("QuadPixel.frag", quadPixelCode),
      ("TexelFetch.comp", texelFetchCode),
    ] {
      let compiled = try TemporaryFolder.with { folder in
        let file = folder.appending(path: "code")
        let process = Process()
        process.executableURL = URL(filePath: compiler)
        process.arguments = [
          "--quiet", "--target-env", "vulkan1.2", "-V", "-o", file.path,
          shaders.appending(path: name).standardized.path,
        ]
        try process.run()
        process.waitUntilExit()
        XCTAssertEqual(process.terminationStatus, 0)
        return try unsafe Data(contentsOf: file).withUnsafeBytes {
          unsafe Array($0.bindMemory(to: UInt32.self))
        }
      }
      if compiled[2] != code[2] { throw XCTSkip("another version of glslang made the code") }
      XCTAssertEqual(compiled, code, "\(name): run Scripts/make-shaders")
    }
  }
}
