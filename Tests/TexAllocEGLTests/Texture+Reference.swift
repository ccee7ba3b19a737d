import CEGL
import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocEGL

extension Texture {
  /// That the public shader shows what the planes are in floating point.
  ///
  /// - Parameters:
  ///   - tolerance: In levels of 255.
  ///   - isSeen: Whether a column of pixels matters.
  func assertShows(
    _ reference: PlaneReference, within tolerance: Double = 2,
    where isSeen: (_ x: Int) -> Bool = { _ in true }
  ) throws {
    let pixels = try shownPixels()
    let layout = reference.layout
    for y in 0..<layout.height {
      for x in 0..<layout.width where isSeen(x) {
        let wanted = reference.colour(x, y)
        let start = (y * layout.width + x) * 4
        let held = pixels[start..<start + 3].map(Double.init)
        guard zip(held, wanted).allSatisfy({ abs($0 - $1) <= tolerance }) else {
          return XCTFail(
            "\(layout.format) of \(layout.colour) by \(route): \(held) at \(x), \(y), wanted \(wanted)"
          )
        }
        XCTAssertEqual(pixels[start + 3], 255)
      }
    }
  }
}

/// How the first plane is sampled.
extension Texture {
  func parameter(_ parameter: Int32) -> Int32 {
    var value: GLint = 0
    withTextureBound(name, to: objects.form.target) {
      unsafe eglFunction(
        "glGetTexParameteriv", as: PFNGLGETTEXPARAMETERIVPROC.self)?(
          objects.form.target, GLenum(parameter), &value)
    }
    return value
  }

  func set(_ parameters: [(Int32, Int32)]) {
    withTextureBound(name, to: objects.form.target) {
      for (parameter, value) in parameters {
        glTexParameteri(objects.form.target, GLenum(parameter), value)
      }
    }
  }
}
