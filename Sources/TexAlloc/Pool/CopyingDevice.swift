/// A registrar that uses no memory of a pool itself, but copies what is in it.
struct CopyingDevice: Component {
  let attributes: BufferAttributes

  /// The components with every registrar that can copy in this role; nil where none can.
  static func replacing(registrarsOf components: [any Component]) -> [any Component]? {
    var isAny = false
    let result = components.map { component -> any Component in
      guard let copying = (component as? any Registrar)?.copying else { return component }
      isAny = true
      return CopyingDevice(attributes: copying)
    }
    return isAny ? result : nil
  }
}
