internal import CEGL
internal import TexAlloc

extension DMABufImport {
  /// What the display says of a format, with the modifier that it is told of, if it is of any; nil where it
  /// says nothing.
  func advertised(_ format: Format) -> Advertised? {
    let listed = (advertised ?? []).filter {
      format.modifier == .invalid ? $0.format.fourcc == format.fourcc : $0.format == format
    }
    return listed.first { !$0.isExternalOnly } ?? listed.first
  }

  /// The forms in which images of a format may be imported, the best first: none where it is not taken.
  /// Whether they show the right pixels is for a trial to tell.
  ///
  /// - Parameter shapes: What its planes hold; none where that is not known.
  func forms(of format: Format, _ shapes: [PlaneShape]) -> [TextureForm] {
    let listed = advertised(format)
    guard shapes.contains(where: \.isLuma) || listed?.isExternalOnly == true else {
      // A display that keeps no list may take whatever is of one plane.
      return listed != nil || advertised == nil && shapes.count == 1 ? [.image] : []
    }
    let apart = shapes.areSampledApart && shapes.allSatisfy { isImage($0.alone) }
    return (listed != nil && samplesExternal ? [.external] : []) + (apart ? [.planes] : [])
  }

  /// Those in which an image is sampled as it wants to be.
  func forms(of layout: ImageLayout) -> [TextureForm] {
    forms(of: layout.format, layout.shapes).filter { layout.sampling == .asStored || $0 == .image }
  }

  /// Whether images of a format are textures by themselves.
  private func isImage(_ fourcc: Fourcc?) -> Bool {
    guard let fourcc, let planes = FormatTable.known[fourcc] else { return false }
    return forms(of: Format(fourcc), planes) == [.image]
  }

  /// Why images of several planes of luma and chroma are not one texture; nil where they may be.
  func obstacle(toWhole format: Format) -> String? {
    if advertised(format) == nil { return "the display does not import \(format) as one image" }
    return samplesExternal ? nil : "the context samples no external textures"
  }

  /// Why an image is not sampled as it wants to be; nil where it can be.
  func objection(toSampling layout: ImageLayout) -> String? {
    guard layout.sampling == .asLight else { return nil }
    if layout.colour.transfer != .sRGB { return "its transfer is \(layout.colour.transfer)" }
    guard forms(of: layout).contains(.image) else { return "no GL_TEXTURE_2D shows it whole" }
    if imagesAsLight { return nil }
    if lightView == nil {
      return "neither EGL_EXT_image_gl_colorspace nor GL_EXT_EGL_image_storage with texture views"
    }
    return LightView.format(for: layout) == nil ? "no view in a format of sRGB" : nil
  }

  /// Textures of a buffer in a form that the format has.
  ///
  /// - Parameter reason: Why in no better form.
  func makeTextures(
    of buffer: TextureBuffer, as form: TextureForm, because reason: String? = nil,
    on connection: EGLConnection
  ) throws(EGLFailure) -> TextureObjects {
    var parts: [TextureObjects.Part] = []
    do throws(EGLFailure) {
      for plane in form == .planes ? buffer.layout.planes.indices.map(Optional.some) : [nil] {
        let image = try makeImage(of: buffer, plane: plane, on: connection)
        do throws(EGLFailure) {
          let name = try makeTexture(of: image, buffer.layout, as: form)
          parts.append(TextureObjects.Part(name: name, image: image))
        } catch {
          destroy(image, on: connection)
          throw error
        }
      }
    } catch {
      unsafe glDeleteTextures(GLsizei(parts.count), parts.map(\.name))
      for image in parts.compactMap(\.image) { destroy(image, on: connection) }
      throw error
    }
    return TextureObjects(parts, as: form, because: reason)
  }
}
