/// Whose planes are written, as a writer sees it.
protocol PlaneOwner: AnyObject, Sendable {
  /// Ends the process where the plane is in use: two writers would tear what they write.
  func beginWriting(plane: Int)
  func endWriting(plane: Int)

  /// Whether pages are made ready as writers come near them, and not before.
  var isMadeReadyByWriters: Bool { get }
  /// Has the pages made ready that somebody is about to write, or the first of them.
  ///
  /// - Returns: How many bytes further on this is to be asked again; nil for never.
  @unsafe func makeReady(_ bytes: UnsafeRawBufferPointer) -> Int?

  /// Lets the CPU read and write a plane in any order that it writes already.
  func beginRawAccess() throws(RawPlaneRefused)
  func endRawAccess()
}

/// The writing of one plane, from its beginning to its end.
struct PlaneWriting: ~Copyable {
  let owner: any PlaneOwner
  /// nil for a part of a plane, whose writing is that of the whole.
  private let plane: Int?

  init(of plane: Int, in owner: any PlaneOwner) {
    owner.beginWriting(plane: plane)
    self.owner = owner
    self.plane = plane
  }

  init(partOf owner: any PlaneOwner) {
    self.owner = owner
    plane = nil
  }

  deinit { if let plane { owner.endWriting(plane: plane) } }
}
