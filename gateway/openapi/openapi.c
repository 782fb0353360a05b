/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The description of the HTTP interface, whole.
 */
#include "openapi/openapi.h"

#include <string.h>

#include "openapi/document.h"
#include "openapi/fixed.h"
#include "openapi/paths.h"
#include "openapi/responses.h"
#include "openapi/schemas.h"

#define OPENAPI_VERSION "3.1.0"

/* What holds everywhere and so stands in no operation. */
static const char CONVENTIONS[] =
    "## Everywhere\n\n"
    "* Paths work with and without a slash at the end. `HEAD` answers wherever `GET` does, "
    "`OPTIONS` tells by `Allow` what a path takes, and another verb is 405.\n"
    "* A list is an array; `Link: <...>; rel=\"next\"` leads on while there is more.\n"
    "* JSON has every field of a resource. Keys and parameters that are not known are refused, "
    "and so are keys that stand twice. null stands in a request for a field that is not set.\n"
    "* `Idempotency-Key` makes it harmless to send a request again.\n"
    "* `ETag` with `If-Match` guards a change, with `If-None-Match` it saves an answer.\n"
    "* An error has the schema `Error`; programs go by its `reason`.\n"
    "* What stands under one verb and path but differs by `action` is one operation here, and each "
    "action stands whole in its `x-actions`.";

static void write_info(struct openapi_document *document, const struct openapi_info *info) {
    struct openapi_writer *writer = &document->writer;
    bool has_text = info->description != NULL && info->description[0] != '\0';
    openapi_begin_object(writer, "info");
    openapi_write_text(writer, "title", info->title);
    openapi_write_text(writer, "version", info->version);
    openapi_write_format(
        writer, "description", "%s%s%s", has_text ? info->description : "", has_text ? "\n\n" : "",
        CONVENTIONS);
    openapi_end_object(writer);
}

static void write_tag(
    struct openapi_document *document, const char *name, const struct nnrpc_buffer *text) {
    openapi_begin_object(&document->writer, NULL);
    openapi_write_text(&document->writer, "name", name);
    openapi_write_buffer(&document->writer, "description", text);
    openapi_end_object(&document->writer);
}

/* The services that have a rule, and what belongs to none of them. */
static void write_tags(
    struct openapi_document *document, const struct openapi_route *routes, size_t count) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer standing = {0};
    openapi_begin_list(&document->writer, "tags");
    for (size_t i = 0; i < count; i++) {
        const struct nnrpc_service *service = routes[i].service;
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
        if (i != 0 && routes[i - 1].service == service) {
            continue;
        }
        openapi_check(
            document, openapi_describe_service(document->comments, service, &text), service->name);
        const char *dot = strrchr(service->name, '.');
        write_tag(document, dot == NULL ? service->name : dot + 1, &text);
    }
    nnrpc_buffer_append_text(&standing, "The gateway itself.");
    write_tag(document, "Gateway", &standing);
    openapi_end_list(&document->writer);
}

static void write_components(struct openapi_document *document) {
    struct openapi_writer *writer = &document->writer;
    openapi_begin_object(writer, "components");
    openapi_begin_object(writer, "schemas");
    openapi_write_schemas(document);
    openapi_write_members(writer, openapi_fixed_schemas);
    openapi_end_object(writer);
    openapi_begin_object(writer, "responses");
    openapi_write_common_responses(document);
    openapi_end_object(writer);
    openapi_begin_object(writer, "parameters");
    openapi_write_members(writer, openapi_fixed_parameters);
    openapi_end_object(writer);
    openapi_begin_object(writer, "headers");
    openapi_write_members(writer, openapi_fixed_headers);
    openapi_end_object(writer);
    openapi_begin_object(writer, "securitySchemes");
    openapi_write_members(writer, openapi_fixed_security_schemes);
    openapi_end_object(writer);
    openapi_end_object(writer);
}

static void write_document(
    struct openapi_document *document, const struct openapi_info *info,
    const struct openapi_route *routes, size_t count) {
    struct openapi_writer *writer = &document->writer;
    openapi_collect_uses(document, routes, count);
    openapi_begin_object(writer, NULL);
    openapi_write_text(writer, "openapi", OPENAPI_VERSION);
    write_info(document, info);
    openapi_write_members(writer, "\"servers\":[{\"url\":\"/\"}]");
    openapi_write_members(writer, "\"security\":[{\"bearer\":[]}]");
    write_tags(document, routes, count);
    openapi_begin_object(writer, "paths");
    openapi_write_paths(document, routes, count);
    openapi_write_members(writer, openapi_fixed_paths);
    openapi_end_object(writer);
    write_components(document);
    openapi_end_object(writer);
}

enum nnrpc_code openapi_write(
    const struct nnrpc_service *const *services, size_t service_count,
    const struct openapi_info *info, struct nnrpc_buffer *out, struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer routes = {0};
    NNRPC_CLEANUP(openapi_document_deinit)
    struct openapi_document document = {
        .writer.out = &text,
        .services = services,
        .service_count = service_count,
    };
    enum nnrpc_code code =
        openapi_comments_new(services, service_count, &document.comments, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    openapi_collect_routes(&document, &routes);
    write_document(
        &document, info, (const struct openapi_route *)(const void *)routes.data,
        routes.size / sizeof(struct openapi_route));
    bool is_whole = !text.failed && !routes.failed && !document.uses.failed;
    if (is_whole && document.missing[0] != '\0') {
        return nnrpc_fail(
            out_status, NNRPC_INTERNAL, NNRPC_DOMAIN, "INTERNAL",
            "the descriptors do not have %.120s", document.missing);
    }
    if (is_whole) {
        nnrpc_buffer_append(out, text.data, text.size);
    }
    if (!is_whole || out->failed) {
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
            "no memory for the description of the interface");
    }
    return NNRPC_OK;
}
