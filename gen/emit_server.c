/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The serving side: handlers to implement, replies to give, thunks between them and the runtime.
 */
#include "emit.h"
#include "names.h"
#include "source.h"

static void gen_emit_handlers(
    struct gen_run *run, const struct gen_file *file, const struct gen_service *service,
    struct gen_text *text) {
    gen_text_printf(
        text,
        "\n/** Implements %s. A member left NULL answers UNIMPLEMENTED. */\n"
        "struct %s_handlers {\n",
        service->full_name, service->function);
    for (size_t i = 0; i < service->method_count; i++) {
        const struct gen_method *method = &service->methods[i];
        if (gen_source_has_comment(file, method->path)) {
            gen_text_printf(text, "    /**\n");
            gen_source_comment(text, "     *", file, method->path);
            gen_text_printf(text, "     */\n");
        }
        gen_text_printf(
            text,
            "    struct nnrpc_answer (*%s)(\n"
            "        void *self, struct nnrpc_call *call,\n"
            "        const %s *request);\n",
            method->member, gen_message_type(run, method->request));
    }
    gen_text_printf(text, "};\n");
}

static void gen_emit_register_signature(
    const struct gen_service *service, const char *end, struct gen_text *text) {
    gen_text_printf(
        text,
        "enum nnrpc_code %s_register(\n"
        "    struct nnrpc_server *server, const struct %s_handlers *handlers,\n"
        "    void *self, struct nnrpc_status *out_status)%s\n",
        service->function, service->function, end);
}

void gen_emit_server_declarations(
    struct gen_run *run, const struct gen_file *file, const struct gen_service *service,
    struct gen_text *text) {
    gen_emit_handlers(run, file, service, text);
    gen_text_printf(
        text,
        "\n/**\n"
        " * Adds %s to a server, before nnrpc_server_start().\n"
        " *\n"
        " * @param handlers    Kept, must stay valid as long as the server.\n"
        " * @param self        Passed to every handler.\n"
        " * @param out_status  Initialised; overwritten. NULL is fine.\n"
        " * @return NNRPC_OK, NNRPC_ALREADY_EXISTS (the server has the service),\n"
        " *         NNRPC_RESOURCE_EXHAUSTED.\n"
        " */\n"
        "NNRPC_NODISCARD ",
        service->full_name);
    gen_emit_register_signature(service, ";", text);
    for (size_t i = 0; i < service->method_count; i++) {
        const struct gen_method *method = &service->methods[i];
        gen_text_printf(
            text,
            "\n/** Answers a %s call. Packed before return. */\n"
            "static inline struct nnrpc_answer %s_reply(\n"
            "    struct nnrpc_call *call, const %s *response) {\n"
            "    return nnrpc_call_reply(call, (const ProtobufCMessage *)response);\n"
            "}\n",
            method->proto->name, method->function, gen_message_type(run, method->response));
    }
}

static void gen_emit_thunk(
    struct gen_run *run, const struct gen_service *service, const struct gen_method *method,
    struct gen_text *text) {
    gen_text_printf(
        text,
        "\nstatic struct nnrpc_answer %s_thunk(\n"
        "    const void *handlers, void *self, struct nnrpc_call *call,\n"
        "    const ProtobufCMessage *request) {\n"
        "    const struct %s_handlers *typed = handlers;\n"
        "    if (typed->%s == NULL) {\n"
        "        return %s_unimplemented(call, %s);\n"
        "    }\n"
        "    return typed->%s(\n"
        "        self, call, (const %s *)request);\n"
        "}\n",
        method->function, service->function, method->member, service->function, method->constant,
        method->member, gen_message_type(run, method->request));
}

void gen_emit_server(
    struct gen_run *run, const struct gen_service *service, struct gen_text *text) {
    gen_text_printf(
        text,
        "\nstatic struct nnrpc_answer %s_unimplemented(struct nnrpc_call *call, size_t index) {\n"
        "    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;\n"
        "    (void)nnrpc_fail(\n"
        "        &status, NNRPC_UNIMPLEMENTED, NNRPC_DOMAIN, \"UNKNOWN_METHOD\",\n"
        "        \"%%s has no handler\", %s_methods[index].name);\n"
        "    return nnrpc_call_fail(call, &status);\n"
        "}\n",
        service->function, service->function);
    for (size_t i = 0; i < service->method_count; i++) {
        gen_emit_thunk(run, service, &service->methods[i], text);
    }
    gen_text_printf(text, "\nstatic const nnrpc_thunk %s_thunks[] = {\n", service->function);
    for (size_t i = 0; i < service->method_count; i++) {
        const struct gen_method *method = &service->methods[i];
        gen_text_printf(text, "    [%s] = %s_thunk,\n", method->constant, method->function);
    }
    gen_text_printf(text, "};\n\n");
    gen_emit_register_signature(service, " {", text);
    gen_text_printf(
        text,
        "    return nnrpc_server_register(\n"
        "        server, &%s_service, %s_thunks, handlers, self, out_status);\n"
        "}\n",
        service->function, service->function);
}
