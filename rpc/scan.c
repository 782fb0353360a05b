/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bounding walk over a packed message. Nesting is kept on a stack of fixed size, one level a
 * message that is open, so that hostile bytes cannot recurse. The tag, varint and length rules are
 * protobuf-c 1.4.1's own: bytes that pass here mean the same to it.
 */
#include "scan.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "field.h"
#include "nnrpc/wire.h"

#define TAG_MAX_BYTES 5
#define LENGTH_MAX_BYTES 5
#define VARINT_MAX_BYTES 10
#define FIELD_NUMBER_MAX 0x1FFFFFFFu

/* What protobuf-c allocates beside messages and values: one of its notes for each field of a
 * message beyond the first 16, in blocks that double, and a bitmap above 128 fields. */
#define MEMBER_NOTE_BYTES 32
#define MEMBER_FIRST_BLOCK 16
#define BITMAP_FREE_FIELDS 128

#define PATH_BYTES 160
#define PATH_KEPT_BYTES 128 /* more than one name and its index take */
#define PATH_NAME_BYTES 100

/* A message that is open. */
struct level {
    const ProtobufCMessageDescriptor *type;
    const uint8_t *start;
    const uint8_t *end;
    const ProtobufCFieldDescriptor *field; /* the field being read, NULL when unknown */
    const uint8_t *field_start;
    size_t member_count;
    size_t member_room; /* notes that the blocks so far can hold */
};

struct scan {
    const uint8_t *next;
    size_t depth; /* index of the level being read */
    size_t field_count;
    bool is_reply;
    size_t unpack_bytes;
    const char *problem;
    bool is_field_problem;
    struct level levels[NNRPC_SCAN_MAX_DEPTH + 1];
};

static size_t aligned(size_t size) {
    return size == 0 ? 16 : (size + 15) & ~(size_t)15;
}

/* --- Telling the place -------------------------------------------------------------------- */

/* Number of occurrences of a field before a position, found by walking its message again. */
static size_t count_before(const struct level *level, uint32_t number) {
    struct nnrpc_wire_reader reader =
        nnrpc_wire_reader(level->start, (size_t)(level->field_start - level->start));
    struct nnrpc_wire_field field;
    size_t count = 0;
    while (nnrpc_wire_next(&reader, &field)) {
        count += field.number == number;
    }
    return count;
}

/* Leaves the end of a path, which says most, from the next whole name on; returns its size. */
static size_t shorten_path(char *text, size_t size) {
    const char *kept = strchr(text + size - PATH_KEPT_BYTES, '.');
    size_t kept_size = size - (size_t)(kept - text);
    memmove(text + 2, kept, kept_size + 1);
    memcpy(text, "..", 2);
    return kept_size + 2;
}

/* Writes "outer.inner[2]". */
static void write_path(const struct scan *scan, char path[PATH_BYTES]) {
    char text[2 * PATH_BYTES] = "";
    size_t size = 0;
    for (size_t depth = 0; depth <= scan->depth; depth++) {
        const struct level *level = &scan->levels[depth];
        if (level->field == NULL) {
            break;
        }
        char index[24] = "";
        if (level->field->label == PROTOBUF_C_LABEL_REPEATED) {
            snprintf(index, sizeof(index), "[%zu]", count_before(level, level->field->id));
        }
        size += (size_t)snprintf(
            text + size, sizeof(text) - size, "%s%.*s%s", depth == 0 ? "" : ".", PATH_NAME_BYTES,
            level->field->name, index);
        if (size >= PATH_BYTES) {
            size = shorten_path(text, size);
        }
    }
    memcpy(path, text, size);
    path[size] = '\0';
}

static enum nnrpc_code fail_scan(struct scan *scan, struct nnrpc_status *out_status) {
    char path[PATH_BYTES];
    if (!scan->is_field_problem) {
        /* The problem is in a message, not in one of its fields: name the field that holds it. */
        scan->levels[scan->depth].field = NULL;
    }
    write_path(scan, path);
    const char *name = scan->levels[0].type->name;
    if (path[0] == '\0') {
        return nnrpc_fail(
            out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, "MALFORMED_MESSAGE", "%.80s: %s",
            name, scan->problem);
    }
    return nnrpc_fail(
        out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, "MALFORMED_MESSAGE", "field \"%s\" %s",
        path, scan->problem);
}

/* Says what is wrong with the message being read. */
static bool refuse_message(struct scan *scan, const char *problem) {
    scan->problem = problem;
    scan->is_field_problem = false;
    return false;
}

/* Says what is wrong with the field being read, or with its message when the field is unknown. */
static bool refuse_field(struct scan *scan, const char *problem) {
    scan->problem = problem;
    scan->is_field_problem = scan->levels[scan->depth].field != NULL;
    return false;
}

/* --- Reading ------------------------------------------------------------------------------ */

/* Size of the varint at `at`, 0 when it is cut short or above max_bytes. */
static size_t varint_size(const uint8_t *at, const uint8_t *end, size_t max_bytes) {
    size_t left = (size_t)(end - at);
    size_t limit = left < max_bytes ? left : max_bytes;
    for (size_t index = 0; index < limit; index++) {
        if ((at[index] & 0x80) == 0) {
            return index + 1;
        }
    }
    return 0;
}

static uint64_t varint_value(const uint8_t *at, size_t size) {
    uint64_t value = 0;
    for (size_t index = 0; index < size; index++) {
        value |= (uint64_t)(at[index] & 0x7f) << (7 * index);
    }
    return value;
}

static bool read_tag(
    struct scan *scan, const uint8_t *end, uint32_t *out_number, uint8_t *out_wire_type) {
    size_t size = varint_size(scan->next, end, TAG_MAX_BYTES);
    uint64_t tag = varint_value(scan->next, size);
    if (size == 0 || tag >> 3 == 0 || tag >> 3 > FIELD_NUMBER_MAX) {
        return refuse_message(scan, "is malformed: not a field tag");
    }
    scan->next += size;
    *out_number = (uint32_t)(tag >> 3);
    *out_wire_type = (uint8_t)(tag & 7);
    return true;
}

/* Reads past a value; for text, bytes and messages *out_content is what stands after the length. */
static bool read_value(
    struct scan *scan, const uint8_t *end, uint8_t wire_type, struct nnrpc_slice *out_content) {
    const uint8_t *at = scan->next;
    size_t left = (size_t)(end - at);
    size_t size = 0;
    switch (wire_type) {
    case NNRPC_WIRE_VARINT:
        size = varint_size(at, end, VARINT_MAX_BYTES);
        break;
    case NNRPC_WIRE_FIXED64:
        size = left < sizeof(uint64_t) ? 0 : sizeof(uint64_t);
        break;
    case NNRPC_WIRE_FIXED32:
        size = left < sizeof(uint32_t) ? 0 : sizeof(uint32_t);
        break;
    case NNRPC_WIRE_BYTES: {
        size_t prefix = varint_size(at, end, LENGTH_MAX_BYTES);
        uint64_t length = varint_value(at, prefix);
        if (prefix != 0 && length <= left - prefix) {
            *out_content = (struct nnrpc_slice){.data = at + prefix, .size = (size_t)length};
            size = prefix + (size_t)length;
        }
        break;
    }
    default:
        return refuse_field(scan, "has a group or no known wire type");
    }
    if (size == 0) {
        return refuse_field(scan, "is cut short");
    }
    scan->next = at + size;
    return true;
}

static uint8_t own_wire_type(ProtobufCType type) {
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
        return NNRPC_WIRE_VARINT;
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return NNRPC_WIRE_FIXED32;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return NNRPC_WIRE_FIXED64;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return NNRPC_WIRE_BYTES;
    }
    return NNRPC_WIRE_BYTES;
}

static bool count_fields(struct scan *scan, size_t count) {
    scan->field_count += count;
    if (scan->is_reply) {
        return scan->field_count <= NNRPC_SCAN_MAX_REPLY_FIELDS ||
               refuse_message(scan, "has too many fields, above 4194304 in one reply");
    }
    if (scan->field_count > NNRPC_SCAN_MAX_FIELDS) {
        return refuse_message(scan, "has too many fields, above 65536 in one request");
    }
    return true;
}

/* Takes the memory of one more note of protobuf-c's into account. */
static void note_member(struct scan *scan, struct level *level) {
    level->member_count++;
    if (level->member_count > level->member_room) {
        size_t block = level->member_room + MEMBER_FIRST_BLOCK;
        level->member_room += block;
        scan->unpack_bytes += block * MEMBER_NOTE_BYTES;
    }
}

/* --- Values ------------------------------------------------------------------------------- */

/* Counts the varints of a packed field; false when the last one is cut short. */
static bool count_varints(struct nnrpc_slice content, size_t *out_count) {
    const uint8_t *at = content.data;
    const uint8_t *end = at + content.size;
    size_t count = 0;
    while (at != end) {
        size_t size = varint_size(at, end, VARINT_MAX_BYTES);
        if (size == 0) {
            return false;
        }
        at += size;
        count++;
    }
    *out_count = count;
    return true;
}

static bool check_packed(
    struct scan *scan, const ProtobufCFieldDescriptor *field, struct nnrpc_slice content) {
    size_t value_size = nnrpc_field_value_size(field->type);
    size_t count = content.size / value_size;
    if (own_wire_type(field->type) == NNRPC_WIRE_VARINT) {
        if (!count_varints(content, &count)) {
            return refuse_field(scan, "is packed with a value that is cut short");
        }
    } else if (content.size % value_size != 0) {
        return refuse_field(scan, "is packed, but not to a whole number of values");
    }
    /* For bool, protobuf-c makes room for one value a byte. */
    size_t room = field->type == PROTOBUF_C_TYPE_BOOL ? content.size : count;
    scan->unpack_bytes += aligned(room * value_size);
    return count_fields(scan, count);
}

static bool check_text(struct scan *scan, struct nnrpc_slice content) {
    if (content.size > 0 && memchr(content.data, '\0', content.size) != NULL) {
        return refuse_field(scan, "has a NUL character");
    }
    if (!nnrpc_utf8_valid(content.data, content.size)) {
        return refuse_field(scan, "is not valid UTF-8");
    }
    scan->unpack_bytes += aligned(content.size + 1);
    return true;
}

static bool open_message(
    struct scan *scan, const ProtobufCMessageDescriptor *type, struct nnrpc_slice content) {
    if (scan->depth == NNRPC_SCAN_MAX_DEPTH) {
        return refuse_field(scan, "nests deeper than 100 messages");
    }
    scan->depth++;
    scan->next = content.data;
    scan->levels[scan->depth] = (struct level){
        .type = type,
        .start = content.data,
        .end = content.data + content.size,
        .member_room = MEMBER_FIRST_BLOCK,
    };
    scan->unpack_bytes += aligned(type->sizeof_message);
    if (type->n_fields > BITMAP_FREE_FIELDS) {
        scan->unpack_bytes += aligned(type->n_fields / 8 + 1);
    }
    return true;
}

static bool check_known(
    struct scan *scan, const ProtobufCFieldDescriptor *field, uint8_t wire_type,
    struct nnrpc_slice content) {
    bool is_repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    uint8_t expected = own_wire_type(field->type);
    if (is_repeated && wire_type == NNRPC_WIRE_BYTES && expected != NNRPC_WIRE_BYTES) {
        return check_packed(scan, field, content);
    }
    /* protobuf-c takes a bool of any wire type. */
    if (wire_type != expected && field->type != PROTOBUF_C_TYPE_BOOL) {
        return refuse_field(scan, "has another wire type than its type has");
    }
    if (is_repeated) {
        scan->unpack_bytes += nnrpc_field_value_size(field->type);
    }
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        return check_text(scan, content);
    }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return open_message(scan, field->descriptor, content);
    }
    if (field->type == PROTOBUF_C_TYPE_BYTES && content.size > 0) {
        scan->unpack_bytes += aligned(content.size);
    }
    return true;
}

static void note_unknown(struct scan *scan, size_t size) {
    scan->unpack_bytes += sizeof(ProtobufCMessageUnknownField) + aligned(size);
}

/* Reads one field of the innermost message, going into it when it is a message. */
static bool read_field(struct scan *scan, struct level *level) {
    uint32_t number = 0;
    uint8_t wire_type = 0;
    struct nnrpc_slice content = {0};
    level->field_start = scan->next;
    if (!read_tag(scan, level->end, &number, &wire_type)) {
        return false;
    }
    if (level->field == NULL || level->field->id != number) {
        level->field = protobuf_c_message_descriptor_get_field(level->type, number);
    }
    const uint8_t *value_start = scan->next;
    if (!count_fields(scan, 1) || !read_value(scan, level->end, wire_type, &content)) {
        return false;
    }
    note_member(scan, level);
    if (level->field == NULL) {
        note_unknown(scan, (size_t)(scan->next - value_start));
        return true;
    }
    return check_known(scan, level->field, wire_type, content);
}

static enum nnrpc_code scan_message(
    const ProtobufCMessageDescriptor *type, const void *bytes, size_t size, bool is_reply,
    size_t *out_unpack_bytes, struct nnrpc_status *out_status) {
    /* The levels are written as they are entered; all of them are too many to clear. */
    struct scan scan;
    const uint8_t *start = bytes;
    scan.next = start;
    scan.depth = 0;
    scan.field_count = 0;
    scan.is_reply = is_reply;
    scan.unpack_bytes = aligned(type->sizeof_message);
    scan.levels[0] = (struct level){
        .type = type,
        .start = start,
        .end = size == 0 ? start : start + size,
        .member_room = MEMBER_FIRST_BLOCK,
    };
    while (true) {
        struct level *level = &scan.levels[scan.depth];
        if (scan.next != level->end) {
            if (!read_field(&scan, level)) {
                return fail_scan(&scan, out_status);
            }
        } else if (scan.depth == 0) {
            break;
        } else {
            scan.depth--;
        }
    }
    if (out_unpack_bytes != NULL) {
        *out_unpack_bytes = scan.unpack_bytes;
    }
    return NNRPC_OK;
}

enum nnrpc_code nnrpc_scan_message(
    const ProtobufCMessageDescriptor *type, const void *bytes, size_t size,
    size_t *out_unpack_bytes, struct nnrpc_status *out_status) {
    return scan_message(type, bytes, size, false, out_unpack_bytes, out_status);
}

enum nnrpc_code nnrpc_scan_reply(
    const ProtobufCMessageDescriptor *type, const void *bytes, size_t size,
    struct nnrpc_status *out_status) {
    return scan_message(type, bytes, size, true, NULL, out_status);
}
