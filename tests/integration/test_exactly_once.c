/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request ids: every call takes effect exactly once (the contract's act 8), for every method that
 * changes something, and what validate_only has to do with it (act 9).
 */
#include <ctype.h>
#include <string.h>

#include "acts.h"
#include "nnrpc/tokens.h"
#include "raw_peer.h"

#define REQUEST_BYTES 512

/* One mutating call, ready to be made, and another of the same method. */
struct mutation {
    const struct nnrpc_method *method;
    _Alignas(16) char request[REQUEST_BYTES];
    _Alignas(16) char other[REQUEST_BYTES];
};

static void set_request_id(
    const struct nnrpc_method *method, char request[REQUEST_BYTES], char *request_id) {
    const ProtobufCFieldDescriptor *field =
        &method->request->descriptor->fields[method->request_id_index];
    memcpy(request + field->offset, &request_id, sizeof(request_id));
}

static void set_validate_only(
    const struct nnrpc_method *method, char request[REQUEST_BYTES], bool value) {
    const ProtobufCFieldDescriptor *field =
        &method->request->descriptor->fields[method->validate_only_index];
    const protobuf_c_boolean flag = value;
    memcpy(request + field->offset, &flag, sizeof(flag));
}

#define MUTATION(service, METHOD, first, second)                                                   \
    do {                                                                                           \
        struct mutation *next = &out_mutations[count++];                                           \
        next->method = &(service).methods[METHOD];                                                 \
        assert_true(sizeof(first) <= REQUEST_BYTES);                                               \
        memcpy(next->request, &(first), sizeof(first));                                            \
        memcpy(next->other, &(second), sizeof(second));                                            \
    } while (0)

#define MUTATIONS 12

static size_t prepare_contact_mutations(struct peer *peer, struct mutation *out_mutations) {
    size_t count = 0;
    static Contact contacts[4];
    Contacts__V1__CreateContactRequest create[2] = {
        CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT, CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT};
    Contacts__V1__UpdateContactRequest update[2] = {
        CONTACTS__V1__UPDATE_CONTACT_REQUEST__INIT, CONTACTS__V1__UPDATE_CONTACT_REQUEST__INIT};
    Contacts__V1__DeleteContactRequest delete[2] = {
        CONTACTS__V1__DELETE_CONTACT_REQUEST__INIT, CONTACTS__V1__DELETE_CONTACT_REQUEST__INIT};
    Contacts__V1__ConvertToSharedContactRequest convert[2] = {
        CONTACTS__V1__CONVERT_TO_SHARED_CONTACT_REQUEST__INIT,
        CONTACTS__V1__CONVERT_TO_SHARED_CONTACT_REQUEST__INIT};
    const char *customer = new_customer(peer);
    for (size_t i = 0; i < 2; i++) {
        contacts[i] = contact_named(fresh("Once"), customer);
        create[i].contact = &contacts[i];
        contacts[2 + i] = contact_named(fresh("Renamed"), "");
        contacts[2 + i].id = create_direct_contact(peer, customer)->id;
        update[i].contact = &contacts[2 + i];
        delete[i].id = create_shared_contact(peer)->id;
        convert[i].id = create_direct_contact(peer, customer)->id;
    }
    MUTATION(contact_service_service, CONTACT_SERVICE_CREATE_CONTACT, create[0], create[1]);
    MUTATION(contact_service_service, CONTACT_SERVICE_UPDATE_CONTACT, update[0], update[1]);
    MUTATION(contact_service_service, CONTACT_SERVICE_DELETE_CONTACT, delete[0], delete[1]);
    MUTATION(
        contact_service_service, CONTACT_SERVICE_CONVERT_TO_SHARED_CONTACT, convert[0], convert[1]);
    return count;
}

static size_t prepare_customer_mutations(struct peer *peer, struct mutation *out_mutations) {
    size_t count = 0;
    static Customer customers[4];
    Contacts__V1__CreateCustomerRequest create[2] = {
        CONTACTS__V1__CREATE_CUSTOMER_REQUEST__INIT, CONTACTS__V1__CREATE_CUSTOMER_REQUEST__INIT};
    Contacts__V1__UpdateCustomerRequest update[2] = {
        CONTACTS__V1__UPDATE_CUSTOMER_REQUEST__INIT, CONTACTS__V1__UPDATE_CUSTOMER_REQUEST__INIT};
    Contacts__V1__DeleteCustomerRequest delete[2] = {
        CONTACTS__V1__DELETE_CUSTOMER_REQUEST__INIT, CONTACTS__V1__DELETE_CUSTOMER_REQUEST__INIT};
    Contacts__V1__AddSharedContactRequest add[2] = {
        CONTACTS__V1__ADD_SHARED_CONTACT_REQUEST__INIT,
        CONTACTS__V1__ADD_SHARED_CONTACT_REQUEST__INIT};
    Contacts__V1__RemoveSharedContactRequest remove[2] = {
        CONTACTS__V1__REMOVE_SHARED_CONTACT_REQUEST__INIT,
        CONTACTS__V1__REMOVE_SHARED_CONTACT_REQUEST__INIT};
    for (size_t i = 0; i < 2; i++) {
        customers[i] = (Customer)CUSTOMER_INIT;
        customers[i].name = fresh("Once");
        create[i].customer = &customers[i];
        customers[2 + i] = (Customer)CUSTOMER_INIT;
        customers[2 + i].id = new_customer(peer);
        customers[2 + i].name = text("Renamed");
        update[i].customer = &customers[2 + i];
        delete[i].id = new_customer(peer);
        create_direct_contact(peer, delete[i].id);
        add[i].customer_id = remove[i].customer_id = new_customer(peer);
        add[i].contact_id = create_shared_contact(peer)->id;
        remove[i].contact_id = create_shared_contact(peer)->id;
        add_link(peer, remove[i].customer_id, remove[i].contact_id);
    }
    MUTATION(customer_service_service, CUSTOMER_SERVICE_CREATE_CUSTOMER, create[0], create[1]);
    MUTATION(customer_service_service, CUSTOMER_SERVICE_UPDATE_CUSTOMER, update[0], update[1]);
    MUTATION(customer_service_service, CUSTOMER_SERVICE_DELETE_CUSTOMER, delete[0], delete[1]);
    MUTATION(customer_service_service, CUSTOMER_SERVICE_ADD_SHARED_CONTACT, add[0], add[1]);
    MUTATION(
        customer_service_service, CUSTOMER_SERVICE_REMOVE_SHARED_CONTACT, remove[0], remove[1]);
    return count;
}

static size_t prepare_admin_mutations(struct peer *peer, struct mutation *out_mutations) {
    size_t count = 0;
    static Contact contacts[2];
    Contacts__V1__PutPresetValueRequest put[2] = {
        CONTACTS__V1__PUT_PRESET_VALUE_REQUEST__INIT, CONTACTS__V1__PUT_PRESET_VALUE_REQUEST__INIT};
    Contacts__V1__RetirePresetValueRequest retire[2] = {
        CONTACTS__V1__RETIRE_PRESET_VALUE_REQUEST__INIT,
        CONTACTS__V1__RETIRE_PRESET_VALUE_REQUEST__INIT};
    Contacts__V1__ImportContactRequest import[2] = {
        CONTACTS__V1__IMPORT_CONTACT_REQUEST__INIT, CONTACTS__V1__IMPORT_CONTACT_REQUEST__INIT};
    for (size_t i = 0; i < 2; i++) {
        put[i].field = retire[i].field = text("title");
        put[i].name = fresh("Put");
        retire[i].name = fresh("Retired");
        put_preset(peer, "title", retire[i].name);
        contacts[i] = contact_named(fresh("Imported"), "");
        import[i].contact = &contacts[i];
    }
    MUTATION(preset_service_service, PRESET_SERVICE_PUT_PRESET_VALUE, put[0], put[1]);
    MUTATION(preset_service_service, PRESET_SERVICE_RETIRE_PRESET_VALUE, retire[0], retire[1]);
    MUTATION(admin_service_service, ADMIN_SERVICE_IMPORT_CONTACT, import[0], import[1]);
    return count;
}

/* Every mutating method; each call would succeed and change something. */
static void prepare_mutations(struct peer *peer, struct mutation out_mutations[MUTATIONS]) {
    size_t count = prepare_contact_mutations(peer, out_mutations);
    count += prepare_customer_mutations(peer, out_mutations + count);
    count += prepare_admin_mutations(peer, out_mutations + count);
    assert_int_equal(count, MUTATIONS);
}

static ProtobufCMessage *make(struct peer *peer, const struct mutation *mutation) {
    return call_method(peer, mutation->method, (const ProtobufCMessage *)mutation->request);
}

/* --- Repeating ------------------------------------------------------------------------------ */

static void a_repeated_request_is_answered_again_and_does_nothing(void **state) {
    struct peer *peer = *state;
    struct mutation mutations[MUTATIONS];
    prepare_mutations(peer, mutations);
    for (size_t i = 0; i < MUTATIONS; i++) {
        set_request_id(mutations[i].method, mutations[i].request, fresh("repeated"));
        const ProtobufCMessage *first = make(peer, &mutations[i]);
        expect_ok(peer);
        uint64_t first_revision = peer->revision;
        expect_revision(peer, first_revision);
        create_shared_contact(peer);
        uint64_t revision = revision_now(peer);
        const ProtobufCMessage *second = make(peer, &mutations[i]);
        expect_ok(peer);
        expect_equal_messages(second, first);
        assert_int_equal(peer->revision, first_revision);
        expect_revision(peer, revision);
    }
}

static void a_request_id_is_refused_for_another_request(void **state) {
    struct peer *peer = *state;
    struct mutation mutations[MUTATIONS];
    prepare_mutations(peer, mutations);
    for (size_t i = 0; i < MUTATIONS; i++) {
        char *request_id = fresh("reused");
        set_request_id(mutations[i].method, mutations[i].request, request_id);
        make(peer, &mutations[i]);
        expect_ok(peer);
        uint64_t revision = revision_now(peer);
        set_request_id(mutations[i].method, mutations[i].other, request_id);
        call_method(peer, mutations[i].method, (const ProtobufCMessage *)mutations[i].other);
        expect_reason(peer, NNRPC_INVALID_ARGUMENT, "REQUEST_ID_REUSED");
        expect_revision(peer, revision);
    }
}

static void a_request_id_is_refused_for_another_method(void **state) {
    struct peer *peer = *state;
    struct mutation mutations[MUTATIONS];
    char *request_id = fresh("methods");
    prepare_mutations(peer, mutations);
    set_request_id(mutations[0].method, mutations[0].request, request_id);
    make(peer, &mutations[0]);
    expect_ok(peer);
    uint64_t revision = revision_now(peer);
    for (size_t i = 1; i < MUTATIONS; i++) {
        set_request_id(mutations[i].method, mutations[i].request, request_id);
        make(peer, &mutations[i]);
        expect_reason(peer, NNRPC_INVALID_ARGUMENT, "REQUEST_ID_REUSED");
    }
    expect_revision(peer, revision);
}

static void validating_neither_looks_up_nor_keeps_a_request_id(void **state) {
    struct peer *peer = *state;
    struct mutation mutations[MUTATIONS];
    prepare_mutations(peer, mutations);
    uint64_t revision = revision_now(peer);
    for (size_t i = 0; i < MUTATIONS; i++) {
        set_request_id(mutations[i].method, mutations[i].request, text("validated by all"));
        set_validate_only(mutations[i].method, mutations[i].request, true);
        make(peer, &mutations[i]);
        expect_ok(peer);
        assert_int_equal(peer->revision, revision);
    }
    expect_revision(peer, revision);
    set_validate_only(mutations[0].method, mutations[0].request, false);
    make(peer, &mutations[0]);
    expect_ok(peer);
    assert_int_equal(peer->revision, revision + 1);
    set_validate_only(mutations[1].method, mutations[1].request, true);
    make(peer, &mutations[1]);
    expect_ok(peer);
}

static void the_first_answer_comes_again_whatever_happened_since(void **state) {
    struct peer *peer = *state;
    Contact contact = contact_named("Gone", "");
    Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    request.contact = &contact;
    request.request_id = fresh("gone");
    const Contacts__V1__CreateContactResponse *first = call_create_contact(peer, &request);
    expect_ok(peer);
    rename_contact(peer, first->contact->id, "Renamed");
    delete_contact(peer, first->contact->id);
    const Contacts__V1__CreateContactResponse *second = call_create_contact(peer, &request);
    expect_ok(peer);
    expect_equal_messages(second, first);
    try_get_contact(peer, first->contact->id);
    expect_reason(peer, NNRPC_NOT_FOUND, "CONTACT_NOT_FOUND");
}

static void a_write_that_changed_nothing_is_answered_again_too(void **state) {
    struct peer *peer = *state;
    const Contact *contact = create_shared_contact(peer);
    Contact same = *contact;
    Contacts__V1__UpdateContactRequest request = CONTACTS__V1__UPDATE_CONTACT_REQUEST__INIT;
    request.contact = &same;
    request.request_id = fresh("same");
    const Contacts__V1__UpdateContactResponse *first = call_update_contact(peer, &request);
    expect_ok(peer);
    uint64_t revision = peer->revision;
    rename_contact(peer, contact->id, "Changed since");
    const Contacts__V1__UpdateContactResponse *second = call_update_contact(peer, &request);
    expect_ok(peer);
    expect_equal_messages(second, first);
    assert_int_equal(peer->revision, revision);
    assert_string_equal(get_contact(peer, contact->id)->first_name, "Changed since");
}

static void an_error_is_not_kept(void **state) {
    struct peer *peer = *state;
    Customer customer = CUSTOMER_INIT;
    customer.id = fresh("later");
    Contact contact = contact_named("Patient", customer.id);
    Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    request.contact = &contact;
    request.request_id = fresh("error");
    call_create_contact(peer, &request);
    expect_reason(peer, NNRPC_NOT_FOUND, "CUSTOMER_NOT_FOUND");
    create_customer(peer, &customer);
    call_create_contact(peer, &request);
    expect_ok(peer);
    contact.first_name = text("Another");
    call_create_contact(peer, &request);
    expect_reason(peer, NNRPC_INVALID_ARGUMENT, "REQUEST_ID_REUSED");
}

static void a_password_counts_by_whether_there_is_one(void **state) {
    struct peer *peer = *state;
    Contact contact = contact_named("Secret", "");
    contact.account_password = text("first");
    Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    request.contact = &contact;
    request.request_id = fresh("password");
    const Contacts__V1__CreateContactResponse *first = call_create_contact(peer, &request);
    expect_ok(peer);
    contact.account_password = text("second");
    const Contacts__V1__CreateContactResponse *second = call_create_contact(peer, &request);
    expect_ok(peer);
    expect_equal_messages(second, first);
    assert_true(verifies(peer, first->contact->id, "first"));
    assert_false(verifies(peer, first->contact->id, "second"));
    contact.account_password = text("");
    call_create_contact(peer, &request);
    expect_reason(peer, NNRPC_INVALID_ARGUMENT, "REQUEST_ID_REUSED");
}

/* --- Who and how ---------------------------------------------------------------------------- */

static void a_request_id_belongs_to_its_caller(void **state) {
    (void)state;
    struct contactd_process *server = prepare_server();
    struct peer *peers[3];
    char tokens[2][NNRPC_TOKEN_TEXT_BYTES];
    static const char *const names[] = {"alice", "bob"};
    const char *ids[3];
    for (size_t i = 0; i < NNRPC_LENGTH(names); i++) {
        assert_int_equal(
            nnrpc_tokens_create(server->tokens, names[i], NNRPC_ROLE_WRITER, tokens[i], NULL),
            NNRPC_OK);
    }
    const char *const flags[] = {"--tokens", server->tokens, NULL};
    contactd_start(server, flags);
    for (size_t i = 0; i < NNRPC_LENGTH(peers); i++) {
        const struct peer_options options = {.token = i < 2 ? tokens[i] : NULL};
        Contact contact = contact_named("Scoped", "");
        Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
        request.contact = &contact;
        request.request_id = text("one for all");
        peers[i] = join(server, &options);
        ids[i] = call_create_contact(peers[i], &request)->contact->id;
        expect_ok(peers[i]);
        assert_string_equal(call_create_contact(peers[i], &request)->contact->id, ids[i]);
    }
    assert_string_not_equal(ids[0], ids[1]);
    assert_string_not_equal(ids[1], ids[2]);
    assert_string_not_equal(ids[0], ids[2]);
    contactd_stop(server);
}

static void the_stubs_fill_in_a_uuid_of_version_7(void **state) {
    struct peer *peer = *state;
    create_shared_contact(peer);
    Contacts__V1__ListChangesRequest request = CONTACTS__V1__LIST_CHANGES_REQUEST__INIT;
    request.after_revision = peer->revision - 1;
    const Contacts__V1__ListChangesResponse *response = call_list_changes(peer, &request);
    expect_ok(peer);
    assert_int_equal(response->n_changes, 1);
    const char *id = response->changes[0]->request_id;
    assert_int_equal(strlen(id), 36);
    for (size_t i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        assert_true(dash ? id[i] == '-' : isxdigit((unsigned char)id[i]) != 0);
    }
    assert_int_equal(id[14], '7');
    assert_non_null(strchr("89ab", id[19]));
}

static void a_request_without_an_id_is_not_held_against_others(void **state) {
    struct peer *peer = *state;
    struct raw_peer *raw = raw_join(peer->server->url);
    Contact contact = contact_named("Anonymous", "");
    Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    request.contact = &contact;
    const struct nnrpc_method *method =
        &contact_service_service.methods[CONTACT_SERVICE_CREATE_CONTACT];
    const Contacts__V1__CreateContactResponse *first =
        (const void *)raw_message(raw_call(raw, method->name, &request.base), method);
    const Contacts__V1__CreateContactResponse *second =
        (const void *)raw_message(raw_call(raw, method->name, &request.base), method);
    assert_string_not_equal(first->contact->id, second->contact->id);
}

static void two_copies_in_one_frame_take_effect_once(void **state) {
    struct peer *peer = *state;
    struct raw_peer *raw = raw_join(peer->server->url);
    const struct nnrpc_method *method =
        &contact_service_service.methods[CONTACT_SERVICE_CREATE_CONTACT];
    for (int round = 0; round < 20; round++) {
        struct raw_frame *frame = raw_frame_new();
        Contact contact = contact_named("Twin", "");
        Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
        request.contact = &contact;
        request.request_id = fresh("twin");
        uint64_t revision = revision_now(peer);
        for (int i = 0; i < 5; i++) {
            raw_frame_add(frame, method->name, &request.base);
        }
        contact.first_name = text("Stranger");
        raw_frame_add(frame, method->name, &request.base);
        const Nnrpc__V1__ResponseFrame *answer = raw_exchange(raw, frame);
        const ProtobufCMessage *first = raw_message(answer->responses[0], method);
        for (int i = 1; i < 5; i++) {
            expect_equal_messages(raw_message(answer->responses[i], method), first);
            assert_string_equal(
                raw_metadata(answer->responses[i], "x-revision"),
                raw_metadata(answer->responses[0], "x-revision"));
        }
        expect_raw(answer->responses[5], NNRPC_INVALID_ARGUMENT, "contacts", "REQUEST_ID_REUSED");
        expect_revision(peer, revision + 1);
    }
}

static void a_request_id_is_remembered_across_a_restart(void **state) {
    (void)state;
    struct contactd_process *server = start_server(NULL);
    struct peer *peer = join(server, NULL);
    struct mutation mutations[MUTATIONS];
    const ProtobufCMessage *answers[MUTATIONS];
    uint64_t revisions[MUTATIONS];
    prepare_mutations(peer, mutations);
    for (size_t i = 0; i < MUTATIONS; i++) {
        set_request_id(mutations[i].method, mutations[i].request, format_text("kept %zu", i));
        answers[i] = make(peer, &mutations[i]);
        expect_ok(peer);
        revisions[i] = peer->revision;
    }
    contactd_stop(server);
    contactd_restart(server);
    uint64_t revision = revision_now(peer);
    for (size_t i = 0; i < MUTATIONS; i++) {
        expect_equal_messages(make(peer, &mutations[i]), answers[i]);
        assert_int_equal(peer->revision, revisions[i]);
    }
    expect_revision(peer, revision);
    contactd_stop(server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        scenario_test(a_repeated_request_is_answered_again_and_does_nothing),
        scenario_test(a_request_id_is_refused_for_another_request),
        scenario_test(a_request_id_is_refused_for_another_method),
        scenario_test(validating_neither_looks_up_nor_keeps_a_request_id),
        scenario_test(the_first_answer_comes_again_whatever_happened_since),
        scenario_test(a_write_that_changed_nothing_is_answered_again_too),
        scenario_test(an_error_is_not_kept),
        scenario_test(a_password_counts_by_whether_there_is_one),
        scenario_test(a_request_id_belongs_to_its_caller),
        scenario_test(the_stubs_fill_in_a_uuid_of_version_7),
        scenario_test(a_request_without_an_id_is_not_held_against_others),
        scenario_test(two_copies_in_one_frame_take_effect_once),
        scenario_test(a_request_id_is_remembered_across_a_restart),
        scenario_test(the_server_stops_and_its_store_is_sound),
    };
    return cmocka_run_group_tests_name("exactly once", tests, share_a_server, NULL);
}
