/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of a set: every message, enum, service and method with its full name and its place in
 * the file. Names are checked here, so that everything later may print and compare them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dynamic.h"

#define NAME_MAX_BYTES 255

/* Where names are being collected: a file, and the message around them. */
struct scope {
    const struct nnrpc_dynamic_build *build;
    const struct nnrpc_dynamic_file *file;
    const char *name; /* full name of what is around; "" at the top of a file without package */
    struct nnrpc_dynamic_path path;
};

typedef const Google__Protobuf__DescriptorProto message_proto;
typedef const Google__Protobuf__EnumDescriptorProto enum_proto;
typedef const Google__Protobuf__ServiceDescriptorProto service_proto;
typedef const Google__Protobuf__FieldDescriptorProto field_proto;

/* Size of the identifier at the front. Locale must not matter: <ctype.h> is not used. */
static size_t identifier_size(const char *text) {
    size_t size = 0;
    for (; text[size] != '\0'; size++) {
        char c = text[size];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        bool is_digit = c >= '0' && c <= '9';
        if (!is_letter && (!is_digit || size == 0)) {
            break;
        }
    }
    return size;
}

static bool is_identifier(const char *text) {
    size_t size = text == NULL ? 0 : identifier_size(text);
    return size != 0 && size <= NAME_MAX_BYTES && text[size] == '\0';
}

static bool is_package(const char *text) {
    while (true) {
        size_t size = identifier_size(text);
        if (size == 0 || size > NAME_MAX_BYTES) {
            return false;
        }
        if (text[size] == '\0') {
            return true;
        }
        if (text[size] != '.') {
            return false;
        }
        text += size + 1;
    }
}

/* --- Symbols ------------------------------------------------------------------------------ */

/* The scope's name, a separator, and a name that is checked; NULL after saying what is wrong. */
static const char *full_name(const struct scope *scope, const char *separator, const char *name) {
    if (!is_identifier(name)) {
        (void)nnrpc_dynamic_refuse(
            scope->build, scope->file, "a name in \"%.80s\" is missing or none: \"%.80s\"",
            scope->name, name == NULL ? "" : name);
        return NULL;
    }
    size_t size = strlen(scope->name) + strlen(name) + 2;
    if (size > NNRPC_DYNAMIC_NAME_BYTES) {
        (void)nnrpc_dynamic_refuse(
            scope->build, scope->file, "the full name of \"%.80s\" is too long", name);
        return NULL;
    }
    char *full = nnrpc_dynamic_allocate(scope->build->dynamic, size, 1);
    if (full != NULL) {
        snprintf(full, size, "%s%s%s", scope->name, scope->name[0] == '\0' ? "" : separator, name);
    }
    return full;
}

/* A path that is two steps longer; its steps are NULL without memory. */
static struct nnrpc_dynamic_path longer_path(
    const struct scope *scope, int32_t number, size_t index) {
    size_t count = scope->path.count;
    struct nnrpc_dynamic_path path = {
        .steps = nnrpc_dynamic_allocate(scope->build->dynamic, count + 2, sizeof(int32_t)),
        .count = count + 2,
    };
    if (path.steps != NULL) {
        if (count != 0) {
            memcpy(path.steps, scope->path.steps, count * sizeof(int32_t));
        }
        path.steps[count] = number;
        path.steps[count + 1] = (int32_t)index;
    }
    return path;
}

/* Adds a symbol, for which there is room; NULL after saying what is wrong, or without memory. */
static struct nnrpc_dynamic_symbol *add_symbol(
    const struct scope *scope, enum nnrpc_dynamic_kind kind, const char *name, int32_t number,
    size_t index) {
    struct nnrpc_dynamic *dynamic = scope->build->dynamic;
    const char *full = full_name(scope, kind == NNRPC_DYNAMIC_METHOD ? "/" : ".", name);
    struct nnrpc_dynamic_path path = longer_path(scope, number, index);
    if (full == NULL || path.steps == NULL) {
        return NULL;
    }
    struct nnrpc_dynamic_symbol *symbol = &dynamic->symbols[dynamic->symbol_count++];
    symbol->item = (struct nnrpc_dynamic_item){.kind = kind, .name = full};
    symbol->file = scope->file;
    symbol->path = path;
    return symbol;
}

static bool collect_enum(
    const struct scope *scope, enum_proto *proto, int32_t number, size_t index) {
    struct nnrpc_dynamic *dynamic = scope->build->dynamic;
    struct nnrpc_dynamic_symbol *symbol =
        add_symbol(scope, NNRPC_DYNAMIC_ENUM, proto->name, number, index);
    if (symbol == NULL) {
        return false;
    }
    symbol->proto.enumeration = proto;
    symbol->item.enumeration = nnrpc_dynamic_known_enum(symbol->item.name);
    symbol->is_known = symbol->item.enumeration != NULL;
    if (!symbol->is_known) {
        symbol->item.enumeration =
            nnrpc_dynamic_allocate(dynamic, 1, sizeof(*symbol->item.enumeration));
    }
    return symbol->item.enumeration != NULL;
}

static bool collect_extensions(
    const struct scope *scope, field_proto *const *protos, size_t count) {
    struct nnrpc_dynamic *dynamic = scope->build->dynamic;
    for (size_t i = 0; i < count; i++) {
        const char *name = full_name(scope, ".", protos[i]->name);
        if (name == NULL) {
            return false;
        }
        if (protos[i]->extendee != NULL) {
            dynamic->extensions[dynamic->extension_count++] =
                (struct nnrpc_dynamic_extension){.proto = protos[i], .name = name};
        }
    }
    return true;
}

static bool collect_message(
    const struct scope *scope, message_proto *proto, int32_t number, size_t index);

/* What stands inside a message. */
static bool collect_nested(const struct scope *scope, message_proto *proto) {
    for (size_t i = 0; i < proto->n_enum_type; i++) {
        if (!collect_enum(scope, proto->enum_type[i], NNRPC_MESSAGE_ENUM, i)) {
            return false;
        }
    }
    for (size_t i = 0; i < proto->n_nested_type; i++) {
        if (!collect_message(scope, proto->nested_type[i], NNRPC_MESSAGE_NESTED, i)) {
            return false;
        }
    }
    return collect_extensions(scope, (field_proto *const *)proto->extension, proto->n_extension);
}

/* Nesting is bounded: the set was scanned before it was unpacked. */
static bool collect_message(
    const struct scope *scope, message_proto *proto, int32_t number, size_t index) {
    struct nnrpc_dynamic *dynamic = scope->build->dynamic;
    struct nnrpc_dynamic_symbol *symbol =
        add_symbol(scope, NNRPC_DYNAMIC_MESSAGE, proto->name, number, index);
    if (symbol == NULL) {
        return false;
    }
    symbol->proto.message = proto;
    symbol->item.message = nnrpc_dynamic_known_message(symbol->item.name);
    symbol->is_known = symbol->item.message != NULL;
    if (!symbol->is_known) {
        symbol->message = nnrpc_dynamic_allocate(dynamic, 1, sizeof(*symbol->message));
        if (symbol->message == NULL) {
            return false;
        }
        symbol->message->table.descriptor = &symbol->message->descriptor;
        symbol->item.message = &symbol->message->table;
    }
    struct scope inside = {
        .build = scope->build,
        .file = scope->file,
        .name = symbol->item.name,
        .path = symbol->path,
    };
    return collect_nested(&inside, proto);
}

static bool collect_service(const struct scope *scope, service_proto *proto, size_t index) {
    struct nnrpc_dynamic *dynamic = scope->build->dynamic;
    struct nnrpc_dynamic_symbol *symbol =
        add_symbol(scope, NNRPC_DYNAMIC_SERVICE, proto->name, NNRPC_FILE_SERVICE, index);
    struct nnrpc_service *service = nnrpc_dynamic_allocate(dynamic, 1, sizeof(*service));
    if (symbol == NULL || service == NULL) {
        return false;
    }
    symbol->proto.service = proto;
    symbol->item.service = service;
    struct scope inside = {
        .build = scope->build,
        .file = scope->file,
        .name = symbol->item.name,
        .path = symbol->path,
    };
    for (size_t i = 0; i < proto->n_method; i++) {
        struct nnrpc_dynamic_symbol *method = add_symbol(
            &inside, NNRPC_DYNAMIC_METHOD, proto->method[i]->name, NNRPC_SERVICE_METHOD, i);
        if (method == NULL) {
            return false;
        }
        method->proto.method = proto->method[i];
        method->item.service = service;
    }
    return true;
}

/* --- Files -------------------------------------------------------------------------------- */

struct totals {
    size_t symbols;
    size_t extensions;
};

static void count_message(message_proto *proto, struct totals *totals) {
    totals->symbols += 1 + proto->n_enum_type;
    totals->extensions += proto->n_extension;
    for (size_t i = 0; i < proto->n_nested_type; i++) {
        count_message(proto->nested_type[i], totals);
    }
}

static void count_file(const Google__Protobuf__FileDescriptorProto *proto, struct totals *totals) {
    totals->symbols += proto->n_enum_type + proto->n_service;
    totals->extensions += proto->n_extension;
    for (size_t i = 0; i < proto->n_service; i++) {
        totals->symbols += proto->service[i]->n_method;
    }
    for (size_t i = 0; i < proto->n_message_type; i++) {
        count_message(proto->message_type[i], totals);
    }
}

static bool collect_file(
    const struct nnrpc_dynamic_build *build, const struct nnrpc_dynamic_file *file) {
    const Google__Protobuf__FileDescriptorProto *proto = file->proto;
    struct scope scope = {.build = build, .file = file, .name = file->package};
    if (file->package[0] != '\0' && !is_package(file->package)) {
        return nnrpc_dynamic_refuse(build, file, "the package's name is none");
    }
    for (size_t i = 0; i < proto->n_enum_type; i++) {
        if (!collect_enum(&scope, proto->enum_type[i], NNRPC_FILE_ENUM, i)) {
            return false;
        }
    }
    for (size_t i = 0; i < proto->n_message_type; i++) {
        if (!collect_message(&scope, proto->message_type[i], NNRPC_FILE_MESSAGE, i)) {
            return false;
        }
    }
    for (size_t i = 0; i < proto->n_service; i++) {
        if (!collect_service(&scope, proto->service[i], i)) {
            return false;
        }
    }
    return collect_extensions(&scope, (field_proto *const *)proto->extension, proto->n_extension);
}

static int compare_extensions(const void *a, const void *b) {
    const struct nnrpc_dynamic_extension *left = a;
    const struct nnrpc_dynamic_extension *right = b;
    int order = strcmp(left->proto->extendee, right->proto->extendee);
    if (order != 0) {
        return order;
    }
    return (left->proto->number > right->proto->number) -
           (left->proto->number < right->proto->number);
}

bool nnrpc_dynamic_collect(struct nnrpc_dynamic_build *build) {
    struct nnrpc_dynamic *dynamic = build->dynamic;
    struct totals totals = {0};
    for (size_t i = 0; i < dynamic->file_count; i++) {
        count_file(dynamic->files[i].proto, &totals);
    }
    dynamic->symbols = nnrpc_dynamic_allocate(dynamic, totals.symbols, sizeof(*dynamic->symbols));
    dynamic->extensions =
        nnrpc_dynamic_allocate(dynamic, totals.extensions, sizeof(*dynamic->extensions));
    if (dynamic->symbols == NULL || dynamic->extensions == NULL) {
        return false;
    }
    for (size_t i = 0; i < dynamic->file_count; i++) {
        if (!collect_file(build, &dynamic->files[i])) {
            return false;
        }
    }
    if (dynamic->extension_count != 0) {
        qsort(
            dynamic->extensions, dynamic->extension_count, sizeof(*dynamic->extensions),
            compare_extensions);
    }
    return true;
}
