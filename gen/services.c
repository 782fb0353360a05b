/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Services and their methods: types, roles, slow paths, the fields with a meaning of their own.
 */
#include <string.h>

#include "http.h"
#include "model.h"
#include "names.h"
#include "options.h"
#include "reserved.h"

/* Numbers of fields in the descriptors. */
#define FILE_SERVICE 6
#define SERVICE_METHOD 2
#define METHOD_INPUT 2
#define METHOD_OUTPUT 3
#define METHOD_CLIENT_STREAMING 5
#define METHOD_SERVER_STREAMING 6
#define SLOW_WHEN_SET 2

static const char *gen_owner(
    struct gen_run *run, const struct gen_service *service, const struct gen_method *method) {
    return gen_format(&run->memory, "rpc %s/%s", service->full_name, method->proto->name);
}

static struct gen_path gen_option_path(
    struct gen_run *run, const struct gen_method *method, int32_t number) {
    return gen_path_with(run, gen_path_with(run, method->path, GEN_METHOD_OPTIONS), number);
}

static struct gen_message *gen_method_type(const struct gen_run *run, const char *name) {
    const struct gen_symbol *symbol =
        name == NULL || name[0] != '.' ? NULL : gen_symbol_find(run, name + 1);
    return symbol == NULL ? NULL : symbol->message;
}

static bool gen_method_link(
    struct gen_run *run, const struct gen_file *file, const struct gen_service *service,
    struct gen_method *method) {
    const Google__Protobuf__MethodDescriptorProto *proto = method->proto;
    const char *owner = gen_owner(run, service, method);
    method->request = gen_method_type(run, proto->input_type);
    method->response = gen_method_type(run, proto->output_type);
    if (method->request == NULL || method->response == NULL) {
        int32_t number = method->request == NULL ? METHOD_INPUT : METHOD_OUTPUT;
        return gen_refuse(
            run, file, gen_path_with(run, method->path, number), "%s has no known %s type", owner,
            method->request == NULL ? "request" : "response");
    }
    return true;
}

static bool gen_streams_request(const Google__Protobuf__MethodDescriptorProto *proto) {
    return proto->has_client_streaming && proto->client_streaming;
}

static bool gen_method_streams(const Google__Protobuf__MethodDescriptorProto *proto) {
    return gen_streams_request(proto) || (proto->has_server_streaming && proto->server_streaming);
}

static bool gen_method_refuse_streaming(
    struct gen_run *run, const struct gen_file *file, const struct gen_service *service,
    const struct gen_method *method) {
    bool request = gen_streams_request(method->proto);
    int32_t number = request ? METHOD_CLIENT_STREAMING : METHOD_SERVER_STREAMING;
    return gen_refuse(
        run, file, gen_path_with(run, method->path, number),
        "%s streams its %s; nnrpc has one message each way; --nnrpc_opt=skip_streaming leaves "
        "such methods out",
        gen_owner(run, service, method), request ? "request" : "response");
}

/* Turns "contact.account_password" into indexes; says why not, or NULL. */
static const char *gen_slow_path_resolve(
    struct gen_run *run, const struct gen_message *message, const char *text,
    struct gen_field_path *out_path) {
    size_t depth = 0;
    while (true) {
        size_t size = strcspn(text, ".");
        int index = gen_field_index(message, text, size);
        if (index < 0) {
            return gen_format(
                &run->memory, "%s has no field \"%.*s\"", message->full_name, (int)size, text);
        }
        if (depth + 1 == GEN_PATH_DEPTH) {
            return "the path is deeper than 7 fields";
        }
        out_path->indexes[depth++] = (int16_t)index;
        if (text[size] == '\0') {
            out_path->indexes[depth] = -1;
            return NULL;
        }
        const struct gen_field *field = &message->fields[index];
        if (field->message == NULL || gen_field_is_repeated(field)) {
            return gen_format(
                &run->memory, "%s.%s is not a singular message", message->full_name,
                field->proto->name);
        }
        message = field->message;
        text += size + 1;
    }
}

static bool gen_method_read_slow(
    struct gen_run *run, const struct gen_file *file, const struct gen_service *service,
    struct gen_method *method) {
    const ProtobufCMessage *unpacked = NULL;
    struct gen_path path = gen_option_path(run, method, GEN_OPTION_SLOW);
    const char *owner = gen_owner(run, service, method);
    if (!gen_option_unpack(
            run, &method->proto->options->base, GEN_OPTION_SLOW, &nnrpc__v1__slow_rule__descriptor,
            &unpacked)) {
        return gen_refuse(run, file, path, "%s: nnrpc.v1.slow is malformed", owner);
    }
    const Nnrpc__V1__SlowRule *rule = (const Nnrpc__V1__SlowRule *)unpacked;
    if (rule == NULL) {
        return true;
    }
    method->slow_always = rule->always;
    method->slow_path_count = rule->n_when_set;
    method->slow_paths =
        gen_allocate_array(&run->memory, rule->n_when_set, sizeof(*method->slow_paths));
    for (size_t i = 0; i < rule->n_when_set; i++) {
        const char *problem =
            gen_slow_path_resolve(run, method->request, rule->when_set[i], &method->slow_paths[i]);
        if (problem != NULL) {
            return gen_refuse(
                run, file, gen_path_of(run, path, SLOW_WHEN_SET, i), "%s: slow path \"%s\": %s",
                owner, rule->when_set[i], problem);
        }
    }
    return true;
}

static bool gen_method_read_role(
    struct gen_run *run, const struct gen_file *file, const struct gen_service *service,
    struct gen_method *method) {
    uint64_t role = 0;
    (void)gen_wire_unknown_varint(&method->proto->options->base, GEN_OPTION_ROLE, &role);
    if (role > NNRPC__V1__ROLE__ROLE_ADMIN) {
        return gen_refuse(
            run, file, gen_option_path(run, method, GEN_OPTION_ROLE),
            "%s: role %llu is not one of nnrpc.v1.Role", gen_owner(run, service, method),
            (unsigned long long)role);
    }
    method->role = (int)role;
    return true;
}

static bool gen_method_check_idempotency(
    struct gen_run *run, const struct gen_file *file, const struct gen_service *service,
    const struct gen_method *method) {
    int level = (int)method->proto->options->idempotency_level;
    if (level < 0 || level > 2) {
        return gen_refuse(
            run, file, gen_path_with(run, method->path, GEN_METHOD_OPTIONS),
            "%s: idempotency_level %d is not known", gen_owner(run, service, method), level);
    }
    return true;
}

/* Index of a singular field of that name and type, or -1. */
static int gen_special_field(
    const struct gen_message *message, const char *name,
    Google__Protobuf__FieldDescriptorProto__Type type) {
    int index = gen_field_index(message, name, strlen(name));
    if (index < 0 || message->fields[index].proto->type != type ||
        gen_field_is_repeated(&message->fields[index]) ||
        (message->fields[index].proto->has_oneof_index &&
         message->fields[index].presence_oneof == NULL)) {
        return -1;
    }
    return index;
}

/* Every name that a method brings into C. */
static void gen_method_name(
    struct gen_run *run, const struct gen_file *file, const struct gen_service *service,
    struct gen_method *method) {
    const char *snake = gen_snake(run, method->proto->name);
    method->member = gen_is_keyword(snake) ? gen_format(&run->memory, "%s_", snake) : snake;
    method->function = gen_format(&run->memory, "%s_%s", service->function, snake);
    method->constant = gen_upper_snake(run, method->function);
    const char *owner = gen_owner(run, service, method);
    static const char *const suffixes[] = {"", "_start", "_finish", "_reply", "_thunk"};
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        const char *name = gen_format(&run->memory, "%s%s", method->function, suffixes[i]);
        gen_emitted_add(run, file, method->path, name, owner);
    }
    gen_emitted_add(run, file, method->path, method->constant, owner);
}

static bool gen_method_build(
    struct gen_run *run, const struct gen_file *file, const struct gen_service *service,
    struct gen_method *method) {
    if (!gen_is_identifier(method->proto->name)) {
        return gen_refuse(
            run, file, method->path, "a method of %s has no name", service->full_name);
    }
    if (gen_method_streams(method->proto)) {
        return gen_method_refuse_streaming(run, file, service, method);
    }
    gen_method_name(run, file, service, method);
    const char *holder = gen_method_reserved_by(method);
    if (holder != NULL) {
        return gen_refuse(
            run, file, method->path,
            "%s would be \"%s\" and \"%s\" in C, one of which %s has; --nnrpc_opt=prefix=NAME "
            "keeps them apart",
            gen_owner(run, service, method), method->function, method->constant, holder);
    }
    if (!gen_method_link(run, file, service, method)) {
        return false;
    }
    method->request_id_index = gen_special_field(
        method->request, "request_id", GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_STRING);
    method->validate_only_index = gen_special_field(
        method->request, "validate_only",
        GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BOOL);
    return method->proto->options == NULL ||
           (gen_method_check_idempotency(run, file, service, method) &&
            gen_method_read_role(run, file, service, method) &&
            gen_method_read_slow(run, file, service, method) &&
            gen_http_read(run, file, service, method));
}

static bool gen_service_check_roles(
    struct gen_run *run, const struct gen_file *file, const struct gen_service *service) {
    const struct gen_method *with = NULL;
    const struct gen_method *without = NULL;
    for (size_t i = 0; i < service->method_count; i++) {
        const struct gen_method *method = &service->methods[i];
        if (method->role != 0 && with == NULL) {
            with = method;
        }
        if (method->role == 0 && without == NULL) {
            without = method;
        }
    }
    if (with != NULL && without != NULL) {
        return gen_refuse(
            run, file, without->path, "%s has no role while %s has one",
            gen_owner(run, service, without), with->proto->name);
    }
    return true;
}

static void gen_service_names_add(
    struct gen_run *run, const struct gen_file *file, const struct gen_service *service) {
    const char *owner = gen_format(&run->memory, "service %s", service->full_name);
    static const char *const forms[] = {
        "%s_service",       "%s_register",       "%s_thunks",          "%s_methods",
        "%s_unimplemented", "%s_descriptor_set", "struct %s_handlers",
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        const char *hole = strstr(forms[i], "%s");
        const char *emitted = gen_format(
            &run->memory, "%.*s%s%s", (int)(hole - forms[i]), forms[i], service->function,
            hole + 2);
        gen_emitted_add(run, file, service->path, emitted, owner);
    }
    const char *count =
        gen_format(&run->memory, "%s_METHOD_COUNT", gen_upper_snake(run, service->function));
    gen_emitted_add(run, file, service->path, count, owner);
}

static bool gen_service_build(
    struct gen_run *run, const struct gen_file *file, struct gen_service *service) {
    const Google__Protobuf__ServiceDescriptorProto *proto = service->proto;
    if (!gen_is_identifier(proto->name)) {
        return gen_refuse(run, file, service->path, "a service has no name");
    }
    const char *dot = file->package[0] == '\0' ? "" : ".";
    service->full_name = gen_format(&run->memory, "%s%s%s", file->package, dot, proto->name);
    const char *name = run->full_names ? service->full_name : proto->name;
    service->function = gen_format(&run->memory, "%s%s", run->prefix, gen_snake(run, name));
    service->methods = gen_allocate_array(&run->memory, proto->n_method, sizeof(*service->methods));
    service->skipped = gen_allocate_array(&run->memory, proto->n_method, sizeof(char *));
    for (size_t i = 0; i < proto->n_method; i++) {
        if (run->skip_streaming && gen_method_streams(proto->method[i])) {
            const char *skipped = proto->method[i]->name;
            service->skipped[service->skipped_count++] = gen_is_identifier(skipped) ? skipped : "?";
            continue;
        }
        struct gen_method *method = &service->methods[service->method_count++];
        method->proto = proto->method[i];
        method->path = gen_path_of(run, service->path, SERVICE_METHOD, i);
        if (!gen_method_build(run, file, service, method)) {
            return false;
        }
    }
    return gen_service_check_roles(run, file, service);
}

/* A service that has no method, or none left, is nothing to call or to implement. */
bool gen_services_build(struct gen_run *run, struct gen_file *file) {
    size_t count = file->proto->n_service;
    file->services = gen_allocate_array(&run->memory, count, sizeof(*file->services));
    file->empty_services = gen_allocate_array(&run->memory, count, sizeof(*file->services));
    for (size_t i = 0; i < count; i++) {
        struct gen_service service = {
            .proto = file->proto->service[i],
            .path = gen_path_of(run, (struct gen_path){0}, FILE_SERVICE, i)};
        if (!gen_service_build(run, file, &service)) {
            return false;
        }
        const char *holder = gen_service_reserved_by(file, &service);
        if (service.method_count > 0 && holder != NULL) {
            return gen_refuse(
                run, file, service.path,
                "service %s would have functions that begin with \"%s_\", as %s has; "
                "--nnrpc_opt=prefix=NAME keeps them apart",
                service.full_name, service.function, holder);
        }
        if (service.method_count > 0) {
            gen_service_names_add(run, file, &service);
            file->services[file->service_count++] = service;
        } else {
            file->empty_services[file->empty_service_count++] = service;
        }
    }
    return true;
}
