/* SPDX-License-Identifier: Apache-2.0 */
/*
 * protoc-gen-nnrpc: a CodeGeneratorRequest on standard input, a CodeGeneratorResponse on standard
 * output.
 *
 * What is wrong with a .proto or an option is told to protoc in the response. What is wrong with
 * the input itself ends the program with one line on standard error and status 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emit.h"
#include "http.h"
#include "model.h"
#include "names.h"
#include "options.h"
#include "text.h"

#define MAX_REQUEST_BYTES ((size_t)256 << 20)

typedef Google__Protobuf__Compiler__CodeGeneratorResponse__File gen_output;

static void *gen_protobuf_allocate(void *memory, size_t size) {
    return gen_allocate(memory, size);
}

static void gen_protobuf_free(void *memory, void *bytes) {
    (void)memory;
    (void)bytes;
}

static int gen_fail(const char *reason) {
    (void)fprintf(stderr, "protoc-gen-nnrpc: %s\n", reason);
    return 1;
}

/* Reads standard input to its end; says why not, or NULL. */
static const char *gen_read_input(struct gen_text *out_input) {
    char chunk[16384];
    size_t count = 0;
    while ((count = fread(chunk, 1, sizeof(chunk), stdin)) > 0) {
        if (out_input->size + count > MAX_REQUEST_BYTES) {
            return "standard input is above 256 MiB";
        }
        gen_text_append(out_input, chunk, count);
    }
    if (ferror(stdin)) {
        return "standard input cannot be read";
    }
    if (out_input->size == 0) {
        return "standard input is empty; this program is run by protoc, with --nnrpc_out=FOLDER";
    }
    return NULL;
}

/* --nnrpc_opt=prefix=acme_ */
static bool gen_read_parameter(struct gen_run *run) {
    const char *at = run->request->parameter == NULL ? "" : run->request->parameter;
    run->prefix = "";
    while (*at != '\0') {
        size_t size = strcspn(at, ",");
        const char *option = gen_copy(&run->memory, at, size);
        at += size + (at[size] == ',' ? 1 : 0);
        if (size == 0) {
            continue;
        }
        size_t name_size = strcspn(option, "=");
        if (strncmp(option, "prefix=", strlen("prefix=")) != 0) {
            run->error = gen_format(
                &run->memory, "unknown option \"%.*s\"; there is prefix=NAME", (int)name_size,
                option);
            return false;
        }
        run->prefix = option + strlen("prefix=");
        if (!gen_is_identifier(run->prefix)) {
            run->error = gen_format(
                &run->memory, "option prefix: \"%s\" cannot start a name in C", run->prefix);
            return false;
        }
    }
    return true;
}

static bool gen_check(struct gen_run *run) {
    for (size_t i = 0; i < run->file_count; i++) {
        struct gen_file *file = &run->files[i];
        gen_emitted_add(
            run, file, (struct gen_path){0}, gen_guard(run, file),
            gen_format(&run->memory, "file %s", file->name));
        if (file->generate && !file->no_generate &&
            (!gen_fields_read_options(run, file) || !gen_services_build(run, file))) {
            return false;
        }
    }
    return gen_http_check_unique(run) && gen_emitted_check(run);
}

static gen_output *gen_output_new(
    struct gen_run *run, const struct gen_file *file, const char *suffix,
    void (*emit)(struct gen_run *run, const struct gen_file *file, struct gen_text *text)) {
    struct gen_text text GEN_CLEANUP(gen_text_deinit) = {0};
    gen_output *output = gen_allocate(&run->memory, sizeof(*output));
    google__protobuf__compiler__code_generator_response__file__init(output);
    emit(run, file, &text);
    output->name = gen_format(&run->memory, "%s%s", file->stem, suffix);
    output->content = gen_copy(&run->memory, text.data, text.size);
    return output;
}

static void gen_emit_all(
    struct gen_run *run, Google__Protobuf__Compiler__CodeGeneratorResponse *response) {
    response->file = gen_allocate_array(&run->memory, run->file_count * 2, sizeof(*response->file));
    for (size_t i = 0; i < run->file_count; i++) {
        const struct gen_file *file = &run->files[i];
        if (file->generate && !file->no_generate) {
            response->file[response->n_file++] =
                gen_output_new(run, file, ".nnrpc.h", gen_emit_header);
            response->file[response->n_file++] =
                gen_output_new(run, file, ".nnrpc.c", gen_emit_source);
        }
    }
}

static int gen_write_response(struct gen_run *run, struct gen_bytes input) {
    Google__Protobuf__Compiler__CodeGeneratorResponse response =
        GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__INIT;
    if (gen_read_parameter(run) && gen_model_build(run, input) && gen_check(run)) {
        gen_emit_all(run, &response);
    } else {
        response.error = gen_copy(&run->memory, run->error, strlen(run->error));
    }
    size_t size = protobuf_c_message_get_packed_size(&response.base);
    uint8_t *packed = gen_allocate(&run->memory, size);
    protobuf_c_message_pack(&response.base, packed);
    if (fwrite(packed, 1, size, stdout) != size || fflush(stdout) != 0) {
        return gen_fail("standard output cannot be written");
    }
    return 0;
}

static int gen_run_once(void) {
    struct gen_text input GEN_CLEANUP(gen_text_deinit) = {0};
    const char *problem = gen_read_input(&input);
    if (problem != NULL) {
        return gen_fail(problem);
    }
    const ProtobufCMessageDescriptor *type =
        &google__protobuf__compiler__code_generator_request__descriptor;
    struct gen_bytes bytes = {.data = (const uint8_t *)input.data, .size = input.size};
    struct gen_run run = {0};
    problem = gen_wire_problem(type, bytes);
    if (problem == NULL) {
        run.allocator = (ProtobufCAllocator){
            .alloc = gen_protobuf_allocate,
            .free = gen_protobuf_free,
            .allocator_data = &run.memory};
        run.request =
            (const Google__Protobuf__Compiler__CodeGeneratorRequest *)protobuf_c_message_unpack(
                type, &run.allocator, bytes.size, bytes.data);
        problem = run.request == NULL ? "a message that lacks a required field" : NULL;
    }
    int result = 1;
    if (problem != NULL) {
        char reason[160];
        (void)snprintf(
            reason, sizeof(reason), "standard input is no CodeGeneratorRequest: %s", problem);
        result = gen_fail(reason);
    } else {
        result = gen_write_response(&run, bytes);
    }
    gen_memory_deinit(&run.memory);
    return result;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        (void)printf("protoc-gen-nnrpc %s\n", GEN_VERSION);
        return 0;
    }
    if (argc > 1) {
        return gen_fail(
            "takes no arguments but --version; it is run by protoc, with --nnrpc_out=FOLDER");
    }
    return gen_run_once();
}
