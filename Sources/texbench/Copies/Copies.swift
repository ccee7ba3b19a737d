internal import ArgumentParser
internal import TexAlloc
internal import TexAllocVulkan

/// What it costs to write an image into memory that no cache holds, against the fastest copies.
struct Copies: Measurement {
  static let configuration = CommandConfiguration(
    commandName: "copies",
    abstract: "Write images into cold memory, beside the fastest copies that others know.")

  @Option(help: "Bytes of an image, in MiB.")
  var sizes = [1, 4, 16, 64]

  @OptionGroup var options: RunOptions

  func validate() throws {
    guard sizes.allSatisfy((1...ColdImages.capacity >> 20).contains) else {
      throw ValidationError("--sizes are from 1 to \(ColdImages.capacity >> 20) MiB")
    }
  }

  func measure(on bench: Bench) throws {
    let sizes = bench.effort == .quick ? Array(sizes.prefix(2)) : sizes
    let images = try ColdImages(in: MemfdHeap())
    for size in sizes { compare(size, "cold memory", images, on: bench) }
    // A device of Vulkan has memory of several kinds, which need not be cached.
    let heaps = (try? VulkanDevice.headless())?.memoryHeaps ?? []
    for heap in heaps {
      guard let images = try? ColdImages(in: heap) else { continue }
      let kind = "\(heap.name), \(heap.caching.stated.rawValue) (\(heap.type))"
      for size in sizes.suffix(1) { compare(size, kind, images, on: bench) }
    }
  }

  /// - Parameters:
  ///   - size: MiB of an image.
  ///   - kind: Of the memory.
  private func compare(_ size: Int, _ kind: String, _ images: ColdImages, on bench: Bench) {
    let references = ReferenceCopy.allCases.filter(\.isAvailable)
    // Turns of a few milliseconds, whatever the size of an image.
    let count = max(1, 16 / size)
    func route(_ name: String, isOurs: Bool, _ write: @escaping (ColdImages) -> Void) -> Route {
      Route(name: name, items: count, isOurs: isOurs) {
        { _ in
          images.imageSize = size << 20
          for _ in 0..<count { write(images) }
        }
      }
    }
    bench.compare(
      Comparison(
        title: "\(size) MiB into \(kind)", item: "image", limits: references.count,
        routes: references.map { copy in
          route(copy.rawValue, isOurs: false) { images in images.copyNext(by: copy) }
        } + [
          route("memcpy, rows of 4,032 bytes that begin and end within lines", isOurs: false) {
            $0.copyNextUnaligned()
          },
          route("PlaneWriter, whole image", isOurs: true) { $0.writeNext(rowByRow: false) },
          route("PlaneWriter, row by row of 4 KiB", isOurs: true) {
            $0.writeNext(rowByRow: true)
          },
        ]))
  }
}
