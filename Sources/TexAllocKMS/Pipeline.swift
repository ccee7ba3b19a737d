internal import CDRM
internal import TexAlloc

/// The parts of a card that bring a picture to one connector.
struct Pipeline: Sendable {
  let connector: UInt32
  let crtc: UInt32
  /// The primary plane of the CRTC.
  let plane: UInt32
  /// Those that the plane takes, linear ones first.
  let formats: [Format]
  /// Properties that a commit sets, by name; empty where the card is not atomic.
  let connectorProperties, crtcProperties, planeProperties: [String: UInt32]

  /// - Throws: `DisplayError.unsupported` where no part is free.
  init(to connector: Connector, of card: Card) throws(DisplayError) {
    do {
      let resources = try card.resources()
      let crtc = try Self.crtc(for: connector, of: card, resources)
      guard let crtc, let index = resources.crtcs.firstIndex(of: crtc),
        let (plane, blob, codes) = try Self.primaryPlane(ofCRTC: crtc, at: index, of: card)
      else {
        throw DisplayError.unsupported(
          device: card.path.string, feature: "another picture, by \(connector.name)")
      }
      if let blob {
        guard let blob = FormatBlob(blob) else {
          throw DisplayError.damagedFormats(device: card.path.string)
        }
        formats = blob.formats
      } else {
        formats = FormatBlob(codes.map { Format(Fourcc(rawValue: $0)) }).formats
      }
      func ids(of object: UInt32) throws(SystemFailure) -> [String: UInt32] {
        card.isAtomic ? try card.properties(of: object).mapValues(\.id) : [:]
      }
      connectorProperties = try ids(of: connector.id)
      crtcProperties = try ids(of: crtc)
      planeProperties = try ids(of: plane)
      (self.connector, self.crtc, self.plane) = (connector.id, crtc, plane)
    } catch let error as SystemFailure {
      throw DisplayError(error)
    } catch {
      throw error as? DisplayError ?? .gone(device: card.path.string)
    }
  }

  /// The one that drives the connector already, else one that drives no other.
  private static func crtc(
    for connector: Connector, of card: Card, _ resources: Card.Resources
  ) throws(SystemFailure) -> UInt32? {
    func encoder(_ id: UInt32) throws(SystemFailure) -> drm_mode_get_encoder {
      var answer = drm_mode_get_encoder()
      answer.encoder_id = id
      try card.call("MODE_GETENCODER", texalloc_drm_encoder, &answer)
      return answer
    }
    if connector.encoder != 0 {
      let crtc = try encoder(connector.encoder).crtc_id
      if crtc != 0 { return crtc }
    }
    var taken: Set<UInt32> = []
    for other in resources.connectors where other != connector.id {
      let id = try Connector(other, of: card, isProbed: false).encoder
      if id != 0 { taken.insert(try encoder(id).crtc_id) }
    }
    for id in connector.encoders {
      let possible = try encoder(id).possible_crtcs
      for (index, crtc) in resources.crtcs.enumerated()
      where index < 32 && possible >> index & 1 == 1 && !taken.contains(crtc) {
        return crtc
      }
    }
    return nil
  }

  private static func primaryPlane(
    ofCRTC crtc: UInt32, at index: Int, of card: Card
  ) throws(SystemFailure) -> (plane: UInt32, blob: [UInt8]?, codes: [UInt32])? {
    for id in try card.planes() {
      let (plane, codes) = try card.plane(id)
      guard index < 32, plane.possible_crtcs >> index & 1 == 1,
        plane.crtc_id == 0 || plane.crtc_id == crtc
      else { continue }
      let properties = try card.properties(of: id)
      guard properties["type"]?.value == Self.primaryType else { continue }
      let blob = properties["IN_FORMATS"].flatMap { UInt32(exactly: $0.value) } ?? 0
      return (id, blob == 0 ? nil : try card.blob(blob), codes)
    }
    return nil
  }

  /// `DRM_PLANE_TYPE_PRIMARY`.
  private static let primaryType: UInt64 = 1
}

/// A set of properties that the kernel takes as a whole or not at all ([atomic mode setting]).
///
/// [atomic mode setting]: https://docs.kernel.org/gpu/drm-kms.html#atomic-mode-setting
struct Commit {
  private var objects: [UInt32] = []
  private var counts: [UInt32] = []
  private var properties: [UInt32] = []
  private var values: [UInt64] = []

  /// Sets properties of one object. One that the driver does not have is left out where its value means
  /// nothing, and fails where it matters: the kernel misses it then.
  mutating func set(_ object: UInt32, _ ids: [String: UInt32], _ settings: [String: UInt64]) {
    let known = settings.compactMap { name, value in ids[name].map { ($0, value) } }
    objects.append(object)
    counts.append(UInt32(known.count))
    properties += known.map(\.0)
    values += known.map(\.1)
  }

  mutating func commit(
    to card: Card, _ flags: Int32, userData: UInt64 = 0
  ) throws(SystemFailure) {
    var request = drm_mode_atomic()
    request.flags = UInt32(bitPattern: flags)
    request.count_objs = UInt32(objects.count)
    request.user_data = userData
    try objects.asKernelList { address throws(SystemFailure) in
      request.objs_ptr = address
      try counts.asKernelList { address throws(SystemFailure) in
        request.count_props_ptr = address
        try properties.asKernelList { address throws(SystemFailure) in
          request.props_ptr = address
          try values.asKernelList { address throws(SystemFailure) in
            request.prop_values_ptr = address
            try card.call("MODE_ATOMIC", texalloc_drm_atomic, &request)
          }
        }
      }
    }
  }
}

/// Events that a card has written: `drm_event_vblank`.
enum FlipEvent {
  /// What the flips that are over were called.
  static func numbers(in bytes: ArraySlice<UInt8>) -> [UInt64] {
    func number(at offset: Int, _ count: Int) -> UInt64 {
      (0..<count).reduce(0) { $0 | UInt64(bytes[offset + $1]) << ($1 * 8) }
    }
    var numbers: [UInt64] = []
    var start = bytes.startIndex
    while bytes.endIndex - start >= 8 {
      let (kind, length) = (number(at: start, 4), Int(number(at: start + 4, 4)))
      guard length >= 8, length <= bytes.endIndex - start else { break }
      if kind == UInt64(DRM_EVENT_FLIP_COMPLETE), length >= 16 {
        numbers.append(number(at: start + 8, 8))
      }
      start += length
    }
    return numbers
  }
}
