/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links the files of a request, in the order in which protoc gives them: imports first.
 */
#include "model.h"

#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "protobuf_c.h"
#include "source.h"

/* Files are looked up one by one. */
#define MAX_FILES 10000

/* Numbers of fields in the descriptors and of protobuf-c's own options. */
#define REQUEST_PROTO_FILE 15
#define FILE_PACKAGE 2
#define FILE_DEPENDENCY 3
#define FILE_OPTIONS 8

struct gen_path gen_path_with(struct gen_run *run, struct gen_path parent, int32_t number) {
    int32_t *steps = gen_allocate_array(&run->memory, parent.count + 1, sizeof(*steps));
    if (parent.count > 0) {
        memcpy(steps, parent.steps, parent.count * sizeof(*steps));
    }
    steps[parent.count] = number;
    return (struct gen_path){.steps = steps, .count = parent.count + 1};
}

struct gen_path gen_path_of(
    struct gen_run *run, struct gen_path parent, int32_t number, size_t index) {
    return gen_path_with(run, gen_path_with(run, parent, number), (int32_t)index);
}

static int gen_symbol_compare(const void *left, const void *right) {
    const struct gen_symbol *a = left;
    const struct gen_symbol *b = right;
    return strcmp(a->full_name, b->full_name);
}

const struct gen_symbol *gen_symbol_find(const struct gen_run *run, const char *full_name) {
    struct gen_symbol key = {.full_name = full_name};
    if (run->symbol_count == 0) {
        return NULL;
    }
    return bsearch(
        &key, run->symbols, run->symbol_count, sizeof(*run->symbols), gen_symbol_compare);
}

/* Gathers the types of all files and sorts them by name. */
static bool gen_symbols_build(struct gen_run *run) {
    size_t count = 0;
    for (size_t i = 0; i < run->file_count; i++) {
        count += run->files[i].message_count + run->files[i].enum_count;
    }
    run->symbols = gen_allocate_array(&run->memory, count, sizeof(*run->symbols));
    for (size_t i = 0; i < run->file_count; i++) {
        struct gen_file *file = &run->files[i];
        for (size_t k = 0; k < file->message_count; k++) {
            struct gen_message *message = file->messages[k];
            run->symbols[run->symbol_count++] =
                (struct gen_symbol){.full_name = message->full_name, .message = message};
        }
        for (size_t k = 0; k < file->enum_count; k++) {
            struct gen_enum *enumeration = file->enums[k];
            run->symbols[run->symbol_count++] = (struct gen_symbol){
                .full_name = enumeration->full_name, .enumeration = enumeration};
        }
    }
    if (count > 0) {
        qsort(run->symbols, count, sizeof(*run->symbols), gen_symbol_compare);
    }
    for (size_t i = 1; i < count; i++) {
        const struct gen_symbol *symbol = &run->symbols[i];
        if (strcmp(run->symbols[i - 1].full_name, symbol->full_name) == 0) {
            bool message = symbol->message != NULL;
            return gen_refuse(
                run, message ? symbol->message->file : symbol->enumeration->file,
                message ? symbol->message->path : symbol->enumeration->path, "%s is defined twice",
                symbol->full_name);
        }
    }
    return true;
}

/* Whether a name may stand in an #include and after --nnrpc_out. */
static bool gen_is_file_name(const char *name) {
    if (name == NULL || name[0] == '\0' || name[0] == '/') {
        return false;
    }
    const char *part = name;
    for (const char *at = name;; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte == '/' || byte == '\0') {
            size_t size = (size_t)(at - part);
            if (size == 0 || (size == 1 && part[0] == '.') ||
                (size == 2 && part[0] == '.' && part[1] == '.')) {
                return false;
            }
            part = at + 1;
        }
        if (byte == '\0') {
            return true;
        }
        if (byte < 0x20 || byte == 0x7f || strchr("\"\\<>:*?|", byte) != NULL) {
            return false;
        }
    }
}

static bool gen_is_package(struct gen_run *run, const char *package) {
    while (package[0] != '\0') {
        size_t size = strcspn(package, ".");
        if (!gen_is_identifier(gen_copy(&run->memory, package, size))) {
            return false;
        }
        package += size;
        if (package[0] == '.' && *++package == '\0') {
            return false;
        }
    }
    return true;
}

static void gen_file_read_option(
    struct gen_run *run, struct gen_file *file, const struct gen_wire_field *option) {
    bool is_set = option->type == GEN_WIRE_VARINT && option->value != 0;
    switch (option->number) {
    case GEN_C_FILE_NO_GENERATE:
        file->no_generate = is_set;
        break;
    case GEN_C_FILE_PACK_HELPERS:
        file->pack_helpers = is_set;
        file->pack_helpers_set = true;
        break;
    case GEN_C_FILE_CONST_STRINGS:
        file->const_strings = is_set;
        break;
    case GEN_C_FILE_ONEOF_NAME:
        file->needs_rewrite = file->needs_rewrite || is_set;
        break;
    case GEN_C_FILE_PACKAGE:
        if (option->type == GEN_WIRE_BYTES) {
            file->c_package =
                gen_copy(&run->memory, (const char *)option->bytes.data, option->bytes.size);
        }
        break;
    default:
        break;
    }
}

/* protobuf-c's options of a file decide how it spells names. Two ways of leaving names out of its
 * descriptors, which the runtime needs, are undone by protoc-gen-nnrpc-c. */
static bool gen_file_read_options(struct gen_run *run, struct gen_file *file) {
    const Google__Protobuf__FileOptions *options = file->proto->options;
    file->pack_helpers = true;
    if (options == NULL) {
        return true;
    }
    file->needs_rewrite =
        options->optimize_for == GOOGLE__PROTOBUF__FILE_OPTIONS__OPTIMIZE_MODE__CODE_SIZE;
    struct gen_bytes bytes;
    if (!gen_wire_unknown_bytes(&options->base, GEN_C_OPTIONS, &run->memory, &bytes)) {
        return true;
    }
    struct gen_wire_reader reader = gen_wire_reader(bytes);
    struct gen_wire_field option;
    while (gen_wire_next(&reader, &option)) {
        gen_file_read_option(run, file, &option);
    }
    if (reader.failed || (file->c_package != NULL && !gen_is_package(run, file->c_package))) {
        struct gen_path path = gen_path_with(run, (struct gen_path){0}, FILE_OPTIONS);
        return gen_refuse(
            run, file, gen_path_with(run, path, GEN_C_OPTIONS), "pb_c_file is malformed");
    }
    return true;
}

/* The file's name without ".proto" or ".protodevel", as protobuf-c cuts it. */
static const char *gen_stem(struct gen_run *run, const char *name) {
    static const char *const suffixes[] = {".protodevel", ".proto"};
    size_t size = strlen(name);
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        size_t suffix = strlen(suffixes[i]);
        if (size > suffix && strcmp(name + size - suffix, suffixes[i]) == 0) {
            return gen_copy(&run->memory, name, size - suffix);
        }
    }
    return name;
}

static struct gen_file *gen_file_find(struct gen_run *run, const char *name, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(run->files[i].name, name) == 0) {
            return &run->files[i];
        }
    }
    return NULL;
}

static bool gen_file_link_imports(struct gen_run *run, struct gen_file *file, size_t index) {
    const Google__Protobuf__FileDescriptorProto *proto = file->proto;
    file->imports = gen_allocate_array(&run->memory, proto->n_dependency, sizeof(*file->imports));
    file->height = 1;
    for (size_t i = 0; i < proto->n_dependency; i++) {
        struct gen_file *import = gen_file_find(run, proto->dependency[i], index);
        if (import == NULL) {
            return gen_refuse(
                run, file, gen_path_of(run, (struct gen_path){0}, FILE_DEPENDENCY, i),
                "import \"%s\" was not given before the file", proto->dependency[i]);
        }
        file->imports[file->import_count++] = import;
        if (file->height <= import->height) {
            file->height = import->height + 1;
        }
    }
    return true;
}

static bool gen_file_build(struct gen_run *run, size_t index) {
    struct gen_file *file = &run->files[index];
    const Google__Protobuf__FileDescriptorProto *proto = run->request->proto_file[index];
    file->proto = proto;
    file->name = proto->name == NULL ? "" : proto->name;
    file->package = proto->package == NULL ? "" : proto->package;
    file->is_proto3 = proto->syntax != NULL && strcmp(proto->syntax, "proto3") == 0;
    if (!gen_is_file_name(file->name)) {
        return gen_refuse(run, file, (struct gen_path){0}, "the file's name cannot be used");
    }
    if (gen_file_find(run, file->name, index) != NULL) {
        return gen_refuse(run, file, (struct gen_path){0}, "the file was given twice");
    }
    file->stem = gen_stem(run, file->name);
    gen_source_index(run, file);
    if (!gen_is_package(run, file->package)) {
        return gen_refuse(
            run, file, gen_path_with(run, (struct gen_path){0}, FILE_PACKAGE),
            "the package is not a name");
    }
    for (size_t i = 0; i < run->request->n_file_to_generate; i++) {
        if (strcmp(run->request->file_to_generate[i], file->name) == 0) {
            file->generate = true;
        }
    }
    return gen_file_read_options(run, file) && gen_file_link_imports(run, file, index) &&
           gen_types_collect(run, file);
}

/* Remembers the bytes of each file's descriptor: they are embedded as they came. */
static void gen_model_keep_raw(struct gen_run *run, struct gen_bytes bytes) {
    struct gen_wire_reader reader = gen_wire_reader(bytes);
    struct gen_wire_field field;
    size_t index = 0;
    while (gen_wire_next(&reader, &field)) {
        if (field.number == REQUEST_PROTO_FILE && index < run->file_count) {
            run->files[index++].raw = field.bytes;
        }
    }
}

bool gen_model_build(struct gen_run *run, struct gen_bytes bytes) {
    const Google__Protobuf__Compiler__CodeGeneratorRequest *request = run->request;
    if (request->n_proto_file > MAX_FILES) {
        run->error = gen_format(&run->memory, "more than %d files in one request", MAX_FILES);
        return false;
    }
    run->files = gen_allocate_array(&run->memory, request->n_proto_file, sizeof(*run->files));
    run->file_count = request->n_proto_file;
    gen_model_keep_raw(run, bytes);
    for (size_t i = 0; i < run->file_count; i++) {
        if (!gen_file_build(run, i)) {
            return false;
        }
    }
    if (!gen_symbols_build(run)) {
        return false;
    }
    for (size_t i = 0; i < run->file_count; i++) {
        if (!gen_types_link(run, &run->files[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < request->n_file_to_generate; i++) {
        if (gen_file_find(run, request->file_to_generate[i], run->file_count) == NULL) {
            run->error = gen_format(
                &run->memory, "%s: the file to generate was not given",
                request->file_to_generate[i]);
            return false;
        }
    }
    return true;
}

static int gen_file_compare(const void *left, const void *right) {
    const struct gen_file *a = *(struct gen_file *const *)left;
    const struct gen_file *b = *(struct gen_file *const *)right;
    if (a->height != b->height) {
        return a->height < b->height ? -1 : 1;
    }
    return strcmp(a->name, b->name);
}

static void gen_file_find_closure(struct gen_run *run, struct gen_file *file) {
    size_t index = (size_t)(file - run->files);
    bool *needed = gen_allocate_array(&run->memory, run->file_count, sizeof(*needed));
    size_t count = 0;
    file->closure = gen_allocate_array(&run->memory, run->file_count, sizeof(*file->closure));
    needed[index] = true;
    /* Imports always stand before the file, so one pass backwards finds all of them. */
    for (size_t i = index + 1; i-- > 0;) {
        if (!needed[i]) {
            continue;
        }
        file->closure[count++] = &run->files[i];
        for (size_t k = 0; k < run->files[i].import_count; k++) {
            needed[run->files[i].imports[k] - run->files] = true;
        }
    }
    qsort(file->closure, count, sizeof(*file->closure), gen_file_compare);
    file->closure_count = count;
}

struct gen_file **gen_file_closure(
    struct gen_run *run, const struct gen_file *file, size_t *out_count) {
    struct gen_file *own = &run->files[file - run->files];
    if (own->closure == NULL) {
        gen_file_find_closure(run, own);
    }
    *out_count = own->closure_count;
    return own->closure;
}
