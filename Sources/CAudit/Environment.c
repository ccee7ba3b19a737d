#include "CAudit.h"

#include <stdlib.h>

/// In a program that links no more than this, there is none.
#pragma weak texalloc_audit_process

__attribute__((constructor)) static void begin(void) {
  const char *path = secure_getenv("TEXALLOC_AUDIT");
  if (path && *path && texalloc_audit_process) texalloc_audit_process(path);
}
