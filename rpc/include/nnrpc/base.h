/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes and versions that every header of nnrpc uses.
 */
#ifndef NNRPC_BASE_H
#define NNRPC_BASE_H

/** Generated code and runtime must agree on this; the generated code asserts it. */
#define NNRPC_ABI_VERSION 1

#define NNRPC_NODISCARD __attribute__((warn_unused_result))
#define NNRPC_PRINTF(format_index, first_argument)                                                 \
    __attribute__((format(printf, format_index, first_argument)))

/** Calls function(&variable) when the variable leaves its scope. */
#define NNRPC_CLEANUP(function) __attribute__((cleanup(function)))

#define NNRPC_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#endif
