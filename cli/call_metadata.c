/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metadata on the command line.
 */
#include "call_metadata.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nnrpc/wire.h"

void ctl_call_metadata_deinit(struct ctl_call_metadata *metadata) {
    for (size_t i = 0; i < metadata->count; i++) {
        free((char *)metadata->entries[i].key);
    }
    free(metadata->entries);
    *metadata = (struct ctl_call_metadata){0};
}

/* Letters, digits and -._ as gRPC's keys; upper case, as HTTP's headers are written, is lowered. */
static bool lower_key(char *key) {
    for (char *at = key; *at != '\0'; at++) {
        *at = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
        bool is_letter = (*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9');
        if (!is_letter && strchr("-._", *at) == NULL) {
            return false;
        }
    }
    return key[0] != '\0';
}

/* "KEY=VALUE", or with a colon "key: value". */
static bool add_entry(
    struct ctl_call_metadata *metadata, const struct ctl_given *given, char separator) {
    const char *mark = strchr(given->value, separator);
    size_t key_size = mark == NULL ? 0 : (size_t)(mark - given->value);
    char *key = ctl_allocate(key_size + 1, 1);
    memcpy(key, given->value, key_size);
    if (mark == NULL || !lower_key(key)) {
        ctl_complain(
            "--%s is \"%s\"; it must be %s, the key of letters, digits and -._", given->flag->name,
            given->value, separator == '=' ? "KEY=VALUE" : "\"KEY: VALUE\"");
        free(key);
        return false;
    }
    const char *value = mark + 1;
    value += separator == ':' ? strspn(value, " ") : 0;
    metadata->entries =
        ctl_resize(metadata->entries, metadata->count + 1, sizeof(*metadata->entries));
    metadata->entries[metadata->count++] =
        (struct nnrpc_metadata){.key = key, .value = value, .value_size = strlen(value)};
    return true;
}

bool ctl_call_metadata_read(
    const struct ctl_context *context, struct ctl_call_metadata *out_metadata) {
    const struct ctl_invocation *invocation = &context->invocation;
    for (size_t i = 0; i < invocation->given_count; i++) {
        const struct ctl_given *given = &invocation->given[i];
        bool is_pair = strcmp(given->flag->name, "metadata") == 0;
        bool is_header = strcmp(given->flag->name, "header") == 0;
        if ((is_pair || is_header) && !add_entry(out_metadata, given, is_pair ? '=' : ':')) {
            ctl_call_metadata_deinit(out_metadata);
            return false;
        }
    }
    return true;
}

static void append_value(struct nnrpc_buffer *out, const struct nnrpc_metadata *entry) {
    const uint8_t *bytes = entry->value;
    if (!nnrpc_utf8_valid(entry->value, entry->value_size)) {
        for (size_t i = 0; i < entry->value_size; i++) {
            nnrpc_buffer_append_format(out, "%02x", bytes[i]);
        }
        return;
    }
    for (size_t i = 0; i < entry->value_size; i++) {
        bool is_control = bytes[i] < ' ' || bytes[i] == 127;
        nnrpc_buffer_append(out, is_control ? (const uint8_t *)"?" : &bytes[i], 1);
    }
}

void ctl_reply_metadata_print(const char *place, const struct nnrpc_reply_metadata *metadata) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer out = {0};
    for (size_t i = 0;; i++) {
        struct nnrpc_metadata entry = nnrpc_reply_metadata_at(metadata, i);
        if (entry.key == NULL) {
            break;
        }
        const struct nnrpc_metadata key = {.value = entry.key, .value_size = strlen(entry.key)};
        nnrpc_buffer_append_text(&out, place != NULL ? place : "");
        append_value(&out, &key);
        nnrpc_buffer_append_text(&out, ": ");
        append_value(&out, &entry);
        nnrpc_buffer_append_text(&out, "\n");
    }
    fflush(stdout);
    fputs(ctl_buffer_text(&out), stderr);
}
