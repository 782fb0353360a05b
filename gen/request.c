/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading requests and writing responses, bounded and checked before protobuf-c sees them.
 */
#include "request.h"

#include <string.h>

static void *gen_protobuf_allocate(void *memory, size_t size) {
    return gen_allocate(memory, size);
}

static void gen_protobuf_free(void *memory, void *bytes) {
    (void)memory;
    (void)bytes;
}

int gen_fail(const char *program, const char *reason) {
    (void)fprintf(stderr, "%s: %s\n", program, reason);
    return 1;
}

const char *gen_read_all(FILE *stream, const char *name, struct gen_text *out_bytes) {
    static char reason[160];
    char chunk[16384];
    size_t count = 0;
    while ((count = fread(chunk, 1, sizeof(chunk), stream)) > 0) {
        if (out_bytes->size + count > GEN_MAX_BYTES) {
            (void)snprintf(reason, sizeof(reason), "%s is above 256 MiB", name);
            return reason;
        }
        gen_text_append(out_bytes, chunk, count);
    }
    if (ferror(stream)) {
        (void)snprintf(reason, sizeof(reason), "%s cannot be read", name);
        return reason;
    }
    return NULL;
}

const ProtobufCMessage *gen_unpack(
    struct gen_run *run, const ProtobufCMessageDescriptor *type, struct gen_bytes bytes,
    const char **out_problem) {
    run->allocator = (ProtobufCAllocator){
        .alloc = gen_protobuf_allocate, .free = gen_protobuf_free, .allocator_data = &run->memory};
    *out_problem = gen_wire_problem(type, bytes);
    if (*out_problem != NULL) {
        return NULL;
    }
    const ProtobufCMessage *message =
        protobuf_c_message_unpack(type, &run->allocator, bytes.size, bytes.data);
    *out_problem = message == NULL ? "a message that lacks a required field" : NULL;
    return message;
}

bool gen_request_read(struct gen_run *run, const char *program, struct gen_text *out_input) {
    const char *problem = gen_read_all(stdin, "standard input", out_input);
    if (problem == NULL && out_input->size == 0) {
        problem = "standard input is empty; this program is run by protoc, see --help";
    }
    if (problem != NULL) {
        (void)gen_fail(program, problem);
        return false;
    }
    struct gen_bytes bytes = {.data = (const uint8_t *)out_input->data, .size = out_input->size};
    run->request = (const Google__Protobuf__Compiler__CodeGeneratorRequest *)gen_unpack(
        run, &google__protobuf__compiler__code_generator_request__descriptor, bytes, &problem);
    if (run->request == NULL) {
        (void)gen_fail(
            program,
            gen_format(&run->memory, "standard input is no CodeGeneratorRequest: %s", problem));
        return false;
    }
    return true;
}

int gen_response_write(
    struct gen_run *run, const char *program,
    Google__Protobuf__Compiler__CodeGeneratorResponse *response) {
    size_t size = protobuf_c_message_get_packed_size(&response->base);
    uint8_t *packed = gen_allocate(&run->memory, size);
    protobuf_c_message_pack(&response->base, packed);
    if (fwrite(packed, 1, size, stdout) != size || fflush(stdout) != 0) {
        return gen_fail(program, "standard output cannot be written");
    }
    return 0;
}

const char *gen_next_option(struct gen_run *run, const char **at) {
    while (**at != '\0') {
        size_t size = strcspn(*at, ",");
        const char *option = gen_copy(&run->memory, *at, size);
        *at += size + ((*at)[size] == ',' ? 1 : 0);
        if (size > 0) {
            return option;
        }
    }
    return NULL;
}

const char *gen_option_value(const char *option, const char *name) {
    size_t size = strlen(name);
    return strncmp(option, name, size) == 0 && option[size] == '=' ? option + size + 1 : NULL;
}
