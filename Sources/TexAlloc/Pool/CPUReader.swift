/// The application where it reads images back.
struct CPUReader: Component {
  static let component = CPUReader()

  let attributes = BufferAttributes(name: "cpu reader") { $0.cpuUsage = [.read] }
}
