internal import CAudit
internal import CDwfl
internal import Glibc

/// Names and lines of source for addresses of this process, by elfutils' libdw.
///
/// Debugging information that is kept apart is found by build ID in files of this machine; the
/// standard search would ask the servers of DEBUGINFOD_URLS, too.
@safe final class Symbolizer {
  private typealias Unit = (die: Dwarf_Die, bias: Dwarf_Addr)

  private let callbacks: UnsafeMutablePointer<Dwfl_Callbacks>
  private let session: OpaquePointer?
  private var known: [UInt: [StackFrame]] = [:]

  init() {
    unsafe callbacks = .allocate(capacity: 1)
    unsafe callbacks.initialize(
      to: Dwfl_Callbacks(
        find_elf: dwfl_linux_proc_find_elf, find_debuginfo: dwfl_build_id_find_debuginfo,
        section_address: nil, debuginfo_path: nil))
    unsafe session = dwfl_begin(callbacks)
    _ = unsafe dwfl_linux_proc_report(session, getpid())
    _ = unsafe dwfl_report_end(session, nil, nil)
  }

  deinit {
    unsafe dwfl_end(session)
    unsafe callbacks.deallocate()
  }

  /// - Parameter addresses: That of an instruction, then return addresses.
  /// - Returns: More frames than addresses where functions were inlined; without what the compiler put
  ///   between them.
  func backtrace(_ addresses: [UInt]) -> [StackFrame] {
    addresses.enumerated().flatMap { index, address in
      // A call is before the address that it returns to, and may end its line.
      frames(at: index == 0 ? address : address - 1).filter { !Self.isGlue($0) }
    }
  }

  private static func isGlue(_ frame: StackFrame) -> Bool {
    guard let function = frame.function else { return false }
    return ["partial apply forwarder", "reabstraction thunk"].contains { function.hasPrefix($0) }
  }

  private func frames(at address: UInt) -> [StackFrame] {
    if let frames = known[address] { return frames }
    let frames = read(Dwarf_Addr(address))
    known[address] = frames
    return frames
  }

  private func read(_ address: Dwarf_Addr) -> [StackFrame] {
    guard let module = unsafe dwfl_addrmodule(session, address) else {
      return [StackFrame(function: nil, file: nil, line: nil, library: nil)]
    }
    let path = unsafe dwfl_module_info(module, nil, nil, nil, nil, nil, nil, nil)
    let library = unsafe path.map { unsafe String(cString: $0).lastPathComponent }
    let symbol = unsafe Self.text(dwfl_module_addrname(module, address)).map(Self.demangled)
    var unit = unsafe Dwarf_Die()
    var bias: Dwarf_Addr = 0
    guard unsafe Self.findUnit(of: address, in: module, &unit, &bias) else {
      return [StackFrame(function: symbol, file: nil, line: nil, library: library)]
    }
    let lines = unsafe Self.lines(at: address - bias, in: &unit)
    return lines.map { function, file, line in
      StackFrame(function: function ?? symbol, file: file, line: line, library: library)
    }
  }

  /// The unit of compilation that has the address. Swift and clang write no index of addresses.
  private static func findUnit(
    of address: Dwarf_Addr, in module: OpaquePointer, _ unit: inout Dwarf_Die,
    _ bias: inout Dwarf_Addr
  ) -> Bool {
    var next: UnsafeMutablePointer<Dwarf_Die>?
    while let die = unsafe dwfl_module_nextcu(module, next, &bias) {
      if unsafe dwarf_haspc(die, address - bias) > 0 {
        unsafe unit = die.pointee
        return true
      }
      unsafe next = die
    }
    return false
  }

  /// The function, and those that it was inlined into, each with the line that was reached.
  private static func lines(
    at address: Dwarf_Addr, in unit: inout Dwarf_Die
  ) -> [(function: String?, file: String?, line: Int?)] {
    var (file, line) = unsafe position(dwarf_getsrc_die(&unit, address))
    var innermost: UnsafeMutablePointer<Dwarf_Die>?
    defer { unsafe free(innermost) }
    var scopes: UnsafeMutablePointer<Dwarf_Die>?
    defer { unsafe free(scopes) }
    guard unsafe dwarf_getscopes(&unit, address, &innermost) > 0 else { return [(nil, file, line)] }
    let count = unsafe dwarf_getscopes_die(innermost, &scopes)
    var lines: [(function: String?, file: String?, line: Int?)] = []
    for index in 0..<max(0, Int(count)) {
      guard let scope = unsafe scopes.map({ unsafe $0 + index }) else { break }
      let tag = unsafe dwarf_tag(scope)
      let isInlined = tag == DW_TAG_inlined_subroutine
      guard isInlined || tag == DW_TAG_subprogram else { continue }
      lines.append((unsafe name(of: scope), file, line))
      guard isInlined else { break }
      unsafe (file, line) = (callFile(of: scope, in: &unit), number(scope, DW_AT_call_line))
    }
    return lines.isEmpty ? [(nil, file, line)] : lines
  }

  private static func position(_ line: OpaquePointer?) -> (file: String?, line: Int?) {
    var number: CInt = 0
    guard let line = unsafe line, unsafe dwarf_lineno(line, &number) == 0, number > 0,
      let file = unsafe text(dwarf_linesrc(line, nil, nil))
    else { return (nil, nil) }
    return (file, Int(number))
  }

  @unsafe private static func callFile(
    of scope: UnsafeMutablePointer<Dwarf_Die>, in unit: inout Dwarf_Die
  ) -> String? {
    var files: OpaquePointer?
    guard let index = unsafe number(scope, DW_AT_call_file),
      unsafe dwarf_getsrcfiles(&unit, &files, nil) == 0
    else { return nil }
    return unsafe text(dwarf_filesrc(files, index, nil, nil))
  }

  @unsafe private static func number(
    _ die: UnsafeMutablePointer<Dwarf_Die>, _ name: Int
  ) -> Int? {
    var attribute = unsafe Dwarf_Attribute()
    var value: Dwarf_Word = 0
    guard unsafe dwarf_attr(die, CUnsignedInt(name), &attribute) != nil,
      unsafe dwarf_formudata(&attribute, &value) == 0
    else { return nil }
    return Int(value)
  }

  @unsafe private static func name(of die: UnsafeMutablePointer<Dwarf_Die>) -> String? {
    for kind in [DW_AT_linkage_name, DW_AT_MIPS_linkage_name, DW_AT_name] {
      var attribute = unsafe Dwarf_Attribute()
      guard unsafe dwarf_attr_integrate(die, CUnsignedInt(kind), &attribute) != nil else {
        continue
      }
      if let name = unsafe text(dwarf_formstring(&attribute)) { return demangled(name) }
    }
    return nil
  }

  @unsafe private static func text(_ text: UnsafePointer<CChar>?) -> String? {
    unsafe text.map { unsafe String(cString: $0) }
  }

  private static func demangled(_ name: String) -> String {
    guard let plain = unsafe swift_demangle(name, name.utf8.count, nil, nil, 0) else { return name }
    defer { unsafe free(plain) }
    return unsafe String(cString: plain)
  }
}

extension String {
  fileprivate var lastPathComponent: String {
    split(separator: "/").last.map(String.init) ?? self
  }
}
