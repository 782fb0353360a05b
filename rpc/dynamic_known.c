/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages that have a JSON form of their own. JSON reads and writes them by where their fields
 * are, so their tables are the compiled-in ones, whatever a set says that they look like.
 */
#include <string.h>

#include "dynamic.h"
#include "google/protobuf/any.nnrpc.h"
#include "google/protobuf/duration.nnrpc.h"
#include "google/protobuf/empty.nnrpc.h"
#include "google/protobuf/field_mask.nnrpc.h"
#include "google/protobuf/struct.nnrpc.h"
#include "google/protobuf/timestamp.nnrpc.h"
#include "google/protobuf/wrappers.nnrpc.h"

static const struct nnrpc_message *const MESSAGES[] = {
    &google_protobuf_any_message,           &google_protobuf_bool_value_message,
    &google_protobuf_bytes_value_message,   &google_protobuf_double_value_message,
    &google_protobuf_duration_message,      &google_protobuf_empty_message,
    &google_protobuf_field_mask_message,    &google_protobuf_float_value_message,
    &google_protobuf_int32_value_message,   &google_protobuf_int64_value_message,
    &google_protobuf_list_value_message,    &google_protobuf_string_value_message,
    &google_protobuf_struct_message,        &google_protobuf_struct_fields_entry_message,
    &google_protobuf_timestamp_message,     &google_protobuf_u_int32_value_message,
    &google_protobuf_u_int64_value_message, &google_protobuf_value_message,
};

const struct nnrpc_message *nnrpc_dynamic_known_message(const char *full_name) {
    static const char PACKAGE[] = "google.protobuf.";
    if (strncmp(full_name, PACKAGE, sizeof(PACKAGE) - 1) != 0) {
        return NULL;
    }
    for (size_t i = 0; i < NNRPC_LENGTH(MESSAGES); i++) {
        if (strcmp(MESSAGES[i]->descriptor->name, full_name) == 0) {
            return MESSAGES[i];
        }
    }
    return NULL;
}

const struct nnrpc_enum *nnrpc_dynamic_known_enum(const char *full_name) {
    const struct nnrpc_enum *null_value = &google_protobuf_null_value_enum;
    return strcmp(null_value->descriptor->name, full_name) == 0 ? null_value : NULL;
}
