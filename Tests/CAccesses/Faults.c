#include "CAccesses.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

static struct sigaction previous;
static uint8_t *page;
static volatile size_t taken;

static void handle(int number, siginfo_t *information, void *context) {
  uint8_t *at = information->si_addr;
  if (at >= page && at < page + 4096) {
    taken++;
    mprotect(page, 4096, PROT_READ | PROT_WRITE);
  } else if (previous.sa_flags & SA_SIGINFO) {
    previous.sa_sigaction(number, information, context);
  } else {
    _exit(99);
  }
}

void take_faults(void) {
  if (page == NULL)
    page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  taken = 0;
  struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, &previous);
}

size_t faults_taken(void) { return taken; }

bool has_faults(void) {
  struct sigaction now;
  return sigaction(SIGSEGV, NULL, &now) == 0 && now.sa_sigaction == handle;
}

void give_faults_back(void) { sigaction(SIGSEGV, &previous, NULL); }

void cause_fault(void) {
  mprotect(page, 4096, PROT_NONE);
  *(volatile uint8_t *)page = 1;
}

int write_by_system_call(uint8_t *to) {
  int zeros = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  ssize_t count = read(zeros, to, 1);
  int result = count < 0 ? -errno : (int)count;
  close(zeros);
  return result;
}
