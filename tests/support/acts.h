/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The acts of the contract, one line each, so that tests read like sentences.
 *
 * A function named try_... makes the call and leaves its outcome with the peer; the one without
 * expects success. Responses live until the end of the test; NULL when the call failed.
 */
#ifndef SUPPORT_ACTS_H
#define SUPPORT_ACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "program.h"
#include "scenario.h"

typedef Contacts__V1__Contact Contact;
typedef Contacts__V1__Customer Customer;

#define CONTACT_INIT CONTACTS__V1__CONTACT__INIT
#define CUSTOMER_INIT CONTACTS__V1__CUSTOMER__INIT

/** A field mask of the paths given. */
#define MASK(...) mask_of(__VA_ARGS__, (const char *)NULL)
Google__Protobuf__FieldMask *mask_of(const char *path, ...);

/** An empty contact that belongs to a customer ("": a shared one), with a name to know it by. */
Contact contact_named(const char *first_name, const char *customer_id);

/* --- Contacts ------------------------------------------------------------------------------- */

Contact *try_create_contact(struct peer *peer, const Contact *contact);
Contact *create_contact(struct peer *peer, const Contact *contact);
Contact *create_shared_contact(struct peer *peer);
Contact *create_direct_contact(struct peer *peer, const char *customer_id);
Contact *try_get_contact(struct peer *peer, const char *id);
Contact *get_contact(struct peer *peer, const char *id);
Contact *try_update_contact(
    struct peer *peer, const Contact *contact, Google__Protobuf__FieldMask *mask);
Contact *update_contact(
    struct peer *peer, const Contact *contact, Google__Protobuf__FieldMask *mask);
/** Sets the first name alone. */
Contact *rename_contact(struct peer *peer, const char *id, const char *first_name);
void try_delete_contact(struct peer *peer, const char *id, const char *etag);
void delete_contact(struct peer *peer, const char *id);
Contact *try_convert_contact(struct peer *peer, const char *id, const char *etag);
Contact *convert_contact(struct peer *peer, const char *id);

/* --- Customers ------------------------------------------------------------------------------ */

Customer *try_create_customer(struct peer *peer, const Customer *customer);
Customer *create_customer(struct peer *peer, const Customer *customer);
/** Creates a customer under an id that is new; returns the id. */
char *new_customer(struct peer *peer);
Customer *try_get_customer(struct peer *peer, const char *id);
Customer *get_customer(struct peer *peer, const char *id);
Customer *try_update_customer(
    struct peer *peer, const Customer *customer, Google__Protobuf__FieldMask *mask);
Customer *update_customer(
    struct peer *peer, const Customer *customer, Google__Protobuf__FieldMask *mask);
Contacts__V1__DeleteCustomerResponse *try_delete_customer(
    struct peer *peer, const char *id, const char *etag);
/** Expects to delete these numbers of direct contacts and links. */
void delete_customer(
    struct peer *peer, const char *id, uint32_t deleted_contacts, uint32_t removed_links);

/* --- Links ---------------------------------------------------------------------------------- */

Contact *try_add_link(struct peer *peer, const char *customer_id, const char *contact_id);
Contact *add_link(struct peer *peer, const char *customer_id, const char *contact_id);
Contact *try_remove_link(struct peer *peer, const char *customer_id, const char *contact_id);
Contact *remove_link(struct peer *peer, const char *customer_id, const char *contact_id);

/** Expects that a contact belongs to exactly these customers, in this order. */
#define expect_customers_of(peer, contact_id, ...)                                                 \
    expect_customers_of_contact((peer), (contact_id), __VA_ARGS__, (const char *)NULL)
#define expect_no_customers_of(peer, contact_id)                                                   \
    expect_customers_of_contact((peer), (contact_id), (const char *)NULL)
void expect_customers_of_contact(struct peer *peer, const char *contact_id, ...);

/** Expects that a customer has exactly these contacts, direct and shared, in this order. */
#define expect_contacts_of(peer, customer_id, ...)                                                 \
    expect_contacts_of_customer((peer), (customer_id), __VA_ARGS__, (const char *)NULL)
#define expect_no_contacts_of(peer, customer_id)                                                   \
    expect_contacts_of_customer((peer), (customer_id), (const char *)NULL)
void expect_contacts_of_customer(struct peer *peer, const char *customer_id, ...);

/* --- Presets, passwords, revisions ---------------------------------------------------------- */

Contacts__V1__PresetValue *try_put_preset(struct peer *peer, const char *field, const char *name);
Contacts__V1__PresetValue *put_preset(struct peer *peer, const char *field, const char *name);
Contacts__V1__PresetValue *try_retire_preset(
    struct peer *peer, const char *field, const char *name);
Contacts__V1__PresetValue *retire_preset(struct peer *peer, const char *field, const char *name);

/** Whether a password is a contact's. */
bool verifies(struct peer *peer, const char *contact_id, const char *password);

/** The store's revision. */
uint64_t revision_now(struct peer *peer);

/** Expects that the store's revision is still this one. */
#define expect_revision(peer, revision) assert_int_equal(revision_now(peer), (revision))

/* --- Times ---------------------------------------------------------------------------------- */

/** Less than, equal to or greater than 0. */
int compare_times(
    const Google__Protobuf__Timestamp *left, const Google__Protobuf__Timestamp *right);

#endif
