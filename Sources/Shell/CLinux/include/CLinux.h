/// What Swift's Glibc module lacks on Linux. No policy lives here.

#ifndef EVSE_AGENT_CLINUX_H
#define EVSE_AGENT_CLINUX_H

#include <stdint.h>

/// Whether the kernel considers its wall clock synchronised (adjtimex(2), read only).
///
/// Returns 1 when synchronised, 0 when not, and -1 with errno set when the kernel does not say.
/// A container is never synchronised in this sense.
int evse_kernel_clock_synchronised(void);

/// Nanoseconds since boot, counting through suspension (CLOCK_BOOTTIME); -1 with errno set on failure.
int64_t evse_boottime_ns(void);

/// Waits until a descriptor is ready for some of `events` (POLLIN, POLLOUT), at most `timeout_ns`.
///
/// Returns what ppoll(2) says of the descriptor (more than 0), 0 when the time is over, and -1 with
/// errno set on failure, EINTR included.
int evse_wait_ready(int descriptor, short events, int64_t timeout_ns);

/// Names the calling thread as ps and top show it; more than 15 bytes are cut off.
void evse_name_thread(const char *name);

#endif
