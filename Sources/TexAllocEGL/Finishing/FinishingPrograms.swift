internal import CEGL

/// The programs that make pixels of coefficients, in a share group.
struct FinishingPrograms: Sendable {
  let blocks: ComputeProgram
  let pixels: ComputeProgram
  let chroma: ComputeProgram

  /// Compiles them for the context that is current.
  init() throws(EGLFailure) {
    blocks = try ComputeProgram(
      FinishingShaders.blocks,
      [
        "firstBlock", "endBlock", "firstEntry", "entryPlace", "offsetPlace", "unitsAcross",
        "blocksPerUnit", "component", "across", "down", "unitAcross", "unitDown", "rowWords",
        "planes", "quantization", "firstColumn", "endColumn",
      ])
    pixels = try ComputeProgram(
      FinishingShaders.pixels,
      [
        "left", "top", "width", "firstRow", "endRow", "colours", "planes", "pitches", "widths",
        "heights",
        "across", "down", "smoothing",
      ])
    chroma = try ComputeProgram(FinishingShaders.chroma, ["blue", "red", "both", "count"])
  }

  func delete() { for program in [blocks, pixels, chroma] { glDeleteProgram(program.name) } }
}

/// A program that computes, and where its uniforms are.
struct ComputeProgram: Sendable {
  let name: GLuint
  private let places: [String: GLint]

  fileprivate init(_ shader: String, _ uniforms: [String]) throws(EGLFailure) {
    let program = try ShaderProgram(compute: shader)
    name = program.name
    places = Dictionary(uniqueKeysWithValues: uniforms.map { ($0, program.place(of: $0)) })
  }

  /// Sets uniforms of the program that is in use: this one.
  func set(_ numbers: KeyValuePairs<String, Int>) {
    for (uniform, number) in numbers { glUniform1i(places[uniform] ?? -1, GLint(number)) }
  }

  func set(_ uniform: String, _ numbers: [Int]) {
    unsafe glUniform1iv(
      places[uniform] ?? -1, GLsizei(numbers.count), numbers.map { GLint($0) })
  }
}
