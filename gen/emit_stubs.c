/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Client stubs: typed wrappers around the runtime's client.
 */
#include "emit.h"
#include "names.h"
#include "protobuf_c.h"
#include "source.h"

/* What a stub's signature is made of. */
struct gen_stub {
    const struct gen_service *service;
    const struct gen_method *method;
    const char *request; /* protobuf-c's types */
    const char *response;
    const char *release; /* how a response is released, as C text */
};

static struct gen_stub gen_stub_of(
    struct gen_run *run, const struct gen_service *service, const struct gen_method *method) {
    const struct gen_message *response = method->response;
    struct gen_stub stub = {
        .service = service,
        .method = method,
        .request = gen_message_type(run, method->request),
        .response = gen_message_type(run, response),
        .release = "protobuf_c_message_free_unpacked((ProtobufCMessage *)response, NULL)",
    };
    if (response->pack_helpers) {
        stub.release = gen_format(
            &run->memory, "%s__free_unpacked(response, NULL)",
            gen_c_lower(run, response->file, response->full_name));
    }
    return stub;
}

static void gen_emit_method_comment(
    const struct gen_file *file, const struct gen_stub *stub, struct gen_text *text) {
    if (gen_source_has_comment(file, stub->method->path)) {
        gen_source_comment(text, " *", file, stub->method->path);
    } else {
        gen_text_printf(
            text, " * Calls %s/%s.\n", stub->service->full_name, stub->method->proto->name);
    }
}

static void gen_emit_request_comment(const struct gen_stub *stub, struct gen_text *text) {
    if (stub->method->request_id_index >= 0) {
        gen_text_printf(
            text, " *                      An empty request_id is filled with a UUIDv7 on the "
                  "wire.\n");
    }
}

static void gen_emit_answer_comment(const struct gen_stub *stub, struct gen_text *text) {
    gen_text_printf(
        text,
        " * @param out_response  On NNRPC_OK owned by the caller, release with\n"
        " *                      %s;\n"
        " *                      else untouched.\n"
        " * @param out_status    Initialised; overwritten. NULL is fine.\n"
        " * @return NNRPC_OK, NNRPC_DEADLINE_EXCEEDED, NNRPC_UNAVAILABLE, "
        "NNRPC_RESOURCE_EXHAUSTED, or\n"
        " *         the code that the server chose.\n"
        " */\n",
        stub->release);
}

static void gen_emit_call_signature(
    const struct gen_stub *stub, const char *end, struct gen_text *text) {
    gen_text_printf(
        text,
        "enum nnrpc_code %s(\n"
        "    struct nnrpc_client *client, const struct nnrpc_call_options *options,\n"
        "    const %s *request,\n"
        "    %s **out_response, struct nnrpc_status *out_status)%s\n",
        stub->method->function, stub->request, stub->response, end);
}

static void gen_emit_start_signature(
    const struct gen_stub *stub, const char *end, struct gen_text *text) {
    gen_text_printf(
        text,
        "enum nnrpc_code %s_start(\n"
        "    struct nnrpc_client *client, const struct nnrpc_call_options *options,\n"
        "    const %s *request,\n"
        "    struct nnrpc_pending **out_pending, struct nnrpc_status *out_status)%s\n",
        stub->method->function, stub->request, end);
}

static void gen_emit_finish_signature(
    const struct gen_stub *stub, const char *end, struct gen_text *text) {
    gen_text_printf(
        text,
        "enum nnrpc_code %s_finish(\n"
        "    struct nnrpc_pending *pending, %s **out_response,\n"
        "    struct nnrpc_status *out_status)%s\n",
        stub->method->function, stub->response, end);
}

static void gen_emit_stub_declaration(
    const struct gen_file *file, const struct gen_stub *stub, struct gen_text *text) {
    gen_text_printf(text, "\n/**\n");
    gen_emit_method_comment(file, stub, text);
    gen_text_printf(
        text, " *\n"
              " * Blocks until the answer or the deadline; any thread.\n"
              " *\n"
              " * @param options       NULL for defaults.\n"
              " * @param request       Borrowed until return.\n");
    gen_emit_request_comment(stub, text);
    gen_emit_answer_comment(stub, text);
    gen_text_printf(text, "NNRPC_NODISCARD ");
    gen_emit_call_signature(stub, ";", text);

    const char *function = stub->method->function;
    gen_text_printf(
        text,
        "\n/**\n"
        " * Starts %s() and returns at once. The request is packed before this\n"
        " * returns, so it may be released.\n"
        " *\n"
        " * @param options       NULL for defaults.\n"
        " * @param request       Borrowed until return.\n",
        function);
    gen_emit_request_comment(stub, text);
    gen_text_printf(
        text,
        " * @param out_pending   On NNRPC_OK pass it to %s_finish() exactly once, or\n"
        " *                      to nnrpc_pending_cancel(); else untouched.\n"
        " * @param out_status    Initialised; overwritten. NULL is fine.\n"
        " */\n"
        "NNRPC_NODISCARD ",
        function);
    gen_emit_start_signature(stub, ";", text);

    gen_text_printf(
        text,
        "\n/**\n"
        " * Waits for the answer to %s_start(). Blocks until it or the deadline;\n"
        " * any thread.\n"
        " *\n"
        " * @param pending       Released, whatever the answer.\n",
        function);
    gen_emit_answer_comment(stub, text);
    gen_text_printf(text, "NNRPC_NODISCARD ");
    gen_emit_finish_signature(stub, ";", text);
}

void gen_emit_stub_declarations(
    struct gen_run *run, const struct gen_file *file, const struct gen_service *service,
    struct gen_text *text) {
    for (size_t i = 0; i < service->method_count; i++) {
        struct gen_stub stub = gen_stub_of(run, service, &service->methods[i]);
        gen_emit_stub_declaration(file, &stub, text);
    }
}

static void gen_emit_take_response(const struct gen_stub *stub, struct gen_text *text) {
    gen_text_printf(
        text,
        "    if (code == NNRPC_OK) {\n"
        "        *out_response = (%s *)response;\n"
        "    }\n"
        "    return code;\n"
        "}\n",
        stub->response);
}

static void gen_emit_stub(const struct gen_stub *stub, struct gen_text *text) {
    const char *service = stub->service->function;
    const char *constant = stub->method->constant;
    gen_text_printf(text, "\n");
    gen_emit_call_signature(stub, " {", text);
    gen_text_printf(
        text,
        "    ProtobufCMessage *response = NULL;\n"
        "    enum nnrpc_code code = nnrpc_client_call(\n"
        "        client, &%s_methods[%s], options,\n"
        "        (const ProtobufCMessage *)request, &response, out_status);\n",
        service, constant);
    gen_emit_take_response(stub, text);

    gen_text_printf(text, "\n");
    gen_emit_start_signature(stub, " {", text);
    gen_text_printf(
        text,
        "    return nnrpc_client_start(\n"
        "        client, &%s_methods[%s], options,\n"
        "        (const ProtobufCMessage *)request, out_pending, out_status);\n"
        "}\n",
        service, constant);

    gen_text_printf(text, "\n");
    gen_emit_finish_signature(stub, " {", text);
    gen_text_printf(
        text, "    ProtobufCMessage *response = NULL;\n"
              "    enum nnrpc_code code = nnrpc_client_finish(pending, &response, out_status);\n");
    gen_emit_take_response(stub, text);
}

void gen_emit_stubs(struct gen_run *run, const struct gen_service *service, struct gen_text *text) {
    for (size_t i = 0; i < service->method_count; i++) {
        struct gen_stub stub = gen_stub_of(run, service, &service->methods[i]);
        gen_emit_stub(&stub, text);
    }
}
