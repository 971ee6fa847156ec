#define _GNU_SOURCE

#include "CLinux.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>

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

void evse_name_thread(const char *name) {
    char shortened[16] = {0};
    strncpy(shortened, name, sizeof shortened - 1);
    pthread_setname_np(pthread_self(), shortened);
}
