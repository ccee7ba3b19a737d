internal import ArgumentParser

/// The prices of the model.
struct ModelOptions: ParsableArguments {
  @Option(help: "Nanoseconds of the bus for a line that is written whole.")
  private var busWriteNs = WriteCombiningModel().busWrite

  @Option(help: "Nanoseconds of the bus for a line that is written in part.")
  private var partialWriteNs = WriteCombiningModel().partialWrite

  @Option(help: "Nanoseconds that the processor waits for a load.")
  private var loadNs = WriteCombiningModel().load

  var model: WriteCombiningModel {
    WriteCombiningModel(busWrite: busWriteNs, partialWrite: partialWriteNs, load: loadNs)
  }

  func validate() throws {
    guard [busWriteNs, partialWriteNs, loadNs].allSatisfy({ $0 >= 0 && $0.isFinite }) else {
      throw ValidationError("prices are nanoseconds, 0 or more")
    }
  }
}
