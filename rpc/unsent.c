/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads SIOCOUTQ of this process's sockets that belong to the given addresses: accepted
 * connections have the listening address as their own.
 */
#include "unsent.h"

#include <dirent.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "clock.h"

#define SAMPLE_MS 2

union address {
    struct sockaddr any;
    struct sockaddr_un local;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
    struct sockaddr_storage storage;
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
    return strncmp(url, "ipc://", 6) != 0 && colon != NULL &&
           strtoul(colon + 1, NULL, 10) == ntohs(port);
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

/* Unsent bytes of one descriptor; 0 when it is not one of ours. */
static uint64_t unsent_of(int descriptor, const char *const *urls, size_t url_count) {
    union address address = {0};
    socklen_t size = sizeof(address);
    if (getsockname(descriptor, &address.any, &size) != 0) {
        return 0;
    }
    for (size_t index = 0; index < url_count; index++) {
        int unsent = 0;
        if (belongs_to(&address, size, urls[index]) && ioctl(descriptor, SIOCOUTQ, &unsent) == 0) {
            return unsent > 0 ? (uint64_t)unsent : 0;
        }
    }
    return 0;
}

/* Unsent bytes of all connections; false when the system does not tell. */
static bool sum_unsent(const char *const *urls, size_t url_count, uint64_t *out_unsent) {
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL) {
        return false;
    }
    uint64_t unsent = 0;
    struct dirent *entry = readdir(folder);
    while (entry != NULL) {
        if (entry->d_name[0] != '.') {
            unsent += unsent_of((int)strtol(entry->d_name, NULL, 10), urls, url_count);
        }
        entry = readdir(folder);
    }
    closedir(folder);
    *out_unsent = unsent;
    return true;
}

bool nnrpc_unsent_wait(
    const char *const *urls, size_t url_count, uint32_t quiet_ms, uint32_t stuck_ms,
    uint64_t deadline_ns) {
    const struct timespec pause = {.tv_nsec = SAMPLE_MS * 1000000};
    uint64_t now_ns = nnrpc_clock_ns();
    uint64_t quiet_since_ns = now_ns;
    uint64_t moved_ns = now_ns;
    uint64_t last = 0;
    bool is_known = true;
    while (now_ns - quiet_since_ns < (uint64_t)quiet_ms * 1000000) {
        uint64_t unsent = 0;
        is_known = sum_unsent(urls, url_count, &unsent);
        if (unsent != last) {
            moved_ns = now_ns;
            last = unsent;
        }
        if (unsent > 0) {
            quiet_since_ns = now_ns;
        }
        if (now_ns >= deadline_ns || now_ns - moved_ns >= (uint64_t)stuck_ms * 1000000) {
            return false;
        }
        nanosleep(&pause, NULL);
        now_ns = nnrpc_clock_ns();
    }
    return is_known;
}
