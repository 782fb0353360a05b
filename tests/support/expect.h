/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmocka, and what a test expects of the last answer that a peer got. A failed expectation names
 * the line of the test and prints the whole status.
 */
#ifndef SUPPORT_EXPECT_H
#define SUPPORT_EXPECT_H

/* cmocka.h needs these four before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <protobuf-c/protobuf-c.h>

#include "nnrpc/status.h"

struct peer;

/** The last call succeeded. */
#define expect_ok(peer) expect_ok_at((peer), __FILE__, __LINE__)

/** The last call failed with a code and a reason of domain "contacts". */
#define expect_reason(peer, code, reason)                                                          \
    expect_reason_at((peer), (code), "contacts", (reason), __FILE__, __LINE__)

/** The same of domain "nnrpc". */
#define expect_nnrpc_reason(peer, code, reason)                                                    \
    expect_reason_at((peer), (code), "nnrpc", (reason), __FILE__, __LINE__)

/** The error's info has a key with exactly this value. */
#define expect_info(peer, key, value) expect_info_at((peer), (key), (value), __FILE__, __LINE__)

/** The error has a violation of a field with a reason. */
#define expect_violation(peer, field, reason)                                                      \
    expect_violation_at((peer), (field), (reason), __FILE__, __LINE__)

/** The error has this many violations. */
#define expect_violation_count(peer, count)                                                        \
    expect_violation_count_at((peer), (count), __FILE__, __LINE__)

/** INVALID_ARGUMENT with one violation alone, of a field with a reason. */
#define expect_only_violation(peer, field, reason)                                                 \
    do {                                                                                           \
        expect_reason((peer), NNRPC_INVALID_ARGUMENT, (reason));                                   \
        expect_violation((peer), (field), (reason));                                               \
        expect_violation_count((peer), 1);                                                         \
    } while (0)

/** Two messages of one type are equal, unknown fields included. */
#define expect_equal_messages(actual, expected)                                                    \
    expect_equal_messages_at(                                                                      \
        (const ProtobufCMessage *)(actual), (const ProtobufCMessage *)(expected), __FILE__,        \
        __LINE__)

void expect_ok_at(const struct peer *peer, const char *file, int line);
void expect_reason_at(
    const struct peer *peer, enum nnrpc_code code, const char *domain, const char *reason,
    const char *file, int line);
void expect_info_at(
    const struct peer *peer, const char *key, const char *value, const char *file, int line);
void expect_violation_at(
    const struct peer *peer, const char *field, const char *reason, const char *file, int line);
void expect_violation_count_at(const struct peer *peer, size_t count, const char *file, int line);
void expect_equal_messages_at(
    const ProtobufCMessage *actual, const ProtobufCMessage *expected, const char *file, int line);

#endif
