/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What generated code says about messages, methods and services, beyond protobuf-c's descriptors:
 * JSON names, field rules, roles, HTTP rules, lanes, the descriptor set.
 *
 * All of it is constant data made by protoc-gen-nnrpc; any thread may read it.
 */
#ifndef NNRPC_SCHEMA_H
#define NNRPC_SCHEMA_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrpc/base.h"

NNRPC_BEGIN_DECLARATIONS

struct nnrpc_message;

/** One enum. */
struct nnrpc_enum {
    const ProtobufCEnumDescriptor *descriptor;
    /** Parallel to descriptor->values: the lower-case value without the enum's prefix ("direct").
     */
    const char *const *json_names;
    /** An enum of proto2: it has no other numbers. */
    bool is_closed;
};

enum nnrpc_field_flag {
    NNRPC_FIELD_INPUT_ONLY = 1 << 0,
    NNRPC_FIELD_OUTPUT_ONLY = 1 << 1,
    NNRPC_FIELD_SENSITIVE = 1 << 2,
    NNRPC_FIELD_EMPTY_IS_NULL = 1 << 3,
    /** A map: `message` is its entry type, with key 1 and value 2. */
    NNRPC_FIELD_MAP = 1 << 4,
};

/** What protobuf-c's field descriptor lacks. */
struct nnrpc_field {
    const char *json_name;
    uint32_t flags; /* of enum nnrpc_field_flag */
    /** Type of a message field, NULL for other fields. */
    const struct nnrpc_message *message;
    /** Type of an enum field, NULL for other fields. */
    const struct nnrpc_enum *enumeration;
    /** For a google.protobuf.FieldMask: the message that its paths refer to, or NULL. */
    const struct nnrpc_message *mask_of;
};

/** Which JSON mapping a message has of its own. */
enum nnrpc_well_known {
    NNRPC_WELL_KNOWN_NONE = 0,
    NNRPC_WELL_KNOWN_TIMESTAMP,
    NNRPC_WELL_KNOWN_DURATION,
    NNRPC_WELL_KNOWN_FIELD_MASK,
    NNRPC_WELL_KNOWN_EMPTY,
    NNRPC_WELL_KNOWN_WRAPPER, /* DoubleValue, StringValue, ... : JSON is the value's */
    NNRPC_WELL_KNOWN_STRUCT,
    NNRPC_WELL_KNOWN_VALUE,
    NNRPC_WELL_KNOWN_LIST_VALUE,
    NNRPC_WELL_KNOWN_ANY,
};

/** One message type. */
struct nnrpc_message {
    const ProtobufCMessageDescriptor *descriptor;
    /** Parallel to descriptor->fields (ascending by field number). */
    const struct nnrpc_field *fields;
    enum nnrpc_well_known well_known;
};

/** Same order as nnrpc.v1.Role: each role includes the ones before it. */
enum nnrpc_role {
    NNRPC_ROLE_UNSPECIFIED = 0,
    NNRPC_ROLE_PUBLIC = 1,
    NNRPC_ROLE_READER = 2,
    NNRPC_ROLE_WRITER = 3,
    NNRPC_ROLE_ADMIN = 4,
};

/** Same numbers as google.protobuf.MethodOptions.IdempotencyLevel. */
enum nnrpc_idempotency {
    NNRPC_IDEMPOTENCY_UNKNOWN = 0,
    NNRPC_NO_SIDE_EFFECTS = 1,
    NNRPC_IDEMPOTENT = 2,
};

/** The lane that a call rides: none waits for another. */
enum nnrpc_lane_class {
    NNRPC_LANE_READ = 0,  /* NO_SIDE_EFFECTS */
    NNRPC_LANE_WRITE = 1, /* everything else */
    NNRPC_LANE_SLOW = 2,  /* by the slow option, whatever the idempotency */
};
#define NNRPC_LANE_CLASS_COUNT 3

/** One way to reach a method over HTTP, as nnrpc.v1.HttpRule; texts are "" when not set. */
struct nnrpc_http_rule {
    const char *verb;
    const char *path;
    const char *action;
    const char *body;
    const char *response_body;
    uint32_t success_status; /* never 0: 200 unless set */
    const char *location;
};

/** A path of fields inside a message, by index into each descriptor's fields; ends at -1. */
#define NNRPC_PATH_DEPTH 8
struct nnrpc_path {
    int16_t indexes[NNRPC_PATH_DEPTH];
};

/** One method. */
struct nnrpc_method {
    const char *name;         /* "contacts.v1.ContactService/GetContact" */
    const char *service_name; /* "contacts.v1.ContactService" */
    const char *method_name;  /* "GetContact" */
    const struct nnrpc_message *request;
    const struct nnrpc_message *response;
    enum nnrpc_idempotency idempotency;
    enum nnrpc_role role;
    bool slow_always;
    const struct nnrpc_path *slow_when_set; /* NULL when there are none */
    size_t slow_when_set_count;
    /** Index of the request's string field `request_id`, or -1: repeats are then not harmless. */
    int request_id_index;
    /** Index of the request's bool field `validate_only`, or -1. */
    int validate_only_index;
    const struct nnrpc_http_rule *http_rules; /* the rule, then its additional bindings */
    size_t http_rule_count;                   /* 0: not reachable over HTTP */
};

/** One service. */
struct nnrpc_service {
    const char *name;
    const struct nnrpc_method *methods; /* in the order of the .proto */
    size_t method_count;
    /** A packed FileDescriptorSet: the service's file after all that it imports, with comments. */
    const uint8_t *descriptor_set;
    size_t descriptor_set_size;
};

/** The lane class of one call: slow if the method or a set field says so. */
enum nnrpc_lane_class nnrpc_method_lane(
    const struct nnrpc_method *method, const ProtobufCMessage *request);

/** Index of a field by its proto name, or -1. */
int nnrpc_message_field_by_name(const struct nnrpc_message *message, const char *name, size_t size);

/** Index of a field by its JSON name, or -1. */
int nnrpc_message_field_by_json_name(
    const struct nnrpc_message *message, const char *name, size_t size);

NNRPC_END_DECLARATIONS

#endif
