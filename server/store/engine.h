/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine: one file of ordered tables with transactions, here LMDB. Nothing of LMDB leaves
 * engine.c.
 *
 * A transaction's failure sticks: after the first unexpected error its reads find nothing, its
 * puts do nothing, and engine_check() or engine_commit() says what happened. So callers read and
 * write without a branch after every step and look once at the end, before anything is promised.
 *
 * Bytes that a transaction hands out die with it and, in a write transaction, with its next put or
 * delete. A transaction and its cursors belong to one thread at a time; a write transaction to the
 * thread that began it.
 */
#ifndef CONTACTS_STORE_ENGINE_H
#define CONTACTS_STORE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrpc/base.h"
#include "nnrpc/buffer.h"
#include "nnrpc/status.h"
#include "nnrpc/wire.h"

/** Longest key in bytes. */
#define ENGINE_KEY_BYTES 511

enum engine_table {
    ENGINE_META,
    ENGINE_CONTACTS,
    ENGINE_CUSTOMERS,
    ENGINE_CUSTOMER_CONTACTS,
    ENGINE_CONTACT_CUSTOMERS,
    ENGINE_BY_FORM,
    ENGINE_BY_EMAIL,
    ENGINE_BY_NUMBER,
    ENGINE_ACCOUNT_NUMBERS,
    ENGINE_CRM_REFERENCES,
    ENGINE_CUSTOMER_CREATED,
    ENGINE_PRESETS,
    ENGINE_SECRETS,
    ENGINE_REQUESTS,
    ENGINE_CHANGES,
    ENGINE_TABLE_COUNT,
};

struct engine;
struct engine_transaction;

struct engine_options {
    const char *path; /* the data file; its lock file is PATH-lock */
    size_t map_bytes; /* largest size of the file */
    bool make;        /* make the tables when they are not there */
    bool alone;       /* nobody else can have the file open: no lock file; for new files */
    bool read_only;   /* no write transactions */
};

/**
 * Opens a file of tables. A process must not have the same file open twice.
 *
 * @return NNRPC_OK, NNRPC_NOT_FOUND (no such file and not to be made), NNRPC_FAILED_PRECONDITION
 *         (not such a file, or without a meta table), NNRPC_PERMISSION_DENIED,
 *         NNRPC_RESOURCE_EXHAUSTED (memory, disk), NNRPC_INTERNAL.
 */
NNRPC_NODISCARD enum nnrpc_code engine_open(
    const struct engine_options *options, struct engine **out_engine,
    struct nnrpc_status *out_status);

/**
 * Whether every table is there. Apart from engine_open(), since a newer version's file may lack
 * some: its schema version is to be looked at first.
 *
 * @return NNRPC_OK, NNRPC_FAILED_PRECONDITION.
 */
NNRPC_NODISCARD enum nnrpc_code engine_check_tables(
    const struct engine *engine, struct nnrpc_status *out_status);

/** Closes; no transaction may be open. NULL is fine. */
void engine_close(struct engine *engine);
void engine_closep(struct engine **engine);

/** The name of a table, for reports. */
const char *engine_table_name(enum engine_table table);

/** Entries of a table. */
uint64_t engine_table_entries(struct engine_transaction *transaction, enum engine_table table);

/** Bytes of the file that hold data or held it once, without looking at what was freed. */
size_t engine_touched_bytes(struct engine *engine);
size_t engine_map_bytes(struct engine *engine);

/** Bytes below engine_touched_bytes() that are free again. Costs a walk over the free list. */
size_t engine_free_bytes(struct engine *engine);

/** Gives readers' places back whose processes died; returns how many. */
int engine_clear_stale_readers(struct engine *engine);

/**
 * Whether a commit is durable by itself, as it is unless said otherwise. When it is not, a killed
 * process still loses nothing, but after a power loss the file is good for nothing without a head
 * (below). Not while a write transaction is open.
 */
void engine_set_synced(struct engine *engine, bool synced);

/**
 * Makes what was committed durable. Any thread. A failure is final: what was not written then may
 * be taken for written later.
 *
 * @return NNRPC_OK, NNRPC_RESOURCE_EXHAUSTED, NNRPC_INTERNAL.
 */
NNRPC_NODISCARD enum nnrpc_code engine_sync(struct engine *engine, struct nnrpc_status *out_status);

/**
 * Appends the file's first bytes, which say where everything else stands. Put back, they make the
 * file what it is now, as long as it was synced after this call and a read transaction that began
 * now has kept its pages from being used again. Not while a write transaction commits.
 *
 * @return NNRPC_OK, NNRPC_RESOURCE_EXHAUSTED (memory), NNRPC_INTERNAL.
 */
NNRPC_NODISCARD enum nnrpc_code engine_copy_head(
    struct engine *engine, struct nnrpc_buffer *out_head, struct nnrpc_status *out_status);

/** Writes a consistent copy to a descriptor, while in use. Does not sync it. */
NNRPC_NODISCARD enum nnrpc_code engine_copy(
    struct engine *engine, int descriptor, struct nnrpc_status *out_status);

/* --- Transactions ------------------------------------------------------------------------- */

/** Begins a write transaction; waits for nobody in a process with one writer. */
NNRPC_NODISCARD enum nnrpc_code engine_begin_write(
    struct engine *engine, struct engine_transaction **out_transaction,
    struct nnrpc_status *out_status);

/** Begins a read transaction on the newest state. @return also RESOURCE_EXHAUSTED: too many. */
NNRPC_NODISCARD enum nnrpc_code engine_begin_read(
    struct engine *engine, struct engine_transaction **out_transaction,
    struct nnrpc_status *out_status);

/** Ends a read transaction's view but keeps its place, to be resumed cheaply on a newer state. */
void engine_pause(struct engine_transaction *transaction);
NNRPC_NODISCARD enum nnrpc_code engine_resume(
    struct engine_transaction *transaction, struct nnrpc_status *out_status);

/** Commits a write transaction: it is durable if commits are (see engine_set_synced()). Ends it,
 * whatever the result, which is as engine_check(). */
NNRPC_NODISCARD enum nnrpc_code engine_commit(
    struct engine_transaction *transaction, struct nnrpc_status *out_status);

/**
 * Takes the disk space that a write transaction may need when it is committed: an estimate from
 * above for all but the largest.
 *
 * @return NNRPC_OK, NNRPC_RESOURCE_EXHAUSTED (STORAGE_FULL), NNRPC_INTERNAL.
 */
NNRPC_NODISCARD enum nnrpc_code engine_reserve(
    struct engine_transaction *transaction, struct nnrpc_status *out_status);

/** Ends a transaction without effect. NULL is fine. */
void engine_abort(struct engine_transaction *transaction);
void engine_abortp(struct engine_transaction **transaction);

/**
 * What became of the transaction so far.
 *
 * @return NNRPC_OK; NNRPC_RESOURCE_EXHAUSTED (STORAGE_FULL: disk or map; MEMORY_LIMIT);
 *         NNRPC_INTERNAL (STORE_FAILED: anything else).
 */
NNRPC_NODISCARD enum nnrpc_code engine_check(
    const struct engine_transaction *transaction, struct nnrpc_status *out_status);

/** Whether the transaction has failed. */
bool engine_failed(const struct engine_transaction *transaction);

/** Makes the transaction fail, when its user found stored bytes that cannot be. */
void engine_fail(struct engine_transaction *transaction);

/** The same, when its user found no memory. */
void engine_fail_memory(struct engine_transaction *transaction);

/** Whether anything was put or deleted. */
bool engine_changed(const struct engine_transaction *transaction);

/** Finds a value. @return whether it is there. */
bool engine_get(
    struct engine_transaction *transaction, enum engine_table table, struct nnrpc_slice key,
    struct nnrpc_slice *out_value);

/** Whether a key is there. */
bool engine_has(
    struct engine_transaction *transaction, enum engine_table table, struct nnrpc_slice key);

/** Puts a value, replacing the one that is there. The value may be empty. */
void engine_put(
    struct engine_transaction *transaction, enum engine_table table, struct nnrpc_slice key,
    struct nnrpc_slice value);

/** Deletes a key; one that is not there is fine. */
void engine_delete(
    struct engine_transaction *transaction, enum engine_table table, struct nnrpc_slice key);

/* --- Cursors ------------------------------------------------------------------------------ */

/** A place in a table. All zero is closed. After a step that found something, key and value. */
struct engine_cursor {
    struct engine_transaction *transaction;
    void *handle;
    struct nnrpc_slice key;
    struct nnrpc_slice value;
};

/** Opens a cursor at no place. In a write transaction, close it before the next put or delete. */
struct engine_cursor engine_cursor_open(
    struct engine_transaction *transaction, enum engine_table table);

/** Closes; a closed one is fine. Fits NNRPC_CLEANUP. */
void engine_cursor_close(struct engine_cursor *cursor);

/* Each moves the cursor and returns whether there is an entry. */
bool engine_cursor_seek(struct engine_cursor *cursor, struct nnrpc_slice key); /* first >= key */
bool engine_cursor_first(struct engine_cursor *cursor);
bool engine_cursor_last(struct engine_cursor *cursor);
bool engine_cursor_next(struct engine_cursor *cursor);

#endif
