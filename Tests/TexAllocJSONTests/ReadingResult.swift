import TexAlloc
import TexAllocJSON

/// What reading a text of the file "file" gives.
func read(_ text: some Sequence<UInt8>) -> Result<BufferAttributes, InvalidAttributes> {
  Result { () throws(InvalidAttributes) in
    try BufferAttributes(json: Array(text), file: "file")
  }
}

func read(_ text: String) -> Result<BufferAttributes, InvalidAttributes> { read(text.utf8) }

extension Result<BufferAttributes, InvalidAttributes> {
  var attributes: BufferAttributes? { try? get() }

  var invalid: InvalidAttributes? {
    if case .failure(let invalid) = self { invalid } else { nil }
  }
}
