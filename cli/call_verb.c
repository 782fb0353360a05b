/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call: any method with JSON. Where several values come, each is one call, and a window of them is
 * under way at a time; results come in the order of the values.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "call_metadata.h"
#include "json_values.h"
#include "nnrpc/json.h"
#include "output.h"
#include "types.h"

#define READ_BYTES 65536
#define RESULT_INDENT 2
#define DEFAULT_WINDOW 64
#define LARGEST_WINDOW 65536

const struct ctl_flag ctl_call_flags[] = {
    {.name = "metadata",
     .argument = "KEY=VALUE",
     .is_repeatable = true,
     .help = "Metadata to send with the call"},
    {.name = "header",
     .letter = 'H',
     .argument = "'KEY: VALUE'",
     .is_repeatable = true,
     .help = "The same, as curl spells it"},
    {.name = "show-metadata",
     .letter = 'v',
     .help = "Write the metadata of each answer to standard error"},
    {.name = "omit-unset", .help = "Leave out fields of the answer that have their default value"},
    {.name = "window",
     .argument = "COUNT",
     .help = "Most calls in flight when several values are given (default 64; 1: each call waits "
             "for the one before it)"},
    {.name = "fail-fast", .help = "Start no more calls after one that failed"},
    {0}};

const char ctl_call_details[] =
    "METHOD is a full name or the end of one: \"shop.v1.OrderService/GetOrder\", "
    "\"GetOrder\". JSON is the request, @FILE a file with it, - standard input; without it the "
    "request is empty. `PROGRAM describe METHOD` shows the JSON to be filled in.\n\n"
    "A file or standard input may hold several values, one a line or not: each is a call. Results "
    "come in their order, while up to --window calls are under way; a call that fails is told on "
    "standard error with its line, and the exit code is 7 then. --output ndjson writes one line a "
    "result.\n\n"
    "The types are asked of the server (nnrpc.v1.ReflectionService), or come from --proto-set. A "
    "request_id that is left empty is filled in, so that a repeated try takes effect once.";

/* One call that is under way. */
struct slot {
    struct nnrpc_pending *pending;
    struct nnrpc_reply_metadata *metadata; /* NULL: not wanted */
    size_t line;
};

struct caller {
    struct ctl_context *context;
    const struct nnrpc_method *method;
    const struct nnrpc_json_types *types;
    const struct ctl_call_metadata *metadata;
    const char *source; /* what the values come from, for complaints; NULL: the command line */
    struct slot *slots; /* a ring */
    size_t window;
    size_t first;
    size_t in_flight;
    size_t call_count;
    size_t failure_count;
    enum ctl_exit first_failure;
    enum ctl_exit output; /* not CTL_OK: standard output is gone */
};

static void caller_deinit(struct caller *caller) {
    for (size_t i = 0; i < caller->window; i++) {
        nnrpc_pending_cancel(caller->slots[i].pending);
        nnrpc_reply_metadata_free(caller->slots[i].metadata);
    }
    free(caller->slots);
}

/* Appends "FILE:12: ", or nothing when there is one value only. */
static const char *place_of(
    const struct caller *caller, size_t line, struct nnrpc_buffer *out_place) {
    if (caller->source == NULL) {
        return NULL;
    }
    nnrpc_buffer_append_format(out_place, "%s:%zu: ", caller->source, line);
    return ctl_buffer_text(out_place);
}

static void note_failure(
    struct caller *caller, size_t line, const struct nnrpc_status *status, enum ctl_exit exit) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer place = {0};
    fflush(stdout);
    ctl_print_status(stderr, place_of(caller, line, &place), status);
    caller->first_failure = caller->failure_count == 0 ? exit : caller->first_failure;
    caller->failure_count++;
}

/* --- One call ----------------------------------------------------------------------------- */

static void write_response(struct caller *caller, const ProtobufCMessage *response) {
    const struct ctl_context *context = caller->context;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    const struct nnrpc_json_format format = {
        .indent = context->output == CTL_OUTPUT_NDJSON ? 0 : RESULT_INDENT,
        .omit_unset = ctl_given(context, "omit-unset"),
        .types = caller->types,
    };
    enum nnrpc_code code = nnrpc_json_write(caller->method->response, response, &format, &out);
    if (code == NNRPC_UNIMPLEMENTED || code == NNRPC_OUT_OF_RANGE) {
        ctl_remark(context, "a value of the answer has no JSON form and is written as null");
    }
    nnrpc_buffer_append_text(&out, "\n");
    caller->output = ctl_output_bytes(&out);
}

/* Waits for the oldest call and writes what came of it. */
static void finish_first(struct caller *caller) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    CTL_OWNED_MESSAGE ProtobufCMessage *response = NULL;
    struct slot *slot = &caller->slots[caller->first];
    enum nnrpc_code code = nnrpc_client_finish(slot->pending, &response, &status);
    slot->pending = NULL;
    caller->first = (caller->first + 1) % caller->window;
    caller->in_flight--;
    if (slot->metadata != NULL) {
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer place = {0};
        ctl_reply_metadata_print(place_of(caller, slot->line, &place), slot->metadata);
    }
    if (code != NNRPC_OK) {
        note_failure(caller, slot->line, &status, ctl_exit_of_code(code));
    } else if (caller->output == CTL_OK) {
        write_response(caller, response);
    }
}

/* Starts a call with one value. The window is not full. */
static void start(struct caller *caller, const struct ctl_json_value *value) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    CTL_OWNED_MESSAGE ProtobufCMessage *request = NULL;
    caller->call_count++;
    if (nnrpc_json_read_with_types(
            caller->method->request, caller->types, value->text, value->size, NULL, &request,
            &status) != NNRPC_OK) {
        note_failure(caller, value->line, &status, CTL_USAGE);
        return;
    }
    struct slot *slot = &caller->slots[(caller->first + caller->in_flight) % caller->window];
    if (slot->metadata == NULL && ctl_given(caller->context, "show-metadata")) {
        slot->metadata = nnrpc_reply_metadata_new();
    }
    const struct nnrpc_call_options options = {
        .metadata = caller->metadata->entries,
        .metadata_count = caller->metadata->count,
        .reply_metadata = slot->metadata,
    };
    enum nnrpc_code code = nnrpc_client_start(
        caller->context->client, caller->method, &options, request, &slot->pending, &status);
    if (code != NNRPC_OK) {
        note_failure(caller, value->line, &status, ctl_exit_of_code(code));
        return;
    }
    slot->line = value->line;
    caller->in_flight++;
}

/* --- Many calls --------------------------------------------------------------------------- */

static bool is_stopped(const struct caller *caller) {
    return caller->output != CTL_OK ||
           (caller->failure_count > 0 && ctl_given(caller->context, "fail-fast"));
}

/* Whether a read would not wait. */
static bool is_ready(int descriptor) {
    struct pollfd wanted = {.fd = descriptor, .events = POLLIN};
    return poll(&wanted, 1, 0) != 0;
}

/* Reads what is there; false at the end or, after a complaint, when it cannot be read. */
static bool read_more(
    const struct caller *caller, int descriptor, struct ctl_json_values *values,
    enum ctl_exit *out_result) {
    ctl_json_values_drop(values);
    if (values->bytes.size > NNRPC_JSON_MAX_BYTES) {
        *out_result = ctl_usage_error(
            "%s:%zu: a value is larger than %u bytes", caller->source, values->line,
            NNRPC_JSON_MAX_BYTES);
        return false;
    }
    uint8_t *room = nnrpc_buffer_reserve(&values->bytes, READ_BYTES);
    ssize_t size = room == NULL ? -1 : read(descriptor, room, READ_BYTES);
    if (size < 0) {
        ctl_complain("%s: cannot be read: %s", caller->source, strerror(errno));
        *out_result = CTL_FAILED;
        return false;
    }
    values->bytes.size += (size_t)size;
    return size > 0;
}

/* Calls with each value of a stream. */
static enum ctl_exit call_with_stream(struct caller *caller, int descriptor) {
    NNRPC_CLEANUP(ctl_json_values_deinit) struct ctl_json_values values = {.line = 1};
    enum ctl_exit result = CTL_OK;
    bool is_end = false;
    while (!is_stopped(caller)) {
        struct ctl_json_value value;
        if (caller->in_flight == caller->window) {
            finish_first(caller); /* and see how it ended before another one starts */
        } else if (ctl_json_values_next(&values, is_end, &value)) {
            start(caller, &value);
        } else if (is_end) {
            break;
        } else if (caller->in_flight > 0 && !is_ready(descriptor)) {
            finish_first(caller);
        } else {
            is_end = !read_more(caller, descriptor, &values, &result);
            if (result != CTL_OK) {
                break;
            }
        }
    }
    while (caller->in_flight > 0) {
        finish_first(caller);
    }
    if (caller->call_count == 0 && result == CTL_OK) {
        return ctl_usage_error("%s holds no JSON value; {} is an empty request", caller->source);
    }
    return result;
}

static void close_file(int *descriptor) {
    if (*descriptor > STDERR_FILENO) {
        close(*descriptor);
    }
}

/* Calls with what the argument names: JSON, @FILE or -. */
static enum ctl_exit call_with(struct caller *caller, const char *argument) {
    if (argument == NULL || (argument[0] != '@' && strcmp(argument, "-") != 0)) {
        const char *text = argument == NULL ? "{}" : argument;
        const struct ctl_json_value value = {.text = text, .size = strlen(text), .line = 1};
        start(caller, &value);
        while (caller->in_flight > 0) {
            finish_first(caller);
        }
        return CTL_OK;
    }
    bool is_file = argument[0] == '@' && strcmp(argument, "@-") != 0;
    caller->source = is_file ? argument + 1 : "standard input";
    NNRPC_CLEANUP(close_file)
    int descriptor = is_file ? open(caller->source, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    if (descriptor < 0) {
        return ctl_usage_error("cannot open %s: %s", caller->source, strerror(errno));
    }
    return call_with_stream(caller, descriptor);
}

/* The exit code of all calls together. */
static enum ctl_exit outcome(const struct caller *caller) {
    if (caller->output != CTL_OK) {
        return caller->output;
    }
    if (caller->failure_count == 0) {
        return CTL_OK;
    }
    return caller->call_count == 1 ? caller->first_failure : CTL_INCOMPLETE;
}

static enum ctl_exit make_calls(
    struct ctl_context *context, const struct nnrpc_dynamic *types,
    const struct nnrpc_method *method, const struct ctl_call_metadata *metadata, uint64_t window) {
    const struct nnrpc_json_types json_types = nnrpc_dynamic_json_types(types);
    NNRPC_CLEANUP(caller_deinit)
    struct caller caller = {
        .context = context,
        .method = method,
        .types = &json_types,
        .metadata = metadata,
        .window = (size_t)window,
        .slots = ctl_allocate((size_t)window, sizeof(struct slot)),
    };
    enum ctl_exit result = call_with(&caller, ctl_argument(context, 1));
    return result == CTL_OK ? outcome(&caller) : result;
}

enum ctl_exit ctl_call(struct ctl_context *context) {
    NNRPC_CLEANUP(nnrpc_dynamic_freep) struct nnrpc_dynamic *types = NULL;
    NNRPC_CLEANUP(ctl_call_metadata_deinit) struct ctl_call_metadata metadata = {0};
    uint64_t window = DEFAULT_WINDOW;
    if (!ctl_number(context, "window", 1, LARGEST_WINDOW, &window) ||
        !ctl_call_metadata_read(context, &metadata)) {
        return CTL_USAGE;
    }
    enum ctl_exit result = ctl_connect(context, 0);
    if (result == CTL_OK) {
        result = ctl_types_get(context, &types);
    }
    if (result != CTL_OK) {
        return result;
    }
    const struct nnrpc_dynamic_item *item =
        ctl_types_find(types, CTL_KIND(NNRPC_DYNAMIC_METHOD), "method", ctl_argument(context, 0));
    if (item == NULL) {
        return CTL_NOT_FOUND;
    }
    if (item->method == NULL) {
        return ctl_usage_error("%s streams; a call here is one message each way", item->name);
    }
    return make_calls(context, types, item->method, &metadata, window);
}
