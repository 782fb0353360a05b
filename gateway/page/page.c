/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page's answers. Each says that the browser is to ask again before it uses what it has kept:
 * another program of the same address may have other files.
 */
#include "page/page.h"

#include <string.h>
#include <strings.h>

#include "page/page_assets.h"
#include "rest/rest.h"

/* Nothing but the page's own files and its own origin; no inline script or style; in no frame. */
#define CONTENT_SECURITY_POLICY                                                                    \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "              \
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

#define METHODS "GET, HEAD, OPTIONS"

static const struct page_asset *find_asset(const char *path) {
    for (size_t i = 0; i < page_asset_count; i++) {
        if (strcmp(page_assets[i].path, path) == 0) {
            return &page_assets[i];
        }
    }
    return NULL;
}

static bool is_known(const struct http_request *request, const struct page_asset *asset) {
    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];
        if (strcasecmp(header->name, "If-None-Match") == 0 &&
            http_etag_is_listed(header->value, asset->etag)) {
            return true;
        }
    }
    return false;
}

static void add_headers(struct http_response *response, const struct page_asset *asset) {
    http_response_add_header(response, "ETag", "%s", asset->etag);
    http_response_add_header(response, "Cache-Control", "no-cache");
    http_response_add_header(response, "Content-Security-Policy", CONTENT_SECURITY_POLICY);
    http_response_add_header(response, "Cross-Origin-Opener-Policy", "same-origin");
    http_response_add_header(response, "Cross-Origin-Resource-Policy", "same-origin");
    http_response_add_header(response, "Referrer-Policy", "no-referrer");
    http_response_add_header(response, "X-Content-Type-Options", "nosniff");
}

static void write_asset(
    const struct http_request *request, const struct page_asset *asset,
    struct http_response *out_response) {
    add_headers(out_response, asset);
    out_response->status = is_known(request, asset) ? 304 : 200; /* of the same length */
    out_response->content_type = asset->content_type;
    out_response->constant_body = asset->bytes;
    out_response->constant_body_size = asset->size;
}

static void write_refusal(const struct http_request *request, struct http_response *out_response) {
    if (strcmp(request->method, "OPTIONS") == 0) {
        out_response->status = 204;
    } else {
        NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
        nnrpc_fail(
            &status, NNRPC_UNIMPLEMENTED, NNRPC_DOMAIN, "METHOD_NOT_ALLOWED",
            "%s is no method of %s: expected " METHODS, request->method, request->path);
        rest_write_error(&status, 405, false, out_response);
    }
    http_response_add_header(out_response, "Allow", METHODS);
}

bool page_handle(struct exchange *exchange) {
    const struct http_request *request = exchange_request(exchange);
    const struct page_asset *asset = find_asset(request->path);
    if (asset == NULL) {
        return false;
    }
    exchange_set_label(exchange, "page");
    struct http_response response = {0};
    if (strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0) {
        write_asset(request, asset, &response);
    } else {
        write_refusal(request, &response);
    }
    exchange_answer(exchange, &response);
    return true;
}
