/* SPDX-License-Identifier: Apache-2.0 */
/*
 * protoc-gen-nnrpc-c: protobuf-c's protoc-gen-c for users of nnrpc.
 *
 * It stands between protoc and protoc-gen-c: says that proto3 optional is supported, and changes
 * the request so that it is. What protoc-gen-c makes no C of it refuses first, with the place.
 */
#include <stdio.h>
#include <string.h>

#include "child.h"
#include "model.h"
#include "protobuf_c.h"
#include "request.h"
#include "rewrite.h"
#include "text.h"

#define PROGRAM "protoc-gen-nnrpc-c"

typedef Google__Protobuf__Compiler__CodeGeneratorRequest gen_request;
typedef Google__Protobuf__Compiler__CodeGeneratorResponse gen_response;

/* --nnrpc-c_opt=plugin=PATH is ours, the rest is protoc-gen-c's. */
static const char *gen_read_parameter(struct gen_run *run, gen_request *request) {
    const char *at = request->parameter == NULL ? "" : request->parameter;
    const char *option = NULL;
    const char *plugin = "protoc-gen-c";
    struct gen_text rest GEN_CLEANUP(gen_text_deinit) = {0};
    while ((option = gen_next_option(run, &at)) != NULL) {
        const char *path = gen_option_value(option, "plugin");
        if (path != NULL) {
            plugin = path;
        } else {
            gen_text_printf(&rest, "%s%s", rest.size == 0 ? "" : ",", option);
        }
    }
    request->parameter = rest.size == 0 ? NULL : gen_copy(&run->memory, rest.data, rest.size);
    return plugin;
}

static bool gen_check_files(struct gen_run *run) {
    for (size_t i = 0; i < run->file_count; i++) {
        const struct gen_file *file = &run->files[i];
        if (file->generate && !file->no_generate && !gen_c_check(run, file)) {
            return false;
        }
    }
    return true;
}

/* Asks protoc-gen-c; NULL after a line on standard error. */
static gen_response *gen_ask(struct gen_run *run, const char *plugin, const gen_request *request) {
    size_t size = protobuf_c_message_get_packed_size(&request->base);
    uint8_t *packed = gen_allocate(&run->memory, size);
    protobuf_c_message_pack(&request->base, packed);
    struct gen_text output GEN_CLEANUP(gen_text_deinit) = {0};
    struct gen_bytes input = {.data = packed, .size = size};
    const char *problem = gen_child_run(&run->memory, plugin, input, &output);
    if (problem != NULL) {
        (void)gen_fail(PROGRAM, problem);
        return NULL;
    }
    struct gen_bytes bytes = {
        .data = (const uint8_t *)gen_copy(
            &run->memory, output.size == 0 ? "" : output.data, output.size),
        .size = output.size};
    const ProtobufCMessage *message = gen_unpack(
        run, &google__protobuf__compiler__code_generator_response__descriptor, bytes, &problem);
    if (message == NULL) {
        (void)gen_fail(
            PROGRAM,
            gen_format(&run->memory, "%s wrote no CodeGeneratorResponse: %s", plugin, problem));
        return NULL;
    }
    return (gen_response *)(uintptr_t)message;
}

static int gen_answer(struct gen_run *run, struct gen_bytes input) {
    gen_request *request = (gen_request *)(uintptr_t)run->request;
    const char *plugin = gen_read_parameter(run, request);
    gen_response refusal = GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__INIT;
    gen_response *response = &refusal;
    if (gen_model_build(run, input) && gen_check_files(run)) {
        gen_rewrite_request(run);
        response = gen_ask(run, plugin, request);
        if (response == NULL) {
            return 1;
        }
        gen_rewrite_response(run, response);
    } else {
        refusal.error = gen_copy(&run->memory, run->error, strlen(run->error));
    }
    response->has_supported_features = true;
    response->supported_features =
        GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__FEATURE__FEATURE_PROTO3_OPTIONAL;
    return gen_response_write(run, PROGRAM, response);
}

static int gen_run_once(void) {
    struct gen_text input GEN_CLEANUP(gen_text_deinit) = {0};
    struct gen_run run = {0};
    int result = 1;
    if (gen_request_read(&run, PROGRAM, &input)) {
        struct gen_bytes bytes = {.data = (const uint8_t *)input.data, .size = input.size};
        result = gen_answer(&run, bytes);
    }
    gen_memory_deinit(&run.memory);
    return result;
}

static const char help[] =
    "Usage: protoc --nnrpc-c_out=FOLDER [--nnrpc-c_opt=OPTION]... FILE.proto...\n"
    "\n"
    "protobuf-c's plugin, for users of nnrpc: writes x.pb-c.h and x.pb-c.c as protoc-gen-c does,\n"
    "which it runs, with these differences:\n"
    "  - proto3 optional fields are possible; each is a oneof of one member, and x.nnrpc.h has\n"
    "    functions for it (has, get, set, clear)\n"
    "  - a field may be called \"base\"; protobuf-c's own member is then called \"base_\"\n"
    "  - optimize_for = CODE_SIZE and use_oneof_field_name do not leave names out of descriptors\n"
    "  - there is no ProtobufCService code; x.nnrpc.h has the services\n"
    "  - groups are refused with their place\n"
    "\n"
    "Options (several --nnrpc-c_opt, or one with commas):\n"
    "  plugin=PATH  where protoc-gen-c is; otherwise it is looked up in PATH\n"
    "  The others are those of protoc-gen-c.\n"
    "\n"
    "  --help       this text\n"
    "  --version    the version\n";

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        (void)printf(PROGRAM " %s\n", GEN_VERSION);
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        (void)fputs(help, stdout);
        return 0;
    }
    if (argc > 1) {
        return gen_fail(PROGRAM, "is run by protoc, see --help; other arguments it has none");
    }
    return gen_run_once();
}
