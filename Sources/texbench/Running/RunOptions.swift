internal import ArgumentParser
internal import Glibc
internal import ProgramSupport
internal import TexAlloc
internal import TexAllocEGL
internal import TexAllocVulkan

/// What every measurement is asked: how long it may take, and what becomes of its figures.
struct RunOptions: ParsableArguments {
  @Flag(help: "Take seconds for what otherwise takes minutes; fewer pictures and wider intervals.")
  private var quick = false

  @Flag(help: "Take all pictures, and the time that it takes for ratios to be steady.")
  private var full = false

  @Option(help: "Seconds for each comparison, instead of those that --quick and --full give it.")
  var seconds: Double?

  @OptionGroup var output: OutputOptions

  @OptionGroup(title: "Model of write-combining memory") var model: ModelOptions

  @Flag(
    name: .customLong("fit"),
    help: "Measure the model's prices on this machine's write-combining memory, where it has some.")
  var isFitted = false

  @OptionGroup(title: "Device") var device: DeviceOptions

  var effort: Effort { quick ? .quick : full ? .full : .normal }

  func validate() throws {
    guard !(quick && full) else {
      throw ValidationError("--quick and --full contradict each other")
    }
    guard seconds ?? 1 > 0 else { throw ValidationError("--seconds is a positive number") }
  }

  /// Opens the device once more, for one route and no other.
  func open(on route: TexAlloc.Route) throws(EGLFailure) -> EGLDevice { try device.open(on: route) }

  /// Opens the device of Vulkan.
  func openVulkan() throws(VulkanFailure) -> VulkanDevice { try device.openVulkan() }

  /// Opens the device, has the body measure, and shows what was found.
  func run(_ body: (Bench) throws -> Void) throws {
    DescriptorLimit.raise()
    let gpu: EGLDevice?
    do { gpu = try device.open() } catch {
      gpu = nil
      Console.say("no GPU: \(error)")
    }
    let bench = Bench(gpu, self)
    defer { Console.endProgress() }
    try body(bench)
    Console.endProgress()
    try output.show(bench.report)
  }
}

/// The prices of the model.
struct ModelOptions: ParsableArguments {
  @Option(help: "Nanoseconds of the bus for a line that is written whole.")
  private var busWriteNs = WriteCombiningModel().busWrite

  @Option(help: "Nanoseconds of the bus for a line that is written in part.")
  private var partialWriteNs = WriteCombiningModel().partialWrite

  @Option(help: "Nanoseconds that the processor waits for a load.")
  private var loadNs = WriteCombiningModel().load

  var model: WriteCombiningModel {
    WriteCombiningModel(busWrite: busWriteNs, partialWrite: partialWriteNs, load: loadNs)
  }

  func validate() throws {
    guard [busWriteNs, partialWriteNs, loadNs].allSatisfy({ $0 >= 0 && $0.isFinite }) else {
      throw ValidationError("prices are nanoseconds, 0 or more")
    }
  }
}

enum DescriptorLimit {
  /// Lets the process have as many descriptors as it may: each image that lives takes one.
  static func raise() {
    var limit = rlimit()
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard unsafe getrlimit(resource, &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    unsafe setrlimit(resource, &limit)
    // Root may have more.
    limit.rlim_cur = max(limit.rlim_cur, 65_536)
    limit.rlim_max = limit.rlim_cur
    unsafe setrlimit(resource, &limit)
  }
}
