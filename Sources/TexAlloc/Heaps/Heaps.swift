internal import SystemPackage

/// The heaps of this machine.
public enum Heaps {
  /// Every heap that is present, in the order in which equals are preferred.
  public static func present() -> [any Heap] {
    found().compactMap { try? $0.heap.get() }
  }

  /// Looks for every heap by having it give a little memory: gbm, dma-heap, udmabuf, drm-dumb,
  /// memfd, in the order in which equals are preferred.
  ///
  /// Where there are devices, their nodes are opened, without staying master of a display, and the
  /// driver's part of Mesa is loaded: some milliseconds. Where there are none it costs nothing.
  public static func found() -> [HeapFinding] {
    let udmabuf = HeapFinding(UDMABufHeap.name) { () throws(SystemFailure) in try UDMABufHeap() }
    let memfd = HeapFinding(MemfdHeap.name) { MemfdHeap() }
    return gbm() + dmaHeaps() + [udmabuf] + dumbBuffers() + [memfd]
  }

  /// The first node that gives memory, and those before it that do not. Render nodes come first:
  /// where one does, there is a GPU behind it.
  private static func gbm() -> [HeapFinding] {
    var findings: [HeapFinding] = []
    let nodes = nodes(DRMNode.folder, ["renderD", "card"])
    for node in nodes where !findings.contains(where: \.isPresent) {
      findings.append(
        HeapFinding(GBMHeap.name) { () throws(SystemFailure) in
          try GBMHeap(node: "\(DRMNode.folder)/\(node.get())")
        })
    }
    return findings
  }

  private static func dmaHeaps() -> [HeapFinding] {
    nodes(DMAHeap.folder, [""]).map { node in
      HeapFinding((try? DMAHeap.name(node.get())) ?? DMAHeap.kind) { () throws(SystemFailure) in
        try DMAHeap(node.get())
      }
    }
  }

  private static func dumbBuffers() -> [HeapFinding] {
    nodes(DRMNode.folder, ["card"]).map { node in
      HeapFinding(DumbBufferHeap.kind) { () throws(SystemFailure) in
        try DumbBufferHeap(node: "\(DRMNode.folder)/\(node.get())")
      }
    }
  }

  /// The nodes in a folder, prefix by prefix; where there is none, that as the one failure.
  private static func nodes(
    _ folder: String, _ prefixes: [String]
  ) -> [Result<String, SystemFailure>] {
    do throws(SystemFailure) {
      let names = try SystemFile.names(in: folder)
      let nodes = prefixes.flatMap { prefix in names.filter { $0.hasPrefix(prefix) } }
      guard !nodes.isEmpty else {
        throw SystemFailure("readdir", on: folder, .noSuchFileOrDirectory)
      }
      return nodes.map { .success($0) }
    } catch {
      return [.failure(error)]
    }
  }
}
