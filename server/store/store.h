/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: contacts, customers, links, presets, the change feed and request ids, durable and
 * consistent. Everything above this header is free of the engine beneath it.
 *
 * Reads go through a snapshot: one consistent state, taken for one call and ended at once. Writes
 * are logical operations that one writer thread applies, group by group; each is answered after its
 * group is durable. Records are packed messages of contacts.v1, exactly as replies carry them.
 *
 * Any thread may use a store; a snapshot belongs to one thread at a time.
 */
#ifndef CONTACTS_STORE_H
#define CONTACTS_STORE_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrpc/base.h"
#include "nnrpc/buffer.h"
#include "nnrpc/status.h"
#include "nnrpc/wire.h"

/** Domain of the errors' reasons; the reasons are contacts.v1.ErrorReason. */
#define STORE_DOMAIN "contacts"

#define STORE_CUSTOMER_ID_BYTES 64
#define STORE_TEXT_BYTES 1024
#define STORE_REQUEST_ID_BYTES 64
#define STORE_DIGEST_BYTES 32
/** Most records that one page examines when several filters combine. */
#define STORE_EXAMINE_LIMIT 10000
/** At or above this many direct contacts, a customer's deletion runs as a group of its own. */
#define STORE_LARGE_DELETE 1000

struct store;
struct store_snapshot;
struct store_write;

/* --- Opening ------------------------------------------------------------------------------ */

/**
 * How writes are made durable. Another one than the last time may be chosen: the store opens with
 * what it had in either.
 */
enum store_durability {
    STORE_DURABILITY_LOG = 0,  /* every group is appended to a log; the data file follows */
    STORE_DURABILITY_LMDB = 1, /* every group is a synced commit of the data file */
};

/** All zero but the folder is a good choice. */
struct store_options {
    const char *folder;           /* made 0700 when it is not there */
    size_t map_bytes;             /* largest size of the store; 0: 64 GiB; the file is sparse */
    uint32_t queue_writes;        /* writes waiting; above: OVERLOADED; 0: 8,192 */
    uint32_t group_writes;        /* most writes of a group; 0: 1,024 */
    uint64_t change_retention_s;  /* how long changes are kept; 0: 7 days */
    uint64_t request_retention_s; /* how long request ids are kept; 0: 24 hours */
    enum store_durability durability;
    bool recover;               /* go back to the last checkpoint and take in the log from there */
    uint64_t checkpoint_ms;     /* log form: time between checkpoints; 0: 2,000 */
    uint64_t checkpoint_bytes;  /* and bytes logged between them; 0: 64 MiB */
    uint64_t log_segment_bytes; /* size of the log's files; 0: 16 MiB */
    /**
     * Log form: called by any thread when the disk failed to make something durable, to say so and
     * end the process; the next start recovers the store. NULL, or a return: abort().
     */
    void (*halted)(void *self, const char *message);
    void *halted_self;
    /**
     * Receives events worth a log line, from any thread; NULL: nobody. Never gets secrets. `write`
     * is the write that the event is about, or NULL.
     */
    void (*log)(
        void *self, const char *event, const char *details, const struct store_write *write);
    void *log_self;
};

/**
 * Opens a store, making an empty one when the folder is empty. Takes the folder's lock.
 *
 * @return NNRPC_OK; NNRPC_UNAVAILABLE (another process has it open; the message has its pid);
 *         NNRPC_PERMISSION_DENIED (folder or file cannot be used); NNRPC_FAILED_PRECONDITION (made
 *         by a newer version, not a store, or with a log that is damaged or another store's);
 *         NNRPC_RESOURCE_EXHAUSTED (disk, memory);
 *         NNRPC_INVALID_ARGUMENT (the folder's path is empty or too long).
 */
NNRPC_NODISCARD enum nnrpc_code store_open(
    const struct store_options *options, struct store **out_store, struct nnrpc_status *out_status);

/**
 * Changes how long changes and request ids are kept, as the options do (0: the default). Any
 * thread, at any time; what was kept for a shorter time stays gone.
 */
void store_set_retention(
    struct store *store, uint64_t change_retention_s, uint64_t request_retention_s);

/**
 * Sets the delay that may stand in the queue of writes, as nnrpc/queue_delay.h says; 0: any. Any
 * thread, at any time.
 */
void store_set_queue_target_ms(struct store *store, uint32_t target_ms);

/** Finishes and answers what is queued, commits, closes. No snapshot may be open. NULL is fine. */
void store_close(struct store *store);

/** The revision of the last durable write; any thread, no lock. */
uint64_t store_revision(const struct store *store);

/** The epoch: 1 for a new store, one more after every restore of a backup. */
uint64_t store_epoch(const struct store *store);

/** Whether the store holds no preset, customer or contact and never did. */
bool store_is_pristine(const struct store *store);

/** Calls visit for each gauge: "store.map_used_bytes", "store.queued_writes", ... */
void store_visit_gauges(
    struct store *store, void (*visit)(void *context, const char *name, double value),
    void *context);

/**
 * Writes a consistent copy into a new 0600 file and makes it durable, while the store is in use.
 *
 * @param path  Must not exist; nothing is left there on failure.
 * @return NNRPC_OK, NNRPC_ALREADY_EXISTS, NNRPC_RESOURCE_EXHAUSTED (disk), NNRPC_UNAVAILABLE.
 */
NNRPC_NODISCARD enum nnrpc_code store_backup(
    struct store *store, const char *path, uint64_t *out_revision, uint64_t *out_size_bytes,
    struct nnrpc_status *out_status);

/**
 * Makes a store in an empty folder from a backup file, with a new epoch. The store must not be
 * open.
 *
 * @return NNRPC_OK, NNRPC_NOT_FOUND (no such file), NNRPC_FAILED_PRECONDITION (the file is not a
 *         store, or the folder is not empty), NNRPC_PERMISSION_DENIED, NNRPC_RESOURCE_EXHAUSTED.
 */
NNRPC_NODISCARD enum nnrpc_code store_restore(
    const char *backup_path, const char *folder, struct nnrpc_status *out_status);

/* --- Reading ------------------------------------------------------------------------------ */

/**
 * Takes a snapshot. Costs well under a microsecond when warm. End it soon: pages that it can see
 * are not reused.
 *
 * @param min_revision  0, or the revision that the reader must see.
 * @return NNRPC_OK, NNRPC_FAILED_PRECONDITION (REVISION_NOT_REACHED), NNRPC_RESOURCE_EXHAUSTED (too
 *         many readers), NNRPC_INTERNAL.
 */
NNRPC_NODISCARD enum nnrpc_code store_snapshot_begin(
    struct store *store, uint64_t min_revision, struct store_snapshot **out_snapshot,
    struct nnrpc_status *out_status);
void store_snapshot_end(struct store_snapshot *snapshot);
void store_snapshot_endp(struct store_snapshot **snapshot);
uint64_t store_snapshot_revision(const struct store_snapshot *snapshot);

/** Finds a record. The bytes die with the snapshot. @return OK or NOT_FOUND with its reason. */
NNRPC_NODISCARD enum nnrpc_code store_get_contact(
    struct store_snapshot *snapshot, uint64_t id, struct nnrpc_slice *out_record,
    struct nnrpc_status *out_status);
NNRPC_NODISCARD enum nnrpc_code store_get_customer(
    struct store_snapshot *snapshot, const char *id, struct nnrpc_slice *out_record,
    struct nnrpc_status *out_status);

/**
 * Copies the Argon2id text of a contact's account password; "" when it has none.
 * @return OK or NOT_FOUND (no such contact).
 */
NNRPC_NODISCARD enum nnrpc_code store_get_password_hash(
    struct store_snapshot *snapshot, uint64_t contact_id, char out_hash[128],
    struct nnrpc_status *out_status);

/**
 * Takes one item of a list. The bytes die with the snapshot.
 * @return false when it does not fit: it is then not part of the page, and the page ends.
 */
typedef bool (*store_visit_record)(void *self, struct nnrpc_slice record);

enum store_form { STORE_FORM_ANY = 0, STORE_FORM_DIRECT = 1, STORE_FORM_SHARED = 2 };

/** Which contacts, ascending by id. Empty texts and zeros are "all". Filters combine by AND. */
struct store_contact_query {
    uint64_t after_id; /* only greater ids */
    bool has_created_since;
    int64_t created_since_s; /* only created at or after this time */
    int32_t created_since_ns;
    const char *customer_id; /* its direct contacts and the shared ones linked to it */
    const char *dealer_code; /* narrows the shared ones; direct ones stay */
    enum store_form form;
    const char *email;  /* compared case-insensitively (ASCII) */
    const char *number; /* digits only */
    uint32_t page_size; /* 1 to 1,000 */
    /** Asked now and then while a page is looked for: true ends it early, as if it were full. NULL:
     * never. */
    bool (*is_unwanted)(void *self);
    void *unwanted_self;
};

struct store_contact_page {
    bool more;        /* something may follow last_id */
    uint64_t last_id; /* the last id that was examined; the next page starts after it */
};

/** Whether the query may take long: several filters that scan. Such calls leave the receiver. */
bool store_contact_query_scans(const struct store_contact_query *query);

/** Visits a page of contacts. @return OK, NOT_FOUND (CUSTOMER_NOT_FOUND), INTERNAL. */
NNRPC_NODISCARD enum nnrpc_code store_list_contacts(
    struct store_snapshot *snapshot, const struct store_contact_query *query,
    store_visit_record visit, void *self, struct store_contact_page *out_page,
    struct nnrpc_status *out_status);

struct store_customer_query {
    const char *after_id; /* only greater ids, by bytes */
    bool has_created_since;
    int64_t created_since_s;
    int32_t created_since_ns;
    const char *account_number;
    const char *crm_reference;
    uint32_t page_size;
};

struct store_customer_page {
    bool more;
    char last_id[STORE_CUSTOMER_ID_BYTES + 1];
};

/** Visits a page of customers, ascending by id. */
NNRPC_NODISCARD enum nnrpc_code store_list_customers(
    struct store_snapshot *snapshot, const struct store_customer_query *query,
    store_visit_record visit, void *self, struct store_customer_page *out_page,
    struct nnrpc_status *out_status);

/** Visits the customers that a contact belongs to, ascending. @return also CONTACT_NOT_FOUND. */
NNRPC_NODISCARD enum nnrpc_code store_list_contact_customers(
    struct store_snapshot *snapshot, uint64_t contact_id, const char *after_id, uint32_t page_size,
    store_visit_record visit, void *self, struct store_customer_page *out_page,
    struct nnrpc_status *out_status);

/** Visits the ids (terminated) of the customers that a contact belongs to, ascending. */
NNRPC_NODISCARD enum nnrpc_code store_visit_links(
    struct store_snapshot *snapshot, uint64_t contact_id,
    bool (*visit)(void *self, const char *customer_id), void *self,
    struct nnrpc_status *out_status);

struct store_preset_page {
    bool more;
    char last_name[STORE_TEXT_BYTES + 1];
};

/** Visits the values of a preset field, ascending by name. Records are packed PresetValues. */
NNRPC_NODISCARD enum nnrpc_code store_list_presets(
    struct store_snapshot *snapshot, const char *field, bool include_retired,
    const char *after_name, uint32_t page_size, store_visit_record visit, void *self,
    struct store_preset_page *out_page, struct nnrpc_status *out_status);

/**
 * Adds a violation for each preset value of a new contacts.v1.Contact that is not allowed: for a
 * request that is refused anyway, so that its caller learns of all its faults at once.
 */
void store_check_presets(
    struct store_snapshot *snapshot, const ProtobufCMessage *contact, struct nnrpc_status *status);

/** The preset fields' names in the contract's order, ending with NULL. */
extern const char *const store_preset_fields[];

/**
 * Visits changes after a revision. Records are packed Changes.
 *
 * @param out_next_revision  The last revision visited, or after_revision.
 * @return OK, OUT_OF_RANGE (CHANGES_COMPACTED).
 */
NNRPC_NODISCARD enum nnrpc_code store_list_changes(
    struct store_snapshot *snapshot, uint64_t after_revision, uint32_t page_size,
    store_visit_record visit, void *self, uint64_t *out_next_revision,
    struct nnrpc_status *out_status);

/* --- Writing ------------------------------------------------------------------------------ */

enum store_act {
    STORE_CREATE_CONTACT,
    STORE_UPDATE_CONTACT,
    STORE_DELETE_CONTACT,
    STORE_CONVERT_TO_SHARED_CONTACT,
    STORE_IMPORT_CONTACT,
    STORE_CREATE_CUSTOMER,
    STORE_UPDATE_CUSTOMER,
    STORE_DELETE_CUSTOMER,
    STORE_ADD_SHARED_CONTACT,
    STORE_REMOVE_SHARED_CONTACT,
    STORE_PUT_PRESET_VALUE,
    STORE_RETIRE_PRESET_VALUE,
};

struct store_outcome {
    const struct nnrpc_status *status; /* never NULL; valid during the call of done */
    uint64_t revision;                 /* made by the write, or seen; a repeat: the first one's */
    struct nnrpc_slice response;       /* the packed XResponse of the act; valid during done */
};

/**
 * One write. Whoever submits it owns it and everything that it points at, until done is called.
 * Its shape (bounds, forms of ids, masks' paths) has been checked; what depends on state has not.
 */
struct store_write {
    enum store_act act;
    const ProtobufCMessage *request;    /* the act's XRequest of contacts.v1, without password */
    const char *password_hash;          /* Argon2id text of a password given, else NULL */
    bool password_clear;                /* an update that removes the password */
    const char *caller;                 /* token name, "" for the operator */
    const char *request_id;             /* "": not de-duplicated */
    uint8_t digest[STORE_DIGEST_BYTES]; /* of the request, as the contract's act 8 says */
    bool validate_only;
    uint64_t deadline_ns; /* CLOCK_MONOTONIC, 0: none; not applied after it */
    void *self;           /* the submitter's own; NULL where it needs none */
    /**
     * Asked by the writer thread before the write is applied, must not block: with a code other
     * than OK it is not applied, and ends with that status. NULL: it is always wanted.
     */
    enum nnrpc_code (*check_wanted)(
        const struct store_write *write, struct nnrpc_status *out_status);
    /** Called once by the writer thread (or by store_submit's caller, never), must not block. */
    void (*done)(struct store_write *write, const struct store_outcome *outcome);
    struct store_write *next; /* the store's, while it is queued */
    uint64_t queued_ns;       /* the store's */
};

/**
 * Queues a write. Never blocks for long. A write that could not be done by its deadline behind
 * those that wait is refused at once.
 *
 * @return NNRPC_OK: done will be called. NNRPC_RESOURCE_EXHAUSTED (OVERLOADED of domain "nnrpc",
 *         info retry_after_ms) or NNRPC_UNAVAILABLE (closing): done will not be called.
 */
NNRPC_NODISCARD enum nnrpc_code store_submit(
    struct store *store, struct store_write *write, struct nnrpc_status *out_status);

/**
 * Finds the kept answer of a request, without the writer: for requests that are costly to prepare.
 * Not finding one proves nothing, since the request may be on its way; the writer looks again.
 *
 * @param write         Its caller, request_id and digest count.
 * @param out_revision  On true: the revision of the first answer.
 * @param out_response  On true: the packed answer is appended.
 */
NNRPC_NODISCARD bool store_find_answer(
    struct store *store, struct store_snapshot *snapshot, const struct store_write *write,
    uint64_t *out_revision, struct nnrpc_buffer *out_response);

#endif
