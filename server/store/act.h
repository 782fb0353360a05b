/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Acts: deciding a write inside the writer's open transaction. An act looks, checks, and leaves
 * behind what is to be done, as one packed change, and the answer. It puts nothing: a write that is
 * refused leaves no trace, and one that is only validated is one whose decision is thrown away.
 */
#ifndef CONTACTS_STORE_ACT_H
#define CONTACTS_STORE_ACT_H

#include <google/protobuf/field_mask.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

#include "changes.h"
#include "contacts/v1/contact.pb-c.h"
#include "contacts/v1/customer.pb-c.h"
#include "engine.h"
#include "meta.h"
#include "nnrpc/arena.h"
#include "nnrpc/buffer.h"
#include "records.h"
#include "store.h"

#define ACT_ETAG_BYTES 40
#define ACT_ID_BYTES 24

enum act_secret {
    ACT_SECRET_KEEP,
    ACT_SECRET_SET, /* to the write's password hash */
    ACT_SECRET_CLEAR,
};

struct act {
    /* What it may look at. */
    struct engine_transaction *transaction;
    const struct store_write *write;
    const struct state *state; /* before the write */
    uint64_t epoch;
    struct record_time now;
    struct nnrpc_arena *arena; /* for what lives until the write is done */
    /* What it decides. */
    struct nnrpc_buffer *change;   /* the packed change; left empty when nothing changes */
    uint64_t change_revision;      /* of the change */
    struct nnrpc_buffer *response; /* the packed answer is appended */
    enum act_secret secret;
    uint64_t secret_contact_id;
    uint64_t next_customer_number; /* 0: as it is */
};

/** Decides a write. @return the code that the write is answered with. */
NNRPC_NODISCARD enum nnrpc_code act_decide(struct act *act, struct nnrpc_status *out_status);

/* --- The acts ----------------------------------------------------------------------------- */

NNRPC_NODISCARD enum nnrpc_code act_create_contact(struct act *, struct nnrpc_status *out_status);
NNRPC_NODISCARD enum nnrpc_code act_import_contact(struct act *, struct nnrpc_status *out_status);
NNRPC_NODISCARD enum nnrpc_code act_update_contact(struct act *, struct nnrpc_status *out_status);
NNRPC_NODISCARD enum nnrpc_code act_delete_contact(struct act *, struct nnrpc_status *out_status);
NNRPC_NODISCARD enum nnrpc_code act_convert_contact(struct act *, struct nnrpc_status *out_status);
NNRPC_NODISCARD enum nnrpc_code act_create_customer(struct act *, struct nnrpc_status *out_status);
NNRPC_NODISCARD enum nnrpc_code act_update_customer(struct act *, struct nnrpc_status *out_status);
NNRPC_NODISCARD enum nnrpc_code act_delete_customer(struct act *, struct nnrpc_status *out_status);
NNRPC_NODISCARD enum nnrpc_code act_add_link(struct act *, struct nnrpc_status *out_status);
NNRPC_NODISCARD enum nnrpc_code act_remove_link(struct act *, struct nnrpc_status *out_status);
NNRPC_NODISCARD enum nnrpc_code act_put_preset(struct act *, struct nnrpc_status *out_status);
NNRPC_NODISCARD enum nnrpc_code act_retire_preset(struct act *, struct nnrpc_status *out_status);

/* --- What they share ---------------------------------------------------------------------- */

/** A stored contact: its id, its record and what indexes look at. Bytes of the store. */
struct act_contact {
    uint64_t id;
    struct nnrpc_slice record;
    struct contact_view view;
};

/** Finds a contact by its id's text. @return OK, CONTACT_NOT_FOUND. */
NNRPC_NODISCARD enum nnrpc_code act_find_contact(
    struct act *act, const char *id, struct act_contact *out_contact,
    struct nnrpc_status *out_status);

/** Finds a customer by its id. @param out_record  May be NULL. @return OK, CUSTOMER_NOT_FOUND. */
NNRPC_NODISCARD enum nnrpc_code act_find_customer(
    struct act *act, const char *id, struct nnrpc_slice *out_record,
    struct nnrpc_status *out_status);

/** Compares an etag that a request gives, if it does. @return OK, ETAG_MISMATCH. */
NNRPC_NODISCARD enum nnrpc_code act_check_etag(
    const char *given, struct nnrpc_slice standing, struct nnrpc_status *out_status);

/** Adds a violation for each preset value that is not allowed, but for those that stand already. */
void act_check_presets(
    struct engine_transaction *transaction, const Contacts__V1__Contact *contact,
    const Contacts__V1__Contact *standing, struct nnrpc_status *status);

/** Whether account number and CRM reference are free or the customer's own. @return OK, or
 * ACCOUNT_NUMBER_TAKEN, CRM_REFERENCE_TAKEN. */
NNRPC_NODISCARD enum nnrpc_code act_check_unique(
    struct act *act, const Contacts__V1__Customer *customer, struct nnrpc_status *out_status);

/** Adds a violation when a packed contact is larger than allowed. */
void act_check_contact_size(struct nnrpc_slice packed, struct nnrpc_status *status);

/** Packs a message into the arena. @return OK, MEMORY_LIMIT. */
NNRPC_NODISCARD enum nnrpc_code act_pack(
    struct act *act, const ProtobufCMessage *message, struct nnrpc_slice *out_packed,
    struct nnrpc_status *out_status);

/** Unpacks a record into the arena. @return OK, MEMORY_LIMIT, STORE_FAILED (it is no record). */
NNRPC_NODISCARD enum nnrpc_code act_unpack(
    struct act *act, const ProtobufCMessageDescriptor *type, struct nnrpc_slice packed,
    ProtobufCMessage **out_message, struct nnrpc_status *out_status);

/** The etag of what this write leaves behind. */
void act_etag(const struct act *act, char out_etag[ACT_ETAG_BYTES]);

/** A time as a message. */
Google__Protobuf__Timestamp act_timestamp(struct record_time time);

/** Decides on a change: fills in revision, time, caller and request id, and packs it. */
void act_change(struct act *act, struct change *change);

/** Answers with a resource, which is field 1 of every answer that has one. */
void act_answer(struct act *act, struct nnrpc_slice resource);

#endif
