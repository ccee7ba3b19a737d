/// The components of a pool, and which of them have a say in an image.
struct PoolComponents: Sendable {
  private struct Member: Sendable {
    let attributes: BufferAttributes
    let isCoherent: Bool
    /// nil for one that is none.
    let registrar: (any Registrar)?
    let quirks: [BufferAttributes]
    let deviceUsage: Set<DeviceUsage>
    let cpuUsage: Set<CPUUsage>
    /// Whether it is of another process, which gets every image.
    let isPeer: Bool
  }

  private let members: [Member]
  /// Whether it is known which devices use the pool's images.
  private let knowsDevices: Bool

  /// - Throws: `AllocationError.invalid` for attributes that contradict themselves.
  init(_ components: [any Component]) throws(AllocationError) {
    members = components.map { component in
      let attributes = component.attributes
      return Member(
        attributes: attributes, isCoherent: component.isCoherent,
        registrar: component as? any Registrar,
        quirks: component.quirks,
        deviceUsage: attributes.allDeviceUsage, cpuUsage: attributes.allCPUUsage,
        isPeer: component is PeerComponent)
    }
    knowsDevices = members.contains { !$0.deviceUsage.isEmpty }
    do { _ = try AttributeMerge(members.flatMap { [$0.attributes] + $0.quirks }) } catch {
      throw .invalid(error)
    }
  }

  /// All that take part in laying out an image.
  ///
  /// A component has a say where a device of it does what the image is for; one without a device, in
  /// the images that it writes, and, if it reads, in those that the CPU reads; one that states no usage
  /// at all, in every image; so has one of another process, since what it does there with the images that
  /// it gets, no flag tells here. Its quirks go with it.
  ///
  /// - Parameter writer: Stands for the component of its name.
  /// - Throws: `AllocationError.noUser` where devices are known and none does what the image is for.
  func parties(
    writtenBy writer: BufferAttributes, for flags: AllocationFlags
  ) throws(AllocationError) -> ImageParties {
    let usage = flags.deviceUsage
    try checkUsers(of: usage.subtracting(writer.allDeviceUsage))
    var parties = ImageParties(deviceUsage: usage, constant: [writer])
    for member in members {
      let isWriter = member.attributes.name.hasSameBytes(as: writer.name)
      guard isWriter || hasSay(member, usage, isRead: flags.contains(.cpuRead)) else { continue }
      parties.areCoherent = parties.areCoherent && member.isCoherent
      if !isWriter, let registrar = member.registrar {
        parties.devices.append(
          .init(registrar: registrar, usage: usage.intersection(member.deviceUsage)))
      } else {
        parties.constant += (isWriter ? [] : [member.attributes]) + member.quirks
      }
    }
    parties.constant += CPUAccess.participants(inImageOf: writer, for: flags)
    return parties
  }

  private func hasSay(_ member: Member, _ usage: Set<DeviceUsage>, isRead: Bool) -> Bool {
    if member.isPeer { return true }
    if !member.deviceUsage.isEmpty { return !member.deviceUsage.isDisjoint(with: usage) }
    return member.cpuUsage.isEmpty || isRead && member.cpuUsage.contains(.read)
  }

  private func checkUsers(of usage: Set<DeviceUsage>) throws(AllocationError) {
    guard knowsDevices else { return }
    let missing = members.reduce(usage) { $0.subtracting($1.deviceUsage) }
    guard missing.isEmpty else {
      throw .noUser(
        DeviceUsage.allCases.filter(missing.contains), components: members.map(\.attributes.name))
    }
  }
}

/// All that take part in laying out images of one kind. Equal ones, of one pool, agree on the same.
struct ImageParties: Sendable {
  /// A registrar, and what it does with them.
  struct Device: Sendable {
    let registrar: any Registrar
    let usage: Set<DeviceUsage>
  }

  /// What everybody says if the images take some route.
  struct Voices {
    var participants: [BufferAttributes]
    /// Each with the route that it takes itself.
    var devices: [(registrar: any Registrar, route: Route)] = []
    /// Where the memory is to come from; nil for the pool's heaps.
    var heaps: [any Heap]?
  }

  /// What the images are for.
  let deviceUsage: Set<DeviceUsage>
  /// Those that say the same on every route.
  fileprivate(set) var constant: [BufferAttributes]
  fileprivate(set) var devices: [Device] = []
  /// What those do by the CPU.
  var cpuUsage: Set<CPUUsage> { Set(constant.flatMap(\.allCPUUsage)) }
  /// Whether all of them see what the CPU writes.
  fileprivate(set) var areCoherent = true
  /// What shaders are to get of the images.
  var sampling = Sampling.asStored

  /// On a route, each device takes part with what it offers there, or on the nearest better one: a
  /// display goes on scanning out what a GPU gets a copy of.
  ///
  /// - Parameter foreign: Heaps of which no device that imports knows the name: whether it takes their
  ///   memory, trying tells.
  /// - Throws: Why the route is none: a device takes nothing on it, or none takes it itself.
  func voices(
    on route: Route, trying foreign: [String]
  ) throws(RouteVerdict.Reason) -> Voices {
    var voices = Voices(participants: constant)
    var refusal: RouteVerdict.Reason?
    for device in devices {
      let name = device.registrar.name
      switch device.offer(on: route, trying: foreign) {
      case .failure(let reason): throw .refused(by: name, reason)
      case .success(let (offer, taken, reason)):
        if let reason { refusal = refusal ?? .refused(by: name, reason) }
        voices.participants += [offer.attributes] + offer.quirks
        voices.devices.append((device.registrar, taken))
        if !offer.heaps.isEmpty { voices.heaps = (voices.heaps ?? []) + offer.heaps }
      }
    }
    if let refusal, !voices.devices.contains(where: { $0.route == route }) { throw refusal }
    return voices
  }
}

extension ImageParties: Equatable {
  static func == (left: ImageParties, right: ImageParties) -> Bool {
    left.constant == right.constant && left.areCoherent == right.areCoherent
      && left.sampling == right.sampling
      && left.devices.elementsEqual(right.devices) {
        // Of one pool's components, so the name says which.
        $0.registrar.name.hasSameBytes(as: $1.registrar.name) && $0.usage == $1.usage
      }
  }
}

extension ImageParties.Device {
  /// What it offers on a route, or on the nearest better one, and then why not on the route itself.
  fileprivate func offer(
    on route: Route, trying foreign: [String]
  ) -> Result<(offer: RouteOffer, route: Route, refusal: RouteRefused?), RouteRefused> {
    var refusal: RouteRefused?
    for candidate in Route.allCases.reversed() where candidate <= route {
      do throws(RouteRefused) {
        var offer = try registrar.offer(on: candidate, for: usage)
        if candidate == .imported {
          offer.attributes.add(foreign)
          for index in offer.quirks.indices { offer.quirks[index].add(foreign) }
        }
        try check(offer)
        return .success((offer, candidate, refusal))
      } catch {
        refusal = refusal ?? error
      }
    }
    return .failure(refusal ?? RouteRefused(because: "it takes nothing"))
  }

  private func check(_ offer: RouteOffer) throws(RouteRefused) {
    let missing = usage.subtracting(offer.attributes.allDeviceUsage)
    guard missing.isEmpty else {
      let words = missing.map(\.rawValue).sorted().joined(separator: ", ")
      throw RouteRefused(because: "its images cannot be used for \(words) on this route")
    }
    if let field = offer.attributes.constraints.emptyList {
      throw RouteRefused(because: "it takes none of the \(field.rawValue)")
    }
  }
}

extension BufferConstraints {
  fileprivate var emptyList: AttributeField? {
    if formats?.isEmpty == true { return .formats }
    if heaps?.isEmpty == true { return .heaps }
    return caching?.isEmpty == true ? .caching : nil
  }

  fileprivate mutating func add(_ others: [String]) {
    guard let listed = heaps else { return }
    heaps = listed + others.filter { other in !listed.contains { $0.hasSameBytes(as: other) } }
  }
}

extension BufferAttributes {
  /// Has it take these heaps, too, wherever it lists those that it takes.
  fileprivate mutating func add(_ heaps: [String]) {
    constraints.add(heaps)
    for index in alternatives.indices { alternatives[index].add(heaps) }
  }

  /// What it states by itself or in any of its alternatives.
  fileprivate var allDeviceUsage: Set<DeviceUsage> { all(\.deviceUsage) }
  fileprivate var allCPUUsage: Set<CPUUsage> { all(\.cpuUsage) }

  private func all<Usage>(_ usages: (BufferConstraints) -> [Usage]?) -> Set<Usage> {
    Set(([constraints] + alternatives).compactMap(usages).joined())
  }
}

/// What the library itself does with images for the CPU: participants like any other.
enum CPUAccess {
  /// Lets the CPU read them.
  static let reader = BufferAttributes(name: "cpu reader") { $0.cpuUsage = [.read] }

  /// Writes them by ``PlaneWriter``s, in whole lines.
  static let writer = BufferAttributes(name: "cpu writer") {
    $0.pitchAlignment = PlaneWriter.lineSize
    $0.offsetAlignment = PlaneWriter.lineSize
    $0.cpuUsage = [.sequentialWrite]
  }

  /// Those that take part in an image of this writer: one that states no usage at all writes by CPU.
  static func participants(
    inImageOf writer: BufferAttributes, for flags: AllocationFlags
  ) -> [BufferAttributes] {
    let isWrittenByCPU =
      writer.allCPUUsage.contains(where: \.isWrite)
      || writer.allCPUUsage.isEmpty && writer.allDeviceUsage.isEmpty
    return (isWrittenByCPU ? [Self.writer] : []) + (flags.contains(.cpuRead) ? [reader] : [])
  }
}
