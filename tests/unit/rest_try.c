/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP requests in memory.
 */
#include "rest_try.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nnrpc/json.h"

static char *keep(struct rest_try *tried, const char *text, size_t size) {
    assert_true(tried->memory_count < NNRPC_LENGTH(tried->memory));
    char *copy = strndup(text, size);
    assert_non_null(copy);
    tried->memory[tried->memory_count++] = copy;
    return copy;
}

static void add_header(struct rest_try *tried, const char *line, bool *has_token) {
    size_t size = strcspn(line, ":");
    char *name = keep(tried, line, size);
    const char *value = line + size + 1 + strspn(line + size + 1, " ");
    *has_token = *has_token || strcasecmp(name, "Authorization") == 0;
    tried->headers[tried->request.header_count++] =
        (struct http_header){.name = name, .value = keep(tried, value, strlen(value))};
}

void rest_try_read(
    const struct rest_table *table, const struct rest_request *request, struct rest_try *out_try) {
    *out_try = (struct rest_try){0};
    struct http_request *made = &out_try->request;
    size_t verb = strcspn(request->line, " ");
    const char *target = request->line + verb + 1;
    size_t path = strcspn(target, "?");
    made->method = keep(out_try, request->line, verb);
    made->path = keep(out_try, target, path);
    made->query = target[path] == '?' ? target + path + 1 : "";
    made->headers = out_try->headers;
    bool has_token = false;
    for (size_t index = 0; index < NNRPC_LENGTH(request->headers); index++) {
        if (request->headers[index] != NULL) {
            add_header(out_try, request->headers[index], &has_token);
        }
    }
    if (!has_token) {
        add_header(out_try, "Authorization: Bearer secret", &has_token);
    }
    if (request->body != NULL) {
        /* Not terminated, so that reading beyond its end is seen. */
        made->body_size = strlen(request->body);
        char *body = malloc(made->body_size + 1);
        assert_non_null(body);
        memcpy(body, request->body, made->body_size);
        body[made->body_size] = '}';
        out_try->memory[out_try->memory_count++] = body;
        made->body = body;
    }
    out_try->is_call = rest_read_request(table, made, &out_try->call, &out_try->response);
    assert_int_equal(out_try->is_call, out_try->response.status == 0);
    assert_false(out_try->response.failed);
}

const char *rest_try_message(struct rest_try *tried) {
    const struct nnrpc_json_format format = {.omit_unset = true, .with_input_only = true};
    assert_true(tried->is_call);
    nnrpc_buffer_clear(&tried->text);
    enum nnrpc_code code =
        nnrpc_json_write(tried->call.method->request, tried->call.message, &format, &tried->text);
    assert_int_equal(code, NNRPC_OK);
    return nnrpc_buffer_text(&tried->text);
}

void rest_try_answer(struct rest_try *tried, const char *response_json) {
    ProtobufCMessage *message = NULL;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    assert_true(tried->is_call);
    enum nnrpc_code code = nnrpc_json_read(
        tried->call.method->response, response_json, strlen(response_json), NULL, &message,
        &status);
    assert_string_equal(status.message, "");
    assert_int_equal(code, NNRPC_OK);
    rest_write_answer(
        &tried->call, &tried->request, NNRPC_OK, message, &status, NULL, &tried->response);
    assert_false(tried->response.failed);
    protobuf_c_message_free_unpacked(message, NULL);
}

void rest_try_fail(struct rest_try *tried, const struct nnrpc_status *status) {
    assert_true(tried->is_call);
    rest_write_answer(
        &tried->call, &tried->request, status->code, NULL, status, NULL, &tried->response);
    assert_false(tried->response.failed);
}

const char *rest_try_body(struct rest_try *tried) {
    const char *text = nnrpc_buffer_text(&tried->response.body);
    assert_non_null(text);
    return text;
}

void rest_try_deinit(struct rest_try *tried) {
    rest_call_deinit(&tried->call);
    http_response_deinit(&tried->response);
    nnrpc_buffer_deinit(&tried->text);
    for (size_t index = 0; index < tried->memory_count; index++) {
        free(tried->memory[index]);
    }
    tried->memory_count = 0;
}

void assert_call(
    const struct rest_table *table, const struct rest_request *request, const char *method,
    const char *message) {
    NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
    rest_try_read(table, request, &tried);
    if (!tried.is_call) {
        assert_string_equal(rest_try_body(&tried), message);
    }
    assert_string_equal(tried.call.method->method_name, method);
    assert_string_equal(rest_try_message(&tried), message);
}

void assert_refused(
    const struct rest_table *table, const struct rest_request *request, unsigned status,
    const char *reason, const char *message) {
    NNRPC_CLEANUP(rest_try_deinit) struct rest_try tried;
    rest_try_read(table, request, &tried);
    if (tried.is_call) {
        assert_string_equal(rest_try_message(&tried), "a refusal");
    }
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer expected = {0};
    nnrpc_buffer_append_text(&expected, "\"message\":");
    nnrpc_json_write_string(&expected, message, strlen(message));
    nnrpc_buffer_append_format(&expected, ",\"reason\":\"%s\"", reason);
    const char *body = rest_try_body(&tried);
    if (strstr(body, nnrpc_buffer_text(&expected)) == NULL) {
        assert_string_equal(body, nnrpc_buffer_text(&expected));
    }
    assert_int_equal(tried.response.status, status);
    assert_header(&tried, "Cache-Control", "no-store");
    assert_non_null(http_response_header(&tried.response, "X-Request-Id"));
}

void assert_header(const struct rest_try *tried, const char *name, const char *value) {
    const char *found = http_response_header(&tried->response, name);
    if (value == NULL) {
        assert_null(found);
    } else {
        assert_non_null(found);
        assert_string_equal(found, value);
    }
}
