#include "CAudit.h"

#if !defined(__x86_64__) || !defined(__linux__)

#include <errno.h>

const char *texalloc_audit_obstacle(void) {
  return "it steps through the machine code of x86-64, on Linux";
}

texalloc_audit *texalloc_audit_begin(void) {
  errno = ENOTSUP;
  return NULL;
}

texalloc_audit_region *texalloc_audit_add(
  texalloc_audit *audit, void *base, size_t size, int descriptor, size_t limit) {
  errno = ENOTSUP;
  return NULL;
}

// Nobody has an audit that these could be called with.

size_t texalloc_audit_extent(const texalloc_audit_region *region) { return 0; }
void texalloc_audit_renew(texalloc_audit_region *region, size_t offset, size_t size) {}
void texalloc_audit_remove(texalloc_audit_region *region) {}
texalloc_audit_counts texalloc_audit_end(texalloc_audit *audit) {
  return (texalloc_audit_counts){0};
}
texalloc_audit_place texalloc_audit_place_at(texalloc_audit *audit, size_t index) {
  return (texalloc_audit_place){0};
}
void texalloc_audit_free(texalloc_audit *audit) {}

#endif
