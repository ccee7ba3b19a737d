internal import CEGL
internal import SystemPackage
internal import TexAlloc

extension DMABufImport {
  /// What the driver is told of a buffer: each plane with the file that it lies in, and what luma and
  /// chroma mean.
  ///
  /// - Parameter plane: The one that is imported by itself, as an image of one or two channels; all of
  ///   them where nil.
  func attributes(
    of buffer: TextureBuffer, plane: Int? = nil
  ) throws(EGLFailure) -> [EGLint] {
    let layout = buffer.layout
    let format = plane.flatMap { layout.shapes[$0].alone }.map { Format($0) } ?? layout.format
    let size = plane.map { layout.size(of: $0, as: .planes) } ?? layout.imageSize
    // A driver that is not told assumes the arrangement that it likes best.
    let tellsModifier =
      format.modifier != .invalid
      && advertised?.contains { $0.format.fourcc == format.fourcc && $0.hasModifier } == true
    var attributes: [EGLint] = [
      EGL_WIDTH, EGLint(size.width), EGL_HEIGHT, EGLint(size.height),
      EGL_LINUX_DRM_FOURCC_EXT, EGLint(bitPattern: format.fourcc.rawValue),
    ]
    let indices = plane.map { $0..<$0 + 1 } ?? layout.planes.indices
    for (index, keys) in zip(indices, Self.planeKeys) {
      let place = buffer.place(ofPlane: index)
      guard let descriptor = place.descriptor else {
        throw .failed("eglCreateImageKHR", "\(buffer.name) has no descriptor")
      }
      attributes += [
        keys.descriptor, descriptor.rawValue, keys.offset, EGLint(place.offset),
        keys.pitch, EGLint(layout.planes[index].pitch),
      ]
      if tellsModifier {
        attributes += [
          keys.modifierLow, EGLint(truncatingIfNeeded: format.modifier.rawValue),
          keys.modifierHigh, EGLint(truncatingIfNeeded: format.modifier.rawValue >> 32),
        ]
      }
    }
    if plane == nil, isConverted(layout) { attributes += Self.hints(for: layout.colour) }
    return attributes + [EGL_NONE]
  }

  /// Whether the driver makes red, green and blue of what the image holds, as far as is known.
  private func isConverted(_ layout: ImageLayout) -> Bool {
    layout.shapes.isEmpty
      ? layout.planes.count > 1 && advertised(layout.format)?.isExternalOnly == true
      : layout.isLuma
  }

  /// What luma and chroma mean: without these the driver thinks of BT.601 in the range of television.
  private static func hints(for colour: Colour) -> [EGLint] {
    func siting(_ siting: Colour.Siting) -> EGLint {
      switch siting {
      case .cosited: EGL_YUV_CHROMA_SITING_0_EXT
      case .centred: EGL_YUV_CHROMA_SITING_0_5_EXT
      }
    }
    let matrix =
      switch colour.matrix {
      case .bt601: EGL_ITU_REC601_EXT
      case .bt709: EGL_ITU_REC709_EXT
      case .bt2020: EGL_ITU_REC2020_EXT
      }
    return [
      EGL_YUV_COLOR_SPACE_HINT_EXT, matrix,
      EGL_SAMPLE_RANGE_HINT_EXT,
      colour.range == .full ? EGL_YUV_FULL_RANGE_EXT : EGL_YUV_NARROW_RANGE_EXT,
      EGL_YUV_CHROMA_HORIZONTAL_SITING_HINT_EXT, siting(colour.horizontalSiting),
      EGL_YUV_CHROMA_VERTICAL_SITING_HINT_EXT, siting(colour.verticalSiting),
    ]
  }

  private struct PlaneKeys {
    let descriptor, offset, pitch, modifierLow, modifierHigh: EGLint
  }

  private static let planeKeys = [
    PlaneKeys(
      descriptor: EGL_DMA_BUF_PLANE0_FD_EXT, offset: EGL_DMA_BUF_PLANE0_OFFSET_EXT,
      pitch: EGL_DMA_BUF_PLANE0_PITCH_EXT, modifierLow: EGL_DMA_BUF_PLANE0_MODIFIER_LO_EXT,
      modifierHigh: EGL_DMA_BUF_PLANE0_MODIFIER_HI_EXT),
    PlaneKeys(
      descriptor: EGL_DMA_BUF_PLANE1_FD_EXT, offset: EGL_DMA_BUF_PLANE1_OFFSET_EXT,
      pitch: EGL_DMA_BUF_PLANE1_PITCH_EXT, modifierLow: EGL_DMA_BUF_PLANE1_MODIFIER_LO_EXT,
      modifierHigh: EGL_DMA_BUF_PLANE1_MODIFIER_HI_EXT),
    PlaneKeys(
      descriptor: EGL_DMA_BUF_PLANE2_FD_EXT, offset: EGL_DMA_BUF_PLANE2_OFFSET_EXT,
      pitch: EGL_DMA_BUF_PLANE2_PITCH_EXT, modifierLow: EGL_DMA_BUF_PLANE2_MODIFIER_LO_EXT,
      modifierHigh: EGL_DMA_BUF_PLANE2_MODIFIER_HI_EXT),
    PlaneKeys(
      descriptor: EGL_DMA_BUF_PLANE3_FD_EXT, offset: EGL_DMA_BUF_PLANE3_OFFSET_EXT,
      pitch: EGL_DMA_BUF_PLANE3_PITCH_EXT, modifierLow: EGL_DMA_BUF_PLANE3_MODIFIER_LO_EXT,
      modifierHigh: EGL_DMA_BUF_PLANE3_MODIFIER_HI_EXT),
  ]
}
