/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the .proto files say, linked: files, messages, enums, and, for the files to generate, the
 * services with their options.
 *
 * Everything is owned by the run's memory. Names that come out of here are checked: they are
 * identifiers, and no two things share one.
 */
#ifndef GEN_MODEL_H
#define GEN_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "google/protobuf/compiler/plugin.pb-c.h"
#include "google/protobuf/descriptor.pb-c.h"
#include "memory.h"
#include "nnrpc/v1/options.pb-c.h"
#include "wire.h"

struct gen_file;
struct gen_message;

/** Where a thing stands in its file's descriptor, as in SourceCodeInfo.Location.path. */
struct gen_path {
    const int32_t *steps;
    size_t count;
};

struct gen_enum {
    const Google__Protobuf__EnumDescriptorProto *proto;
    struct gen_file *file;
    struct gen_path path;
    const struct gen_message *parent; /* NULL for a top-level enum */
    const char *full_name;
    const char *table; /* "contacts_v1_contact_form_enum" */
    /** Parallel to what protobuf-c makes of it: ascending by number, aliases dropped. */
    const Google__Protobuf__EnumValueDescriptorProto **values;
    size_t *orders; /* where each stands in the .proto */
    const char **json_names;
    size_t value_count;
};

struct gen_field {
    const Google__Protobuf__FieldDescriptorProto *proto;
    struct gen_path path;
    const char *json_name;
    const char *presence_oneof;   /* proto3 optional: its one-member oneof, "_title"; else NULL */
    struct gen_message *message;  /* of a message field, else NULL */
    struct gen_enum *enumeration; /* of an enum field, else NULL */
    /** Read for the files to generate only. */
    const Nnrpc__V1__FieldRule *rule; /* NULL when there is none */
    struct gen_message *mask_of;      /* NULL when there is none */
};

struct gen_message {
    const Google__Protobuf__DescriptorProto *proto;
    struct gen_file *file;
    struct gen_message *parent; /* NULL for a top-level message */
    struct gen_path path;
    const char *full_name;
    const char *name;         /* "contacts_v1_contact": what its names in C begin with */
    const char *table;        /* "contacts_v1_contact_message" */
    struct gen_field *fields; /* ascending by number, as in protobuf-c's descriptor */
    size_t field_count;
    bool is_map_entry;
    bool pack_helpers;        /* protobuf-c makes free functions for it */
    bool pack_helpers_is_set; /* by an option of its own */
};

/** A path of fields inside a request, as indexes that end at -1. */
#define GEN_PATH_DEPTH 8
struct gen_field_path {
    int16_t indexes[GEN_PATH_DEPTH];
};

struct gen_method {
    const Google__Protobuf__MethodDescriptorProto *proto;
    struct gen_path path;
    const char *function; /* "contact_service_get_contact" */
    const char *member;   /* "get_contact" */
    const char *constant; /* "CONTACT_SERVICE_GET_CONTACT" */
    struct gen_message *request;
    struct gen_message *response;
    int role; /* of nnrpc.v1.Role */
    bool slow_always;
    struct gen_field_path *slow_paths;
    size_t slow_path_count;
    const Nnrpc__V1__HttpRule **http_rules; /* the rule, then its additional bindings */
    size_t http_rule_count;
    int request_id_index;    /* -1: none */
    int validate_only_index; /* -1: none */
};

struct gen_service {
    const Google__Protobuf__ServiceDescriptorProto *proto;
    struct gen_path path;
    const char *full_name;
    const char *function; /* "contact_service" */
    struct gen_method *methods;
    size_t method_count;
    const char **skipped; /* names of the streaming methods that were left out */
    size_t skipped_count;
};

struct gen_file {
    const Google__Protobuf__FileDescriptorProto *proto;
    struct gen_bytes raw;  /* the descriptor's bytes as they came */
    const char *name;      /* "contacts/v1/contact.proto" */
    const char *stem;      /* "contacts/v1/contact" */
    const char *package;   /* "contacts.v1" or "" */
    const char *c_package; /* protobuf-c's option of that name, or NULL */
    bool no_generate;      /* protobuf-c's option of that name: there is no .pb-c.h */
    bool generate;         /* named on the command line */
    bool pack_helpers;     /* protobuf-c makes free functions for top-level messages */
    bool pack_helpers_set; /* the option is given, so nested messages follow it too */
    bool const_strings;    /* protobuf-c's option of that name */
    bool needs_rewrite;    /* of use only as protoc-gen-nnrpc-c has protobuf-c make it */
    bool is_proto3;
    struct gen_file **imports;
    size_t import_count;
    size_t height;             /* 1 more than the greatest of its imports' */
    struct gen_file **closure; /* see gen_file_closure(); NULL until it is asked for */
    size_t closure_count;
    struct gen_message **messages; /* nested ones after their parents */
    size_t message_count;
    struct gen_enum **enums;
    size_t enum_count;
    struct gen_service *services; /* of a file to generate, those that have a method left */
    size_t service_count;
    struct gen_service *empty_services; /* the others */
    size_t empty_service_count;
    const Google__Protobuf__SourceCodeInfo__Location **locations; /* ascending by path */
    size_t location_count;
};

/** A message or an enum by its full name. */
struct gen_symbol {
    const char *full_name;
    struct gen_message *message;
    struct gen_enum *enumeration;
};

/** A name that the output defines, and who asked for it. */
struct gen_emitted {
    const char *name;
    const char *owner;
    const struct gen_file *file;
    struct gen_path path;
    size_t order;
};

struct gen_run {
    struct gen_memory memory;
    ProtobufCAllocator allocator; /* protobuf-c's messages live in `memory` too */
    const Google__Protobuf__Compiler__CodeGeneratorRequest *request;
    const char *prefix;  /* option: stands before every service's functions */
    bool full_names;     /* option: a service's functions begin with its package */
    bool skip_streaming; /* option: leave streaming methods out, instead of refusing them */
    struct gen_file *files;
    size_t file_count;
    struct gen_symbol *symbols; /* ascending by name */
    size_t symbol_count;
    struct gen_emitted *emitted;
    size_t emitted_count;
    size_t emitted_capacity;
    const char *error; /* the first problem, "file:line:column: reason"; NULL: none */
};

/**
 * Links the files of a request.
 *
 * @param bytes  The request's bytes, from which run->request was unpacked; kept.
 * @return false with run->error set.
 */
GEN_NODISCARD bool gen_model_build(struct gen_run *run, struct gen_bytes bytes);

/** Sets the run's error, unless there is one. @return false, always. */
bool gen_refuse(
    struct gen_run *run, const struct gen_file *file, struct gen_path path, const char *format, ...)
    GEN_PRINTF(4, 5);

/** The path of a part: parent's path, then field number and index. */
struct gen_path gen_path_of(
    struct gen_run *run, struct gen_path parent, int32_t number, size_t index);

/** The path of a part that is not repeated. */
struct gen_path gen_path_with(struct gen_run *run, struct gen_path parent, int32_t number);

/** A message or enum by its full name, or NULL. */
const struct gen_symbol *gen_symbol_find(const struct gen_run *run, const char *full_name);

/**
 * Every file that `file` needs, itself last, each after what it imports; the order does not depend
 * on what else is in the request.
 */
struct gen_file **gen_file_closure(
    struct gen_run *run, const struct gen_file *file, size_t *out_count);

/** Fills a file's messages and enums, without links between them. */
GEN_NODISCARD bool gen_types_collect(struct gen_run *run, struct gen_file *file);

/** Links the fields of a file to the types that they name; needs run->symbols. */
GEN_NODISCARD bool gen_types_link(struct gen_run *run, struct gen_file *file);

/** Index of a field by name, or -1. */
int gen_field_index(const struct gen_message *message, const char *name, size_t size);

bool gen_field_is_repeated(const struct gen_field *field);

#endif
