/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store in a fresh folder for one test, writes that wait for their answer, and shorthands for the
 * requests. Closing it runs the consistency check, so every scenario ends with one.
 */
#ifndef CONTACTS_TESTS_STORE_FIXTURE_H
#define CONTACTS_TESTS_STORE_FIXTURE_H

/* cmocka wants these before itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "contacts/v1/admin_service.pb-c.h"
#include "contacts/v1/change.pb-c.h"
#include "contacts/v1/contact_service.pb-c.h"
#include "contacts/v1/customer_service.pb-c.h"
#include "contacts/v1/preset_service.pb-c.h"
#include "nnrpc/buffer.h"
#include "nnrpc/status.h"
#include "store/check.h"
#include "store/store.h"

struct fixture {
    char parent[64]; /* a fresh 0700 folder */
    char folder[80]; /* the data folder in it */
    struct store_options options;
    struct store *store;
    pthread_mutex_t log_mutex;
    char log[4096];                         /* events so far, one a line */
    const struct store_write *logged_write; /* the last one that an event was about */
};

/** Opens an empty store. @param options  NULL: the defaults with a small map; folder is set. */
void fixture_open(struct fixture *fixture, const struct store_options *options);

/** Closes the store, checks it, opens it again with the fixture's options. */
void fixture_reopen(struct fixture *fixture);

/** Closes the store, checks it, and removes the folder. */
void fixture_close(struct fixture *fixture);

/** Closes and checks; the folder stays. */
void fixture_stop(struct fixture *fixture, struct store_check_report *out_report);

/** Opens the store of a stopped fixture. */
void fixture_start(struct fixture *fixture);

/** Whether an event was logged. */
bool fixture_logged(struct fixture *fixture, const char *event);

/* --- Writing ------------------------------------------------------------------------------ */

/** The answer to a write. Release with answer_deinit(). */
struct answer {
    struct nnrpc_status status;
    uint64_t revision;
    struct nnrpc_buffer response; /* packed */
};

void answer_deinit(struct answer *answer);

#define ANSWER NNRPC_CLEANUP(answer_deinit) struct answer

/** A write on its way. */
struct pending {
    struct store_write write;
    pthread_mutex_t mutex;
    pthread_cond_t answered;
    bool is_answered;
    struct answer answer;
};

/** A write of an act with nothing else set; request is borrowed. */
struct store_write write_of(enum store_act act, const void *request);

/** Submits; asserts that it is taken. The pending write must be awaited. */
void pending_submit(struct pending *pending, struct store *store, const struct store_write *write);

/** Waits for the answer. */
struct answer pending_await(struct pending *pending);

/** Submits a write and waits for its answer. */
struct answer write_now(struct store *store, const struct store_write *write);

/** write_now() of an act alone. */
struct answer act_now(struct fixture *fixture, enum store_act act, const void *request);

/** Holds the writer, so that what is submitted meanwhile waits and becomes one group. */
struct gate {
    struct store_write write;
    Contacts__V1__PutPresetValueRequest request;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool reached;
    bool open;
};

/** Puts a preset value (revision + 1) and holds the writer in its answer. */
void gate_close(struct gate *gate, struct store *store);
void gate_open(struct gate *gate);

/** Asserts success. */
void expect_ok(const struct answer *answer);

/** Asserts a code, domain "contacts" and a reason, and that nothing was changed. */
void expect_refused(
    struct fixture *fixture, const struct answer *answer, enum nnrpc_code code, const char *reason);

/** Asserts an info's value. */
void expect_info(const struct answer *answer, const char *key, const char *value);

/** Unpacks the contact or customer of an answer; free with the message's own function. */
Contacts__V1__Contact *answer_contact(const struct answer *answer);
Contacts__V1__Customer *answer_customer(const struct answer *answer);

/** Deletes or converts a contact; "" for no etag. */
struct answer delete_contact(struct fixture *fixture, const char *id, const char *etag);
struct answer convert_contact(struct fixture *fixture, const char *id, const char *etag);

/* --- Shorthands: each asserts success --------------------------------------------------------- */

void put_customer(struct fixture *fixture, const char *id);
void put_preset(struct fixture *fixture, const char *field, const char *name);

/** Creates a contact from its fields. @return its id. */
uint64_t put_contact(struct fixture *fixture, const Contacts__V1__Contact *contact);

/** Creates a contact of a customer, or a shared one for "". @return its id. */
uint64_t put_plain_contact(struct fixture *fixture, const char *customer_id);

void put_link(struct fixture *fixture, uint64_t contact_id, const char *customer_id);

/** Decimal text in a buffer of the caller. */
#define ID_BYTES 24
const char *id_text(uint64_t id, char out_text[ID_BYTES]);

/* --- Reading ------------------------------------------------------------------------------ */

/** Reads a contact; NULL when there is none. */
Contacts__V1__Contact *read_contact(struct fixture *fixture, uint64_t id);
Contacts__V1__Customer *read_customer(struct fixture *fixture, const char *id);

/** Ids that a query gives, page after page. Release `ids` with free(). */
struct id_list {
    size_t count;
    uint64_t *ids;
    uint32_t pages;
};
struct id_list list_contacts(
    struct fixture *fixture, const struct store_contact_query *query, uint32_t page_size);

/** Customer ids that a contact belongs to, with commas between. */
void read_links(struct fixture *fixture, uint64_t contact_id, char *out_text, size_t size);

/** Every change after a revision; free each with contacts__v1__change__free_unpacked(). */
struct change_list {
    size_t count;
    Contacts__V1__Change **changes;
};
struct change_list list_changes(struct fixture *fixture, uint64_t after_revision);
void change_list_free(struct change_list *list);

/* --- Random numbers that are the same in every run -------------------------------------------- */

uint32_t random_below(uint64_t *seed, uint32_t limit);

#endif
