// Tells ThreadSanitizer what Swift's Mutex does where two threads want it at once. The part of it
// that is inlined is instrumented; the part that waits is in a library that is not, so that a counter
// behind a Mutex would be reported as a race. To be loaded before that library.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

// Not there in the programs that only start the tests.
void __tsan_acquire(void *mutex) __attribute__((weak));
void __tsan_release(void *mutex) __attribute__((weak));

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *mutex

// Synchronization._MutexHandle._lockSlow(UInt32)
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
// Synchronization._MutexHandle._unlockSlow()
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void lock(uint32_t owner, SELF) __asm__(LOCK);
SWIFT void lock(uint32_t owner, SELF) {
  SWIFT void (*lock_by_waiting)(uint32_t, SELF) = dlsym(RTLD_NEXT, LOCK);
  lock_by_waiting(owner, mutex);
  if (__tsan_acquire) __tsan_acquire(mutex);
}

SWIFT void unlock(SELF) __asm__(UNLOCK);
SWIFT void unlock(SELF) {
  SWIFT void (*unlock_and_wake)(SELF) = dlsym(RTLD_NEXT, UNLOCK);
  if (__tsan_release) __tsan_release(mutex);
  unlock_and_wake(mutex);
}
