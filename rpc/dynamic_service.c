/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of run-time services: types of their methods, and what options say of them.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "dynamic.h"
#include "nnrpc/v1/options.nnrpc.h"
#include "scan.h"

/* Numbers of the options of methods. */
#define ROLE_OPTION 50201
#define HTTP_OPTION 50202
#define SLOW_OPTION 50203

#define SUCCESS_STATUS 200

/* A method while its table is filled. */
struct draft {
    const struct nnrpc_dynamic_build *build;
    const struct nnrpc_dynamic_symbol *symbol;
    const Google__Protobuf__MethodDescriptorProto *proto;
    struct nnrpc_method *method;
};

static bool refuse_method(const struct draft *draft, const char *problem) {
    return nnrpc_dynamic_refuse(
        draft->build, draft->symbol->file, "rpc %.120s %s", draft->symbol->item.name, problem);
}

/* --- Options ------------------------------------------------------------------------------ */

/* protobuf-c keeps the length before the content of an unknown field. */
struct nnrpc_slice nnrpc_dynamic_option_content(const ProtobufCMessageUnknownField *field) {
    size_t prefix = 0;
    while (prefix < field->len && (field->data[prefix] & 0x80) != 0) {
        prefix++;
    }
    prefix = prefix < field->len ? prefix + 1 : field->len;
    return (struct nnrpc_slice){.data = field->data + prefix, .size = field->len - prefix};
}

bool nnrpc_dynamic_option_bytes(
    struct nnrpc_dynamic *dynamic, const ProtobufCMessage *options, uint32_t number,
    struct nnrpc_slice *out_bytes) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer joined = {0};
    struct nnrpc_slice bytes = {0};
    size_t count = 0;
    for (unsigned int i = 0; i < options->n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *field = &options->unknown_fields[i];
        if (field->tag != number) {
            continue;
        }
        if (field->wire_type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) {
            return false;
        }
        bytes = nnrpc_dynamic_option_content(field);
        nnrpc_buffer_append(&joined, bytes.data, bytes.size);
        count++;
    }
    if (count > 1) {
        bytes.data = nnrpc_arena_copy(&dynamic->arena, joined.data, joined.size);
        bytes.size = joined.size;
    }
    *out_bytes = bytes;
    return count == 0 || (bytes.data != NULL && !joined.failed);
}

bool nnrpc_dynamic_option_message(
    struct nnrpc_dynamic *dynamic, const ProtobufCMessage *options, uint32_t number,
    const ProtobufCMessageDescriptor *type, const ProtobufCMessage **out_message) {
    struct nnrpc_slice bytes = {0};
    *out_message = NULL;
    if (!nnrpc_dynamic_option_bytes(dynamic, options, number, &bytes)) {
        return false;
    }
    if (bytes.data == NULL) {
        return true;
    }
    if (nnrpc_scan_message(type, bytes.data, bytes.size, NULL, NULL) != NNRPC_OK) {
        return false;
    }
    *out_message =
        protobuf_c_message_unpack(type, &dynamic->arena.allocator, bytes.size, bytes.data);
    return *out_message != NULL;
}

uint64_t nnrpc_dynamic_option_number(const ProtobufCMessage *options, uint32_t number) {
    uint64_t value = 0;
    for (unsigned int i = 0; i < options->n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *field = &options->unknown_fields[i];
        if (field->tag == number && field->wire_type == PROTOBUF_C_WIRE_TYPE_VARINT) {
            value = 0;
            for (size_t k = 0; k < field->len && k < 10; k++) {
                value |= (uint64_t)(field->data[k] & 0x7f) << (7 * k);
            }
        }
    }
    return value;
}

/* --- Methods ------------------------------------------------------------------------------ */

/* Turns "contact.account_password" into indexes; false when it names no field. */
static bool resolve_path(
    const struct nnrpc_message *message, const char *text, struct nnrpc_path *out_path) {
    size_t depth = 0;
    while (true) {
        size_t size = strcspn(text, ".");
        int index = nnrpc_message_field_by_name(message, text, size);
        if (index < 0 || depth + 1 == NNRPC_PATH_DEPTH) {
            return false;
        }
        out_path->indexes[depth++] = (int16_t)index;
        if (text[size] == '\0') {
            out_path->indexes[depth] = -1;
            return true;
        }
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[index];
        if (field->type != PROTOBUF_C_TYPE_MESSAGE || field->label == PROTOBUF_C_LABEL_REPEATED) {
            return false;
        }
        message = message->fields[index].message;
        text += size + 1;
    }
}

static bool read_slow(const struct draft *draft) {
    struct nnrpc_dynamic *dynamic = draft->build->dynamic;
    struct nnrpc_method *method = draft->method;
    const ProtobufCMessage *unpacked = NULL;
    if (!nnrpc_dynamic_option_message(
            dynamic, &draft->proto->options->base, SLOW_OPTION, &nnrpc__v1__slow_rule__descriptor,
            &unpacked)) {
        return refuse_method(draft, "has a malformed option nnrpc.v1.slow");
    }
    const Nnrpc__V1__SlowRule *rule = (const Nnrpc__V1__SlowRule *)unpacked;
    if (rule == NULL) {
        return true;
    }
    struct nnrpc_path *paths = nnrpc_dynamic_allocate(dynamic, rule->n_when_set, sizeof(*paths));
    if (paths == NULL) {
        return false;
    }
    for (size_t i = 0; i < rule->n_when_set; i++) {
        if (!resolve_path(method->request, rule->when_set[i], &paths[i])) {
            return refuse_method(draft, "has a slow path that names no field");
        }
    }
    method->slow_always = rule->always;
    method->slow_when_set = rule->n_when_set == 0 ? NULL : paths;
    method->slow_when_set_count = rule->n_when_set;
    return true;
}

static struct nnrpc_http_rule http_rule(const Nnrpc__V1__HttpRule *rule) {
    return (struct nnrpc_http_rule){
        .verb = rule->verb,
        .path = rule->path,
        .action = rule->action,
        .body = rule->body,
        .response_body = rule->response_body,
        .success_status = rule->success_status == 0 ? SUCCESS_STATUS : rule->success_status,
        .location = rule->location,
    };
}

static bool read_http(const struct draft *draft) {
    struct nnrpc_dynamic *dynamic = draft->build->dynamic;
    const ProtobufCMessage *unpacked = NULL;
    if (!nnrpc_dynamic_option_message(
            dynamic, &draft->proto->options->base, HTTP_OPTION, &nnrpc__v1__http_rule__descriptor,
            &unpacked)) {
        return refuse_method(draft, "has a malformed option nnrpc.v1.http");
    }
    const Nnrpc__V1__HttpRule *rule = (const Nnrpc__V1__HttpRule *)unpacked;
    if (rule == NULL) {
        return true;
    }
    size_t count = rule->n_additional_bindings + 1;
    struct nnrpc_http_rule *rules = nnrpc_dynamic_allocate(dynamic, count, sizeof(*rules));
    if (rules == NULL) {
        return false;
    }
    rules[0] = http_rule(rule);
    for (size_t i = 1; i < count; i++) {
        rules[i] = http_rule(rule->additional_bindings[i - 1]);
    }
    draft->method->http_rules = rules;
    draft->method->http_rule_count = count;
    return true;
}

/* Index of a singular field of that name and type outside of any oneof, or -1. */
static int special_field(
    const struct nnrpc_message *message, const char *name, ProtobufCType type) {
    int index = nnrpc_message_field_by_name(message, name, strlen(name));
    if (index < 0) {
        return -1;
    }
    const ProtobufCFieldDescriptor *field = &message->descriptor->fields[index];
    bool is_special = field->type == type && field->label != PROTOBUF_C_LABEL_REPEATED &&
                      (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0;
    return is_special ? index : -1;
}

static const struct nnrpc_message *message_of(const struct draft *draft, const char *type_name) {
    bool is_full = type_name != NULL && type_name[0] == '.';
    return is_full ? nnrpc_dynamic_find_message(draft->build->dynamic, type_name + 1) : NULL;
}

static bool read_options(const struct draft *draft) {
    const Google__Protobuf__MethodOptions *options = draft->proto->options;
    if (options == NULL) {
        return true;
    }
    uint64_t role = nnrpc_dynamic_option_number(&options->base, ROLE_OPTION);
    int level = options->has_idempotency_level ? (int)options->idempotency_level : 0;
    draft->method->role = role <= NNRPC_ROLE_ADMIN ? (enum nnrpc_role)role : NNRPC_ROLE_UNSPECIFIED;
    if (level == NNRPC_NO_SIDE_EFFECTS || level == NNRPC_IDEMPOTENT) {
        draft->method->idempotency = (enum nnrpc_idempotency)level;
    }
    return read_slow(draft) && read_http(draft);
}

static bool fill_method(const struct draft *draft) {
    struct nnrpc_method *method = draft->method;
    method->name = draft->symbol->item.name;
    method->service_name = draft->symbol->item.service->name;
    method->method_name = draft->proto->name;
    method->request = message_of(draft, draft->proto->input_type);
    method->response = message_of(draft, draft->proto->output_type);
    if (method->request == NULL || method->response == NULL) {
        return refuse_method(draft, "has a request or response type that is not in the set");
    }
    method->request_id_index = special_field(method->request, "request_id", PROTOBUF_C_TYPE_STRING);
    method->validate_only_index =
        special_field(method->request, "validate_only", PROTOBUF_C_TYPE_BOOL);
    return read_options(draft);
}

/* --- Services ----------------------------------------------------------------------------- */

static bool streams(const Google__Protobuf__MethodDescriptorProto *proto) {
    return (proto->has_client_streaming && proto->client_streaming) ||
           (proto->has_server_streaming && proto->server_streaming);
}

/* The symbol of a method, which was collected with its service. */
static struct nnrpc_dynamic_symbol *method_symbol(
    struct nnrpc_dynamic *dynamic, const struct nnrpc_dynamic_symbol *service,
    const Google__Protobuf__MethodDescriptorProto *proto) {
    char name[NNRPC_DYNAMIC_NAME_BYTES];
    snprintf(name, sizeof(name), "%s/%s", service->item.name, proto->name);
    const struct nnrpc_dynamic_item *item = nnrpc_dynamic_find(dynamic, name);
    assert(item != NULL);
    return &dynamic->symbols[(const struct nnrpc_dynamic_symbol *)item - dynamic->symbols];
}

bool nnrpc_dynamic_build_service(
    const struct nnrpc_dynamic_build *build, const struct nnrpc_dynamic_symbol *symbol) {
    struct nnrpc_dynamic *dynamic = build->dynamic;
    const Google__Protobuf__ServiceDescriptorProto *proto = symbol->proto.service;
    struct nnrpc_method *methods =
        nnrpc_dynamic_allocate(dynamic, proto->n_method, sizeof(*methods));
    if (methods == NULL) {
        return false;
    }
    /* Collected as constant for everybody else. */
    struct nnrpc_service *service = (struct nnrpc_service *)symbol->item.service;
    service->name = symbol->item.name;
    service->methods = methods;
    service->descriptor_set = dynamic->bytes.data;
    service->descriptor_set_size = dynamic->bytes.size;
    for (size_t i = 0; i < proto->n_method; i++) {
        if (streams(proto->method[i])) {
            continue;
        }
        struct nnrpc_dynamic_symbol *named = method_symbol(dynamic, symbol, proto->method[i]);
        struct draft draft = {
            .build = build,
            .symbol = named,
            .proto = proto->method[i],
            .method = &methods[service->method_count++],
        };
        if (!fill_method(&draft)) {
            return false;
        }
        named->item.method = draft.method;
    }
    return true;
}
