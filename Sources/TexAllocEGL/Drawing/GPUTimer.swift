internal import CEGL

/// Times what the GPU does, in the context that is current: by [GL_EXT_disjoint_timer_query], or by OpenGL.
///
/// [GL_EXT_disjoint_timer_query]: https://registry.khronos.org/OpenGL/extensions/EXT/EXT_disjoint_timer_query.txt
@safe package struct GPUTimer {
  private let generate: PFNGLGENQUERIESPROC
  private let delete: PFNGLDELETEQUERIESPROC
  private let begin: PFNGLBEGINQUERYPROC
  private let end: PFNGLENDQUERYPROC
  private let result: PFNGLGETQUERYOBJECTUI64VPROC

  /// nil where the context has no such queries.
  package init?() {
    let isES = GLVersion(glString(GL_VERSION))?.api == .openGLES
    let suffix = isES ? "EXT" : ""
    guard !isES || glExtensions().contains("GL_EXT_disjoint_timer_query"),
      let generate = unsafe eglFunction("glGenQueries" + suffix, as: PFNGLGENQUERIESPROC.self),
      let delete = unsafe eglFunction("glDeleteQueries" + suffix, as: PFNGLDELETEQUERIESPROC.self),
      let begin = unsafe eglFunction("glBeginQuery" + suffix, as: PFNGLBEGINQUERYPROC.self),
      let end = unsafe eglFunction("glEndQuery" + suffix, as: PFNGLENDQUERYPROC.self),
      let result = unsafe eglFunction(
        "glGetQueryObjectui64v" + suffix, as: PFNGLGETQUERYOBJECTUI64VPROC.self)
    else { return nil }
    unsafe self.generate = generate
    unsafe self.delete = delete
    self.begin = begin
    self.end = end
    unsafe self.result = result
  }

  /// What the GPU takes for the commands that the body gives it; waits for it.
  package func time<Failure: Error>(
    _ body: () throws(Failure) -> Void
  ) throws(Failure) -> Duration {
    var (query, time): (GLuint, GLuint64) = (0, 0)
    unsafe generate(1, &query)
    defer { unsafe delete(1, &query) }
    begin(GLenum(GL_TIME_ELAPSED), query)
    do {
      defer { end(GLenum(GL_TIME_ELAPSED)) }
      try body()
    }
    unsafe result(query, GLenum(GL_QUERY_RESULT), &time)
    return .nanoseconds(Int64(time))
  }
}
