/// What a picture shows that the program makes itself.
enum PictureContent: String, CaseIterable {
  case gradient, noise
  /// As photographs are: power falls with the square of the frequency, with edges and some grain.
  case photo

  /// Rows of red, green and blue.
  func pixels(width: Int, height: Int) -> [UInt8] {
    switch self {
    case .gradient: gradient(width, height)
    case .noise: noise(width, height)
    case .photo: PhotoPainter(width: width, height: height).pixels()
    }
  }

  private func gradient(_ width: Int, _ height: Int) -> [UInt8] {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(width * height * 3)
    for y in 0..<height {
      for x in 0..<width {
        pixels.append(UInt8(255 * x / width))
        pixels.append(UInt8(255 * y / height))
        pixels.append(UInt8(255 * (x + y) / (width + height)))
      }
    }
    return pixels
  }

  private func noise(_ width: Int, _ height: Int) -> [UInt8] {
    var random = SplitMix64(seed: 1)
    return (0..<width * height * 3).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }
}
