extension BufferAttributes {
  /// The attributes that all participants can live with; see ``AttributeMerge``, which serves better
  /// where the same participants meet many images.
  ///
  /// - Parameter image: Where given, and where a format was chosen, the result has its layout.
  /// - Throws: A participant that is invalid by itself, or a conflict.
  public static func merging(_ participants: [BufferAttributes], image: ImageSize? = nil)
    throws(MergeError) -> MergedAttributes
  {
    let merge: AttributeMerge
    do { merge = try AttributeMerge(participants) } catch { throw .invalid(error) }
    do { return try merge.attributes(for: image) } catch { throw .conflict(error) }
  }
}
