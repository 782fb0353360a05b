/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting until what was handed to a socket library has reached its peers.
 *
 * nanomsg keeps what the kernel does not take yet in memory of its own, drops that on nn_close()
 * (NN_LINGER has no effect), and does not tell that it has. But the kernel tells how many bytes the
 * peer of a connection has not taken (SIOCOUTQ: for a Unix socket not read, for TCP not
 * acknowledged), and on which connections somebody waits for room to write, which nanomsg does as
 * long as it has more to give. A connection of which neither holds has nothing left on this side,
 * but for the moment between a write that did not fit and the wait: hence the quiet time.
 */
#ifndef NNRPC_UNSENT_H
#define NNRPC_UNSENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Waits until no connection that was accepted on these addresses has had unsent bytes for
 * quiet_ms. Blocks until then, until the deadline, or until nothing has moved for stuck_ms (the
 * peers do not read). Where the system does not tell (no /proc), waits for ten times quiet_ms.
 *
 * @param urls  As given to nnrpc_listener_open().
 * @return Whether everything is known to be sent.
 */
bool nnrpc_unsent_wait(
    const char *const *urls, size_t url_count, uint32_t quiet_ms, uint32_t stuck_ms,
    uint64_t deadline_ns);

/** Whether anybody is connected to one of these addresses; true where the system does not tell. */
bool nnrpc_unsent_has_peers(const char *const *urls, size_t url_count);

#endif
