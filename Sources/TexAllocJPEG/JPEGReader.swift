internal import CJPEG
internal import TexAlloc

/// Owns one decompressor of libjpeg-turbo, which reads bytes that outlive it.
@safe struct JPEGReader: ~Copyable, ~Escapable {
  let header: texalloc_jpeg_header
  /// Bytes of the file.
  let size: Int
  private let reader: OpaquePointer
  private let name: String

  /// Reads the header.
  ///
  /// - Parameter name: What errors call the bytes.
  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>, named name: String) throws(JPEGError) {
    // The reader cannot outlive the bytes, so that they may leave the closure.
    let opened = unsafe bytes.withUnsafeBufferPointer {
      unsafe texalloc_jpeg_open($0.baseAddress, $0.count)
    }
    guard let opened = unsafe opened else { throw JPEGError(name, .outOfMemory) }
    var header = texalloc_jpeg_header()
    let result = unsafe texalloc_jpeg_read_header(opened, &header)
    if let reason = unsafe Self.reason(result, opened) {
      unsafe texalloc_jpeg_close(opened)
      throw JPEGError(name, reason)
    }
    self.header = header
    size = bytes.count
    unsafe reader = opened
    self.name = name
  }

  deinit { unsafe texalloc_jpeg_close(reader) }

  mutating func start(_ order: texalloc_jpeg_order) throws(JPEGError) {
    try check(unsafe texalloc_jpeg_start(reader, order))
  }

  /// Reads on without giving rows: a little at a time, until the end is seen.
  mutating func readOn() throws(JPEGError) -> texalloc_jpeg_position {
    var position = texalloc_jpeg_position()
    try check(unsafe texalloc_jpeg_read_on(reader, &position))
    return position
  }

  mutating func startRows() throws(JPEGError) {
    try check(unsafe texalloc_jpeg_start_rows(reader))
  }

  /// Decodes the next rows.
  ///
  /// - Parameter rows: Room for `count` rows, of those that are left.
  @unsafe mutating func readRows(
    _ rows: UnsafeMutableRawPointer, pitch: Int, count: Int
  ) throws(JPEGError) {
    try check(unsafe texalloc_jpeg_read_rows(reader, rows, pitch, UInt32(count)))
  }

  /// Decodes the next row.
  mutating func readRow(into pixels: inout MutableSpan<UInt8>) throws(JPEGError) {
    unsafe try pixels.withUnsafeMutableBytes { bytes throws(JPEGError) in
      guard let row = bytes.baseAddress else { return }
      unsafe try readRows(row, pitch: bytes.count, count: 1)
    }
  }

  func error(_ reason: JPEGError.Reason) -> JPEGError { JPEGError(name, reason) }

  private func check(_ result: texalloc_jpeg_result) throws(JPEGError) {
    if let reason = unsafe Self.reason(result, reader) { throw error(reason) }
  }

  @unsafe private static func reason(
    _ result: texalloc_jpeg_result, _ reader: OpaquePointer
  ) -> JPEGError.Reason? {
    // The library's message ends with a zero and lives as long as the reader.
    var message: String { unsafe String(cString: texalloc_jpeg_message(reader)) }
    return switch result {
    case .done: nil
    case .unsupported: .unsupported(message)
    case .truncated: .truncated
    case .damaged: .damaged(message)
    case .out_of_memory: .outOfMemory
    }
  }
}

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
