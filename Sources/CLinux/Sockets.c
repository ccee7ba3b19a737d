#include "CLinux.h"
// What unix(7) needs of macros: addresses, and descriptors in control messages (cmsg(3)).
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int unix_address(struct sockaddr_un *address, const char *path) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  if (strlen(path) >= sizeof address->sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(address->sun_path, path);
  return 0;
}

int texalloc_packet_socket(void) {
  return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
}

int texalloc_connect(int descriptor, const char *path) {
  struct sockaddr_un address;
  if (unix_address(&address, path) < 0) return -1;
  return connect(descriptor, (struct sockaddr *)&address, sizeof address);
}

int texalloc_is_deserted(const char *path) {
  struct sockaddr_un address;
  if (unix_address(&address, path) < 0) return 0;
  int probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return 0;
  int is_deserted =
      connect(probe, (struct sockaddr *)&address, sizeof address) < 0 && errno == ECONNREFUSED;
  close(probe);
  return is_deserted;
}

int texalloc_listen(int descriptor, const char *path) {
  struct sockaddr_un address;
  if (unix_address(&address, path) < 0) return -1;
  // The file gets the mode of the socket.
  if (fchmod(descriptor, S_IRUSR | S_IWUSR) < 0) return -1;
  if (bind(descriptor, (struct sockaddr *)&address, sizeof address) < 0) return -1;
  return listen(descriptor, 16);
}

int texalloc_accept(int descriptor) {
  return accept4(descriptor, NULL, NULL, SOCK_CLOEXEC);
}

int texalloc_peer(int descriptor, struct texalloc_credentials *peer) {
  struct ucred credentials;
  socklen_t size = sizeof credentials;
  if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0) return -1;
  peer->process = credentials.pid;
  peer->user = credentials.uid;
  peer->group = credentials.gid;
  return 0;
}

int texalloc_send_packet(
    int descriptor, const void *bytes, size_t size, const int *descriptors, int count) {
  char control[CMSG_SPACE(sizeof(int) * texalloc_packet_room)] __attribute__((aligned(8))) = {0};
  struct iovec part = {.iov_base = (void *)bytes, .iov_len = size};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (count > texalloc_packet_room) {
    errno = EINVAL;
    return -1;
  }
  if (count > 0) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count);
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
    memcpy(CMSG_DATA(rights), descriptors, sizeof(int) * (size_t)count);
  }
  return (int)sendmsg(descriptor, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int texalloc_receive_packet(
    int descriptor, void *bytes, size_t size, struct texalloc_packet *packet) {
  char control[CMSG_SPACE(sizeof(int) * texalloc_packet_room)] __attribute__((aligned(8)));
  struct iovec part = {.iov_base = bytes, .iov_len = size};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                           .msg_controllen = sizeof control};
  memset(packet, 0, sizeof *packet);
  int received = (int)recvmsg(descriptor, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (received < 0) return received;
  for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t index = 0; index < count && packet->count < texalloc_packet_room; index++)
      memcpy(&packet->descriptors[packet->count++], CMSG_DATA(part) + index * sizeof(int),
             sizeof(int));
  }
  packet->bytes_cut = (message.msg_flags & MSG_TRUNC) != 0;
  packet->descriptors_cut = (message.msg_flags & MSG_CTRUNC) != 0;
  return received;
}
