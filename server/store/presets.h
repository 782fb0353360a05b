/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Presets: the values that some fields of a contact allow.
 *
 * The names of a field are listed by bytes, up to 1,024 of them, which is more than a key holds. So
 * a key is the field and the beginning of the name, and its value is a bucket: every packed
 * PresetValue whose name begins so, in order. A bucket nearly always holds one.
 */
#ifndef CONTACTS_STORE_PRESETS_H
#define CONTACTS_STORE_PRESETS_H

#include <stdbool.h>

#include "engine.h"
#include "nnrpc/buffer.h"
#include "nnrpc/status.h"

/** Names in an error's info. */
#define PRESET_ALLOWED_MOST 20

enum preset_state {
    PRESET_ABSENT,
    PRESET_ACTIVE,
    PRESET_RETIRED,
};

/** Index of a field in store_preset_fields, or -1. */
int preset_field_index(struct nnrpc_slice name);

/** Finds a value. @param out_record  The packed PresetValue unless absent; NULL is fine. */
enum preset_state preset_find(
    struct engine_transaction *transaction, int field, struct nnrpc_slice name,
    struct nnrpc_slice *out_record);

/** Puts a packed PresetValue in place of the one of its name. Copies what it needs first. */
void preset_put(struct engine_transaction *transaction, struct nnrpc_slice record);

/** Appends up to PRESET_ALLOWED_MOST names that are not retired, with commas between. */
void preset_append_allowed(
    struct engine_transaction *transaction, int field, struct nnrpc_buffer *out_text);

/** Sets UNKNOWN_PRESET_FIELD with the names of all fields and returns its code. */
enum nnrpc_code preset_fail_unknown_field(struct nnrpc_status *out_status, const char *field);

/** Reads a packed PresetValue. @return false when it is none. */
bool preset_read(
    struct nnrpc_slice record, struct nnrpc_slice *out_field, struct nnrpc_slice *out_name,
    bool *out_retired);

/** Takes the next packed PresetValue off a bucket. @return false at the end. */
bool preset_bucket_next(struct nnrpc_slice *bucket, struct nnrpc_slice *out_record);

/** The key of the bucket for a name. */
struct key preset_key(int field, struct nnrpc_slice name);

#endif
