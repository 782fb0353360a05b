/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses: reading them, and what must be checked around a socket that nanomsg itself does not
 * check or does not report. Knows the system's sockets, not nanomsg.
 */
#ifndef NNRPC_ADDRESS_H
#define NNRPC_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "nnrpc/base.h"
#include "nnrpc/status.h"

/* nanomsg's longest address and the kernel's longest socket path, terminators included. */
#define NNRPC_URL_BYTES 128
#define NNRPC_SOCKET_PATH_BYTES 108

enum nnrpc_address_kind {
    NNRPC_ADDRESS_IPC,
    NNRPC_ADDRESS_TCP,
    NNRPC_ADDRESS_WS,
    NNRPC_ADDRESS_INPROC,
};

/** A checked address. */
struct nnrpc_address {
    enum nnrpc_address_kind kind;
    char url[NNRPC_URL_BYTES];
    char host[NNRPC_URL_BYTES]; /* of TCP and WS, without brackets */
    uint16_t port;              /* of TCP and WS */
    bool is_ipv6;               /* the host is an IPv6 literal */
};

/** The path of an ipc address; any other address must not be asked. */
const char *nnrpc_address_path(const struct nnrpc_address *address);

/**
 * Reads an address: "ipc:///absolute/path", "tcp://HOST:PORT", "ws://HOST:PORT[/path]",
 * "inproc://NAME" (a name without spaces and control characters).
 *
 * @param serving  For binding: the host is "*" or an IP address, and there is no path after a port.
 * @return NNRPC_OK or NNRPC_INVALID_ARGUMENT, reason INVALID_ADDRESS.
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_address_parse(
    const char *url, bool serving, struct nnrpc_address *out_address,
    struct nnrpc_status *out_status);

/**
 * Makes sure that binding will succeed: nanomsg 1.1.5 reports a failed bind late and then uses
 * memory that it has freed, so it must not come to that.
 *
 * An ipc address: its folder must be ours alone; a socket file that no process serves is removed.
 *
 * @param out_guard  On NNRPC_OK a descriptor that keeps others who call this out of the folder
 *                   until it is closed; -1 for addresses without a folder.
 * @return NNRPC_OK, NNRPC_INVALID_ARGUMENT (the folder is open to others), NNRPC_UNAVAILABLE.
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_address_prepare_bind(
    const struct nnrpc_address *address, int *out_guard, struct nnrpc_status *out_status);

/**
 * Connects to an ipc address once, only to learn why nanomsg could not.
 *
 * @return 0 when somebody listens (also when too many are just connecting), else the errno.
 */
int nnrpc_address_probe(const struct nnrpc_address *address);

/** For NNRPC_CLEANUP: closes a descriptor unless it is negative. */
void nnrpc_descriptor_closep(int *descriptor);

#endif
