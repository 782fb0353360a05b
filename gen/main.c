/* SPDX-License-Identifier: Apache-2.0 */
/*
 * protoc-gen-nnrpc: a CodeGeneratorRequest on standard input, a CodeGeneratorResponse on standard
 * output.
 *
 * What is wrong with a .proto or an option is told to protoc in the response. What is wrong with
 * the input itself ends the program with one line on standard error and status 1.
 */
#include <stdio.h>
#include <string.h>

#include "emit.h"
#include "http.h"
#include "model.h"
#include "names.h"
#include "options.h"
#include "protobuf_c.h"
#include "request.h"
#include "text.h"

#define PROGRAM "protoc-gen-nnrpc"

typedef Google__Protobuf__Compiler__CodeGeneratorResponse__File gen_output;

static bool gen_read_prefix(struct gen_run *run, const char *prefix) {
    if (!gen_is_identifier(prefix)) {
        run->error =
            gen_format(&run->memory, "option prefix: \"%s\" cannot start a name in C", prefix);
        return false;
    }
    run->prefix = prefix;
    return true;
}

/* --nnrpc_opt=prefix=acme_,skip_streaming */
static bool gen_read_parameter(struct gen_run *run) {
    const char *at = run->request->parameter == NULL ? "" : run->request->parameter;
    const char *option = NULL;
    run->prefix = "";
    while ((option = gen_next_option(run, &at)) != NULL) {
        const char *prefix = gen_option_value(option, "prefix");
        if (prefix != NULL) {
            if (!gen_read_prefix(run, prefix)) {
                return false;
            }
        } else if (strcmp(option, "full_names") == 0) {
            run->full_names = true;
        } else if (strcmp(option, "skip_streaming") == 0) {
            run->skip_streaming = true;
        } else if (
            strncmp(option, "full_names=", 11) == 0 ||
            strncmp(option, "skip_streaming=", 15) == 0) {
            run->error = gen_format(
                &run->memory, "option %.*s takes no value", (int)strcspn(option, "="), option);
            return false;
        } else {
            run->error = gen_format(
                &run->memory,
                "unknown option \"%.*s\"; there are prefix=NAME, full_names and skip_streaming",
                (int)strcspn(option, "="), option);
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
        if (!file->no_generate) {
            gen_c_names_add(run, file);
            gen_optional_names_add(run, file);
        }
        if (file->generate && !file->no_generate &&
            (!gen_c_check(run, file) || !gen_fields_read_options(run, file) ||
             !gen_services_build(run, file))) {
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

static int gen_answer(struct gen_run *run, struct gen_bytes input) {
    Google__Protobuf__Compiler__CodeGeneratorResponse response =
        GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__INIT;
    response.has_supported_features = true;
    response.supported_features =
        GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__FEATURE__FEATURE_PROTO3_OPTIONAL;
    if (gen_read_parameter(run) && gen_model_build(run, input) && gen_check(run)) {
        gen_emit_all(run, &response);
    } else {
        response.error = gen_copy(&run->memory, run->error, strlen(run->error));
    }
    return gen_response_write(run, PROGRAM, &response);
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
    "Usage: protoc --nnrpc_out=FOLDER [--nnrpc_opt=OPTION]... --nnrpc-c_out=FOLDER FILE.proto...\n"
    "\n"
    "The protoc plugin of nnrpc. For each x.proto it writes x.nnrpc.h and x.nnrpc.c: client "
    "stubs,\n"
    "handlers and tables, beside the x.pb-c.h and x.pb-c.c of protoc-gen-nnrpc-c, which runs\n"
    "protobuf-c's protoc-gen-c. protoc finds both plugins in PATH.\n"
    "\n"
    "Options (several --nnrpc_opt, or one with commas):\n"
    "  prefix=NAME     stands before the functions of every service: prefix=acme_\n"
    "  full_names      functions of services begin with the package: grpc_health_v1_health_check\n"
    "                  instead of health_check; for services that are named alike\n"
    "  skip_streaming  leaves methods that stream out of the services; without it a file that has\n"
    "                  one is refused\n"
    "\n"
    "  --help          this text\n"
    "  --version       the version\n";

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
