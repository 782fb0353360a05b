/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of run-time types: from packed bytes to tables, and what is asked of them.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dynamic.h"
#include "scan.h"

#define MEMORY_LIMIT_BYTES ((size_t)256 << 20)
#define SET_DESCRIPTOR google__protobuf__file_descriptor_set__descriptor

void *nnrpc_dynamic_allocate(struct nnrpc_dynamic *dynamic, size_t count, size_t size) {
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        dynamic->arena.exhausted = true;
        return NULL;
    }
    void *memory = nnrpc_arena_allocate(&dynamic->arena, bytes == 0 ? 1 : bytes);
    if (memory != NULL) {
        memset(memory, 0, bytes);
    }
    return memory;
}

bool nnrpc_dynamic_refuse(
    const struct nnrpc_dynamic_build *build, const struct nnrpc_dynamic_file *file,
    const char *format, ...) {
    char text[NNRPC_STATUS_MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    const char *name = file == NULL || file->proto->name == NULL ? "" : file->proto->name;
    (void)nnrpc_fail(
        build->status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, NNRPC_REASON_INVALID_DESCRIPTORS,
        "%.80s%s%s", name, name[0] == '\0' ? "" : ": ", text);
    return false;
}

/* --- Finding ------------------------------------------------------------------------------ */

/* Names are ordered, and told apart, as if a method's slash were a dot. */
static unsigned char folded(char character) {
    return (unsigned char)(character == '/' ? '.' : character);
}

static int compare_names(const char *a, const char *b) {
    while (*a != '\0' && folded(*a) == folded(*b)) {
        a++;
        b++;
    }
    return (folded(*a) > folded(*b)) - (folded(*a) < folded(*b));
}

static int compare_symbols(const void *a, const void *b) {
    const struct nnrpc_dynamic_symbol *left = a;
    const struct nnrpc_dynamic_symbol *right = b;
    return compare_names(left->item.name, right->item.name);
}

static const struct nnrpc_dynamic_symbol *find_symbol(
    const struct nnrpc_dynamic *dynamic, const char *name) {
    size_t low = 0;
    size_t high = dynamic->symbol_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct nnrpc_dynamic_symbol *symbol = &dynamic->symbols[middle];
        int order = compare_names(name, symbol->item.name);
        if (order == 0) {
            bool is_meant = strchr(name, '/') == NULL || strcmp(name, symbol->item.name) == 0;
            return is_meant ? symbol : NULL;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

const struct nnrpc_dynamic_symbol *nnrpc_dynamic_resolve(
    const struct nnrpc_dynamic *dynamic, const char *type_name) {
    return type_name == NULL || type_name[0] != '.' ? NULL : find_symbol(dynamic, type_name + 1);
}

const struct nnrpc_dynamic_item *nnrpc_dynamic_find(
    const struct nnrpc_dynamic *dynamic, const char *name) {
    const struct nnrpc_dynamic_symbol *symbol = find_symbol(dynamic, name);
    return symbol == NULL ? NULL : &symbol->item;
}

const struct nnrpc_message *nnrpc_dynamic_find_message(
    const struct nnrpc_dynamic *dynamic, const char *name) {
    const struct nnrpc_message *known = nnrpc_dynamic_known_message(name);
    const struct nnrpc_dynamic_symbol *symbol = known == NULL ? find_symbol(dynamic, name) : NULL;
    return symbol == NULL ? known : symbol->item.message;
}

const struct nnrpc_service *nnrpc_dynamic_find_service(
    const struct nnrpc_dynamic *dynamic, const char *name) {
    const struct nnrpc_dynamic_symbol *symbol = find_symbol(dynamic, name);
    bool is_service = symbol != NULL && symbol->item.kind == NNRPC_DYNAMIC_SERVICE;
    return is_service ? symbol->item.service : NULL;
}

const struct nnrpc_method *nnrpc_dynamic_find_method(
    const struct nnrpc_dynamic *dynamic, const char *name) {
    const struct nnrpc_dynamic_symbol *symbol = find_symbol(dynamic, name);
    return symbol == NULL ? NULL : symbol->item.method;
}

static const struct nnrpc_message *find_for_json(void *self, const char *full_name) {
    return nnrpc_dynamic_find_message(self, full_name);
}

struct nnrpc_json_types nnrpc_dynamic_json_types(const struct nnrpc_dynamic *dynamic) {
    return (struct nnrpc_json_types){.find = find_for_json, .self = (void *)dynamic};
}

size_t nnrpc_dynamic_item_count(const struct nnrpc_dynamic *dynamic) {
    return dynamic->symbol_count;
}

const struct nnrpc_dynamic_item *nnrpc_dynamic_item_at(
    const struct nnrpc_dynamic *dynamic, size_t index) {
    assert(index < dynamic->symbol_count);
    return &dynamic->symbols[index].item;
}

/* --- Making ------------------------------------------------------------------------------- */

/* The files that come for the first time. */
static bool take_files(struct nnrpc_dynamic_build *build) {
    struct nnrpc_dynamic *dynamic = build->dynamic;
    const Google__Protobuf__FileDescriptorSet *set = dynamic->proto;
    dynamic->files = nnrpc_dynamic_allocate(dynamic, set->n_file, sizeof(*dynamic->files));
    if (dynamic->files == NULL) {
        return false;
    }
    for (size_t i = 0; i < set->n_file; i++) {
        const Google__Protobuf__FileDescriptorProto *proto = set->file[i];
        const char *syntax = proto->syntax == NULL ? "proto2" : proto->syntax;
        struct nnrpc_dynamic_file file = {
            .proto = proto,
            .package = proto->package == NULL ? "" : proto->package,
            .is_proto3 = strcmp(syntax, "proto3") == 0,
            .is_proto2 = strcmp(syntax, "proto2") == 0,
        };
        if (proto->name == NULL || proto->name[0] == '\0') {
            return nnrpc_dynamic_refuse(build, NULL, "file %zu of the set has no name", i);
        }
        if (!file.is_proto3 && !file.is_proto2 && strcmp(syntax, "editions") != 0) {
            return nnrpc_dynamic_refuse(build, &file, "syntax \"%.40s\" is not known", syntax);
        }
        dynamic->files[dynamic->file_count++] = file;
    }
    return true;
}

static int compare_files(const void *a, const void *b) {
    const struct nnrpc_dynamic_file *left = a;
    const struct nnrpc_dynamic_file *right = b;
    return strcmp(left->proto->name, right->proto->name);
}

/* Sorts the files and drops those that stand again. */
static void sort_files(struct nnrpc_dynamic *dynamic) {
    if (dynamic->file_count == 0) {
        return;
    }
    qsort(dynamic->files, dynamic->file_count, sizeof(*dynamic->files), compare_files);
    size_t kept = 1;
    for (size_t i = 1; i < dynamic->file_count; i++) {
        if (compare_files(&dynamic->files[kept - 1], &dynamic->files[i]) != 0) {
            dynamic->files[kept++] = dynamic->files[i];
        }
    }
    dynamic->file_count = kept;
}

/* The files whose messages are compiled in whole. */
static bool is_known_file(const char *name) {
    static const char *const KNOWN[] = {
        "google/protobuf/any.proto",      "google/protobuf/duration.proto",
        "google/protobuf/empty.proto",    "google/protobuf/field_mask.proto",
        "google/protobuf/struct.proto",   "google/protobuf/timestamp.proto",
        "google/protobuf/wrappers.proto",
    };
    for (size_t i = 0; i < NNRPC_LENGTH(KNOWN); i++) {
        if (strcmp(KNOWN[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* Imports are only looked for, not followed: that they may go in circles does not matter. */
static bool check_imports(const struct nnrpc_dynamic_build *build) {
    const struct nnrpc_dynamic *dynamic = build->dynamic;
    for (size_t i = 0; i < dynamic->file_count; i++) {
        const struct nnrpc_dynamic_file *file = &dynamic->files[i];
        for (size_t k = 0; k < file->proto->n_dependency; k++) {
            Google__Protobuf__FileDescriptorProto proto =
                GOOGLE__PROTOBUF__FILE_DESCRIPTOR_PROTO__INIT;
            proto.name = file->proto->dependency[k];
            struct nnrpc_dynamic_file key = {.proto = &proto};
            if (!is_known_file(proto.name) &&
                bsearch(&key, dynamic->files, dynamic->file_count, sizeof(key), compare_files) ==
                    NULL) {
                return nnrpc_dynamic_refuse(
                    build, file, "imports %.80s, which is not in the set", proto.name);
            }
        }
    }
    return true;
}

/* Fills the tables of one kind. */
static bool build_kind(
    const struct nnrpc_dynamic_build *build, enum nnrpc_dynamic_kind kind,
    bool (*build_symbol)(
        const struct nnrpc_dynamic_build *build, const struct nnrpc_dynamic_symbol *symbol)) {
    const struct nnrpc_dynamic *dynamic = build->dynamic;
    for (size_t i = 0; i < dynamic->symbol_count; i++) {
        const struct nnrpc_dynamic_symbol *symbol = &dynamic->symbols[i];
        if (symbol->item.kind == kind && !symbol->is_known && !build_symbol(build, symbol)) {
            return false;
        }
    }
    return true;
}

/* Messages have defaults that are values of enums, services have paths through messages. */
static bool build_symbols(const struct nnrpc_dynamic_build *build) {
    return build_kind(build, NNRPC_DYNAMIC_ENUM, nnrpc_dynamic_build_enum) &&
           build_kind(build, NNRPC_DYNAMIC_MESSAGE, nnrpc_dynamic_build_message) &&
           build_kind(build, NNRPC_DYNAMIC_SERVICE, nnrpc_dynamic_build_service);
}

static bool check_symbols(const struct nnrpc_dynamic_build *build) {
    struct nnrpc_dynamic *dynamic = build->dynamic;
    if (dynamic->symbol_count == 0) {
        return true;
    }
    qsort(dynamic->symbols, dynamic->symbol_count, sizeof(*dynamic->symbols), compare_symbols);
    for (size_t i = 1; i < dynamic->symbol_count; i++) {
        if (compare_symbols(&dynamic->symbols[i - 1], &dynamic->symbols[i]) == 0) {
            return nnrpc_dynamic_refuse(
                build, dynamic->symbols[i].file, "%.120s stands twice in the set",
                dynamic->symbols[i].item.name);
        }
    }
    return true;
}

static bool unpack(struct nnrpc_dynamic_build *build) {
    struct nnrpc_dynamic *dynamic = build->dynamic;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    if (nnrpc_scan_reply(&SET_DESCRIPTOR, dynamic->bytes.data, dynamic->bytes.size, &status) !=
        NNRPC_OK) {
        return nnrpc_dynamic_refuse(
            build, NULL, "the bytes are no FileDescriptorSet: %s", status.message);
    }
    dynamic->proto = (const Google__Protobuf__FileDescriptorSet *)protobuf_c_message_unpack(
        &SET_DESCRIPTOR, &dynamic->arena.allocator, dynamic->bytes.size, dynamic->bytes.data);
    if (dynamic->proto == NULL && !dynamic->arena.exhausted) {
        return nnrpc_dynamic_refuse(build, NULL, "the bytes are no FileDescriptorSet");
    }
    return dynamic->proto != NULL;
}

static bool build_all(struct nnrpc_dynamic_build *build, const void *bytes, size_t size) {
    struct nnrpc_dynamic *dynamic = build->dynamic;
    if (size > NNRPC_DYNAMIC_MAX_BYTES) {
        return nnrpc_dynamic_refuse(
            build, NULL, "the set has %zu bytes, at most %u are read", size,
            NNRPC_DYNAMIC_MAX_BYTES);
    }
    dynamic->bytes.data = nnrpc_arena_copy(&dynamic->arena, size == 0 ? "" : bytes, size);
    dynamic->bytes.size = size;
    if (dynamic->bytes.data == NULL || !unpack(build) || !take_files(build)) {
        return false;
    }
    sort_files(dynamic);
    if (!check_imports(build) || !nnrpc_dynamic_collect(build) || !check_symbols(build) ||
        !build_symbols(build)) {
        return false;
    }
    for (size_t i = 0; i < dynamic->file_count; i++) {
        if (!nnrpc_dynamic_sort_locations(dynamic, &dynamic->files[i])) {
            return false;
        }
    }
    return true;
}

enum nnrpc_code nnrpc_dynamic_new(
    const void *bytes, size_t size, struct nnrpc_dynamic **out_dynamic,
    struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(nnrpc_dynamic_freep) struct nnrpc_dynamic *dynamic = calloc(1, sizeof(*dynamic));
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct nnrpc_dynamic_build build = {.dynamic = dynamic, .status = &status};
    if (dynamic != NULL) {
        nnrpc_arena_init(&dynamic->arena, MEMORY_LIMIT_BYTES);
    }
    if (dynamic == NULL || (!build_all(&build, bytes, size) && dynamic->arena.exhausted)) {
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
            "there is no memory for the descriptors");
    }
    if (status.code != NNRPC_OK) {
        enum nnrpc_code code = status.code;
        if (out_status != NULL) {
            nnrpc_status_move(out_status, &status);
        }
        return code;
    }
    *out_dynamic = dynamic;
    dynamic = NULL;
    return NNRPC_OK;
}

void nnrpc_dynamic_free(struct nnrpc_dynamic *dynamic) {
    if (dynamic != NULL) {
        nnrpc_arena_deinit(&dynamic->arena);
        free(dynamic);
    }
}

void nnrpc_dynamic_freep(struct nnrpc_dynamic **dynamic) {
    nnrpc_dynamic_free(*dynamic);
}
