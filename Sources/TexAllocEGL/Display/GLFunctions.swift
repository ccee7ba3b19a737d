package import CEGL

// The functions of OpenGL under their own names, asked of EGL when first used. Each is the same for
// every context and in both APIs: of OpenGL ES 3.0 and OpenGL 3.3 alike, where no word says otherwise.
// What a context lacks must not be called in it, which its version tells. An `EGLConnection` is the
// proof that EGL can be asked.

package let glGetError = unsafe glFunction("glGetError", as: PFNGLGETERRORPROC.self)
package let glGetString = unsafe glFunction("glGetString", as: PFNGLGETSTRINGPROC.self)
package let glGetStringi = unsafe glFunction("glGetStringi", as: PFNGLGETSTRINGIPROC.self)
package let glGetIntegerv = unsafe glFunction("glGetIntegerv", as: PFNGLGETINTEGERVPROC.self)
package let glEnable = unsafe glFunction("glEnable", as: PFNGLENABLEPROC.self)
package let glDisable = unsafe glFunction("glDisable", as: PFNGLDISABLEPROC.self)
package let glFlush = unsafe glFunction("glFlush", as: PFNGLFLUSHPROC.self)
package let glFinish = unsafe glFunction("glFinish", as: PFNGLFINISHPROC.self)

// Textures, and how pixels lie in memory.
package let glGenTextures = unsafe glFunction("glGenTextures", as: PFNGLGENTEXTURESPROC.self)
package let glDeleteTextures = unsafe glFunction(
  "glDeleteTextures", as: PFNGLDELETETEXTURESPROC.self)
package let glActiveTexture = unsafe glFunction(
  "glActiveTexture", as: PFNGLACTIVETEXTUREPROC.self)
package let glBindTexture = unsafe glFunction("glBindTexture", as: PFNGLBINDTEXTUREPROC.self)
package let glIsTexture = unsafe glFunction("glIsTexture", as: PFNGLISTEXTUREPROC.self)
package let glTexParameteri = unsafe glFunction("glTexParameteri", as: PFNGLTEXPARAMETERIPROC.self)
package let glTexImage2D = unsafe glFunction("glTexImage2D", as: PFNGLTEXIMAGE2DPROC.self)
package let glTexSubImage2D = unsafe glFunction("glTexSubImage2D", as: PFNGLTEXSUBIMAGE2DPROC.self)
/// OpenGL: since 4.2, or with `GL_ARB_texture_storage`.
package let glTexStorage2D = unsafe glFunction("glTexStorage2D", as: PFNGLTEXSTORAGE2DPROC.self)
package let glGenerateMipmap = unsafe glFunction(
  "glGenerateMipmap", as: PFNGLGENERATEMIPMAPPROC.self)
package let glCopyTexSubImage2D = unsafe glFunction(
  "glCopyTexSubImage2D", as: PFNGLCOPYTEXSUBIMAGE2DPROC.self)
package let glPixelStorei = unsafe glFunction("glPixelStorei", as: PFNGLPIXELSTOREIPROC.self)

// Buffers.
package let glGenBuffers = unsafe glFunction("glGenBuffers", as: PFNGLGENBUFFERSPROC.self)
package let glDeleteBuffers = unsafe glFunction("glDeleteBuffers", as: PFNGLDELETEBUFFERSPROC.self)
package let glBindBuffer = unsafe glFunction("glBindBuffer", as: PFNGLBINDBUFFERPROC.self)
package let glBufferData = unsafe glFunction("glBufferData", as: PFNGLBUFFERDATAPROC.self)
package let glIsBuffer = unsafe glFunction("glIsBuffer", as: PFNGLISBUFFERPROC.self)
package let glGetBufferParameteriv = unsafe glFunction(
  "glGetBufferParameteriv", as: PFNGLGETBUFFERPARAMETERIVPROC.self)
package let glMapBufferRange = unsafe glFunction(
  "glMapBufferRange", as: PFNGLMAPBUFFERRANGEPROC.self)
package let glUnmapBuffer = unsafe glFunction("glUnmapBuffer", as: PFNGLUNMAPBUFFERPROC.self)

// Fences: `EGLFence` is for who asks on any thread.
let glFenceSync = unsafe glFunction("glFenceSync", as: PFNGLFENCESYNCPROC.self)
let glDeleteSync = unsafe glFunction("glDeleteSync", as: PFNGLDELETESYNCPROC.self)
let glClientWaitSync = unsafe glFunction("glClientWaitSync", as: PFNGLCLIENTWAITSYNCPROC.self)

// Framebuffers.
package let glGenFramebuffers = unsafe glFunction(
  "glGenFramebuffers", as: PFNGLGENFRAMEBUFFERSPROC.self)
package let glDeleteFramebuffers = unsafe glFunction(
  "glDeleteFramebuffers", as: PFNGLDELETEFRAMEBUFFERSPROC.self)
package let glBindFramebuffer = unsafe glFunction(
  "glBindFramebuffer", as: PFNGLBINDFRAMEBUFFERPROC.self)
package let glFramebufferTexture2D = unsafe glFunction(
  "glFramebufferTexture2D", as: PFNGLFRAMEBUFFERTEXTURE2DPROC.self)
package let glFramebufferRenderbuffer = unsafe glFunction(
  "glFramebufferRenderbuffer", as: PFNGLFRAMEBUFFERRENDERBUFFERPROC.self)
package let glCheckFramebufferStatus = unsafe glFunction(
  "glCheckFramebufferStatus", as: PFNGLCHECKFRAMEBUFFERSTATUSPROC.self)
package let glGenRenderbuffers = unsafe glFunction(
  "glGenRenderbuffers", as: PFNGLGENRENDERBUFFERSPROC.self)
package let glDeleteRenderbuffers = unsafe glFunction(
  "glDeleteRenderbuffers", as: PFNGLDELETERENDERBUFFERSPROC.self)
package let glBindRenderbuffer = unsafe glFunction(
  "glBindRenderbuffer", as: PFNGLBINDRENDERBUFFERPROC.self)
package let glRenderbufferStorage = unsafe glFunction(
  "glRenderbufferStorage", as: PFNGLRENDERBUFFERSTORAGEPROC.self)
package let glReadPixels = unsafe glFunction("glReadPixels", as: PFNGLREADPIXELSPROC.self)

// Programs.
package let glCreateShader = unsafe glFunction("glCreateShader", as: PFNGLCREATESHADERPROC.self)
package let glDeleteShader = unsafe glFunction("glDeleteShader", as: PFNGLDELETESHADERPROC.self)
package let glShaderSource = unsafe glFunction("glShaderSource", as: PFNGLSHADERSOURCEPROC.self)
package let glCompileShader = unsafe glFunction("glCompileShader", as: PFNGLCOMPILESHADERPROC.self)
package let glGetShaderiv = unsafe glFunction("glGetShaderiv", as: PFNGLGETSHADERIVPROC.self)
let glGetShaderInfoLog = unsafe glFunction(
  "glGetShaderInfoLog", as: PFNGLGETSHADERINFOLOGPROC.self)
package let glCreateProgram = unsafe glFunction("glCreateProgram", as: PFNGLCREATEPROGRAMPROC.self)
package let glDeleteProgram = unsafe glFunction("glDeleteProgram", as: PFNGLDELETEPROGRAMPROC.self)
package let glAttachShader = unsafe glFunction("glAttachShader", as: PFNGLATTACHSHADERPROC.self)
package let glLinkProgram = unsafe glFunction("glLinkProgram", as: PFNGLLINKPROGRAMPROC.self)
package let glGetProgramiv = unsafe glFunction("glGetProgramiv", as: PFNGLGETPROGRAMIVPROC.self)
let glGetProgramInfoLog = unsafe glFunction(
  "glGetProgramInfoLog", as: PFNGLGETPROGRAMINFOLOGPROC.self)
package let glGetUniformLocation = unsafe glFunction(
  "glGetUniformLocation", as: PFNGLGETUNIFORMLOCATIONPROC.self)
package let glIsProgram = unsafe glFunction("glIsProgram", as: PFNGLISPROGRAMPROC.self)
package let glUseProgram = unsafe glFunction("glUseProgram", as: PFNGLUSEPROGRAMPROC.self)
package let glUniform1i = unsafe glFunction("glUniform1i", as: PFNGLUNIFORM1IPROC.self)
package let glUniform2f = unsafe glFunction("glUniform2f", as: PFNGLUNIFORM2FPROC.self)

// Drawing.
package let glGenVertexArrays = unsafe glFunction(
  "glGenVertexArrays", as: PFNGLGENVERTEXARRAYSPROC.self)
package let glDeleteVertexArrays = unsafe glFunction(
  "glDeleteVertexArrays", as: PFNGLDELETEVERTEXARRAYSPROC.self)
package let glBindVertexArray = unsafe glFunction(
  "glBindVertexArray", as: PFNGLBINDVERTEXARRAYPROC.self)
package let glEnableVertexAttribArray = unsafe glFunction(
  "glEnableVertexAttribArray", as: PFNGLENABLEVERTEXATTRIBARRAYPROC.self)
package let glVertexAttribPointer = unsafe glFunction(
  "glVertexAttribPointer", as: PFNGLVERTEXATTRIBPOINTERPROC.self)
package let glDrawArrays = unsafe glFunction("glDrawArrays", as: PFNGLDRAWARRAYSPROC.self)
package let glViewport = unsafe glFunction("glViewport", as: PFNGLVIEWPORTPROC.self)
package let glClear = unsafe glFunction("glClear", as: PFNGLCLEARPROC.self)
package let glClearColor = unsafe glFunction("glClearColor", as: PFNGLCLEARCOLORPROC.self)
package let glBlendFunc = unsafe glFunction("glBlendFunc", as: PFNGLBLENDFUNCPROC.self)

// Computing: since OpenGL ES 3.1 and OpenGL 4.3.
package let glDispatchCompute = unsafe glFunction(
  "glDispatchCompute", as: PFNGLDISPATCHCOMPUTEPROC.self)
package let glMemoryBarrier = unsafe glFunction("glMemoryBarrier", as: PFNGLMEMORYBARRIERPROC.self)
package let glBindBufferBase = unsafe glFunction(
  "glBindBufferBase", as: PFNGLBINDBUFFERBASEPROC.self)
package let glBindBufferRange = unsafe glFunction(
  "glBindBufferRange", as: PFNGLBINDBUFFERRANGEPROC.self)
package let glBindImageTexture = unsafe glFunction(
  "glBindImageTexture", as: PFNGLBINDIMAGETEXTUREPROC.self)
package let glGetIntegeri_v = unsafe glFunction("glGetIntegeri_v", as: PFNGLGETINTEGERI_VPROC.self)
package let glGetInteger64i_v = unsafe glFunction(
  "glGetInteger64i_v", as: PFNGLGETINTEGER64I_VPROC.self)
package let glUniform1iv = unsafe glFunction("glUniform1iv", as: PFNGLUNIFORM1IVPROC.self)

/// - Returns: The function of this name, which fixes its prototype.
@unsafe private func glFunction<Function>(_ name: String, as: Function.Type) -> Function {
  guard let function = unsafe eglFunction(name, as: Function.self) else {
    fatalError("eglGetProcAddress: no \(name)")
  }
  return function
}
