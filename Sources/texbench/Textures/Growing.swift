internal import CEGL
internal import ProgramSupport
internal import Synchronization
internal import TexAlloc
internal import TexAllocEGL

/// Whether the render thread waits while slabs of mapped buffers are made beside it.
///
/// The device makes them on a thread of its own. What that costs whoever draws is the driver's lock, if it
/// has one, and the processors and the memory that both want: the latter, a thread shows that clears as much
/// ordinary memory.
struct Growing {
  private enum Neighbour {
    case nobody
    case clearing(Int)
    case growing(Int)

    var name: String {
      switch self {
      case .nobody: "alone"
      case .clearing(let size):
        "beside \(size.inMebibytes) of ordinary memory that are made and cleared"
      case .growing(let size): "beside slabs of \(size.inMebibytes) that are made"
      }
    }
  }

  private let copier: MappedCopier

  init(_ copier: MappedCopier) { self.copier = copier }

  /// In turns, a block of draws for each.
  func figures(_ effort: Effort) throws -> [Figure] {
    let neighbours: [Neighbour] = [
      .nobody, .clearing(2 << 20), .growing(1 << 20), .growing(2 << 20), .growing(4 << 20),
      .growing(8 << 20),
    ]
    let (blocks, draws) = effort == .quick ? (4, 500) : (effort == .full ? 40 : 12, 1000)
    let canvas = try Canvas(width: 64, height: 64)
    let texture = GLTexture()
    unsafe texture.define(64, from: nil)
    var times = [[Double]](repeating: [], count: neighbours.count)
    for _ in 0..<blocks {
      for (place, neighbour) in neighbours.enumerated() {
        times[place] += try beside(neighbour) { try draw(texture, on: canvas, times: draws) }
      }
    }
    let alone = Self.percentile(99.9, of: times[0])
    let slab = copier.buffers.written.largestSharedSlab
    return zip(neighbours, times).map { neighbour, times in
      let value = Self.percentile(99.9, of: times)
      var note = "median \(Self.percentile(50, of: times).text(1)), of \(times.count.grouped) draws"
      if case .growing(let size) = neighbour {
        note += "; \((value - alone).text(1)) more than alone"
        if size == slab { note += ", at most 1,000 wanted of such slabs, which pools make" }
      }
      return Figure(
        title: "µs of the wall clock, 99.9th percentile, to bind and draw", name: neighbour.name,
        value: value, unit: .number, note: note)
    }
  }

  /// Microseconds of each.
  private func draw(_ texture: GLTexture, on canvas: Canvas, times: Int) throws -> [Double] {
    let quad = Canvas.Quad(
      x: 0, y: 0, width: 64, height: 64, texelWidth: 64, texelHeight: 64)
    return try (0..<times).map { number in
      let start = ContinuousClock.now
      try canvas.draw(
        [quad], from: .texels(named: texture.name, ImageSize(width: 64, height: 64)))
      glFlush()
      let time = ContinuousClock.now - start
      if number % 16 == 15 { glFinish() }  // as at the end of a frame
      return time / .microseconds(1)
    }
  }

  /// What the body finds while a thread does what the neighbour does, over and over.
  private func beside<Finding>(_ neighbour: Neighbour, _ body: () throws -> Finding) throws
    -> Finding
  {
    let (heap, isOver) = (copier.buffers.written, Flag())
    let work: @Sendable () -> Void
    switch neighbour {
    case .nobody: return try body()
    case .clearing(let size): work = { _ = [UInt8](repeating: 1, count: size) }
    case .growing(let size): work = { _ = try? heap.makeSlab(of: size) }
    }
    let worker = try WorkerThread(named: "neighbour")
    worker.begin { while !isOver.isSet { work() } }
    defer {
      isOver.set()
      worker.run {}
    }
    return try body()
  }

  private static func percentile(_ percent: Double, of numbers: [Double]) -> Double {
    let sorted = numbers.sorted()
    return sorted[min(sorted.count - 1, Int(Double(sorted.count) * percent / 100))]
  }
}

private final class Flag: Sendable {
  private let value = Atomic(false)
  var isSet: Bool { value.load(ordering: .relaxed) }
  func set() { value.store(true, ordering: .relaxed) }
}
