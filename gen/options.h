/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What nnrpc.v1 options say about fields and methods, read and checked.
 */
#ifndef GEN_OPTIONS_H
#define GEN_OPTIONS_H

#include "model.h"

/** Reads the rules of a file's fields and refuses what cannot be generated. */
GEN_NODISCARD bool gen_fields_read_options(struct gen_run *run, struct gen_file *file);

/** Builds the services of a file to generate, with every method's options. */
GEN_NODISCARD bool gen_services_build(struct gen_run *run, struct gen_file *file);

/**
 * Unpacks a custom option, all of its pieces merged.
 *
 * @param out_message  NULL when the option is not set. Lives in the run's memory.
 * @return false when it is malformed; the caller refuses.
 */
GEN_NODISCARD bool gen_option_unpack(
    struct gen_run *run, const ProtobufCMessage *options, uint32_t number,
    const ProtobufCMessageDescriptor *type, const ProtobufCMessage **out_message);

/** Numbers of the options, from nnrpc/v1/options.proto. */
#define GEN_OPTION_ROLE 50201
#define GEN_OPTION_HTTP 50202
#define GEN_OPTION_SLOW 50203
#define GEN_OPTION_FIELD 50211

/** Number of `options` in FieldDescriptorProto and in MethodDescriptorProto. */
#define GEN_FIELD_OPTIONS 8
#define GEN_METHOD_OPTIONS 4

#endif
