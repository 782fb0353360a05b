/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The embedded descriptor set: what reflection answers.
 *
 * The bytes of each file are protoc's own, but for source information: of google's files it is left
 * out, of others only the places that have a comment are kept.
 */
#include <string.h>

#include "emit.h"

/* Numbers of fields in the descriptors. */
#define SET_FILE 1
#define FILE_SOURCE_CODE_INFO 9
#define INFO_LOCATION 1
#define LOCATION_LEADING 3
#define LOCATION_TRAILING 4
#define LOCATION_DETACHED 6

static void gen_append_bytes_field(
    struct gen_text *text, uint32_t number, const void *bytes, size_t size) {
    gen_text_varint(text, (uint64_t)number << 3 | GEN_WIRE_BYTES);
    gen_text_varint(text, size);
    gen_text_append(text, bytes, size);
}

static bool gen_location_is_commented(struct gen_bytes location) {
    struct gen_wire_reader reader = gen_wire_reader(location);
    struct gen_wire_field field;
    while (gen_wire_next(&reader, &field)) {
        if (field.number == LOCATION_LEADING || field.number == LOCATION_TRAILING ||
            field.number == LOCATION_DETACHED) {
            return true;
        }
    }
    return false;
}

static void gen_append_comments(struct gen_text *text, struct gen_bytes info) {
    struct gen_text kept GEN_CLEANUP(gen_text_deinit) = {0};
    struct gen_wire_reader reader = gen_wire_reader(info);
    struct gen_wire_field field;
    while (gen_wire_next(&reader, &field)) {
        if (field.number == INFO_LOCATION && gen_location_is_commented(field.bytes)) {
            gen_text_append(&kept, field.whole.data, field.whole.size);
        }
    }
    gen_append_bytes_field(text, FILE_SOURCE_CODE_INFO, kept.data, kept.size);
}

static void gen_append_file(struct gen_text *text, const struct gen_file *file) {
    struct gen_text packed GEN_CLEANUP(gen_text_deinit) = {0};
    bool google = strncmp(file->name, "google/", strlen("google/")) == 0;
    struct gen_wire_reader reader = gen_wire_reader(file->raw);
    struct gen_wire_field field;
    while (gen_wire_next(&reader, &field)) {
        if (field.number != FILE_SOURCE_CODE_INFO) {
            gen_text_append(&packed, field.whole.data, field.whole.size);
        } else if (!google) {
            gen_append_comments(&packed, field.bytes);
        }
    }
    gen_append_bytes_field(text, SET_FILE, packed.data, packed.size);
}

const char *gen_descriptor_set_name(struct gen_run *run, const struct gen_file *file) {
    return gen_format(&run->memory, "%s_descriptor_set", file->services[0].function);
}

void gen_emit_descriptor_set(
    struct gen_run *run, const struct gen_file *file, struct gen_text *text) {
    struct gen_text set GEN_CLEANUP(gen_text_deinit) = {0};
    size_t count = 0;
    struct gen_file **closure = gen_file_closure(run, file, &count);
    for (size_t i = 0; i < count; i++) {
        gen_append_file(&set, closure[i]);
    }
    gen_text_printf(
        text,
        "\n/* A packed google.protobuf.FileDescriptorSet: the file after all that it imports. */\n"
        "static const uint8_t %s[] = {\n",
        gen_descriptor_set_name(run, file));
    gen_text_bytes(text, (const uint8_t *)set.data, set.size);
    gen_text_printf(text, "};\n");
}
