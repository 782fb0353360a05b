/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The document while it is written, and the routes that it describes.
 *
 * What goes wrong sticks: the first name that the descriptors lack is kept, writing goes on, and
 * the whole is thrown away at the end.
 */
#ifndef GATEWAY_OPENAPI_DOCUMENT_H
#define GATEWAY_OPENAPI_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "nnrpc/schema.h"
#include "openapi/comments.h"
#include "openapi/writer.h"

/** How values of a type are seen. */
enum openapi_view {
    OPENAPI_OUTPUT, /* in answers */
    OPENAPI_INPUT,  /* in bodies of requests */
    OPENAPI_QUERY,  /* in paths, queries and headers */
};

/** A message that has a schema of its own. */
struct openapi_use {
    const struct nnrpc_message *message;
    enum openapi_view view; /* OPENAPI_OUTPUT or OPENAPI_INPUT */
};

/** One rule of a method. */
struct openapi_route {
    const struct nnrpc_service *service;
    const struct nnrpc_method *method;
    const struct nnrpc_http_rule *rule;
    size_t binding; /* 0: the rule itself, else which additional binding */
};

/** The rules for one verb on one path: several where they differ by action. */
struct openapi_routes {
    const struct openapi_route *const *items;
    size_t count;
};

struct openapi_document {
    struct openapi_writer writer;
    const struct nnrpc_service *const *services;
    size_t service_count;
    struct openapi_comments *comments; /* owned */
    struct nnrpc_buffer uses;          /* of struct openapi_use */
    char missing[256];                 /* a name that the descriptors lack, or "" */
};

void openapi_document_deinit(struct openapi_document *document);

/** Takes note that a name is not there, or that all is well. */
void openapi_check(struct openapi_document *document, bool is_there, const char *name);

/** A field of a message, or of a message inside of it. */
struct openapi_field {
    const struct nnrpc_message *message;
    int index; /* -1: there is none */
};
struct openapi_field openapi_find_field(
    const struct nnrpc_message *message, const char *path, size_t size);

/** The next "{...}" of a template: its size inside of the braces and *template behind it; 0 when
 *  there are no more. */
size_t openapi_next_variable(const char **template, const char **out_path);

/** Whether a rule, or any rule of the method, has the variable. */
bool openapi_rule_binds(const struct nnrpc_http_rule *rule, const char *path);
bool openapi_method_binds(const struct nnrpc_method *method, const char *path);

/** Whether the method changes anything. */
bool openapi_is_mutating(const struct nnrpc_method *method);

/** The message in the body of the request, or of the answer without its envelope; or NULL. */
const struct nnrpc_message *openapi_body_message(const struct openapi_route *route);
const struct nnrpc_message *openapi_answer_message(const struct openapi_route *route);

/** Appends how a text names a route among others: its action, in CommonMark. */
void openapi_append_action(const struct openapi_route *route, struct nnrpc_buffer *out);

/** Index of a message's text field `etag`, or -1. */
int openapi_etag_index(const struct nnrpc_message *message);

/** Whether If-Match and If-None-Match mean something. */
bool openapi_has_if_match(const struct openapi_route *route);
bool openapi_has_etag(const struct openapi_route *route);

#endif
