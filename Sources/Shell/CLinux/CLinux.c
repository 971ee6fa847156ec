#define _GNU_SOURCE

#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <link.h>
#include <linux/serial.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

int evse_kernel_clock_synchronised(void) {
    struct timex state = {.modes = 0};
    int clock = adjtimex(&state);
    if (clock == -1) return -1;
    return clock != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

int64_t evse_boottime_ns(void) {
    struct timespec now;
    if (clock_gettime(CLOCK_BOOTTIME, &now) == -1) return -1;
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int evse_wait_ready(int descriptor, short events, int64_t timeout_ns) {
    struct pollfd entry = {.fd = descriptor, .events = events};
    struct timespec timeout = {
        .tv_sec = timeout_ns / 1000000000,
        .tv_nsec = timeout_ns % 1000000000,
    };
    int count = ppoll(&entry, 1, &timeout, NULL);
    return count > 0 ? entry.revents : count;
}

int evse_wait_ready_or_alarm(int descriptor, short events, int alarm, int64_t timeout_ns) {
    struct pollfd entries[] = {
        {.fd = descriptor, .events = events},
        {.fd = alarm, .events = POLLIN},
    };
    struct timespec timeout = {
        .tv_sec = timeout_ns / 1000000000,
        .tv_nsec = timeout_ns % 1000000000,
    };
    int count = ppoll(entries, 2, &timeout, NULL);
    if (count <= 0) return count;
    return entries[1].revents ? 2 : 1;
}

int evse_enable_rs485(int descriptor) {
    struct serial_rs485 mode;
    if (ioctl(descriptor, TIOCGRS485, &mode) == -1) return -1;
    mode.flags |= SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND;
    mode.flags &= ~(unsigned)SER_RS485_RTS_AFTER_SEND;
    return ioctl(descriptor, TIOCSRS485, &mode);
}

static int set_serial(int descriptor, int baud, char parity, int stop_bits) {
    struct termios settings;
    if (tcgetattr(descriptor, &settings) == -1) return -1;
    cfmakeraw(&settings);
    settings.c_cflag |= CLOCAL | CREAD;
    settings.c_cflag &= ~(tcflag_t)(CSTOPB | PARENB | PARODD | CRTSCTS);
    if (stop_bits == 2) settings.c_cflag |= CSTOPB;
    if (parity != 'N') settings.c_cflag |= PARENB;
    if (parity == 'O') settings.c_cflag |= PARODD;
    // glibc takes a number for a speed here, too.
    if (cfsetspeed(&settings, (speed_t)baud) == -1) return -1;
    return tcsetattr(descriptor, TCSANOW, &settings);
}

int evse_open_serial(const char *path, int baud, char parity, int stop_bits) {
    int descriptor = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (descriptor == -1) return -1;
    if (flock(descriptor, LOCK_EX | LOCK_NB) == -1 ||
        set_serial(descriptor, baud, parity, stop_bits) == -1) {
        int code = errno;
        close(descriptor);
        errno = code;
        return -1;
    }
    return descriptor;
}

int evse_open_pty(char *path, size_t capacity) {
    int descriptor = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (descriptor == -1) return -1;
    struct termios settings;
    if (grantpt(descriptor) == -1 || unlockpt(descriptor) == -1 ||
        ptsname_r(descriptor, path, capacity) != 0 || tcgetattr(descriptor, &settings) == -1) {
        close(descriptor);
        return -1;
    }
    cfmakeraw(&settings);
    if (tcsetattr(descriptor, TCSANOW, &settings) == -1) {
        close(descriptor);
        return -1;
    }
    return descriptor;
}

int evse_group_of(const char *path, char *name, size_t capacity) {
    struct stat status;
    if (stat(path, &status) == -1) return -1;
    char text[4096];
    struct group group, *found = NULL;
    if (getgrgid_r(status.st_gid, &group, text, sizeof text, &found) == 0 && found != NULL) {
        snprintf(name, capacity, "%s", group.gr_name);
    } else {
        snprintf(name, capacity, "%u", (unsigned)status.st_gid);
    }
    return 0;
}

void evse_name_thread(const char *name) {
    char shortened[16] = {0};
    strncpy(shortened, name, sizeof shortened - 1);
    pthread_setname_np(pthread_self(), shortened);
}

/// Looks at the program itself, which is the first that dl_iterate_phdr(3) names, and at no library.
static int unmap_code_of(struct dl_phdr_info *object, size_t size, void *data) {
    (void)size;
    (void)data;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        // What can be written may have been: only the rest is sure to be as it is in the file.
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W)) continue;
        uintptr_t start = object->dlpi_addr + segment->p_vaddr;
        uintptr_t first = (start + page - 1) / page * page;
        uintptr_t end = (start + segment->p_filesz) / page * page;
        if (end > first && madvise((void *)first, end - first, MADV_DONTNEED) == -1) return -1;
    }
    return 1;
}

int evse_unmap_unused_code(void) {
    return dl_iterate_phdr(unmap_code_of, NULL) == -1 ? -1 : 0;
}
