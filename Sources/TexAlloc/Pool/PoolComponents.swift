/// The components of a pool, and which of them have a say in an image.
struct PoolComponents: Sendable {
  /// What a component says, and what is known of it beyond that; they take part together.
  private struct Voice: Sendable {
    let attributes: BufferAttributes
    let quirks: [BufferAttributes]
    let deviceUsage: Set<DeviceUsage>
    let cpuUsage: Set<CPUUsage>
  }

  private let voices: [Voice]
  /// Whether it is known which devices use the pool's images.
  private let knowsDevices: Bool

  init(_ components: [any Component]) {
    voices = components.map { component in
      let attributes = component.attributes
      return Voice(
        attributes: attributes, quirks: component.quirks,
        deviceUsage: attributes.allDeviceUsage, cpuUsage: attributes.allCPUUsage)
    }
    knowsDevices = voices.contains { !$0.deviceUsage.isEmpty }
  }

  /// All that take part in laying out an image.
  ///
  /// A component has a say where a device of it does what the image is for; one without a device, in
  /// the images that it writes, and, if it reads, in those that the CPU reads; one that states no usage
  /// at all, in every image. Its quirks go with it.
  ///
  /// - Parameter writer: Stands for the component of its name.
  /// - Throws: `AllocationError.noUser` where devices are known and none does what the image is for.
  func participants(
    writtenBy writer: BufferAttributes, for flags: AllocationFlags
  ) throws(AllocationError) -> [BufferAttributes] {
    let usage = flags.deviceUsage
    try checkUsers(of: usage.subtracting(writer.allDeviceUsage))
    var participants = [writer]
    for voice in voices {
      let isWriter = voice.attributes.name.hasSameBytes(as: writer.name)
      guard isWriter || hasSay(voice, usage, isRead: flags.reader != nil) else { continue }
      participants += (isWriter ? [] : [voice.attributes]) + voice.quirks
    }
    if let reader = flags.reader, !participants.contains(reader) { participants.append(reader) }
    return participants
  }

  private func hasSay(_ voice: Voice, _ usage: Set<DeviceUsage>, isRead: Bool) -> Bool {
    if !voice.deviceUsage.isEmpty { return !voice.deviceUsage.isDisjoint(with: usage) }
    return voice.cpuUsage.isEmpty || isRead && voice.cpuUsage.contains(.read)
  }

  private func checkUsers(of usage: Set<DeviceUsage>) throws(AllocationError) {
    guard knowsDevices else { return }
    let missing = voices.reduce(usage) { $0.subtracting($1.deviceUsage) }
    guard missing.isEmpty else {
      throw .noUser(
        DeviceUsage.allCases.filter(missing.contains), components: voices.map(\.attributes.name))
    }
  }
}

extension BufferAttributes {
  /// What it states by itself or in any of its alternatives.
  fileprivate var allDeviceUsage: Set<DeviceUsage> { all(\.deviceUsage) }
  fileprivate var allCPUUsage: Set<CPUUsage> { all(\.cpuUsage) }

  private func all<Usage>(_ usages: (BufferConstraints) -> [Usage]?) -> Set<Usage> {
    Set(([constraints] + alternatives).compactMap(usages).joined())
  }
}
