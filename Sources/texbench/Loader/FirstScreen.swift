internal import ArgumentParser
internal import CEGL
internal import Foundation
internal import ProgramSupport
internal import TexAlloc
internal import TexAllocEGL

/// Twelve photographs in a fresh process, with nothing warm: each turn is a process of its own.
enum FirstScreen {
  enum Way: String, ExpressibleByArgument {
    case loader, stock
  }

  private static let count = 12

  /// What the loader takes in ratio to threads that decode and glTexImage2D, in turns.
  static func figures(rounds: Int) throws -> [Figure] {
    var ratios: (cpu: [Double], wall: [Double]) = ([], [])
    for round in 0..<rounds {
      Console.progress("first screen: turn \(round + 1) of \(rounds)")
      let stock = try run(.stock)
      let loader = try run(.loader)
      ratios.cpu.append(loader.cpu / stock.cpu)
      ratios.wall.append(loader.wall / stock.wall)
    }
    return [("processor time", ratios.cpu), ("wall", ratios.wall)].map { name, ratios in
      Figure(
        title: "first screen of \(count) photographs over threads + glTexImage2D (goal 1.0)",
        name: name, value: Quartiles(ratios).median, unit: .number,
        note:
          "\(rounds) pairs of fresh processes, \(ratios.map { $0.text(2) }.joined(separator: " "))")
    }
  }

  /// Has this program do it once more.
  private static func run(_ way: Way) throws -> Cost {
    let process = Process()
    process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = ["loader", "--first-screen", way.rawValue]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let numbers = output.split(separator: "\n").first { $0.hasPrefix("first screen: ") }?
      .split(separator: " ").compactMap { Double($0) }
    guard let numbers, numbers.count == 2 else {
      throw ProgramFailure("a first screen by \(way.rawValue): \(output)")
    }
    return Cost(cpu: numbers[0], wall: numbers[1])
  }

  /// Does it, and prints what it took: from a device that is open to textures that are bound.
  static func print(_ way: Way, on gpu: EGLDevice) throws {
    let photos = try PhotoFolder(count: count, sizes: [ImageSize(width: 1920, height: 1080)])
    let start = Cost.now()
    switch way {
    case .loader:
      let loading = try LoadingLoop(gpu)
      try loading.load(photos.paths)
      report(start)
    case .stock:
      let decoded = try decode(photos)
      let textures = decoded.map { pixels in
        let texture = GLTexture()
        unsafe texture.define(photos.pictures[0], from: pixels.start)
        return texture
      }
      glFinish()
      report(start)
      withExtendedLifetime(textures) {}
    }
  }

  private static func report(_ start: Cost) {
    let cost = Cost.now() - start
    Swift.print("first screen: \(cost.cpu) \(cost.wall)")
  }

  /// On as many threads as the loader has, into memory that nobody has touched.
  private static func decode(_ photos: PhotoFolder) throws -> [NewPixels] {
    let threads = try WorkerThreads().limit
    let files = photos.paths.map(\.string)
    let (picture, pixels) = (
      photos.pictures[0], photos.paths.map { _ in NewPixels(photos.pictures[0]) }
    )
    try Threads.run(threads) { thread in
      let decoder = BareDecoder(for: picture)
      for number in stride(from: thread, to: count, by: threads) {
        _ = try Data(contentsOf: URL(filePath: files[number]))
        try pixels[number].decode(by: decoder)
      }
    }
    return pixels
  }
}

/// Memory for a picture, as malloc gives it.
@safe private final class NewPixels: @unchecked Sendable {  // a thread has it, then another
  @unsafe let start: UnsafeMutableRawPointer

  init(_ picture: Picture) {
    unsafe start = .allocate(byteCount: picture.size, alignment: 64)
  }

  deinit { unsafe start.deallocate() }

  func decode(by decoder: BareDecoder) throws { try unsafe decoder.decode(to: start) }
}
