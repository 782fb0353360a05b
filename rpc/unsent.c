/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks at this process's sockets that belong to the given addresses (accepted connections have
 * the listening address as their own): at SIOCOUTQ, and at whether an epoll descriptor watches them
 * for room to write, which /proc/self/fdinfo tells.
 */
#include "unsent.h"

#include <dirent.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "clock.h"

#define SAMPLE_MS 2
#define BLIND_FACTOR 10 /* longer, where nothing can be seen */

union address {
    struct sockaddr any;
    struct sockaddr_un local;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
    struct sockaddr_storage storage;
};

struct addresses {
    const char *const *urls;
    size_t count;
};

static bool is_local(const union address *address, socklen_t size, const char *url) {
    static const char scheme[] = "ipc://";
    size_t scheme_size = sizeof(scheme) - 1;
    const char *path = address->local.sun_path;
    size_t path_size = size - offsetof(struct sockaddr_un, sun_path);
    return strncmp(url, scheme, scheme_size) == 0 &&
           strnlen(path, path_size) == strlen(url + scheme_size) &&
           memcmp(path, url + scheme_size, strlen(url + scheme_size)) == 0;
}

/* By the port alone: two addresses of one process on one port are all the same here. */
static bool is_network(in_port_t port, const char *url) {
    const char *colon = strrchr(url, ':');
    bool has_port = strncmp(url, "tcp://", 6) == 0 || strncmp(url, "ws://", 5) == 0;
    return has_port && strtoul(colon + 1, NULL, 10) == ntohs(port);
}

static bool belongs_to(const union address *address, socklen_t size, const char *url) {
    switch (address->any.sa_family) {
    case AF_UNIX:
        return size > offsetof(struct sockaddr_un, sun_path) && is_local(address, size, url);
    case AF_INET:
        return is_network(address->ipv4.sin_port, url);
    case AF_INET6:
        return is_network(address->ipv6.sin6_port, url);
    default:
        return false;
    }
}

/* Whether a descriptor is a socket on one of the addresses. */
static bool is_ours(int descriptor, const struct addresses *addresses) {
    union address address = {0};
    socklen_t size = sizeof(address);
    if (getsockname(descriptor, &address.any, &size) != 0) {
        return false;
    }
    for (size_t index = 0; index < addresses->count; index++) {
        if (belongs_to(&address, size, addresses->urls[index])) {
            return true;
        }
    }
    return false;
}

/* Bytes of a connection that its peer has not taken from the kernel. */
static uint64_t unsent_bytes(int descriptor) {
    int unsent = 0;
    return ioctl(descriptor, SIOCOUTQ, &unsent) == 0 && unsent > 0 ? (uint64_t)unsent : 0;
}

/* Number of our connections which an epoll descriptor watches for room to write: somebody has more
 * to give. Other descriptors have no such lines. */
static uint64_t waiting_writers(int descriptor, const struct addresses *addresses) {
    char path[64];
    char line[256];
    uint64_t count = 0;
    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", descriptor);
    FILE *info = fopen(path, "re");
    if (info == NULL) {
        return 0;
    }
    while (fgets(line, sizeof(line), info) != NULL) {
        int watched = -1;
        unsigned events = 0;
        if (sscanf(line, "tfd: %d events: %x", &watched, &events) == 2 &&
            (events & EPOLLOUT) != 0 && is_ours(watched, addresses)) {
            count++;
        }
    }
    (void)fclose(info);
    return count;
}

/* What is looked for on every descriptor: adds to *sum. */
typedef void (*descriptor_look)(int descriptor, const struct addresses *addresses, uint64_t *sum);

/* How much is left to send, by any measure. */
static void look_for_unsent(int descriptor, const struct addresses *addresses, uint64_t *sum) {
    *sum += is_ours(descriptor, addresses) ? unsent_bytes(descriptor)
                                           : waiting_writers(descriptor, addresses);
}

static void look_for_peer(int descriptor, const struct addresses *addresses, uint64_t *sum) {
    union address address;
    socklen_t size = sizeof(address);
    *sum += is_ours(descriptor, addresses) && getpeername(descriptor, &address.any, &size) == 0;
}

/* Looks at all descriptors of the process; false when the system does not tell. */
static bool look_at_all(
    descriptor_look look, const struct addresses *addresses, uint64_t *out_sum) {
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL) {
        return false;
    }
    uint64_t sum = 0;
    struct dirent *entry = readdir(folder);
    while (entry != NULL) {
        if (entry->d_name[0] != '.') {
            look((int)strtol(entry->d_name, NULL, 10), addresses, &sum);
        }
        entry = readdir(folder);
    }
    closedir(folder);
    *out_sum = sum;
    return true;
}

bool nnrpc_unsent_wait(
    const char *const *urls, size_t url_count, uint32_t quiet_ms, uint32_t stuck_ms,
    uint64_t deadline_ns) {
    const struct addresses addresses = {.urls = urls, .count = url_count};
    const struct timespec pause = {.tv_nsec = SAMPLE_MS * 1000000};
    uint64_t moved_ns = nnrpc_clock_ns();
    uint64_t last = 0;
    uint32_t quiet_samples = 0;
    bool is_known = true;
    /* Counted, not timed: on a busy machine much may pass between two looks. */
    while (quiet_samples * SAMPLE_MS < (is_known ? quiet_ms : BLIND_FACTOR * quiet_ms)) {
        uint64_t unsent = 0;
        is_known = look_at_all(look_for_unsent, &addresses, &unsent);
        quiet_samples = unsent == 0 ? quiet_samples + 1 : 0;
        uint64_t now_ns = nnrpc_clock_ns();
        if (unsent != last || unsent == 0) {
            moved_ns = now_ns;
            last = unsent;
        }
        if (now_ns >= deadline_ns || now_ns - moved_ns >= (uint64_t)stuck_ms * 1000000) {
            return false;
        }
        nanosleep(&pause, NULL);
    }
    return is_known;
}

bool nnrpc_unsent_has_peers(const char *const *urls, size_t url_count) {
    const struct addresses addresses = {.urls = urls, .count = url_count};
    uint64_t peers = 0;
    return !look_at_all(look_for_peer, &addresses, &peers) || peers > 0;
}
