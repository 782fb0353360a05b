/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a call ended: one of gRPC's codes, a sentence for people, and details for programs.
 *
 * A status is a plain value on the stack. Setting code, message, reason and domain never
 * allocates; info and violations do, and are left out when memory is short. All text is UTF-8: a
 * byte that is not becomes "?". Not thread-safe.
 */
#ifndef NNRPC_STATUS_H
#define NNRPC_STATUS_H

#include <stddef.h>
#include <stdint.h>

#include "nnrpc/base.h"

NNRPC_BEGIN_DECLARATIONS

/** gRPC's canonical codes, same numbers. Source: gRPC core, doc/statuscodes. */
enum nnrpc_code {
    NNRPC_OK = 0,
    NNRPC_CANCELLED = 1,
    NNRPC_UNKNOWN = 2,
    NNRPC_INVALID_ARGUMENT = 3,
    NNRPC_DEADLINE_EXCEEDED = 4,
    NNRPC_NOT_FOUND = 5,
    NNRPC_ALREADY_EXISTS = 6,
    NNRPC_PERMISSION_DENIED = 7,
    NNRPC_RESOURCE_EXHAUSTED = 8,
    NNRPC_FAILED_PRECONDITION = 9,
    NNRPC_ABORTED = 10,
    NNRPC_OUT_OF_RANGE = 11,
    NNRPC_UNIMPLEMENTED = 12,
    NNRPC_INTERNAL = 13,
    NNRPC_UNAVAILABLE = 14,
    NNRPC_DATA_LOSS = 15,
    NNRPC_UNAUTHENTICATED = 16,
};

#define NNRPC_CODE_COUNT 17
#define NNRPC_STATUS_MESSAGE_BYTES 256
#define NNRPC_STATUS_REASON_BYTES 48
#define NNRPC_STATUS_DOMAIN_BYTES 32

/** The framework's own domain. */
#define NNRPC_DOMAIN "nnrpc"

struct nnrpc_info {
    char *key;
    char *value;
};

struct nnrpc_violation {
    char *field;
    char *description;
    char *reason;
};

/** What a status owns beyond its fixed part. */
struct nnrpc_status_details {
    struct nnrpc_info *infos;
    size_t info_count;
    struct nnrpc_violation *violations;
    size_t violation_count;
};

/** Initialise with NNRPC_STATUS_INIT; release with nnrpc_status_deinit(). */
struct nnrpc_status {
    enum nnrpc_code code;
    char message[NNRPC_STATUS_MESSAGE_BYTES]; /* terminated, cut at a UTF-8 boundary */
    char reason[NNRPC_STATUS_REASON_BYTES];   /* terminated, "" when none */
    char domain[NNRPC_STATUS_DOMAIN_BYTES];   /* terminated, "" when none */
    struct nnrpc_status_details *details;     /* owned, NULL when none */
};

/* Only the first byte of each text is written: a status is made on every call. */
#define NNRPC_STATUS_INIT                                                                          \
    { .code = NNRPC_OK }

/** Makes the status OK and empty, releasing what it owned. Takes an initialised status. */
void nnrpc_status_reset(struct nnrpc_status *status);

/** Releases what the status owns and makes it OK. NULL is fine. Fits NNRPC_CLEANUP. */
void nnrpc_status_deinit(struct nnrpc_status *status);

/** Moves a status; the source is OK and empty afterwards. */
void nnrpc_status_move(struct nnrpc_status *out_status, struct nnrpc_status *from);

/** Copies a status, details included. */
void nnrpc_status_copy(struct nnrpc_status *out_status, const struct nnrpc_status *from);

/**
 * Sets an error and returns its code, so that `return nnrpc_fail(...)` is one line.
 *
 * @param out_status  Overwritten, details released; NULL is fine. The arguments may point into it.
 * @param domain      NNRPC_DOMAIN or the service's own.
 * @param reason      UPPER_SNAKE_CASE, as in the domain's ErrorReason enum.
 * @param format      One sentence that names the place and what was expected.
 * @return code, always.
 */
enum nnrpc_code nnrpc_fail(
    struct nnrpc_status *out_status, enum nnrpc_code code, const char *domain, const char *reason,
    const char *format, ...) NNRPC_PRINTF(5, 6);

/** Adds a fact to the error's info; an existing key is replaced. NULL status is fine. */
void nnrpc_status_add_info(struct nnrpc_status *status, const char *key, const char *format, ...)
    NNRPC_PRINTF(3, 4);

/**
 * Adds a field violation. NULL status is fine. The code is left alone: collect all violations, then
 * call nnrpc_status_fail_violations(). (Without memory for it, code and message are set instead, so
 * that a violation is never lost.)
 */
void nnrpc_status_add_violation(
    struct nnrpc_status *status, const char *field, const char *reason, const char *format, ...)
    NNRPC_PRINTF(4, 5);

/**
 * Turns collected violations into the status: OK when there are none; otherwise INVALID_ARGUMENT
 * with the common reason of all violations, or mixed_reason when they differ, and a message that
 * quotes the first violation and counts the others ("email: not an address (and 2 more)"). Infos
 * are kept.
 *
 * @param status  Not NULL; reset or initialised before the first violation was added.
 */
NNRPC_NODISCARD enum nnrpc_code nnrpc_status_fail_violations(
    struct nnrpc_status *status, const char *domain, const char *mixed_reason);

/** The value of an info key, or NULL. */
const char *nnrpc_status_get_info(const struct nnrpc_status *status, const char *key);

/** gRPC's name of a code, e.g. "NOT_FOUND"; "UNKNOWN" for numbers that are none. */
const char *nnrpc_code_name(enum nnrpc_code code);

NNRPC_END_DECLARATIONS

#endif
