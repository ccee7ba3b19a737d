public import CTexAlloc
internal import TexAlloc
internal import TexAllocEGL
internal import TexAllocJSON
internal import TexAllocVulkan

@c @implementation
public func texalloc_report_get_text(
  _ report: OpaquePointer?, _ text: UnsafeMutablePointer<UnsafePointer<CChar>?>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(text, for: "text")
    unsafe room.pointee = try Handles.reports.find(report).pointer
  }
}

@c @implementation
public func texalloc_report_release(_ report: OpaquePointer?) -> texalloc_status {
  answer { try Handles.reports.release(report) }
}

@c @implementation
public func texalloc_merge_json(
  _ participants: UnsafePointer<UnsafePointer<CChar>?>?, _ count: UInt32, _ width: UInt32,
  _ height: UInt32, _ report: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(report, for: "report")
    let list = try unsafe array(participants, count, "participants")
    var texts: [String] = []
    for index in unsafe list.indices {
      texts.append(try unsafe text(list[index], "a participant"))
    }
    let image =
      width == 0 && height == 0 ? nil : ImageSize(width: Int(width), height: Int(height))
    let outcome: Result<MergedAttributes, MergeError>
    do throws(MergeError) {
      let all = try texts.enumerated().map { index, text throws(MergeError) in
        do throws(InvalidAttributes) {
          return try BufferAttributes(json: Array(text.utf8), file: "participant \(index)")
        } catch {
          throw .invalid(error)
        }
      }
      outcome = .success(try BufferAttributes.merging(all, image: image))
    } catch {
      outcome = .failure(error)
    }
    unsafe room.pointee = try Handles.reports.insert(CText(outcome.json))
    _ = try outcome.get()
  }
}

extension texalloc_merged: SizedStruct {
  fileprivate init(_ merged: MergedAttributes) {
    self.init()
    format = merged.format?.fourcc.rawValue ?? 0
    modifier = merged.format?.modifier.rawValue ?? 0
    buffers = UInt32(clamping: merged.buffers)
    caching = merged.chosenCaching.map { $0.flag } ?? 0
    guard let layout = merged.layout else { return }
    size = UInt64(layout.size)
    plane_count = UInt32(layout.planes.count)
    planes = four { texalloc_plane($0, of: layout) }
  }
}

@c @implementation
public func texalloc_merge(
  _ participants: UnsafePointer<UnsafePointer<texalloc_attributes>?>?, _ count: UInt32,
  _ width: UInt32, _ height: UInt32, _ merged: UnsafeMutablePointer<texalloc_merged>?
) -> texalloc_status {
  answer {
    try unsafe requireRoom(in: merged)
    let list = try unsafe array(participants, count, "participants")
    let all = try unsafe list.indices.map { index in
      guard let stated = unsafe list[index] else {
        throw Misuse.argument("participant \(index) is NULL")
      }
      return unsafe try BufferAttributes(passed(stated))
    }
    let image =
      width == 0 && height == 0 ? nil : ImageSize(width: Int(width), height: Int(height))
    let outcome = try BufferAttributes.merging(all, image: image)
    unsafe try pass(texalloc_merged(outcome), to: merged)
  }
}

extension Result<MergedAttributes, MergeError> {
  fileprivate var json: String {
    switch self {
    case .success(let merged): merged.json
    case .failure(.conflict(let conflict)): conflict.json
    case .failure(.invalid(let invalid)): invalid.json
    }
  }
}

@c @implementation
public func texalloc_pool_get_plan(
  _ pool: OpaquePointer?, _ image: UnsafePointer<texalloc_image>?, _ flags: UInt32,
  _ report: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(report, for: "report")
    let held = try Handles.pools.find(pool)
    guard let image = unsafe image else { throw Misuse.argument("image is NULL") }
    let plan = try held.pool.plan(
      for: unsafe withPassed(image) { try unsafe held.descriptor(of: $0) },
      AllocationFlags(checking: flags))
    unsafe room.pointee = try Handles.reports.insert(CText(plan.json))
  }
}

@c @implementation
public func texalloc_probe(
  _ device: OpaquePointer?, _ report: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(report, for: "report")
    let gpu = unsafe device == nil ? nil : try Handles.devices.find(device).gpu
    let limit = ImageLimit.now()
    let json = JSONValue.object([
      "version": .string(
        "\(TEXALLOC_VERSION_MAJOR).\(TEXALLOC_VERSION_MINOR).\(TEXALLOC_VERSION_PATCH)"),
      "limits": .object([
        "descriptors": .integer(limit.descriptors), "mappings": .integer(limit.mappings),
        "images": .integer(limit.images),
      ]),
      "heaps": .array(Heaps.found().map { JSONValue($0) }),
      "device": gpu.map { JSONValue($0) },
      "routes": try gpu.map { .array(routes(in: try TexturePool(for: [$0]))) },
      "formats": try gpu.map { .array(try formats(of: $0)) },
      "vulkan": probeOfVulkan(),
    ])
    unsafe room.pointee = try Handles.reports.insert(CText(json.text))
  }
}

/// What a pool for a device plans for the images that toolkits have.
private func routes(in pool: TexturePool) -> [JSONValue] {
  let images: [(String, Fourcc)] = [
    ("photographs", .abgr8888), ("photographs, blue first", .argb8888), ("glyph pages", .r8),
  ]
  return images.map { image, fourcc in
    let plan = Result { () throws(AllocationError) in
      try pool.plan(for: ImageDescriptor(width: 64, height: 64, formats: [fourcc]))
    }
    let found = try? plan.get()
    let reason: String? =
      switch plan {
      case .success(let plan): plan.obstacle
      case .failure(let error): "\(error)"
      }
    return .object([
      "image": .string(image), "fourcc": .string("\(fourcc)"),
      "route": JSONValue(found?.route?.rawValue), "heap": JSONValue(found?.heap),
      "reason": JSONValue(reason),
    ])
  }
}

/// Opens each device of Vulkan that there is.
private func probeOfVulkan() -> JSONValue {
  var (devices, failures): ([JSONValue], [JSONValue]) = ([], [])
  do {
    for about in try VulkanDevice.present() {
      do {
        let gpu = try VulkanDevice.headless(.index(about.index))
        devices.append(JSONValue(gpu, routes: routes(in: try TexturePool(for: [gpu]))))
      } catch {
        failures.append(.string("\(about.name): \(error)"))
      }
    }
  } catch {
    failures.append(.string("\(error)"))
  }
  return .object(["devices": .array(devices), "failures": .array(failures)])
}

private func formats(of gpu: EGLDevice) throws -> [JSONValue] {
  if gpu.importObstacle != nil { return [] }
  let heaps = Heaps.present().filter { gpu.attributes.heaps?.contains($0.name) ?? true }
  return try gpu.survey(in: TexturePool(for: [], from: heaps)).map { finding in
    let (outcome, reason): (String, String?) =
      switch finding.outcome {
      case .works: ("works", nil)
      case .imports: ("imports", "its pixels were not compared")
      case .refused(let why): ("refused", why)
      case .untried(let why): ("untried", why)
      }
    return .object([
      "fourcc": .string("\(finding.format.fourcc)"),
      "modifier": .string("0x" + String(finding.format.modifier.rawValue, radix: 16)),
      "externalOnly": .boolean(finding.isExternalOnly), "outcome": .string(outcome),
      "reason": JSONValue(reason),
    ])
  }
}

extension JSONValue {
  /// null where there is none.
  fileprivate init(_ text: String?) { self = text.map { .string($0) } ?? .null }

  fileprivate init(_ finding: HeapFinding) {
    let failure: String? =
      switch finding.heap {
      case .success: nil
      case .failure(let failure): "\(failure)"
      }
    self = .object([
      "name": .string(finding.name), "present": .boolean(failure == nil),
      "caching": JSONValue(finding.caching.map { "\($0)" }), "reason": JSONValue(failure),
    ])
  }

  fileprivate init(_ gpu: EGLDevice) {
    let about = gpu.description
    self = .object([
      "driver": .string(about.driver), "vendor": .string(about.vendor),
      "renderer": .string(about.renderer), "version": .string(about.version),
      "isSoftware": .boolean(about.isSoftware), "maxTextureSize": .integer(about.maxTextureSize),
      "chosenBecause": .string(about.reason), "importObstacle": JSONValue(gpu.importObstacle),
      "quirks": .strings(gpu.profiles.map(\.name)),
    ])
  }

  fileprivate init(_ gpu: VulkanDevice, routes: [JSONValue]) {
    let about = gpu.description
    let memory = gpu.memoryHeaps.map {
      JSONValue.object(["heap": .string($0.name), "caching": .string("\($0.caching)")])
    }
    self = .object([
      "name": .string(about.name), "kind": .string(about.kind.rawValue),
      "driver": .string(about.driver), "version": .string(about.version),
      "uuid": .string(about.uuid), "importsHostMemory": .boolean(gpu.importsHostMemory),
      "importsDMABufs": .boolean(gpu.importsDMABufs), "routes": .array(routes),
      "memory": .array(memory),
    ])
  }
}
