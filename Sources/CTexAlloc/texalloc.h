/*
 * TexAlloc: texture memory from an allocator.
 *
 * A toolkit decodes a photograph into ordinary memory and then copies it to the GPU. TexAlloc gives it
 * memory that the GPU samples where it lies: a decoder, or the toolkit itself, writes straight into it.
 *
 *   texalloc_device *gpu;                                  // the GPU, by the context that is current
 *   texalloc_pool *pool;                                   // memory that it can sample
 *   texalloc_picture *photo;
 *   texalloc_buffer *buffer;
 *   texalloc_texture *texture;
 *   texalloc_texture_info shown = {sizeof shown};
 *
 *   texalloc_egl_current(NULL, &gpu);
 *   texalloc_pool_create(gpu, NULL, &pool);
 *   texalloc_picture_open("photo.jpg", NULL, &photo);
 *   texalloc_picture_allocate(photo, pool, TEXALLOC_FOR_TEXTURE, &buffer);
 *   texalloc_picture_decode(photo, buffer, NULL);          // straight into texture memory
 *   texalloc_texture_create(gpu, buffer, 0, &texture);     // no copy, or a reason why there was one
 *   texalloc_texture_get_info(texture, &shown);
 *   glBindTexture(shown.planes[0].target, shown.planes[0].name);
 *
 * What holds for every function:
 *
 * Status.   A function returns TEXALLOC_OK or what went wrong, and then has changed nothing and left
 *           what it was to return as it was. texalloc_last_error() has the words.
 * Handles.  An object is held by a pointer that is never followed: it is a number that is looked up. One
 *           that is NULL, was released before, is of another kind or no handle at all is answered with
 *           TEXALLOC_INVALID_HANDLE. Each handle is released once, on any thread unless said otherwise;
 *           to release NULL does nothing. What one object needs of another it keeps: a texture its
 *           buffer, a buffer its memory. So they may be released in any order.
 * Structs.  Begin with their own size, which the caller sets: `texalloc_image image = {sizeof image};`.
 *           What is zero in one that is passed in is left to the library, and NULL in its place is all
 *           zero. Members are added at the end only, so programs go on working with later libraries.
 * Threads.  Every function may be called on any thread, several at a time, but for those that touch
 *           OpenGL: they want a context of the device to be current, and say so by `GL`.
 *           Elsewhere they answer TEXALLOC_WRONG_THREAD.
 * OpenGL.   What such a call touches of OpenGL's state it puts back. Errors that OpenGL held before are
 *           read, and given to `pending_errors`.
 * Callbacks. Are called on a thread that is in a call, unless said otherwise, while no lock of the library's
 *           is held: they may call every function but texalloc_shutdown(). They return as other functions
 *           do, and neither throw nor longjmp.
 * Strings.  Are UTF-8 and end with a zero; paths are bytes, as the kernel takes them. Those that are returned
 *           are the library's, and last as long as the object that they came from unless said otherwise.
 * Fork.     A child of a process that has held a handle gets TEXALLOC_FORKED from everything until it calls
 *           exec.
 *
 * Lengths are in bytes, widths and heights in pixels, times in nanoseconds.
 *
 * C99 and C++17. Apache License 2.0.
 */
#ifndef TEXALLOC_H
#define TEXALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------
 * Version and errors
 * --------------------------------------------------------------------------------------------- */

#define TEXALLOC_VERSION_MAJOR 1
#define TEXALLOC_VERSION_MINOR 0
#define TEXALLOC_VERSION_PATCH 0
/** As texalloc_version() has it: programs may ask for `TEXALLOC_VERSION >= 0x010200`. */
#define TEXALLOC_VERSION \
  (TEXALLOC_VERSION_MAJOR << 16 | TEXALLOC_VERSION_MINOR << 8 | TEXALLOC_VERSION_PATCH)

/** The version of the library that is loaded, which may be newer than this header. */
uint32_t texalloc_version(void);

/** What went wrong, as far as a caller could act on it. Numbers never change. */
typedef enum texalloc_status {
  TEXALLOC_OK = 0,

  /* How the interface is used. */

  /** A pointer is NULL that must not be, or a number is out of its range. */
  TEXALLOC_INVALID_ARGUMENT = 1,
  /** The handle is NULL, was released, is of another kind, or is none. */
  TEXALLOC_INVALID_HANDLE = 2,
  /** A plane of the buffer is being written or read just now, or is not mapped; or a pool is asking a component. */
  TEXALLOC_BUSY = 3,
  /** The process was forked, and has not called exec. */
  TEXALLOC_FORKED = 4,

  /* What several kinds of objects answer. */

  /** The machine lacks what was asked for. */
  TEXALLOC_UNSUPPORTED = 20,
  /** The machine has it, and did not give it. */
  TEXALLOC_FAILED = 21,
  /** A call of the kernel failed. */
  TEXALLOC_SYSTEM = 22,
  /** There is no memory. */
  TEXALLOC_OUT_OF_MEMORY = 23,
  /** No context of the device is current on this thread. */
  TEXALLOC_WRONG_THREAD = 24,
  /** The context of the device is lost, or the memory went with it. */
  TEXALLOC_LOST = 25,
  /** The device, or the loader, was closed. */
  TEXALLOC_CLOSED = 26,
  /** The caller did not want it any more. */
  TEXALLOC_CANCELLED = 27,
  /** Writing the buffer failed or was cancelled: what it holds is no picture. */
  TEXALLOC_DISCARDED = 28,
  /** The GPU has copied the buffer, whose memory is the pool's again; see TEXALLOC_REWRITTEN. */
  TEXALLOC_SPENT = 29,

  /* What a pool answers that has no memory for an image. */

  /** Attributes of a component contradict themselves. */
  TEXALLOC_INVALID_ATTRIBUTES = 40,
  /** Those who touch the image cannot live with each other. */
  TEXALLOC_CONFLICT = 41,
  /** No component of the pool does what the image is for. */
  TEXALLOC_NO_USER = 42,
  /** Nobody says in which format. */
  TEXALLOC_NO_FORMAT = 43,
  /** No heap suits all who touch the image. */
  TEXALLOC_NO_HEAP = 44,
  /** There is no route on which all who touch the image agree. */
  TEXALLOC_NO_ROUTE = 45,
  /** The image is larger than any slab can be. */
  TEXALLOC_TOO_LARGE = 46,
  /** It would pass the budget of the pool. */
  TEXALLOC_BUDGET = 47,

  /* What a file answers that becomes no picture. */

  /** The file cannot be opened or read. */
  TEXALLOC_UNREADABLE = 60,
  /** It is a directory, a pipe, a device. */
  TEXALLOC_NOT_A_FILE = 61,
  /** Nothing is in it. */
  TEXALLOC_EMPTY = 62,
  /** It is of no kind that is known here. */
  TEXALLOC_UNRECOGNIZED = 63,
  /** It ends before its image does. */
  TEXALLOC_TRUNCATED = 64,
  /** Pixels are lost. */
  TEXALLOC_DAMAGED = 65,
  /** It asks for more of something than a limit of the decoder allows. */
  TEXALLOC_TOO_MUCH = 66,
  /** The picture cannot be decoded into this buffer, which is as it was. */
  TEXALLOC_UNSUITABLE_BUFFER = 67,
  /** The region that was asked for does not lie within the picture, or it or the size has no pixel. */
  TEXALLOC_BAD_REGION = 68,
  /** There is no thumbnail in the file, or none that is right. */
  TEXALLOC_NO_THUMBNAIL = 69,

  /* What a device answers that does not take a buffer, which is as it was. */

  /** It imports nothing, or not this memory. */
  TEXALLOC_REFUSED_IMPORT = 80,
  /** It does not take the format or its modifier. */
  TEXALLOC_REFUSED_FORMAT = 81,
  /** It does not give a shader of the image what was asked for. */
  TEXALLOC_REFUSED_SAMPLING = 82,
  /** It takes the format as an external texture only. */
  TEXALLOC_REFUSED_EXTERNAL_ONLY = 83,
  /** It takes no memory of this heap. */
  TEXALLOC_REFUSED_HEAP = 84,
  /** The texture cannot have mipmaps. */
  TEXALLOC_REFUSED_MIPMAPS = 85,
  /** It does not live with how the CPU's mapping is cached. */
  TEXALLOC_REFUSED_CACHING = 86,
  /** The CPU cannot read, or write, what it would have to. */
  TEXALLOC_REFUSED_CPU_USAGE = 87,
  /** The image was allocated for other uses. */
  TEXALLOC_REFUSED_DEVICE_USAGE = 88,
  /** The distance of the rows does not suit it. */
  TEXALLOC_REFUSED_PITCH = 89,
  /** The place in the memory does not suit it. */
  TEXALLOC_REFUSED_OFFSET = 90,
  /** The image is too small, too large, or larger than its memory. */
  TEXALLOC_REFUSED_SIZE = 91,
  /** Too many images or descriptors are alive: release some, and collect. */
  TEXALLOC_REFUSED_DESCRIPTORS = 92,
  /** It showed other pixels than were written. */
  TEXALLOC_REFUSED_PIXELS = 93,
  /** There was no memory or context to try the kind of image in; it may go better another time. */
  TEXALLOC_REFUSED_TRIAL = 94,
  /** The driver did not copy it. */
  TEXALLOC_REFUSED_COPY = 95,
  /** The driver made no fence. */
  TEXALLOC_REFUSED_FENCE = 96,
  /** The driver does not render into it. */
  TEXALLOC_REFUSED_FRAMEBUFFER = 97,

  /* Contexts of one device. */

  /** The context shares nothing with the device's. */
  TEXALLOC_NOT_SHARED = 110,
  /** Further contexts have joined the device; they leave first. */
  TEXALLOC_JOINED = 111,
  /** Textures of the device, or images that lie in its memory, are still held. */
  TEXALLOC_IN_USE = 112,

  /* What the CPU may do with a buffer. */

  /** It was neither allocated nor adopted for that: writing, reading, writing in any order, exporting. */
  TEXALLOC_NOT_FOR_THAT = 120,
  /** The memory is slow to read, and that was not asked for. */
  TEXALLOC_SLOW_MEMORY = 121,
  /** The memory of the application is not what it says, or cannot be used so. It is as it was. */
  TEXALLOC_NOT_ADOPTED = 122,

  /* What a font answers. A file that cannot be read is TEXALLOC_UNREADABLE, one that is no font
   * TEXALLOC_UNRECOGNIZED, one that FreeType stumbles over TEXALLOC_DAMAGED. */

  /** The file has no face of this number. */
  TEXALLOC_NO_FACE = 140,
  /** The face does not vary along this axis, or not to there. */
  TEXALLOC_NO_AXIS = 141,
  /** The face cannot be made this large or small. */
  TEXALLOC_NO_SIZE = 142,
  /** The face has no glyph of this number. */
  TEXALLOC_NO_GLYPH = 143,
  /** All places are taken by glyphs that are or may still be drawn: flush, draw what there is, ask again. */
  TEXALLOC_GLYPHS_FULL = 144,

  /* What goes wrong with another process. */

  /** What the peer sent is no message. The connection is closed. */
  TEXALLOC_MALFORMED = 160,
  /** What the peer sent is not for it to send now. The connection is closed. */
  TEXALLOC_UNEXPECTED = 161,
  /** More buffers or bytes would be with the other side than the limits of the socket allow. */
  TEXALLOC_QUOTA = 162,
  /** The peer did not read for as long as its patience lasts. The connection is closed. */
  TEXALLOC_SLOW_PEER = 163,
  /** The user of the peer may not connect. */
  TEXALLOC_STRANGER = 164,
  /** The buffer went to another peer before. */
  TEXALLOC_SHARED_BEFORE = 165,
  /** The call does not fit what was handed over. The connection is as it was. */
  TEXALLOC_OUT_OF_TURN = 166
} texalloc_status;

/** The name of a status without its prefix, as `WRONG_THREAD`; `?` for a number that is none. */
const char *texalloc_status_name(texalloc_status status);

/**
 * What went wrong in the last call on this thread that failed: the object, the limit and the value, in
 * one line. Never NULL; empty where nothing failed. It lasts until the next call that fails on this thread.
 */
const char *texalloc_last_error(void);

/** How much a message matters. */
typedef enum texalloc_log_level {
  /** A call failed. The caller is told, too. */
  TEXALLOC_LOG_ERROR = 1,
  /** Something is slower than it could be, or was not right and was tolerated. */
  TEXALLOC_LOG_WARNING = 2,
  /** What was chosen, and why. */
  TEXALLOC_LOG_INFO = 3
} texalloc_log_level;

/** Is given a line without its end, which lasts as long as the call. On any thread, several at a time. */
typedef void (*texalloc_log_function)(void *user, texalloc_log_level level, const char *message);

/**
 * Has a function given what there is to say; nobody where NULL, as it is at first. What fails in calls that
 * it makes itself is not written. The function before may still be running on other threads afterwards.
 */
texalloc_status texalloc_set_log(texalloc_log_function log, void *user);

/**
 * Releases every handle that there is, and waits until the library's threads have ended: before its memory
 * is looked at for leaks, say. Devices are closed last, those of OpenGL where their context is current. Not
 * while another thread is in a call. Later calls begin anew.
 *
 * It waits ten seconds for the threads to be done with their work, then without limit for those that are: while
 * a driver lets go of what it has kept for the thread. Devices are waited for as by their own functions.
 *
 * TEXALLOC_BUSY: a thread has not done its work after ten seconds. TEXALLOC_JOINED, TEXALLOC_FAILED: what kept a
 * device from being closed whose context is current; TEXALLOC_IN_USE: one of Vulkan. All handles are gone
 * nevertheless.
 */
texalloc_status texalloc_shutdown(void);

/* ------------------------------------------------------------------------------------------------
 * Devices: the GPU
 * --------------------------------------------------------------------------------------------- */

/** A GPU of OpenGL ES 3.0, or of OpenGL 3.3, and newer, by EGL. */
typedef struct texalloc_device texalloc_device;

/** How pixels get to the GPU, the best way first. */
typedef enum texalloc_route {
  /** The best that can be had. */
  TEXALLOC_ROUTE_ANY = 0,
  /** The GPU samples the buffer's own memory. Nobody copies. */
  TEXALLOC_ROUTE_IMPORTED = 1,
  /** The buffer lies in memory of the GPU's own, which copies it by itself. */
  TEXALLOC_ROUTE_TRANSFERRED = 2,
  /** The CPU copies. */
  TEXALLOC_ROUTE_UPLOADED = 3
} texalloc_route;

/** `imported`, `transferred`, `uploaded`; `any`; `?` for a number that is none. */
const char *texalloc_route_name(texalloc_route route);

typedef struct texalloc_egl_options {
  uint32_t struct_size;
  /** The only route that textures may take. */
  texalloc_route route;
  /**
   * Which device texalloc_egl_surfaceless() opens: `software`, a driver (`iris`) or a node
   * (`/dev/dri/renderD128`); NULL for the first with a driver of its own, or else the software device.
   */
  const char *device;
  /** Is given the names of textures that are gone, in a call that collects or polls: others are to have them. */
  void (*names_gone)(void *user, const uint32_t *names, size_t count);
  /** Is given errors (`GL_INVALID_ENUM`…) that OpenGL held when a call began, by which it takes them away. */
  void (*pending_errors)(void *user, const uint32_t *errors, size_t count);
  /** What these functions are given. */
  void *user;
} texalloc_egl_options;

/**
 * The GPU of the context that is current on this thread: the toolkit's own. GL.
 *
 * TEXALLOC_UNSUPPORTED: there is none, it is GLX's, or it is too old.
 */
texalloc_status texalloc_egl_current(const texalloc_egl_options *options, texalloc_device **device);

/** Opens a GPU, and makes a context of OpenGL ES without a surface current on this thread. */
texalloc_status texalloc_egl_surfaceless(
    const texalloc_egl_options *options, texalloc_device **device);

typedef struct texalloc_device_info {
  uint32_t struct_size;
  bool is_software;
  bool is_lost;
  /** GL_VENDOR, GL_RENDERER, GL_VERSION; and the name of the driver as EGL has it. */
  const char *vendor, *renderer, *version, *driver;
  /** Why no memory of a pool is imported; NULL where some is. */
  const char *import_obstacle;
  uint32_t max_texture_size;
  /** EGLImages that live, and those of them that are kept for images to come. */
  uint32_t live_images, kept_images;
  /** Textures made so far, by route, and bytes that the GPU and the CPU have copied for them. */
  uint64_t imported, transferred, uploaded, bytes_transferred, bytes_uploaded;
} texalloc_device_info;

texalloc_status texalloc_device_get_info(texalloc_device *device, texalloc_device_info *info);

/** Makes the context that the device was opened for current on this thread. */
texalloc_status texalloc_device_make_current(texalloc_device *device);

/**
 * Frees what the GPU held of textures that were released: once a frame. GL. Their memory returns to the
 * pool when everything that was drawn so far is done.
 */
texalloc_status texalloc_device_collect(texalloc_device *device);

/** Lets go of what is kept for textures to come: where memory or descriptors run short. GL. */
texalloc_status texalloc_device_trim(texalloc_device *device);

/**
 * Has the device's calls work in the context that is current, too, which shares with the device's: of
 * another window, or on another thread. Each context says texalloc_texture_use() before it draws a texture
 * that another has made, and collects once a frame.
 *
 * TEXALLOC_NOT_SHARED: it is of another share group, display or API.
 */
texalloc_status texalloc_device_join(texalloc_device *device);

/** Ends that before the context is destroyed. GL. */
texalloc_status texalloc_device_leave(texalloc_device *device);

/**
 * Tells that the context is lost, as EGL_CONTEXT_LOST does. What the GPU held goes. Buffers keep their
 * memory, for the next device; textures are of no use any more.
 */
texalloc_status texalloc_device_lost(texalloc_device *device);

/**
 * Ends the device before its context is destroyed, and releases the handle: waits for the GPU, then takes
 * down its textures, those too that somebody still holds. GL, unless it is lost.
 *
 * TEXALLOC_JOINED: further contexts leave first. TEXALLOC_FAILED: the GPU is not done after ten seconds.
 */
texalloc_status texalloc_device_close(texalloc_device *device);

/* ------------------------------------------------------------------------------------------------
 * Pools: memory for images
 * --------------------------------------------------------------------------------------------- */

/** Memory for the images that a device, the decoders and others share. */
typedef struct texalloc_pool texalloc_pool;

/** Memory for one image: of a pool, or adopted from the application. */
typedef struct texalloc_buffer texalloc_buffer;

/** How a pool grows. */
typedef struct texalloc_pool_limits {
  uint32_t struct_size;
  /** The first slab; each further one is twice as large. 4 MiB. */
  uint64_t first_slab;
  /** The largest slab that several images share. 64 MiB. */
  uint64_t largest_slab;
  /** All slabs together. The memory of the machine. */
  uint64_t budget;
  /** What is made ready ahead of its use. 8 MiB. */
  uint64_t prefault;
} texalloc_pool_limits;

/** A connection to another process, and a GPU of Vulkan; see below. */
typedef struct texalloc_socket texalloc_socket;
typedef struct texalloc_vulkan texalloc_vulkan;

/** A format and the arrangement of its pixels, as in drm_fourcc.h; modifier 0 is linear. */
typedef struct texalloc_format {
  uint64_t modifier;
  uint32_t fourcc;
  uint32_t unused;
} texalloc_format;

/** What the CPU does with an image, for texalloc_attributes; any of them, by `|`. */
enum {
  TEXALLOC_WRITES_IN_ORDER = 1 << 0,
  TEXALLOC_WRITES_IN_ANY_ORDER = 1 << 1,
  TEXALLOC_READS = 1 << 2
};

/** How the CPU's mapping of memory is cached; any of them, by `|`. */
enum {
  TEXALLOC_WRITE_COMBINING = 1 << 0,
  TEXALLOC_CACHED = 1 << 1,
  TEXALLOC_UNCACHED = 1 << 2
};

/** What somebody who touches images can live with. What is zero it has no opinion on. JSON says more: alternatives. */
typedef struct texalloc_attributes {
  uint32_t struct_size;
  /** Whether memory is needed that is one piece for devices; and whether such that the CPU cannot reach. */
  bool is_contiguous, is_protected;
  /** Unlike that of any other participant. */
  const char *name;
  /** 1 to 2^31: of where a plane begins, of the distance of rows, of rows of a plane, of the whole image, of memory. */
  uint32_t offset_alignment, pitch_alignment, height_alignment, size_alignment, physical_alignment;
  uint32_t min_width, max_width, min_height, max_height;
  uint64_t min_pitch, max_pitch, min_size, max_size;
  /** Buffers that there must be, that there may be, and that it keeps to itself at a time. */
  uint32_t min_buffers, max_buffers, held_buffers;
  /** TEXALLOC_WRITE_COMBINING… that it takes; TEXALLOC_WRITES_IN_ORDER… and TEXALLOC_FOR_TEXTURE… that it does. */
  uint32_t caching, cpu_usage, device_usage;
  /** Those that it takes, most wanted first; and names of heaps, in any order. */
  uint32_t format_count, heap_count;
  const texalloc_format *formats;
  const char *const *heaps;
} texalloc_attributes;

/**
 * Something of the application's that touches images: a panel, a codec. It says what it can live with, and may be
 * asked:
 *
 *   static bool panel_accepts(void *panel, texalloc_buffer *buffer, char *reason, size_t room) {
 *     texalloc_buffer_info info = {.struct_size = sizeof info};
 *     texalloc_buffer_get_info(buffer, &info);
 *     if (panel_import(panel, info.descriptors[0], info.planes[0].offset, info.planes[0].pitch)) return true;
 *     snprintf(reason, room, "%s", strerror(errno));
 *     return false;
 *   }
 */
typedef struct texalloc_component {
  uint32_t struct_size;
  /** Whether it does not see what the CPU wrote to cached memory without being told. */
  bool is_incoherent;
  /**
   * What it can live with, or the same as JSON in the form that texalloc_merge_json() describes; the other is
   * NULL. Where they name a device_usage, it has its say in the images that are allocated for that; else in all.
   */
  const texalloc_attributes *attributes;
  const char *json;
  /**
   * Whether it can use a buffer, which suits its attributes; else it writes why not, with a zero behind it, where
   * there is room for `room` bytes. NULL: it can. A pool asks when it first allocates an image of a kind or is asked
   * for the plan of one, on that thread, about a small one of each heap until one is accepted. It does not where the
   * component has no say (it names a device_usage that the image is not for; or a cpu_usage alone, and the image is
   * not TEXALLOC_CPU_READ), nor where no width of 80 to 592 in steps of 16 suits everybody, in whole cache lines.
   * texalloc_buffer_suits() asks about any. The buffer's handle is the library's, and lasts as long as the call, which
   * may do with it what it likes. It neither allocates of that pool nor calls texalloc_pool_get_plan() for it:
   * TEXALLOC_BUSY, where that would have to be planned.
   */
  bool (*accepts)(void *user, texalloc_buffer *buffer, char *reason, size_t room);
  /** What it is given: for as long as the pool lives. */
  void *user;
} texalloc_component;

/**
 * Where memory comes from: an ioctl of the application's, say. What is in it need not outlive a call but `user`. It
 * gives descriptors by `allocate`, which devices may import, or addresses by `map`, which they do not; the
 * others are NULL. None of these functions calls the library.
 */
typedef struct texalloc_heap {
  uint32_t struct_size;
  /** Whether it gives dma-bufs of a driver, which every device tries to import; by `allocate`. */
  bool is_dma_buf;
  /**
   * Its attributes, or the same as JSON, `{"name": "shm", "heaps": ["shm"], "caching": ["cached"]}`; the other is
   * NULL. It lists its own name alone among `heaps`, and how its mapping is cached.
   */
  const texalloc_attributes *attributes;
  const char *json;
  /**
   * Gives a descriptor of at least `size` bytes of memory, whole pages, zeroed, that can be mapped for reading
   * and writing and never shrinks. It is the library's to close. On any thread, several at a time, and one
   * that allocates may wait for it meanwhile. Returns 0, or an errno: ENOMEM.
   */
  int (*allocate)(void *user, size_t size, int *descriptor);
  /** The same for memory that is mapped already: whole pages, zeroed, which stay where they are. */
  int (*map)(void *user, size_t size, void **bytes);
  /**
   * Takes back what `map` gave, once for each: after the last image in it was released and what it was held for has
   * passed, and the pool was released or has given the memory back (texalloc_pool_trim(), or to stay within its
   * budget). It is called within the call that let go of it last, on that thread, or on a thread of the library's
   * that did; never while another call of this heap's functions for the same memory is under way, and with no lock
   * of the library's held that these functions could wait for. Nothing touches the memory from then on.
   */
  void (*unmap)(void *user, void *bytes, size_t size);
  /** What they are given: for as long as the pool or a buffer of it lives. */
  void *user;
} texalloc_heap;

typedef struct texalloc_pool_options {
  uint32_t struct_size;
  const texalloc_pool_limits *limits;
  /** A peer that buffers are for, which has answered with TEXALLOC_EVENT_ATTRIBUTES; may be NULL. */
  texalloc_socket *peer;
  /** Who takes part besides the device, the decoders and the application that writes rows. */
  const texalloc_component *const *components;
  /** Where memory may come from besides the heaps of the machine, before which they come. */
  const texalloc_heap *const *heaps;
  uint32_t component_count, heap_count;
  /** A GPU of Vulkan, instead of the device or beside it. */
  texalloc_vulkan *vulkan;
  /**
   * Whether images are for texalloc_vulkan_texture_get_converted(), too: its driver may want planes to begin, and the
   * last to end, at multiples of 64 KiB for that, which the images of other pools are spared. Needs `vulkan`.
   */
  bool is_for_conversion;
} texalloc_pool_options;

/**
 * A pool for a device, the decoders of JPEG and PNG, and an application that writes rows. They state what
 * they can live with, and what all agree upon is what the memory will be.
 *
 * \param device  NULL for images that no GPU of this process sees.
 */
texalloc_status texalloc_pool_create(
    texalloc_device *device, const texalloc_pool_options *options, texalloc_pool **pool);

/** Lets go of the pool. Its buffers keep their memory. */
texalloc_status texalloc_pool_release(texalloc_pool *pool);

/** What images are for, and what their memory must be besides; any of them, by `|`. */
enum {
  /** The GPU samples it. */
  TEXALLOC_FOR_TEXTURE = 1 << 0,
  /** The GPU renders into it. */
  TEXALLOC_FOR_RENDERING = 1 << 1,
  /** A display shows it. */
  TEXALLOC_FOR_SCANOUT = 1 << 2,
  /** A camera fills it. */
  TEXALLOC_FOR_CAPTURE = 1 << 3,
  /** A hardware encoder reads it, or a hardware decoder writes it. */
  TEXALLOC_FOR_ENCODING = 1 << 4,
  TEXALLOC_FOR_DECODING = 1 << 5,
  /** Beside FOR_TEXTURE: the texture has mipmaps. It is a copy of the GPU's own then. */
  TEXALLOC_MIPMAPPED = 1 << 6,

  /** The CPU reads it, too. */
  TEXALLOC_CPU_READ = 1 << 8,
  /** It shares its slab with no other image. */
  TEXALLOC_DEDICATED = 1 << 9,
  /** Every byte of it is zero at first. */
  TEXALLOC_ZEROED = 1 << 10,
  /** Another process may have it: see texalloc_buffer_export(). */
  TEXALLOC_EXPORTABLE = 1 << 11,
  /** It is written again after the GPU has taken it: a page of glyphs, a frame of a video. */
  TEXALLOC_REWRITTEN = 1 << 12
};

/** A pixel format as in drm_fourcc.h: TEXALLOC_FOURCC('A', 'B', '2', '4') is DRM_FORMAT_ABGR8888. */
#define TEXALLOC_FOURCC(a, b, c, d) \
  ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)
/** R, G, B, A bytes in memory, in this order: what GL_RGBA and GL_UNSIGNED_BYTE are. */
#define TEXALLOC_ABGR8888 TEXALLOC_FOURCC('A', 'B', '2', '4')
/** R, G, B and an ignored byte. */
#define TEXALLOC_XBGR8888 TEXALLOC_FOURCC('X', 'B', '2', '4')
/** B, G, R, A bytes: what cairo and QImage have. */
#define TEXALLOC_ARGB8888 TEXALLOC_FOURCC('A', 'R', '2', '4')
/** B, G, R and an ignored byte. */
#define TEXALLOC_XRGB8888 TEXALLOC_FOURCC('X', 'R', '2', '4')
/** One byte, sampled as red. */
#define TEXALLOC_R8 TEXALLOC_FOURCC('R', '8', ' ', ' ')
/** 16 bits: red in the upper five, blue in the lower five. */
#define TEXALLOC_RGB565 TEXALLOC_FOURCC('R', 'G', '1', '6')
/** Luma, then interleaved Cb, Cr at half width and height. */
#define TEXALLOC_NV12 TEXALLOC_FOURCC('N', 'V', '1', '2')
/** Luma, Cb and Cr, the latter at half width and height; and at full size. */
#define TEXALLOC_YUV420 TEXALLOC_FOURCC('Y', 'U', '1', '2')
#define TEXALLOC_YUV444 TEXALLOC_FOURCC('Y', 'U', '2', '4')

/** What makes luma and chroma of red, green and blue. */
typedef enum texalloc_matrix {
  TEXALLOC_MATRIX_BT601 = 0,
  TEXALLOC_MATRIX_BT709 = 1,
  TEXALLOC_MATRIX_BT2020 = 2
} texalloc_matrix;

/** Which numbers are black and white: all, or of eight bits 16 to 235. */
typedef enum texalloc_range { TEXALLOC_RANGE_FULL = 0, TEXALLOC_RANGE_LIMITED = 1 } texalloc_range;

/** How the numbers grow with light. */
typedef enum texalloc_transfer {
  TEXALLOC_TRANSFER_SRGB = 0,
  TEXALLOC_TRANSFER_LINEAR = 1,
  TEXALLOC_TRANSFER_BT709 = 2,
  TEXALLOC_TRANSFER_PQ = 3,
  TEXALLOC_TRANSFER_HLG = 4
} texalloc_transfer;

/** Where, in one direction, a sample of chroma lies among those of luma that share it. */
typedef enum texalloc_siting {
  TEXALLOC_SITING_CENTRED = 0,
  TEXALLOC_SITING_COSITED = 1
} texalloc_siting;

/** What numbers mean as colours; all zero is what JPEG files and screens have. */
typedef struct texalloc_colour {
  texalloc_matrix matrix;
  texalloc_range range;
  texalloc_transfer transfer;
  texalloc_siting horizontal_siting, vertical_siting;
} texalloc_colour;

/** What the fourth channel says of the other three. */
typedef enum texalloc_alpha {
  /** They were multiplied by it: what blending wants. */
  TEXALLOC_ALPHA_PREMULTIPLIED = 0,
  TEXALLOC_ALPHA_STRAIGHT = 1,
  /** Nothing. */
  TEXALLOC_ALPHA_OPAQUE = 2
} texalloc_alpha;

/** What a shader gets of the numbers. */
typedef enum texalloc_sampling {
  TEXALLOC_SAMPLING_AS_STORED = 0,
  /** Light: the texture undoes the transfer of sRGB before it filters. */
  TEXALLOC_SAMPLING_AS_LIGHT = 1
} texalloc_sampling;

/** An image that is to have memory. */
typedef struct texalloc_image {
  uint32_t struct_size;
  uint32_t width, height;
  /** What it may consist of, most wanted first; TEXALLOC_ABGR8888 where there are none. */
  const uint32_t *formats;
  uint32_t format_count;
  /** Whether the application writes it in any order, and may read what it wrote: a painter. */
  bool is_painted;
  texalloc_alpha alpha;
  texalloc_sampling sampling;
  texalloc_colour colour;
  /** What errors call it; copied. */
  const char *name;
  /** How long to wait for the GPU to be done with released images where memory has run out. */
  uint64_t patience;
} texalloc_image;

/**
 * Memory for one image, by the best route on which all who touch it agree. The first image of a kind waits
 * some milliseconds: one like it is tried.
 *
 * \param flags  What it is for: TEXALLOC_FOR_TEXTURE.
 */
texalloc_status texalloc_pool_allocate(
    texalloc_pool *pool, const texalloc_image *image, uint32_t flags, texalloc_buffer **buffer);

/** What a pool holds at one moment. */
typedef struct texalloc_pool_info {
  uint32_t struct_size;
  uint32_t slabs;
  /** Slots that are taken, and those of them that only wait for the GPU. */
  uint32_t slots, waiting_slots;
  /** Bytes of all slabs, of those that have pages, and of the slots that are taken. */
  uint64_t slab_bytes, resident_bytes, slot_bytes;
} texalloc_pool_info;

texalloc_status texalloc_pool_get_info(texalloc_pool *pool, texalloc_pool_info *info);

/** Changes how the pool grows from now on; members that are zero stay as they are. */
texalloc_status texalloc_pool_set_limits(texalloc_pool *pool, const texalloc_pool_limits *limits);

/** Gives memory back to the system until at most `bytes` have pages, or only what images use. */
texalloc_status texalloc_pool_trim(texalloc_pool *pool, uint64_t bytes);

/* ------------------------------------------------------------------------------------------------
 * Buffers: the memory of one image
 * --------------------------------------------------------------------------------------------- */

typedef struct texalloc_plane {
  /** Pixels that it has; of chroma fewer than the image, rounded up. Bytes of those of one row. */
  uint32_t width, height, row_size;
  /** Bytes from one row to the next. */
  uint32_t pitch;
  /** Bytes from the start of the memory. */
  uint64_t offset;
} texalloc_plane;

typedef struct texalloc_buffer_info {
  uint32_t struct_size;
  uint32_t width, height;
  uint32_t format;
  /** Its arrangement as in drm_fourcc.h; 0: linear. */
  uint64_t modifier;
  /** Bytes of the whole image, padding included. */
  uint64_t size;
  uint32_t plane_count;
  texalloc_plane planes[4];
  /** How it gets to the GPU; TEXALLOC_ROUTE_ANY where no device takes part. */
  texalloc_route route;
  /** Why no better route was taken; NULL where there is none. */
  const char *reason;
  const char *name;
  /** Where the memory came from: `memfd`, `gbm:iris`; and how the CPU's mapping of it is cached. */
  const char *heap, *caching;
  bool is_spent, is_discarded, is_lost;
  /**
   * The memory that each plane lies in, for devices of this process, since other images may share it; -1 where it
   * has none. It is the library's, as long as the buffer lives.
   */
  int descriptors[4];
} texalloc_buffer_info;

texalloc_status texalloc_buffer_get_info(texalloc_buffer *buffer, texalloc_buffer_info *info);

/**
 * Writes rows of a plane, whole and in order, in the only way that write-combining memory likes. Inside
 * of a mapping by TEXALLOC_MAP_ROWS, several threads may write different rows; else nobody else writes or
 * reads the plane meanwhile.
 *
 * \param pixels  Of the first row: `row_size` bytes of each.
 * \param stride  Bytes from one row to the next in `pixels`.
 */
texalloc_status texalloc_buffer_write_rows(
    texalloc_buffer *buffer, uint32_t plane, uint32_t first_row, uint32_t row_count,
    const void *pixels, size_t stride);

/** How a plane is lent. */
typedef enum texalloc_map_mode {
  /** For texalloc_buffer_write_rows() alone, which then may be called many times, on several threads. */
  TEXALLOC_MAP_ROWS = 0,
  /**
   * By its address, to be written in any order: what the image was allocated for by `is_painted` or
   * TEXALLOC_CPU_READ. It holds what was there.
   */
  TEXALLOC_MAP_MEMORY = 1,
  /** As MEMORY; where that cannot be had, ordinary memory, zero at first, that is copied at the end. */
  TEXALLOC_MAP_STAGED = 2
} texalloc_map_mode;

/** A plane that is mapped. */
typedef struct texalloc_mapping {
  uint32_t struct_size;
  /** Whether it is ordinary memory, copied when it is unmapped. */
  bool is_staged;
  /** The first byte of the first row; NULL with TEXALLOC_MAP_ROWS. */
  void *bytes;
  /** Bytes from one row to the next, and of the pixels of one. */
  uint32_t pitch, row_size;
  uint32_t row_count;
} texalloc_mapping;

/**
 * Lends a plane to be written, until texalloc_buffer_unmap(): nobody else writes or reads it meanwhile.
 *
 * TEXALLOC_BUSY: somebody writes or reads it. TEXALLOC_NOT_FOR_THAT: see texalloc_map_mode.
 */
texalloc_status texalloc_buffer_map(
    texalloc_buffer *buffer, uint32_t plane, texalloc_map_mode mode, texalloc_mapping *mapping);

/** Ends that: what was written is seen by whoever is told of it next. */
texalloc_status texalloc_buffer_unmap(texalloc_buffer *buffer, uint32_t plane);

/**
 * Copies the pixels of a plane to the caller, row by row.
 *
 * TEXALLOC_NOT_FOR_THAT: it was allocated without TEXALLOC_CPU_READ. TEXALLOC_SLOW_MEMORY: reading it takes
 * up to a thousand times as long as other memory, and `even_if_slow` is false.
 */
texalloc_status texalloc_buffer_read(
    texalloc_buffer *buffer, uint32_t plane, bool even_if_slow, void *pixels, size_t stride);

/** Says that what was written is no picture: registering, reading and exporting it are refused. */
texalloc_status texalloc_buffer_discard(texalloc_buffer *buffer, const char *reason);

/**
 * Keeps the memory from being used again until a fence has passed, even when the buffer is released.
 *
 * \param fence  A sync_file: what KMS, Vulkan and EGL_ANDROID_native_fence_sync give, and compositors
 *               send. The library's to close if the call succeeds. -1: one that has passed.
 */
texalloc_status texalloc_buffer_hold(texalloc_buffer *buffer, int fence);

/** A descriptor of the memory for another process, in which the image begins at 0; the caller's to close.
 *
 * TEXALLOC_NOT_FOR_THAT: it was allocated without TEXALLOC_EXPORTABLE.
 */
texalloc_status texalloc_buffer_export(texalloc_buffer *buffer, int *descriptor);

/** A plane that lies in memory of the application. */
typedef struct texalloc_adopted_plane {
  /** A dma-buf or a memfd, which is duplicated; planes may share one. */
  int descriptor;
  /** Bytes from one row to the next. */
  uint32_t pitch;
  /** Bytes from the start of the memory. */
  uint64_t offset;
} texalloc_adopted_plane;

/** An image as compositors, cameras and other processes hand it over. */
typedef struct texalloc_adopted_image {
  uint32_t struct_size;
  uint32_t width, height;
  uint32_t format;
  uint64_t modifier;
  uint32_t plane_count;
  /** Whether the CPU will read it, and write it by rows; it is mapped for that, and for nothing else. */
  bool is_read, is_written;
  texalloc_adopted_plane planes[4];
  texalloc_alpha alpha;
  texalloc_sampling sampling;
  texalloc_colour colour;
  /** Where the memory came from (`gbm:vgem`), where the application knows better than the kernel tells. */
  const char *heap;
  const char *name;
} texalloc_adopted_image;

/**
 * Takes an image that the application has memory of, so that devices register it as the library's own. A
 * memfd is sealed against shrinking, for good.
 *
 * TEXALLOC_NOT_ADOPTED: with the field, what it must be and what it is.
 */
texalloc_status texalloc_buffer_adopt(
    const texalloc_adopted_image *image, texalloc_buffer **buffer);

/**
 * Registers a buffer with a component of the application's, as a texture does with a device: sees whether it is what
 * the component can live with, and asks it. Wherever the buffer came from.
 *
 * TEXALLOC_REFUSED_FORMAT, PITCH, HEAP…: the attribute that does not suit. TEXALLOC_REFUSED_IMPORT: it was asked, and
 * has said why not.
 */
texalloc_status texalloc_buffer_suits(texalloc_buffer *buffer, const texalloc_component *component);

/** Lets go of the buffer. Its memory returns to the pool when no texture shows it, and the GPU is done. */
texalloc_status texalloc_buffer_release(texalloc_buffer *buffer);

/* ------------------------------------------------------------------------------------------------
 * Pictures: files of JPEG and PNG
 * --------------------------------------------------------------------------------------------- */

/** A file whose header was read. */
typedef struct texalloc_picture texalloc_picture;

/** Which of the pictures in a file. */
typedef enum texalloc_content {
  TEXALLOC_CONTENT_PICTURE = 0,
  /** The small one in its EXIF, whatever it shows. */
  TEXALLOC_CONTENT_THUMBNAIL = 1,
  /** The same, where its proportions are those of the picture. */
  TEXALLOC_CONTENT_PREVIEW = 2
} texalloc_content;

/** How large a picture is to be shown, so that no more pixels are decoded than that takes. */
typedef enum texalloc_fit {
  /** Pixel by pixel. */
  TEXALLOC_FIT_NONE = 0,
  /** The largest within the size. */
  TEXALLOC_FIT_WITHIN = 1,
  /** The smallest that covers the size. */
  TEXALLOC_FIT_COVER = 2
} texalloc_fit;

typedef struct texalloc_picture_options {
  uint32_t struct_size;
  /** Whether what is right of a damaged file is kept, and the rest filled. */
  bool salvages_damage;
  /** Whether an embedded colour profile is applied, so that the colours are sRGB. */
  bool applies_profile;
  /** Whether luma and chroma are planes of their own where the file has them so. */
  bool prefers_planes;
  /** Red, green, blue, alpha of what is filled. */
  uint8_t fill[4];
  texalloc_content content;
  /** How large it is to be shown; what is decoded has at least as many pixels, and the GPU scales the rest. */
  texalloc_fit fit;
  uint32_t fit_width, fit_height;
  /** The part that is wanted, in pixels of the whole picture as it is to be shown; all where it has no width. */
  uint32_t region_x, region_y, region_width, region_height;
  /** Pixels of an image: 2^28. More than that is TEXALLOC_TOO_MUCH. */
  uint64_t pixels;
  /** Bytes for the coefficients of a progressive JPEG, or an interlaced PNG: 512 MiB. */
  uint64_t working_bytes;
  /** Time that a thread may spend on a JPEG file: a minute. */
  uint64_t time;
  /** Is told, every few rows, which part is decoded, from 0 to 1; ends it where it answers false. */
  bool (*goes_on)(void *user, double done);
  /** What it is given. */
  void *user;
} texalloc_picture_options;

/** Opens a regular file, by its first bytes: TEXALLOC_UNRECOGNIZED where it is neither. */
texalloc_status texalloc_picture_open(
    const char *path, const texalloc_picture_options *options, texalloc_picture **picture);

/** Takes a file that lies in memory, and is copied from there. \param name  What errors call it. */
texalloc_status texalloc_picture_open_bytes(
    const void *bytes, size_t size, const char *name, const texalloc_picture_options *options,
    texalloc_picture **picture);

/** Takes a file by a descriptor, which stays the caller's. \param name  What errors call it. */
texalloc_status texalloc_picture_open_descriptor(
    int descriptor, const char *name, const texalloc_picture_options *options,
    texalloc_picture **picture);

/** How rows as they are stored are to be shown: the numbers of EXIF. Pixels are never turned. */
typedef enum texalloc_orientation {
  TEXALLOC_UPRIGHT = 1,
  TEXALLOC_MIRRORED = 2,
  TEXALLOC_TURNED_HALF = 3,
  TEXALLOC_FLIPPED = 4,
  TEXALLOC_TRANSPOSED = 5,
  TEXALLOC_TURNED_RIGHT = 6,
  TEXALLOC_TRANSVERSED = 7,
  TEXALLOC_TURNED_LEFT = 8
} texalloc_orientation;

typedef struct texalloc_picture_info {
  uint32_t struct_size;
  /** As the rows are stored, which is what the texture has. */
  uint32_t width, height;
  /** The whole picture as it is to be shown, before any region and scale. */
  uint32_t whole_width, whole_height;
  texalloc_orientation orientation;
  texalloc_alpha alpha;
  /** Every format that it can be decoded to, most wanted first. */
  const uint32_t *formats;
  uint32_t format_count;
  /** The colour profile, unless it is applied; NULL where there is none. */
  const void *profile;
  size_t profile_size;
} texalloc_picture_info;

texalloc_status texalloc_picture_get_info(texalloc_picture *picture, texalloc_picture_info *info);

/** Memory for the picture, in its most wanted format: texalloc_pool_allocate() for what it needs. */
texalloc_status texalloc_picture_allocate(
    texalloc_picture *picture, texalloc_pool *pool, uint32_t flags, texalloc_buffer **buffer);

/** The same in one of some formats of its own, most wanted first. */
texalloc_status texalloc_picture_allocate_as(
    texalloc_picture *picture, const uint32_t *formats, uint32_t format_count,
    texalloc_pool *pool, uint32_t flags, texalloc_buffer **buffer);

/** How a decode went that gave a picture. */
typedef struct texalloc_decode_report {
  uint32_t struct_size;
  /** The rows that are those of the file, from 0; fewer than all only where damage was salvaged. */
  uint32_t good_rows;
  /** What was wrong with the file and was tolerated, line by line; empty where nothing. Until the picture
   * is decoded again or released. */
  const char *warnings;
} texalloc_decode_report;

/**
 * Decodes the file straight into a buffer, whose memory is written once and never read.
 *
 * \param buffer  Allocated for it, or of its size and one of its formats.
 * \param report  May be NULL.
 *
 * After TEXALLOC_UNSUITABLE_BUFFER, TEXALLOC_BUSY and TEXALLOC_SPENT the buffer is as it was; after any other
 * error it is discarded.
 */
texalloc_status texalloc_picture_decode(
    texalloc_picture *picture, texalloc_buffer *buffer, texalloc_decode_report *report);

texalloc_status texalloc_picture_release(texalloc_picture *picture);

/* ------------------------------------------------------------------------------------------------
 * Textures: a buffer as the GPU sees it
 * --------------------------------------------------------------------------------------------- */

/** Textures of OpenGL, mostly one, that show a buffer and keep it. */
typedef struct texalloc_texture texalloc_texture;

enum {
  /** It is refused where the CPU would have to copy. */
  TEXALLOC_NEVER_UPLOADED = 1 << 0,
  /** It has mipmaps, which the GPU makes, though the buffer was not allocated so. */
  TEXALLOC_WITH_MIPMAPS = 1 << 1
};

/**
 * Shows a buffer to the GPU, by the best route that there is. GL. The same buffer gives the same texture
 * as long as that lives.
 *
 * \param flags  TEXALLOC_NEVER_UPLOADED, TEXALLOC_WITH_MIPMAPS, or 0.
 */
texalloc_status texalloc_texture_create(
    texalloc_device *device, texalloc_buffer *buffer, uint32_t flags, texalloc_texture **texture);

/** A texture of OpenGL that shows one plane of an image, or all of it. */
typedef struct texalloc_texture_plane {
  /** For glBindTexture(). */
  uint32_t name;
  /** GL_TEXTURE_2D, or GL_TEXTURE_EXTERNAL_OES. */
  uint32_t target;
  uint32_t width, height;
  uint32_t format;
} texalloc_texture_plane;

typedef struct texalloc_texture_info {
  uint32_t struct_size;
  uint32_t width, height;
  /** One plane, unless a shader has to put luma and chroma together. */
  uint32_t plane_count;
  texalloc_texture_plane planes[4];
  /** How the pixels got to the GPU. */
  texalloc_route route;
  /** Why no better route was taken; NULL where there is none. */
  const char *reason;
  bool has_mipmaps;
  /** What the numbers mean, for a shader that converts them. */
  texalloc_colour colour;
  /** What was copied so far: by the GPU, by the CPU. */
  uint64_t bytes_transferred, bytes_uploaded;
} texalloc_texture_info;

texalloc_status texalloc_texture_get_info(texalloc_texture *texture, texalloc_texture_info *info);

/** The buffer that it shows: a handle of its own, to be released. */
texalloc_status texalloc_texture_get_buffer(texalloc_texture *texture, texalloc_buffer **buffer);

/**
 * Tells that rows of the buffer were written again, which a texture copies that is a copy. GL.
 *
 * \param row_count  0: all rows.
 */
texalloc_status texalloc_texture_contents_changed(
    texalloc_texture *texture, uint32_t first_row, uint32_t row_count);

/** Has the context that is current wait, on the GPU, for what another made of the texture; see join. GL. */
texalloc_status texalloc_texture_use(texalloc_texture *texture);

/** Lets go of the texture, on any thread; its names are OpenGL's again after the next collect. */
texalloc_status texalloc_texture_release(texalloc_texture *texture);

/* ------------------------------------------------------------------------------------------------
 * Render targets: a buffer that the GPU draws into
 * --------------------------------------------------------------------------------------------- */

/** A framebuffer whose colours are a buffer's. Row 0 of the image is at y = 0. */
typedef struct texalloc_target texalloc_target;
/** The end of what a GPU was given to do. */
typedef struct texalloc_fence texalloc_fence;

/**
 * Makes a buffer the colours of a framebuffer. GL.
 *
 * \param buffer  Allocated with TEXALLOC_FOR_RENDERING, or adopted.
 * \param flags   TEXALLOC_NEVER_UPLOADED: refused where the CPU would have to copy; or 0.
 */
texalloc_status texalloc_target_create(
    texalloc_device *device, texalloc_buffer *buffer, uint32_t flags, texalloc_target **target);

typedef struct texalloc_target_info {
  uint32_t struct_size;
  /** For glBindFramebuffer(), in the context that it was made in. */
  uint32_t framebuffer;
  texalloc_route route;
  /** Why no better route was taken; NULL where there is none. */
  const char *reason;
} texalloc_target_info;

texalloc_status texalloc_target_get_info(texalloc_target *target, texalloc_target_info *info);

/**
 * Sees to it that what has been drawn so far gets into the buffer: at the end of a frame. GL.
 *
 * \param row_count  0: all rows.
 * \param fence      May be NULL; else what has passed when the pixels are in the buffer's memory.
 */
texalloc_status texalloc_target_finish(
    texalloc_target *target, uint32_t first_row, uint32_t row_count, texalloc_fence **fence);

/** Lets go of it, on any thread. What was not finished is not in the buffer. */
texalloc_status texalloc_target_release(texalloc_target *target);

/** The end of everything drawn so far. GL. */
texalloc_status texalloc_device_make_fence(texalloc_device *device, texalloc_fence **fence);

/**
 * The same for other devices and processes: a sync_file, the caller's to close. GL.
 *
 * TEXALLOC_UNSUPPORTED: the display lacks EGL_ANDROID_native_fence_sync.
 */
texalloc_status texalloc_device_export_fence(texalloc_device *device, int *descriptor);

/**
 * Has everything drawn from now on begin after a sync_file, which stays the caller's, has passed; -1 has. GL.
 */
texalloc_status texalloc_device_wait(texalloc_device *device, int fence);

/** Waits until a fence has passed, `patience` at most; 0 asks. \param has_passed  Whether it has. */
texalloc_status texalloc_fence_wait(texalloc_fence *fence, uint64_t patience, bool *has_passed);

/** A fence of a sync_file, which is the library's to close if the call succeeds. */
texalloc_status texalloc_fence_create(int descriptor, texalloc_fence **fence);

/** The sync_file of a fence, the caller's to close. TEXALLOC_UNSUPPORTED: it is of another kind. */
texalloc_status texalloc_fence_export(texalloc_fence *fence, int *descriptor);

texalloc_status texalloc_fence_release(texalloc_fence *fence);

/* ------------------------------------------------------------------------------------------------
 * Vulkan: a buffer as images of the toolkit's own device
 *
 *   texalloc_vulkan_create(&(texalloc_vulkan_options){.struct_size = …, .instance = …, .device = …, …}, &gpu);
 *   texalloc_pool_create(NULL, &(texalloc_pool_options){.struct_size = …, .vulkan = gpu}, &pool);
 *   texalloc_picture_allocate(photo, pool, TEXALLOC_FOR_TEXTURE, &buffer);
 *   texalloc_picture_decode(photo, buffer, NULL);          // straight into memory that the GPU samples
 *   texalloc_vulkan_texture_create(gpu, buffer, 0, &texture);
 *
 *   texalloc_vulkan_collect(gpu);                          // in each frame, before its commands are submitted
 *
 * Every function may be called on any thread; nobody may hold the lock of the queue that the options name.
 * --------------------------------------------------------------------------------------------- */

/** A device of Vulkan 1.2 and newer, made with the feature `timelineSemaphore`. It lives until it is closed here. */
typedef struct texalloc_vulkan_options {
  uint32_t struct_size;
  /** The only route that textures may take. */
  texalloc_route route;
  /** VkInstance, VkPhysicalDevice, VkDevice; and a VkQueue of a family that draws and computes. */
  void *instance, *physical_device, *device, *queue;
  uint32_t queue_family;
  /**
   * Those that the device was made with. More routes are possible with VK_EXT_external_memory_host,
   * VK_KHR_external_memory_fd, VK_EXT_external_memory_dma_buf, VK_EXT_queue_family_foreign and
   * VK_EXT_image_drm_format_modifier; sync_files with VK_KHR_external_semaphore_fd.
   */
  uint32_t extension_count;
  const char *const *extensions;
  /** Are called before and after the library uses the queue, and call nothing of it; NULL where nobody else does. */
  void (*lock)(void *user);
  void (*unlock)(void *user);
  /** What they are given. */
  void *user;
  /** Whether it was made with the feature `samplerYcbcrConversion`: else no image is converted. */
  bool converts_luma_and_chroma;
} texalloc_vulkan_options;

/**
 * Takes the toolkit's device.
 *
 * TEXALLOC_UNSUPPORTED: it is too old, there is no loader of Vulkan, or `queue_family` is none of the device's, or one
 * that does not draw and compute.
 */
texalloc_status texalloc_vulkan_create(
    const texalloc_vulkan_options *options, texalloc_vulkan **vulkan);

typedef struct texalloc_vulkan_info {
  uint32_t struct_size;
  bool is_software;
  bool is_lost;
  /** What it calls itself, its driver, and its version of Vulkan: `1.3.289`. */
  const char *name, *driver, *version;
  uint32_t max_image_size;
  /** Whether it samples memory of the process where it lies, and dma-bufs. */
  bool imports_host_memory, imports_dma_bufs;
  /** Textures made so far, by route. */
  uint64_t imported, transferred;
  /** Allocations of its memory that live, of which a driver may allow some thousands; and their bytes. */
  uint64_t live_allocations, live_bytes;
} texalloc_vulkan_info;

texalloc_status texalloc_vulkan_get_info(texalloc_vulkan *vulkan, texalloc_vulkan_info *info);

/**
 * Brings new images into their layout, and frees what the GPU held of those that were released: once a frame,
 * before its commands are submitted. Uses the queue.
 */
texalloc_status texalloc_vulkan_collect(texalloc_vulkan *vulkan);

/** The end of everything that the queue was given so far. Uses the queue. */
texalloc_status texalloc_vulkan_make_fence(texalloc_vulkan *vulkan, texalloc_fence **fence);

/**
 * The same for other devices and processes: a sync_file, the caller's to close; -1 where everything is done already.
 * What the queue waits for must have been submitted before. Uses the queue.
 *
 * TEXALLOC_UNSUPPORTED: the device was made without VK_KHR_external_semaphore_fd, or gives no sync_files.
 */
texalloc_status texalloc_vulkan_export_fence(texalloc_vulkan *vulkan, int *descriptor);

/**
 * Has everything that the queue is given from now on begin after a sync_file, which stays the caller's, has passed;
 * -1 has. Uses the queue.
 */
texalloc_status texalloc_vulkan_wait(texalloc_vulkan *vulkan, int fence);

/** Tells that the device is lost, as VK_ERROR_DEVICE_LOST does. Buffers keep their memory, but for the device's. */
texalloc_status texalloc_vulkan_lost(texalloc_vulkan *vulkan);

/**
 * Waits for the queue, frees what was made on the device, and releases the handle: before the device is
 * destroyed.
 *
 * TEXALLOC_IN_USE: images are still held, or a pool or buffers that lie in its memory. TEXALLOC_FAILED: the GPU is
 * not done after ten seconds.
 */
texalloc_status texalloc_vulkan_close(texalloc_vulkan *vulkan);

/** Images of Vulkan, mostly one, that show a buffer and keep it. */
typedef struct texalloc_vulkan_texture texalloc_vulkan_texture;

/**
 * Shows a buffer to the GPU, by the best route that there is. The same buffer gives the same images as long as
 * those live.
 *
 * \param flags  TEXALLOC_WITH_MIPMAPS, or 0; nothing is ever uploaded.
 */
texalloc_status texalloc_vulkan_texture_create(
    texalloc_vulkan *vulkan, texalloc_buffer *buffer, uint32_t flags, texalloc_vulkan_texture **texture);

/** An image that shows one plane of a buffer. */
typedef struct texalloc_vulkan_plane {
  /** VkImage and VkImageView, which are the library's; and the VkFormat of both. */
  uint64_t image, view;
  uint32_t format;
  uint32_t width, height;
} texalloc_vulkan_plane;

typedef struct texalloc_vulkan_texture_info {
  uint32_t struct_size;
  uint32_t width, height;
  uint32_t plane_count;
  texalloc_vulkan_plane planes[4];
  /** The VkImageLayout for those that draw it, after the next texalloc_vulkan_collect(). */
  uint32_t layout;
  /** How the pixels got to the GPU. */
  texalloc_route route;
  /** Why no better route was taken; NULL where there is none. */
  const char *reason;
  bool has_mipmaps;
  /** What the numbers mean, for a shader that converts them. */
  texalloc_colour colour;
} texalloc_vulkan_texture_info;

texalloc_status texalloc_vulkan_texture_get_info(
    texalloc_vulkan_texture *texture, texalloc_vulkan_texture_info *info);

/**
 * Tells that rows of the buffer were written again, which an image copies that is a copy. Uses the queue then.
 *
 * \param row_count  0: all rows.
 */
texalloc_status texalloc_vulkan_texture_contents_changed(
    texalloc_vulkan_texture *texture, uint32_t first_row, uint32_t row_count);

/** All planes of luma and chroma as one image, of which a sampler makes red, green and blue. */
typedef struct texalloc_vulkan_converted {
  uint32_t struct_size;
  /** The VkFormat of the image and the view. */
  uint32_t format;
  uint32_t width, height;
  /** How many descriptors the view takes of a pool. */
  uint32_t descriptor_count;
  /** VkImage and VkImageView, which live as long as the texture. */
  uint64_t image, view;
  /**
   * The only VkSampler that the view may be bound with, as an immutable one of the layout of its set: such layouts
   * are destroyed before texalloc_vulkan_close().
   */
  uint64_t sampler;
} texalloc_vulkan_converted;

/**
 * The device's own conversion, by the buffer's colour; made when first asked for, in the layout of the texture after
 * the next texalloc_vulkan_collect(). The buffer is of a pool that was made with `is_for_conversion`: some drivers
 * refuse others.
 *
 * TEXALLOC_REFUSED_FORMAT, _SIZE, _PITCH, _PIXELS and their like: it has none, wants another size or other pitches, or
 * converts wrongly; a shader is to put the planes together then.
 */
texalloc_status texalloc_vulkan_texture_get_converted(
    texalloc_vulkan_texture *texture, texalloc_vulkan_converted *converted);

enum {
  /** Barriers that a texture has at most. */
  TEXALLOC_VULKAN_BARRIERS = 5,
};

/**
 * For those who do not leave it to texalloc_vulkan_collect(): what brings the images into their layout, for the list
 * of commands that first draws them, from VK_PIPELINE_STAGE_HOST_BIT to the stages that sample. Whoever takes them
 * records them; the next one gets none, and needs none.
 *
 * \param barriers  Room for TEXALLOC_VULKAN_BARRIERS of VkImageMemoryBarrier.
 * \param count     How many were written.
 */
texalloc_status texalloc_vulkan_texture_take_barriers(
    texalloc_vulkan_texture *texture, void *barriers, uint32_t *count);

/**
 * What gives the images back to those whose memory they lie in, for the list of commands after which another device,
 * or another API of the same GPU, is to write the buffer while the texture lives; from the stages that sampled to
 * VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT. None for memory that is the device's alone, nor of images that nobody has
 * taken. From then on the texture wants its barriers again.
 *
 * \param barriers, count  As for texalloc_vulkan_texture_take_barriers().
 */
texalloc_status texalloc_vulkan_texture_take_release_barriers(
    texalloc_vulkan_texture *texture, void *barriers, uint32_t *count);

/** Lets go of the images. They live until the queue is done with what it was given before the next collect. */
texalloc_status texalloc_vulkan_texture_release(texalloc_vulkan_texture *texture);

/* ------------------------------------------------------------------------------------------------
 * The loader: files to textures, on threads of its own
 * --------------------------------------------------------------------------------------------- */

/** Reads and decodes files on its own threads; registers them when it is polled. */
typedef struct texalloc_loader texalloc_loader;
/** A request on its way, to hasten or to cancel. */
typedef struct texalloc_load texalloc_load;

typedef struct texalloc_loader_options {
  uint32_t struct_size;
  /** Threads that decode; one less than there are processors. */
  uint32_t threads;
  /** Bytes of files that wait for a decoder: 8 MiB; of images that wait for a poll: 64 MiB. */
  uint64_t encoded_bytes, decoded_bytes;
  /** Bytes of one file: 256 MiB. */
  uint64_t file_bytes;
  /** A GPU of Vulkan that the pool was made for, instead of the device. */
  texalloc_vulkan *vulkan;
} texalloc_loader_options;

/** \param device  NULL where the options name a GPU of Vulkan; then any thread may poll. */
texalloc_status texalloc_loader_create(
    texalloc_device *device, texalloc_pool *pool, const texalloc_loader_options *options,
    texalloc_loader **loader);

/** A file that became a texture, or did not. What it points to lasts as long as the call. */
typedef struct texalloc_loaded {
  uint32_t struct_size;
  texalloc_status status;
  /** What went wrong, or was tolerated; empty where nothing. */
  const char *message;
  /** The path, or the name of the bytes. */
  const char *name;
  /** For the one that is told, who releases it; NULL where it failed, and of a loader of Vulkan. */
  texalloc_texture *texture;
  /** How it is to be shown. */
  texalloc_orientation orientation;
  /** The same as `texture` where the loader is one of Vulkan; to be drawn after the next texalloc_vulkan_collect(). */
  texalloc_vulkan_texture *vulkan_texture;
} texalloc_loaded;

typedef struct texalloc_request {
  uint32_t struct_size;
  /** A regular file; or bytes, which are copied, with a name for errors. */
  const char *path;
  const void *bytes;
  size_t size;
  const char *name;
  /** The greatest goes first: 100 for what is on the screen, -100 for what may soon be. */
  int32_t priority;
  /** Whether the texture has mipmaps; whether a file is tried again that failed and has not changed. */
  bool is_mipmapped, retries_failure;
  /** What becomes of damage and profiles; its limits and `goes_on` are not looked at. */
  const texalloc_picture_options *options;
  /** What it may be decoded to, most wanted first. */
  const uint32_t *formats;
  uint32_t format_count;
  /** Is called once for each request that was submitted: by a poll, or when the loader is released. */
  void (*ended)(void *user, const texalloc_loaded *loaded);
  void *user;
} texalloc_request;

/**
 * Has a request loaded.
 *
 * \param load  May be NULL; else it is to be released, at any time. It is there before `ended` is called.
 *
 * TEXALLOC_CLOSED: another thread has released the loader meanwhile.
 */
texalloc_status texalloc_loader_submit(
    texalloc_loader *loader, const texalloc_request *request, texalloc_load **load);

typedef struct texalloc_poll {
  uint32_t struct_size;
  /** Requests that have ended in this poll. */
  uint32_t ended;
  /** Whether there is more to do at once: the budget was spent. */
  bool is_more_to_do;
} texalloc_poll;

/**
 * Registers what is decoded, and tells who waits, until the time is up; then collects, as
 * texalloc_device_collect(). Once a frame. GL; of Vulkan, it uses the queue, and texalloc_vulkan_collect() follows.
 *
 * \param budget  Nanoseconds; one thing is done in any case.
 * \param poll    May be NULL.
 */
texalloc_status texalloc_loader_poll(
    texalloc_loader *loader, uint64_t budget, texalloc_poll *poll);

/**
 * A descriptor that is readable for poll(2) while a poll has something to do. It is the loader's. After a
 * poll has answered LOST or CLOSED it is not before texalloc_loader_go_on().
 */
texalloc_status texalloc_loader_get_wake_up(texalloc_loader *loader, int *descriptor);

/** Requests, by how far they are, and what was done so far. */
typedef struct texalloc_loader_info {
  uint32_t struct_size;
  uint32_t queued, reading, read, decoding, decoded;
  uint64_t loaded, failed, cancelled;
  uint64_t bytes_read, bytes_decoded;
  /** Whether decoders wait until textures are released: the pool's budget is spent. */
  bool is_short_of_memory;
} texalloc_loader_info;

texalloc_status texalloc_loader_get_info(texalloc_loader *loader, texalloc_loader_info *info);

/** Goes on with another device after the last was lost. One of Vulkan is released instead, and made anew. */
texalloc_status texalloc_loader_go_on(
    texalloc_loader *loader, texalloc_device *device, texalloc_pool *pool);

/**
 * Ends what is under way as closed, and tells who waits, on this thread. An `ended` that another thread's
 * poll has begun to call may still be running afterwards.
 */
texalloc_status texalloc_loader_release(texalloc_loader *loader);

texalloc_status texalloc_load_set_priority(texalloc_load *load, int32_t priority);

/** The part that is decoded, from 0 to 1, and whether it has ended. */
texalloc_status texalloc_load_get_progress(texalloc_load *load, double *done, bool *has_ended);

/** Ends it as cancelled, unless it has ended. Who waits is told by the next poll. */
texalloc_status texalloc_load_cancel(texalloc_load *load);

/** Lets go of the handle. The request goes on. */
texalloc_status texalloc_load_release(texalloc_load *load);

/* ------------------------------------------------------------------------------------------------
 * Glyphs: text on pages that the GPU samples
 * --------------------------------------------------------------------------------------------- */

/**
 * Draws each glyph once, by FreeType, and keeps it on a page of coverage: 8 bits a pixel (TEXALLOC_R8).
 *
 *   texalloc_glyphs_create(gpu, pool, NULL, &glyphs);      // once
 *   texalloc_face_open(glyphs, "font.ttf", NULL, &face);
 *   texalloc_font_create(glyphs, face, &(texalloc_font_options){.struct_size = …, .pixel_size = 16}, &font);
 *
 *   texalloc_font_get_quads(font, "Hello", 20, 40, quads, 99, &count);   // in each frame, for all its text
 *   texalloc_glyphs_flush(glyphs, NULL);                   // writes what is new to the pages
 *   texalloc_glyphs_get_page(glyphs, 0, &page);            // and for each page: draw the quads that are on it
 *
 * A frame is built by asking for the glyphs that it shows, ends with a flush, and is drawn before the next
 * flush. Where no page can be added, pages are filled round and round: those glyphs go that came first, but for
 * those in use or that the GPU may still draw; what was asked for in the frame that is being built never goes.
 *
 * It takes text that is placed: which glyphs a text becomes, and where they stand, is for HarfBuzz or the
 * toolkit to say; texalloc_font_get_quads() is for labels that need none of that.
 *
 * Calls for one cache, its faces and its fonts wait for each other, so any thread may make them.
 */
typedef struct texalloc_glyphs texalloc_glyphs;
/** A face of a font file. It keeps the cache. */
typedef struct texalloc_face texalloc_face;
/** A face at a size, drawn in one way: what a run of text is set in. It keeps the face. */
typedef struct texalloc_font texalloc_font;

/** Whether outlines are bent to the pixels before they are filled. */
typedef enum texalloc_hinting {
  /** Up and down only: horizontal strokes are sharp, and no width changes. */
  TEXALLOC_HINTING_LIGHT = 0,
  TEXALLOC_HINTING_NONE = 1
} texalloc_hinting;

typedef struct texalloc_glyphs_options {
  uint32_t struct_size;
  /** Pixels of a page. 1024 by 1024, and a page of its own for a glyph that is larger; else none is. */
  uint32_t page_width, page_height;
  /** How many pages there may be. As many as the pool gives. */
  uint32_t page_limit;
  /** Threads that draw what is asked for by TEXALLOC_IF_READY; the thread that flushes. */
  uint32_t threads;
  /** A GPU of Vulkan that the pool was made for, instead of the device. */
  texalloc_vulkan *vulkan;
} texalloc_glyphs_options;

/**
 * A cache for a device, in memory of a pool, which it takes when the first glyph comes.
 *
 * \param device  Which samples the pages; NULL where nobody does, or the options name a GPU of Vulkan.
 */
texalloc_status texalloc_glyphs_create(
    texalloc_device *device, texalloc_pool *pool, const texalloc_glyphs_options *options,
    texalloc_glyphs **glyphs);

/** Where a variable font stands on one of its axes. */
typedef struct texalloc_axis {
  /** Its tag: `wght`, `wdth`. */
  const char *tag;
  double value;
} texalloc_axis;

typedef struct texalloc_face_options {
  uint32_t struct_size;
  /** Which face of a collection (`.ttc`); in the upper 16 bits, which named instance of a variable font. */
  uint32_t index;
  /** Where it stands on axes: at most as far as they go; elsewhere where the font stands by itself. */
  const texalloc_axis *axes;
  uint32_t axis_count;
} texalloc_face_options;

/** Opens a face of a file, which is mapped: it must not shrink while the face is held. */
texalloc_status texalloc_face_open(
    texalloc_glyphs *glyphs, const char *path, const texalloc_face_options *options, texalloc_face **face);

/** Opens a face of a font in memory, which is copied. \param name  What errors call it. */
texalloc_status texalloc_face_open_bytes(
    texalloc_glyphs *glyphs, const void *bytes, size_t size, const char *name,
    const texalloc_face_options *options, texalloc_face **face);

typedef struct texalloc_face_info {
  uint32_t struct_size;
  /** Glyphs are numbered from 0 to below this. */
  uint32_t glyph_count;
  /** Whether it can be made any size; else there are bitmaps of a few. */
  bool is_scalable;
  /** The family; NULL where the font does not name it. */
  const char *family;
} texalloc_face_info;

texalloc_status texalloc_face_get_info(texalloc_face *face, texalloc_face_info *info);

/** The glyph of a character of Unicode by the font's own table: 0, its sign for that, where it has none. */
texalloc_status texalloc_face_get_glyph(texalloc_face *face, uint32_t character, uint32_t *glyph);

texalloc_status texalloc_face_release(texalloc_face *face);

typedef struct texalloc_font_options {
  uint32_t struct_size;
  texalloc_hinting hinting;
  /** Pixels of the em square, 1 to 16384, rounded to 1/64. */
  double pixel_size;
  /** Pixels that strokes are made wider, for a bold face that there is not. */
  double embolden;
  /** Pixels that a pixel of height leans to the right, for an italic face that there is not: 0.2 or so. */
  double slant;
} texalloc_font_options;

/** A face of the cache at a size. \param options  With `pixel_size`; not NULL. */
texalloc_status texalloc_font_create(
    texalloc_glyphs *glyphs, texalloc_face *face, const texalloc_font_options *options,
    texalloc_font **font);

/** How high lines are, in pixels: from the baseline up, down, and to the next. */
typedef struct texalloc_font_info {
  uint32_t struct_size;
  double ascent, descent, line_height;
} texalloc_font_info;

texalloc_status texalloc_font_get_info(texalloc_font *font, texalloc_font_info *info);

texalloc_status texalloc_font_release(texalloc_font *font);

enum {
  /** A glyph that is new is drawn by the cache's threads, and there after the next flush or the one after. */
  TEXALLOC_IF_READY = 1 << 0
};

/**
 * A glyph on a page. With the pen at (x, baseline), y downward, it covers `width` by `height` pixels from
 * (x + left, baseline - top) on, which are the texels from (u, v) on.
 */
typedef struct texalloc_glyph {
  uint32_t struct_size;
  /** False where it is being drawn: nothing else is said of it then, and the next frames may ask again. */
  bool is_ready;
  /** Whether it leaves any ink; a space does not, and is on no page. */
  bool has_ink;
  /** texalloc_glyph_page.number, and the texels. */
  uint32_t page, u, v, width, height;
  int32_t left, top;
  /** Pixels from the pen to where the next glyph begins, as the font says without any shaping. */
  double advance;
  /** For texalloc_glyphs_use(): never that of another glyph. */
  uint64_t generation;
} texalloc_glyph;

/**
 * A glyph of a font, for the frame that is being built. It is on the page when the cache was flushed.
 *
 * \param index       The number of the glyph in the face.
 * \param x_quarters  How far right of a pixel the pen stands, in quarters: 0 to 3.
 * \param y_quarters  How far below it: for text that is rotated.
 * \param flags       TEXALLOC_IF_READY, or 0.
 */
texalloc_status texalloc_font_get_glyph(
    texalloc_font *font, uint32_t index, uint32_t x_quarters, uint32_t y_quarters, uint32_t flags,
    texalloc_glyph *glyph);

/** Whether a glyph of an earlier frame is still where it was; it is used in this frame then. */
texalloc_status texalloc_glyphs_use(texalloc_glyphs *glyphs, uint64_t generation, bool *is_there);

/** A rectangle that shows a glyph, a texel a pixel: from (x, y), y downward, the texels from (u, v). */
typedef struct texalloc_glyph_quad {
  int32_t x, y;
  uint32_t page, u, v, width, height;
} texalloc_glyph_quad;

/**
 * The quads of a short text in one face: letters one behind the other from left to right, without kerning,
 * joining or reordering.
 *
 * \param x, y   The pen of the first letter, and the baseline, downward; within a million pixels.
 * \param quads  Room for `room` of them; may be NULL where that is 0.
 * \param count  How many there are, one at most for each character. Those beyond the room are not written.
 */
texalloc_status texalloc_font_get_quads(
    texalloc_font *font, const char *text, double x, double y, texalloc_glyph_quad *quads,
    uint32_t room, uint32_t *count);

/** What a flush wrote. */
typedef struct texalloc_glyphs_flushed {
  uint32_t struct_size;
  /** Pages that had changed, and bytes of them. */
  uint32_t pages;
  uint64_t bytes;
} texalloc_glyphs_flushed;

/**
 * Ends a frame: writes what is new to the pages, before the GPU draws. GL, where there is a device; of Vulkan, it
 * uses the queue, and texalloc_vulkan_collect() follows.
 *
 * \param flushed  May be NULL.
 */
texalloc_status texalloc_glyphs_flush(texalloc_glyphs *glyphs, texalloc_glyphs_flushed *flushed);

/** What there is now, and what was done since the beginning. */
typedef struct texalloc_glyphs_info {
  uint32_t struct_size;
  uint32_t pages;
  /** Glyphs that are held, those without ink too. */
  uint32_t glyphs;
  /** Glyphs drawn, and gone to make room; bytes written to pages. */
  uint64_t drawn, evicted, bytes_written;
} texalloc_glyphs_info;

texalloc_status texalloc_glyphs_get_info(texalloc_glyphs *glyphs, texalloc_glyphs_info *info);

/** A page of glyphs. */
typedef struct texalloc_glyph_page {
  uint32_t struct_size;
  /** What glyphs and quads call it. */
  uint32_t number;
  /** Its texture, which is the cache's; its name is 0 without a device, and before the first flush. */
  texalloc_texture_plane texture;
  texalloc_route route;
  /** The part of it that glyphs take, borders included: 0 to 1. */
  double occupancy;
  /** Its image where the cache is one of Vulkan, which is the cache's, and the VkImageLayout for those that draw it. */
  texalloc_vulkan_plane vulkan;
  uint32_t vulkan_layout;
} texalloc_glyph_page;

/** A page. \param index  Below texalloc_glyphs_info.pages, in the order of their numbers. */
texalloc_status texalloc_glyphs_get_page(
    texalloc_glyphs *glyphs, uint32_t index, texalloc_glyph_page *page);

/** Lets go of the cache; it goes with its last face. */
texalloc_status texalloc_glyphs_release(texalloc_glyphs *glyphs);

/* ------------------------------------------------------------------------------------------------
 * Reports: what was found out, and why, as JSON
 * --------------------------------------------------------------------------------------------- */

/** A text of JSON, on one line. Keys may be added to it in later versions. */
typedef struct texalloc_report texalloc_report;

/** The text, which lasts as long as the report. */
texalloc_status texalloc_report_get_text(texalloc_report *report, const char **text);

texalloc_status texalloc_report_release(texalloc_report *report);

/**
 * What this machine can do, each claim tried once; takes some hundred milliseconds. GL, where there is a
 * device.
 *
 *   {"version": "1.0.0",
 *    "limits": {"descriptors": …, "mappings": …, "images": …},          images that can live at once
 *    "heaps": [{"name": "memfd", "present": true, "caching": "cached", "reason": …}, …],
 *    "device": {"driver": …, "renderer": …, "version": …, "isSoftware": …, "maxTextureSize": …,
 *               "chosenBecause": …, "importObstacle": null, "quirks": […]},
 *    "routes": [{"image": "photographs", "fourcc": "AB24", "route": "imported", "heap": "memfd",
 *                "reason": null}, …],
 *    "formats": [{"fourcc": …, "modifier": …, "externalOnly": …, "outcome": "works", "reason": …}, …],
 *    "vulkan": {"devices": [{"name": …, "kind": …, "driver": …, "version": …, "uuid": …,
 *                            "importsHostMemory": …, "importsDMABufs": …, "routes": […],
 *                            "memory": [{"heap": …, "caching": …}, …]}, …],
 *               "failures": [why there is none, or one was not opened]}}
 *
 * \param device  NULL: only what needs none.
 */
texalloc_status texalloc_probe(texalloc_device *device, texalloc_report **report);

/**
 * Where an image of a pool has its memory, and why: the plan that texalloc_pool_allocate() allocates by.
 *
 *   {"route": "imported", "heap": "memfd", "caching": "cached", "reason": …,
 *    "betterRoutes": [{"route": …, "reason": …}], "heaps": [{"heap": …, "passedOver": …}, …],
 *    "attributes": {"merged": {…}, "format": {"fourcc": …, "modifier": …}, …}}
 *
 * \param image  Its size does not matter.
 */
texalloc_status texalloc_pool_get_plan(
    texalloc_pool *pool, const texalloc_image *image, uint32_t flags, texalloc_report **report);

/** What all participants can live with, and an image that is laid out for them. */
typedef struct texalloc_merged {
  uint32_t struct_size;
  /** The one that they want most together; 0 where nobody names any. */
  uint32_t format;
  uint64_t modifier;
  /** How many buffers they need together; and how the CPU's mapping is cached, 0 where nobody says. */
  uint32_t buffers, caching;
  /** Bytes of the image, padding included; 0 without one, or without a format. */
  uint64_t size;
  uint32_t plane_count;
  texalloc_plane planes[4];
} texalloc_merged;

/**
 * Merges what participants can live with, and lays an image out for all of them. Who cannot live with whom,
 * about which field and why, texalloc_last_error() says after TEXALLOC_CONFLICT, and whose attributes
 * contradict themselves after TEXALLOC_INVALID_ATTRIBUTES.
 *
 * \param width, height  0: without an image, hence without a layout.
 */
texalloc_status texalloc_merge(
    const texalloc_attributes *const *participants, uint32_t count, uint32_t width, uint32_t height,
    texalloc_merged *merged);

/**
 * The same by JSON, with all that was found out.
 *
 * A participant is an object of JSON with a `name` and what it has an opinion on; the rest is left out:
 *
 *   {"name": "panel", "pitchAlignment": 256, "maxWidth": 4096, "cpuUsage": ["sequentialWrite"],
 *    "formats": [{"fourcc": "XR24", "modifier": 0}], "heaps": ["udmabuf"], "deviceUsage": ["scanout"]}
 *
 *   Numbers:   offsetAlignment, pitchAlignment, heightAlignment, sizeAlignment, physicalAlignment (1 to 2^31),
 *              minPitch, maxPitch, minWidth, maxWidth, minHeight, maxHeight, minSize, maxSize,
 *              minBuffers, maxBuffers, heldBuffers
 *   Lists:     formats (most wanted first), heaps, caching (writeCombining, cached, uncached),
 *              cpuUsage (sequentialWrite, randomWrite, read), deviceUsage (sample, render, scanout, capture,
 *              encode, decode, mipmap)
 *   Booleans:  contiguous, protected
 *   Besides:   provides ({"contiguous": …, "physicalAlignment": …, "protected": …}: what a heap's memory is),
 *              alternatives (a list of objects of the fields above, of which exactly one holds as well)
 *
 * The report is {"merged": …, "format": …, "buffers": …, "layout": {"planes": […], "size": …}, …}. There is
 * one after two errors, too, unlike elsewhere:
 *
 *   TEXALLOC_CONFLICT            {"conflict": {"field": "pitch", "participants": [{"name": …, "value": …}, …],
 *                                              "relaxation": …}}: who, which field, and why in words
 *   TEXALLOC_INVALID_ATTRIBUTES  {"invalid": {"participant": …, "field": …, "reason": …}}
 *
 * \param width, height  0: without an image, hence without a layout.
 */
texalloc_status texalloc_merge_json(
    const char *const *participants, uint32_t count, uint32_t width, uint32_t height,
    texalloc_report **report);

/* ------------------------------------------------------------------------------------------------
 * Sharing: buffers that cross processes
 *
 * The producer has the buffers, the consumer gets them; a process may be both. The producer:
 *
 *   texalloc_socket_ask(socket);                           // what can you live with?
 *   texalloc_socket_receive(socket, patience, &event);     // TEXALLOC_EVENT_ATTRIBUTES
 *   texalloc_pool_options options = {sizeof options, .peer = socket};
 *   texalloc_pool_create(NULL, &options, &pool);           // or texalloc_socket_report_conflict()
 *   texalloc_pool_allocate(pool, &image, TEXALLOC_FOR_TEXTURE | TEXALLOC_EXPORTABLE, &buffer);
 *   texalloc_buffer_write_rows(buffer, 0, 0, height, pixels, stride);
 *   texalloc_socket_offer(socket, buffer, NULL, NULL);
 *   texalloc_socket_receive(socket, patience, &event);     // TEXALLOC_EVENT_RELEASED
 *
 * The consumer, which is told ASKED, then RECEIVED:
 *
 *   texalloc_socket_answer(socket, gpu, NULL, 0);
 *   texalloc_texture_create(gpu, event.buffer, 0, &texture);
 *   texalloc_device_make_fence(gpu, &drawn);
 *   texalloc_socket_release_buffer(socket, event.hand_over, drawn);
 *
 * Whatever a peer sends is checked; what is not right ends its connection and nothing else. Docs/security.md
 * says who trusts whom with what, Docs/wire-format.md what a peer without this library has to speak.
 * --------------------------------------------------------------------------------------------- */

/** A path where peers connect. */
typedef struct texalloc_listener texalloc_listener;

/**
 * Listens at a path of at most 107 bytes, which only this user can open. A socket that nobody listens at any
 * more is replaced.
 *
 * \param users  Who may connect, by number; of none, the user of this process.
 *
 * TEXALLOC_SYSTEM: somebody listens there, or another file has the path.
 */
texalloc_status texalloc_listener_create(
    const char *path, const uint32_t *users, uint32_t user_count, texalloc_listener **listener);

/** A descriptor that is readable for poll(2) when a peer waits to be accepted. It is the listener's. */
texalloc_status texalloc_listener_get_descriptor(texalloc_listener *listener, int *descriptor);

/** How a socket begins, and what its peer may make this process hold. */
typedef struct texalloc_socket_options {
  uint32_t struct_size;
  /** Buffers of either side that are with the other: 64. */
  uint32_t buffers;
  /** Bytes of memory that came from the peer, by the size of its descriptors: 1 GiB. */
  uint64_t bytes;
  /** How long the peer may take to read what it is sent: ten seconds. */
  uint64_t patience;
  /** What this side is called; copied. */
  const char *name;
  /** To connect: who may listen there, by number; of none, the user of this process. */
  const uint32_t *users;
  uint32_t user_count;
} texalloc_socket_options;

/** The next peer; waits for one. TEXALLOC_STRANGER: it may not connect, and is gone. */
texalloc_status texalloc_listener_accept(
    texalloc_listener *listener, const texalloc_socket_options *options, texalloc_socket **socket);

/** Ends listening, and removes the path. Connections go on. */
texalloc_status texalloc_listener_release(texalloc_listener *listener);

/** Connects to a listener, or to whoever speaks its language. */
texalloc_status texalloc_socket_connect(
    const char *path, const texalloc_socket_options *options, texalloc_socket **socket);

/*
 * A socket is used by one thread at a time: another one gets TEXALLOC_BUSY. It belongs into a loop that calls
 * texalloc_socket_receive() whenever its descriptor is readable, and now and then: that is also when the
 * peer is told how far our fences have come.
 */

typedef struct texalloc_socket_info {
  uint32_t struct_size;
  /** Readable for poll(2) when there is something to receive. It is the socket's. */
  int descriptor;
  /** Who is on the other side, as the kernel says. */
  int32_t process;
  uint32_t user, group;
  /** What it calls itself; NULL until it has said so. */
  const char *peer_name;
  /** Bytes of the peer's memory that this process holds. */
  uint64_t held_bytes;
} texalloc_socket_info;

texalloc_status texalloc_socket_get_info(texalloc_socket *socket, texalloc_socket_info *info);

/** One hand-over of a buffer. */
typedef struct texalloc_hand_over {
  /** The buffer's name on this connection, never used twice. */
  uint64_t number;
  /** Of its contents: 1, and one more each time that it comes again. */
  uint64_t generation;
} texalloc_hand_over;

/** What the peer says. */
typedef enum texalloc_event_kind {
  /** Nothing, in time. */
  TEXALLOC_EVENT_NONE = 0,
  /** It wants to know what this side can live with: texalloc_socket_answer(). */
  TEXALLOC_EVENT_ASKED = 1,
  /** It has told what it can live with: the socket is ready for texalloc_pool_options. */
  TEXALLOC_EVENT_ATTRIBUTES = 2,
  /** What it can live with and what it was told do not go together. */
  TEXALLOC_EVENT_CONFLICT = 3,
  /** A buffer, or new contents of one that came before. */
  TEXALLOC_EVENT_RECEIVED = 4,
  /** A kept buffer, by `hand_over`, will not come again. */
  TEXALLOC_EVENT_WITHDRAWN = 5,
  /** It is done with a buffer of ours, by `hand_over`, or has refused it. */
  TEXALLOC_EVENT_RELEASED = 6,
  /** The connection has ended; everything after this is TEXALLOC_CLOSED. */
  TEXALLOC_EVENT_CLOSED = 7
} texalloc_event_kind;

typedef struct texalloc_event {
  uint32_t struct_size;
  texalloc_event_kind kind;
  texalloc_hand_over hand_over;
  /**
   * Of RECEIVED: a handle of its own, to be released, each time that the buffer comes. It registers like any
   * other, and is read by texalloc_buffer_read(); the peer may write it at any time.
   */
  texalloc_buffer *buffer;
  /**
   * Of RECEIVED: what to wait for before it is read; NULL for nothing; else to be released. Unless it is a
   * sync_file, it passes by texalloc_socket_receive() alone.
   */
  texalloc_fence *fence;
  /** Of RECEIVED: how its rows are to be shown. */
  texalloc_orientation orientation;
  /** Of RECEIVED: whether it may come again after it was released. */
  bool is_kept;
  /** Of RELEASED: whether the peer could not use it. */
  bool is_refused;
  /**
   * Of CONFLICT, of a buffer that was refused, and of CLOSED: why, in words; NULL where there are none, which
   * of CLOSED says that the peer is simply gone. Until the next call that receives.
   */
  const char *words;
} texalloc_event;

/**
 * What the peer says next.
 *
 * \param patience  How long to wait for it; then the event is TEXALLOC_EVENT_NONE.
 *
 * TEXALLOC_MALFORMED, UNEXPECTED, NOT_ADOPTED, QUOTA: what it sent was not right; it is told so and the
 * connection is closed. When a connection ends, by whomever, all that the peer held is released.
 */
texalloc_status texalloc_socket_receive(
    texalloc_socket *socket, uint64_t patience, texalloc_event *event);

/** Asks what the peer can live with, before anything is allocated. */
texalloc_status texalloc_socket_ask(texalloc_socket *socket);

/**
 * Answers the peer's question with what this side can live with.
 *
 * \param device   What will show the buffers; may be NULL.
 * \param formats  Those that the application reads by the CPU, most wanted first; none where it does not.
 */
texalloc_status texalloc_socket_answer(
    texalloc_socket *socket, texalloc_device *device, const uint32_t *formats,
    uint32_t format_count);

/** Tells the peer that its attributes cannot be met. \param words  As texalloc_last_error() has them. */
texalloc_status texalloc_socket_report_conflict(texalloc_socket *socket, const char *words);

typedef struct texalloc_offer {
  uint32_t struct_size;
  /** Whether the buffer comes again: texalloc_socket_offer_again(). */
  bool is_kept;
  /** How its rows are to be shown; upright where 0. */
  texalloc_orientation orientation;
  /** After which its contents are there; NULL where they are. It stays the caller's. */
  texalloc_fence *fence;
} texalloc_offer;

/**
 * Hands a buffer over. The socket holds it until the peer has released it, or is gone.
 *
 * \param buffer     Allocated with TEXALLOC_EXPORTABLE. It goes to one peer, ever.
 * \param hand_over  Its name there; may be NULL.
 *
 * TEXALLOC_NOT_FOR_THAT, SHARED_BEFORE, QUOTA: nothing is sent then.
 */
texalloc_status texalloc_socket_offer(
    texalloc_socket *socket, texalloc_buffer *buffer, const texalloc_offer *offer,
    texalloc_hand_over *hand_over);

/** Whether the peer has released a kept buffer and its fence has passed, so that it may be written. */
texalloc_status texalloc_socket_is_idle(texalloc_socket *socket, uint64_t number, bool *is_idle);

/**
 * Hands a kept buffer over that the peer has released, with what was written to it since.
 *
 * \param fence      After which that is there; may be NULL.
 * \param hand_over  May be NULL.
 */
texalloc_status texalloc_socket_offer_again(
    texalloc_socket *socket, uint64_t number, texalloc_fence *fence,
    texalloc_hand_over *hand_over);

/** Says that a kept buffer, which the peer has released, will not come again. */
texalloc_status texalloc_socket_withdraw(texalloc_socket *socket, uint64_t number);

/**
 * Says that this side is done with a buffer of the peer's. Its handle stays the caller's.
 *
 * \param fence  After which the peer may write it; may be NULL.
 */
texalloc_status texalloc_socket_release_buffer(
    texalloc_socket *socket, texalloc_hand_over hand_over, texalloc_fence *fence);

/** Gives a buffer back that this side cannot use. \param reason  For the peer. */
texalloc_status texalloc_socket_refuse_buffer(
    texalloc_socket *socket, texalloc_hand_over hand_over, const char *reason);

/** Tells the peer how far the fences have come that it waits for, which a receive does, too. */
texalloc_status texalloc_socket_announce(texalloc_socket *socket);

/** Tells the peer why the connection ends, and ends it. \param reason  May be NULL. */
texalloc_status texalloc_socket_close(texalloc_socket *socket, const char *reason);

/** Ends the connection without a word, unless it has ended. Buffers that came by it stay. */
texalloc_status texalloc_socket_release(texalloc_socket *socket);

#ifdef __cplusplus
}
#endif

#endif
