/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request as protobuf-c 1.4.1 can serve it, and its answer as the runtime needs it.
 */
#ifndef GEN_REWRITE_H
#define GEN_REWRITE_H

#include "model.h"

/**
 * Changes the files of a request, of which a model was built: proto3 optional fields become plain
 * oneofs of one member, services go (nnrpc has its own), names stay in the descriptors whatever
 * the options say, and a field called "base" no longer takes the place of protobuf-c's own member.
 */
void gen_rewrite_request(struct gen_run *run);

/** Marks the headers of files for which protoc-gen-nnrpc asks that they came this way. */
void gen_rewrite_response(
    struct gen_run *run, Google__Protobuf__Compiler__CodeGeneratorResponse *response);

#endif
