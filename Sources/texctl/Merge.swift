internal import ArgumentParser
internal import ProgramSupport
internal import TexAlloc
internal import TexAllocJSON

struct Merge: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Merge the attributes of participants.",
    discussion: "Exits 0 with what they agree on, 1 with a conflict, 2 where a file is invalid.")

  @Argument(help: "A JSON file for each participant.")
  var files: [String]

  @Option(help: "Lay out an image of so many pixels: 1920x1080.", transform: ImageSize.argument)
  var image: ImageSize?

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    do throws(MergeError) {
      let merged = try BufferAttributes.merging(participants(), image: image)
      print(json ? merged.json : merged.table)
    } catch {
      switch error {
      case .conflict(let conflict):
        print(json ? conflict.json : conflict.description)
        throw ExitCode(1)
      case .invalid(let invalid):
        if json { print(invalid.json) } else { Console.say(invalid.description) }
        throw ExitCode(2)
      }
    }
  }

  private func participants() throws(MergeError) -> [BufferAttributes] {
    var participants: [BufferAttributes] = []
    for file in files {
      do throws(InvalidAttributes) {
        participants.append(try BufferAttributes(contentsOf: file))
      } catch {
        throw .invalid(error)
      }
    }
    return participants
  }
}
