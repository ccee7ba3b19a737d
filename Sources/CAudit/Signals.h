// The handlers that the failing accesses of all threads end in.
#pragma once

/// Takes over the signals, or gives them back. 0, or -1 with errno.
int texalloc_signals_take(void);
void texalloc_signals_give_back(void);
