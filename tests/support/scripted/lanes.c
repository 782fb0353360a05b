/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls of the echo service, each checked to be answered by its own echo.
 */
#include "lanes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "clock.h"

#define PATIENCE_MS 60000

void lanes_prepare(
    struct lanes *lanes, scripted_script script, const struct nnrpc_client_options *options) {
    scripted_folder_make(lanes->folder);
    (void)snprintf(lanes->url, sizeof(lanes->url), "ipc://%s/s", lanes->folder);
    scripted_init(&lanes->server, lanes->url, script);
    const char *endpoints[] = {lanes->url};
    struct nnrpc_client_options chosen = {0};
    if (options != NULL) {
        chosen = *options;
    }
    if (chosen.endpoint_count == 0) {
        chosen.endpoints = endpoints;
        chosen.endpoint_count = 1;
    }
    chosen.timeout_ms = chosen.timeout_ms == 0 ? PATIENCE_MS : chosen.timeout_ms;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    if (nnrpc_client_new(&chosen, &lanes->client, &status) != NNRPC_OK) {
        fail_msg("%s", status.message);
    }
}

void lanes_open(
    struct lanes *lanes, scripted_script script, const struct nnrpc_client_options *options) {
    lanes_prepare(lanes, script, options);
    scripted_start(&lanes->server);
}

void lanes_close(struct lanes *lanes) {
    nnrpc_client_free(lanes->client);
    scripted_deinit(&lanes->server);
    scripted_folder_remove(lanes->folder);
}

/* An answer that belongs to another call would be the worst of all faults. */
static enum nnrpc_code compare(
    const char *got, const char *expected, struct nnrpc_status *out_status) {
    if (strcmp(got, expected) == 0) {
        return NNRPC_OK;
    }
    return nnrpc_fail(
        out_status, NNRPC_DATA_LOSS, "test", "OTHER_ANSWER", "\"%s\" was answered by \"%s\"",
        expected, got);
}

static enum nnrpc_code take_read(
    enum nnrpc_code code, Echo__V1__ReadResponse *response, const char *text,
    struct nnrpc_status *out_status) {
    if (code == NNRPC_OK) {
        code = compare(response->text, text, out_status);
        echo__v1__read_response__free_unpacked(response, NULL);
    }
    return code;
}

static Echo__V1__ReadRequest read_request(const char *text, uint32_t padding_bytes) {
    Echo__V1__ReadRequest request = ECHO__V1__READ_REQUEST__INIT;
    request.text = (char *)text;
    request.padding_bytes = padding_bytes;
    return request;
}

enum nnrpc_code lanes_read(
    struct nnrpc_client *client, const struct nnrpc_call_options *options, const char *text,
    uint32_t padding_bytes, struct nnrpc_status *out_status) {
    Echo__V1__ReadRequest request = read_request(text, padding_bytes);
    Echo__V1__ReadResponse *response = NULL;
    enum nnrpc_code code = echo_service_read(client, options, &request, &response, out_status);
    return take_read(code, response, text, out_status);
}

enum nnrpc_code lanes_write(
    struct nnrpc_client *client, const struct nnrpc_call_options *options, const char *text,
    struct nnrpc_status *out_status) {
    Echo__V1__WriteRequest request = ECHO__V1__WRITE_REQUEST__INIT;
    request.text = (char *)text;
    Echo__V1__WriteResponse *response = NULL;
    enum nnrpc_code code = echo_service_write(client, options, &request, &response, out_status);
    if (code == NNRPC_OK) {
        code = compare(response->text, text, out_status);
        echo__v1__write_response__free_unpacked(response, NULL);
    }
    return code;
}

enum nnrpc_code lanes_append(
    struct nnrpc_client *client, const struct nnrpc_call_options *options, const char *text,
    struct nnrpc_status *out_status) {
    Echo__V1__AppendRequest request = ECHO__V1__APPEND_REQUEST__INIT;
    request.text = (char *)text;
    Echo__V1__AppendResponse *response = NULL;
    enum nnrpc_code code = echo_service_append(client, options, &request, &response, out_status);
    if (code == NNRPC_OK) {
        code = compare(response->text, text, out_status);
        echo__v1__append_response__free_unpacked(response, NULL);
    }
    return code;
}

struct nnrpc_pending *lanes_start_read(
    struct nnrpc_client *client, const struct nnrpc_call_options *options, const char *text,
    uint32_t padding_bytes) {
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    Echo__V1__ReadRequest request = read_request(text, padding_bytes);
    struct nnrpc_pending *pending = NULL;
    if (echo_service_read_start(client, options, &request, &pending, &status) != NNRPC_OK) {
        fail_msg("%s", status.message);
    }
    return pending;
}

enum nnrpc_code lanes_finish_read(
    struct nnrpc_pending *pending, const char *text, struct nnrpc_status *out_status) {
    Echo__V1__ReadResponse *response = NULL;
    enum nnrpc_code code = echo_service_read_finish(pending, &response, out_status);
    return take_read(code, response, text, out_status);
}

void lanes_pause_ms(long milliseconds) {
    const struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    (void)nanosleep(&pause, NULL);
}

void lanes_await_held(struct lanes *lanes, struct nnrpc_pending *pending, size_t count) {
    while (scripted_held_count(&lanes->server) < count) {
        if (pending != NULL) {
            (void)nnrpc_pending_is_done(pending);
        }
        lanes_pause_ms(1);
    }
}

void lanes_await_frames(struct lanes *lanes, struct nnrpc_pending *pending, unsigned count) {
    while (atomic_load(&lanes->server.frame_count) < count) {
        (void)nnrpc_pending_is_done(pending);
        lanes_pause_ms(1);
    }
}

uint64_t lanes_now_ms(void) {
    return nnrpc_clock_ns() / 1000000;
}
