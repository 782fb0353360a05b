/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire frame, both directions. Received bytes are checked once, by the open functions, down to
 * the fields of requests, responses and metadata; the functions that walk them afterwards rely on
 * that and merely end early on bytes that were never checked.
 */
#include "frame.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What is wrong with a frame, and where. The first finding stands. */
struct finding {
    const char *problem; /* NULL: nothing */
    size_t offset;       /* of the outer field */
};

static void find_problem(struct finding *finding, const char *problem, size_t offset) {
    if (finding->problem == NULL && problem != NULL) {
        finding->problem = problem;
        finding->offset = offset;
    }
}

/* --- Checking ----------------------------------------------------------------------------- */

static const char *check_metadata(struct nnrpc_slice packed) {
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(packed.data, packed.size);
    struct nnrpc_wire_field field;
    while (nnrpc_wire_next(&reader, &field)) {
        if (field.number > METADATA_VALUE) {
            continue;
        }
        if (field.type != NNRPC_WIRE_BYTES) {
            return "a metadata field has the wrong wire type";
        }
        if (field.number == METADATA_KEY && !nnrpc_utf8_valid(field.bytes.data, field.bytes.size)) {
            return "a metadata key is not UTF-8";
        }
    }
    return reader.failed ? "metadata is not a protobuf message" : NULL;
}

static const char *check_counted_metadata(
    const struct nnrpc_wire_field *field, size_t *metadata_count) {
    if (field->type != NNRPC_WIRE_BYTES) {
        return "metadata has the wrong wire type";
    }
    *metadata_count += 1;
    if (*metadata_count > NNRPC_FRAME_MAX_METADATA) {
        return "more than 64 metadata in one place";
    }
    return check_metadata(field->bytes);
}

static const char *check_request_field(
    const struct nnrpc_wire_field *field, size_t *metadata_count) {
    switch (field->number) {
    case REQUEST_METHOD:
        if (field->type != NNRPC_WIRE_BYTES) {
            return "a request's method has the wrong wire type";
        }
        return nnrpc_utf8_valid(field->bytes.data, field->bytes.size)
                   ? NULL
                   : "a request's method is not UTF-8";
    case REQUEST_TIMEOUT_MS:
        return field->type == NNRPC_WIRE_VARINT ? NULL
                                                : "a request's timeout_ms has the wrong wire type";
    case REQUEST_METADATA:
        return check_counted_metadata(field, metadata_count);
    case REQUEST_MESSAGE:
        return field->type == NNRPC_WIRE_BYTES ? NULL
                                               : "a request's message has the wrong wire type";
    default:
        return NULL;
    }
}

static const char *check_request(struct nnrpc_slice packed) {
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(packed.data, packed.size);
    struct nnrpc_wire_field field;
    size_t metadata_count = 0;
    while (nnrpc_wire_next(&reader, &field)) {
        const char *problem = check_request_field(&field, &metadata_count);
        if (problem != NULL) {
            return problem;
        }
    }
    return reader.failed ? "a request is not a protobuf message" : NULL;
}

/* Takes one outer field of a request frame into the frame. */
static const char *take_frame_field(
    struct nnrpc_request_frame *frame, const struct nnrpc_wire_field *field,
    size_t *metadata_count) {
    switch (field->number) {
    case FRAME_METADATA:
        frame->metadata.size = (size_t)(field->whole.data - frame->bytes.data) + field->whole.size;
        return check_counted_metadata(field, metadata_count);
    case FRAME_REQUESTS:
        if (field->type != NNRPC_WIRE_BYTES) {
            return "requests has the wrong wire type";
        }
        frame->request_count += 1;
        if (frame->request_count > NNRPC_FRAME_MAX_CALLS) {
            return "more than 1024 requests";
        }
        return check_request(field->bytes);
    case FRAME_MAX_REPLY_BYTES:
        if (field->type != NNRPC_WIRE_VARINT) {
            return "max_reply_bytes has the wrong wire type";
        }
        frame->max_reply_bytes = (uint32_t)field->value;
        return NULL;
    case FRAME_ID:
        if (field->type != NNRPC_WIRE_VARINT) {
            return "frame_id has the wrong wire type";
        }
        frame->frame_id = field->value;
        return NULL;
    default:
        return NULL;
    }
}

/*
 * Walks on after a problem inside a field, because frame_id usually comes last and the answer to a
 * malformed frame should carry it.
 */
static struct finding walk_request_frame(struct nnrpc_request_frame *frame) {
    struct finding finding = {NULL, 0};
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(frame->bytes.data, frame->bytes.size);
    struct nnrpc_wire_field field;
    size_t metadata_count = 0;
    size_t offset = 0;
    while (nnrpc_wire_next(&reader, &field)) {
        if (finding.problem == NULL || field.number == FRAME_ID) {
            find_problem(&finding, take_frame_field(frame, &field, &metadata_count), offset);
        }
        offset = (size_t)(field.whole.data - frame->bytes.data) + field.whole.size;
    }
    if (reader.failed) {
        find_problem(&finding, "not a protobuf message", offset);
    }
    return finding;
}

/* --- Requests ----------------------------------------------------------------------------- */

enum nnrpc_code nnrpc_request_frame_open(
    const void *bytes, size_t size, struct nnrpc_request_frame *out_frame,
    struct nnrpc_status *out_status) {
    *out_frame = (struct nnrpc_request_frame){
        .bytes = {bytes, size},
        .metadata = {bytes, 0},
    };
    if (size > NNRPC_FRAME_MAX_BYTES) {
        return nnrpc_fail(
            out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, "MALFORMED_FRAME",
            "malformed frame: %zu bytes, at most %u are allowed", size, NNRPC_FRAME_MAX_BYTES);
    }
    struct finding finding = walk_request_frame(out_frame);
    if (finding.problem != NULL) {
        return nnrpc_fail(
            out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, "MALFORMED_FRAME",
            "malformed frame: %s (in the field at byte %zu)", finding.problem, finding.offset);
    }
    if (out_frame->request_count == 0) {
        return nnrpc_fail(
            out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, "MALFORMED_FRAME",
            "malformed frame: no requests");
    }
    return NNRPC_OK;
}

static struct nnrpc_request_view view_request(struct nnrpc_slice packed) {
    struct nnrpc_request_view view = {.whole = packed};
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(packed.data, packed.size);
    struct nnrpc_wire_field field;
    while (nnrpc_wire_next(&reader, &field)) {
        if (field.number == REQUEST_METHOD) {
            view.method = field.bytes;
        } else if (field.number == REQUEST_TIMEOUT_MS) {
            view.timeout_ms = (uint32_t)field.value;
        } else if (field.number == REQUEST_MESSAGE) {
            view.message = field.bytes;
        }
    }
    return view;
}

bool nnrpc_frame_next_request(
    struct nnrpc_wire_reader *reader, struct nnrpc_request_view *out_request) {
    struct nnrpc_wire_field field;
    while (nnrpc_wire_next(reader, &field)) {
        if (field.number == FRAME_REQUESTS && field.type == NNRPC_WIRE_BYTES) {
            *out_request = view_request(field.bytes);
            return true;
        }
    }
    return false;
}

/* Whether a packed Metadata has a key; its value, possibly empty, goes to out_value. */
static bool match_metadata(
    struct nnrpc_slice packed, const char *key, struct nnrpc_slice *out_value) {
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(packed.data, packed.size);
    struct nnrpc_wire_field field;
    struct nnrpc_slice found_key = {packed.data, 0};
    struct nnrpc_slice value = {packed.data, 0};
    while (nnrpc_wire_next(&reader, &field)) {
        if (field.number == METADATA_KEY) {
            found_key = field.bytes;
        } else if (field.number == METADATA_VALUE) {
            value = field.bytes;
        }
    }
    size_t key_size = strlen(key);
    if (found_key.size != key_size || key_size == 0 || memcmp(found_key.data, key, key_size) != 0) {
        return false;
    }
    *out_value = value;
    return true;
}

bool nnrpc_frame_find_metadata(
    struct nnrpc_slice packed, uint32_t field_number, const char *key,
    struct nnrpc_slice *out_value) {
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(packed.data, packed.size);
    struct nnrpc_wire_field field;
    while (nnrpc_wire_next(&reader, &field)) {
        if (field.number == field_number && field.type == NNRPC_WIRE_BYTES &&
            match_metadata(field.bytes, key, out_value)) {
            return true;
        }
    }
    return false;
}

static void append_bytes_header(struct nnrpc_buffer *buffer, uint32_t number, size_t content_size) {
    uint8_t *at = nnrpc_buffer_reserve(buffer, nnrpc_wire_tag_size(number) + 10);
    if (at != NULL) {
        buffer->size += (size_t)(nnrpc_wire_put_bytes_header(at, number, content_size) - at);
    }
}

void nnrpc_frame_append_metadata(
    struct nnrpc_buffer *buffer, uint32_t field_number, const struct nnrpc_metadata *metadata) {
    size_t key_size = strlen(metadata->key);
    append_bytes_header(
        buffer, field_number,
        nnrpc_wire_bytes_field_size(METADATA_KEY, key_size) +
            nnrpc_wire_bytes_field_size(METADATA_VALUE, metadata->value_size));
    nnrpc_wire_append_bytes(buffer, METADATA_KEY, metadata->key, key_size);
    nnrpc_wire_append_bytes(buffer, METADATA_VALUE, metadata->value, metadata->value_size);
}

void nnrpc_frame_append_request(
    struct nnrpc_buffer *buffer, const char *method, uint32_t timeout_ms,
    const struct nnrpc_metadata *metadata, size_t metadata_count, const void *message,
    size_t message_size) {
    nnrpc_wire_append_bytes(buffer, REQUEST_METHOD, method, strlen(method));
    if (timeout_ms != 0) {
        nnrpc_wire_append_varint(buffer, REQUEST_TIMEOUT_MS, timeout_ms);
    }
    for (size_t i = 0; i < metadata_count; i++) {
        nnrpc_frame_append_metadata(buffer, REQUEST_METADATA, &metadata[i]);
    }
    if (message_size != 0) {
        nnrpc_wire_append_bytes(buffer, REQUEST_MESSAGE, message, message_size);
    }
}

/* --- Responses ---------------------------------------------------------------------------- */

static bool check_response(struct nnrpc_slice packed) {
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(packed.data, packed.size);
    struct nnrpc_wire_field field;
    size_t metadata_count = 0;
    while (nnrpc_wire_next(&reader, &field)) {
        if (field.number > RESPONSE_MESSAGE) {
            continue;
        }
        if (field.type != NNRPC_WIRE_BYTES) {
            return false;
        }
        if (field.number == RESPONSE_METADATA &&
            check_counted_metadata(&field, &metadata_count) != NULL) {
            return false;
        }
    }
    return !reader.failed;
}

bool nnrpc_response_frame_open(
    const void *bytes, size_t size, uint64_t frame_id, size_t *out_response_count) {
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(bytes, size);
    struct nnrpc_wire_field field;
    size_t response_count = 0;
    uint64_t found_id = 0;
    while (nnrpc_wire_next(&reader, &field)) {
        if (field.number == RESPONSE_FRAME_RESPONSES) {
            response_count += 1;
            if (field.type != NNRPC_WIRE_BYTES || response_count > NNRPC_FRAME_MAX_CALLS ||
                !check_response(field.bytes)) {
                return false;
            }
        } else if (field.number == RESPONSE_FRAME_ID) {
            if (field.type != NNRPC_WIRE_VARINT) {
                return false;
            }
            found_id = field.value;
        }
    }
    if (reader.failed || found_id != frame_id) {
        return false;
    }
    *out_response_count = response_count;
    return true;
}

static struct nnrpc_response_view view_response(struct nnrpc_slice packed) {
    struct nnrpc_response_view view = {.whole = packed};
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(packed.data, packed.size);
    struct nnrpc_wire_field field;
    while (nnrpc_wire_next(&reader, &field)) {
        if (field.number == RESPONSE_STATUS) {
            view.status = field.bytes;
        } else if (field.number == RESPONSE_MESSAGE) {
            view.message = field.bytes;
        }
    }
    return view;
}

bool nnrpc_frame_next_response(
    struct nnrpc_wire_reader *reader, struct nnrpc_response_view *out_response) {
    struct nnrpc_wire_field field;
    while (nnrpc_wire_next(reader, &field)) {
        if (field.number == RESPONSE_FRAME_RESPONSES && field.type == NNRPC_WIRE_BYTES) {
            *out_response = view_response(field.bytes);
            return true;
        }
    }
    return false;
}
