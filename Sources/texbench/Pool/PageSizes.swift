internal import Glibc
internal import SystemPackage
internal import TexAlloc

/// What a slab of huge pages saves beside one of usual pages.
enum PageSizes {
  private static let size = 64 << 20

  /// All that happens before the first image is written.
  static var ready: Comparison {
    comparison("64 MiB of memfd made ready") { heap in
      { watch in
        let slab = try heap.makeSlab(of: size)
        try slab.populate(0..<size)
        watch.finish()
      }
    }
  }

  /// What a driver does that imports an image: Mesa's maps the whole slab.
  static var mappedAnew: Comparison {
    comparison("64 MiB of memfd mapped anew and read") { heap in
      let slab = try heap.makeSlab(of: size)
      try slab.populate(0..<size)
      return { watch in
        let memory = slab.descriptor?.rawValue ?? -1
        let address = unsafe mmap(nil, size, PROT_READ, MAP_SHARED, memory, 0)
        guard let address = unsafe address, unsafe address != MAP_FAILED else {
          throw Errno(rawValue: errno)
        }
        let bytes = unsafe UnsafeRawBufferPointer(start: address, count: size)
        var sum: UInt8 = 0
        for offset in stride(from: 0, to: size, by: 64) { unsafe sum &+= bytes[offset] }
        unsafe munmap(address, size)
        watch.finish()
        precondition(sum == 0, "nobody has written anything")
      }
    }
  }

  private static func comparison(
    _ title: String, _ prepare: @escaping (MemfdHeap) throws -> Route.Turn
  ) -> Comparison {
    Comparison(
      title: title, item: "slab",
      routes: [
        Route(name: "usual pages") { try prepare(MemfdHeap(takingHugePages: false)) },
        Route(name: "huge pages", isOurs: true) {
          if let obstacle = HugePages.obstacle(for: size) { throw Unavailable(reason: obstacle) }
          return try prepare(MemfdHeap())
        },
      ])
  }

  private struct Unavailable: Error, CustomStringConvertible {
    let reason: String
    var description: String { reason }
  }
}
