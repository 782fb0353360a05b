/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets whose last answer was sent while their clients may still be sending. Closed at once, the
 * kernel would reset the connection, and the client might never read the answer; so what comes is
 * read and dropped for a while.
 */
#ifndef GATEWAY_LINGER_H
#define GATEWAY_LINGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINGER_MOST 64

/** All zero is empty. */
struct lingering {
    struct {
        int fd;
        uint64_t until_ns;
    } sockets[LINGER_MOST];
    size_t count;
};

/**
 * Keeps a socket open that its owner is about to close, if bytes of it wait to be read or, when
 * `expects_more`, may still come. With too many of them it does nothing.
 */
void linger_begin(struct lingering *lingering, int fd, bool expects_more);

/** Reads and drops what has come; closes what has ended or was kept for long enough. */
void linger_sweep(struct lingering *lingering, uint64_t now_ns);

/** Closes all. */
void linger_end(struct lingering *lingering);

#endif
