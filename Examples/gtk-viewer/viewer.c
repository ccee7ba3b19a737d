/*
 * A viewer: pictures from files in a window of GTK 4, which draws memory of TexAlloc's.
 *
 *     gtk-viewer PICTURE…
 *
 *     cc viewer.c $(pkg-config --cflags --libs texalloc gtk4) -o gtk-viewer
 *
 * GTK usually has a picture decoded by gdk-pixbuf and then copies it to the GPU. Here it gets a texture that
 * is there already: made in a context of GDK's, which shares with those that GTK draws by. A key or a click
 * shows the next picture. Pictures are shown as they are stored; Examples/c-gallery turns them, too.
 */
#include <glib-unix.h>
#include <gtk/gtk.h>
#include <stdlib.h>
#include <texalloc.h>

static GdkGLContext *context;
static texalloc_device *gpu;
static texalloc_pool *pool;
static char **paths;
static GtkWidget *picture;

static void fail(const char *what, const char *why) {
  g_printerr("gtk-viewer: %s: %s\n", what, why);
  exit(1);
}

static void check(texalloc_status status) {
  if (status != TEXALLOC_OK) fail(texalloc_status_name(status), texalloc_last_error());
}

/* Is called by GTK when it draws the texture no more, on whatever thread that is. */
static void let_go(gpointer texture) { check(texalloc_texture_release(texture)); }

/* A file as something that GTK paints. */
static GdkTexture *load(const char *path) {
  texalloc_picture *file;
  texalloc_buffer *memory;
  texalloc_texture *texture;
  texalloc_texture_info info = {.struct_size = sizeof info};
  check(texalloc_picture_open(path, NULL, &file));
  check(texalloc_picture_allocate(file, pool, TEXALLOC_FOR_TEXTURE, &memory));
  check(texalloc_picture_decode(file, memory, NULL)); /* straight into memory that the GPU samples */
  check(texalloc_picture_release(file));

  /* What touches OpenGL wants our context current, and gets it each time: GTK changes it as it likes. */
  gdk_gl_context_make_current(context);
  check(texalloc_texture_create(gpu, memory, 0, &texture));
  check(texalloc_buffer_release(memory)); /* the texture keeps it */
  check(texalloc_texture_get_info(texture, &info));
  if (info.planes[0].target != 0x0DE1) fail(path, "GTK takes nothing but GL_TEXTURE_2D");

  /* GTK draws in another context, without waiting for this one: what is made here has to be there before. */
  texalloc_fence *made;
  bool is_made;
  check(texalloc_device_make_fence(gpu, &made));
  check(texalloc_fence_wait(made, 1000000000, &is_made));
  check(texalloc_fence_release(made));

  /* What pictures before held is let go of here as well. */
  check(texalloc_device_collect(gpu));
  g_print("%s: %ux%u, %s%s%s\n", path, info.width, info.height, texalloc_route_name(info.route),
          info.reason ? ": " : "", info.reason ? info.reason : "");
  return gdk_gl_texture_new(context, info.planes[0].name, (int)info.width, (int)info.height, let_go, texture);
}

static gboolean show_next(void) {
  if (!*paths) return FALSE;
  GdkTexture *texture = load(*paths++);
  gtk_picture_set_paintable(GTK_PICTURE(picture), GDK_PAINTABLE(texture));
  g_object_unref(texture); /* the widget has it */
  return TRUE;
}

/* There is a display: a context of it is our GPU. */
static void start(GtkApplication *application) {
  GError *error = NULL;
  context = gdk_display_create_gl_context(gdk_display_get_default(), &error);
  if (!context || !gdk_gl_context_realize(context, &error)) fail("no OpenGL", error->message);
  gdk_gl_context_make_current(context);
  check(texalloc_egl_current(NULL, &gpu));
  check(texalloc_pool_create(gpu, NULL, &pool));

  picture = gtk_picture_new();
  gtk_picture_set_can_shrink(GTK_PICTURE(picture), FALSE); /* a pixel of it is one of the screen */
  gtk_widget_set_halign(picture, GTK_ALIGN_CENTER);
  gtk_widget_set_valign(picture, GTK_ALIGN_CENTER);
  GtkWidget *window = gtk_application_window_new(application);
  gtk_window_set_child(GTK_WINDOW(window), picture);
  GtkEventController *keys = gtk_event_controller_key_new();
  GtkGesture *clicks = gtk_gesture_click_new();
  g_signal_connect(keys, "key-pressed", G_CALLBACK(show_next), NULL);
  g_signal_connect(clicks, "pressed", G_CALLBACK(show_next), NULL);
  gtk_widget_add_controller(window, keys);
  gtk_widget_add_controller(window, GTK_EVENT_CONTROLLER(clicks));
  gtk_window_fullscreen(GTK_WINDOW(window));
  show_next();
  gtk_window_present(GTK_WINDOW(window));
}

/* Windows are gone. What they drew is given back first, and the device goes before its context. */
static void stop(void) {
  if (!gpu) return;
  gdk_gl_context_make_current(context);
  check(texalloc_device_close(gpu));
  check(texalloc_pool_release(pool));
  check(texalloc_shutdown());
  g_object_unref(context);
}

static gboolean quit(gpointer application) {
  g_application_quit(G_APPLICATION(application));
  return G_SOURCE_REMOVE;
}

int main(int count, char **arguments) {
  if (count < 2) {
    g_printerr("usage: gtk-viewer PICTURE...\n");
    return 2;
  }
  paths = arguments + 1;
  GtkApplication *application = gtk_application_new(NULL, G_APPLICATION_DEFAULT_FLAGS);
  g_signal_connect(application, "activate", G_CALLBACK(start), NULL);
  g_signal_connect(application, "shutdown", G_CALLBACK(stop), NULL);
  g_unix_signal_add(SIGTERM, quit, application);
  int status = g_application_run(G_APPLICATION(application), 1, arguments);
  g_object_unref(application);
  return status;
}
