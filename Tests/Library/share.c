/*
 * Two processes that share buffers: what one writes the other reads, again after it was written anew, and what
 * the one cannot use or not agree upon the other is told in words. Scripts/check-library builds and runs it.
 *
 *   share          listens, and runs itself once more for each of the other sides
 *   share PATH     reads what is offered there, until it ends
 *   share PATH -   wants what nobody can offer
 */
#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <texalloc.h>
#include <unistd.h>

enum { WIDTH = 33, HEIGHT = 7 };
static const uint64_t minute = 60000000000u;
static const char *self;

static void expect(texalloc_status wanted, texalloc_status held, const char *call, int line) {
  if (wanted == held) return;
  fprintf(stderr, "share.c:%d: %s: wanted %s, held %s: %s\n", line, call, texalloc_status_name(wanted),
          texalloc_status_name(held), texalloc_last_error());
  exit(1);
}
#define EXPECT(wanted, call) expect(TEXALLOC_##wanted, call, #call, __LINE__)

static void fill(uint32_t *pixels, uint32_t seed) {
  for (uint32_t i = 0; i < WIDTH * HEIGHT; i++) pixels[i] = (i + seed) * 2654435761u;
}

static texalloc_event next(texalloc_socket *socket, texalloc_event_kind wanted) {
  texalloc_event event = {.struct_size = sizeof event};
  EXPECT(OK, texalloc_socket_receive(socket, minute, &event));
  if (event.kind != wanted) {
    fprintf(stderr, "share.c: wanted event %d, held %d: %s\n", wanted, event.kind,
            event.words ? event.words : "");
    exit(1);
  }
  return event;
}

/* The consumer. */
static void receive(const char *path) {
  static uint32_t wanted[WIDTH * HEIGHT], held[WIDTH * HEIGHT];
  texalloc_socket_options options = {.struct_size = sizeof options, .name = "reader"};
  texalloc_socket *socket;
  EXPECT(OK, texalloc_socket_connect(path, &options, &socket));
  next(socket, TEXALLOC_EVENT_ASKED);
  uint32_t format = TEXALLOC_ABGR8888;
  EXPECT(OK, texalloc_socket_answer(socket, NULL, &format, 1));
  EXPECT(OUT_OF_TURN, texalloc_socket_answer(socket, NULL, NULL, 0));

  for (uint64_t generation = 1; generation <= 2; generation++) {
    texalloc_event event = next(socket, TEXALLOC_EVENT_RECEIVED);
    assert(event.hand_over.number == 1 && event.hand_over.generation == generation);
    assert(event.is_kept && !event.fence && event.orientation == TEXALLOC_TURNED_RIGHT);
    fill(wanted, (uint32_t)generation);
    EXPECT(OK, texalloc_buffer_read(event.buffer, 0, false, held, WIDTH * 4));
    assert(!memcmp(wanted, held, sizeof held));
    EXPECT(NOT_FOR_THAT, texalloc_buffer_write_rows(event.buffer, 0, 0, 1, held, WIDTH * 4));
    texalloc_socket_info info = {.struct_size = sizeof info};
    EXPECT(OK, texalloc_socket_get_info(socket, &info));
    assert(!strcmp(info.peer_name, "writer") && info.held_bytes >= sizeof held && info.process == getppid());
    EXPECT(OK, texalloc_socket_release_buffer(socket, event.hand_over, NULL));
    EXPECT(OUT_OF_TURN, texalloc_socket_release_buffer(socket, event.hand_over, NULL));
    EXPECT(OK, texalloc_buffer_release(event.buffer));
  }
  assert(next(socket, TEXALLOC_EVENT_WITHDRAWN).hand_over.number == 1);

  texalloc_event event = next(socket, TEXALLOC_EVENT_RECEIVED);
  assert(event.hand_over.number == 2 && event.hand_over.generation == 1 && !event.is_kept);
  EXPECT(OK, texalloc_socket_refuse_buffer(socket, event.hand_over, "it is too beautiful"));
  event = next(socket, TEXALLOC_EVENT_CLOSED);
  assert(!strcmp(event.words, "that was all"));
  EXPECT(CLOSED, texalloc_socket_receive(socket, 0, &event));
  EXPECT(OK, texalloc_socket_release(socket));
}

/* One that nobody can please. */
static void demand(const char *path) {
  texalloc_socket *socket;
  EXPECT(OK, texalloc_socket_connect(path, NULL, &socket));
  next(socket, TEXALLOC_EVENT_ASKED);
  uint32_t format = TEXALLOC_FOURCC('N', 'O', 'N', 'E');
  EXPECT(OK, texalloc_socket_answer(socket, NULL, &format, 1));
  assert(strstr(next(socket, TEXALLOC_EVENT_CONFLICT).words, "peer/reader"));
  EXPECT(OK, texalloc_socket_release(socket));
}

static pid_t run(const char *path, const char *more) {
  pid_t child = fork();
  if (child == 0) {
    execl(self, self, path, more, (char *)NULL);
    _exit(127);
  }
  return child;
}

static void expect_success(pid_t child) {
  int status;
  waitpid(child, &status, 0);
  assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* The next peer, with what it can live with. */
static texalloc_socket *accept_peer(texalloc_listener *listener) {
  struct pollfd request = {.events = POLLIN};
  EXPECT(OK, texalloc_listener_get_descriptor(listener, &request.fd));
  assert(poll(&request, 1, 60000) == 1);
  texalloc_socket_options options = {.struct_size = sizeof options, .name = "writer"};
  texalloc_socket *socket;
  EXPECT(OK, texalloc_listener_accept(listener, &options, &socket));
  EXPECT(OUT_OF_TURN, texalloc_socket_report_conflict(socket, "nothing was answered"));
  EXPECT(OK, texalloc_socket_ask(socket));
  next(socket, TEXALLOC_EVENT_ATTRIBUTES);
  return socket;
}

/* The producer. */
static void offer(texalloc_listener *listener) {
  static uint32_t pixels[WIDTH * HEIGHT];
  texalloc_socket *socket = accept_peer(listener);
  texalloc_pool *pool;
  texalloc_pool_options options = {.struct_size = sizeof options, .peer = socket};
  EXPECT(OK, texalloc_pool_create(NULL, &options, &pool));
  texalloc_image image = {.struct_size = sizeof image, .width = WIDTH, .height = HEIGHT, .name = "shared"};
  texalloc_buffer *buffer, *other;
  texalloc_hand_over hand_over;
  texalloc_offer kept = {.struct_size = sizeof kept, .is_kept = true, .orientation = TEXALLOC_TURNED_RIGHT};
  EXPECT(OK, texalloc_pool_allocate(pool, &image, 0, &buffer));
  EXPECT(NOT_FOR_THAT, texalloc_socket_offer(socket, buffer, NULL, NULL));
  EXPECT(OK, texalloc_buffer_release(buffer));

  EXPECT(OK, texalloc_pool_allocate(pool, &image, TEXALLOC_EXPORTABLE, &buffer));
  fill(pixels, 1);
  EXPECT(OK, texalloc_buffer_write_rows(buffer, 0, 0, HEIGHT, pixels, WIDTH * 4));
  EXPECT(OK, texalloc_socket_offer(socket, buffer, &kept, &hand_over));
  EXPECT(OUT_OF_TURN, texalloc_socket_offer_again(socket, hand_over.number, NULL, NULL));
  texalloc_event event = next(socket, TEXALLOC_EVENT_RELEASED);
  assert(event.hand_over.number == hand_over.number && !event.is_refused && !event.buffer);
  bool is_idle = false;
  EXPECT(OK, texalloc_socket_is_idle(socket, hand_over.number, &is_idle));
  assert(is_idle);
  fill(pixels, 2);
  EXPECT(OK, texalloc_buffer_write_rows(buffer, 0, 0, HEIGHT, pixels, WIDTH * 4));
  EXPECT(OK, texalloc_socket_offer_again(socket, hand_over.number, NULL, &hand_over));
  assert(hand_over.generation == 2);
  assert(next(socket, TEXALLOC_EVENT_RELEASED).hand_over.generation == 2);
  EXPECT(OK, texalloc_socket_withdraw(socket, hand_over.number));

  EXPECT(OK, texalloc_pool_allocate(pool, &image, TEXALLOC_EXPORTABLE, &other));
  EXPECT(OK, texalloc_socket_offer(socket, other, NULL, NULL));
  event = next(socket, TEXALLOC_EVENT_RELEASED);
  assert(event.is_refused && !strcmp(event.words, "it is too beautiful"));
  EXPECT(OK, texalloc_socket_close(socket, "that was all"));
  EXPECT(CLOSED, texalloc_socket_ask(socket));
  EXPECT(OK, texalloc_socket_release(socket));
  EXPECT(OK, texalloc_buffer_release(other));
  EXPECT(OK, texalloc_buffer_release(buffer));
  EXPECT(OK, texalloc_pool_release(pool));
}

static void disagree(texalloc_listener *listener) {
  texalloc_socket *socket = accept_peer(listener);
  texalloc_pool *pool;
  texalloc_pool_options options = {.struct_size = sizeof options, .peer = socket};
  EXPECT(OK, texalloc_pool_create(NULL, &options, &pool));
  texalloc_image image = {.struct_size = sizeof image, .width = WIDTH, .height = HEIGHT, .name = "shared"};
  texalloc_buffer *buffer;
  EXPECT(CONFLICT, texalloc_pool_allocate(pool, &image, TEXALLOC_EXPORTABLE, &buffer));
  EXPECT(OK, texalloc_socket_report_conflict(socket, texalloc_last_error()));
  next(socket, TEXALLOC_EVENT_CLOSED);
  EXPECT(OK, texalloc_socket_release(socket));
  EXPECT(OK, texalloc_pool_release(pool));
}

int main(int count, char **arguments) {
  self = arguments[0];
  if (count > 2) {
    demand(arguments[1]);
  } else if (count > 1) {
    receive(arguments[1]);
  } else {
    char folder[] = "/tmp/texalloc-share-XXXXXX", path[sizeof folder + 8];
    assert(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/socket", folder);
    texalloc_listener *listener, *second;
    EXPECT(OK, texalloc_listener_create(path, NULL, 0, &listener));
    EXPECT(SYSTEM, texalloc_listener_create(path, NULL, 0, &second));
    pid_t reader = run(path, NULL);
    offer(listener);
    expect_success(reader);
    reader = run(path, "-");
    disagree(listener);
    expect_success(reader);
    EXPECT(OK, texalloc_listener_release(listener));
    assert(rmdir(folder) == 0); /* the path went with the listener */
    puts("two processes: all pixels are right");
  }
  EXPECT(OK, texalloc_shutdown());
  return 0;
}
