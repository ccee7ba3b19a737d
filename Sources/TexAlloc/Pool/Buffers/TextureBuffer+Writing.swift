internal import CStreaming

extension TextureBuffer {
  /// Writes one plane. Until the writer ends, nobody else writes or reads the plane: a second writer,
  /// or one while the plane is read, ends the process, also in a release build. Other threads get
  /// rows of it by ``PlaneWriter/split()``. What devices do with the image is for fences to order.
  ///
  /// Traps where ``cpuUsage`` holds neither `sequentialWrite` nor `randomWrite`: in an image of a
  /// device's that nobody said the CPU writes, and in one that was adopted otherwise.
  @_lifetime(borrow self)
  public func writer(ofPlane plane: Int = 0) -> PlaneWriter {
    precondition(
      cpuUsage.contains(where: \.isWrite),
      "\(name): it was neither allocated nor adopted for the CPU to write")
    // The buffer keeps the mapping, and the writer cannot outlive the buffer.
    return unsafe PlaneWriter(
      bytes(ofPlane: plane), pitch: layout.planes[plane].pitch,
      rowSize: layout.rowSize(ofPlane: plane), rowCount: layout.rowCount(ofPlane: plane),
      during: PlaneWriting(of: plane, in: self))
  }

  /// Writes rows for a device that has them copied into the image, or tries it: also into what was not
  /// allocated for the CPU to write. Rows of whole lines are written as by ``PlaneWriter``, others by
  /// stores of any kind.
  ///
  /// - Parameters:
  ///   - pixels: Row behind row, without padding.
  ///   - rows: Of the plane.
  package func storeRows(_ pixels: Span<UInt8>, _ rows: Range<Int>, ofPlane plane: Int = 0) {
    let (pitch, rowSize) = (layout.planes[plane].pitch, layout.rowSize(ofPlane: plane))
    let rowCount = layout.rowCount(ofPlane: plane)
    precondition(
      isMappedForWriting && (0..<rowCount).contains(rows) && pixels.count == rows.count * rowSize,
      "\(name): \(pixels.count) bytes for rows \(rows)")
    let bytes = unsafe bytes(ofPlane: plane)
    let beginsOnALine = Int(bitPattern: bytes.baseAddress).isMultiple(of: PlaneWriter.lineSize)
    if beginsOnALine && pitch.isMultiple(of: PlaneWriter.lineSize) {
      var writer = unsafe PlaneWriter(
        bytes, pitch: pitch, rowSize: rowSize, rowCount: rowCount,
        during: PlaneWriting(of: plane, in: self))
      return writer.write(pixels, rows: rows)
    }
    let writing = PlaneWriting(of: plane, in: self)
    for (index, row) in rows.enumerated() {
      unsafe pixels.extracting(index * rowSize..<(index + 1) * rowSize).withUnsafeBytes {
        unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[(row * pitch)...]).copyMemory(from: $0)
      }
    }
    texalloc_store_fence()
    _ = consume writing
  }

  /// Makes every byte of the image zero, those between the planes too.
  func fillWithZeroes() {
    memory.beginAccess(for: .writingInOrder)
    let range = offset..<offset + layout.size
    defer { memory.endAccess(for: .writingInOrder, in: range) }
    let bytes = unsafe memory.bytes(in: range)
    unsafe bytes.fillWithZeroes()
  }

  @unsafe func bytes(ofPlane index: Int) -> UnsafeMutableRawBufferPointer {
    precondition(
      layout.planes.indices.contains(index),
      "\(name): there is no plane \(index) among the \(layout.planes.count) of \(layout.format)")
    return unsafe memory.bytes(in: range(ofPlane: index))
  }

  /// Where a plane lies in the memory.
  func range(ofPlane index: Int) -> Range<Int> {
    let plane = layout.planes[index]
    let start = offset + plane.offset
    precondition(plane.offset >= 0 && plane.offset + plane.pitch * plane.rows <= layout.size)
    return start..<start + plane.pitch * plane.rows
  }
}

extension TextureBuffer: PlaneOwner {
  func beginWriting(plane: Int) throws(WritingRefused) {
    guard layout.shapes.indices.contains(plane) else {
      throw WritingRefused(buffer: name, .noPlane(plane, of: layout.shapes.count))
    }
    if let user = use.begin(.writer, ofPlane: plane) {
      throw WritingRefused(
        buffer: name,
        isSpent ? .spent : user == .writer ? .beingWritten(plane) : .beingRead(plane))
    }
    waitForCopy()
    memory.beginAccess(for: .writingInOrder)
  }

  func endWriting(plane: Int) {
    memory.endAccess(for: .writingInOrder, in: range(ofPlane: plane))
    use.end(.writer, ofPlane: plane)
  }

  var isMadeReadyByWriters: Bool {
    // In this order: casts are slow.
    layout.size > CarvedSlab.largestReadySlot && memory is PooledMemory
  }

  @unsafe func makeReady(_ bytes: UnsafeRawBufferPointer) -> Int? {
    unsafe memory.makeReady(bytes)
  }

  func beginRawAccess() throws(RawPlaneRefused) {
    guard cpuUsage.contains(where: \.needsCache) else {
      throw RawPlaneRefused(buffer: name, .notForRandomAccess)
    }
    guard caching == .cached else {
      throw RawPlaneRefused(buffer: name, .notCached(heap: heap, caching: caching))
    }
    memory.beginAccess(for: .reading)
  }

  func endRawAccess() {
    memory.endAccess(for: .reading, in: offset..<offset + layout.size)
  }
}

extension UnsafeMutableRawBufferPointer {
  /// Makes every byte zero, and has the zeros seen before whatever is written next.
  func fillWithZeroes() {
    unsafe initializeMemory(as: UInt8.self, repeating: 0)
    texalloc_store_fence()
  }
}

extension Set<CPUUsage> {
  /// Made once, since each access names them.
  static let writingInOrder: Set = [.sequentialWrite]
  static let reading: Set = [.read]
}
