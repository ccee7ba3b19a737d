/// Whose planes are written, as a writer sees it.
protocol PlaneOwner: AnyObject, Sendable {
  /// Refuses where the plane is in use: two writers would tear what they write.
  func beginWriting(plane: Int) throws(WritingRefused)
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

  /// Ends the process where the plane is in use.
  init(of plane: Int, in owner: any PlaneOwner) {
    do { try self.init(ofFree: plane, in: owner) } catch {
      // Not a precondition, whose words a release build leaves out.
      fatalError("\(error)")
    }
  }

  /// - Throws: `WritingRefused` where the plane is in use.
  init(ofFree plane: Int, in owner: any PlaneOwner) throws(WritingRefused) {
    try owner.beginWriting(plane: plane)
    self.owner = owner
    self.plane = plane
  }

  init(partOf owner: any PlaneOwner) {
    self.owner = owner
    plane = nil
  }

  deinit { if let plane { owner.endWriting(plane: plane) } }
}

/// Why a plane was not lent to be written.
package struct WritingRefused: Error, Hashable, Sendable {
  package enum Reason: Hashable, Sendable {
    case noPlane(Int, of: Int)
    case noRows(upTo: Int, of: Int)
    /// Rows of so many bytes would overlap.
    case stride(Int, rowSize: Int)
    /// It was neither allocated nor adopted for the CPU to write.
    case notForWriting
    case spent
    case beingWritten(Int)
    case beingRead(Int)
    case raw(RawPlaneRefused)
  }

  package let buffer: String
  package let reason: Reason

  init(buffer: String, _ reason: Reason) {
    self.buffer = buffer
    self.reason = reason
  }
}

extension WritingRefused: CustomStringConvertible {
  package var description: String {
    switch reason {
    case .noPlane(let plane, let count): "\(buffer): there is no plane \(plane) of \(count)"
    case .noRows(let end, let count): "\(buffer): rows up to \(end) of \(count)"
    case .stride(let stride, let size):
      "\(buffer): a stride of \(stride) for rows of \(size) bytes"
    case .notForWriting: "\(buffer): it was neither allocated nor adopted for the CPU to write"
    case .spent:
      "\(buffer): a writer after the device has copied it; allocate it with rewritten"
    case .beingWritten(let plane):
      "\(buffer): a second writer of plane \(plane), whose first has not ended"
    case .beingRead(let plane): "\(buffer): a writer of plane \(plane), which is being read"
    case .raw(let refusal): "\(refusal)"
    }
  }
}
