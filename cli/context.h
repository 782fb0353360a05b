/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a verb runs with: the command line, the settings that come from flags and environment, and
 * the client, which is made when a verb first needs it.
 */
#ifndef CTL_CONTEXT_H
#define CTL_CONTEXT_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "memory.h"
#include "nnrpc/base.h"
#include "nnrpc/client.h"
#include "nnrpc/schema.h"
#include "parse.h"

enum ctl_output {
    CTL_OUTPUT_TABLE,
    CTL_OUTPUT_JSON,
    CTL_OUTPUT_NDJSON,
};

struct ctl_context {
    struct ctl_invocation invocation;
    enum ctl_output output;
    bool quiet;
    uint32_t timeout_ms; /* 0: not given */
    struct nnrpc_client *client;
};

/** Reads the settings. @return CTL_OK or, after a complaint, CTL_USAGE. */
NNRPC_NODISCARD enum ctl_exit ctl_context_init(struct ctl_context *context);
void ctl_context_deinit(struct ctl_context *context);

/** As ctl_invocation_value() and ctl_invocation_given(). */
const char *ctl_value(const struct ctl_context *context, const char *flag);
bool ctl_given(const struct ctl_context *context, const char *flag);

/** Argument `index`, or NULL when it was left out. */
const char *ctl_argument(const struct ctl_context *context, size_t index);

/**
 * Makes the client. Connects nothing yet.
 *
 * @param default_timeout_ms  For each call unless --timeout is given; 0: the framework's. Verbs
 * that give one wait for a server until then, as all do with --wait.
 * @return CTL_OK, or after a complaint CTL_USAGE (addresses, token file) or CTL_FAILED.
 */
NNRPC_NODISCARD enum ctl_exit ctl_connect(struct ctl_context *context, uint32_t default_timeout_ms);

/** Fills request_id and validate_only of a mutating request from the flags. */
void ctl_fill_mutating(const struct ctl_context *context, ProtobufCMessage *request);

/**
 * Reads a flag as a whole number from least to most.
 *
 * @param out_number  Untouched when the flag was not given.
 * @return false after a complaint.
 */
NNRPC_NODISCARD bool ctl_number(
    const struct ctl_context *context, const char *flag, uint64_t least, uint64_t most,
    uint64_t *out_number);

/** Writes a remark to standard error unless --quiet. */
void ctl_remark(const struct ctl_context *context, const char *format, ...) NNRPC_PRINTF(2, 3);

#endif
