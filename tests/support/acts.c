/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The acts of the contract.
 */
#include "acts.h"

#include <stdlib.h>
#include <string.h>

#define MASK_PATHS_MOST 64

struct mask {
    Google__Protobuf__FieldMask mask;
    char *paths[MASK_PATHS_MOST];
};

Google__Protobuf__FieldMask *mask_of(const char *path, ...) {
    struct mask *made = scenario_keep(calloc(1, sizeof(*made)));
    assert_non_null(made);
    made->mask = (Google__Protobuf__FieldMask)GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    made->mask.paths = made->paths;
    va_list paths;
    va_start(paths, path);
    for (const char *next = path; next != NULL; next = va_arg(paths, const char *)) {
        assert_true(made->mask.n_paths < MASK_PATHS_MOST);
        made->paths[made->mask.n_paths++] = text(next);
    }
    va_end(paths);
    return &made->mask;
}

Contact contact_named(const char *first_name, const char *customer_id) {
    Contact contact = CONTACT_INIT;
    contact.first_name = text(first_name);
    contact.customer_id = text(customer_id);
    return contact;
}

/* --- Contacts ------------------------------------------------------------------------------- */

Contact *try_create_contact(struct peer *peer, const Contact *contact) {
    Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    request.contact = (Contact *)contact;
    Contacts__V1__CreateContactResponse *response = call_create_contact(peer, &request);
    return response != NULL ? response->contact : NULL;
}

Contact *create_contact(struct peer *peer, const Contact *contact) {
    Contact *created = try_create_contact(peer, contact);
    expect_ok(peer);
    return created;
}

Contact *create_shared_contact(struct peer *peer) {
    const Contact contact = contact_named("Sam", "");
    return create_contact(peer, &contact);
}

Contact *create_direct_contact(struct peer *peer, const char *customer_id) {
    const Contact contact = contact_named("Dora", customer_id);
    return create_contact(peer, &contact);
}

Contact *try_get_contact(struct peer *peer, const char *id) {
    Contacts__V1__GetContactRequest request = CONTACTS__V1__GET_CONTACT_REQUEST__INIT;
    request.id = text(id);
    Contacts__V1__GetContactResponse *response = call_get_contact(peer, &request);
    return response != NULL ? response->contact : NULL;
}

Contact *get_contact(struct peer *peer, const char *id) {
    Contact *contact = try_get_contact(peer, id);
    expect_ok(peer);
    return contact;
}

Contact *try_update_contact(
    struct peer *peer, const Contact *contact, Google__Protobuf__FieldMask *mask) {
    Contacts__V1__UpdateContactRequest request = CONTACTS__V1__UPDATE_CONTACT_REQUEST__INIT;
    request.contact = (Contact *)contact;
    request.update_mask = mask;
    Contacts__V1__UpdateContactResponse *response = call_update_contact(peer, &request);
    return response != NULL ? response->contact : NULL;
}

Contact *update_contact(
    struct peer *peer, const Contact *contact, Google__Protobuf__FieldMask *mask) {
    Contact *updated = try_update_contact(peer, contact, mask);
    expect_ok(peer);
    return updated;
}

Contact *rename_contact(struct peer *peer, const char *id, const char *first_name) {
    Contact contact = CONTACT_INIT;
    contact.id = text(id);
    contact.first_name = text(first_name);
    return update_contact(peer, &contact, MASK("first_name"));
}

void try_delete_contact(struct peer *peer, const char *id, const char *etag) {
    Contacts__V1__DeleteContactRequest request = CONTACTS__V1__DELETE_CONTACT_REQUEST__INIT;
    request.id = text(id);
    request.etag = text(etag);
    call_delete_contact(peer, &request);
}

void delete_contact(struct peer *peer, const char *id) {
    try_delete_contact(peer, id, "");
    expect_ok(peer);
}

Contact *try_convert_contact(struct peer *peer, const char *id, const char *etag) {
    Contacts__V1__ConvertToSharedContactRequest request =
        CONTACTS__V1__CONVERT_TO_SHARED_CONTACT_REQUEST__INIT;
    request.id = text(id);
    request.etag = text(etag);
    Contacts__V1__ConvertToSharedContactResponse *response =
        call_convert_to_shared_contact(peer, &request);
    return response != NULL ? response->contact : NULL;
}

Contact *convert_contact(struct peer *peer, const char *id) {
    Contact *converted = try_convert_contact(peer, id, "");
    expect_ok(peer);
    return converted;
}

/* --- Customers ------------------------------------------------------------------------------ */

Customer *try_create_customer(struct peer *peer, const Customer *customer) {
    Contacts__V1__CreateCustomerRequest request = CONTACTS__V1__CREATE_CUSTOMER_REQUEST__INIT;
    request.customer = (Customer *)customer;
    Contacts__V1__CreateCustomerResponse *response = call_create_customer(peer, &request);
    return response != NULL ? response->customer : NULL;
}

Customer *create_customer(struct peer *peer, const Customer *customer) {
    Customer *created = try_create_customer(peer, customer);
    expect_ok(peer);
    return created;
}

char *new_customer(struct peer *peer) {
    Customer customer = CUSTOMER_INIT;
    customer.id = fresh("customer");
    create_customer(peer, &customer);
    return customer.id;
}

Customer *try_get_customer(struct peer *peer, const char *id) {
    Contacts__V1__GetCustomerRequest request = CONTACTS__V1__GET_CUSTOMER_REQUEST__INIT;
    request.id = text(id);
    Contacts__V1__GetCustomerResponse *response = call_get_customer(peer, &request);
    return response != NULL ? response->customer : NULL;
}

Customer *get_customer(struct peer *peer, const char *id) {
    Customer *customer = try_get_customer(peer, id);
    expect_ok(peer);
    return customer;
}

Customer *try_update_customer(
    struct peer *peer, const Customer *customer, Google__Protobuf__FieldMask *mask) {
    Contacts__V1__UpdateCustomerRequest request = CONTACTS__V1__UPDATE_CUSTOMER_REQUEST__INIT;
    request.customer = (Customer *)customer;
    request.update_mask = mask;
    Contacts__V1__UpdateCustomerResponse *response = call_update_customer(peer, &request);
    return response != NULL ? response->customer : NULL;
}

Customer *update_customer(
    struct peer *peer, const Customer *customer, Google__Protobuf__FieldMask *mask) {
    Customer *updated = try_update_customer(peer, customer, mask);
    expect_ok(peer);
    return updated;
}

Contacts__V1__DeleteCustomerResponse *try_delete_customer(
    struct peer *peer, const char *id, const char *etag) {
    Contacts__V1__DeleteCustomerRequest request = CONTACTS__V1__DELETE_CUSTOMER_REQUEST__INIT;
    request.id = text(id);
    request.etag = text(etag);
    return call_delete_customer(peer, &request);
}

void delete_customer(
    struct peer *peer, const char *id, uint32_t deleted_contacts, uint32_t removed_links) {
    const Contacts__V1__DeleteCustomerResponse *response = try_delete_customer(peer, id, "");
    expect_ok(peer);
    assert_int_equal(response->deleted_contact_count, deleted_contacts);
    assert_int_equal(response->removed_link_count, removed_links);
}

/* --- Links ---------------------------------------------------------------------------------- */

Contact *try_add_link(struct peer *peer, const char *customer_id, const char *contact_id) {
    Contacts__V1__AddSharedContactRequest request = CONTACTS__V1__ADD_SHARED_CONTACT_REQUEST__INIT;
    request.customer_id = text(customer_id);
    request.contact_id = text(contact_id);
    Contacts__V1__AddSharedContactResponse *response = call_add_shared_contact(peer, &request);
    return response != NULL ? response->contact : NULL;
}

Contact *add_link(struct peer *peer, const char *customer_id, const char *contact_id) {
    Contact *contact = try_add_link(peer, customer_id, contact_id);
    expect_ok(peer);
    return contact;
}

Contact *try_remove_link(struct peer *peer, const char *customer_id, const char *contact_id) {
    Contacts__V1__RemoveSharedContactRequest request =
        CONTACTS__V1__REMOVE_SHARED_CONTACT_REQUEST__INIT;
    request.customer_id = text(customer_id);
    request.contact_id = text(contact_id);
    Contacts__V1__RemoveSharedContactResponse *response =
        call_remove_shared_contact(peer, &request);
    return response != NULL ? response->contact : NULL;
}

Contact *remove_link(struct peer *peer, const char *customer_id, const char *contact_id) {
    Contact *contact = try_remove_link(peer, customer_id, contact_id);
    expect_ok(peer);
    return contact;
}

void expect_customers_of_contact(struct peer *peer, const char *contact_id, ...) {
    Contacts__V1__ListContactCustomersRequest request =
        CONTACTS__V1__LIST_CONTACT_CUSTOMERS_REQUEST__INIT;
    request.contact_id = text(contact_id);
    const Contacts__V1__ListContactCustomersResponse *response =
        call_list_contact_customers(peer, &request);
    expect_ok(peer);
    size_t count = 0;
    va_list expected;
    va_start(expected, contact_id);
    for (const char *id = va_arg(expected, const char *); id != NULL;
         id = va_arg(expected, const char *)) {
        assert_true(count < response->n_customers);
        assert_string_equal(response->customers[count]->id, id);
        count++;
    }
    va_end(expected);
    assert_int_equal(response->n_customers, count);
    assert_string_equal(response->next_page_token, "");
}

void expect_contacts_of_customer(struct peer *peer, const char *customer_id, ...) {
    Contacts__V1__ListContactsRequest request = CONTACTS__V1__LIST_CONTACTS_REQUEST__INIT;
    request.customer_id = text(customer_id);
    const Contacts__V1__ListContactsResponse *response = call_list_contacts(peer, &request);
    expect_ok(peer);
    size_t count = 0;
    va_list expected;
    va_start(expected, customer_id);
    for (const char *id = va_arg(expected, const char *); id != NULL;
         id = va_arg(expected, const char *)) {
        assert_true(count < response->n_contacts);
        assert_string_equal(response->contacts[count]->id, id);
        count++;
    }
    va_end(expected);
    assert_int_equal(response->n_contacts, count);
    assert_string_equal(response->next_page_token, "");
}

/* --- Presets, passwords, revisions ---------------------------------------------------------- */

Contacts__V1__PresetValue *try_put_preset(struct peer *peer, const char *field, const char *name) {
    Contacts__V1__PutPresetValueRequest request = CONTACTS__V1__PUT_PRESET_VALUE_REQUEST__INIT;
    request.field = text(field);
    request.name = text(name);
    Contacts__V1__PutPresetValueResponse *response = call_put_preset_value(peer, &request);
    return response != NULL ? response->value : NULL;
}

Contacts__V1__PresetValue *put_preset(struct peer *peer, const char *field, const char *name) {
    Contacts__V1__PresetValue *value = try_put_preset(peer, field, name);
    expect_ok(peer);
    return value;
}

Contacts__V1__PresetValue *try_retire_preset(
    struct peer *peer, const char *field, const char *name) {
    Contacts__V1__RetirePresetValueRequest request =
        CONTACTS__V1__RETIRE_PRESET_VALUE_REQUEST__INIT;
    request.field = text(field);
    request.name = text(name);
    Contacts__V1__RetirePresetValueResponse *response = call_retire_preset_value(peer, &request);
    return response != NULL ? response->value : NULL;
}

Contacts__V1__PresetValue *retire_preset(struct peer *peer, const char *field, const char *name) {
    Contacts__V1__PresetValue *value = try_retire_preset(peer, field, name);
    expect_ok(peer);
    return value;
}

bool verifies(struct peer *peer, const char *contact_id, const char *password) {
    Contacts__V1__VerifyAccountPasswordRequest request =
        CONTACTS__V1__VERIFY_ACCOUNT_PASSWORD_REQUEST__INIT;
    request.id = text(contact_id);
    request.password = text(password);
    const Contacts__V1__VerifyAccountPasswordResponse *response =
        call_verify_account_password(peer, &request);
    expect_ok(peer);
    return response->verified != 0;
}

uint64_t revision_now(struct peer *peer) {
    const Nnrpc__V1__CheckRequest request = NNRPC__V1__CHECK_REQUEST__INIT;
    call_check(peer, &request);
    expect_ok(peer);
    return peer->revision;
}

/* --- Times ---------------------------------------------------------------------------------- */

int compare_times(
    const Google__Protobuf__Timestamp *left, const Google__Protobuf__Timestamp *right) {
    if (left->seconds != right->seconds) {
        return left->seconds < right->seconds ? -1 : 1;
    }
    return (left->nanos > right->nanos) - (left->nanos < right->nanos);
}
