package import SystemPackage

/// The photographs of the repository.
package enum TestPhotograph {
  package static func path(_ name: String) -> FilePath {
    FilePath(#filePath).removingLastComponent().pushing("../../assets/photos").appending(name)
  }
}
