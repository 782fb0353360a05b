/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A status on the wire: nnrpc/v1/status.proto, both directions.
 */
#include "frame.h"

#include <string.h>

/* Field numbers of nnrpc/v1/status.proto. */
enum { STATUS_CODE = 1, STATUS_MESSAGE = 2, STATUS_ERROR_INFO = 3, STATUS_VIOLATIONS = 4 };
enum { INFO_REASON = 1, INFO_DOMAIN = 2, INFO_METADATA = 3 };
enum { ENTRY_KEY = 1, ENTRY_VALUE = 2 };
enum { VIOLATION_FIELD = 1, VIOLATION_DESCRIPTION = 2, VIOLATION_REASON = 3 };

/* --- Writing ------------------------------------------------------------------------------ */

/* Size of a text field; an empty text is left out. */
static size_t text_size(uint32_t number, const char *text) {
    size_t size = strlen(text);
    return size == 0 ? 0 : nnrpc_wire_bytes_field_size(number, size);
}

static void append_text(struct nnrpc_buffer *buffer, uint32_t number, const char *text) {
    size_t size = strlen(text);
    if (size != 0) {
        nnrpc_wire_append_bytes(buffer, number, text, size);
    }
}

static void append_header(struct nnrpc_buffer *buffer, uint32_t number, size_t content_size) {
    uint8_t *at = nnrpc_buffer_reserve(buffer, nnrpc_wire_tag_size(number) + 10);
    if (at != NULL) {
        buffer->size += (size_t)(nnrpc_wire_put_bytes_header(at, number, content_size) - at);
    }
}

static size_t entry_size(const struct nnrpc_info *info) {
    return text_size(ENTRY_KEY, info->key) + text_size(ENTRY_VALUE, info->value);
}

static size_t error_info_size(const struct nnrpc_status *status) {
    size_t size = text_size(INFO_REASON, status->reason) + text_size(INFO_DOMAIN, status->domain);
    size_t count = status->details == NULL ? 0 : status->details->info_count;
    for (size_t i = 0; i < count; i++) {
        size += nnrpc_wire_bytes_field_size(INFO_METADATA, entry_size(&status->details->infos[i]));
    }
    return size;
}

static size_t violation_size(const struct nnrpc_violation *violation) {
    return text_size(VIOLATION_FIELD, violation->field) +
           text_size(VIOLATION_DESCRIPTION, violation->description) +
           text_size(VIOLATION_REASON, violation->reason);
}

size_t nnrpc_frame_status_size(const struct nnrpc_status *status) {
    if (status->code == NNRPC_OK) {
        return 0;
    }
    size_t size = nnrpc_wire_tag_size(STATUS_CODE) + nnrpc_wire_varint_size((uint64_t)status->code);
    size += text_size(STATUS_MESSAGE, status->message);
    size += nnrpc_wire_bytes_field_size(STATUS_ERROR_INFO, error_info_size(status));
    size_t count = status->details == NULL ? 0 : status->details->violation_count;
    for (size_t i = 0; i < count; i++) {
        size += nnrpc_wire_bytes_field_size(
            STATUS_VIOLATIONS, violation_size(&status->details->violations[i]));
    }
    return size;
}

static void append_error_info(struct nnrpc_buffer *buffer, const struct nnrpc_status *status) {
    append_header(buffer, STATUS_ERROR_INFO, error_info_size(status));
    append_text(buffer, INFO_REASON, status->reason);
    append_text(buffer, INFO_DOMAIN, status->domain);
    size_t count = status->details == NULL ? 0 : status->details->info_count;
    for (size_t i = 0; i < count; i++) {
        const struct nnrpc_info *info = &status->details->infos[i];
        append_header(buffer, INFO_METADATA, entry_size(info));
        append_text(buffer, ENTRY_KEY, info->key);
        append_text(buffer, ENTRY_VALUE, info->value);
    }
}

static void append_violation(struct nnrpc_buffer *buffer, const struct nnrpc_violation *violation) {
    append_header(buffer, STATUS_VIOLATIONS, violation_size(violation));
    append_text(buffer, VIOLATION_FIELD, violation->field);
    append_text(buffer, VIOLATION_DESCRIPTION, violation->description);
    append_text(buffer, VIOLATION_REASON, violation->reason);
}

void nnrpc_frame_append_status(struct nnrpc_buffer *buffer, const struct nnrpc_status *status) {
    if (status->code == NNRPC_OK) {
        return;
    }
    nnrpc_wire_append_varint(buffer, STATUS_CODE, (uint64_t)status->code);
    append_text(buffer, STATUS_MESSAGE, status->message);
    append_error_info(buffer, status);
    size_t count = status->details == NULL ? 0 : status->details->violation_count;
    for (size_t i = 0; i < count; i++) {
        append_violation(buffer, &status->details->violations[i]);
    }
}

/* --- Reading ------------------------------------------------------------------------------ */

/* The texts of a packed message's fields 1 to 3, as they stand; the last of each wins. */
struct texts {
    struct nnrpc_slice at[4];
};

#define TEXT_FORMAT "%.*s"
#define TEXT(slice) (int)(slice).size, (const char *)(slice).data

/* False when the bytes are not wire format or a text is not one. */
static bool read_texts(struct nnrpc_slice packed, uint32_t text_count, struct texts *out_texts) {
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(packed.data, packed.size);
    struct nnrpc_wire_field field;
    for (size_t i = 0; i < NNRPC_LENGTH(out_texts->at); i++) {
        out_texts->at[i] = (struct nnrpc_slice){(const uint8_t *)"", 0};
    }
    while (nnrpc_wire_next(&reader, &field)) {
        if (field.number > text_count) {
            continue;
        }
        if (field.type != NNRPC_WIRE_BYTES ||
            !nnrpc_utf8_valid(field.bytes.data, field.bytes.size)) {
            return false;
        }
        out_texts->at[field.number] = field.bytes;
    }
    return !reader.failed;
}

/* The fixed part of a status. */
struct outline {
    uint64_t code;
    struct nnrpc_slice message;
    struct texts info;
};

static bool read_outline_field(const struct nnrpc_wire_field *field, struct outline *outline) {
    switch (field->number) {
    case STATUS_CODE:
        outline->code = field->value;
        return field->type == NNRPC_WIRE_VARINT;
    case STATUS_MESSAGE:
        outline->message = field->bytes;
        return field->type == NNRPC_WIRE_BYTES &&
               nnrpc_utf8_valid(field->bytes.data, field->bytes.size);
    case STATUS_ERROR_INFO:
        return field->type == NNRPC_WIRE_BYTES &&
               read_texts(field->bytes, INFO_DOMAIN, &outline->info);
    default:
        return true;
    }
}

static bool read_outline(struct nnrpc_slice packed, struct outline *out_outline) {
    static const struct nnrpc_slice none = {(const uint8_t *)"", 0};
    *out_outline = (struct outline){.message = none, .info = {{none, none, none, none}}};
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(packed.data, packed.size);
    struct nnrpc_wire_field field;
    while (nnrpc_wire_next(&reader, &field)) {
        if (!read_outline_field(&field, out_outline)) {
            return false;
        }
    }
    return !reader.failed;
}

/* The facts of an error info. */
static bool read_infos(struct nnrpc_slice error_info, struct nnrpc_status *status) {
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(error_info.data, error_info.size);
    struct nnrpc_wire_field field;
    while (nnrpc_wire_next(&reader, &field)) {
        struct texts entry;
        if (field.number != INFO_METADATA) {
            continue;
        }
        if (field.type != NNRPC_WIRE_BYTES || !read_texts(field.bytes, ENTRY_VALUE, &entry)) {
            return false;
        }
        char key[64];
        if (entry.at[ENTRY_KEY].size < sizeof(key)) {
            memcpy(key, entry.at[ENTRY_KEY].data, entry.at[ENTRY_KEY].size);
            key[entry.at[ENTRY_KEY].size] = '\0';
            nnrpc_status_add_info(status, key, TEXT_FORMAT, TEXT(entry.at[ENTRY_VALUE]));
        }
    }
    return !reader.failed;
}

static bool read_violation(struct nnrpc_slice packed, struct nnrpc_status *status) {
    struct texts texts;
    if (!read_texts(packed, VIOLATION_REASON, &texts)) {
        return false;
    }
    struct nnrpc_buffer names NNRPC_CLEANUP(nnrpc_buffer_deinit) = {0};
    struct nnrpc_slice path = texts.at[VIOLATION_FIELD];
    struct nnrpc_slice reason = texts.at[VIOLATION_REASON];
    nnrpc_buffer_append(&names, path.data, path.size);
    nnrpc_buffer_append(&names, "", 1);
    nnrpc_buffer_append(&names, reason.data, reason.size);
    const char *terminated = nnrpc_buffer_text(&names);
    if (terminated != NULL) {
        nnrpc_status_add_violation(
            status, terminated, terminated + path.size + 1, TEXT_FORMAT,
            TEXT(texts.at[VIOLATION_DESCRIPTION]));
    }
    return true;
}

static bool read_details(struct nnrpc_slice packed, struct nnrpc_status *status) {
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(packed.data, packed.size);
    struct nnrpc_wire_field field;
    while (nnrpc_wire_next(&reader, &field)) {
        bool good = true;
        if (field.number == STATUS_ERROR_INFO) {
            good = read_infos(field.bytes, status);
        } else if (field.number == STATUS_VIOLATIONS) {
            good = field.type == NNRPC_WIRE_BYTES && read_violation(field.bytes, status);
        }
        if (!good) {
            return false;
        }
    }
    return true;
}

/* Terminates a text in a fixed array, cut to what fits. */
static void copy_text(struct nnrpc_slice text, char *out_text, size_t out_size) {
    size_t size = text.size < out_size ? text.size : out_size - 1;
    memcpy(out_text, text.data, size);
    out_text[size] = '\0';
}

bool nnrpc_frame_read_status(struct nnrpc_slice packed, struct nnrpc_status *out_status) {
    struct outline outline;
    if (!read_outline(packed, &outline)) {
        return false;
    }
    if (outline.code == NNRPC_OK) {
        nnrpc_status_reset(out_status);
        return true;
    }
    char reason[NNRPC_STATUS_REASON_BYTES];
    char domain[NNRPC_STATUS_DOMAIN_BYTES];
    copy_text(outline.info.at[INFO_REASON], reason, sizeof(reason));
    copy_text(outline.info.at[INFO_DOMAIN], domain, sizeof(domain));
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    enum nnrpc_code code =
        outline.code < NNRPC_CODE_COUNT ? (enum nnrpc_code)outline.code : NNRPC_UNKNOWN;
    (void)nnrpc_fail(&status, code, domain, reason, TEXT_FORMAT, TEXT(outline.message));
    if (!read_details(packed, &status)) {
        return false;
    }
    nnrpc_status_move(out_status, &status);
    return true;
}
