internal import SystemPackage

/// The heaps of this machine.
public enum Heaps {
  /// Every heap that is present, in the order in which equals are preferred.
  public static func present() -> [any Heap] {
    found().compactMap { try? $0.heap.get() }
  }

  /// Looks for every heap by having it give a little memory: gbm, dma-heap, udmabuf, drm-dumb,
  /// memfd, in the order in which equals are preferred. No two that are present have one name.
  ///
  /// Where there are devices, their nodes are opened, without staying master of a display, and the
  /// driver's part of Mesa is loaded: some milliseconds. Where there are none it costs nothing.
  public static func found() -> [HeapFinding] {
    let udmabuf = HeapFinding(UDMABufHeap.name) { () throws(SystemFailure) in try UDMABufHeap() }
    let memfd = HeapFinding(MemfdHeap.name) { MemfdHeap() }
    var names: Set<String> = []
    return (gbm() + dmaHeaps() + [udmabuf] + dumbBuffers() + [memfd]).filter {
      !$0.isPresent || names.insert($0.name).inserted  // a card may have two nodes
    }
  }

  /// The same for components: what one of them lists among its heaps comes in the order of the list,
  /// before the rest.
  package static func present(for components: [any Component]) -> [any Heap] {
    sorted(present(), for: components)
  }

  package static func sorted(_ heaps: [any Heap], for components: [any Component]) -> [any Heap] {
    let lists = components.flatMap(\.participants).flatMap { component in
      ([component.constraints] + component.alternatives).compactMap(\.heaps)
    }
    func place(_ heap: any Heap) -> Int {
      lists.compactMap { $0.firstIndex(of: heap.name) }.min() ?? .max
    }
    return heaps.map { ($0, place($0)) }.sorted { $0.1 < $1.1 }.map(\.0)
  }

  /// Render nodes come first: where one gives memory, there is a GPU behind it.
  private static func gbm() -> [HeapFinding] {
    nodes(DRMNode.folder, ["renderD", "card"]).map { node in
      HeapFinding(GBMHeap.kind) { () throws(SystemFailure) in
        try GBMHeap(node: FilePath("\(DRMNode.folder)/\(node.get())"))
      }
    }
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
        try DumbBufferHeap(node: FilePath("\(DRMNode.folder)/\(node.get())"))
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

/// One heap that was looked for, and what came of it.
public struct HeapFinding: Sendable {
  /// Its name in attributes; of the kind only (`dma-heap`) where there is no node to give the rest.
  public let name: String
  /// The heap, or the call that failed, with node and errno.
  public let heap: Result<any Heap, SystemFailure>
  /// How its memory is cached and how that is known; nil where the heap is absent.
  public let caching: CachingVerdict?

  init(_ name: String, _ make: () throws(SystemFailure) -> any ProbedHeap) {
    do {
      let heap = try make()
      self.name = heap.name
      self.heap = .success(heap)
      caching = heap.caching
    } catch {
      self.name = name
      heap = .failure(error)
      caching = nil
    }
  }

  var isPresent: Bool { caching != nil }
}

extension HeapFinding: CustomStringConvertible {
  public var description: String {
    switch (heap, caching) {
    case (.success, let caching?): "\(name): present, \(caching)"
    case (.success, nil): "\(name): present"
    case (.failure(let reason), _): "\(name): absent, \(reason)"
    }
  }
}
