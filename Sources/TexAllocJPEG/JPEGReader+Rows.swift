internal import CJPEG
internal import TexAlloc

extension JPEGReader {
  /// Reads all scans; nothing can be shown before.
  ///
  /// - Parameter goOn: Is told the part of the file that was read.
  mutating func readScans(
    atMost limit: Int, _ goOn: (Double) -> Bool
  ) throws(JPEGError) {
    while true {
      let position = try readOn()
      if position.at_end { return }
      guard position.scan <= limit else {
        throw error(.tooMuch(.scans, found: Int(position.scan), limit: limit))
      }
      guard goOn(1 - Double(position.bytes_left) / Double(size)) else { throw error(.cancelled) }
    }
  }

  /// Decodes all rows where they belong.
  ///
  /// - Parameter goOn: Is told the part of the rows that is written.
  mutating func decodeRows(
    into writer: inout PlaneWriter, _ goOn: (Double) -> Bool
  ) throws(JPEGError) {
    let (pitch, count) = (writer.pitch, writer.rowCount)
    // The last lines of rows wait for their padding, and only few lines can wait without being
    // written twice. Where there is no padding, larger groups save calls.
    let group = writer.rowSize < pitch ? 2 : 16
    var row = 0
    while row < count {
      row += unsafe try writer.decodeRows(from: row) { rows, left throws(JPEGError) in
        let size = min(group, left)
        unsafe try readRows(rows, pitch: pitch, count: size)
        return size
      }
      guard goOn(Double(row) / Double(count)) else { throw error(.cancelled) }
    }
  }

  /// Decodes all rows of brightness by way of one in the cache: the library copies such rows with
  /// memcpy, which stores the last line of a row twice, and makes colours of them byte by byte.
  ///
  /// - Parameters:
  ///   - conversion: What becomes of the brightness; nil where it stays.
  ///   - goOn: Is told the part of the rows that is written.
  mutating func copyRows(
    of width: Int, to writer: inout PlaneWriter, converting conversion: PixelConversion?,
    _ goOn: (Double) -> Bool
  ) throws(JPEGError) {
    var pixels = [UInt8](repeating: 0, count: width)
    for row in 0..<writer.rowCount {
      var span = pixels.mutableSpan
      try readRow(into: &span)
      if let conversion {
        writer.write(pixels.span, converting: conversion, row: row)
      } else {
        writer.write(pixels.span, row: row)
      }
      guard goOn(Double(row + 1) / Double(writer.rowCount)) else { throw error(.cancelled) }
    }
  }
}
