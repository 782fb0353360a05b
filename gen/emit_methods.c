/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of methods and services.
 */
#include "emit.h"
#include "names.h"
#include "source.h"

void gen_emit_service_declaration(
    struct gen_run *run, const struct gen_file *file, const struct gen_service *service,
    struct gen_text *text) {
    const char *upper = gen_upper_snake(run, service->function);
    gen_text_printf(
        text, "\n/* --- %s --- */\n\n/** Indexes into %s_service.methods. */\nenum {\n",
        service->full_name, service->function);
    for (size_t i = 0; i < service->method_count; i++) {
        gen_text_printf(text, "    %s = %zu,\n", service->methods[i].constant, i);
    }
    gen_text_printf(text, "    %s_METHOD_COUNT = %zu,\n};\n", upper, service->method_count);
    gen_text_printf(text, "\n/**\n * %s\n", service->full_name);
    if (gen_source_has_comment(file, service->path)) {
        gen_text_printf(text, " *\n");
        gen_source_comment(text, " *", file, service->path);
    }
    gen_text_printf(
        text, " */\nextern const struct nnrpc_service %s_service;\n", service->function);
}

static void gen_emit_text_member(struct gen_text *text, const char *name, const char *value) {
    gen_text_printf(text, "                .%s = ", name);
    gen_text_literal(text, value);
    gen_text_printf(text, ",\n");
}

static void gen_emit_http_rule(const Nnrpc__V1__HttpRule *rule, struct gen_text *text) {
    gen_text_printf(text, "            {\n");
    gen_emit_text_member(text, "verb", rule->verb);
    gen_emit_text_member(text, "path", rule->path);
    gen_emit_text_member(text, "action", rule->action);
    gen_emit_text_member(text, "body", rule->body);
    gen_emit_text_member(text, "response_body", rule->response_body);
    gen_text_printf(
        text, "                .success_status = %u,\n",
        rule->success_status == 0 ? 200 : rule->success_status);
    gen_emit_text_member(text, "location", rule->location);
    gen_text_printf(text, "            },\n");
}

static void gen_emit_http(const struct gen_method *method, struct gen_text *text) {
    if (method->http_rule_count == 0) {
        return;
    }
    gen_text_printf(text, "        .http_rules = (const struct nnrpc_http_rule[]){\n");
    for (size_t i = 0; i < method->http_rule_count; i++) {
        gen_emit_http_rule(method->http_rules[i], text);
    }
    gen_text_printf(text, "        },\n        .http_rule_count = %zu,\n", method->http_rule_count);
}

static void gen_emit_slow(const struct gen_method *method, struct gen_text *text) {
    if (method->slow_always) {
        gen_text_printf(text, "        .slow_always = true,\n");
    }
    if (method->slow_path_count == 0) {
        return;
    }
    gen_text_printf(text, "        .slow_when_set = (const struct nnrpc_path[]){\n");
    for (size_t i = 0; i < method->slow_path_count; i++) {
        const char *lead = "            {.indexes = {";
        for (size_t k = 0; k < GEN_PATH_DEPTH; k++) {
            int index = method->slow_paths[i].indexes[k];
            gen_text_printf(text, "%s%d", lead, index);
            lead = ", ";
            if (index < 0) {
                break;
            }
        }
        gen_text_printf(text, "}},\n");
    }
    gen_text_printf(
        text, "        },\n        .slow_when_set_count = %zu,\n", method->slow_path_count);
}

static void gen_emit_method(
    const struct gen_service *service, const struct gen_method *method, struct gen_text *text) {
    static const char *const idempotency[] = {
        "NNRPC_IDEMPOTENCY_UNKNOWN", "NNRPC_NO_SIDE_EFFECTS", "NNRPC_IDEMPOTENT"};
    static const char *const roles[] = {
        "NNRPC_ROLE_UNSPECIFIED", "NNRPC_ROLE_PUBLIC", "NNRPC_ROLE_READER", "NNRPC_ROLE_WRITER",
        "NNRPC_ROLE_ADMIN"};
    const Google__Protobuf__MethodOptions *options = method->proto->options;
    int level = options == NULL ? 0 : (int)options->idempotency_level;
    gen_text_printf(
        text,
        "    [%s] = {\n"
        "        .name = \"%s/%s\",\n"
        "        .service_name = \"%s\",\n"
        "        .method_name = \"%s\",\n"
        "        .request = &%s,\n"
        "        .response = &%s,\n"
        "        .idempotency = %s,\n"
        "        .role = %s,\n",
        method->constant, service->full_name, method->proto->name, service->full_name,
        method->proto->name, method->request->table, method->response->table, idempotency[level],
        roles[method->role]);
    gen_emit_slow(method, text);
    gen_text_printf(
        text, "        .request_id_index = %d,\n        .validate_only_index = %d,\n",
        method->request_id_index, method->validate_only_index);
    gen_emit_http(method, text);
    gen_text_printf(text, "    },\n");
}

void gen_emit_service_table(
    struct gen_run *run, const struct gen_file *file, const struct gen_service *service,
    struct gen_text *text) {
    const char *set = gen_descriptor_set_name(run, file);
    gen_text_printf(
        text, "\nstatic const struct nnrpc_method %s_methods[] = {\n", service->function);
    for (size_t i = 0; i < service->method_count; i++) {
        gen_emit_method(service, &service->methods[i], text);
    }
    gen_text_printf(
        text,
        "};\n"
        "\n"
        "const struct nnrpc_service %s_service = {\n"
        "    .name = \"%s\",\n"
        "    .methods = %s_methods,\n"
        "    .method_count = %s_METHOD_COUNT,\n"
        "    .descriptor_set = %s,\n"
        "    .descriptor_set_size = sizeof(%s),\n"
        "};\n",
        service->function, service->full_name, service->function,
        gen_upper_snake(run, service->function), set, set);
}
