/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What servers answer, rightly and wrongly: errors, metadata, replies that do not fit, replies that
 * are none; and calls that are given up. After each fault the lane must work again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lanes.h"
#include "nnrpc/buffer.h"
#include "nnrpc/wire.h"

static const struct nnrpc_client_options one_try = {
    .retry = {.max_attempts = 1}, .lanes = {1, 1, 1}};
static const struct nnrpc_client_options one_lane = {.lanes = {1, 1, 1}};

static void assert_status(
    const struct nnrpc_status *status, enum nnrpc_code code, const char *domain,
    const char *reason) {
    assert_string_equal(status->reason, reason);
    assert_int_equal(status->code, code);
    assert_string_equal(status->domain, domain);
}

/* --- Errors ------------------------------------------------------------------------------- */

static enum scripted_act not_found(struct scripted_server *server, struct scripted_frame *frame) {
    (void)server;
    Nnrpc__V1__Response *response = frame->reply->responses[0];
    scripted_fail(response, NNRPC_NOT_FOUND, "contacts", "CONTACT_NOT_FOUND");
    scripted_add_info(response, "id", "17");
    scripted_add_metadata(response, "x-revision", "42");
    scripted_add_metadata(response, "x-empty", "");
    return SCRIPTED_SEND;
}

static void an_error_comes_as_it_was_sent(void **state) {
    (void)state;
    struct lanes lanes;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    struct nnrpc_reply_metadata *metadata = nnrpc_reply_metadata_new();
    lanes_open(&lanes, not_found, NULL);
    const struct nnrpc_call_options options = {.reply_metadata = metadata};
    assert_int_equal(lanes_read(lanes.client, &options, "x", 0, &status), NNRPC_NOT_FOUND);
    assert_status(&status, NNRPC_NOT_FOUND, "contacts", "CONTACT_NOT_FOUND");
    assert_string_equal(status.message, "as the script says");
    assert_string_equal(nnrpc_status_get_info(&status, "id"), "17");
    assert_string_equal(nnrpc_reply_metadata_get(metadata, "x-revision"), "42");
    assert_string_equal(nnrpc_reply_metadata_get(metadata, "x-empty"), "");
    assert_null(nnrpc_reply_metadata_get(metadata, "x-epoch"));
    assert_int_equal(atomic_load(&lanes.server.call_count), 1);
    lanes_close(&lanes);
    nnrpc_reply_metadata_free(metadata);
}

static enum scripted_act say_revision(
    struct scripted_server *server, struct scripted_frame *frame) {
    (void)server;
    scripted_add_metadata(frame->reply->responses[0], "x-revision", "7");
    return SCRIPTED_SEND;
}

static void success_replaces_what_a_status_and_metadata_held(void **state) {
    (void)state;
    struct lanes lanes;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    (void)nnrpc_fail(&status, NNRPC_INTERNAL, "old", "OLD", "old");
    struct nnrpc_reply_metadata *metadata = nnrpc_reply_metadata_new();
    lanes_open(&lanes, say_revision, NULL);
    const struct nnrpc_call_options options = {.reply_metadata = metadata};
    assert_int_equal(lanes_read(lanes.client, &options, "x", 0, &status), NNRPC_OK);
    assert_int_equal(status.code, NNRPC_OK);
    assert_string_equal(status.message, "");
    assert_string_equal(nnrpc_reply_metadata_get(metadata, "x-revision"), "7");
    scripted_stop(&lanes.server);
    const struct nnrpc_call_options failing = {.reply_metadata = metadata, .timeout_ms = 50};
    assert_int_equal(lanes_read(lanes.client, &failing, "x", 0, &status), NNRPC_UNAVAILABLE);
    assert_null(nnrpc_reply_metadata_get(metadata, "x-revision"));
    lanes_close(&lanes);
    nnrpc_reply_metadata_free(metadata);
}

static enum scripted_act overloaded(struct scripted_server *server, struct scripted_frame *frame) {
    (void)server;
    Nnrpc__V1__Response *response = frame->reply->responses[0];
    scripted_fail(response, NNRPC_RESOURCE_EXHAUSTED, "nnrpc", "OVERLOADED");
    scripted_add_info(response, "retry_after_ms", "50");
    return SCRIPTED_SEND;
}

static void overload_is_the_callers_to_judge(void **state) {
    (void)state;
    struct lanes lanes;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    lanes_open(&lanes, overloaded, NULL);
    assert_int_equal(lanes_read(lanes.client, NULL, "x", 0, &status), NNRPC_RESOURCE_EXHAUSTED);
    assert_status(&status, NNRPC_RESOURCE_EXHAUSTED, "nnrpc", "OVERLOADED");
    assert_string_equal(nnrpc_status_get_info(&status, "retry_after_ms"), "50");
    assert_int_equal(atomic_load(&lanes.server.call_count), 1);
    lanes_close(&lanes);
}

static enum scripted_act unavailable_twice(
    struct scripted_server *server, struct scripted_frame *frame) {
    if (atomic_load(&server->frame_count) < 2) {
        scripted_fail(
            frame->reply->responses[0], NNRPC_UNAVAILABLE, "contacts", "STORE_RESTARTING");
    }
    return SCRIPTED_SEND;
}

static void an_unavailable_answer_is_repeated_when_that_is_harmless(void **state) {
    (void)state;
    struct lanes lanes;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    lanes_open(&lanes, unavailable_twice, NULL);
    assert_int_equal(lanes_append(lanes.client, NULL, "x", &status), NNRPC_UNAVAILABLE);
    assert_status(&status, NNRPC_UNAVAILABLE, "contacts", "STORE_RESTARTING");
    assert_int_equal(atomic_load(&lanes.server.call_count), 1);
    assert_int_equal(lanes_write(lanes.client, NULL, "x", &status), NNRPC_OK);
    assert_int_equal(atomic_load(&lanes.server.call_count), 3);
    lanes_close(&lanes);
}

static void attempts_are_bounded_where_asked(void **state) {
    (void)state;
    struct lanes lanes;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    const struct nnrpc_client_options two_tries = {.retry = {.max_attempts = 2}};
    lanes_open(&lanes, unavailable_twice, &two_tries);
    assert_int_equal(lanes_write(lanes.client, NULL, "x", &status), NNRPC_UNAVAILABLE);
    assert_string_equal(nnrpc_status_get_info(&status, "attempts"), "2");
    assert_int_equal(atomic_load(&lanes.server.call_count), 2);
    lanes_close(&lanes);
}

/* --- Replies that do not fit -------------------------------------------------------------- */

/* Has room for one answer a frame, and holds the first frame so that calls gather. */
static struct {
    char ids[8][80];
    size_t count;
    bool always;
} full;

static enum scripted_act frame_full(struct scripted_server *server, struct scripted_frame *frame) {
    for (size_t i = 0; i < frame->request->n_requests && full.count < 8; i++) {
        if (strcmp(frame->request->requests[i]->method, SCRIPTED_WRITE) == 0) {
            char *id = scripted_request_id(frame->request->requests[i]);
            (void)snprintf(full.ids[full.count++], sizeof(full.ids[0]), "%s", id);
            free(id);
        }
    }
    for (size_t i = full.always ? 0 : 1; i < frame->reply->n_responses; i++) {
        scripted_fail(frame->reply->responses[i], NNRPC_RESOURCE_EXHAUSTED, "nnrpc", "FRAME_FULL");
    }
    return atomic_load(&server->frame_count) == 0 ? SCRIPTED_HOLD : SCRIPTED_SEND;
}

static void a_call_whose_answer_did_not_fit_is_sent_again_alone(void **state) {
    (void)state;
    struct lanes lanes;
    memset(&full, 0, sizeof(full));
    lanes_open(&lanes, frame_full, &one_lane);
    Echo__V1__WriteRequest request = ECHO__V1__WRITE_REQUEST__INIT;
    struct nnrpc_pending *calls[3];
    char text[16];
    for (int i = 0; i < 3; i++) {
        (void)snprintf(text, sizeof(text), "%d", i);
        request.text = text;
        assert_int_equal(
            echo_service_write_start(lanes.client, NULL, &request, &calls[i], NULL), NNRPC_OK);
        if (i == 0) {
            lanes_await_held(&lanes, calls[0], 1);
        }
    }
    scripted_let_go(&lanes.server);
    for (int i = 0; i < 3; i++) {
        Echo__V1__WriteResponse *response = NULL;
        assert_int_equal(echo_service_write_finish(calls[i], &response, NULL), NNRPC_OK);
        (void)snprintf(text, sizeof(text), "%d", i);
        assert_string_equal(response->text, text);
        echo__v1__write_response__free_unpacked(response, NULL);
    }
    assert_int_equal(atomic_load(&lanes.server.frame_count), 3); /* 0; 1 and 2; 2 */
    assert_int_equal(full.count, 4);
    assert_string_equal(full.ids[3], full.ids[2]);
    assert_string_not_equal(full.ids[2], full.ids[1]);
    lanes_close(&lanes);
}

static void frame_full_is_told_when_the_call_was_alone(void **state) {
    (void)state;
    struct lanes lanes;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    memset(&full, 0, sizeof(full));
    full.always = true;
    lanes_open(&lanes, frame_full, &one_try);
    struct nnrpc_pending *pending = lanes_start_read(lanes.client, NULL, "x", 0);
    lanes_await_held(&lanes, pending, 1);
    scripted_let_go(&lanes.server);
    assert_int_equal(lanes_finish_read(pending, "x", &status), NNRPC_RESOURCE_EXHAUSTED);
    assert_status(&status, NNRPC_RESOURCE_EXHAUSTED, "nnrpc", "FRAME_FULL");
    assert_int_equal(atomic_load(&lanes.server.call_count), 2);
    lanes_close(&lanes);
}

static void frame_full_is_told_when_the_call_must_not_be_repeated(void **state) {
    (void)state;
    struct lanes lanes;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    memset(&full, 0, sizeof(full));
    full.always = true;
    lanes_open(&lanes, frame_full, &one_lane);
    struct nnrpc_pending *first = lanes_start_read(lanes.client, NULL, "x", 0);
    lanes_await_held(&lanes, first, 1);
    assert_int_equal(lanes_append(lanes.client, NULL, "x", &status), NNRPC_RESOURCE_EXHAUSTED);
    assert_string_equal(status.reason, "FRAME_FULL");
    assert_int_equal(atomic_load(&lanes.server.call_count), 2);
    nnrpc_pending_cancel(first);
    lanes_close(&lanes);
}

static enum scripted_act oversized_once(
    struct scripted_server *server, struct scripted_frame *frame) {
    (void)frame;
    return atomic_load(&server->frame_count) == 0 ? SCRIPTED_SEND_OVERSIZED : SCRIPTED_SEND;
}

static void a_reply_above_the_limit_costs_its_call_and_nothing_more(void **state) {
    (void)state;
    struct lanes lanes;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    struct nnrpc_client_options options = one_try;
    options.max_reply_bytes = 100000;
    lanes_open(&lanes, oversized_once, &options);
    uint64_t start_ms = lanes_now_ms();
    assert_int_equal(lanes_read(lanes.client, NULL, "x", 0, &status), NNRPC_UNAVAILABLE);
    assert_status(&status, NNRPC_UNAVAILABLE, "nnrpc", "UNREACHABLE");
    for (int i = 0; i < 5; i++) {
        assert_int_equal(lanes_read(lanes.client, NULL, "y", 99000, &status), NNRPC_OK);
    }
    assert_in_range(lanes_now_ms() - start_ms, 0, 5000);
    lanes_close(&lanes);
}

static void a_reply_of_exactly_the_limit_is_taken(void **state) {
    (void)state;
    struct lanes lanes;
    struct nnrpc_client_options options = one_try;
    lanes_open(&lanes, NULL, &options);
    /* All but some 40 bytes of the 16 MiB. */
    assert_int_equal(lanes_read(lanes.client, NULL, "x", (16u << 20) - 40, NULL), NNRPC_OK);
    lanes_close(&lanes);
}

/* --- Replies that are none ---------------------------------------------------------------- */

/* Runs a script that is wrong in its first answer, and expects the lane to work afterwards. */
static void expect_malformed(scripted_script script, const char *problem) {
    struct lanes lanes;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    lanes_open(&lanes, script, &one_lane);
    assert_int_equal(lanes_read(lanes.client, NULL, "x", 0, &status), NNRPC_INTERNAL);
    assert_status(&status, NNRPC_INTERNAL, "nnrpc", "MALFORMED_REPLY");
    if (strstr(status.message, problem) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", status.message, problem);
    }
    assert_int_equal(lanes_read(lanes.client, NULL, "y", 0, NULL), NNRPC_OK);
    assert_int_equal(atomic_load(&lanes.server.call_count), 2); /* not repeated */
    lanes_close(&lanes);
}

static enum scripted_act garbage_once(
    struct scripted_server *server, struct scripted_frame *frame) {
    (void)frame;
    return atomic_load(&server->frame_count) == 0 ? SCRIPTED_SEND_GARBAGE : SCRIPTED_SEND;
}

static enum scripted_act wrong_id_once(
    struct scripted_server *server, struct scripted_frame *frame) {
    frame->reply->frame_id ^= atomic_load(&server->frame_count) == 0 ? 1 : 0;
    return SCRIPTED_SEND;
}

static enum scripted_act none_once(struct scripted_server *server, struct scripted_frame *frame) {
    if (atomic_load(&server->frame_count) == 0) {
        scripted_cut(frame->reply, 0);
    }
    return SCRIPTED_SEND;
}

static enum scripted_act bad_message_once(
    struct scripted_server *server, struct scripted_frame *frame) {
    if (atomic_load(&server->frame_count) == 0) {
        scripted_set_message(frame->reply->responses[0], "\x0a\x02\xff\xff", 4);
    }
    return SCRIPTED_SEND;
}

static enum scripted_act nul_once(struct scripted_server *server, struct scripted_frame *frame) {
    if (atomic_load(&server->frame_count) == 0) {
        scripted_set_message(
            frame->reply->responses[0],
            "\x0a\x03"
            "a\0b",
            5);
    }
    return SCRIPTED_SEND;
}

static enum scripted_act cut_once(struct scripted_server *server, struct scripted_frame *frame) {
    if (atomic_load(&server->frame_count) == 0) {
        scripted_set_message(frame->reply->responses[0], "\x0a\x7f", 2);
    }
    return SCRIPTED_SEND;
}

static void a_reply_that_is_none_is_told_and_the_lane_goes_on(void **state) {
    (void)state;
    expect_malformed(garbage_once, "does not fit the 1 calls that were sent");
    expect_malformed(wrong_id_once, "does not fit the 1 calls that were sent");
    expect_malformed(none_once, "does not fit the 1 calls that were sent");
}

static void a_message_that_is_none_is_told_with_its_field(void **state) {
    (void)state;
    expect_malformed(bad_message_once, "the answer to echo.v1.EchoService/Read cannot be read");
    expect_malformed(nul_once, "text");
    expect_malformed(cut_once, "cannot be read");
}

#define MANY_FIELDS 100000

/* A reply message of more fields than a request may have: the text, again and again. */
static enum scripted_act many_fields(struct scripted_server *server, struct scripted_frame *frame) {
    (void)server;
    struct nnrpc_buffer buffer NNRPC_CLEANUP(nnrpc_buffer_deinit) = {0};
    for (int i = 0; i < MANY_FIELDS; i++) {
        nnrpc_wire_append_bytes(&buffer, 1, "x", 1);
    }
    scripted_set_message(frame->reply->responses[0], buffer.data, buffer.size);
    return SCRIPTED_SEND;
}

static void a_reply_may_have_more_fields_than_a_request(void **state) {
    (void)state;
    struct lanes lanes;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    lanes_open(&lanes, many_fields, &one_lane);
    if (lanes_read(lanes.client, NULL, "x", 0, &status) != NNRPC_OK) {
        fail_msg("%s", status.message);
    }
    lanes_close(&lanes);
}

/* Answers the second frame, of several calls, as a server does that cannot read it. */
static enum scripted_act one_for_all(struct scripted_server *server, struct scripted_frame *frame) {
    if (atomic_load(&server->frame_count) == 0) {
        return SCRIPTED_HOLD;
    }
    scripted_cut(frame->reply, 1);
    scripted_fail(frame->reply->responses[0], NNRPC_INVALID_ARGUMENT, "nnrpc", "MALFORMED_FRAME");
    return SCRIPTED_SEND;
}

static void a_single_refusal_stands_for_every_call_of_the_frame(void **state) {
    (void)state;
    struct lanes lanes;
    lanes_open(&lanes, one_for_all, &one_lane);
    struct nnrpc_pending *calls[4];
    for (int i = 0; i < 4; i++) {
        calls[i] = lanes_start_read(lanes.client, NULL, "x", 0);
        if (i == 0) {
            lanes_await_held(&lanes, calls[0], 1);
        }
    }
    scripted_let_go(&lanes.server);
    assert_int_equal(lanes_finish_read(calls[0], "x", NULL), NNRPC_OK);
    for (int i = 1; i < 4; i++) {
        struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
        assert_int_equal(lanes_finish_read(calls[i], "x", &status), NNRPC_INVALID_ARGUMENT);
        assert_string_equal(status.reason, "MALFORMED_FRAME");
    }
    lanes_close(&lanes);
}

/* --- Giving up ---------------------------------------------------------------------------- */

static enum scripted_act hold_first(struct scripted_server *server, struct scripted_frame *frame) {
    (void)frame;
    return atomic_load(&server->frame_count) == 0 ? SCRIPTED_HOLD : SCRIPTED_SEND;
}

static void a_cancelled_call_leaves_its_lane_to_others(void **state) {
    (void)state;
    struct lanes lanes;
    lanes_open(&lanes, hold_first, &one_lane);
    struct nnrpc_pending *first = lanes_start_read(lanes.client, NULL, "first", 0);
    lanes_await_held(&lanes, first, 1);
    nnrpc_pending_cancel(first);
    uint64_t start_ms = lanes_now_ms();
    assert_int_equal(lanes_read(lanes.client, NULL, "second", 0, NULL), NNRPC_OK);
    assert_in_range(lanes_now_ms() - start_ms, 0, 5000);
    scripted_let_go(&lanes.server);
    assert_int_equal(lanes_read(lanes.client, NULL, "third", 0, NULL), NNRPC_OK);
    lanes_close(&lanes);
}

static void calls_are_cancelled_wherever_they_are(void **state) {
    (void)state;
    struct lanes lanes;
    lanes_open(&lanes, hold_first, &one_lane);
    struct nnrpc_pending *calls[5];
    for (int i = 0; i < 5; i++) {
        calls[i] = lanes_start_read(lanes.client, NULL, "x", 0);
        if (i == 0) {
            lanes_await_held(&lanes, calls[0], 1);
        }
    }
    nnrpc_pending_cancel(NULL);
    nnrpc_pending_cancel(calls[2]); /* queued */
    scripted_let_go(&lanes.server);
    assert_int_equal(lanes_finish_read(calls[1], "x", NULL), NNRPC_OK);
    nnrpc_pending_cancel(calls[0]); /* answered */
    assert_int_equal(lanes_finish_read(calls[3], "x", NULL), NNRPC_OK);
    assert_true(nnrpc_pending_is_done(calls[4]));
    nnrpc_pending_cancel(calls[4]); /* answered in the same frame as the last one */
    assert_int_equal(atomic_load(&lanes.server.call_count), 4);
    lanes_close(&lanes);
}

static void a_call_is_done_once_its_answer_is_there(void **state) {
    (void)state;
    struct lanes lanes;
    lanes_open(&lanes, hold_first, &one_lane);
    struct nnrpc_pending *first = lanes_start_read(lanes.client, NULL, "first", 0);
    struct nnrpc_pending *second = lanes_start_read(lanes.client, NULL, "second", 0);
    lanes_await_held(&lanes, first, 1);
    assert_false(nnrpc_pending_is_done(first));
    assert_false(nnrpc_pending_is_done(second));
    scripted_let_go(&lanes.server);
    while (!nnrpc_pending_is_done(second)) { /* which sends it, too, once the lane is free */
        lanes_pause_ms(1);
    }
    assert_true(nnrpc_pending_is_done(first));
    scripted_stop(&lanes.server); /* nothing more is needed */
    assert_int_equal(lanes_finish_read(second, "second", NULL), NNRPC_OK);
    assert_int_equal(lanes_finish_read(first, "first", NULL), NNRPC_OK);
    lanes_close(&lanes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_comes_as_it_was_sent),
        cmocka_unit_test(success_replaces_what_a_status_and_metadata_held),
        cmocka_unit_test(overload_is_the_callers_to_judge),
        cmocka_unit_test(an_unavailable_answer_is_repeated_when_that_is_harmless),
        cmocka_unit_test(attempts_are_bounded_where_asked),
        cmocka_unit_test(a_call_whose_answer_did_not_fit_is_sent_again_alone),
        cmocka_unit_test(frame_full_is_told_when_the_call_was_alone),
        cmocka_unit_test(frame_full_is_told_when_the_call_must_not_be_repeated),
        cmocka_unit_test(a_reply_above_the_limit_costs_its_call_and_nothing_more),
        cmocka_unit_test(a_reply_of_exactly_the_limit_is_taken),
        cmocka_unit_test(a_reply_that_is_none_is_told_and_the_lane_goes_on),
        cmocka_unit_test(a_message_that_is_none_is_told_with_its_field),
        cmocka_unit_test(a_reply_may_have_more_fields_than_a_request),
        cmocka_unit_test(a_single_refusal_stands_for_every_call_of_the_frame),
        cmocka_unit_test(a_cancelled_call_leaves_its_lane_to_others),
        cmocka_unit_test(calls_are_cancelled_wherever_they_are),
        cmocka_unit_test(a_call_is_done_once_its_answer_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
