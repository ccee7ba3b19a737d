#if defined(__x86_64__) && defined(__linux__)

#include "Signals.h"

#include "Model.h"
#include "Steps.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { trap_flag = 0x100 };

/// What is known of a thread while it lives.
struct thread {
  /// Its number in the kernel; 0 where nobody has the entry.
  _Atomic(pid_t) owner;
  struct step step;
  /// The signals that it blocked before the step.
  uint64_t blocked;
  bool had_trap_flag;
  /// The last failed access that was none of ours.
  greg_t last_instruction;
  uintptr_t last_fault;
};

static struct thread threads[max_threads];
/// One more than the number of the entry; 0 before a thread has one. A handler must find it without
/// the loader allocating it.
static _Thread_local size_t own_entry __attribute__((tls_model("initial-exec")));

/// Where instructions are moved to, a slot for each thread; NULL where the system forbids such memory.
static uint8_t *slots;

typedef void handler(int, siginfo_t *, void *);

/// A signal that audits take over.
struct takeover {
  int number;
  handler *own;
  /// What was done with it before.
  struct sigaction previous;
  /// Another handler that was set during an audit and stayed when that ended: it passes on to ours.
  handler *above;
};

static handler handle_fault, handle_trap;
static struct takeover faults = {.number = SIGSEGV, .own = handle_fault};
static struct takeover traps = {.number = SIGTRAP, .own = handle_trap};

static bool claim(size_t index, pid_t owner, pid_t self) {
  if (!atomic_compare_exchange_strong(&threads[index].owner, &owner, self)) return false;
  threads[index].step = (struct step){.scratch = -1};
  own_entry = index + 1;
  return true;
}

static struct thread *own_thread(void) {
  if (own_entry) return threads + own_entry - 1;
  pid_t self = (pid_t)syscall(SYS_gettid), process = getpid();
  for (size_t i = 0; i < max_threads; i++)
    if (atomic_load(&threads[i].owner) == 0 && claim(i, 0, self)) return threads + i;
  for (size_t i = 0; i < max_threads; i++) {
    pid_t owner = atomic_load(&threads[i].owner);
    if (syscall(SYS_tgkill, process, owner, 0) < 0 && errno == ESRCH && claim(i, owner, self))
      return threads + i;
  }
  static const char message[] = "audit: too many threads write texture memory at once\n";
  (void)!write(2, message, sizeof message - 1);
  abort();
}

/// Does with a signal what would have been done with it.
static void pass_on(
  int number, siginfo_t *information, ucontext_t *context, const struct sigaction *previous) {
  bool takes_information = previous->sa_flags & SA_SIGINFO;
  if (!takes_information && previous->sa_handler == SIG_IGN && information->si_code <= 0) return;
  if (!takes_information
      && (previous->sa_handler == SIG_DFL || previous->sa_handler == SIG_IGN)) {
    // What failed fails again, and what was sent is sent again; then by the default.
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigaction(number, &standard, NULL);
    if (information->si_code <= 0 || number == SIGTRAP)
      syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), number);
    return;
  }
  sigset_t blocked = context->uc_sigmask;
  for (int other = 1; other < NSIG; other++)
    if (sigismember(&previous->sa_mask, other) == 1) sigaddset(&blocked, other);
  if (!(previous->sa_flags & SA_NODEFER)) sigaddset(&blocked, number);
  sigprocmask(SIG_SETMASK, &blocked, NULL);
  if (takes_information)
    previous->sa_sigaction(number, information, context);
  else
    previous->sa_handler(number);
}

/// The signals of the context, as the kernel sees them.
static uint64_t *blocked_by(ucontext_t *context) { return (uint64_t *)&context->uc_sigmask; }

static void start(struct thread *thread, ucontext_t *context) {
  greg_t *flags = context->uc_mcontext.gregs + REG_EFL;
  thread->blocked = *blocked_by(context);
  thread->had_trap_flag = *flags & trap_flag;
  if (thread->step.moved_to == NULL) *flags |= trap_flag;
  // No other handler may run before the instruction has.
  *blocked_by(context) = ~0ull;
  static const int own[] = {SIGSEGV, SIGTRAP, SIGBUS, SIGFPE, SIGILL};
  for (size_t i = 0; i < sizeof own / sizeof *own; i++)
    *blocked_by(context) &= ~(1ull << (own[i] - 1));
}

/// Leaves the thread as if nobody had stepped in, after the instruction or before it.
static void stop(struct thread *thread, ucontext_t *context) {
  if (!thread->had_trap_flag) context->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)trap_flag;
  *blocked_by(context) = thread->blocked;
  texalloc_step_restore(&thread->step, context);
}

static void handle_fault(int number, siginfo_t *information, void *argument) {
  int error = errno;
  ucontext_t *context = argument;
  greg_t *registers = context->uc_mcontext.gregs;
  uintptr_t fault = (uintptr_t)information->si_addr;
  struct thread *thread = own_thread();
  // The instruction failed elsewhere, too.
  if (thread->step.is_under_way) stop(thread, context);
  bool is_access = information->si_code == SEGV_ACCERR || information->si_code == SEGV_MAPERR;
  uint8_t *slot = slots ? slots + (size_t)(thread - threads) * slot_size : NULL;
  if (is_access && texalloc_step_begin(&thread->step, context, fault, slot)) {
    thread->last_fault = 0;
    start(thread, context);
  } else if (is_access && texalloc_region_is_going(fault)) {
    // It will be open in a moment.
  } else if (is_access
             && (thread->last_instruction != registers[REG_RIP] || thread->last_fault != fault)) {
    // It may have been opened since: what fails for another reason fails again.
    thread->last_instruction = registers[REG_RIP];
    thread->last_fault = fault;
  } else {
    texalloc_step_release(&thread->step);
    thread->last_fault = 0;
    errno = error;
    pass_on(number, information, context, &faults.previous);
  }
  errno = error;
}

static void handle_trap(int number, siginfo_t *information, void *argument) {
  int error = errno;
  ucontext_t *context = argument;
  struct thread *thread = own_thread();
  struct step *step = &thread->step;
  if (!texalloc_step_is_done(step, context, information->si_code)) {
    pass_on(number, information, context, &traps.previous);
    errno = error;
    return;
  }
  stop(thread, context);
  // Places are those of the instruction, not of what comes after it.
  greg_t *registers = context->uc_mcontext.gregs;
  greg_t after[] = {registers[REG_RIP], registers[REG_RSP], registers[REG_RBP]};
  registers[REG_RIP] = step->instruction;
  registers[REG_RSP] = step->stack_pointer;
  registers[REG_RBP] = step->frame_pointer;
  size_t index = (size_t)(thread - threads);
  for (size_t i = 0; i < step->access_count; i++) {
    texalloc_audit *audit = step->accesses[i].region->audit;
    texalloc_model_see(audit, index, step->accesses + i, context);
    if (step->is_exposed) audit->threads[index].counts.exposures++;
  }
  registers[REG_RIP] = after[0];
  registers[REG_RSP] = after[1];
  registers[REG_RBP] = after[2];
  texalloc_step_release(step);
  errno = error;
}

static int take(struct takeover *signal) {
  struct sigaction now;
  if (sigaction(signal->number, NULL, &now) < 0) return -1;
  bool has_above = signal->above && now.sa_sigaction == signal->above;
  if (now.sa_sigaction == signal->own || has_above) return 0;
  signal->previous = now;
  signal->above = NULL;
  // On a stack of its own where the program has seen to that.
  struct sigaction own = {
    .sa_sigaction = signal->own, .sa_flags = SA_SIGINFO | (now.sa_flags & SA_ONSTACK)};
  sigfillset(&own.sa_mask);
  return sigaction(signal->number, &own, NULL);
}

static void give_back(struct takeover *signal) {
  struct sigaction now;
  if (sigaction(signal->number, NULL, &now) < 0) return;
  bool is_own = now.sa_sigaction == signal->own;
  if (is_own) sigaction(signal->number, &signal->previous, NULL);
  signal->above = is_own ? NULL : now.sa_sigaction;
}

int texalloc_signals_take(void) {
  texalloc_steps_prepare();
  texalloc_places_prepare();
  if (slots == NULL) {
    void *memory = mmap(
      NULL, (size_t)max_threads * slot_size, PROT_READ | PROT_WRITE | PROT_EXEC,
      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory != MAP_FAILED) slots = memory;
  }
  if (take(&traps) < 0) return -1;
  if (take(&faults) == 0) return 0;
  give_back(&traps);
  return -1;
}

void texalloc_signals_give_back(void) {
  give_back(&faults);
  give_back(&traps);
}

#endif
