/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single values as JSON. Text that is not UTF-8 gets U+FFFD, so that JSON comes out always.
 */
#include "json_scalar.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "nnrpc/json.h"
#include "nnrpc/wire.h"
#include "utf8.h"

#define EACH_BYTE UINT64_C(0x0101010101010101)

static void write_escape(struct nnrpc_buffer *out, unsigned char character) {
    static const char NAMED[] = {
        ['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
        ['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't',
    };
    char name = character < sizeof(NAMED) ? NAMED[character] : '\0';
    if (name != '\0') {
        char escape[] = {'\\', name};
        nnrpc_buffer_append(out, escape, sizeof(escape));
    } else {
        nnrpc_buffer_append_format(out, "\\u%04x", character);
    }
}

/* Size of the run at the front that stands in a JSON string as it is. */
static size_t plain_run(const unsigned char *text, size_t size, bool is_utf8) {
    size_t at = 0;
    while (at < size && text[at] >= 0x20 && text[at] != '"' && text[at] != '\\') {
        if (text[at] < 0x80 || is_utf8) {
            at++;
            continue;
        }
        size_t character = nnrpc_utf8_character_size(text + at, size - at);
        if (character == 0) {
            return at;
        }
        at += character;
    }
    return at;
}

/* Bytes of a word that are zero have their high bit set in the result; others may, above such. */
static uint64_t zero_bytes(uint64_t word) {
    return (word - EACH_BYTE) & ~word;
}

/* Whether text stands in a JSON string as it is and is ASCII, eight bytes a step. */
static bool is_plain(const char *text, size_t size) {
    const unsigned char *at = (const unsigned char *)text;
    for (; size >= sizeof(uint64_t); at += sizeof(uint64_t), size -= sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, at, sizeof(word));
        uint64_t control = (word - EACH_BYTE * 0x20) & ~word;
        uint64_t escaped = zero_bytes(word ^ EACH_BYTE * '"') | zero_bytes(word ^ EACH_BYTE * '\\');
        if (((word | control | escaped) & EACH_BYTE * 0x80) != 0) {
            return false;
        }
    }
    for (; size != 0; at++, size--) {
        if (*at < 0x20 || *at >= 0x80 || *at == '"' || *at == '\\') {
            return false;
        }
    }
    return true;
}

static void write_escaped(struct nnrpc_buffer *out, const char *text, size_t size) {
    const unsigned char *at = (const unsigned char *)text;
    bool is_utf8 = nnrpc_utf8_valid(text, size);
    while (size != 0) {
        size_t run = plain_run(at, size, is_utf8);
        nnrpc_buffer_append(out, at, run);
        at += run;
        size -= run;
        if (size == 0) {
            break;
        }
        if (*at < 0x80) {
            write_escape(out, *at);
        } else {
            nnrpc_buffer_append_text(out, "\\ufffd");
        }
        at++;
        size--;
    }
}

void nnrpc_json_write_string(struct nnrpc_buffer *out, const char *text, size_t size) {
    if (!is_plain(text, size)) {
        nnrpc_buffer_append(out, "\"", 1);
        write_escaped(out, text, size);
        nnrpc_buffer_append(out, "\"", 1);
        return;
    }
    uint8_t *at = nnrpc_buffer_reserve(out, size + 2);
    if (at != NULL) {
        at[0] = '"';
        if (size != 0) {
            memcpy(at + 1, text, size);
        }
        at[size + 1] = '"';
        out->size += size + 2;
    }
}

static void write_text(struct nnrpc_buffer *out, const char *text) {
    nnrpc_json_write_string(out, text == NULL ? "" : text, text == NULL ? 0 : strlen(text));
}

static void write_base64(struct nnrpc_buffer *out, const ProtobufCBinaryData *bytes) {
    size_t size = NNRPC_BASE64_SIZE(bytes->len);
    uint8_t *at = nnrpc_buffer_reserve(out, size + 2);
    if (at == NULL) {
        return;
    }
    at[0] = '"';
    nnrpc_base64_write(bytes->data, bytes->len, (char *)at + 1);
    at[size + 1] = '"';
    out->size += size + 2;
}

/* The program's locale may write the decimal point otherwise; JSON may not. Whole numbers that are
 * minus zero get a point, since without one a reader takes them for the integer 0. */
static void write_number_text(struct nnrpc_buffer *out, const char *text) {
    if (strcmp(text, "-0") == 0) {
        nnrpc_buffer_append_text(out, "-0.0");
        return;
    }
    size_t whole = strspn(text, "0123456789-");
    nnrpc_buffer_append(out, text, whole);
    size_t point = strcspn(text + whole, "0123456789e");
    if (point != 0) {
        nnrpc_buffer_append(out, ".", 1);
    }
    nnrpc_buffer_append_text(out, text + whole + point);
}

static bool write_not_finite(struct nnrpc_buffer *out, double number) {
    if (isnan(number)) {
        nnrpc_buffer_append_text(out, "\"NaN\"");
        return true;
    }
    if (isinf(number)) {
        nnrpc_buffer_append_text(out, number > 0 ? "\"Infinity\"" : "\"-Infinity\"");
        return true;
    }
    return false;
}

/* The shortest text that reads back as the same number. */
static void write_double(struct nnrpc_buffer *out, double number) {
    if (write_not_finite(out, number)) {
        return;
    }
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, number);
        if (strtod(text, NULL) == number) {
            break;
        }
    }
    write_number_text(out, text);
}

static void write_float(struct nnrpc_buffer *out, float number) {
    if (write_not_finite(out, (double)number)) {
        return;
    }
    char text[32];
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, (double)number);
        if (strtof(text, NULL) == number) {
            break;
        }
    }
    write_number_text(out, text);
}

bool nnrpc_json_is_null_value(const ProtobufCEnumDescriptor *descriptor) {
    return strcmp(descriptor->name, "google.protobuf.NullValue") == 0;
}

static void write_enum(
    struct nnrpc_buffer *out, const ProtobufCFieldDescriptor *field, const struct nnrpc_enum *names,
    int32_t number) {
    const ProtobufCEnumDescriptor *descriptor = field->descriptor;
    if (nnrpc_json_is_null_value(descriptor)) {
        nnrpc_buffer_append_text(out, "null");
        return;
    }
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(descriptor, number);
    if (value == NULL) {
        nnrpc_buffer_append_format(out, "%" PRId32, number);
        return;
    }
    write_text(out, names->json_names[value - descriptor->values]);
}

/* One value of any type but message; as a map key every one stands in quotes. */
void nnrpc_json_write_scalar(
    struct nnrpc_buffer *out, const ProtobufCFieldDescriptor *field, const struct nnrpc_enum *names,
    const void *value, bool is_key) {
    const char *quote = is_key ? "\"" : "";
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        nnrpc_buffer_append_format(out, "%s%" PRId32 "%s", quote, *(const int32_t *)value, quote);
        return;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        nnrpc_buffer_append_format(out, "%s%" PRIu32 "%s", quote, *(const uint32_t *)value, quote);
        return;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        nnrpc_buffer_append_format(out, "\"%" PRId64 "\"", *(const int64_t *)value);
        return;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        nnrpc_buffer_append_format(out, "\"%" PRIu64 "\"", *(const uint64_t *)value);
        return;
    case PROTOBUF_C_TYPE_FLOAT:
        write_float(out, *(const float *)value);
        return;
    case PROTOBUF_C_TYPE_DOUBLE:
        write_double(out, *(const double *)value);
        return;
    case PROTOBUF_C_TYPE_BOOL:
        nnrpc_buffer_append_text(out, quote);
        nnrpc_buffer_append_text(out, *(const protobuf_c_boolean *)value ? "true" : "false");
        nnrpc_buffer_append_text(out, quote);
        return;
    case PROTOBUF_C_TYPE_ENUM:
        write_enum(out, field, names, *(const int32_t *)value);
        return;
    case PROTOBUF_C_TYPE_STRING:
        write_text(out, *(const char *const *)value);
        return;
    case PROTOBUF_C_TYPE_BYTES:
        write_base64(out, value);
        return;
    case PROTOBUF_C_TYPE_MESSAGE:
        assert(!"a message is no scalar");
        return;
    }
}
