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
