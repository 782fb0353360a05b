/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe's handlers. Everything that a test observes is under the probe's lock.
 */
#include "probe_service.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"

/* --- Reads -------------------------------------------------------------------------------- */

static void keep_busy(uint32_t work_us) {
    uint64_t end_ns = nnrpc_clock_ns() + (uint64_t)work_us * 1000;
    while (work_us > 0 && nnrpc_clock_ns() < end_ns) {
    }
}

static struct nnrpc_answer fail_as_told(
    struct nnrpc_call *call, const Probe__V1__ReadRequest *request) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    nnrpc_fail(
        &status, (enum nnrpc_code)request->fail_code, "probe", "TOLD_TO", "%s",
        request->fail_message);
    nnrpc_status_add_info(&status, "fact", "%s", request->fail_message);
    return nnrpc_call_fail(call, &status);
}

static struct nnrpc_answer fail_with_ok(struct nnrpc_call *call) {
    static const struct nnrpc_status ok = NNRPC_STATUS_INIT;
    return nnrpc_call_fail(call, &ok);
}

static void set_metadata(struct nnrpc_call *call, const Probe__V1__ReadRequest *request) {
    for (uint32_t index = 0; index < request->metadata_count; index++) {
        char key[24];
        snprintf(key, sizeof(key), "x-key-%u", index);
        nnrpc_call_set_reply_metadata(call, key, "01234567890123456789", 20);
    }
    if (request->trick == PROBE__V1__TRICK__TRICK_REPLACE_METADATA) {
        nnrpc_call_set_reply_metadata(call, "x-replaced", "first value", 11);
        nnrpc_call_set_reply_metadata(call, "x-other", "other", 5);
        nnrpc_call_set_reply_metadata(call, "x-replaced", "second", 6);
    }
}

static size_t padding_size(const struct nnrpc_call *call, const Probe__V1__ReadRequest *request) {
    if (request->trick != PROBE__V1__TRICK__TRICK_FILL_BUDGET) {
        return request->padding_bytes;
    }
    /* Tag and length of the padding take up to five bytes; nothing else is in that answer. */
    size_t budget = nnrpc_call_reply_budget(call, false);
    return budget > 5 ? budget - 5 : 0;
}

static struct nnrpc_answer reply_to_read(
    struct nnrpc_call *call, const Probe__V1__ReadRequest *request) {
    Probe__V1__ReadResponse response = PROBE__V1__READ_RESPONSE__INIT;
    size_t size = padding_size(call, request);
    uint8_t *padding = calloc(1, size + 1);
    response.padding.data = padding;
    response.padding.len = size;
    char note[64] = "";
    struct nnrpc_slice value;
    if (nnrpc_call_get_metadata(call, "x-note", &value)) {
        snprintf(note, sizeof(note), "%.*s", (int)value.size, (const char *)value.data);
    }
    if (request->trick != PROBE__V1__TRICK__TRICK_FILL_BUDGET) {
        response.text = request->text;
        response.offloaded = nnrpc_call_is_offloaded(call);
        response.budget = nnrpc_call_reply_budget(call, false);
        response.budget_alone = nnrpc_call_reply_budget(call, true);
        response.note = note;
        response.address = (char *)nnrpc_call_address(call);
        response.caller = (char *)nnrpc_call_caller(call);
        response.role = (int32_t)nnrpc_call_role(call);
    }
    char trace_id[NNRPC_TRACE_ID_TEXT_BYTES];
    char span_id[NNRPC_SPAN_ID_TEXT_BYTES];
    char parent_span_id[NNRPC_SPAN_ID_TEXT_BYTES];
    if (request->tells_trace) {
        const struct nnrpc_trace *trace = nnrpc_call_trace(call);
        nnrpc_trace_id_text(trace, trace_id);
        nnrpc_span_id_text(trace->span_id, span_id);
        nnrpc_span_id_text(trace->parent_span_id, parent_span_id);
        response.trace_id = trace_id;
        response.span_id = span_id;
        response.parent_span_id = parent_span_id;
    }
    struct nnrpc_answer answer = nnrpc_call_reply(call, &response.base);
    free(padding);
    return answer;
}

static struct nnrpc_answer await_cancel(struct probe *probe, struct nnrpc_call *call) {
    const struct timespec pause = {.tv_nsec = 1000000};
    atomic_fetch_add(&probe->awaiting_cancel, 1);
    while (!nnrpc_call_is_cancelled(call)) {
        nanosleep(&pause, NULL);
    }
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    assert_int_not_equal(nnrpc_call_check_wanted(call, &status), NNRPC_OK);
    return nnrpc_call_fail(call, &status);
}

static struct nnrpc_answer read_call(
    void *self, struct nnrpc_call *call, const Probe__V1__ReadRequest *request) {
    static const Probe__V1__WriteResponse other = PROBE__V1__WRITE_RESPONSE__INIT;
    if (request->offload && !nnrpc_call_is_offloaded(call)) {
        return nnrpc_call_offload(call);
    }
    keep_busy(request->work_us);
    set_metadata(call, request);
    if (request->fail_code != 0) {
        return fail_as_told(call, request);
    }
    switch (request->trick) {
    case PROBE__V1__TRICK__TRICK_ANSWER_TWICE:
        (void)fail_with_ok(call);
        break;
    case PROBE__V1__TRICK__TRICK_FAIL_WITH_OK:
        return fail_with_ok(call);
    case PROBE__V1__TRICK__TRICK_WRONG_TYPE:
        return nnrpc_call_reply(call, &other.base);
    case PROBE__V1__TRICK__TRICK_AWAIT_CANCEL:
        return await_cancel(self, call);
    case PROBE__V1__TRICK__TRICK_FAIL_TOO_LARGE:
        return nnrpc_call_fail_too_large(call, request->padding_bytes);
    default:
        break;
    }
    return reply_to_read(call, request);
}

/* --- Writes ------------------------------------------------------------------------------- */

static void answer_write(const struct probe_write *write) {
    Probe__V1__WriteResponse response = PROBE__V1__WRITE_RESPONSE__INIT;
    uint8_t *padding = calloc(1, write->padding_bytes + 1);
    response.order = write->order;
    response.padding.data = padding;
    response.padding.len = write->padding_bytes;
    (void)probe_service_write_reply(write->call, &response);
    free(padding);
}

/* Whoever takes a write from those held answers it: the other does not find it any more. */
static bool take_held(struct probe *probe, const struct nnrpc_call *call) {
    pthread_mutex_lock(&probe->lock);
    size_t index = 0;
    while (index < probe->held_count && probe->held[index].call != call) {
        index++;
    }
    bool found = index < probe->held_count;
    if (found) {
        probe->held[index] = probe->held[--probe->held_count];
    }
    pthread_mutex_unlock(&probe->lock);
    return found;
}

static void give_up(void *context, struct nnrpc_call *call) {
    struct probe *probe = context;
    atomic_fetch_add(&probe->told_cancelled, 1);
    if (take_held(probe, call)) {
        NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
        assert_int_equal(nnrpc_call_check_wanted(call, &status), NNRPC_CANCELLED);
        (void)nnrpc_call_fail(call, &status);
    }
}

static struct nnrpc_answer write_call(
    void *self, struct nnrpc_call *call, const Probe__V1__WriteRequest *request) {
    struct probe *probe = self;
    keep_busy(request->work_us);
    if (request->answers_cancel) {
        assert_true(nnrpc_call_on_cancel(call, give_up, probe));
    }
    pthread_mutex_lock(&probe->lock);
    struct probe_write write = {
        .call = call,
        .order = probe->write_count,
        .padding_bytes = request->padding_bytes,
    };
    probe->sequences[probe->write_count++ % PROBE_HELD_MAX] = request->sequence;
    probe->last_secret = request->secret;
    if (request->held) {
        assert_true(probe->held_count < PROBE_HELD_MAX);
        probe->held[probe->held_count++] = write;
    } else {
        assert_true(probe->queue_count < PROBE_HELD_MAX);
        probe->queue[probe->queue_count++] = write;
    }
    pthread_cond_broadcast(&probe->changed);
    pthread_mutex_unlock(&probe->lock);
    /* The call may be answered by now; it and its request are still there. */
    keep_busy(request->linger_us);
    return nnrpc_call_defer(call);
}

static void *answer_writes(void *argument) {
    struct probe *probe = argument;
    pthread_mutex_lock(&probe->lock);
    while (!probe->ending || probe->queue_count > 0) {
        if (probe->queue_count == 0) {
            pthread_cond_wait(&probe->changed, &probe->lock);
            continue;
        }
        struct probe_write write = probe->queue[--probe->queue_count];
        pthread_mutex_unlock(&probe->lock);
        answer_write(&write);
        pthread_mutex_lock(&probe->lock);
    }
    pthread_mutex_unlock(&probe->lock);
    return NULL;
}

void probe_await_held(struct probe *probe, size_t count) {
    pthread_mutex_lock(&probe->lock);
    while (probe->held_count < count) {
        pthread_cond_wait(&probe->changed, &probe->lock);
    }
    pthread_mutex_unlock(&probe->lock);
}

void probe_await_writes(struct probe *probe, unsigned count) {
    pthread_mutex_lock(&probe->lock);
    while (probe->write_count < count) {
        pthread_cond_wait(&probe->changed, &probe->lock);
    }
    pthread_mutex_unlock(&probe->lock);
}

void probe_let_go(struct probe *probe) {
    pthread_mutex_lock(&probe->lock);
    while (probe->held_count > 0) {
        struct probe_write write = probe->held[--probe->held_count];
        pthread_mutex_unlock(&probe->lock);
        answer_write(&write);
        pthread_mutex_lock(&probe->lock);
    }
    pthread_mutex_unlock(&probe->lock);
}

/* --- Interceptors ------------------------------------------------------------------------- */

static void note(struct probe *probe, const char *what, const struct nnrpc_call *call, int code) {
    const char *name = strrchr(nnrpc_call_method_name(call), '/');
    pthread_mutex_lock(&probe->lock);
    size_t left = sizeof(probe->notes) - probe->note_bytes;
    int size = snprintf(
        probe->notes + probe->note_bytes, left, "%s %s %d%s;", what,
        name == NULL ? nnrpc_call_method_name(call) : name + 1, code,
        nnrpc_call_method(call) == NULL ? " unknown" : "");
    if ((size_t)size < left) {
        probe->note_bytes += (size_t)size;
    }
    pthread_mutex_unlock(&probe->lock);
}

static enum nnrpc_code before_first(
    void *self, struct nnrpc_call *call, struct nnrpc_status *out_status) {
    struct probe *probe = self;
    (void)out_status;
    atomic_fetch_add(&probe->before_count, 1);
    note(probe, "before1", call, 0);
    nnrpc_call_set_caller(call, "somebody", NNRPC_ROLE_WRITER);
    return NNRPC_OK;
}

static void after_first(void *self, struct nnrpc_call *call, const struct nnrpc_status *status) {
    struct probe *probe = self;
    atomic_fetch_add(&probe->after_count, 1);
    note(probe, "after1", call, (int)status->code);
    nnrpc_call_set_reply_metadata(call, "x-after", "1", 1);
}

static enum nnrpc_code before_second(
    void *self, struct nnrpc_call *call, struct nnrpc_status *out_status) {
    struct probe *probe = self;
    note(probe, "before2", call, 0);
    if (probe->refuse_before) {
        return nnrpc_fail(
            out_status, NNRPC_PERMISSION_DENIED, "probe", "REFUSED", "%s may not",
            nnrpc_call_caller(call));
    }
    return NNRPC_OK;
}

static void after_second(void *self, struct nnrpc_call *call, const struct nnrpc_status *status) {
    note(self, "after2", call, (int)status->code);
}

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

/* --- The server --------------------------------------------------------------------------- */

static const struct probe_service_handlers handlers = {
    .read = read_call,
    .write = write_call,
    .slow_write = write_call,
    .slow_read = read_call,
};

struct probe *probe_new(const struct nnrpc_server_options *options) {
    struct probe *probe = calloc(1, sizeof(*probe));
    assert_non_null(probe);
    pthread_mutex_init(&probe->lock, NULL);
    pthread_cond_init(&probe->changed, NULL);
    snprintf(probe->folder, sizeof(probe->folder), "/tmp/probe-XXXXXX");
    assert_non_null(mkdtemp(probe->folder));
    snprintf(probe->url, sizeof(probe->url), "ipc://%s/s", probe->folder);
    assert_int_equal(nnrpc_server_new(options, &probe->server, NULL), NNRPC_OK);
    assert_int_equal(probe_service_register(probe->server, &handlers, probe, NULL), NNRPC_OK);
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    if (nnrpc_server_listen(probe->server, probe->url, &status) != NNRPC_OK) {
        fail_msg("%s", status.message);
    }
    for (size_t index = 0; index < NNRPC_LENGTH(probe->answerers); index++) {
        pthread_create(&probe->answerers[index], NULL, answer_writes, probe);
    }
    return probe;
}

unsigned probe_free_port(void) {
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t size = sizeof(address);
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(descriptor >= 0);
    assert_int_equal(bind(descriptor, (const struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(descriptor, (struct sockaddr *)&address, &size), 0);
    close(descriptor);
    return ntohs(address.sin_port);
}

void probe_listen_tcp(struct probe *probe) {
    snprintf(probe->tcp_url, sizeof(probe->tcp_url), "tcp://127.0.0.1:%u", probe_free_port());
    assert_int_equal(nnrpc_server_listen(probe->server, probe->tcp_url, NULL), NNRPC_OK);
}

void probe_add_interceptors(struct probe *probe) {
    const struct nnrpc_interceptor first = {
        .self = probe, .before = before_first, .after = after_first};
    const struct nnrpc_interceptor second = {
        .self = probe, .before = before_second, .after = after_second};
    assert_int_equal(nnrpc_server_add_interceptor(probe->server, &first, NULL), NNRPC_OK);
    assert_int_equal(nnrpc_server_add_interceptor(probe->server, &second, NULL), NNRPC_OK);
}

void probe_name_callers(struct probe *probe) {
    const struct nnrpc_interceptor interceptor = {.before = name_caller};
    assert_int_equal(nnrpc_server_add_interceptor(probe->server, &interceptor, NULL), NNRPC_OK);
}

void probe_start(struct probe *probe) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    if (nnrpc_server_start(probe->server, &status) != NNRPC_OK) {
        fail_msg("%s", status.message);
    }
}

void probe_free(struct probe *probe) {
    nnrpc_server_free(probe->server);
    pthread_mutex_lock(&probe->lock);
    probe->ending = true;
    pthread_cond_broadcast(&probe->changed);
    pthread_mutex_unlock(&probe->lock);
    for (size_t index = 0; index < NNRPC_LENGTH(probe->answerers); index++) {
        pthread_join(probe->answerers[index], NULL);
    }
    pthread_cond_destroy(&probe->changed);
    pthread_mutex_destroy(&probe->lock);
    char path[sizeof(probe->folder) + 4];
    snprintf(path, sizeof(path), "%s/s", probe->folder);
    unlink(path);
    rmdir(probe->folder);
    free(probe);
}
