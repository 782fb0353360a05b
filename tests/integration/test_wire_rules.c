/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire, as any caller sees it: frames, their rules, what is wrong with one, and replies that
 * must fit. Everything here is sent by a plain nanomsg socket.
 */
#include <stdlib.h>
#include <string.h>

#include "acts.h"
#include "raw_peer.h"

#define GET_CONTACT "contacts.v1.ContactService/GetContact"
#define CREATE_CONTACT "contacts.v1.ContactService/CreateContact"
#define LIST_CONTACTS "contacts.v1.ContactService/ListContacts"
#define FRAME_BYTES (1 << 20)

static struct raw_peer *raw_of(struct peer *peer) {
    return raw_join(peer->server->url);
}

static Contacts__V1__GetContactRequest get_request(const char *id) {
    Contacts__V1__GetContactRequest request = CONTACTS__V1__GET_CONTACT_REQUEST__INIT;
    request.id = text(id);
    return request;
}

static const struct nnrpc_method *contact_method(size_t index) {
    return &contact_service_service.methods[index];
}

static Contact *contact_in(const Nnrpc__V1__Response *response) {
    const Contacts__V1__GetContactResponse *message =
        (const void *)raw_message(response, contact_method(CONTACT_SERVICE_GET_CONTACT));
    return message->contact;
}

/* The one response of a frame that was no frame. */
static void expect_malformed_frame(struct raw_peer *raw, const void *bytes, size_t size) {
    const Nnrpc__V1__ResponseFrame *answer = raw_exchange_bytes(raw, bytes, size, 30000);
    assert_non_null(answer);
    assert_int_equal(answer->n_responses, 1);
    expect_raw(answer->responses[0], NNRPC_INVALID_ARGUMENT, "nnrpc", "MALFORMED_FRAME");
}

static void expect_malformed_message(struct raw_peer *raw, const void *bytes, size_t size) {
    struct raw_frame *frame = raw_frame_new();
    raw_frame_add_bytes(frame, GET_CONTACT, bytes, size);
    expect_raw(
        raw_exchange(raw, frame)->responses[0], NNRPC_INVALID_ARGUMENT, "nnrpc",
        "MALFORMED_MESSAGE");
}

/* --- Frames --------------------------------------------------------------------------------- */

static void a_frame_of_one_is_enough_to_call(void **state) {
    struct peer *peer = *state;
    const Contact *contact = create_shared_contact(peer);
    const Contacts__V1__GetContactRequest request = get_request(contact->id);
    expect_equal_messages(contact_in(raw_call(raw_of(peer), GET_CONTACT, &request.base)), contact);
}

static void responses_stand_in_the_order_of_the_requests(void **state) {
    struct peer *peer = *state;
    struct raw_frame *frame = raw_frame_new();
    const Contact *contacts[10];
    for (size_t i = 0; i < NNRPC_LENGTH(contacts); i++) {
        contacts[i] = create_shared_contact(peer);
        const Contacts__V1__GetContactRequest request = get_request(contacts[i]->id);
        raw_frame_add(frame, GET_CONTACT, &request.base);
    }
    const Nnrpc__V1__ResponseFrame *answer = raw_exchange(raw_of(peer), frame);
    for (size_t i = 0; i < NNRPC_LENGTH(contacts); i++) {
        expect_equal_messages(contact_in(answer->responses[i]), contacts[i]);
    }
}

static void each_call_of_a_frame_succeeds_or_fails_alone(void **state) {
    struct peer *peer = *state;
    const Contact *contact = create_shared_contact(peer);
    struct raw_frame *frame = raw_frame_new();
    const Contacts__V1__GetContactRequest good = get_request(contact->id);
    const Contacts__V1__GetContactRequest missing = get_request("987654321");
    const Contacts__V1__GetContactRequest wrong = get_request("007");
    raw_frame_add(frame, GET_CONTACT, &missing.base);
    raw_frame_add(frame, GET_CONTACT, &good.base);
    raw_frame_add(frame, "contacts.v1.ContactService/Nothing", &good.base);
    raw_frame_add_bytes(frame, GET_CONTACT, "\xff", 1);
    raw_frame_add(frame, GET_CONTACT, &wrong.base);
    raw_frame_add(frame, GET_CONTACT, &good.base);
    const Nnrpc__V1__ResponseFrame *answer = raw_exchange(raw_of(peer), frame);
    expect_raw(answer->responses[0], NNRPC_NOT_FOUND, "contacts", "CONTACT_NOT_FOUND");
    expect_equal_messages(contact_in(answer->responses[1]), contact);
    expect_raw(answer->responses[2], NNRPC_UNIMPLEMENTED, "nnrpc", "UNKNOWN_METHOD");
    expect_raw(answer->responses[3], NNRPC_INVALID_ARGUMENT, "nnrpc", "MALFORMED_MESSAGE");
    expect_raw(answer->responses[4], NNRPC_INVALID_ARGUMENT, "contacts", "INVALID_ID");
    expect_equal_messages(contact_in(answer->responses[5]), contact);
}

static void writes_are_applied_in_the_order_of_their_frame(void **state) {
    struct peer *peer = *state;
    enum { WRITES = 200 };
    struct raw_frame *frame = raw_frame_new();
    const struct nnrpc_method *method = contact_method(CONTACT_SERVICE_CREATE_CONTACT);
    Contact contact = contact_named("Ordered", "");
    Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    request.contact = &contact;
    for (int i = 0; i < WRITES; i++) {
        contact.last_name = format_text("%d", i);
        raw_frame_add(frame, CREATE_CONTACT, &request.base);
    }
    const Nnrpc__V1__ResponseFrame *answer = raw_exchange(raw_of(peer), frame);
    uint64_t last = 0;
    for (int i = 0; i < WRITES; i++) {
        const Contacts__V1__CreateContactResponse *response =
            (const void *)raw_message(answer->responses[i], method);
        uint64_t id = strtoull(response->contact->id, NULL, 10);
        assert_true(id > last);
        assert_string_equal(response->contact->last_name, format_text("%d", i));
        last = id;
    }
}

static void a_frame_has_at_most_1024_calls(void **state) {
    struct peer *peer = *state;
    struct raw_peer *raw = raw_of(peer);
    const Contact *contact = create_shared_contact(peer);
    const Contacts__V1__GetContactRequest request = get_request(contact->id);
    struct raw_frame *frame = raw_frame_new();
    for (int i = 0; i < 1024; i++) {
        raw_frame_add(frame, GET_CONTACT, &request.base);
    }
    const Nnrpc__V1__ResponseFrame *answer = raw_exchange(raw, frame);
    for (int i = 0; i < 1024; i++) {
        expect_raw_ok(answer->responses[i]);
    }
    raw_frame_add(frame, GET_CONTACT, &request.base);
    size_t size = nnrpc__v1__request_frame__get_packed_size(&frame->frame);
    uint8_t *packed = scenario_keep(malloc(size));
    nnrpc__v1__request_frame__pack(&frame->frame, packed);
    expect_malformed_frame(raw, packed, size);
}

static void what_is_no_frame_is_answered_all_the_same(void **state) {
    struct peer *peer = *state;
    struct raw_peer *raw = raw_of(peer);
    static const uint8_t frame_id_only[] = {0x20, 7};
    static const uint8_t unfinished_request[] = {0x12, 0x7f, 0x0a};
    static const uint8_t request_of_garbage[] = {0x12, 0x02, 0xff, 0xff};
    static const uint8_t group[] = {0x13, 0x14};
    expect_malformed_frame(raw, "", 0);
    expect_malformed_frame(raw, "hello, contactd", 15);
    expect_malformed_frame(raw, frame_id_only, sizeof(frame_id_only));
    expect_malformed_frame(raw, unfinished_request, sizeof(unfinished_request));
    expect_malformed_frame(raw, request_of_garbage, sizeof(request_of_garbage));
    expect_malformed_frame(raw, group, sizeof(group));
    expect_malformed_frame(raw, text_of('\xff', 100000), 100000);
    create_shared_contact(peer);
}

static struct raw_frame *padded_frame(const Contact *contact, size_t padding) {
    const Contacts__V1__GetContactRequest request = get_request(contact->id);
    struct raw_frame *frame = raw_frame_new();
    frame->frame.frame_id = 1;
    raw_frame_add(frame, GET_CONTACT, &request.base);
    raw_frame_say(frame, NULL, "padding", text_of('p', padding), padding);
    return frame;
}

/* A frame with one call and so much metadata that it has a size. */
static struct raw_frame *frame_of_size(const Contact *contact, size_t size) {
    size_t near = size - 200; /* close enough for lengths to take as many bytes */
    struct raw_frame *frame = padded_frame(contact, near);
    size_t missing = size - nnrpc__v1__request_frame__get_packed_size(&frame->frame);
    frame = padded_frame(contact, near + missing);
    assert_int_equal(nnrpc__v1__request_frame__get_packed_size(&frame->frame), size);
    return frame;
}

static void a_frame_has_at_most_1_mib(void **state) {
    struct peer *peer = *state;
    const Contact *contact = create_shared_contact(peer);
    const struct raw_frame *largest = frame_of_size(contact, FRAME_BYTES);
    expect_equal_messages(contact_in(raw_exchange(raw_of(peer), largest)->responses[0]), contact);
    const struct raw_frame *larger = frame_of_size(contact, FRAME_BYTES + 1);
    uint8_t *packed = scenario_keep(malloc(FRAME_BYTES + 1));
    nnrpc__v1__request_frame__pack(&larger->frame, packed);
    expect_malformed_frame(raw_of(peer), packed, FRAME_BYTES + 1);
}

static void what_is_far_above_1_mib_is_dropped(void **state) {
    struct peer *peer = *state;
    const size_t size = 8 * FRAME_BYTES;
    assert_null(raw_exchange_bytes(raw_of(peer), text_of('x', size), size, 500));
    create_shared_contact(peer);
}

static void the_client_refuses_what_fits_in_no_frame(void **state) {
    struct peer *peer = *state;
    Contacts__V1__BatchGetContactsRequest request = CONTACTS__V1__BATCH_GET_CONTACTS_REQUEST__INIT;
    char *ids[] = {text_of('1', FRAME_BYTES)};
    request.ids = ids;
    request.n_ids = 1;
    call_batch_get_contacts(peer, &request);
    expect_nnrpc_reason(peer, NNRPC_RESOURCE_EXHAUSTED, "REQUEST_TOO_LARGE");
    const char *most = nnrpc_status_get_info(&peer->status, "max_request_bytes");
    const char *needed = nnrpc_status_get_info(&peer->status, "request_bytes");
    assert_non_null(most);
    assert_non_null(needed);
    assert_in_range(strtoul(most, NULL, 10), FRAME_BYTES - 256, FRAME_BYTES);
    assert_in_range(strtoul(needed, NULL, 10), FRAME_BYTES, FRAME_BYTES + 256);
}

/* --- Methods and messages ------------------------------------------------------------------- */

static void an_unknown_method_is_unimplemented(void **state) {
    struct peer *peer = *state;
    struct raw_peer *raw = raw_of(peer);
    static const char *const methods[] = {
        "",
        "/",
        "GetContact",
        "contacts.v1.ContactService",
        "contacts.v1.ContactService/",
        "contacts.v1.ContactService/getContact",
        "contacts.v1.ContactService/GetContact ",
        "/contacts.v1.ContactService/GetContact",
        "contacts.v2.ContactService/GetContact"};
    const Contacts__V1__GetContactRequest request = get_request("1");
    for (size_t i = 0; i < NNRPC_LENGTH(methods); i++) {
        expect_raw(
            raw_call(raw, methods[i], &request.base), NNRPC_UNIMPLEMENTED, "nnrpc",
            "UNKNOWN_METHOD");
    }
}

static void a_message_that_is_none_is_malformed(void **state) {
    struct peer *peer = *state;
    struct raw_peer *raw = raw_of(peer);
    static const uint8_t cut_short[] = {0x0a, 5, '1'};
    static const uint8_t endless_varint[] = {0x18, 0xff, 0xff, 0xff, 0xff, 0xff,
                                             0xff, 0xff, 0xff, 0xff, 0xff, 1};
    static const uint8_t field_zero[] = {0x02, 0};
    static const uint8_t not_utf8[] = {0x0a, 1, 0xff};
    static const uint8_t with_nul[] = {0x0a, 2, '1', 0};
    static const uint8_t group[] = {0x13, 0x14};
    expect_malformed_message(raw, cut_short, sizeof(cut_short));
    expect_malformed_message(raw, endless_varint, sizeof(endless_varint));
    expect_malformed_message(raw, field_zero, sizeof(field_zero));
    expect_malformed_message(raw, not_utf8, sizeof(not_utf8));
    expect_malformed_message(raw, with_nul, sizeof(with_nul));
    expect_malformed_message(raw, group, sizeof(group));
}

static void fields_of_a_later_version_are_passed_over(void **state) {
    struct peer *peer = *state;
    const Contact *contact = create_shared_contact(peer);
    uint8_t message[64];
    size_t length = strlen(contact->id);
    message[0] = 0x0a;
    message[1] = (uint8_t)length;
    memcpy(message + 2, contact->id, length);
    static const uint8_t unknown[] = {0xf8, 0x01, 7, 0xfa, 0x01, 2, 'h', 'i'};
    memcpy(message + 2 + length, unknown, sizeof(unknown));
    struct raw_frame *frame = raw_frame_new();
    raw_frame_add_bytes(frame, GET_CONTACT, message, 2 + length + sizeof(unknown));
    expect_equal_messages(contact_in(raw_exchange(raw_of(peer), frame)->responses[0]), contact);
}

static void unknown_fields_of_a_contact_are_not_stored(void **state) {
    struct peer *peer = *state;
    /* CreateContactRequest { contact { first_name: "a", field 99: "hi" } } */
    static const uint8_t message[] = {0x0a, 8, 0x2a, 1, 'a', 0x9a, 0x06, 2, 'h', 'i'};
    struct raw_frame *frame = raw_frame_new();
    raw_frame_add_bytes(frame, CREATE_CONTACT, message, sizeof(message));
    const Contacts__V1__CreateContactResponse *response = (const void *)raw_message(
        raw_exchange(raw_of(peer), frame)->responses[0],
        contact_method(CONTACT_SERVICE_CREATE_CONTACT));
    assert_string_equal(response->contact->first_name, "a");
    assert_int_equal(response->contact->base.n_unknown_fields, 0);
    assert_int_equal(get_contact(peer, response->contact->id)->base.n_unknown_fields, 0);
}

/* --- Metadata ------------------------------------------------------------------------------- */

static void metadata_of_a_request_wins_over_that_of_its_frame(void **state) {
    struct peer *peer = *state;
    const Contact *contact = create_shared_contact(peer);
    const Contacts__V1__GetContactRequest message = get_request(contact->id);
    struct raw_frame *frame = raw_frame_new();
    raw_frame_say(frame, NULL, "x-min-revision", "18446744073709551615", 20);
    raw_frame_add(frame, GET_CONTACT, &message.base);
    Nnrpc__V1__Request *own = raw_frame_add(frame, GET_CONTACT, &message.base);
    raw_frame_say(frame, own, "x-min-revision", "0", 1);
    const Nnrpc__V1__ResponseFrame *answer = raw_exchange(raw_of(peer), frame);
    expect_raw(answer->responses[0], NNRPC_FAILED_PRECONDITION, "contacts", "REVISION_NOT_REACHED");
    expect_raw_ok(answer->responses[1]);
}

static void a_request_id_of_the_callers_own_is_logged(void **state) {
    (void)state;
    static const char *const flags[] = {"--log-level", "debug", NULL};
    struct contactd_process *server = start_server(flags);
    struct peer *peer = join(server, NULL);
    peer_say(peer, "x-request-id", "my own id\nlevel=forged");
    peer_say(peer, "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    try_get_contact(peer, "987654321");
    contactd_stop(server);
    char *log = scenario_keep(contactd_log_text(server));
    assert_non_null(strstr(log, "request_id=\"my own id\\nlevel=forged\""));
    assert_null(strstr(log, "\nlevel=forged"));
    assert_non_null(strstr(log, " trace_id=0af7651916cd43dd8448eb211c80319c span_id="));
    assert_non_null(strstr(
        log, "method=contacts.v1.ContactService/GetContact code=NOT_FOUND "
             "reason=CONTACT_NOT_FOUND"));
}

/* --- Replies that must fit ------------------------------------------------------------------ */

/* A contact of somewhat more than 3 KiB. */
static Contact *create_large_contact(struct peer *peer) {
    Contact contact = contact_named(text_of('f', 1024), "");
    contact.last_name = text_of('l', 1024);
    contact.company_name = text_of('c', 1024);
    return create_contact(peer, &contact);
}

static void a_reply_that_does_not_fit_beside_others_is_told_to_come_alone(void **state) {
    struct peer *peer = *state;
    struct raw_peer *raw = raw_of(peer);
    const Contact *contact = create_large_contact(peer);
    const Contacts__V1__GetContactRequest request = get_request(contact->id);
    struct raw_frame *frame = raw_frame_new();
    frame->frame.max_reply_bytes = 5000;
    raw_frame_add(frame, GET_CONTACT, &request.base);
    raw_frame_add(frame, GET_CONTACT, &request.base);
    const Nnrpc__V1__ResponseFrame *answer = raw_exchange(raw, frame);
    assert_true(raw_last_size(raw) <= 5000);
    expect_raw_ok(answer->responses[0]);
    expect_raw(answer->responses[1], NNRPC_RESOURCE_EXHAUSTED, "nnrpc", "FRAME_FULL");
    assert_non_null(raw_info(answer->responses[1], "reply_bytes"));
    assert_non_null(raw_info(answer->responses[1], "frame_bytes"));
}

static void a_reply_that_does_not_fit_at_all_is_too_large(void **state) {
    struct peer *peer = *state;
    struct raw_peer *raw = raw_of(peer);
    const Contact *contact = create_large_contact(peer);
    const Contacts__V1__GetContactRequest request = get_request(contact->id);
    struct raw_frame *frame = raw_frame_new();
    frame->frame.max_reply_bytes = 2000;
    raw_frame_add(frame, GET_CONTACT, &request.base);
    raw_frame_add(frame, GET_CONTACT, &request.base);
    const Nnrpc__V1__ResponseFrame *answer = raw_exchange(raw, frame);
    assert_true(raw_last_size(raw) <= 2000);
    for (size_t i = 0; i < 2; i++) {
        expect_raw(answer->responses[i], NNRPC_RESOURCE_EXHAUSTED, "nnrpc", "REPLY_TOO_LARGE");
        assert_string_equal(raw_info(answer->responses[i], "max_reply_bytes"), "2000");
        assert_true(strtoul(raw_info(answer->responses[i], "reply_bytes"), NULL, 10) > 3000);
    }
}

static void a_reply_is_at_most_what_the_caller_can_receive(void **state) {
    struct peer *peer = *state;
    struct raw_peer *raw = raw_of(peer);
    for (int i = 0; i < 40; i++) {
        create_large_contact(peer);
    }
    Contacts__V1__ListContactsRequest request = CONTACTS__V1__LIST_CONTACTS_REQUEST__INIT;
    request.page_size = 1000;
    request.include_links = 1;
    static const uint32_t limits[] = {4500, 5000, 7777, 10000, 65536, 100000};
    for (size_t i = 0; i < NNRPC_LENGTH(limits); i++) {
        struct raw_frame *frame = raw_frame_new();
        frame->frame.max_reply_bytes = limits[i];
        raw_frame_add(frame, LIST_CONTACTS, &request.base);
        const Contacts__V1__ListContactsResponse *response = (const void *)raw_message(
            raw_exchange(raw, frame)->responses[0], contact_method(CONTACT_SERVICE_LIST_CONTACTS));
        assert_true(raw_last_size(raw) <= limits[i]);
        assert_true(response->n_contacts > 0);
        assert_true(response->next_page_token[0] != '\0');
    }
}

static void a_full_frame_is_unseen_by_callers_of_the_client(void **state) {
    struct peer *peer = *state;
    enum { CALLS = 60 };
    const struct peer_options options = {.max_reply_bytes = 8 << 10, .max_frame_calls = 64};
    struct peer *small = join(peer->server, &options);
    struct nnrpc_pending *pending[CALLS];
    Contact contact = contact_named(text_of('f', 1024), new_customer(peer));
    contact.last_name = text_of('l', 1024);
    Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    request.contact = &contact;
    uint64_t revision = revision_now(peer);
    for (int i = 0; i < CALLS; i++) {
        assert_int_equal(
            contact_service_create_contact_start(small->client, NULL, &request, &pending[i], NULL),
            NNRPC_OK);
    }
    uint64_t last = 0;
    for (int i = 0; i < CALLS; i++) {
        Contacts__V1__CreateContactResponse *response = NULL;
        assert_int_equal(
            contact_service_create_contact_finish(pending[i], &response, &small->status), NNRPC_OK);
        scenario_keep_message(&response->base);
        uint64_t id = strtoull(response->contact->id, NULL, 10);
        assert_true(id != last);
        last = id;
    }
    expect_revision(peer, revision + CALLS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        scenario_test(a_frame_of_one_is_enough_to_call),
        scenario_test(responses_stand_in_the_order_of_the_requests),
        scenario_test(each_call_of_a_frame_succeeds_or_fails_alone),
        scenario_test(writes_are_applied_in_the_order_of_their_frame),
        scenario_test(a_frame_has_at_most_1024_calls),
        scenario_test(what_is_no_frame_is_answered_all_the_same),
        scenario_test(a_frame_has_at_most_1_mib),
        scenario_test(what_is_far_above_1_mib_is_dropped),
        scenario_test(the_client_refuses_what_fits_in_no_frame),
        scenario_test(an_unknown_method_is_unimplemented),
        scenario_test(a_message_that_is_none_is_malformed),
        scenario_test(fields_of_a_later_version_are_passed_over),
        scenario_test(unknown_fields_of_a_contact_are_not_stored),
        scenario_test(metadata_of_a_request_wins_over_that_of_its_frame),
        scenario_test(a_request_id_of_the_callers_own_is_logged),
        scenario_test(a_reply_that_does_not_fit_beside_others_is_told_to_come_alone),
        scenario_test(a_reply_that_does_not_fit_at_all_is_too_large),
        scenario_test(a_reply_is_at_most_what_the_caller_can_receive),
        scenario_test(a_full_frame_is_unseen_by_callers_of_the_client),
        scenario_test(the_server_stops_and_its_store_is_sound),
    };
    return cmocka_run_group_tests_name("wire", tests, share_a_server, NULL);
}
