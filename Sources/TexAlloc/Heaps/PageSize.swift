internal import Glibc

/// Bytes of a page of this machine's kernel.
package let pageSize = sysconf(CInt(_SC_PAGESIZE))
