/// Paints a picture with the statistics of a photograph: smooth noise of every octave, the stronger
/// the longer its waves, the colours mostly alike; some discs for their edges; and grain.
struct PhotoPainter {
  private let width, height: Int
  private var random = SplitMix64(seed: 7)
  /// Red, green and blue of each pixel, around 0.
  private var values: [Float]

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    values = Array(repeating: 0, count: width * height * 3)
    var (length, strength) = (max(width, height), Float(110))
    while length > 1 {
      addOctave(length, strength)
      length /= 2
      strength *= 0.86
    }
    for _ in 0..<60 { addDisc() }
  }

  func pixels() -> [UInt8] {
    var grain = SplitMix64(seed: 8)
    return values.map { value in
      let noise = Float(Int8(truncatingIfNeeded: grain.next() >> 8)) / 48
      return UInt8(max(0, min(255, value + 120 + noise)))
    }
  }

  /// Adds random values at the corners of squares of a length, and between them what lies between.
  private mutating func addOctave(_ length: Int, _ strength: Float) {
    let columns = width / length + 2
    let corners = (0..<columns * (height / length + 2)).map { _ in corner(strength) }
    for y in 0..<height {
      let down = Float(y % length) / Float(length)
      let row = y / length * columns
      for x in 0..<width {
        let right = Float(x % length) / Float(length)
        let place = row + x / length
        let upper = corners[place] * (1 - right) + corners[place + 1] * right
        let lower = corners[place + columns] * (1 - right) + corners[place + columns + 1] * right
        add(upper * (1 - down) + lower * down, x, y)
      }
    }
  }

  /// Mostly one brightness, and a little of each colour.
  private mutating func corner(_ strength: Float) -> SIMD3<Float> {
    SIMD3(repeating: 0.8 * uniform()) * strength + 0.35 * strength
      * SIMD3(uniform(), uniform(), uniform())
  }

  private mutating func addDisc() {
    let x = Int.random(in: 0..<width, using: &random)
    let y = Int.random(in: 0..<height, using: &random)
    let radius = Int.random(in: 0...min(width, height) / 8, using: &random)
    let colour = 40 * SIMD3(uniform(), uniform(), uniform())
    for row in max(0, y - radius)..<min(height, y + radius) {
      let half = Int(Double(radius * radius - (row - y) * (row - y)).squareRoot())
      for column in max(0, x - half)..<min(width, x + half) { add(colour, column, row) }
    }
  }

  private mutating func add(_ colour: SIMD3<Float>, _ x: Int, _ y: Int) {
    let start = (y * width + x) * 3
    values[start] += colour.x
    values[start + 1] += colour.y
    values[start + 2] += colour.z
  }

  /// From -1 to 1.
  private mutating func uniform() -> Float { .random(in: -1...1, using: &random) }
}
