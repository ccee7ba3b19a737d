internal import SystemPackage

extension TextureBuffer {
  /// Takes a peer's buffer. Sizes are those of the descriptors; the message only says where in them the
  /// planes are, which is checked. Memfds are sealed already, of usual pages, and all there before anybody
  /// touches them. What is not taken is closed with the packet.
  convenience init(
    receiving offer: WireOffer, in packet: Packet, within quota: PeerQuota
  ) throws(SharingError) {
    do throws(AdoptionRefused) {
      let name = offer.label.isEmpty ? "buffer \(offer.tenure.number)" : offer.label
      let size = ImageSize(width: Int(offer.width), height: Int(offer.height))
      let isLinear = offer.format.modifier == .linear
      let check = AdoptionCheck(name: name, cpuUsage: isLinear ? [.read] : [])
      var image = AdoptedImage(size, offer.format, [])
      (image.colour, image.alpha, image.sampling) = (offer.colour, offer.alpha, offer.sampling)
      var files: [(file: AdoptedFile, start: Int)] = []
      for index in 0..<offer.memories {
        let file = try AdoptedFile(owning: packet.take(index), named: name, isForeign: true)
        if !isLinear && file.isMemfd {
          throw AdoptionRefused.unsuitable(
            buffer: name, field: "modifier", wanted: "linear in a memfd", held: "\(offer.format)")
        }
        let start = try check.start(after: files.last.map { ($0.start, $0.file.size) }, file.size)
        files.append((file, start))
      }
      var places: [AdoptionCheck.Place] = []
      for plane in offer.planes {
        let (file, start) = files[Int(plane.memory)]
        image.planes.append(
          .init(file.descriptor, offset: Int(plane.offset), pitch: Int(plane.pitch)))
        places.append(
          .init(plane: image.planes[image.planes.count - 1], size: file.size, start: start))
      }
      let layout = try check.layout(of: image, at: places)
      func refusal(of bytes: Int) -> AdoptionRefused {
        .unsuitable(
          buffer: name, field: "size",
          wanted: "at most \(quota.limit - quota.held) more bytes of the peer's", held: "\(bytes)")
      }
      let bytes = files.reduce(0) { $0 + $1.file.size }
      guard let charge = quota.charge(bytes) else { throw refusal(of: bytes) }
      try self.init(
        layout, at: 0, in: files, mappedFor: check.cpuUsage, charging: charge, named: name)
      // All that it says to have is there by now; what could not be cut off behind it is held with it.
      let more = files.reduce(0) { $0 + $1.file.bytesBehind }
      guard charge.grow(by: more) else { throw refusal(of: more) }
    } catch {
      throw .memory(error)
    }
  }
}
