/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes and versions that every header of nnrpc uses.
 *
 * What stands between NNRPC_BEGIN_DECLARATIONS and NNRPC_END_DECLARATIONS is public: the shared
 * library exports it, and C++ sees it with C linkage.
 */
#ifndef NNRPC_BASE_H
#define NNRPC_BASE_H

/** The release, by Semantic Versioning. */
#define NNRPC_VERSION "1.0.0"

/**
 * Generated code and runtime must agree on this; the generated code asserts it. It is the number of
 * libnnrpc.so too, and so is raised by every change after which a program must be compiled again.
 */
#define NNRPC_ABI_VERSION 1

#define NNRPC_NODISCARD __attribute__((warn_unused_result))
#define NNRPC_PRINTF(format_index, first_argument)                                                 \
    __attribute__((format(printf, format_index, first_argument)))

/** Calls function(&variable) when the variable leaves its scope. */
#define NNRPC_CLEANUP(function) __attribute__((cleanup(function)))

#define NNRPC_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#ifdef __cplusplus
#define NNRPC_BEGIN_DECLARATIONS _Pragma("GCC visibility push(default)") extern "C" {
#define NNRPC_END_DECLARATIONS                                                                     \
    }                                                                                              \
    _Pragma("GCC visibility pop")
#define _Static_assert static_assert /* generated headers use it */
#else
#define NNRPC_BEGIN_DECLARATIONS _Pragma("GCC visibility push(default)")
#define NNRPC_END_DECLARATIONS _Pragma("GCC visibility pop")
#endif

#endif
