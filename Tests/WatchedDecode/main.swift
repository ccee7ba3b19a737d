// Decodes a JPEG file as any program would, and prints what that took: allocations of a decode into
// warm memory, 0 where they cannot be counted, and KiB of memory by which the first decode exceeded the
// idle process at its peak.
//
//     watcheddecode FILE [--icc] [--salvage]
//
// Or decodes it many times, so that a profiler can look on: `watcheddecode FILE ours TIMES`, `entropy`
// as far as coefficients, and `bare` by TurboJPEG alone into memory of its own.
import CTexbench
import CTurboJPEG
import Foundation
import Synchronization
import SystemPackage
import TexAlloc
import TexAllocJPEG

/// PSS of this process, but for pages of files: what other programs share of the libraries comes and
/// goes with them.
func proportionalKiB() -> Int {
  let text = (try? String(contentsOfFile: "/proc/self/smaps_rollup", encoding: .utf8)) ?? ""
  return text.split(separator: "\n").reduce(0) { sum, line in
    guard line.hasPrefix("Pss_Anon:") || line.hasPrefix("Pss_Shmem:") else { return sum }
    return sum + (Int(line.filter(\.isNumber)) ?? 0)
  }
}

func watch(_ path: FilePath, _ options: DecodingOptions) throws {
  // The pages that a pool makes ready for what comes next are not this picture's.
  let pool = try TexturePool(for: [JPEGDecoder.component], limits: PoolLimits(prefault: 0))
  func decode(_ goOn: @Sendable (Double) -> Bool) throws {
    let photo = try JPEGImage(contentsOf: path, options)
    try photo.decode(into: pool.allocate(photo.descriptor), goOn: goOn)
  }
  // What the first look at anything costs is no decode's.
  _ = proportionalKiB()
  let before = proportionalKiB()
  let peak = Atomic(0)
  try decode { _ in
    peak.max(proportionalKiB(), ordering: .relaxed)
    return true
  }
  try decode { _ in true }
  let count = texbench_allocations()
  try decode { _ in true }
  print(texbench_allocations() - count, peak.load(ordering: .relaxed) - before)
}

func repeatOurs(_ bytes: [UInt8], times: Int) throws {
  let pool = try TexturePool(for: [JPEGDecoder.component])
  for _ in 0..<times {
    let photo = try JPEGImage(bytes)
    try photo.decode(into: pool.allocate(photo.descriptor))
  }
}

func repeatEntropy(_ bytes: [UInt8], times: Int) throws {
  let memory = CoefficientMemory(of: try TexturePool(for: []))
  for _ in 0..<times { _ = try JPEGImage(bytes).coefficients(in: memory) }
}

func repeatBare(_ bytes: [UInt8], times: Int) throws {
  let photo = try JPEGImage(bytes).descriptor
  let pitch = (photo.width * 4 + 63) / 64 * 64
  var pixels = [UInt8](repeating: 0, count: pitch * photo.height)
  let codec = unsafe tjInitDecompress()
  defer { unsafe tjDestroy(codec) }
  for _ in 0..<times {
    // There is room for all rows.
    let result = unsafe tjDecompress2(
      codec, bytes, UInt(bytes.count), &pixels, CInt(photo.width), CInt(pitch), CInt(photo.height),
      CInt(TJPF_RGBA.rawValue), 0)
    precondition(result == 0)
  }
}

let (path, others) = (CommandLine.arguments[1], CommandLine.arguments.dropFirst(2))
if let times = others.last.flatMap({ Int($0) }) {
  let bytes = try [UInt8](Data(contentsOf: URL(filePath: path)))
  switch others.first {
  case "bare": try repeatBare(bytes, times: times)
  case "entropy": try repeatEntropy(bytes, times: times)
  default: try repeatOurs(bytes, times: times)
  }
} else {
  var options = DecodingOptions()
  options.appliesProfile = others.contains("--icc")
  if others.contains("--salvage") { options.damage = .salvage(fill: .zero) }
  try watch(FilePath(path), options)
}
