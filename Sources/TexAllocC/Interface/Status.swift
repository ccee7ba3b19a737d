internal import CTexAlloc
internal import SystemPackage
internal import TexAlloc
internal import TexAllocAssets
internal import TexAllocAtlas
internal import TexAllocEGL
internal import TexAllocText
internal import TexAllocVulkan

/// The status that stands for an error.
func status(of error: any Error) -> texalloc_status {
  switch error {
  case let error as Misuse: error.status
  case let error as AllocationError: status(of: error)
  case let error as ImageDecodingError: status(of: error.reason)
  case let error as RegistrationRefused: status(of: error.cause)
  case let error as EGLFailure: status(of: error.cause)
  case let error as VulkanFailure: status(of: error.cause)
  case let error as SystemFailure: status(of: error)
  case let error as ReadbackRefused: status(of: error.reason)
  case let error as WritingRefused: status(of: error.reason)
  case let error as ExportRefused: status(of: error)
  case let error as AdoptionRefused: status(of: error)
  case let error as AssetError: status(of: error.reason)
  case is InvalidAttributes: TEXALLOC_INVALID_ATTRIBUTES
  case MergeError.conflict: TEXALLOC_CONFLICT
  case MergeError.invalid: TEXALLOC_INVALID_ATTRIBUTES
  case let error as FontError: status(of: error)
  case let error as SharingError: status(of: error)
  default: TEXALLOC_FAILED
  }
}

private func status(of error: SystemFailure) -> texalloc_status {
  if error.isUnsupported { return TEXALLOC_UNSUPPORTED }
  return error.errno == .noMemory ? TEXALLOC_OUT_OF_MEMORY : TEXALLOC_SYSTEM
}

private func status(of error: AllocationError) -> texalloc_status {
  switch error {
  case .invalid: TEXALLOC_INVALID_ATTRIBUTES
  case .conflict: TEXALLOC_CONFLICT
  case .noUser: TEXALLOC_NO_USER
  case .noFormat: TEXALLOC_NO_FORMAT
  case .noHeap: TEXALLOC_NO_HEAP
  case .noRoute: TEXALLOC_NO_ROUTE
  case .tooLarge: TEXALLOC_TOO_LARGE
  case .budget: TEXALLOC_BUDGET
  case .heap(let failure): status(of: failure)
  case .beingAsked: TEXALLOC_BUSY
  }
}

private func status(of reason: ImageDecodingError.Reason) -> texalloc_status {
  switch reason {
  case .unreadable: TEXALLOC_UNREADABLE
  case .notAFile: TEXALLOC_NOT_A_FILE
  case .empty: TEXALLOC_EMPTY
  case .unrecognized: TEXALLOC_UNRECOGNIZED
  case .unsupported: TEXALLOC_UNSUPPORTED
  case .truncated: TEXALLOC_TRUNCATED
  case .damaged: TEXALLOC_DAMAGED
  case .tooMuch: TEXALLOC_TOO_MUCH
  case .bufferInUse: TEXALLOC_BUSY
  case .spentBuffer: TEXALLOC_SPENT
  case .unsuitableBuffer: TEXALLOC_UNSUITABLE_BUFFER
  case .badRegion, .badSize: TEXALLOC_BAD_REGION
  case .noThumbnail: TEXALLOC_NO_THUMBNAIL
  case .cancelled: TEXALLOC_CANCELLED
  case .outOfMemory: TEXALLOC_OUT_OF_MEMORY
  }
}

private func status(of cause: RegistrationRefused.Cause) -> texalloc_status {
  switch cause {
  case .noImport, .importFailed: TEXALLOC_REFUSED_IMPORT
  case .format: TEXALLOC_REFUSED_FORMAT
  case .sampling: TEXALLOC_REFUSED_SAMPLING
  case .externalOnly: TEXALLOC_REFUSED_EXTERNAL_ONLY
  case .heap: TEXALLOC_REFUSED_HEAP
  case .mipmaps: TEXALLOC_REFUSED_MIPMAPS
  case .caching: TEXALLOC_REFUSED_CACHING
  case .cpuUsage: TEXALLOC_REFUSED_CPU_USAGE
  case .deviceUsage: TEXALLOC_REFUSED_DEVICE_USAGE
  case .pitch: TEXALLOC_REFUSED_PITCH
  case .offset: TEXALLOC_REFUSED_OFFSET
  case .size: TEXALLOC_REFUSED_SIZE
  case .descriptors: TEXALLOC_REFUSED_DESCRIPTORS
  case .pixels: TEXALLOC_REFUSED_PIXELS
  case .trial: TEXALLOC_REFUSED_TRIAL
  case .copyFailed: TEXALLOC_REFUSED_COPY
  case .fence: TEXALLOC_REFUSED_FENCE
  case .framebuffer: TEXALLOC_REFUSED_FRAMEBUFFER
  case .wrongThread: TEXALLOC_WRONG_THREAD
  case .lost, .memoryLost: TEXALLOC_LOST
  case .closed: TEXALLOC_CLOSED
  case .spent: TEXALLOC_SPENT
  case .discarded: TEXALLOC_DISCARDED
  }
}

private func status(of cause: EGLFailure.Cause) -> texalloc_status {
  switch cause {
  case .unsupported: TEXALLOC_UNSUPPORTED
  case .failed: TEXALLOC_FAILED
  case .wrongThread: TEXALLOC_WRONG_THREAD
  case .lost: TEXALLOC_LOST
  case .closed: TEXALLOC_CLOSED
  case .notShared: TEXALLOC_NOT_SHARED
  case .joined: TEXALLOC_JOINED
  }
}

private func status(of cause: VulkanFailure.Cause) -> texalloc_status {
  switch cause {
  case .unsupported: TEXALLOC_UNSUPPORTED
  case .failed, .timedOut: TEXALLOC_FAILED
  case .outOfMemory: TEXALLOC_OUT_OF_MEMORY
  case .lost: TEXALLOC_LOST
  case .closed: TEXALLOC_CLOSED
  case .inUse: TEXALLOC_IN_USE
  }
}

private func status(of reason: ReadbackRefused.Reason) -> texalloc_status {
  switch reason {
  case .slow: TEXALLOC_SLOW_MEMORY
  case .notForReading: TEXALLOC_NOT_FOR_THAT
  case .discarded: TEXALLOC_DISCARDED
  case .lost: TEXALLOC_LOST
  case .spent: TEXALLOC_SPENT
  case .beingWritten: TEXALLOC_BUSY
  }
}

private func status(of reason: WritingRefused.Reason) -> texalloc_status {
  switch reason {
  case .noPlane, .noRows, .stride: TEXALLOC_INVALID_ARGUMENT
  case .notForWriting, .raw: TEXALLOC_NOT_FOR_THAT
  case .spent: TEXALLOC_SPENT
  case .beingWritten, .beingRead: TEXALLOC_BUSY
  }
}

private func status(of error: ExportRefused) -> texalloc_status {
  switch error {
  case .notExportable: TEXALLOC_NOT_FOR_THAT
  case .discarded: TEXALLOC_DISCARDED
  case .failed(let failure): status(of: failure)
  }
}

private func status(of error: AdoptionRefused) -> texalloc_status {
  switch error {
  case .unsuitable: TEXALLOC_NOT_ADOPTED
  case .failed(let failure): status(of: failure)
  }
}

private func status(of reason: AssetError.Reason) -> texalloc_status {
  switch reason {
  case .file(let error): status(of: error.reason)
  case .memory(let error): status(of: error)
  case .device(let error): status(of: error.cause)
  case .cancelled: TEXALLOC_CANCELLED
  case .closed: TEXALLOC_CLOSED
  }
}

private func status(of error: FontError) -> texalloc_status {
  switch error {
  case .unreadable: TEXALLOC_UNREADABLE
  case .notAFont: TEXALLOC_UNRECOGNIZED
  case .noSuchFace: TEXALLOC_NO_FACE
  case .noSuchAxis, .noSuchPosition: TEXALLOC_NO_AXIS
  case .damaged: TEXALLOC_DAMAGED
  case .unsupported: TEXALLOC_UNSUPPORTED
  case .unsupportedSize: TEXALLOC_NO_SIZE
  case .noSuchGlyph: TEXALLOC_NO_GLYPH
  case .full, .noPlace(_, _, .full): TEXALLOC_GLYPHS_FULL
  case .noPlace(_, _, .tooLarge): TEXALLOC_TOO_LARGE
  case .noPlace(_, _, .unsupported): TEXALLOC_UNSUPPORTED
  case .noPlace(_, _, .noPage(let error)): status(of: error)
  case .freeType: TEXALLOC_FAILED
  }
}

private func status(of error: SharingError) -> texalloc_status {
  switch error {
  case .malformed: TEXALLOC_MALFORMED
  case .unexpected: TEXALLOC_UNEXPECTED
  case .memory(let error): status(of: error)
  case .quota: TEXALLOC_QUOTA
  case .slow: TEXALLOC_SLOW_PEER
  case .stranger: TEXALLOC_STRANGER
  case .notExported(let error): status(of: error)
  case .sharedBefore: TEXALLOC_SHARED_BEFORE
  case .misuse: TEXALLOC_OUT_OF_TURN
  case .closed: TEXALLOC_CLOSED
  // A path where nobody listens is nothing that the machine lacks.
  case .failed(let failure):
    failure.errno == .noMemory ? TEXALLOC_OUT_OF_MEMORY : TEXALLOC_SYSTEM
  }
}
