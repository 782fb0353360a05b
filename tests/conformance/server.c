/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serves conformance.v1.ConformanceService at one address until SIGTERM: the server that the cases
 * are tried on. The flags set what a case wants to be small.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conformance.nnrpc.h"
#include "tally.h"

#define METHOD_PREFIX "conformance.v1.ConformanceService/"
#define DOMAIN "conformance"
#define HOLD_MAX_MS 30000
#define NS_PER_MS 1000000u

static uint64_t clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 * NS_PER_MS + (uint64_t)now.tv_nsec;
}

/* --- Answer ------------------------------------------------------------------------------- */

static struct nnrpc_answer fail_as_told(struct nnrpc_call *call, const Nnrpc__V1__Status *told) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    const Nnrpc__V1__ErrorInfo *error = told->error_info;
    nnrpc_fail(
        &status, (enum nnrpc_code)told->code, error == NULL ? "" : error->domain,
        error == NULL ? "" : error->reason, "%s", told->message);
    for (size_t i = 0; error != NULL && i < error->n_metadata; i++) {
        nnrpc_status_add_info(&status, error->metadata[i]->key, "%s", error->metadata[i]->value);
    }
    for (size_t i = 0; i < told->n_field_violations; i++) {
        const Nnrpc__V1__FieldViolation *violation = told->field_violations[i];
        nnrpc_status_add_violation(
            &status, violation->field, violation->reason, "%s", violation->description);
    }
    return nnrpc_call_fail(call, &status);
}

static struct nnrpc_answer fail_not_yet(struct nnrpc_call *call, uint32_t runs) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    nnrpc_fail(&status, NNRPC_UNAVAILABLE, DOMAIN, "NOT_YET", "this was call %u", runs);
    return nnrpc_call_fail(call, &status);
}

static void tell_metadata(
    struct nnrpc_call *call, const Conformance__V1__AnswerRequest *request,
    Conformance__V1__AnswerResponse *response) {
    size_t count = request->n_tell_metadata;
    Nnrpc__V1__Metadata *values = nnrpc_call_allocate(call, (count + 1) * sizeof(*values));
    Nnrpc__V1__Metadata **pointers = nnrpc_call_allocate(call, (count + 1) * sizeof(*pointers));
    if (values == NULL || pointers == NULL) {
        return;
    }
    response->request_metadata = pointers;
    for (size_t i = 0; i < count; i++) {
        struct nnrpc_slice value;
        if (nnrpc_call_get_metadata(call, request->tell_metadata[i], &value)) {
            Nnrpc__V1__Metadata *metadata = &values[response->n_request_metadata];
            nnrpc__v1__metadata__init(metadata);
            metadata->key = request->tell_metadata[i];
            metadata->value =
                (ProtobufCBinaryData){.data = (uint8_t *)value.data, .len = value.size};
            pointers[response->n_request_metadata++] = metadata;
        }
    }
}

static void tell_deadline(struct nnrpc_call *call, Conformance__V1__AnswerResponse *response) {
    uint64_t deadline_ns = nnrpc_call_deadline_ns(call);
    uint64_t now_ns = clock_ns();
    response->has_deadline = deadline_ns != 0;
    response->remaining_ms =
        deadline_ns > now_ns ? (uint32_t)((deadline_ns - now_ns) / NS_PER_MS) : 0;
}

static struct nnrpc_answer reply_as_told(
    struct nnrpc_call *call, const Conformance__V1__AnswerRequest *request, uint32_t runs) {
    Conformance__V1__AnswerResponse response = CONFORMANCE__V1__ANSWER_RESPONSE__INIT;
    char trace_id[NNRPC_TRACE_ID_TEXT_BYTES];
    char parent_span_id[NNRPC_SPAN_ID_TEXT_BYTES];
    const struct nnrpc_trace *trace = nnrpc_call_trace(call);
    nnrpc_trace_id_text(trace, trace_id);
    nnrpc_span_id_text(trace->parent_span_id, parent_span_id);
    response.text = request->text;
    response.payload = request->payload;
    response.runs = runs;
    response.trace_id = trace_id;
    response.parent_span_id = parent_span_id;
    response.request = request->echo ? (Conformance__V1__AnswerRequest *)request : NULL;
    tell_metadata(call, request, &response);
    tell_deadline(call, &response);
    /* What is asked for may be more than any caller takes: the runtime says so from its size. */
    if (request->padding_bytes > nnrpc_call_reply_budget(call, false)) {
        return nnrpc_call_fail_too_large(call, request->padding_bytes);
    }
    uint8_t *padding = calloc(1, (size_t)request->padding_bytes + 1);
    response.padding.data = padding;
    response.padding.len = padding == NULL ? 0 : request->padding_bytes;
    struct nnrpc_answer answer = nnrpc_call_reply(call, &response.base);
    free(padding);
    return answer;
}

static struct nnrpc_answer answer(
    void *self, struct nnrpc_call *call, const Conformance__V1__AnswerRequest *request) {
    (void)self;
    uint32_t runs = tally_run(request->key);
    for (size_t i = 0; i < request->n_reply_metadata; i++) {
        const Nnrpc__V1__Metadata *metadata = request->reply_metadata[i];
        nnrpc_call_set_reply_metadata(
            call, metadata->key, metadata->value.data, metadata->value.len);
    }
    if (runs <= request->unavailable_times && request->unavailable_times > 0) {
        return fail_not_yet(call, runs);
    }
    if (request->status != NULL && request->status->code != 0) {
        return fail_as_told(call, request->status);
    }
    return reply_as_told(call, request, runs);
}

/* --- Hold, LetGo, Report ------------------------------------------------------------------ */

static struct nnrpc_answer hold(
    void *self, struct nnrpc_call *call, const Conformance__V1__HoldRequest *request) {
    static const Conformance__V1__HoldResponse response = CONFORMANCE__V1__HOLD_RESPONSE__INIT;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    uint32_t hold_ms = request->hold_ms == 0 ? HOLD_MAX_MS : request->hold_ms;
    uint64_t end_ns = clock_ns() + (uint64_t)hold_ms * NS_PER_MS;
    (void)self;
    tally_run(request->key);
    while (!tally_await_let_go(request->key)) {
        if (nnrpc_call_check_wanted(call, &status) != NNRPC_OK) {
            tally_unwanted(request->key);
            return nnrpc_call_fail(call, &status);
        }
        if (clock_ns() >= end_ns) {
            if (request->hold_ms != 0) {
                break;
            }
            nnrpc_fail(
                &status, NNRPC_INTERNAL, DOMAIN, "NOT_LET_GO", "held for %u ms", HOLD_MAX_MS);
            return nnrpc_call_fail(call, &status);
        }
    }
    return conformance_service_hold_reply(call, &response);
}

static struct nnrpc_answer let_go(
    void *self, struct nnrpc_call *call, const Conformance__V1__LetGoRequest *request) {
    static const Conformance__V1__LetGoResponse response = CONFORMANCE__V1__LET_GO_RESPONSE__INIT;
    (void)self;
    tally_let_go(request->key);
    return conformance_service_let_go_reply(call, &response);
}

static struct nnrpc_answer report(
    void *self, struct nnrpc_call *call, const Conformance__V1__ReportRequest *request) {
    Conformance__V1__ReportResponse response = CONFORMANCE__V1__REPORT_RESPONSE__INIT;
    struct tally_count count = tally_get(request->key);
    (void)self;
    response.runs = count.runs;
    response.unwanted = count.unwanted;
    return conformance_service_report_reply(call, &response);
}

/* --- Who calls ---------------------------------------------------------------------------- */

/* In place of tokens: callers are who they say. */
static enum nnrpc_code name_caller(
    void *self, struct nnrpc_call *call, struct nnrpc_status *out_status) {
    struct nnrpc_slice value;
    char name[64];
    (void)self;
    (void)out_status;
    if (nnrpc_call_get_metadata(call, "x-caller", &value)) {
        snprintf(name, sizeof(name), "%.*s", (int)value.size, (const char *)value.data);
        nnrpc_call_set_caller(call, name, NNRPC_ROLE_WRITER);
    }
    return NNRPC_OK;
}

/* --- The program -------------------------------------------------------------------------- */

struct settings {
    const char *url;
    struct nnrpc_server_options options;
    struct nnrpc_method_limit limit; /* methods NULL: none */
};

static const char USAGE[] =
    "Usage: conformance_server --listen URL [--workers N] [--queue N] [--arena-bytes N]\n"
    "                          [--hold-limit N] [--change-rate N]\n"
    "  --listen URL     the address\n"
    "  --workers N      threads for calls of Hold\n"
    "  --queue N        calls of Hold that may wait for one\n"
    "  --arena-bytes N  memory for decoding a frame\n"
    "  --hold-limit N   calls of Hold at once, those that wait too\n"
    "  --change-rate N  calls of Change a second\n";

static bool take_flag(struct settings *settings, int flag, const char *value) {
    uint32_t number = (uint32_t)strtoul(value, NULL, 10);
    switch (flag) {
    case 'l':
        settings->url = value;
        return true;
    case 'w':
        settings->options.slow_workers = number;
        return true;
    case 'q':
        settings->options.worker_queue_calls = number;
        return true;
    case 'a':
        settings->options.arena_limit_bytes = number;
        return true;
    case 'h':
        settings->limit.methods = METHOD_PREFIX "Hold";
        settings->limit.max_concurrent_calls = number;
        return true;
    case 'c':
        settings->limit.methods = METHOD_PREFIX "Change";
        settings->limit.calls_per_second = number;
        return true;
    default:
        return false;
    }
}

static bool read_flags(int argc, char **argv, struct settings *settings) {
    static const struct option flags[] = {
        {"listen", required_argument, NULL, 'l'},
        {"workers", required_argument, NULL, 'w'},
        {"queue", required_argument, NULL, 'q'},
        {"arena-bytes", required_argument, NULL, 'a'},
        {"hold-limit", required_argument, NULL, 'h'},
        {"change-rate", required_argument, NULL, 'c'},
        {NULL, 0, NULL, 0}};
    int flag;
    while ((flag = getopt_long(argc, argv, "", flags, NULL)) != -1) {
        if (!take_flag(settings, flag, optarg == NULL ? "" : optarg)) {
            return false;
        }
    }
    return settings->url != NULL && optind == argc;
}

static enum nnrpc_code serve(
    const struct settings *settings, struct nnrpc_server **server, struct nnrpc_status *status) {
    static const struct conformance_service_handlers handlers = {
        .answer = answer,
        .change = answer,
        .hold = hold,
        .let_go = let_go,
        .report = report,
    };
    static const struct nnrpc_interceptor caller_names = {.before = name_caller};
    enum nnrpc_code code = nnrpc_server_new(&settings->options, server, status);
    if (code == NNRPC_OK) {
        code = nnrpc_server_add_interceptor(*server, &caller_names, status);
    }
    if (code == NNRPC_OK) {
        code = conformance_service_register(*server, &handlers, NULL, status);
    }
    if (code == NNRPC_OK && settings->limit.methods != NULL) {
        code = nnrpc_server_set_method_limits(*server, &settings->limit, 1, status);
    }
    if (code == NNRPC_OK) {
        code = nnrpc_server_listen(*server, settings->url, status);
    }
    return code == NNRPC_OK ? nnrpc_server_start(*server, status) : code;
}

int main(int argc, char **argv) {
    NNRPC_CLEANUP(nnrpc_server_freep) struct nnrpc_server *server = NULL;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct settings settings = {
        .options = {
            .program = "conformance_server 1.0.0",
            .slow_workers = 4,
            .queue_target_ms = NNRPC_NO_QUEUE_TARGET}};
    sigset_t signals;
    int signal_number;
    if (!read_flags(argc, argv, &settings)) {
        fputs(USAGE, stderr);
        return 2;
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL); /* before the server has threads, which inherit it */
    if (serve(&settings, &server, &status) != NNRPC_OK) {
        fprintf(stderr, "conformance_server: %s\n", status.message);
        return 1;
    }
    puts("started");
    fflush(stdout);
    sigwait(&signals, &signal_number);
    nnrpc_server_stop(server);
    return 0;
}
