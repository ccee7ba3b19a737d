/// Memory of a GPU that another API of the same GPU opens: what a slab keeps whose heap allows that.
package final class ExportedMemory: Sendable {
  /// How a slab tells it.
  package static let ofSlab = SlabCompanion<ExportedMemory>()

  /// The UUIDs of the GPU and of its driver, 32 digits each: who has other ones does not understand the
  /// descriptor.
  package let device, driver: String
  /// Bytes.
  package let size: Int
  private let export: @Sendable () throws(SystemFailure) -> OwnedDescriptor

  /// - Parameter export: Makes a descriptor of the whole of it, which only that driver reads.
  package init(
    device: String, driver: String, size: Int,
    export: @escaping @Sendable () throws(SystemFailure) -> OwnedDescriptor
  ) {
    self.device = device
    self.driver = driver
    self.size = size
    self.export = export
  }

  /// One more descriptor of it.
  package func descriptor() throws(SystemFailure) -> OwnedDescriptor { try export() }
}
