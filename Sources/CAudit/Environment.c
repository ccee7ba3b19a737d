#define _GNU_SOURCE
#include "CAudit.h"

#include <stdlib.h>

const char *texalloc_audit_environment(const char *name) { return secure_getenv(name); }
