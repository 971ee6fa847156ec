/// What Swift's Glibc module lacks on Linux. No policy lives here.

#ifndef EVSE_AGENT_CLINUX_H
#define EVSE_AGENT_CLINUX_H

#include <stddef.h>
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

/// Waits until a descriptor is ready for some of `events`, or `alarm` has anything to say (bytes, or
/// its end), at most `timeout_ns`.
///
/// Returns 2 for the alarm, 1 for the descriptor, 0 when the time is over, and -1 with errno set on
/// failure, EINTR included.
int evse_wait_ready_or_alarm(int descriptor, short events, int alarm, int64_t timeout_ns);

/// Lets the kernel's driver of a serial port switch an RS-485 line to sending by its RTS line.
///
/// Returns 0, or -1 with errno set: ENOTTY when the driver has no such mode.
int evse_enable_rs485(int descriptor);

/// Opens a serial port for one program alone and sets it: raw, 8 data bits, parity 'N', 'E' or 'O'.
///
/// Returns its descriptor, or -1 with errno set: EAGAIN when another program has it.
int evse_open_serial(const char *path, int baud, char parity, int stop_bits);

/// Makes a pseudo-terminal that passes bytes on as they are, and names its terminal side.
///
/// Returns the descriptor of the other side, or -1 with errno set.
int evse_open_pty(char *path, size_t capacity);

/// The name of the group that a file belongs to, or its number where it has no name.
///
/// Returns 0, or -1 with errno set.
int evse_group_of(const char *path, char *name, size_t capacity);

/// Names the calling thread as ps and top show it; more than 15 bytes are cut off.
void evse_name_thread(const char *name);

/// Unmaps the pages of this program's code and constants; those in use come back by themselves.
///
/// The pages stay in the kernel's cache, nothing is read from the disk again. Of a large program most
/// that was mapped during its start is never run again, and counts as resident for as long as it runs.
/// Returns 0, or -1 with errno set.
int evse_unmap_unused_code(void);

#endif
