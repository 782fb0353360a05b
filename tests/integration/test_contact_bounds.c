/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bounds of a contact's and a customer's fields: each at its bound, one above it, and what text
 * may be. The fields are walked by their descriptors, so that a new one is tried from the day it is
 * added.
 */
#include <string.h>

#include "acts.h"
#include "contacts/v1/contact.nnrpc.h"
#include "contacts/v1/customer.nnrpc.h"
#include "raw_peer.h"

#define TEXT_BYTES 1024
#define WEBSITE_BYTES 2048
#define EMAIL_BYTES 254
#define REPEATED_VALUES 100
#define CONTACT_BYTES (64 * 1024)

/* Preset lists by the fields that draw on them. */
static const char *const preset_lists[][2] = {
    {"contact_type", "contactType"},
    {"title", "title"},
    {"country", "country"},
    {"number1_type", "numberType"},
    {"number2_type", "numberType"},
    {"number3_type", "numberType"},
    {"number4_type", "numberType"},
    {"dealer_code", "dealerCode"},
    {"contact_regarding", "contactRegarding"},
    {"email_bill_type", "emailBillType"},
    {"invoice_usage_report_customer_profile", "invoiceUsageReportCustomerProfile"},
    {"copy_correspondence_type_ids", "copyCorrespondenceTypeIDs"},
    {"copy_ticket_type_ids", "copyTicketTypeIDs"},
};

static const char *preset_list_of(const char *field) {
    for (size_t i = 0; i < NNRPC_LENGTH(preset_lists); i++) {
        if (strcmp(preset_lists[i][0], field) == 0) {
            return preset_lists[i][1];
        }
    }
    return NULL;
}

static void set_text(
    ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, char *value) {
    memcpy((char *)message + field->offset, &value, sizeof(value));
}

static void set_texts(
    ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, char **values, size_t count) {
    memcpy((char *)message + field->offset, &values, sizeof(values));
    memcpy((char *)message + field->quantifier_offset, &count, sizeof(count));
}

static bool is_given_text(const struct nnrpc_message *type, unsigned index) {
    const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index];
    return field->type == PROTOBUF_C_TYPE_STRING &&
           (type->fields[index].flags & NNRPC_FIELD_OUTPUT_ONLY) == 0 &&
           strcmp(field->name, "customer_id") != 0 && strcmp(field->name, "id") != 0;
}

static bool is_repeated(const ProtobufCFieldDescriptor *field) {
    return field->label == PROTOBUF_C_LABEL_REPEATED;
}

static size_t most_bytes_of(const char *field) {
    return strcmp(field, "website") == 0 ? WEBSITE_BYTES
           : strcmp(field, "email") == 0 ? EMAIL_BYTES
                                         : TEXT_BYTES;
}

/* A text of so many bytes that is right but for its length. */
static char *long_text(const char *field, size_t size) {
    char *made = text_of('x', size);
    if (strcmp(field, "email") == 0) {
        made[64] = '@';
    }
    return made;
}

/* --- Contacts ------------------------------------------------------------------------------- */

static void try_text_field(struct peer *peer, const ProtobufCFieldDescriptor *field) {
    size_t most = most_bytes_of(field->name);
    const char *list = preset_list_of(field->name);
    Contact contact = CONTACT_INIT;
    char *longest = long_text(field->name, most);
    if (list != NULL) {
        put_preset(peer, list, longest);
    }
    set_text(&contact.base, field, longest);
    create_contact(peer, &contact);
    set_text(&contact.base, field, long_text(field->name, most + 1));
    try_create_contact(peer, &contact);
    expect_only_violation(peer, format_text("contact.%s", field->name), "TOO_LONG");
}

static void try_repeated_field(struct peer *peer, const ProtobufCFieldDescriptor *field) {
    Contact contact = CONTACT_INIT;
    char *values[REPEATED_VALUES + 1];
    const char *list = preset_list_of(field->name);
    assert_non_null(list);
    for (size_t i = 0; i < NNRPC_LENGTH(values); i++) {
        values[i] = format_text("Value %zu", i);
        put_preset(peer, list, values[i]);
    }
    set_texts(&contact.base, field, values, REPEATED_VALUES);
    create_contact(peer, &contact);
    set_texts(&contact.base, field, values, REPEATED_VALUES + 1);
    try_create_contact(peer, &contact);
    expect_only_violation(peer, format_text("contact.%s", field->name), "TOO_LONG");

    values[1] = text_of('y', TEXT_BYTES);
    put_preset(peer, list, values[1]);
    set_texts(&contact.base, field, values, 2);
    create_contact(peer, &contact);
    values[1] = text_of('y', TEXT_BYTES + 1);
    try_create_contact(peer, &contact);
    expect_only_violation(peer, format_text("contact.%s[1]", field->name), "TOO_LONG");

    values[1] = values[0];
    try_create_contact(peer, &contact);
    expect_only_violation(peer, format_text("contact.%s", field->name), "DUPLICATE_VALUE");
}

static void every_field_of_a_contact_has_its_bound(void **state) {
    struct peer *peer = *state;
    const struct nnrpc_message *type = &contacts_v1_contact_message;
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->descriptor->fields[i];
        if (!is_given_text(type, i)) {
            continue;
        }
        if (is_repeated(field)) {
            try_repeated_field(peer, field);
        } else {
            try_text_field(peer, field);
        }
    }
}

static void no_text_of_a_contact_has_a_control_character(void **state) {
    struct peer *peer = *state;
    static const char *const wrong[] = {"a\tb",  "a\n",      "\x01",     "\x1f",
                                        "a\x7f", "\xc2\x80", "a\xc2\x9f"};
    const struct nnrpc_message *type = &contacts_v1_contact_message;
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->descriptor->fields[i];
        if (!is_given_text(type, i)) {
            continue;
        }
        Contact contact = CONTACT_INIT;
        const char *path =
            format_text("contact.%s%s", field->name, is_repeated(field) ? "[0]" : "");
        for (size_t k = 0; k < NNRPC_LENGTH(wrong); k++) {
            char *values[] = {text(wrong[k])};
            if (is_repeated(field)) {
                set_texts(&contact.base, field, values, 1);
            } else {
                set_text(&contact.base, field, values[0]);
            }
            try_create_contact(peer, &contact);
            expect_violation(peer, path, "INVALID_TEXT");
        }
    }
}

static void text_counts_in_bytes_and_may_be_in_any_script(void **state) {
    struct peer *peer = *state;
    char *accents = text_of('x', TEXT_BYTES + 1);
    for (size_t i = 0; i + 1 < TEXT_BYTES; i += 2) {
        memcpy(accents + i, "\xc3\xa9", 2);
    }
    accents[TEXT_BYTES] = '\0';
    Contact contact = CONTACT_INIT;
    contact.first_name = accents;
    contact.last_name = text("山田 \xf0\x9f\x8f\xa0 \xc2\xa0 Ελένη");
    const Contact *created = create_contact(peer, &contact);
    assert_string_equal(created->first_name, accents);
    assert_string_equal(created->last_name, contact.last_name);
    accents[TEXT_BYTES] = 'x';
    accents[TEXT_BYTES + 1] = '\0';
    try_create_contact(peer, &contact);
    expect_only_violation(peer, "contact.first_name", "TOO_LONG");
}

static void a_customer_id_of_a_contact_has_the_form_of_one(void **state) {
    struct peer *peer = *state;
    const char *wrong[] = {".", "..", "a b", "a/b", text_of('x', 65)};
    for (size_t i = 0; i < NNRPC_LENGTH(wrong); i++) {
        const Contact contact = contact_named("Wrong", wrong[i]);
        try_create_contact(peer, &contact);
        expect_only_violation(peer, "contact.customer_id", "INVALID_ID");
    }
}

static void an_email_is_one_address(void **state) {
    struct peer *peer = *state;
    static const char *const right[] = {
        "a@b", "o'brien+x@sub.example.org", "\xc3\xbc@ex\xc3\xa4mple.org", "A_B-C.D@EXAMPLE.ORG"};
    static const char *const wrong[] = {"a",     "@",     "a@",      "@b",      "a@b@c",
                                        "a b@c", "a@b c", "a@b,c@d", "a@b;c@d", "<a@b>",
                                        "a@.b",  "a@b.",  "(a)@b",   "a@[b]"};
    Contact contact = CONTACT_INIT;
    for (size_t i = 0; i < NNRPC_LENGTH(right); i++) {
        contact.email = text(right[i]);
        assert_string_equal(create_contact(peer, &contact)->email, right[i]);
    }
    for (size_t i = 0; i < NNRPC_LENGTH(wrong); i++) {
        contact.email = text(wrong[i]);
        try_create_contact(peer, &contact);
        expect_only_violation(peer, "contact.email", "INVALID_EMAIL");
    }
}

/* Fills a contact with presets until it is close to its largest size, and leaves the rest to one
 * text field, which takes up to 1,024 bytes. */
static void fill_nearly(struct peer *peer, Contact *contact, char **values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        values[i] = text_of('z', TEXT_BYTES);
        values[i][0] = (char)('a' + i % 26);
        values[i][1] = (char)('a' + i / 26);
        put_preset(peer, "contactRegarding", values[i]);
    }
    contact->n_contact_regarding = count;
    contact->contact_regarding = values;
}

/* A contact whose first name makes it this large when its times take the most bytes; they may take
 * a byte less each, depending on the moment. */
static Contact *try_create_of_size(struct peer *peer, Contact *contact, size_t size) {
    Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    request.contact = contact;
    request.validate_only = 1;
    contact->first_name = text_of('n', 200);
    const Contacts__V1__CreateContactResponse *response = call_create_contact(peer, &request);
    expect_ok(peer);
    response->contact->create_time->nanos = response->contact->update_time->nanos = 999999999;
    size_t rest = size - contacts__v1__contact__get_packed_size(response->contact);
    contact->first_name = text_of('n', 200 + rest);
    return try_create_contact(peer, contact);
}

static void a_contact_has_at_most_64_kib(void **state) {
    struct peer *peer = *state;
    char *values[63];
    Contact contact = CONTACT_INIT;
    const Contact *largest = NULL;
    fill_nearly(peer, &contact, values, NNRPC_LENGTH(values));
    for (int round = 0; largest == NULL; round++) {
        assert_true(round < 200);
        const Contact *created = try_create_of_size(peer, &contact, CONTACT_BYTES);
        expect_ok(peer);
        bool is_largest = contacts__v1__contact__get_packed_size(created) == CONTACT_BYTES;
        largest = is_largest ? created : NULL;
    }
    expect_equal_messages(get_contact(peer, largest->id), largest);
    try_create_of_size(peer, &contact, CONTACT_BYTES + 3);
    expect_only_violation(peer, "contact", "TOO_LONG");

    Contact change = CONTACT_INIT;
    change.id = largest->id;
    change.last_name = text("too much");
    try_update_contact(peer, &change, MASK("last_name"));
    expect_only_violation(peer, "contact", "TOO_LONG");
    expect_equal_messages(get_contact(peer, largest->id), largest);
}

/* --- Customers ------------------------------------------------------------------------------ */

static void every_field_of_a_customer_has_its_bound(void **state) {
    struct peer *peer = *state;
    const struct nnrpc_message *type = &contacts_v1_customer_message;
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->descriptor->fields[i];
        if (!is_given_text(type, i)) {
            continue;
        }
        Customer customer = CUSTOMER_INIT;
        const char *path = format_text("customer.%s", field->name);
        set_text(&customer.base, field, text_of('x', TEXT_BYTES));
        create_customer(peer, &customer);
        set_text(&customer.base, field, text_of('x', TEXT_BYTES + 1));
        try_create_customer(peer, &customer);
        expect_only_violation(peer, path, "TOO_LONG");
        set_text(&customer.base, field, text("a\nb"));
        try_create_customer(peer, &customer);
        expect_only_violation(peer, path, "INVALID_TEXT");
    }
}

/* --- Everything at once --------------------------------------------------------------------- */

static void every_fault_of_a_request_is_told_at_once(void **state) {
    struct peer *peer = *state;
    char *regarding[] = {text("same"), text("same"), text_of('x', TEXT_BYTES + 1)};
    Contact contact = CONTACT_INIT;
    put_preset(peer, "contactRegarding", "same");
    contact.title = text("Nobody's title");
    contact.customer_id = text("..");
    contact.first_name = text_of('x', TEXT_BYTES + 1);
    contact.last_name = text("a\nb");
    contact.email = text("nobody");
    contact.website = text_of('x', WEBSITE_BYTES + 1);
    contact.n_contact_regarding = NNRPC_LENGTH(regarding);
    contact.contact_regarding = regarding;
    Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    request.contact = &contact;
    request.request_id = text_of('r', 65);
    uint64_t revision = revision_now(peer);
    call_create_contact(peer, &request);
    expect_reason(peer, NNRPC_INVALID_ARGUMENT, "INVALID_FIELDS");
    expect_violation_count(peer, 9);
    expect_violation(peer, "contact.customer_id", "INVALID_ID");
    expect_violation(peer, "contact.first_name", "TOO_LONG");
    expect_violation(peer, "contact.last_name", "INVALID_TEXT");
    expect_violation(peer, "contact.email", "INVALID_EMAIL");
    expect_violation(peer, "contact.website", "TOO_LONG");
    expect_violation(peer, "contact.contact_regarding", "DUPLICATE_VALUE");
    expect_violation(peer, "contact.contact_regarding[2]", "TOO_LONG");
    expect_violation(peer, "contact.title", "UNKNOWN_PRESET_VALUE");
    expect_violation(peer, "request_id", "TOO_LONG");
    assert_int_equal(peer->revision, revision);
    expect_revision(peer, revision);
}

static void faults_of_one_kind_share_their_reason(void **state) {
    struct peer *peer = *state;
    Contact contact = CONTACT_INIT;
    contact.first_name = text_of('x', TEXT_BYTES + 1);
    contact.last_name = text_of('x', TEXT_BYTES + 1);
    try_create_contact(peer, &contact);
    expect_reason(peer, NNRPC_INVALID_ARGUMENT, "TOO_LONG");
    expect_violation_count(peer, 2);
}

static void a_list_far_beyond_its_bound_is_told_by_that_alone(void **state) {
    struct peer *peer = *state;
    enum { VALUES = 20000 };
    static char *values[VALUES];
    for (size_t i = 0; i < VALUES; i++) {
        values[i] = text("unknown");
    }
    Contact contact = CONTACT_INIT;
    contact.contact_regarding = values;
    contact.n_contact_regarding = VALUES;
    contact.title = text("unknown");
    try_create_contact(peer, &contact);
    expect_reason(peer, NNRPC_INVALID_ARGUMENT, "TOO_LONG");
    expect_violation_count(peer, 2);
    expect_violation(peer, "contact", "TOO_LONG");
    expect_violation(peer, "contact.contact_regarding", "TOO_LONG");
}

/* --- What is no text at all ----------------------------------------------------------------- */

static void bytes_that_are_no_text_are_no_message(void **state) {
    struct peer *peer = *state;
    struct raw_peer *raw = raw_join(peer->server->url);
    static const char *const wrong[] = {
        "\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80"};
    for (size_t i = 0; i < NNRPC_LENGTH(wrong); i++) {
        Contact contact = CONTACT_INIT;
        contact.first_name = text(wrong[i]);
        Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
        request.contact = &contact;
        expect_raw(
            raw_call(raw, "contacts.v1.ContactService/CreateContact", &request.base),
            NNRPC_INVALID_ARGUMENT, "nnrpc", "MALFORMED_MESSAGE");
    }
}

static void text_with_a_nul_is_no_message(void **state) {
    struct peer *peer = *state;
    struct raw_peer *raw = raw_join(peer->server->url);
    /* CreateContactRequest { contact { first_name: "a\0b" } } */
    static const uint8_t message[] = {0x0a, 5, 0x2a, 3, 'a', 0, 'b'};
    struct raw_frame *frame = raw_frame_new();
    raw_frame_add_bytes(
        frame, "contacts.v1.ContactService/CreateContact", message, sizeof(message));
    expect_raw(
        raw_exchange(raw, frame)->responses[0], NNRPC_INVALID_ARGUMENT, "nnrpc",
        "MALFORMED_MESSAGE");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        scenario_test(every_field_of_a_contact_has_its_bound),
        scenario_test(no_text_of_a_contact_has_a_control_character),
        scenario_test(text_counts_in_bytes_and_may_be_in_any_script),
        scenario_test(a_customer_id_of_a_contact_has_the_form_of_one),
        scenario_test(an_email_is_one_address),
        scenario_test(a_contact_has_at_most_64_kib),
        scenario_test(every_field_of_a_customer_has_its_bound),
        scenario_test(every_fault_of_a_request_is_told_at_once),
        scenario_test(faults_of_one_kind_share_their_reason),
        scenario_test(a_list_far_beyond_its_bound_is_told_by_that_alone),
        scenario_test(bytes_that_are_no_text_are_no_message),
        scenario_test(text_with_a_nul_is_no_message),
        scenario_test(the_server_stops_and_its_store_is_sound),
    };
    return cmocka_run_group_tests_name("contact bounds", tests, share_a_server, NULL);
}
