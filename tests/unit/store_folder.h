/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data folders as files: copies of them as a killed process would leave them, what is in their
 * tables, and single bytes of them changed.
 */
#ifndef CONTACTS_TESTS_STORE_FOLDER_H
#define CONTACTS_TESTS_STORE_FOLDER_H

#include <stddef.h>
#include <stdint.h>

#include "nnrpc/crypto.h"
#include "store/engine.h"

/** Copies the files of a data folder, open or not, into a new one, but for what is a lock. */
void folder_copy(const char *from, const char *to);

/** Removes a folder and all in it. */
void folder_remove(const char *folder);

/** Whether a folder has a file. */
int folder_has(const char *folder, const char *name);

/** Removes a file that must be there; makes an empty one. */
void folder_remove_file(const char *folder, const char *name);
void folder_add_file(const char *folder, const char *name);

/** The name of the first or the last segment that a folder has. */
void folder_first_segment(const char *folder, char out_name[64]);
void folder_last_segment(const char *folder, char out_name[64]);
size_t folder_count_segments(const char *folder);

/** Finds bytes in a file. @return where, or -1. */
long folder_find(const char *folder, const char *name, const char *text);

/** Turns one bit of a file. */
void folder_flip(const char *folder, const char *name, long at);

/** A digest of every table's entries, in a store that nobody has open. */
struct tables {
    uint8_t digests[ENGINE_TABLE_COUNT][NNRPC_DIGEST_BYTES];
};
void tables_read(const char *folder, struct tables *out_tables);

/** Asserts that they are the same, table by table. */
void expect_equal_tables(const struct tables *actual, const struct tables *expected);

#endif
