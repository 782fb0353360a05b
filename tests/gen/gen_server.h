/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server in a folder of its own and a client of it, for tests of generated code.
 */
#ifndef GEN_SERVER_H
#define GEN_SERVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nnrpc/client.h"
#include "nnrpc/server.h"

struct gen_server {
    char folder[32];
    char url[64];
    struct nnrpc_server *server;
    struct nnrpc_client *client;
};

/** Makes the server; services are registered next. */
static inline void gen_server_new(struct gen_server *fixture) {
    (void)strcpy(fixture->folder, "/tmp/nnrpc-gen-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    (void)snprintf(fixture->url, sizeof(fixture->url), "ipc://%s/s", fixture->folder);
    const struct nnrpc_server_options options = {0};
    assert_int_equal(nnrpc_server_new(&options, &fixture->server, NULL), NNRPC_OK);
}

/** Starts it and makes the client. */
static inline void gen_server_start(struct gen_server *fixture) {
    assert_int_equal(nnrpc_server_listen(fixture->server, fixture->url, NULL), NNRPC_OK);
    assert_int_equal(nnrpc_server_start(fixture->server, NULL), NNRPC_OK);
    const struct nnrpc_client_options client_options = {
        .endpoints = (const char *const[]){fixture->url}, .endpoint_count = 1};
    assert_int_equal(nnrpc_client_new(&client_options, &fixture->client, NULL), NNRPC_OK);
}

static inline void gen_server_stop(struct gen_server *fixture) {
    char path[64];
    nnrpc_client_free(fixture->client);
    nnrpc_server_stop(fixture->server);
    nnrpc_server_free(fixture->server);
    (void)snprintf(path, sizeof(path), "%s/s", fixture->folder);
    (void)unlink(path);
    assert_int_equal(rmdir(fixture->folder), 0);
}

#endif
