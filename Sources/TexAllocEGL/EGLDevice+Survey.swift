public import TexAlloc

/// What became of a format that the display says it imports, when it was tried.
public struct FormatFinding: Hashable, Sendable {
  public let format: Format
  /// Whether only `GL_TEXTURE_EXTERNAL_OES` samples it.
  public let isExternalOnly: Bool
  public let outcome: Outcome

  public enum Outcome: Hashable, Sendable {
    /// Imported, and the pixels that it showed were those that had been written.
    case works
    /// Imported; what a shader sees of it was not compared.
    case imports
    case refused(because: String)
    case untried(because: String)
  }
}

extension EGLDevice {
  /// Tries once each format that the display says it imports.
  ///
  /// - Parameter pool: Memory of a heap that the device imports, with no component of its own.
  /// - Throws: `EGLFailure` where nothing can be imported at all.
  public func survey(in pool: TexturePool) throws(EGLFailure) -> [FormatFinding] {
    guard let importer else {
      throw .unsupported("EGL_EXT_image_dma_buf_import", importObstacle ?? "")
    }
    let fallback = (attributes.formats ?? []).map {
      DMABufImport.Advertised(format: $0, isExternalOnly: false, hasModifier: false)
    }
    return (importer.advertised ?? fallback).map { advertised in
      FormatFinding(
        format: advertised.format, isExternalOnly: advertised.isExternalOnly,
        outcome: outcome(of: advertised, by: importer, in: pool))
    }
  }

  private func outcome(
    of advertised: DMABufImport.Advertised, by importer: DMABufImport, in pool: TexturePool
  ) -> FormatFinding.Outcome {
    let fourcc = advertised.format.fourcc
    guard advertised.format.modifier == .linear else {
      return .untried(because: "only linear images are written by a CPU")
    }
    guard formats[fourcc] != nil else { return .untried(because: "its planes are not known here") }
    do {
      var image = ImageDescriptor(width: 80, height: 6, formats: [fourcc])
      image.table = formats
      let trial = try pool.allocate(image)
      let form = importer.forms(of: trial.layout).first { $0 != .planes }
      if let form, TrialPicture(trial.layout, as: form) != nil {
        try check(trial, in: form)
        return .works
      }
      importer.destroy(try importer.makeImage(of: trial, on: connection), on: connection)
      return .imports
    } catch let refusal as RegistrationRefused {
      return .refused(because: "\(refusal.field): \(refusal.held)")
    } catch {
      return .refused(because: "\(error)")
    }
  }
}
