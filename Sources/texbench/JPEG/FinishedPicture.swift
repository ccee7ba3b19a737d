internal import ProgramSupport
internal import TexAlloc
internal import TexAllocEGL
internal import TexAllocJPEG

/// The route of this library where the GPU finishes the decoding.
struct FinishedPicture {
  private let picture: Picture
  private let gpu: EGLDevice
  private let memory: CoefficientMemory

  /// - Throws: Why it is not to be had; on a software device, that it is one.
  init(_ picture: Picture, on gpu: EGLDevice) throws {
    let image = try JPEGImage(picture.bytes, named: picture.name)
    let choice = gpu.finisher(of: image, demanded: gpu.description.isSoftware ? nil : .gpu)
    if choice.finisher == .cpu { throw ProgramFailure(choice.reason ?? "it is the CPU's") }
    self.picture = picture
    self.gpu = gpu
    memory = CoefficientMemory(of: try TexturePool(for: [gpu, JPEGDecoder.component]))
  }

  func run(_ screen: Screen, _ watch: inout Stopwatch) throws {
    do {
      let stream = try stream()
      watch.end(.decode)
      let texture = try gpu.texture(finishing: stream)
      try screen.take(texture.name, &watch)
    }
    try gpu.collect()
    watch.end(.release)
  }

  /// What the GPU takes for it, and fetches.
  func figures() throws -> [Figure] {
    let stream = try stream()
    let share = Double(stream.size) / Double(picture.width * picture.height * 4)
    var figures = [
      Figure(
        title: "bytes that the GPU fetches to finish a picture, of those of its pixels",
        name: picture.name, value: share * 100, unit: .percent, note: "written once, in order")
    ]
    if let timer = GPUTimer() {
      let times = try (0..<5).map { _ in
        let stream = try self.stream()
        let time = try timer.time { _ = try gpu.texture(finishing: stream) }
        try gpu.collect()
        return time
      }
      figures.append(
        Figure(
          title: "µs of the GPU to finish a picture", name: picture.name,
          value: (times.min() ?? .zero) / .microseconds(1), unit: .number,
          note: "by its own clock, the shortest of five"))
    }
    return figures
  }

  private func stream() throws -> CoefficientStream {
    try JPEGImage(picture.bytes, named: picture.name).coefficients(in: memory)
  }
}
