internal import SystemPackage
internal import Synchronization
internal import TexAlloc

/// What an import must not exceed: the numbers that EGL takes, and the images and descriptors of a process.
extension EGLDevice {
  /// EGL takes numbers of 32 bits.
  func checkNumbers(of buffer: TextureBuffer) throws(RegistrationRefused) {
    let limit = Int(Int32.max)
    for (index, plane) in buffer.layout.planes.enumerated() {
      let numbers: [(RegistrationRefused.Cause, Int)] = [
        (.offset, buffer.place(ofPlane: index).offset), (.pitch, plane.pitch),
      ]
      for (cause, value) in numbers where value > limit {
        throw refusal(cause, cause.rawValue, wanted: "at most \(limit)", held: "\(value)")
      }
    }
  }

  func reserveImages(_ count: Int) throws(RegistrationRefused) {
    let limit = imageLimit.images
    /// How many are in the way; nil where there is room.
    func reserve() -> Int? {
      state.withLock { state in
        guard state.liveImages + count <= limit else { return state.liveImages }
        state.liveImages += count
        return nil
      }
    }
    var live = reserve()
    if live != nil, letGoOfKeptImages() { live = reserve() }
    if let live {
      throw refusal(
        .descriptors, "images", wanted: "fewer than \(limit) alive at once", held: "\(live)")
    }
  }

  /// A new descriptor has the lowest number that is free: about as many are open.
  func checkDescriptors(with buffer: TextureBuffer) throws(RegistrationRefused) {
    guard let descriptor = buffer.place(ofPlane: 0).descriptor else { return }
    let limit = imageLimit.openDescriptors
    let lowest: Int
    do {
      let duplicate = try OwnedDescriptor(duplicating: descriptor, named: buffer.name)
      lowest = Int(duplicate.descriptor.rawValue)
    } catch {
      throw refusal(.descriptors, "images", wanted: "a descriptor", held: "\(error)")
    }
    guard lowest < limit else {
      throw refusal(
        .descriptors, "images", wanted: "fewer than \(limit) descriptors open",
        held: "\(lowest) or more")
    }
  }
}
