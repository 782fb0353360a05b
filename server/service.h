/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the services share: the application they belong to, and how a handler reads and writes.
 */
#ifndef CONTACTD_SERVICE_H
#define CONTACTD_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "nnrpc/crypto.h"
#include "nnrpc/server.h"
#include "store/store.h"

/** Tells the log what the store tells: a store_options.log. */
void contactd_log_store_event(
    void *self, const char *event, const char *details, const struct store_write *write);

/** The application. Constant while the server runs; any thread. */
struct contactd {
    struct store *store;
    struct nnrpc_password_cost password_cost;
    const char *backup_folder; /* NULL: none configured */
};

/** Registers the services of contacts.v1 with a server. */
NNRPC_NODISCARD enum nnrpc_code contactd_register_services(
    struct nnrpc_server *server, struct contactd *contactd, struct nnrpc_status *out_status);

/* One for each service, in a file of its own. */
NNRPC_NODISCARD enum nnrpc_code contactd_register_contact_service(
    struct nnrpc_server *server, struct contactd *contactd, struct nnrpc_status *out_status);
NNRPC_NODISCARD enum nnrpc_code contactd_register_customer_service(
    struct nnrpc_server *server, struct contactd *contactd, struct nnrpc_status *out_status);
NNRPC_NODISCARD enum nnrpc_code contactd_register_preset_service(
    struct nnrpc_server *server, struct contactd *contactd, struct nnrpc_status *out_status);
NNRPC_NODISCARD enum nnrpc_code contactd_register_change_service(
    struct nnrpc_server *server, struct contactd *contactd, struct nnrpc_status *out_status);
NNRPC_NODISCARD enum nnrpc_code contactd_register_admin_service(
    struct nnrpc_server *server, struct contactd *contactd, struct nnrpc_status *out_status);

/** Sets RESOURCE_EXHAUSTED, reason MEMORY_LIMIT, and returns that code. */
enum nnrpc_code contactd_fail_memory(struct nnrpc_status *out_status);

/** Answers with it. */
struct nnrpc_answer contactd_answer_memory(struct nnrpc_call *call);

/* --- Replies' revision -------------------------------------------------------------------- */

/** Sets reply metadata x-revision and x-epoch. */
void contactd_set_revision(struct contactd *contactd, struct nnrpc_call *call, uint64_t revision);

/** An interceptor that gives every reply that has none yet the store's revision. */
struct nnrpc_interceptor contactd_revision_interceptor(struct contactd *contactd);

/* --- Reading ------------------------------------------------------------------------------ */

/**
 * Takes a snapshot that is as new as the call's x-min-revision asks, and sets x-revision.
 *
 * @return as store_snapshot_begin(), and INVALID_ARGUMENT for an x-min-revision that is no number.
 */
NNRPC_NODISCARD enum nnrpc_code contactd_snapshot_begin(
    struct contactd *contactd, struct nnrpc_call *call, struct store_snapshot **out_snapshot,
    struct nnrpc_status *out_status);

/** A page that is built item by item within the call's reply budget. */
struct contactd_page {
    struct nnrpc_call *call;
    struct nnrpc_buffer bytes; /* the packed response so far */
    size_t reserved_bytes;     /* kept free for what follows the items */
    size_t refused_bytes;      /* size of a response with the item that did not fit; 0: all did */
    uint32_t field_number;     /* of the items */
    uint64_t fields;           /* read mask */
    uint32_t item_count;
};

/** Adds one record as an item if it fits. A store_visit_record: self is the page. */
bool contactd_page_add(void *self, struct nnrpc_slice record);

/** Whether `size` more bytes fit; if not, notes that and returns false. */
bool contactd_page_has_room(struct contactd_page *page, size_t size);

/** Appends an item whose room was checked. */
void contactd_page_append(struct contactd_page *page, struct nnrpc_slice record);

/** Answers with the page, or says that not even one item fits. Releases the page's bytes. */
struct nnrpc_answer contactd_page_reply(struct contactd_page *page);

/** Answers with one record as field 1, cut down to a mask. */
struct nnrpc_answer contactd_reply_record(
    struct nnrpc_call *call, struct nnrpc_slice record, uint64_t fields);

/* --- Writing ------------------------------------------------------------------------------ */

/** What a write needs beside its request. */
struct contactd_write {
    enum store_act act;
    const ProtobufCMessage *request; /* shape checked, without a password; what it points at lives
                                        with the call */
    char *password;                  /* to be hashed; NULL: none given */
    bool password_clear;
};

/**
 * Hashes the password, queues the write and defers the call; the store's writer answers it. A
 * repeat of a request with a password is answered at once.
 *
 * The request's own request_id and validate_only are found through the call's method.
 */
struct nnrpc_answer contactd_write(
    struct contactd *contactd, struct nnrpc_call *call, const struct contactd_write *write);

#endif
