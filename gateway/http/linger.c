/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lingering, on duplicates of the sockets' descriptors.
 */
#include "linger.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_clock.h"

#define LINGER_NS UINT64_C(2000000000)
#define DROP_BYTES 65536
#define DROPS_MOST 64 /* a sweep's share for one socket */

void linger_begin(struct lingering *lingering, int fd, bool expects_more) {
    char byte = 0;
    ssize_t size = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    bool is_open = size > 0 || (size < 0 && errno == EAGAIN && expects_more);
    int copy = is_open && lingering->count < LINGER_MOST ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
    if (copy < 0) {
        return;
    }
    (void)shutdown(copy, SHUT_WR);
    lingering->sockets[lingering->count].fd = copy;
    lingering->sockets[lingering->count].until_ns = http_clock_ns() + LINGER_NS;
    lingering->count++;
}

/* @return whether more may come. */
static bool drop(int fd) {
    char bytes[DROP_BYTES];
    ssize_t size = 1;
    for (int i = 0; i < DROPS_MOST && size > 0; i++) {
        size = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    }
    return size > 0 || (size < 0 && errno == EAGAIN);
}

void linger_sweep(struct lingering *lingering, uint64_t now_ns) {
    for (size_t i = 0; i < lingering->count;) {
        if (drop(lingering->sockets[i].fd) && now_ns < lingering->sockets[i].until_ns) {
            i++;
        } else {
            (void)close(lingering->sockets[i].fd);
            lingering->sockets[i] = lingering->sockets[--lingering->count];
        }
    }
}

void linger_end(struct lingering *lingering) {
    while (lingering->count > 0) {
        (void)close(lingering->sockets[--lingering->count].fd);
    }
}
