internal import Glibc

/// Processors that threads of this process may run on.
let coreCount = max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN)))
