/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What nearly every test of the serving side begins with: a started probe and a peer of it.
 */
#ifndef PROBE_STAGE_H
#define PROBE_STAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "frames.h"
#include "probe_service.h"

struct stage {
    struct probe *probe;
    struct peer peer; /* on the ipc socket */
};

/** Starts a server and connects to it. NULL options: defaults. */
void stage_begin(struct stage *stage, const struct nnrpc_server_options *options);

/** The same for a probe that was made already. */
void stage_begin_with(struct stage *stage, struct probe *probe);

void stage_end(struct stage *stage);

/** A read that answers with its text. */
Probe__V1__ReadRequest read_of(const char *text);

/** A frame of one read, exchanged; the answer is to be released. */
Nnrpc__V1__ResponseFrame *stage_read(struct stage *stage, const Probe__V1__ReadRequest *request);

/** Unpacks the answer of a read, which must be OK; to be released. */
Probe__V1__ReadResponse *read_response(const Nnrpc__V1__Response *response);

/** What a read's answer says: its text is as expected, it ran on a worker, its padding's size. */
void expect_text(const Nnrpc__V1__Response *response, const char *text);
bool was_offloaded(const Nnrpc__V1__Response *response);
size_t padding_of(const Nnrpc__V1__Response *response);

/** How many writes had reached their handlers before this one, which must be OK. */
unsigned write_order(const Nnrpc__V1__Response *response);

#endif
