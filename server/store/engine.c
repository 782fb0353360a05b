/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine on LMDB 0.9.24.
 *
 * Invariants: no MDB_DUPSORT (that version has faults in deletes and puts on duplicates); readers
 * are not tied to threads (MDB_NOTLS); full sync on every commit unless engine_set_synced() said
 * otherwise; a transaction whose operation failed, MDB_MAP_FULL too, is only good for aborting.
 */
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "faults.h"

#define READERS_MOST 512
#define FILE_MODE 0600
/* LMDB reports a write that the disk cut short as EIO: with less room than this, it was full. */
#define DISK_FULL_BYTES (UINT64_C(4) << 20)
#define HEAD_PAGES 2
/* What a put or a delete adds to the pages of a commit, and what every commit has: measured, a
 * create with all of its entries dirties four pages of a large store. */
#define ROOM_PAGES_EACH 2
#define ROOM_PAGES 64
#define RESERVE_AHEAD_BYTES (UINT64_C(8) << 20)

struct engine {
    MDB_env *environment;
    size_t map_bytes;
    size_t page_bytes;
    uint64_t reserved_bytes; /* of the file, from its beginning */
    MDB_dbi tables[ENGINE_TABLE_COUNT];
    const char *missing_table; /* the first table that is not there, or NULL */
};

struct engine_transaction {
    struct engine *engine;
    MDB_txn *handle;
    int failure; /* LMDB's or errno's code of the first unexpected error, 0: none */
    bool changed;
    uint64_t room_bytes; /* that a commit may need, but for ROOM_PAGES */
};

static const char *const table_names[ENGINE_TABLE_COUNT] = {
    [ENGINE_META] = "meta",
    [ENGINE_CONTACTS] = "contacts",
    [ENGINE_CUSTOMERS] = "customers",
    [ENGINE_CUSTOMER_CONTACTS] = "customer_contacts",
    [ENGINE_CONTACT_CUSTOMERS] = "contact_customers",
    [ENGINE_BY_FORM] = "by_form",
    [ENGINE_BY_EMAIL] = "by_email",
    [ENGINE_BY_NUMBER] = "by_number",
    [ENGINE_ACCOUNT_NUMBERS] = "account_numbers",
    [ENGINE_CRM_REFERENCES] = "crm_references",
    [ENGINE_CUSTOMER_CREATED] = "customer_created",
    [ENGINE_PRESETS] = "presets",
    [ENGINE_SECRETS] = "secrets",
    [ENGINE_REQUESTS] = "requests",
    [ENGINE_CHANGES] = "changes",
};

const char *engine_table_name(enum engine_table table) {
    return table_names[table];
}

/* --- Errors ------------------------------------------------------------------------------- */

/* A limit on the size of files counts as the end of the disk. */
static bool disk_is_full(struct engine *engine) {
    struct statvfs disk;
    struct rlimit limit;
    int descriptor = -1;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
        limit.rlim_cur < engine_touched_bytes(engine) + DISK_FULL_BYTES) {
        return true;
    }
    if (mdb_env_get_fd(engine->environment, &descriptor) != 0 || fstatvfs(descriptor, &disk) != 0) {
        return false;
    }
    return (uint64_t)disk.f_bavail * disk.f_frsize < DISK_FULL_BYTES;
}

static bool is_full(struct engine *engine, int failure) {
    return failure == MDB_MAP_FULL || failure == ENOSPC || failure == EDQUOT || failure == EFBIG ||
           (failure == EIO && disk_is_full(engine));
}

static enum nnrpc_code explain(
    struct engine *engine, int failure, struct nnrpc_status *out_status) {
    if (failure == 0) {
        return NNRPC_OK;
    }
    if (is_full(engine, failure)) {
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, STORE_DOMAIN, STORE_REASON(STORAGE_FULL),
            "the store is full (%s): nothing was written, reads go on; make room on the disk or "
            "start with a larger map",
            mdb_strerror(failure));
    }
    if (failure == ENOMEM) {
        return fault_out_of_memory(out_status);
    }
    if (failure == MDB_READERS_FULL) {
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, STORE_NNRPC_REASON(OVERLOADED),
            "too many reads at once: the store has room for %d", READERS_MOST);
    }
    return nnrpc_fail(
        out_status, NNRPC_INTERNAL, STORE_DOMAIN, STORE_REASON(STORE_FAILED),
        "the store failed: %s", mdb_strerror(failure));
}

static enum nnrpc_code explain_open(
    const char *path, int failure, struct nnrpc_status *out_status) {
    enum nnrpc_code code = NNRPC_INTERNAL;
    if (failure == ENOENT) {
        code = NNRPC_NOT_FOUND;
    } else if (failure == EACCES || failure == EPERM || failure == EROFS) {
        code = NNRPC_PERMISSION_DENIED;
    } else if (failure == ENOMEM || failure == ENOSPC || failure == EDQUOT || failure == EFBIG) {
        code = NNRPC_RESOURCE_EXHAUSTED;
    } else if (
        failure == MDB_INVALID || failure == MDB_VERSION_MISMATCH || failure == MDB_NOTFOUND ||
        failure == MDB_INCOMPATIBLE || failure == MDB_CORRUPTED || failure == EINVAL) {
        return nnrpc_fail(
            out_status, NNRPC_FAILED_PRECONDITION, STORE_DOMAIN, STORE_REASON(STORE_FAILED),
            "%s is not a contacts store: %s", path, mdb_strerror(failure));
    }
    return nnrpc_fail(
        out_status, code, STORE_DOMAIN, STORE_REASON(STORE_FAILED), "cannot open %s: %s", path,
        mdb_strerror(failure));
}

/* --- Opening ------------------------------------------------------------------------------ */

static int open_tables(struct engine *engine, bool make, bool read_only) {
    MDB_txn *transaction = NULL;
    int result = mdb_txn_begin(engine->environment, NULL, read_only ? MDB_RDONLY : 0, &transaction);
    for (int i = 0; result == 0 && i < ENGINE_TABLE_COUNT; i++) {
        result =
            mdb_dbi_open(transaction, table_names[i], make ? MDB_CREATE : 0, &engine->tables[i]);
        if (result == MDB_NOTFOUND && i != ENGINE_META && engine->missing_table == NULL) {
            engine->missing_table = table_names[i];
            result = 0;
        }
    }
    if (result != 0) {
        mdb_txn_abort(transaction);
        return result;
    }
    /* Committing keeps the handles, in a read transaction too. */
    return mdb_txn_commit(transaction);
}

static int open_environment(struct engine *engine, const struct engine_options *options) {
    unsigned flags = MDB_NOTLS | MDB_NOSUBDIR;
    flags |= options->alone ? MDB_NOLOCK : 0;
    flags |= options->read_only ? MDB_RDONLY : 0;
    int result = mdb_env_create(&engine->environment);
    if (result == 0) {
        result = mdb_env_set_mapsize(engine->environment, options->map_bytes);
    }
    if (result == 0) {
        result = mdb_env_set_maxdbs(engine->environment, ENGINE_TABLE_COUNT);
    }
    if (result == 0) {
        result = mdb_env_set_maxreaders(engine->environment, READERS_MOST);
    }
    if (result == 0) {
        result = mdb_env_open(engine->environment, options->path, flags, FILE_MODE);
    }
    return result != 0 ? result : open_tables(engine, options->make, options->read_only);
}

enum nnrpc_code engine_open(
    const struct engine_options *options, struct engine **out_engine,
    struct nnrpc_status *out_status) {
    struct stat file;
    if (!options->make && stat(options->path, &file) != 0) {
        return explain_open(options->path, errno, out_status);
    }
    struct engine *engine = calloc(1, sizeof(*engine));
    int result = engine == NULL ? ENOMEM : open_environment(engine, options);
    MDB_envinfo information;
    MDB_stat statistics;
    if (result == 0) {
        result = mdb_env_info(engine->environment, &information);
    }
    if (result == 0) {
        result = mdb_env_stat(engine->environment, &statistics);
    }
    if (result != 0) {
        engine_close(engine);
        return explain_open(options->path, result, out_status);
    }
    engine->map_bytes = information.me_mapsize;
    engine->page_bytes = statistics.ms_psize;
    *out_engine = engine;
    return NNRPC_OK;
}

enum nnrpc_code engine_check_tables(const struct engine *engine, struct nnrpc_status *out_status) {
    if (engine->missing_table == NULL) {
        return NNRPC_OK;
    }
    return nnrpc_fail(
        out_status, NNRPC_FAILED_PRECONDITION, STORE_DOMAIN, STORE_REASON(STORE_FAILED),
        "the data file is not a contacts store: it has no table \"%s\"", engine->missing_table);
}

void engine_close(struct engine *engine) {
    if (engine == NULL) {
        return;
    }
    if (engine->environment != NULL) {
        mdb_env_close(engine->environment);
    }
    free(engine);
}

void engine_closep(struct engine **engine) {
    engine_close(*engine);
    *engine = NULL;
}

/* --- The whole file ----------------------------------------------------------------------- */

uint64_t engine_table_entries(struct engine_transaction *transaction, enum engine_table table) {
    MDB_stat statistics;
    MDB_dbi handle = transaction->engine->tables[table];
    if (mdb_stat(transaction->handle, handle, &statistics) != 0) {
        engine_fail(transaction);
        return 0;
    }
    return statistics.ms_entries;
}

size_t engine_touched_bytes(struct engine *engine) {
    MDB_envinfo information;
    if (mdb_env_info(engine->environment, &information) != 0) {
        return 0;
    }
    return (information.me_last_pgno + 1) * engine->page_bytes;
}

size_t engine_map_bytes(struct engine *engine) {
    return engine->map_bytes;
}

/* The pages of LMDB's free list: each value begins with how many it has. */
static size_t count_free_pages(MDB_txn *transaction) {
    const MDB_dbi free_list = 0;
    MDB_cursor *cursor = NULL;
    MDB_val key;
    MDB_val value;
    size_t pages = 0;
    if (mdb_cursor_open(transaction, free_list, &cursor) != 0) {
        return 0;
    }
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
        size_t count = 0;
        memcpy(&count, value.mv_data, sizeof(count));
        pages += count;
    }
    mdb_cursor_close(cursor);
    return pages;
}

size_t engine_free_bytes(struct engine *engine) {
    /* LMDB shows its free list to read transactions only. */
    MDB_txn *transaction = NULL;
    if (mdb_txn_begin(engine->environment, NULL, MDB_RDONLY, &transaction) != 0) {
        return 0;
    }
    size_t pages = count_free_pages(transaction);
    mdb_txn_abort(transaction);
    return pages * engine->page_bytes;
}

int engine_clear_stale_readers(struct engine *engine) {
    int cleared = 0;
    return mdb_reader_check(engine->environment, &cleared) == 0 ? cleared : 0;
}

void engine_set_synced(struct engine *engine, bool synced) {
    mdb_env_set_flags(engine->environment, MDB_NOSYNC, synced ? 0 : 1);
}

enum nnrpc_code engine_sync(struct engine *engine, struct nnrpc_status *out_status) {
    return explain(engine, mdb_env_sync(engine->environment, 1), out_status);
}

enum nnrpc_code engine_copy_head(
    struct engine *engine, struct nnrpc_buffer *out_head, struct nnrpc_status *out_status) {
    size_t size = HEAD_PAGES * engine->page_bytes;
    uint8_t *at = nnrpc_buffer_reserve(out_head, size);
    int descriptor = -1;
    if (at == NULL) {
        return explain(engine, ENOMEM, out_status);
    }
    int result = mdb_env_get_fd(engine->environment, &descriptor);
    if (result == 0 && pread(descriptor, at, size, 0) != (ssize_t)size) {
        result = EIO;
    }
    out_head->size += result == 0 ? size : 0;
    return explain(engine, result, out_status);
}

enum nnrpc_code engine_copy(
    struct engine *engine, int descriptor, struct nnrpc_status *out_status) {
    return explain(engine, mdb_env_copyfd2(engine->environment, descriptor, 0), out_status);
}

/* --- Transactions ------------------------------------------------------------------------- */

static enum nnrpc_code begin(
    struct engine *engine, unsigned flags, struct engine_transaction **out_transaction,
    struct nnrpc_status *out_status) {
    struct engine_transaction *transaction = calloc(1, sizeof(*transaction));
    if (transaction == NULL) {
        return explain(engine, ENOMEM, out_status);
    }
    transaction->engine = engine;
    int result = mdb_txn_begin(engine->environment, NULL, flags, &transaction->handle);
    if (result != 0) {
        free(transaction);
        return explain(engine, result, out_status);
    }
    *out_transaction = transaction;
    return NNRPC_OK;
}

enum nnrpc_code engine_begin_write(
    struct engine *engine, struct engine_transaction **out_transaction,
    struct nnrpc_status *out_status) {
    return begin(engine, 0, out_transaction, out_status);
}

enum nnrpc_code engine_begin_read(
    struct engine *engine, struct engine_transaction **out_transaction,
    struct nnrpc_status *out_status) {
    return begin(engine, MDB_RDONLY, out_transaction, out_status);
}

void engine_pause(struct engine_transaction *transaction) {
    mdb_txn_reset(transaction->handle);
}

enum nnrpc_code engine_resume(
    struct engine_transaction *transaction, struct nnrpc_status *out_status) {
    transaction->failure = 0;
    return explain(transaction->engine, mdb_txn_renew(transaction->handle), out_status);
}

enum nnrpc_code engine_commit(
    struct engine_transaction *transaction, struct nnrpc_status *out_status) {
    struct engine *engine = transaction->engine;
    int failure = transaction->failure;
    if (failure != 0) {
        mdb_txn_abort(transaction->handle);
    } else {
        failure = mdb_txn_commit(transaction->handle);
    }
    free(transaction);
    return explain(engine, failure, out_status);
}

static int reserve(struct engine *engine, uint64_t from, uint64_t to) {
    int descriptor = -1;
    int result = mdb_env_get_fd(engine->environment, &descriptor);
    if (result == 0 &&
        fallocate(descriptor, FALLOC_FL_KEEP_SIZE, (off_t)from, (off_t)(to - from)) != 0) {
        result = errno;
    }
    /* A file system that cannot do this finds out when it writes. */
    return result == EOPNOTSUPP ? 0 : result;
}

enum nnrpc_code engine_reserve(
    struct engine_transaction *transaction, struct nnrpc_status *out_status) {
    struct engine *engine = transaction->engine;
    uint64_t touched = engine_touched_bytes(engine);
    uint64_t from = engine->reserved_bytes > touched ? engine->reserved_bytes : touched;
    uint64_t to = touched + transaction->room_bytes + ROOM_PAGES * engine->page_bytes;
    if (to > engine->map_bytes) {
        to = engine->map_bytes; /* whether that is enough is LMDB's to say */
    }
    if (to <= from) {
        return NNRPC_OK;
    }
    uint64_t ahead = to + RESERVE_AHEAD_BYTES;
    if (ahead > engine->map_bytes || reserve(engine, from, ahead) != 0) {
        ahead = to;
        int result = reserve(engine, from, to);
        if (result != 0) {
            return explain(engine, result, out_status);
        }
    }
    engine->reserved_bytes = ahead;
    return NNRPC_OK;
}

void engine_abort(struct engine_transaction *transaction) {
    if (transaction != NULL) {
        mdb_txn_abort(transaction->handle);
        free(transaction);
    }
}

void engine_abortp(struct engine_transaction **transaction) {
    engine_abort(*transaction);
    *transaction = NULL;
}

enum nnrpc_code engine_check(
    const struct engine_transaction *transaction, struct nnrpc_status *out_status) {
    return explain(transaction->engine, transaction->failure, out_status);
}

bool engine_failed(const struct engine_transaction *transaction) {
    return transaction->failure != 0;
}

void engine_fail(struct engine_transaction *transaction) {
    if (transaction->failure == 0) {
        transaction->failure = MDB_CORRUPTED;
    }
}

void engine_fail_memory(struct engine_transaction *transaction) {
    if (transaction->failure == 0) {
        transaction->failure = ENOMEM;
    }
}

bool engine_changed(const struct engine_transaction *transaction) {
    return transaction->changed;
}

/* Notes a result that is neither success nor "not there". */
static bool succeeded(struct engine_transaction *transaction, int result) {
    if (result != 0 && result != MDB_NOTFOUND && transaction->failure == 0) {
        transaction->failure = result;
    }
    return result == 0;
}

static MDB_val to_value(struct nnrpc_slice slice) {
    /* LMDB reads what mv_data points at only; its type has no const. */
    return (MDB_val){.mv_size = slice.size, .mv_data = (void *)(uintptr_t)slice.data};
}

static struct nnrpc_slice from_value(MDB_val value) {
    return (struct nnrpc_slice){.data = value.mv_data, .size = value.mv_size};
}

bool engine_get(
    struct engine_transaction *transaction, enum engine_table table, struct nnrpc_slice key,
    struct nnrpc_slice *out_value) {
    /* A key that cannot be is not there; LMDB would call it an error. */
    if (transaction->failure != 0 || key.size == 0 || key.size > ENGINE_KEY_BYTES) {
        return false;
    }
    MDB_val key_value = to_value(key);
    MDB_val value;
    int result =
        mdb_get(transaction->handle, transaction->engine->tables[table], &key_value, &value);
    if (!succeeded(transaction, result)) {
        return false;
    }
    *out_value = from_value(value);
    return true;
}

bool engine_has(
    struct engine_transaction *transaction, enum engine_table table, struct nnrpc_slice key) {
    struct nnrpc_slice unused;
    return engine_get(transaction, table, key, &unused);
}

static void note_change(struct engine_transaction *transaction, size_t value_size) {
    transaction->changed = true;
    transaction->room_bytes += value_size + ROOM_PAGES_EACH * transaction->engine->page_bytes;
}

void engine_put(
    struct engine_transaction *transaction, enum engine_table table, struct nnrpc_slice key,
    struct nnrpc_slice value) {
    if (transaction->failure != 0) {
        return;
    }
    MDB_val key_value = to_value(key);
    MDB_val data = to_value(value);
    note_change(transaction, value.size);
    succeeded(
        transaction,
        mdb_put(transaction->handle, transaction->engine->tables[table], &key_value, &data, 0));
}

void engine_delete(
    struct engine_transaction *transaction, enum engine_table table, struct nnrpc_slice key) {
    if (transaction->failure != 0) {
        return;
    }
    MDB_val key_value = to_value(key);
    note_change(transaction, 0);
    succeeded(
        transaction,
        mdb_del(transaction->handle, transaction->engine->tables[table], &key_value, NULL));
}

/* --- Cursors ------------------------------------------------------------------------------ */

struct engine_cursor engine_cursor_open(
    struct engine_transaction *transaction, enum engine_table table) {
    struct engine_cursor cursor = {.transaction = transaction};
    MDB_cursor *handle = NULL;
    if (transaction->failure == 0 &&
        succeeded(
            transaction,
            mdb_cursor_open(transaction->handle, transaction->engine->tables[table], &handle))) {
        cursor.handle = handle;
    }
    return cursor;
}

void engine_cursor_close(struct engine_cursor *cursor) {
    if (cursor->handle != NULL) {
        mdb_cursor_close(cursor->handle);
        cursor->handle = NULL;
    }
}

static bool move(struct engine_cursor *cursor, MDB_val key, MDB_cursor_op step) {
    MDB_val value;
    if (cursor->handle == NULL || cursor->transaction->failure != 0 ||
        !succeeded(cursor->transaction, mdb_cursor_get(cursor->handle, &key, &value, step))) {
        return false;
    }
    cursor->key = from_value(key);
    cursor->value = from_value(value);
    return true;
}

bool engine_cursor_seek(struct engine_cursor *cursor, struct nnrpc_slice key) {
    /* LMDB refuses an empty key. */
    return key.size == 0 ? engine_cursor_first(cursor) : move(cursor, to_value(key), MDB_SET_RANGE);
}

bool engine_cursor_first(struct engine_cursor *cursor) {
    return move(cursor, (MDB_val){0}, MDB_FIRST);
}

bool engine_cursor_last(struct engine_cursor *cursor) {
    return move(cursor, (MDB_val){0}, MDB_LAST);
}

bool engine_cursor_next(struct engine_cursor *cursor) {
    return move(cursor, (MDB_val){0}, MDB_NEXT);
}
