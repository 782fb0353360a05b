/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What travels with a call and who is told of it: interceptors, credentials, traces, calls on
 * behalf of another call, and processes that fork.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lanes.h"
#include "nnrpc/server.h"

#define TRACEPARENT "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
#define TRACE_ID "4bf92f3577b34da6a3ce929d0e0e4736"
#define CANCEL "nnrpc.v1.ControlService/CancelCalls"

/* --- A server that notes what it is told -------------------------------------------------- */

#define VALUE_BYTES 128

struct heard {
    atomic_bool holds; /* answers nothing */
    atomic_uint call_count;
    atomic_uint cancel_count;
    atomic_uint timeout_ms;
    char authorization[VALUE_BYTES]; /* of the last call; read once it is answered */
    char traceparent[VALUE_BYTES];
    char tracestate[VALUE_BYTES];
    char note[VALUE_BYTES];
};

static void hear(
    const Nnrpc__V1__RequestFrame *frame, const char *key, char out_value[VALUE_BYTES]) {
    const Nnrpc__V1__Request *request = frame->requests[0];
    const ProtobufCBinaryData *found =
        scripted_metadata(request->metadata, request->n_metadata, key);
    if (found == NULL) {
        found = scripted_metadata(frame->metadata, frame->n_metadata, key);
    }
    (void)snprintf(
        out_value, VALUE_BYTES, "%.*s", found == NULL ? 0 : (int)found->len,
        found == NULL ? "" : (const char *)found->data);
}

static enum scripted_act listen_well(struct scripted_server *server, struct scripted_frame *frame) {
    struct heard *heard = server->self;
    if (strcmp(frame->request->requests[0]->method, CANCEL) == 0) {
        atomic_fetch_add(&heard->cancel_count, 1);
        return SCRIPTED_SEND;
    }
    hear(frame->request, "authorization", heard->authorization);
    hear(frame->request, "traceparent", heard->traceparent);
    hear(frame->request, "tracestate", heard->tracestate);
    hear(frame->request, "x-note", heard->note);
    atomic_store(&heard->timeout_ms, frame->request->requests[0]->timeout_ms);
    scripted_add_metadata(frame->reply->responses[0], "x-answer", "good");
    atomic_fetch_add(&heard->call_count, 1);
    return atomic_load(&heard->holds) ? SCRIPTED_HOLD : SCRIPTED_SEND;
}

static void open_heard(
    struct lanes *lanes, struct heard *heard, const struct nnrpc_client_options *options) {
    memset(heard, 0, sizeof(*heard));
    lanes_prepare(lanes, listen_well, options);
    lanes->server.self = heard;
    scripted_start(&lanes->server);
}

/* --- Interceptors ------------------------------------------------------------------------- */

struct seen {
    const char *name;
    char *notes; /* of all interceptors of a test */
    bool refuses;
    char endpoint[VALUE_BYTES];
    char answer[VALUE_BYTES];
    enum nnrpc_code code;
    uint32_t attempts;
};

static enum nnrpc_code before(
    void *self, struct nnrpc_pending *pending, struct nnrpc_status *out_status) {
    struct seen *seen = self;
    strcat(
        strcat(strcat(seen->notes, "+"), seen->name), nnrpc_pending_method(pending)->method_name);
    if (seen->refuses) {
        return nnrpc_fail(out_status, NNRPC_PERMISSION_DENIED, "test", "REFUSED", "not today");
    }
    const struct nnrpc_metadata note = {
        .key = "x-note", .value = seen->name, .value_size = strlen(seen->name)};
    return nnrpc_pending_add_metadata(pending, &note, out_status);
}

static void after(
    void *self, const struct nnrpc_pending *pending, const struct nnrpc_status *status) {
    struct seen *seen = self;
    struct nnrpc_slice value = {NULL, 0};
    strcat(strcat(seen->notes, "-"), seen->name);
    (void)snprintf(seen->endpoint, VALUE_BYTES, "%s", nnrpc_pending_endpoint(pending));
    if (nnrpc_pending_get_reply_metadata(pending, "x-answer", &value)) {
        (void)snprintf(seen->answer, VALUE_BYTES, "%.*s", (int)value.size, value.data);
    }
    seen->code = status->code;
    seen->attempts = nnrpc_pending_attempts(pending);
}

struct intercepted {
    char notes[256];
    struct seen seen[2];
    struct nnrpc_client_interceptor interceptors[2];
    struct nnrpc_client_options options;
};

static void intercept(struct intercepted *both) {
    memset(both, 0, sizeof(*both));
    for (int i = 0; i < 2; i++) {
        both->seen[i].name = i == 0 ? "a" : "b";
        both->seen[i].notes = both->notes;
        both->interceptors[i] = (struct nnrpc_client_interceptor){
            .self = &both->seen[i], .before = before, .after = after};
    }
    both->options.interceptors = both->interceptors;
    both->options.interceptor_count = 2;
}

static void interceptors_run_in_order_and_back(void **state) {
    (void)state;
    struct lanes lanes;
    struct heard heard;
    struct intercepted both;
    intercept(&both);
    open_heard(&lanes, &heard, &both.options);
    assert_int_equal(lanes_read(lanes.client, NULL, "x", 0, NULL), NNRPC_OK);
    assert_string_equal(both.notes, "+aRead+bRead-b-a");
    assert_string_equal(heard.note, "a"); /* the first of a key counts */
    assert_string_equal(both.seen[0].endpoint, lanes.url);
    assert_string_equal(both.seen[0].answer, "good");
    assert_int_equal(both.seen[0].attempts, 1);
    assert_int_equal(both.seen[0].code, NNRPC_OK);
    lanes_close(&lanes);
}

static void an_interceptor_ends_a_call_before_it_is_sent(void **state) {
    (void)state;
    struct lanes lanes;
    struct heard heard;
    struct intercepted both;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    intercept(&both);
    both.seen[1].refuses = true;
    open_heard(&lanes, &heard, &both.options);
    assert_int_equal(lanes_read(lanes.client, NULL, "x", 0, &status), NNRPC_PERMISSION_DENIED);
    assert_string_equal(status.message, "not today");
    assert_string_equal(both.notes, "+aRead+bRead-a");
    assert_int_equal(both.seen[0].code, NNRPC_PERMISSION_DENIED);
    assert_string_equal(both.seen[0].endpoint, "");
    assert_int_equal(atomic_load(&heard.call_count), 0);
    lanes_close(&lanes);
}

static void interceptors_learn_of_deadlines_and_cancelled_calls(void **state) {
    (void)state;
    struct lanes lanes;
    struct heard heard;
    struct intercepted both;
    intercept(&both);
    open_heard(&lanes, &heard, &both.options);
    atomic_store(&heard.holds, true);
    const struct nnrpc_call_options soon = {.timeout_ms = 50};
    enum nnrpc_code code = lanes_read(lanes.client, &soon, "x", 0, NULL);
    assert_int_equal(code, NNRPC_DEADLINE_EXCEEDED);
    assert_int_equal(both.seen[0].code, NNRPC_DEADLINE_EXCEEDED);
    struct nnrpc_pending *pending = lanes_start_read(lanes.client, NULL, "x", 0);
    nnrpc_pending_cancel(pending);
    assert_int_equal(both.seen[0].code, NNRPC_CANCELLED);
    assert_string_equal(both.notes, "+aRead+bRead-b-a+aRead+bRead-b-a");
    lanes_close(&lanes);
}

static void metadata_that_a_server_would_refuse_is_refused_here(void **state) {
    (void)state;
    struct lanes lanes;
    struct heard heard;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    open_heard(&lanes, &heard, NULL);
    struct nnrpc_metadata many[65];
    for (int i = 0; i < 65; i++) {
        many[i] = (struct nnrpc_metadata){.key = "k", .value = "v", .value_size = 1};
    }
    struct nnrpc_call_options options = {.metadata = many, .metadata_count = 65};
    enum nnrpc_code code = lanes_read(lanes.client, &options, "x", 0, &status);
    assert_int_equal(code, NNRPC_INVALID_ARGUMENT);
    assert_string_equal(status.message, "the call has 65 metadata, at most 64 are allowed");
    many[0].key = "\xff";
    options.metadata_count = 1;
    code = lanes_read(lanes.client, &options, "x", 0, &status);
    assert_int_equal(code, NNRPC_INVALID_ARGUMENT);
    assert_string_equal(status.message, "the key of metadata 0 is not UTF-8");
    assert_string_equal(status.reason, "MALFORMED_FRAME");
    lanes_close(&lanes);
}

/* --- Credentials -------------------------------------------------------------------------- */

static enum nnrpc_code give_token(
    void *self, const struct nnrpc_method *method, char *out_token, size_t size,
    struct nnrpc_status *out_status) {
    int *count = self;
    if (*count < 0) {
        return nnrpc_fail(out_status, NNRPC_UNAUTHENTICATED, "test", "EXPIRED", "log in again");
    }
    (void)snprintf(out_token, size, "%s%d", method->method_name, ++*count);
    return NNRPC_OK;
}

static void each_call_asks_for_its_token(void **state) {
    (void)state;
    struct lanes lanes;
    struct heard heard;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    int count = 0;
    const struct nnrpc_client_options options = {
        .credentials = {.self = &count, .get_token = give_token}};
    open_heard(&lanes, &heard, &options);
    assert_int_equal(lanes_read(lanes.client, NULL, "x", 0, NULL), NNRPC_OK);
    assert_string_equal(heard.authorization, "Bearer Read1");
    assert_int_equal(lanes_append(lanes.client, NULL, "x", NULL), NNRPC_OK);
    assert_string_equal(heard.authorization, "Bearer Append2");
    const struct nnrpc_call_options own = {.token = "mine"};
    assert_int_equal(lanes_read(lanes.client, &own, "x", 0, NULL), NNRPC_OK);
    assert_string_equal(heard.authorization, "Bearer mine");
    assert_int_equal(count, 2);
    count = -1;
    enum nnrpc_code code = lanes_read(lanes.client, NULL, "x", 0, &status);
    assert_int_equal(code, NNRPC_UNAUTHENTICATED);
    assert_string_equal(status.message, "log in again");
    lanes_close(&lanes);
}

static void a_calls_token_comes_before_the_clients(void **state) {
    (void)state;
    struct lanes lanes;
    struct heard heard;
    const struct nnrpc_client_options options = {.token = "ours"};
    open_heard(&lanes, &heard, &options);
    assert_int_equal(lanes_read(lanes.client, NULL, "x", 0, NULL), NNRPC_OK);
    assert_string_equal(heard.authorization, "Bearer ours");
    const struct nnrpc_call_options own = {.token = "mine"};
    assert_int_equal(lanes_read(lanes.client, &own, "x", 0, NULL), NNRPC_OK);
    assert_string_equal(heard.authorization, "Bearer mine");
    lanes_close(&lanes);
}

/* --- Traces ------------------------------------------------------------------------------- */

struct spans {
    unsigned count;
    struct nnrpc_trace trace;
    enum nnrpc_code code;
    char method[VALUE_BYTES];
    char address[VALUE_BYTES];
    uint64_t duration_ns;
    uint64_t start_unix_ns;
    uint32_t attempts;
};

static void note_span(void *self, const struct nnrpc_span *span) {
    struct spans *spans = self;
    assert_int_equal(span->kind, NNRPC_SPAN_CLIENT);
    spans->count++;
    spans->trace = span->trace;
    spans->code = span->status->code;
    spans->duration_ns = span->duration_ns;
    spans->start_unix_ns = span->start_unix_ns;
    spans->attempts = span->attempts;
    (void)snprintf(spans->method, VALUE_BYTES, "%s", span->method);
    (void)snprintf(spans->address, VALUE_BYTES, "%s", span->address);
}

static void a_span_is_told_of_every_call(void **state) {
    (void)state;
    struct lanes lanes;
    struct heard heard;
    struct spans spans = {0};
    const struct nnrpc_client_options options = {.span_hook = {.self = &spans, .end = note_span}};
    open_heard(&lanes, &heard, &options);
    assert_int_equal(lanes_read(lanes.client, NULL, "x", 0, NULL), NNRPC_OK);
    assert_int_equal(spans.count, 1);
    assert_string_equal(spans.method, SCRIPTED_READ);
    assert_string_equal(spans.address, lanes.url);
    assert_int_equal(spans.attempts, 1);
    assert_true(spans.duration_ns > 0);
    assert_true(spans.start_unix_ns > UINT64_C(1600000000000000000));
    char text[NNRPC_TRACEPARENT_TEXT_BYTES];
    nnrpc_trace_format(&spans.trace, text);
    assert_string_equal(heard.traceparent, text);
    atomic_store(&heard.holds, true);
    const struct nnrpc_call_options soon = {.timeout_ms = 50};
    (void)lanes_read(lanes.client, &soon, "x", 0, NULL);
    assert_int_equal(spans.count, 2);
    assert_int_equal(spans.code, NNRPC_DEADLINE_EXCEEDED);
    lanes_close(&lanes);
}

static void a_trace_goes_on_below_the_callers_span(void **state) {
    (void)state;
    struct lanes lanes;
    struct heard heard;
    open_heard(&lanes, &heard, NULL);
    assert_int_equal(lanes_read(lanes.client, NULL, "x", 0, NULL), NNRPC_OK);
    assert_string_equal(heard.traceparent, ""); /* nobody traces */
    struct nnrpc_trace above;
    assert_true(nnrpc_trace_parse(TRACEPARENT, strlen(TRACEPARENT), &above));
    const struct nnrpc_call_options traced = {.trace = &above};
    assert_int_equal(lanes_read(lanes.client, &traced, "x", 0, NULL), NNRPC_OK);
    struct nnrpc_trace sent;
    assert_true(nnrpc_trace_parse(heard.traceparent, strlen(heard.traceparent), &sent));
    assert_memory_equal(sent.trace_id, above.trace_id, sizeof(sent.trace_id));
    assert_memory_not_equal(sent.span_id, above.span_id, sizeof(sent.span_id));
    lanes_close(&lanes);
}

/* --- On behalf of a call ------------------------------------------------------------------ */

/* A server whose Read calls another one's Read, on its behalf. */
struct relay {
    struct nnrpc_server *server;
    struct nnrpc_client *onward;
    struct nnrpc_client *client;
    struct nnrpc_status status; /* of the last onward call */
    atomic_bool is_over;
    char url[64];
};

static struct nnrpc_answer relay_read(
    void *self, struct nnrpc_call *call, const Echo__V1__ReadRequest *request) {
    struct relay *relay = self;
    if (!nnrpc_call_is_offloaded(call)) {
        return nnrpc_call_offload(call);
    }
    const struct nnrpc_call_options options = {.parent = call};
    Echo__V1__ReadResponse *response = NULL;
    struct nnrpc_answer answer;
    if (echo_service_read(relay->onward, &options, request, &response, &relay->status) ==
        NNRPC_OK) {
        answer = echo_service_read_reply(call, response);
        echo__v1__read_response__free_unpacked(response, NULL);
    } else {
        answer = nnrpc_call_fail(call, &relay->status);
    }
    atomic_store(&relay->is_over, true);
    return answer;
}

static void relay_open(struct relay *relay, const struct lanes *lanes) {
    static const struct echo_service_handlers handlers = {.read = relay_read};
    memset(relay, 0, sizeof(*relay));
    (void)snprintf(relay->url, sizeof(relay->url), "ipc://%s/relay", lanes->folder);
    assert_int_equal(nnrpc_server_new(NULL, &relay->server, NULL), NNRPC_OK);
    assert_int_equal(echo_service_register(relay->server, &handlers, relay, NULL), NNRPC_OK);
    assert_int_equal(nnrpc_server_listen(relay->server, relay->url, NULL), NNRPC_OK);
    assert_int_equal(nnrpc_server_start(relay->server, NULL), NNRPC_OK);
    const char *endpoints[] = {relay->url};
    const struct nnrpc_client_options options = {
        .endpoints = endpoints, .endpoint_count = 1, .timeout_ms = 60000};
    assert_int_equal(nnrpc_client_new(&options, &relay->client, NULL), NNRPC_OK);
    relay->onward = lanes->client;
}

static void relay_close(struct relay *relay) {
    nnrpc_client_free(relay->client);
    nnrpc_server_free(relay->server);
    nnrpc_status_deinit(&relay->status);
}

static void a_call_on_behalf_of_another_inherits_budget_and_trace(void **state) {
    (void)state;
    struct lanes lanes;
    struct heard heard;
    struct relay relay;
    open_heard(&lanes, &heard, NULL);
    relay_open(&relay, &lanes);
    const struct nnrpc_metadata metadata[] = {
        {.key = "traceparent", .value = TRACEPARENT, .value_size = strlen(TRACEPARENT)},
        {.key = "tracestate", .value = "vendor=1", .value_size = 8},
    };
    const struct nnrpc_call_options options = {
        .timeout_ms = 20000, .metadata = metadata, .metadata_count = 2};
    assert_int_equal(lanes_read(relay.client, &options, "x", 0, NULL), NNRPC_OK);
    assert_in_range(atomic_load(&heard.timeout_ms), 1, 20000); /* its own would be a minute */
    assert_non_null(strstr(heard.traceparent, TRACE_ID));
    assert_string_not_equal(heard.traceparent, TRACEPARENT);
    assert_string_equal(heard.tracestate, "vendor=1");
    relay_close(&relay);
    lanes_close(&lanes);
}

static void a_call_on_behalf_of_another_ends_with_its_deadline(void **state) {
    (void)state;
    struct lanes lanes;
    struct heard heard;
    struct relay relay;
    open_heard(&lanes, &heard, NULL);
    relay_open(&relay, &lanes);
    atomic_store(&heard.holds, true);
    const struct nnrpc_call_options options = {.timeout_ms = 200};
    enum nnrpc_code code = lanes_read(relay.client, &options, "x", 0, NULL);
    assert_int_equal(code, NNRPC_DEADLINE_EXCEEDED);
    while (!atomic_load(&relay.is_over)) {
        lanes_pause_ms(1);
    }
    assert_int_equal(relay.status.code, NNRPC_DEADLINE_EXCEEDED);
    relay_close(&relay);
    lanes_close(&lanes);
}

static void a_call_on_behalf_of_a_cancelled_one_is_cancelled_down_the_line(void **state) {
    (void)state;
    struct lanes lanes;
    struct heard heard;
    struct relay relay;
    open_heard(&lanes, &heard, NULL);
    relay_open(&relay, &lanes);
    atomic_store(&heard.holds, true);
    struct nnrpc_pending *pending = lanes_start_read(relay.client, NULL, "x", 0);
    while (atomic_load(&heard.call_count) == 0) {
        (void)nnrpc_pending_is_done(pending);
        lanes_pause_ms(1);
    }
    nnrpc_pending_cancel(pending);
    while (!atomic_load(&relay.is_over) || atomic_load(&heard.cancel_count) == 0) {
        lanes_pause_ms(1);
    }
    assert_int_equal(relay.status.code, NNRPC_CANCELLED);
    assert_string_equal(relay.status.reason, "CANCELLED");
    relay_close(&relay);
    lanes_close(&lanes);
}

/* --- Fork --------------------------------------------------------------------------------- */

/* Runs a check in a child; 0 is success. */
static void expect_in_child(int (*check)(struct lanes *lanes), struct lanes *lanes) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)alarm(20);
        _exit(check(lanes));
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static bool is_forked(enum nnrpc_code code, const struct nnrpc_status *status) {
    return code == NNRPC_FAILED_PRECONDITION && strcmp(status->reason, "FORKED") == 0;
}

static int use_of_a_client_that_was_forked(struct lanes *lanes) {
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    if (!is_forked(lanes_read(lanes->client, NULL, "x", 0, &status), &status)) {
        return 1;
    }
    int fd = -1;
    if (!is_forked(nnrpc_client_event_fd(lanes->client, &fd, &status), &status)) {
        return 2;
    }
    if (nnrpc_client_process(lanes->client) != 0) {
        return 3;
    }
    nnrpc_client_free(lanes->client);
    return 0;
}

static int a_new_client_beside_one_that_was_forked(struct lanes *lanes) {
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    const char *endpoints[] = {lanes->url};
    const struct nnrpc_client_options options = {
        .endpoints = endpoints, .endpoint_count = 1, .retry = {.max_attempts = 1}};
    struct nnrpc_client *client = NULL;
    if (nnrpc_client_new(&options, &client, NULL) != NNRPC_OK) {
        return 1;
    }
    enum nnrpc_code code = lanes_read(client, NULL, "x", 0, &status);
    nnrpc_client_free(client);
    return is_forked(code, &status) ? 0 : 2;
}

static int a_client_that_is_the_first(struct lanes *lanes) {
    const char *endpoints[] = {lanes->url};
    const struct nnrpc_client_options options = {
        .endpoints = endpoints, .endpoint_count = 1, .retry = {.max_attempts = 1}};
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    struct nnrpc_client *client = NULL;
    if (nnrpc_client_new(&options, &client, NULL) != NNRPC_OK) {
        return 1;
    }
    enum nnrpc_code code = lanes_read(client, NULL, "x", 0, &status);
    nnrpc_client_free(client);
    return code == NNRPC_UNAVAILABLE && strcmp(status.reason, "UNREACHABLE") == 0 ? 0 : 2;
}

static struct nnrpc_server *forked_server;

static int a_server_that_was_forked(struct lanes *lanes) {
    (void)lanes;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    if (!is_forked(nnrpc_server_start(forked_server, &status), &status)) {
        return 1;
    }
    nnrpc_server_stop(forked_server);
    nnrpc_server_free(forked_server);
    return 0;
}

static void a_server_belongs_to_the_process_that_made_it(void **state) {
    (void)state;
    struct lanes lanes;
    struct relay relay;
    lanes_prepare(&lanes, NULL, NULL);
    relay_open(&relay, &lanes);
    forked_server = relay.server;
    expect_in_child(a_server_that_was_forked, &lanes);
    scripted_start(&lanes.server);
    assert_int_equal(lanes_read(relay.client, NULL, "x", 0, NULL), NNRPC_OK);
    relay_close(&relay);
    lanes_close(&lanes);
}

static void a_child_is_told_that_it_was_forked(void **state) {
    (void)state;
    struct lanes lanes;
    struct heard heard;
    open_heard(&lanes, &heard, NULL);
    assert_int_equal(lanes_read(lanes.client, NULL, "x", 0, NULL), NNRPC_OK);
    expect_in_child(use_of_a_client_that_was_forked, &lanes);
    expect_in_child(a_new_client_beside_one_that_was_forked, &lanes);
    assert_int_equal(lanes_read(lanes.client, NULL, "x", 0, NULL), NNRPC_OK);
    nnrpc_client_free(lanes.client);
    lanes.client = NULL;
    scripted_stop(&lanes.server);
    expect_in_child(a_client_that_is_the_first, &lanes);
    lanes_close(&lanes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interceptors_run_in_order_and_back),
        cmocka_unit_test(an_interceptor_ends_a_call_before_it_is_sent),
        cmocka_unit_test(interceptors_learn_of_deadlines_and_cancelled_calls),
        cmocka_unit_test(metadata_that_a_server_would_refuse_is_refused_here),
        cmocka_unit_test(each_call_asks_for_its_token),
        cmocka_unit_test(a_calls_token_comes_before_the_clients),
        cmocka_unit_test(a_span_is_told_of_every_call),
        cmocka_unit_test(a_trace_goes_on_below_the_callers_span),
        cmocka_unit_test(a_call_on_behalf_of_another_inherits_budget_and_trace),
        cmocka_unit_test(a_call_on_behalf_of_another_ends_with_its_deadline),
        cmocka_unit_test(a_call_on_behalf_of_a_cancelled_one_is_cancelled_down_the_line),
        cmocka_unit_test(a_child_is_told_that_it_was_forked),
        cmocka_unit_test(a_server_belongs_to_the_process_that_made_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
