/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a set of run-time types is made of. Built in this order: the files are unpacked, their names
 * collected, enums and messages laid out, services linked. Everything lies in one arena, the
 * unpacked descriptors too, so that names are borrowed and all is released at once.
 *
 * Each step returns false after it has said why in build->status, or when the arena is exhausted.
 */
#ifndef NNRPC_DYNAMIC_PRIVATE_H
#define NNRPC_DYNAMIC_PRIVATE_H

#include "google/protobuf/descriptor.pb-c.h"
#include "nnrpc/arena.h"
#include "nnrpc/dynamic.h"
#include "nnrpc/wire.h"

#define NNRPC_REASON_INVALID_DESCRIPTORS "INVALID_DESCRIPTORS"

/* Numbers of fields in descriptor.proto, which are the steps of a comment's path. */
enum {
    NNRPC_FILE_MESSAGE = 4,
    NNRPC_FILE_ENUM = 5,
    NNRPC_FILE_SERVICE = 6,
    NNRPC_MESSAGE_FIELD = 2,
    NNRPC_MESSAGE_NESTED = 3,
    NNRPC_MESSAGE_ENUM = 4,
    NNRPC_MESSAGE_ONEOF = 8,
    NNRPC_ENUM_VALUE = 2,
    NNRPC_SERVICE_METHOD = 2,
};

/* A full name and its terminator. */
#define NNRPC_DYNAMIC_NAME_BYTES 4096

/* Longest path of a comment: two steps for each level that the scan lets through, and some. */
#define NNRPC_DYNAMIC_PATH_STEPS 256

/** Where a thing stands in its file, as in SourceCodeInfo.Location.path. */
struct nnrpc_dynamic_path {
    int32_t *steps;
    size_t count;
};

struct nnrpc_dynamic_file {
    const Google__Protobuf__FileDescriptorProto *proto;
    const char *package; /* "" when there is none */
    bool is_proto3;      /* singular values have no presence */
    bool is_proto2;      /* repeated numbers are not packed unless they say so */
    const Google__Protobuf__SourceCodeInfo__Location **locations; /* ascending by path */
    size_t location_count;
};

/** The table of a message, which others may link to before it is filled. */
struct nnrpc_dynamic_message {
    struct nnrpc_message table;
    ProtobufCMessageDescriptor descriptor; /* the table's */
};

/** One named thing, and the descriptor that it comes from. */
struct nnrpc_dynamic_symbol {
    struct nnrpc_dynamic_item item; /* first: an item is found again as its symbol */
    const struct nnrpc_dynamic_file *file;
    struct nnrpc_dynamic_path path;
    union {
        const Google__Protobuf__DescriptorProto *message;
        const Google__Protobuf__EnumDescriptorProto *enumeration;
        const Google__Protobuf__ServiceDescriptorProto *service;
        const Google__Protobuf__MethodDescriptorProto *method;
    } proto;
    struct nnrpc_dynamic_message *message; /* where its table is made; NULL for other kinds */
    bool is_known;                         /* its table is the compiled-in one */
};

/** An extension, of which options are. */
struct nnrpc_dynamic_extension {
    const Google__Protobuf__FieldDescriptorProto *proto;
    const char *name; /* full name */
};

struct nnrpc_dynamic {
    struct nnrpc_arena arena;
    const Google__Protobuf__FileDescriptorSet *proto;
    struct nnrpc_slice bytes;
    struct nnrpc_dynamic_file *files;
    size_t file_count;
    struct nnrpc_dynamic_symbol *symbols; /* ascending by name */
    size_t symbol_count;
    struct nnrpc_dynamic_extension *extensions; /* ascending by extendee, number */
    size_t extension_count;
};

/** A set that is being made. */
struct nnrpc_dynamic_build {
    struct nnrpc_dynamic *dynamic;
    struct nnrpc_status *status;
};

/** Zeroed memory of the set; NULL when the arena is exhausted. */
void *nnrpc_dynamic_allocate(struct nnrpc_dynamic *dynamic, size_t count, size_t size);

/** Says what is wrong. @return false, always. */
bool nnrpc_dynamic_refuse(
    const struct nnrpc_dynamic_build *build, const struct nnrpc_dynamic_file *file,
    const char *format, ...) NNRPC_PRINTF(3, 4);

/** Finds the symbol that a type's name (".package.Type") means; NULL when there is none. */
const struct nnrpc_dynamic_symbol *nnrpc_dynamic_resolve(
    const struct nnrpc_dynamic *dynamic, const char *type_name);

/** Collects the names of all files. */
NNRPC_NODISCARD bool nnrpc_dynamic_collect(struct nnrpc_dynamic_build *build);

/** The compiled-in table of a well-known type, or NULL. */
const struct nnrpc_message *nnrpc_dynamic_known_message(const char *full_name);
const struct nnrpc_enum *nnrpc_dynamic_known_enum(const char *full_name);

/** Fill the table of a symbol. */
NNRPC_NODISCARD bool nnrpc_dynamic_build_enum(
    const struct nnrpc_dynamic_build *build, const struct nnrpc_dynamic_symbol *symbol);
NNRPC_NODISCARD bool nnrpc_dynamic_build_message(
    const struct nnrpc_dynamic_build *build, const struct nnrpc_dynamic_symbol *symbol);
NNRPC_NODISCARD bool nnrpc_dynamic_build_service(
    const struct nnrpc_dynamic_build *build, const struct nnrpc_dynamic_symbol *symbol);

/** The content of an unknown field that is bytes, without the length before it. */
struct nnrpc_slice nnrpc_dynamic_option_content(const ProtobufCMessageUnknownField *field);

/**
 * The bytes of an option that is a message, all its occurrences one after another.
 *
 * @return false when it is malformed or the arena exhausted. Absent: *out_bytes is all zero.
 */
NNRPC_NODISCARD bool nnrpc_dynamic_option_bytes(
    struct nnrpc_dynamic *dynamic, const ProtobufCMessage *options, uint32_t number,
    struct nnrpc_slice *out_bytes);

/** As above, unpacked: *out_message is NULL when the option is absent. */
NNRPC_NODISCARD bool nnrpc_dynamic_option_message(
    struct nnrpc_dynamic *dynamic, const ProtobufCMessage *options, uint32_t number,
    const ProtobufCMessageDescriptor *type, const ProtobufCMessage **out_message);

/** The last value of an option that is a number; 0 when it is absent or malformed. */
uint64_t nnrpc_dynamic_option_number(const ProtobufCMessage *options, uint32_t number);

/** Whether labels and presence say that a field is one of a real oneof. */
bool nnrpc_dynamic_in_oneof(const Google__Protobuf__FieldDescriptorProto *field);

/** Sorts the locations of a file, for nnrpc_dynamic_location(). */
NNRPC_NODISCARD bool nnrpc_dynamic_sort_locations(
    struct nnrpc_dynamic *dynamic, struct nnrpc_dynamic_file *file);

/** The comments at a path, or NULL. */
const Google__Protobuf__SourceCodeInfo__Location *nnrpc_dynamic_location(
    const struct nnrpc_dynamic_file *file, const struct nnrpc_dynamic_path *path);

/** Appends the options of a descriptor as `option (name) = value;` lines, or, for a field or value,
 *  as a list in brackets. Its standard options are the caller's part. */
void nnrpc_dynamic_write_options(
    const struct nnrpc_dynamic *dynamic, const char *extendee, const ProtobufCMessage *options,
    const char *indent, struct nnrpc_buffer *out);
bool nnrpc_dynamic_write_option_list(
    const struct nnrpc_dynamic *dynamic, const char *extendee, const ProtobufCMessage *options,
    bool is_first, struct nnrpc_buffer *out);

#endif
