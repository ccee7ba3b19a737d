internal import CJPEG
public import TexAlloc

extension JPEGImage {
  /// Decodes the file straight into a buffer, whose memory is written once, in whole lines, and never
  /// read. The pixels are those that libjpeg-turbo gives by default.
  ///
  /// A file that is cut short, or damaged so that a pixel is lost, is an error, not a picture.
  ///
  /// - Parameters:
  ///   - buffer: Allocated for ``descriptor``, or otherwise of the size of the file, in one of
  ///     ``JPEGDecoder/formats``, with a pitch in whole lines.
  ///   - goOn: Is told, every few rows and scans, which part of the work is done, from 0 to 1, and
  ///     answers whether to go on. A progressive file is read to its end before its first row.
  /// - Throws: `JPEGError`. After `unsuitableBuffer` the buffer is as it was; after any other error
  ///   all of it is zero: transparent, and black.
  public func decode(
    into buffer: TextureBuffer, goOn: (_ done: Double) -> Bool = { _ in true }
  ) throws(JPEGError) {
    let order = try order(of: buffer)
    var writer = buffer.writer()
    do {
      try decode(as: order, into: &writer, goOn: goOn)
    } catch {
      writer.fill(0..<height, with: 0)
      throw error
    }
  }

  private func decode(
    as order: texalloc_jpeg_order, into writer: inout PlaneWriter, goOn: (Double) -> Bool
  ) throws(JPEGError) {
    var reader = try JPEGReader(bytes.span, named: name)
    let isCopied = isGrey || order == .grey
    try reader.start(isCopied ? .grey : order)
    // Of the time that a file with several scans takes, about four fifths go by before the rows.
    let share = hasSeveralScans ? 0.8 : 0
    if hasSeveralScans {
      try reader.readScans(atMost: limits.scans) { goOn($0 * share) }
      try reader.startRows()
    }
    let progress = { goOn(share + $0 * (1 - share)) }
    if isCopied {
      let conversion: PixelConversion? = order == .grey ? nil : .greyToRGBX
      try reader.copyRows(of: width, to: &writer, converting: conversion, progress)
    } else {
      try reader.decodeRows(into: &writer, progress)
    }
    while try !reader.readOn().at_end {}
  }

  /// What to write into a buffer that is fit to be written.
  private func order(of buffer: TextureBuffer) throws(JPEGError) -> texalloc_jpeg_order {
    let layout = buffer.layout
    func refuse(_ field: String, _ wanted: String, _ held: String) -> JPEGError {
      JPEGError(name, .unsuitableBuffer(field: field, wanted: wanted, held: held))
    }
    guard let order = JPEGDecoder.order(of: layout.format) else {
      let formats = JPEGDecoder.formats.map(\.description).joined(separator: ", ")
      throw refuse("formats", "one of \(formats)", "\(layout.format)")
    }
    guard layout.width == width, layout.height == height else {
      throw refuse("size", "\(width)x\(height)", "\(layout.width)x\(layout.height)")
    }
    guard buffer.cpuUsage.contains(.sequentialWrite) else {
      throw refuse("cpuUsage", "sequentialWrite", "memory that was not adopted for writing")
    }
    let plane = layout.planes[0]
    guard plane.pitch.isMultiple(of: PlaneWriter.lineSize) else {
      throw refuse("pitchAlignment", "\(PlaneWriter.lineSize)", "a pitch of \(plane.pitch)")
    }
    let offset = buffer.offset + plane.offset
    guard offset.isMultiple(of: PlaneWriter.lineSize) else {
      throw refuse("offsetAlignment", "\(PlaneWriter.lineSize)", "an offset of \(offset)")
    }
    return order
  }
}
