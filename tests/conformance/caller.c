/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A caller with nnrpc's client: reads steps as lines of JSON and writes what came of each as a line
 * of JSON. docs/CONFORMANCE.md has the steps.
 *
 * Messages travel as bytes; they are unpacked and packed here by their types, so that what the
 * client does to typed messages is part of what is tried.
 *
 * Usage: conformance_caller DESCRIPTOR_SET
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "caller_json.h"
#include "nnrpc/dynamic.h"

#define CALLS_MAX NNRPC_FRAME_MAX_CALLS
#define LANES 8
#define FALLBACK_METHOD "conformance.v1.ConformanceService/Answer"

/* A call that was started. Its method must stay where it is. */
struct started {
    char *label;
    struct nnrpc_method method; /* a copy: the name may be one that no server has */
    struct nnrpc_pending *pending;
    struct nnrpc_reply_metadata *reply_metadata;
    struct nnrpc_status status; /* when it could not be started */
};

struct caller {
    struct nnrpc_dynamic *types;
    struct nnrpc_client *client;       /* many lanes: calls that are started stand beside others */
    struct nnrpc_client *frame_client; /* one lane: calls travel together */
    struct started *started[CALLS_MAX];
    size_t started_count;
};

static json_t *problem(const char *text) {
    return json_pack("{s:s}", "error", text);
}

/* --- Connections -------------------------------------------------------------------------- */

static void disconnect(struct caller *caller) {
    nnrpc_client_free(caller->client);
    nnrpc_client_free(caller->frame_client);
    caller->client = NULL;
    caller->frame_client = NULL;
}

static void free_started(struct started *started) {
    free(started->label);
    free(started);
}

static void cancel_call(struct started *started) {
    nnrpc_pending_cancel(started->pending);
    nnrpc_reply_metadata_free(started->reply_metadata);
    nnrpc_status_deinit(&started->status);
    free_started(started);
}

/* A case that failed midway leaves calls behind. */
static void leave(struct caller *caller) {
    while (caller->started_count > 0) {
        cancel_call(caller->started[--caller->started_count]);
    }
    disconnect(caller);
}

static struct nnrpc_client *make_client(
    const char *url, uint32_t lanes, uint32_t max_reply_bytes, struct nnrpc_status *status) {
    struct nnrpc_client *client = NULL;
    const struct nnrpc_client_options options = {
        .endpoints = &url,
        .endpoint_count = 1,
        .lanes = {lanes, lanes, lanes},
        .max_reply_bytes = max_reply_bytes,
        .max_frame_calls = CALLS_MAX,
        .timeout_ms = 30000};
    return nnrpc_client_new(&options, &client, status) == NNRPC_OK ? client : NULL;
}

/* Whatever a case before left behind goes first. */
static json_t *connect_to(struct caller *caller, const json_t *step) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    const char *url = json_string_value(json_object_get(step, "url"));
    uint32_t max_reply_bytes =
        (uint32_t)json_integer_value(json_object_get(step, "max_reply_bytes"));
    leave(caller);
    if (url == NULL) {
        return problem("no url");
    }
    caller->client = make_client(url, LANES, max_reply_bytes, &status);
    caller->frame_client = make_client(url, 1, max_reply_bytes, &status);
    bool is_connected = caller->client != NULL && caller->frame_client != NULL;
    return is_connected ? json_object() : problem(status.message);
}

/* --- Calls -------------------------------------------------------------------------------- */

/* Where a method is not known, it is called as if it were one that is. */
static bool find_method(
    const struct caller *caller, const char *name, struct nnrpc_method *out_method) {
    const struct nnrpc_method *method = nnrpc_dynamic_find_method(caller->types, name);
    if (method == NULL) {
        method = nnrpc_dynamic_find_method(caller->types, FALLBACK_METHOD);
    }
    if (method == NULL) {
        return false;
    }
    *out_method = *method;
    out_method->name = name;
    return true;
}

static void start_with_request(
    struct nnrpc_client *client, struct started *started, const json_t *step,
    const ProtobufCMessage *request) {
    static const struct nnrpc_retry_policy once = {.max_attempts = 1};
    size_t count = 0;
    struct nnrpc_metadata *metadata =
        caller_read_metadata(json_object_get(step, "metadata"), &count);
    const struct nnrpc_call_options options = {
        .timeout_ms = (uint32_t)json_integer_value(json_object_get(step, "timeout_ms")),
        .metadata = metadata,
        .metadata_count = count,
        .reply_metadata = started->reply_metadata,
        .retry = json_is_true(json_object_get(step, "retry")) ? NULL : &once};
    if (nnrpc_client_start(
            client, &started->method, &options, request, &started->pending, &started->status) !=
        NNRPC_OK) {
        started->pending = NULL;
    }
    caller_free_metadata(metadata, count);
}

/* @return NULL or what is wrong with the step. */
static const char *start_call(
    struct caller *caller, struct nnrpc_client *client, struct started *started,
    const json_t *step) {
    const char *name = json_string_value(json_object_get(step, "method"));
    *started = (struct started){.status = NNRPC_STATUS_INIT};
    if (client == NULL || name == NULL || !find_method(caller, name, &started->method)) {
        return "not connected, or no method";
    }
    size_t size = 0;
    uint8_t *bytes = caller_read_bytes(step, "request", &size);
    ProtobufCMessage *request =
        protobuf_c_message_unpack(started->method.request->descriptor, NULL, size, bytes);
    free(bytes);
    if (request == NULL) {
        return "the request is not of the method's type";
    }
    started->reply_metadata = caller_memory(nnrpc_reply_metadata_new());
    start_with_request(client, started, step, request);
    protobuf_c_message_free_unpacked(request, NULL);
    return NULL;
}

static json_t *finish_call(struct started *started) {
    ProtobufCMessage *response = NULL;
    if (started->pending != NULL) {
        started->status.code = nnrpc_client_finish(started->pending, &response, &started->status);
    }
    json_t *answer = caller_write_answer(&started->status, started->reply_metadata, response);
    if (response != NULL) {
        protobuf_c_message_free_unpacked(response, NULL);
    }
    nnrpc_reply_metadata_free(started->reply_metadata);
    nnrpc_status_deinit(&started->status);
    return answer;
}

static json_t *call(struct caller *caller, const json_t *step) {
    struct started started;
    const char *wrong = start_call(caller, caller->client, &started, step);
    return wrong == NULL ? json_pack("{s:o}", "answer", finish_call(&started)) : problem(wrong);
}

/* Every call before any is waited for: the lane is busy with the first, the others go together. */
static json_t *call_together(struct caller *caller, const json_t *step) {
    const json_t *calls = json_object_get(step, "calls");
    size_t count = json_array_size(calls);
    struct started *started = caller_memory(calloc(count + 1, sizeof(*started)));
    json_t *answers = json_array();
    const char *wrong = NULL;
    size_t started_count = 0;
    while (wrong == NULL && started_count < count) {
        wrong = start_call(
            caller, caller->frame_client, &started[started_count],
            json_array_get(calls, started_count));
        started_count += wrong == NULL;
    }
    for (size_t i = 0; i < started_count; i++) {
        json_array_append_new(answers, finish_call(&started[i]));
    }
    free(started);
    json_t *result = json_pack("{s:o}", "answers", answers);
    if (wrong != NULL) {
        json_object_set_new(result, "error", json_string(wrong));
    }
    return result;
}

/* --- Calls that are started --------------------------------------------------------------- */

static json_t *start(struct caller *caller, const json_t *step) {
    const char *label = json_string_value(json_object_get(step, "label"));
    if (label == NULL || caller->started_count == CALLS_MAX) {
        return problem("no label, or too many calls");
    }
    struct started *started = caller_memory(calloc(1, sizeof(*started)));
    const char *wrong = start_call(caller, caller->client, started, step);
    if (wrong != NULL) {
        free_started(started);
        return problem(wrong);
    }
    started->label = caller_memory(strdup(label));
    caller->started[caller->started_count++] = started;
    return json_object();
}

static struct started *take_started(struct caller *caller, const json_t *step) {
    const char *label = json_string_value(json_object_get(step, "label"));
    for (size_t i = 0; label != NULL && i < caller->started_count; i++) {
        struct started *started = caller->started[i];
        if (strcmp(started->label, label) == 0) {
            caller->started[i] = caller->started[--caller->started_count];
            return started;
        }
    }
    return NULL;
}

static json_t *finish(struct caller *caller, const json_t *step) {
    struct started *started = take_started(caller, step);
    if (started == NULL) {
        return problem("no such call");
    }
    json_t *answer = finish_call(started);
    free_started(started);
    return json_pack("{s:o}", "answer", answer);
}

/* The client releases a call that is given up: there is no answer to tell of. */
static json_t *give_up(struct caller *caller, const json_t *step) {
    struct started *started = take_started(caller, step);
    if (started == NULL) {
        return problem("no such call");
    }
    cancel_call(started);
    return json_pack("{s:b}", "released", 1);
}

/* --- Lines -------------------------------------------------------------------------------- */

static json_t *features(struct caller *caller, const json_t *step) {
    (void)caller;
    (void)step;
    return json_pack("{s:[s, s]}", "features", "client", "own_repeats");
}

static json_t *take_step(struct caller *caller, const json_t *step) {
    static const struct {
        const char *name;
        json_t *(*take)(struct caller *caller, const json_t *step);
    } acts[] = {
        {"features", features},   {"connect", connect_to}, {"call", call},
        {"frame", call_together}, {"start", start},        {"finish", finish},
        {"give_up", give_up},
    };
    const char *act = json_string_value(json_object_get(step, "act"));
    for (size_t i = 0; act != NULL && i < NNRPC_LENGTH(acts); i++) {
        if (strcmp(acts[i].name, act) == 0) {
            return acts[i].take(caller, step);
        }
    }
    return problem("no such act");
}

static bool take_line(struct caller *caller, const char *line) {
    json_error_t error;
    json_t *step = json_loads(line, 0, &error);
    json_t *result = step == NULL ? problem(error.text) : take_step(caller, step);
    char *text = caller_memory(json_dumps(result, JSON_COMPACT));
    bool is_written = puts(text) >= 0 && fflush(stdout) == 0;
    free(text);
    json_decref(result);
    json_decref(step);
    return is_written;
}

static struct nnrpc_dynamic *read_types(const char *path) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer bytes = {0};
    struct nnrpc_dynamic *types = NULL;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return NULL;
    }
    size_t size = 1;
    while (size > 0) {
        char *place = caller_memory(nnrpc_buffer_reserve(&bytes, 65536));
        size = fread(place, 1, 65536, file);
        bytes.size += size;
    }
    fclose(file);
    if (nnrpc_dynamic_new(bytes.data, bytes.size, &types, &status) != NNRPC_OK) {
        fprintf(stderr, "conformance_caller: %s\n", status.message);
        return NULL;
    }
    return types;
}

int main(int argc, char **argv) {
    static struct caller caller;
    if (argc != 2) {
        fputs("Usage: conformance_caller DESCRIPTOR_SET\n", stderr);
        return 2;
    }
    caller.types = read_types(argv[1]);
    if (caller.types == NULL) {
        return 1;
    }
    char *line = NULL;
    size_t capacity = 0;
    bool goes_on = true;
    while (goes_on && getline(&line, &capacity, stdin) > 0) {
        goes_on = take_line(&caller, line);
    }
    free(line);
    leave(&caller);
    nnrpc_dynamic_free(caller.types);
    return goes_on ? 0 : 1;
}
