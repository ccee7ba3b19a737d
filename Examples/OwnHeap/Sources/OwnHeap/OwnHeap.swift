import Glibc
import Synchronization
import TexAlloc

/// A heap and a device of one's own, with nothing but what TexAlloc offers everybody. It checks itself:
/// where something is not as it says, it ends with 1.
@main
enum OwnHeap {
  static func main() throws {
    let panel = Panel()
    do {
      let pool = try TexturePool(for: [panel], from: [MemfdHeap(), SharedMemoryHeap()])
      let plan = try pool.plan(for: picture(100), .scanout)
      print("The plan: \(plan.heap), \(plan.route.map(\.description) ?? "no route")")
      for verdict in plan.verdicts { print("  \(verdict)") }
      expect(plan.heap == SharedMemoryHeap.name && plan.route == .imported, "the panel's heap")
      try pictures(in: pool, on: panel)
      try slots(in: pool, on: panel)
      try refusals(in: pool, on: panel)
      print("The pool: \(pool.statistics)")
    }
    // The pool's thread may still be making pages ready.
    let deadline = ContinuousClock.now + .seconds(30)
    while SlabImport.count.load(ordering: .acquiring) > 0, ContinuousClock.now < deadline {
      usleep(1000)
    }
    expect(SlabImport.count.load(ordering: .acquiring) == 0, "no import outlives its slab")
  }

  /// What is written is what is shown, and each slab is imported once.
  private static func pictures(in pool: TexturePool, on panel: Panel) throws {
    var shown: [Picture] = []
    for value in UInt8(1)...20 {
      let buffer = try pool.allocate(picture(300), for: .scanout, named: "picture \(value)")
      do {
        var writer = buffer.writer()
        writer.fill(writer.rows, with: value)
      }
      let picture = try panel.register(buffer)
      expect(try panel.register(buffer) === picture, "one registration of a buffer")
      expect(buffer.layout.planes[0].pitch.isMultiple(of: 256), "the panel's pitch")
      shown.append(picture)
    }
    for (picture, value) in zip(shown, UInt8(1)...) {
      expect(picture.pixels(ofRow: 299).allSatisfy { $0 == value }, "\(picture.buffer.name)")
    }
    let slabs = Set(shown.compactMap(\.buffer.slab?.id)).count
    let imports = Set(shown.map { ObjectIdentifier($0.slabImport) }).count
    print("\(shown.count) pictures in \(slabs) slabs, by \(imports) imports")
    expect(slabs == imports && slabs < shown.count, "one import for each slab")
  }

  /// What the panel shows is not written over, though nobody else holds it.
  private static func slots(in pool: TexturePool, on panel: Panel) throws {
    func show() throws -> (Slab.ID?, Int) {
      let buffer = try pool.allocate(picture(64), for: .scanout)
      panel.show(try panel.register(buffer))
      return (buffer.slab?.id, buffer.offset)
    }
    let (first, second, third) = (try show(), try show(), try show())
    expect(first != second, "a shown picture keeps its memory")
    expect(third == first, "one that is not shown any more does not")
  }

  private static func refusals(in pool: TexturePool, on panel: Panel) throws {
    let elsewhere = try TexturePool(for: [], from: [MemfdHeap()]).allocate(picture(64))
    do {
      _ = try panel.register(elsewhere)
      expect(false, "a refusal")
    } catch {
      print("Elsewhere: \(error)")
      expect(error.cause == .heap, "a refusal of the heap")
    }
    do {
      _ = try pool.allocate(picture(5000), for: .scanout)
      expect(false, "a refusal")
    } catch {
      print("Too wide: \(error)")
    }
  }

  private static func picture(_ size: Int) -> ImageDescriptor {
    ImageDescriptor(width: size, height: size, formats: [.xrgb8888])
  }

  private static func expect(_ isTrue: Bool, _ what: String) {
    if isTrue { return }
    print("not so: \(what)")
    exit(1)
  }
}
