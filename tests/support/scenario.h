/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a test needs and gives back: servers, peers, and the messages and texts that it looked at.
 *
 * A program of tests either shares one server, started before its first test and stopped by its
 * last, or starts servers in its tests. Whatever a test took is released when the test ends,
 * however it ends.
 */
#ifndef SUPPORT_SCENARIO_H
#define SUPPORT_SCENARIO_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#include "contactd_process.h"
#include "expect.h"
#include "nnrpc/base.h"
#include "peer.h"

/** A test whose takings are released at its end. */
#define scenario_test(function)                                                                    \
    cmocka_unit_test_setup_teardown(function, scenario_begin_test, scenario_end_test)

int scenario_begin_test(void **state);
int scenario_end_test(void **state);

/** For a group's setup: starts the shared server; *state becomes a peer of it. */
int scenario_share_server(void **state, const char *const *flags);

/** A group's setup with nothing but the usual flags. */
int share_a_server(void **state);

/** The last test of a program with a shared server; *state is the peer. */
void the_server_stops_and_its_store_is_sound(void **state);

/** A server of this test alone. Stop it to have its store checked; else it is killed. */
struct contactd_process *start_server(const char *const *flags);

/** A server of this test alone that is not started yet. */
struct contactd_process *prepare_server(void);

/** A peer of this test alone. */
struct peer *join(struct contactd_process *server, const struct peer_options *options);

/** Ends a peer of this test before the test ends. */
void leave(struct peer *peer);

/** Releases a message when the test ends. Any thread. */
void scenario_keep_message(ProtobufCMessage *message);

/** Releases malloc'd memory when the test ends. Any thread. */
void *scenario_keep(void *memory);

/** Releases anything when the test ends, by a function. Any thread. */
void scenario_keep_thing(void *thing, void (*release)(void *thing));

/** Formats a text that lives until the test ends. Any thread. */
char *format_text(const char *format, ...) NNRPC_PRINTF(1, 2);

/** A text of one byte, repeated; lives until the test ends. */
char *text_of(char byte, size_t count);

/** A text that no other call returned, like "NAME-17"; lives until the test ends. */
char *fresh(const char *name);

/** protobuf-c's strings are not const; nothing writes to this one. */
static inline char *text(const char *constant) {
    return (char *)constant;
}

/** Runs a function once for each of `count` arguments of `size` bytes, at the same time. */
void run_together(void (*function)(void *argument), void *arguments, size_t size, size_t count);

#endif
