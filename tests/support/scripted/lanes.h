/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client and the scripted server that it calls, for one test.
 */
#ifndef SUPPORT_LANES_H
#define SUPPORT_LANES_H

#include <stdbool.h>
#include <stdint.h>

#include "nnrpc/client.h"
#include "scripted_server.h"

struct lanes {
    char folder[SCRIPTED_FOLDER_BYTES];
    char url[64];
    struct scripted_server server;
    struct nnrpc_client *client;
};

/** Prepares server and client, the server not started. NULL options: defaults; the endpoint is set
 *  here if there is none, and a budget of a minute, for slow machines. */
void lanes_prepare(
    struct lanes *lanes, scripted_script script, const struct nnrpc_client_options *options);

/** The same with the server started. */
void lanes_open(
    struct lanes *lanes, scripted_script script, const struct nnrpc_client_options *options);

void lanes_close(struct lanes *lanes);

/** One Read and, when it succeeds, whether its own answer came: else NNRPC_DATA_LOSS. Any thread.
 */
enum nnrpc_code lanes_read(
    struct nnrpc_client *client, const struct nnrpc_call_options *options, const char *text,
    uint32_t padding_bytes, struct nnrpc_status *out_status);

/** The same for Write, with its request_id filled by the client, and for Append. */
enum nnrpc_code lanes_write(
    struct nnrpc_client *client, const struct nnrpc_call_options *options, const char *text,
    struct nnrpc_status *out_status);
enum nnrpc_code lanes_append(
    struct nnrpc_client *client, const struct nnrpc_call_options *options, const char *text,
    struct nnrpc_status *out_status);

/** Starts a Read, failing the test if that does not work. */
struct nnrpc_pending *lanes_start_read(
    struct nnrpc_client *client, const struct nnrpc_call_options *options, const char *text,
    uint32_t padding_bytes);

/** Finishes a Read as lanes_read() does. */
enum nnrpc_code lanes_finish_read(
    struct nnrpc_pending *pending, const char *text, struct nnrpc_status *out_status);

/** Waits until so many frames are held, or came, moving a started call on meanwhile
 *  (NULL: none). */
void lanes_await_held(struct lanes *lanes, struct nnrpc_pending *pending, size_t count);
void lanes_await_frames(struct lanes *lanes, struct nnrpc_pending *pending, unsigned count);

/** Sleeps. */
void lanes_pause_ms(long milliseconds);

/** Milliseconds of CLOCK_MONOTONIC. */
uint64_t lanes_now_ms(void);

#endif
