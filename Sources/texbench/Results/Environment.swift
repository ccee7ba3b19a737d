internal import CTexbench
internal import FoundationEssentials
internal import Glibc
internal import ProgramSupport
internal import TexAlloc
internal import TexAllocEGL

/// The machine that figures were taken on.
struct Environment: Codable {
  struct Heap: Codable {
    let name: String
    /// How its memory is cached, and how that is known; or why it is absent.
    let state: String
    let isWriteCombining: Bool
  }

  let processor: String
  let cores: Int
  /// What runs the machine: nil where nothing does.
  var hypervisor: String?
  /// Whether the processor is software.
  let isEmulated: Bool
  let kernel: String
  /// What OpenGL says of itself; Mesa's version is in it. Nil where there is no GPU.
  var renderer, graphics: String?
  let heaps: [Heap]
  /// Whether the program was built without optimization.
  let isDebugBuild: Bool
  /// What ran or waited for a processor, on average, in the minute before the run.
  let load: Double
  /// And in the minute before its end, the run among it.
  var loadAtEnd: Double?
}

extension Environment {
  /// Why figures about write-combining memory say little; nil where they are what they seem, or there
  /// are none.
  var doubtAboutWriteCombining: String? {
    guard heaps.contains(where: \.isWriteCombining) else { return nil }
    if isEmulated { return "emulated CPU: caches and write-combining are not the real ones" }
    return hypervisor.map { "guest of \($0), which may cache what the driver maps write-combining" }
  }

  /// Why no figure can be believed; nil where nothing speaks against them.
  var doubt: String? {
    if isDebugBuild { return "debug build: the figures mean nothing" }
    if isEmulated { return "emulated CPU: times are those of an emulator" }
    return nil
  }

  /// Why times of several threads cannot be believed; nil where they had the processors to themselves.
  var doubtAboutThreads: String? {
    load < 0.5 ? nil : "load \(load.text(2)) on \(cores) cores before the run"
  }

  /// All that speaks against figures.
  var doubts: [String] { [doubt, doubtAboutWriteCombining].compactMap(\.self) }
}

extension Environment {
  /// - Parameter gpu: The device that is measured; nil where there is none.
  static func now(_ gpu: EGLDevice?) -> Environment {
    let hypervisor = hypervisorSignature()
    return Environment(
      processor: processorName(), cores: Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))),
      hypervisor: hypervisor.map { names[$0] ?? $0 }, isEmulated: hypervisor == tcg,
      kernel: kernelRelease(), renderer: gpu?.description.renderer,
      graphics: gpu?.description.version,
      heaps: Heaps.found().map(Heap.init), isDebugBuild: isDebugBuild, load: loadAverage())
  }

  private static let tcg = "TCGTCGTCGTCG"
  private static let names = [
    tcg: "QEMU without KVM", "KVMKVMKVM": "KVM", "Microsoft Hv": "Hyper-V",
    "VMwareVMware": "VMware", "XenVMMXenVMM": "Xen", "bhyve bhyve ": "bhyve",
  ]

  private static var isDebugBuild: Bool {
    #if DEBUG
      true
    #else
      false
    #endif
  }

  private static func hypervisorSignature() -> String? {
    var letters = [CChar](repeating: 0, count: 13)
    unsafe texbench_hypervisor(&letters)
    let signature = text(letters.map(UInt8.init(bitPattern:)))
    return signature.isEmpty ? nil : signature
  }

  private static func processorName() -> String {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    let name = line?.split(separator: ":").last.map { $0.drop { $0 == " " } }
    return name.map(String.init) ?? "unknown"
  }

  private static func kernelRelease() -> String {
    var name = utsname()
    guard unsafe uname(&name) == 0 else { return "unknown" }
    // Arrays of C that end with a zero.
    let release = unsafe withUnsafeBytes(of: name.release) { unsafe text($0) }
    let machine = unsafe withUnsafeBytes(of: name.machine) { unsafe text($0) }
    return "\(release) \(machine)"
  }

  static func loadAverage() -> Double {
    var load = 0.0
    return unsafe getloadavg(&load, 1) == 1 ? load : 0
  }

  private static func text(_ letters: some Sequence<UInt8>) -> String {
    String(decoding: letters.prefix { $0 != 0 }, as: UTF8.self)
  }
}

extension Environment.Heap {
  fileprivate init(_ finding: HeapFinding) {
    name = finding.name
    isWriteCombining = finding.caching?.caching == .writeCombining
    state =
      switch finding.heap {
      case .success: finding.caching.map { "\($0)" } ?? "present"
      case .failure(let failure): "absent: \(failure)"
      }
  }
}
