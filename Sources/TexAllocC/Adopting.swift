public import CTexAlloc
internal import TexAlloc

extension texalloc_adopted_image: SizedStruct {}

@c @implementation
public func texalloc_buffer_adopt(
  _ image: UnsafePointer<texalloc_adopted_image>?, _ buffer: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(buffer, for: "buffer")
    guard let image = unsafe image else { throw Misuse.argument("image is NULL") }
    let wanted = try unsafe passed(image)
    var usage: Set<CPUUsage> = []
    if unsafe wanted.is_read { usage.insert(.read) }
    if unsafe wanted.is_written { usage.insert(.sequentialWrite) }
    let buffer = try TextureBuffer(
      adopting: unsafe AdoptedImage(wanted), mappedFor: usage,
      heap: unsafe wanted.heap.map { unsafe String(cString: $0) },
      named: unsafe wanted.name.map { unsafe String(cString: $0) } ?? "adopted")
    unsafe room.pointee = try Handles.buffers.insert(HeldBuffer(buffer))
  }
}

extension AdoptedImage {
  fileprivate init(_ image: texalloc_adopted_image) throws(Misuse) {
    guard unsafe image.plane_count <= 4 else {
      throw unsafe .argument("plane_count: \(image.plane_count)")
    }
    let places = unsafe [image.planes.0, image.planes.1, image.planes.2, image.planes.3]
    let planes = unsafe places.prefix(Int(image.plane_count)).map {
      AdoptedImage.Plane(
        FileDescriptor(rawValue: $0.descriptor), offset: Int(clamping: $0.offset),
        pitch: Int($0.pitch))
    }
    unsafe self.init(
      ImageSize(width: Int(image.width), height: Int(image.height)),
      Format(Fourcc(rawValue: image.format), Modifier(rawValue: image.modifier)), planes)
    colour = try unsafe Colour(image.colour)
    alpha = try unsafe Alpha(image.alpha)
    sampling = try unsafe Sampling(image.sampling)
  }
}
