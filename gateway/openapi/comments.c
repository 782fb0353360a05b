/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The comments of the .proto files for readers of HTTP.
 */
#include "openapi/comments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nnrpc/dynamic.h"
#include "openapi/fixed.h"
#include "openapi/markdown.h"

#define NAME_BYTES 512

/* How many comments may point at one another in a row. */
#define REFERENCE_DEPTH 4

struct openapi_comments {
    struct nnrpc_dynamic *dynamic;
};

typedef const struct nnrpc_dynamic_item item;

void openapi_comments_freep(struct openapi_comments **comments) {
    if (*comments != NULL) {
        nnrpc_dynamic_free((*comments)->dynamic);
        free(*comments);
    }
}

enum nnrpc_code openapi_comments_new(
    const struct nnrpc_service *const *services, size_t service_count,
    struct openapi_comments **out_comments, struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer set = {0};
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(openapi_comments_freep)
    struct openapi_comments *comments = calloc(1, sizeof(*comments));
    for (size_t i = 0; i < service_count; i++) {
        nnrpc_buffer_append(&set, services[i]->descriptor_set, services[i]->descriptor_set_size);
    }
    nnrpc_buffer_append(&set, openapi_reason_set, openapi_reason_set_size);
    if (comments == NULL || set.failed) {
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
            "no memory for the comments of the interface");
    }
    enum nnrpc_code code = nnrpc_dynamic_new(set.data, set.size, &comments->dynamic, &status);
    if (code != NNRPC_OK) {
        code = code == NNRPC_INVALID_ARGUMENT ? NNRPC_INTERNAL : code;
        return nnrpc_fail(out_status, code, NNRPC_DOMAIN, status.reason, "%s", status.message);
    }
    *out_comments = comments;
    comments = NULL;
    return NNRPC_OK;
}

/* --- Names -------------------------------------------------------------------------------- */

const char *openapi_short_name(const struct nnrpc_message *message) {
    const char *package = message->descriptor->package_name;
    size_t size = strlen(package);
    return message->descriptor->name + (size == 0 ? 0 : size + 1);
}

static bool is_short_name(item *found, const char *name) {
    size_t size = strlen(name);
    size_t whole = strlen(found->name);
    return found->kind == NNRPC_DYNAMIC_MESSAGE && whole >= size &&
           strcmp(found->name + whole - size, name) == 0 &&
           (whole == size || found->name[whole - size - 1] == '.');
}

bool openapi_is_short_name_unique(
    const struct openapi_comments *comments, const struct nnrpc_message *message) {
    size_t count = 0;
    for (size_t i = 0; i < nnrpc_dynamic_item_count(comments->dynamic); i++) {
        item *found = nnrpc_dynamic_item_at(comments->dynamic, i);
        count += is_short_name(found, openapi_short_name(message));
    }
    return count == 1;
}

/* The JSON name of a field, whatever its message, where all messages agree; or NULL. */
static const char *find_json_name(const void *self, const char *name, size_t size) {
    const struct openapi_comments *comments = self;
    const char *found = NULL;
    for (size_t i = 0; i < nnrpc_dynamic_item_count(comments->dynamic); i++) {
        const struct nnrpc_message *message = nnrpc_dynamic_item_at(comments->dynamic, i)->message;
        int index = message == NULL ? -1 : nnrpc_message_field_by_name(message, name, size);
        const char *json = index < 0 ? found : message->fields[index].json_name;
        if (found != NULL && strcmp(found, json) != 0) {
            return NULL;
        }
        found = json;
    }
    return found;
}

/* Appends unfolded text as CommonMark. */
static void append_text(
    const struct openapi_comments *comments, const char *text, size_t size,
    struct nnrpc_buffer *out) {
    const struct markdown_names names = {.find = find_json_name, .self = comments};
    openapi_append_markdown(text, size, &names, out);
}

static bool append_comment(
    const struct openapi_comments *comments, const char *comment, struct nnrpc_buffer *out) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    if (comment == NULL) {
        return false;
    }
    openapi_unfold(comment, &text);
    append_text(comments, (const char *)text.data, text.size, out);
    out->failed = out->failed || text.failed;
    return true;
}

/* The comment of a part of an item that is found by name; NULL when there is none. */
static const char *part_comment(
    const struct openapi_comments *comments, const char *name, const char *part) {
    item *found = nnrpc_dynamic_find(comments->dynamic, name);
    return found == NULL ? NULL : nnrpc_dynamic_part_comment(comments->dynamic, found, part);
}

static const char *item_comment(const struct openapi_comments *comments, const char *name) {
    item *found = nnrpc_dynamic_find(comments->dynamic, name);
    return found == NULL ? NULL : nnrpc_dynamic_comment(comments->dynamic, found);
}

/* --- References --------------------------------------------------------------------------- */

/* "As in X": where it stands in text, and the message that it names. */
struct reference {
    const char *start;
    const char *end;
    char message[NAME_BYTES]; /* full name */
};

/* Finds the first reference to a message of a package. */
static bool find_reference(
    const struct openapi_comments *comments, const char *text, const char *package,
    struct reference *out_reference) {
    for (const char *at = strstr(text, "s in "); at != NULL; at = strstr(at + 1, "s in ")) {
        const char *name = at + strlen("s in ");
        int size =
            (int)strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
        bool is_word = at > text && (at[-1] == 'A' || at[-1] == 'a') &&
                       (at - 1 == text || at[-2] == ' ' || at[-2] == '\n');
        snprintf(
            out_reference->message, NAME_BYTES, "%s%s%.*s", package, package[0] == '\0' ? "" : ".",
            size, name);
        if (is_word && nnrpc_dynamic_find(comments->dynamic, out_reference->message) != NULL) {
            out_reference->start = at - 1;
            out_reference->end = name + size;
            return true;
        }
    }
    return false;
}

/* Appends text without the words of a reference; nothing when they are all. */
static void append_around(
    const struct reference *reference, const char *text, struct nnrpc_buffer *out) {
    size_t before = (size_t)(reference->start - text);
    const char *after = reference->end;
    bool is_sentence = before == 0 || text[before - 2] == '.';
    while (before != 0 && (text[before - 1] == ' ' || text[before - 1] == ',')) {
        before--;
    }
    if (is_sentence && *after == '.') {
        after++;
        after += before == 0 ? strspn(after, " \n") : 0;
    }
    if (before + strlen(after) != 0) {
        nnrpc_buffer_append(out, text, before);
        nnrpc_buffer_append_text(out, after);
        nnrpc_buffer_append_text(out, "\n\n");
    }
}

/* Appends the comment of a field, unfolded, and what it refers to. */
static bool append_field_text(
    const struct openapi_comments *comments, const char *package, const char *message,
    const char *field, struct nnrpc_buffer *out) {
    char name[NAME_BYTES];
    snprintf(name, sizeof(name), "%s", message);
    for (int depth = 0; depth < REFERENCE_DEPTH; depth++) {
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
        struct reference reference;
        const char *comment = part_comment(comments, name, field);
        if (comment == NULL) {
            return false;
        }
        openapi_unfold(comment, &text);
        const char *unfolded = nnrpc_buffer_text(&text);
        if (unfolded == NULL) {
            out->failed = true;
            return true;
        }
        if (!find_reference(comments, unfolded, package, &reference) ||
            part_comment(comments, reference.message, field) == NULL ||
            strcmp(reference.message, message) == 0 || depth + 1 == REFERENCE_DEPTH) {
            nnrpc_buffer_append_text(out, unfolded);
            return true;
        }
        append_around(&reference, unfolded, out);
        snprintf(name, sizeof(name), "%s", reference.message);
    }
    return true;
}

/* Appends the comment of a message, unfolded, and what it refers to. */
static bool append_message_text(
    const struct openapi_comments *comments, const struct nnrpc_message *message,
    struct nnrpc_buffer *out) {
    const char *comment = item_comment(comments, message->descriptor->name);
    if (comment == NULL) {
        return false;
    }
    openapi_unfold(comment, out);
    const char *text = nnrpc_buffer_text(out);
    struct reference reference;
    if (text != NULL &&
        find_reference(comments, text, message->descriptor->package_name, &reference)) {
        nnrpc_buffer_append_text(out, " ");
        openapi_unfold(item_comment(comments, reference.message), out);
    }
    return true;
}

/* --- What is said ------------------------------------------------------------------------- */

bool openapi_describe_service(
    const struct openapi_comments *comments, const struct nnrpc_service *service,
    struct nnrpc_buffer *out) {
    return append_comment(comments, item_comment(comments, service->name), out);
}

bool openapi_describe_message(
    const struct openapi_comments *comments, const struct nnrpc_message *message,
    struct nnrpc_buffer *out) {
    return append_comment(comments, item_comment(comments, message->descriptor->name), out);
}

bool openapi_describe_field(
    const struct openapi_comments *comments, const struct nnrpc_message *message, size_t index,
    struct nnrpc_buffer *out) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    const ProtobufCMessageDescriptor *type = message->descriptor;
    if (!append_field_text(
            comments, type->package_name, type->name, type->fields[index].name, &text)) {
        return false;
    }
    append_text(comments, (const char *)text.data, text.size, out);
    out->failed = out->failed || text.failed;
    return true;
}

bool openapi_describe_value(
    const struct openapi_comments *comments, const struct nnrpc_enum *enumeration, size_t index,
    struct nnrpc_buffer *out) {
    const ProtobufCEnumDescriptor *type = enumeration->descriptor;
    return append_comment(
        comments, part_comment(comments, type->name, type->values[index].name), out);
}

bool openapi_field_bounds(
    const struct openapi_comments *comments, const struct nnrpc_message *message, size_t index,
    struct openapi_bounds *out_bounds) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer around = {0};
    const ProtobufCMessageDescriptor *type = message->descriptor;
    const char *field = type->fields[index].name;
    if (!append_field_text(comments, type->package_name, type->name, field, &text) ||
        !append_message_text(comments, message, &around) || nnrpc_buffer_text(&text) == NULL ||
        nnrpc_buffer_text(&around) == NULL) {
        return false;
    }
    struct openapi_bounds common;
    openapi_read_common_bounds((const char *)around.data, &common);
    openapi_read_bounds((const char *)text.data, out_bounds);
    if (out_bounds->max_bytes == 0) {
        out_bounds->max_bytes = common.max_bytes;
    }
    if (out_bounds->max_items == 0) {
        out_bounds->max_items = common.max_items;
        out_bounds->is_unique = out_bounds->is_unique || common.is_unique;
    }
    return true;
}

/* --- Methods and reasons ------------------------------------------------------------------ */

void openapi_method_comment_deinit(struct openapi_method_comment *comment) {
    nnrpc_buffer_deinit(&comment->summary);
    nnrpc_buffer_deinit(&comment->description);
    nnrpc_buffer_deinit(&comment->reasons);
}

/* Appends the words in capitals of a list of errors. */
static void append_reasons(const char *list, struct nnrpc_buffer *out) {
    nnrpc_buffer_append_text(out, " ");
    while (*list != '\0') {
        size_t size = strspn(list, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
        bool is_reason = size > 2 && (list[size] == ',' || list[size] == '.' || list[size] == ' ');
        if (is_reason) {
            nnrpc_buffer_append(out, list, size);
            nnrpc_buffer_append_text(out, " ");
        }
        list += size == 0 ? 1 : size;
    }
}

bool openapi_describe_method(
    const struct openapi_comments *comments, const struct nnrpc_method *method,
    struct openapi_method_comment *out_comment) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    const char *comment = item_comment(comments, method->name);
    if (comment == NULL) {
        return false;
    }
    openapi_unfold(comment, &text);
    const char *unfolded = nnrpc_buffer_text(&text);
    if (unfolded == NULL) {
        return false;
    }
    const char *errors = strstr(unfolded, "Errors: ");
    size_t size = errors == NULL ? strlen(unfolded) : (size_t)(errors - unfolded);
    while (size != 0 && (unfolded[size - 1] == ' ' || unfolded[size - 1] == '\n')) {
        size--;
    }
    append_text(comments, unfolded, size, &out_comment->description);
    size_t sentence = openapi_sentence_size(unfolded);
    sentence -= sentence != 0 && unfolded[sentence - 1] == '.';
    append_text(comments, unfolded, sentence, &out_comment->summary);
    append_reasons(errors == NULL ? "" : errors + strlen("Errors: "), &out_comment->reasons);
    return true;
}

/* The code whose name stands at the front, or -1. */
static int read_code(const char *text, const char **out_rest) {
    for (int code = 1; code < NNRPC_CODE_COUNT; code++) {
        const char *name = nnrpc_code_name((enum nnrpc_code)code);
        size_t size = strlen(name);
        if (strncmp(text, name, size) == 0 && text[size] == '.') {
            *out_rest = text + size + 1 + strspn(text + size + 1, " ");
            return code;
        }
    }
    return -1;
}

int openapi_describe_reason(
    const struct openapi_comments *comments, const char *package_of, const char *reason,
    struct nnrpc_buffer *out_text) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    char type[NAME_BYTES];
    char value[NAME_BYTES];
    const char *dot = strrchr(package_of, '.');
    int package = dot == NULL ? 0 : (int)(dot - package_of + 1);
    snprintf(type, sizeof(type), "%.*sErrorReason", package, package_of);
    snprintf(value, sizeof(value), "ERROR_REASON_%s", reason);
    const char *comment = part_comment(comments, type, value);
    if (comment == NULL) {
        comment = part_comment(comments, "nnrpc.v1.ErrorReason", value);
    }
    openapi_unfold(comment == NULL ? "" : comment, &text);
    const char *rest = nnrpc_buffer_text(&text);
    int code = rest == NULL ? -1 : read_code(rest, &rest);
    if (code >= 0) {
        /* The keys of the info are no fields: they stay as they are. */
        const char *info = strstr(rest, "Info: ");
        size_t size = info == NULL ? strlen(rest) : (size_t)(info - rest);
        append_text(comments, rest, size, out_text);
        nnrpc_buffer_append_text(out_text, rest + size);
    }
    return code;
}
