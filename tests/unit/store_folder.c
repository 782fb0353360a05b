/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data folders as files.
 */
#include "store_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_fixture.h"

static void path_of(const char *folder, const char *name, char out_path[512]) {
    assert_true(snprintf(out_path, 512, "%s/%s", folder, name) < 512);
}

static void copy_file(const char *from, const char *to) {
    int source = open(from, O_RDONLY);
    int target = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    struct stat file;
    assert_true(source >= 0 && target >= 0);
    assert_int_equal(fstat(source, &file), 0);
    for (off_t at = 0; at < file.st_size;) {
        assert_true(sendfile(target, source, &at, (size_t)(file.st_size - at)) > 0);
    }
    close(source);
    close(target);
}

/* Calls for every file of a folder. */
static void visit(
    const char *folder, void (*call)(void *self, const char *folder, const char *name),
    void *self) {
    DIR *entries = opendir(folder);
    struct dirent *entry;
    assert_non_null(entries);
    while ((entry = readdir(entries)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            call(self, folder, entry->d_name);
        }
    }
    closedir(entries);
}

static void copy_one(void *self, const char *folder, const char *name) {
    char from[512];
    char to[512];
    if (strstr(name, "lock") == NULL) {
        path_of(folder, name, from);
        path_of(self, name, to);
        copy_file(from, to);
    }
}

void folder_copy(const char *from, const char *to) {
    char target[512];
    snprintf(target, sizeof(target), "%s", to);
    assert_int_equal(mkdir(to, 0700), 0);
    visit(from, copy_one, target);
}

static void remove_one(void *self, const char *folder, const char *name) {
    char path[512];
    (void)self;
    path_of(folder, name, path);
    assert_int_equal(unlink(path), 0);
}

void folder_remove(const char *folder) {
    visit(folder, remove_one, NULL);
    assert_int_equal(rmdir(folder), 0);
}

int folder_has(const char *folder, const char *name) {
    char path[512];
    path_of(folder, name, path);
    return access(path, F_OK) == 0;
}

void folder_remove_file(const char *folder, const char *name) {
    remove_one(NULL, folder, name);
}

void folder_add_file(const char *folder, const char *name) {
    char path[512];
    path_of(folder, name, path);
    int descriptor = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(descriptor >= 0);
    close(descriptor);
}

/* --- Segments ----------------------------------------------------------------------------- */

struct names {
    char first[64];
    char last[64];
    size_t count;
};

static void note_segment(void *self, const char *folder, const char *name) {
    struct names *names = self;
    (void)folder;
    if (strncmp(name, "segment-", 8) != 0) {
        return;
    }
    if (names->count == 0 || strcmp(name, names->first) < 0) {
        snprintf(names->first, sizeof(names->first), "%s", name);
    }
    if (names->count == 0 || strcmp(name, names->last) > 0) {
        snprintf(names->last, sizeof(names->last), "%s", name);
    }
    names->count++;
}

static struct names find_segments(const char *folder) {
    struct names names = {.count = 0};
    visit(folder, note_segment, &names);
    return names;
}

void folder_first_segment(const char *folder, char out_name[64]) {
    const struct names names = find_segments(folder);
    memcpy(out_name, names.first, sizeof(names.first));
}

void folder_last_segment(const char *folder, char out_name[64]) {
    const struct names names = find_segments(folder);
    memcpy(out_name, names.last, sizeof(names.last));
}

size_t folder_count_segments(const char *folder) {
    return find_segments(folder).count;
}

/* --- Bytes -------------------------------------------------------------------------------- */

long folder_find(const char *folder, const char *name, const char *text) {
    char path[512];
    struct stat file;
    path_of(folder, name, path);
    int descriptor = open(path, O_RDONLY);
    assert_true(descriptor >= 0);
    assert_int_equal(fstat(descriptor, &file), 0);
    char *bytes = malloc((size_t)file.st_size + 1);
    assert_non_null(bytes);
    assert_int_equal(read(descriptor, bytes, (size_t)file.st_size), file.st_size);
    const char *found = memmem(bytes, (size_t)file.st_size, text, strlen(text));
    long at = found == NULL ? -1 : found - bytes;
    free(bytes);
    close(descriptor);
    return at;
}

void folder_flip(const char *folder, const char *name, long at) {
    char path[512];
    uint8_t byte = 0;
    path_of(folder, name, path);
    int descriptor = open(path, O_RDWR);
    assert_true(descriptor >= 0);
    assert_int_equal(pread(descriptor, &byte, 1, at), 1);
    byte ^= 0x10;
    assert_int_equal(pwrite(descriptor, &byte, 1, at), 1);
    close(descriptor);
}

/* --- Tables ------------------------------------------------------------------------------- */

static void digest_table(
    struct engine_transaction *transaction, enum engine_table table, uint8_t *out_digest) {
    struct nnrpc_digest_state state;
    struct engine_cursor cursor = engine_cursor_open(transaction, table);
    nnrpc_digest_begin(&state);
    for (bool found = engine_cursor_first(&cursor); found; found = engine_cursor_next(&cursor)) {
        const uint64_t sizes[] = {cursor.key.size, cursor.value.size};
        nnrpc_digest_update(&state, sizes, sizeof(sizes));
        nnrpc_digest_update(&state, cursor.key.data, cursor.key.size);
        nnrpc_digest_update(&state, cursor.value.data, cursor.value.size);
    }
    engine_cursor_close(&cursor);
    nnrpc_digest_end(&state, out_digest);
}

void tables_read(const char *folder, struct tables *out_tables) {
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct engine *engine = NULL;
    struct engine_transaction *transaction = NULL;
    char path[512];
    path_of(folder, "data.mdb", path);
    const struct engine_options options = {.path = path, .alone = true, .read_only = true};
    assert_int_equal(engine_open(&options, &engine, &status), NNRPC_OK);
    assert_int_equal(engine_begin_read(engine, &transaction, &status), NNRPC_OK);
    for (int table = 0; table < ENGINE_TABLE_COUNT; table++) {
        digest_table(transaction, (enum engine_table)table, out_tables->digests[table]);
    }
    assert_int_equal(engine_check(transaction, &status), NNRPC_OK);
    engine_abort(transaction);
    engine_close(engine);
}

void expect_equal_tables(const struct tables *actual, const struct tables *expected) {
    for (int table = 0; table < ENGINE_TABLE_COUNT; table++) {
        if (memcmp(actual->digests[table], expected->digests[table], NNRPC_DIGEST_BYTES) != 0) {
            fail_msg("table %s differs", engine_table_name((enum engine_table)table));
        }
    }
}
