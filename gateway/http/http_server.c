/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP by libmicrohttpd, driven by the loop: it has no thread and no listening socket of its own.
 *
 * A request passes here four times: when its line was read (the target is copied, since the library
 * takes it apart), when its head was read (it is checked, and may be answered without reading on),
 * for each piece of its body, and when it is whole. Then it is handed on. If it is not answered at
 * once, the library asks again whenever it runs, until exchange_answer() was called. (To suspend
 * the connection meanwhile is the other way; it costs four system calls a request, and nobody would
 * notice that the client has reset it. That a client has closed its side alone is not noticed
 * either way, and must not matter: it may still read.)
 *
 * The library answers by itself, with a short HTML page and by closing, what it cannot read: a
 * request line that is none, headers beyond its memory, a Content-Length that is no number, bad
 * chunks. Where Content-Length is wrong, or there are more cookies than it has memory for, it goes
 * on as if it had not answered, and sends the head of that answer twice, the second one where the
 * body should begin; but then it closes. Everything else is ours.
 */
#include "http_server.h"

#include <assert.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "daemon/log.h"
#include "http_clock.h"
#include "linger.h"
#include "request_head.h"
#include "server_state.h"
#include "tls.h"

#define HEADERS_MOST 100
/* For the library's table of headers, and for the headers of an answer. */
#define TABLE_BYTES ((size_t)12 << 10)
#define QUIET_NS UINT64_C(200000000)
#define DISCARDED_BODIES 8 /* a chunked body is read on for so many times the limit */

#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE"

/* --- Answers ------------------------------------------------------------------------------ */

/* Makes the library's form of the answer, whose body stays where it is. */
static struct MHD_Response *carry(struct exchange *exchange) {
    struct http_response *response = &exchange->response;
    const void *body = response->constant_body;
    size_t size = response->constant_body_size;
    if (body == NULL) {
        body = response->body.data == NULL ? (const void *)"" : response->body.data;
        size = response->body.size;
    }
    struct MHD_Response *carried =
        MHD_create_response_from_buffer(size, (void *)(uintptr_t)body, MHD_RESPMEM_PERSISTENT);
    bool is_fine = carried != NULL;
    if (is_fine && response->content_type != NULL) {
        is_fine = MHD_add_response_header(
                      carried, MHD_HTTP_HEADER_CONTENT_TYPE, response->content_type) == MHD_YES;
    }
    for (size_t i = 0; is_fine && i < response->header_count; i++) {
        is_fine = response->headers[i].value[0] == '\0' ||
                  MHD_add_response_header(
                      carried, response->headers[i].name, response->headers[i].value) == MHD_YES;
    }
    if (is_fine && exchange->connection->server->is_draining) {
        is_fine = MHD_add_response_header(carried, MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES;
    }
    if (!is_fine && carried != NULL) {
        MHD_destroy_response(carried);
    }
    return is_fine ? carried : NULL;
}

/* Hands the answer to the library; MHD_NO makes it close the connection. */
static enum MHD_Result queue(struct exchange *exchange) {
    struct connection *connection = exchange->connection;
    struct MHD_Response *carried = carry(exchange);
    if (carried == NULL) {
        return MHD_NO;
    }
    connection_enter(connection, CONNECTION_WRITING);
    enum MHD_Result result =
        MHD_queue_response(connection->carrier, exchange->response.status, carried);
    MHD_destroy_response(carried);
    return result;
}

static void write_error(
    struct exchange *exchange, const struct nnrpc_status *status, unsigned http_status) {
    http_response_deinit(&exchange->response);
    exchange->connection->server->options.hooks->write_error(
        status, http_status, false, &exchange->response);
    exchange->is_answered = true;
}

/* The library takes the answer when it runs next. */
static void stop_waiting(struct exchange *exchange) {
    struct http_server *server = exchange->connection->server;
    if (exchange->is_waiting) {
        exchange->is_waiting = false;
        server->waiting_count--;
        server->has_moved = true;
    }
}

void exchange_answer(struct exchange *exchange, struct http_response *response) {
    exchange->response = *response;
    *response = (struct http_response){0};
    exchange->is_answered = true;
    exchange->cancel = NULL;
    if (exchange->response.failed || exchange->response.status == 0) {
        NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
        (void)nnrpc_fail(
            &status, NNRPC_INTERNAL, NNRPC_DOMAIN, "INTERNAL", "the answer could not be written");
        write_error(exchange, &status, 0);
    }
    stop_waiting(exchange);
}

/* --- A request's head ---------------------------------------------------------------------- */

struct collecting {
    struct exchange *exchange;
    const char *expected; /* where the next name should begin, one byte for a bare line feed more */
    size_t count;
    bool is_odd; /* bytes stand between headers: a folded line, or a NUL that hides the rest */
    bool is_short;
};

/* Blanks at the end are no part of a value. The bytes are this request's own. */
static void trim_end(const char *value, size_t size) {
    while (size > 0 && (value[size - 1] == ' ' || value[size - 1] == '\t')) {
        ((char *)(uintptr_t)value)[--size] = '\0';
    }
}

static bool make_room(struct exchange *exchange, size_t count) {
    if (count < exchange->header_capacity) {
        return true;
    }
    size_t capacity = exchange->header_capacity == 0 ? 16 : exchange->header_capacity * 2;
    struct http_header *headers = realloc(exchange->headers, capacity * sizeof(*headers));
    if (headers == NULL) {
        return false;
    }
    exchange->headers = headers;
    exchange->header_capacity = capacity;
    return true;
}

static enum MHD_Result collect_header(
    void *context, enum MHD_ValueKind kind, const char *name, size_t name_size, const char *value,
    size_t value_size) {
    struct collecting *collecting = context;
    struct exchange *exchange = collecting->exchange;
    (void)kind;
    (void)name_size;
    if (value == NULL || !make_room(exchange, collecting->count)) {
        collecting->is_short = true;
        return MHD_NO;
    }
    collecting->is_odd =
        collecting->is_odd || (name != collecting->expected && name != collecting->expected + 1);
    collecting->expected = value + value_size + 1;
    trim_end(value, value_size);
    exchange->headers[collecting->count++] = (struct http_header){.name = name, .value = value};
    return MHD_YES;
}

static size_t head_size(struct connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection->carrier, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info == NULL ? 0 : info->header_size;
}

/* Collects the headers where the library left them, and sees that nothing else is there: between
 * the version and the end of the head, only names, values and what ends lines. */
static struct request_problem collect_head(
    struct exchange *exchange, const char *method, const char *version) {
    struct collecting collecting = {
        .exchange = exchange, .expected = version + strlen(version) + 1};
    size_t size = head_size(exchange->connection);
    (void)MHD_get_connection_values_n(
        exchange->connection->carrier, MHD_HEADER_KIND, collect_header, &collecting);
    exchange->request.method = method;
    exchange->request.headers = exchange->headers;
    exchange->request.header_count = collecting.count;
    exchange->received_bytes = size;
    bool has_plain_line = version == method + strlen(method) + 1 + exchange->target.size + 1;
    ptrdiff_t end = method + size - collecting.expected;
    if (collecting.is_short) {
        return (struct request_problem){500, "not enough memory for the headers"};
    }
    if (!has_plain_line || collecting.is_odd || end < 0 || end > 3) {
        return (struct request_problem){
            400, "the request's head has a NUL, blanks too many or a folded line"};
    }
    if (size > exchange->connection->server->options.limits.header_bytes ||
        collecting.count > HEADERS_MOST) {
        return (struct request_problem){431, "the request's headers are too large or too many"};
    }
    return (struct request_problem){0};
}

static struct request_problem check_body_size(const struct exchange *exchange, uint64_t size) {
    size_t most = exchange->connection->server->options.limits.body_bytes;
    if (size != REQUEST_HEAD_NO_LENGTH && size > most) {
        return (struct request_problem){413, "the request's body is too large"};
    }
    return (struct request_problem){0};
}

static struct request_problem read_head(
    struct exchange *exchange, const char *method, const char *version, uint64_t *out_body_size) {
    const struct request_head head = {
        .request = &exchange->request,
        .target = (const char *)exchange->target.data,
        .version = version,
    };
    if (exchange->target.failed || exchange->target.data == NULL) {
        return (struct request_problem){500, "not enough memory for the request's target"};
    }
    struct request_problem problem = collect_head(exchange, method, version);
    if (problem.http_status == 0) {
        problem = request_head_check(&head, out_body_size);
    }
    if (problem.http_status == 0 &&
        !request_target_split(
            (char *)exchange->target.data, &exchange->request.path, &exchange->request.query)) {
        problem = (struct request_problem){400, "the request's target is not a path"};
    }
    return problem.http_status == 0 ? check_body_size(exchange, *out_body_size) : problem;
}

static void refuse(struct exchange *exchange, struct request_problem problem) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    if (problem.http_status == 413 || problem.http_status == 431) {
        (void)nnrpc_fail(
            &status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "REQUEST_TOO_LARGE", "%s",
            problem.message);
    } else if (problem.http_status == 500) {
        (void)nnrpc_fail(
            &status, NNRPC_INTERNAL, NNRPC_DOMAIN, "MEMORY_LIMIT", "%s", problem.message);
    } else {
        (void)nnrpc_fail(
            &status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, "MALFORMED_MESSAGE", "%s",
            problem.message);
    }
    write_error(exchange, &status, problem.http_status);
}

/* --- The passes ---------------------------------------------------------------------------- */

/* Asks what a body is for. @return whether the exchange was answered instead of reading it. */
static bool is_answered_unread(struct exchange *exchange) {
    const struct http_server_options *options = &exchange->connection->server->options;
    switch (options->hooks->use_body(options->gateway, &exchange->request)) {
    case HTTP_BODY_KEPT:
        return false;
    case HTTP_BODY_DROPPED:
        exchange->drops_body = true;
        return false;
    case HTTP_BODY_UNREAD:
        break;
    }
    exchange->request.body = "";
    options->hooks->handle(exchange);
    assert(exchange->is_answered);
    return true;
}

static enum MHD_Result begin(struct exchange *exchange, const char *method, const char *version) {
    uint64_t body_size = 0;
    exchange->is_begun = true;
    struct request_problem problem = read_head(exchange, method, version, &body_size);
    if (problem.http_status != 0) {
        refuse(exchange, problem);
    } else if (body_size == 0 || !is_answered_unread(exchange)) {
        return MHD_YES;
    }
    exchange->connection->is_lingering = true; /* the library does not read on */
    return queue(exchange);
}

static enum MHD_Result take_body(struct exchange *exchange, const char *bytes, size_t size) {
    size_t most = exchange->connection->server->options.limits.body_bytes;
    exchange->received_bytes += size;
    exchange->body_bytes += size;
    if (exchange->body_bytes > most) {
        exchange->is_too_large = true;
        return exchange->body_bytes < (uint64_t)most * DISCARDED_BODIES ? MHD_YES : MHD_NO;
    }
    if (!exchange->drops_body) {
        nnrpc_buffer_append(&exchange->body, bytes, size);
    }
    return exchange->body.failed ? MHD_NO : MHD_YES;
}

static enum MHD_Result hand_on(struct exchange *exchange) {
    struct connection *connection = exchange->connection;
    struct http_server *server = connection->server;
    connection_enter(connection, CONNECTION_ANSWERING);
    if (exchange->is_too_large) {
        refuse(exchange, (struct request_problem){413, "the request's body is too large"});
        return queue(exchange);
    }
    exchange->request.body = exchange->body.data == NULL ? "" : (const char *)exchange->body.data;
    exchange->request.body_size = exchange->body.size;
    server->options.hooks->handle(exchange);
    if (exchange->is_answered) {
        return queue(exchange);
    }
    assert(exchange->cancel != NULL);
    exchange->is_waiting = true;
    server->waiting_count++;
    server->has_begun = true;
    return MHD_YES;
}

static enum MHD_Result handle(
    void *self, struct MHD_Connection *carrier, const char *url, const char *method,
    const char *version, const char *upload, size_t *upload_size, void **context) {
    struct exchange *exchange = *context;
    (void)self;
    (void)carrier;
    (void)url;
    if (exchange == NULL) { /* memory was short when the connection came */
        return MHD_NO;
    }
    if (exchange->is_waiting) {
        return MHD_YES;
    }
    exchange->connection->server->has_moved = true;
    if (!exchange->is_begun) {
        return begin(exchange, method, version);
    }
    if (*upload_size == 0) {
        return exchange->is_answered ? queue(exchange) : hand_on(exchange);
    }
    size_t size = *upload_size;
    *upload_size = 0;
    return take_body(exchange, upload, size);
}

static struct connection *connection_of(struct MHD_Connection *carrier) {
    return MHD_get_connection_info(carrier, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* The library would make a table of the parameters, for nobody, and where its memory is too short
 * for that, close the connection without a word. The bytes are this request's own. */
static void hide_query(const char *target) {
    char *question = strchr(target, '?');
    if (question != NULL) {
        question[1] = '\0';
    }
}

static void *begin_exchange(void *self, const char *target, struct MHD_Connection *carrier) {
    struct connection *connection = connection_of(carrier);
    struct http_server *server = self;
    if (connection == NULL) {
        return NULL;
    }
    struct exchange *exchange = &connection->exchange;
    connection_enter(connection, CONNECTION_READING);
    exchange->begun_ns = connection->since_ns;
    nnrpc_buffer_append_text(&exchange->target, target);
    (void)nnrpc_buffer_text(&exchange->target);
    hide_query(target);
    server->options.hooks->requests_changed(server->options.gateway, 1);
    return exchange;
}

/* --- Ends ----------------------------------------------------------------------------------- */

static void tell(struct exchange *exchange, enum MHD_RequestTerminationCode how) {
    struct connection *connection = exchange->connection;
    const struct http_server_options *options = &connection->server->options;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection->carrier, MHD_CONNECTION_INFO_HTTP_STATUS);
    const struct http_access access = {
        .method = exchange->request.method == NULL ? "" : exchange->request.method,
        .path = exchange->request.path == NULL ? "" : exchange->request.path,
        .label = exchange->label,
        .request_id = exchange_request_id(exchange),
        .client = connection->client,
        .status = exchange->is_answered ? exchange->response.status
                  : info != NULL        ? info->http_status
                                        : 0,
        .was_sent = how == MHD_REQUEST_TERMINATED_COMPLETED_OK,
        .duration_ns = http_clock_ns() - exchange->begun_ns,
        .received_bytes = exchange->received_bytes,
        .sent_bytes = exchange_sent_bytes(exchange),
    };
    options->hooks->finished(options->gateway, &access);
    options->hooks->requests_changed(options->gateway, -1);
}

static void end_exchange(
    void *self, struct MHD_Connection *carrier, void **context,
    enum MHD_RequestTerminationCode how) {
    struct exchange *exchange = *context;
    (void)self;
    (void)carrier;
    if (exchange == NULL) {
        return;
    }
    *context = NULL;
    exchange->connection->server->has_moved = true;
    connection_give_up(exchange->connection); /* the client is gone, if there is no answer yet */
    stop_waiting(exchange);
    tell(exchange, how);
    exchange_reset(exchange);
    connection_enter(exchange->connection, CONNECTION_IDLE);
}

/* --- Connections ---------------------------------------------------------------------------- */

static void notice_connection(
    void *self, struct MHD_Connection *carrier, void **context,
    enum MHD_ConnectionNotificationCode code) {
    struct http_server *server = self;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        server->has_moved = true;
        *context = connection_open(
            server, carrier,
            MHD_get_connection_info(carrier, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd,
            MHD_get_connection_info(carrier, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
    } else if (*context != NULL) {
        connection_close(*context);
        *context = NULL;
    }
}

/* --- The server ----------------------------------------------------------------------------- */

static void log_message(void *self, const char *format, va_list arguments) {
    char text[512];
    (void)self;
    if (daemon_log_enabled(DAEMON_LOG_DEBUG)) {
        int length = vsnprintf(text, sizeof(text), format, arguments);
        if (length > 0 && (size_t)length < sizeof(text) && text[length - 1] == '\n') {
            text[length - 1] = '\0';
        }
        daemon_log(DAEMON_LOG_DEBUG, "http", "message", text, NULL);
    }
}

/* Percent-encoding is for those who split the path. */
static size_t leave_escaped(void *self, struct MHD_Connection *carrier, char *text) {
    (void)self;
    (void)carrier;
    return strlen(text);
}

static struct MHD_Daemon *start_daemon(struct http_server *server) {
    const struct http_limits *limits = &server->options.limits;
    const struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, tls_retrieve_callback()},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, TLS_PRIORITIES},
        {MHD_OPTION_END, 0, NULL},
    };
    size_t beside = limits->header_bytes > TABLE_BYTES ? limits->header_bytes : TABLE_BYTES;
    const struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    unsigned flags = (unsigned)MHD_USE_EPOLL | (unsigned)MHD_USE_NO_LISTEN_SOCKET |
                     (unsigned)MHD_USE_ERROR_LOG |
                     (server->options.is_tls ? (unsigned)MHD_USE_TLS : 0);
    return MHD_start_daemon(
        flags, 0, NULL, NULL, handle, server, /* first the log, for what the others say */
        MHD_OPTION_EXTERNAL_LOGGER, log_message, NULL, MHD_OPTION_ARRAY,
        server->options.is_tls ? tls : none, MHD_OPTION_URI_LOG_CALLBACK, begin_exchange, server,
        MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_NOTIFY_COMPLETED,
        end_exchange, server, MHD_OPTION_NOTIFY_CONNECTION, notice_connection, server,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, limits->header_bytes + beside,
        MHD_OPTION_CONNECTION_LIMIT, limits->connections, MHD_OPTION_CONNECTION_TIMEOUT, 0u,
        MHD_OPTION_END);
}

enum nnrpc_code http_server_new(
    const struct http_server_options *options, struct http_server **out_server,
    struct nnrpc_status *out_status) {
    struct http_server *server = calloc(1, sizeof(*server));
    if (server == NULL) {
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
            "not enough memory for a server");
    }
    server->options = *options;
    server->daemon = start_daemon(server);
    if (server->daemon == NULL) {
        free(server);
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, "MEMORY_LIMIT",
            "no memory or no descriptors for an HTTP server");
    }
    server->event_fd = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    *out_server = server;
    return NNRPC_OK;
}

void http_server_free(struct http_server *server) {
    if (server != NULL) {
        MHD_stop_daemon(server->daemon);
        linger_end(&server->lingering);
        free(server);
    }
}

int http_server_event_fd(const struct http_server *server) {
    return server->event_fd;
}

void http_server_add(
    struct http_server *server, int fd, const struct sockaddr *address, socklen_t size) {
    server->options.hooks->connections_changed(server->options.gateway, 1);
    if (MHD_add_connection(server->daemon, fd, address, size) != MHD_YES) {
        server->options.hooks->connections_changed(server->options.gateway, -1);
    }
}

/* The library has a list of connections that it can move on. Those that wait for their answers are
 * always among them, and it does not say whether there are others; but then something mostly moves
 * in the next run. */
enum http_work http_server_run(struct http_server *server) {
    MHD_UNSIGNED_LONG_LONG timeout_ms = 0;
    server->has_moved = false;
    (void)MHD_run(server->daemon);
    if (MHD_get_timeout(server->daemon, &timeout_ms) != MHD_YES || timeout_ms != 0) {
        return HTTP_WORK_NONE;
    }
    return server->has_moved || server->waiting_count == 0 ? HTTP_WORK_MORE : HTTP_WORK_UNSURE;
}

bool http_server_take_begun(struct http_server *server) {
    bool has_begun = server->has_begun;
    server->has_begun = false;
    return has_begun;
}

void http_server_sweep(struct http_server *server, uint64_t now_ns) {
    struct connection *next = NULL;
    for (struct connection *each = server->first; each != NULL; each = next) {
        next = each->next;
        connection_sweep(each, &server->options.limits, now_ns);
        if (server->is_draining && each->phase == CONNECTION_IDLE && each->part_ns == 0 &&
            now_ns - each->since_ns > QUIET_NS) {
            connection_cut(each);
        }
    }
    linger_sweep(&server->lingering, now_ns);
}

void http_server_drain(struct http_server *server) {
    server->is_draining = true;
}

void http_server_abort(struct http_server *server) {
    for (struct connection *each = server->first; each != NULL; each = each->next) {
        struct exchange *exchange = &each->exchange;
        if (!exchange->is_waiting) {
            connection_cut(each);
            continue;
        }
        NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
        (void)nnrpc_fail(
            &status, NNRPC_UNAVAILABLE, NNRPC_DOMAIN, "SHUTTING_DOWN", "the gateway is stopping");
        connection_give_up(each);
        write_error(exchange, &status, 0);
        stop_waiting(exchange);
    }
}

size_t http_server_connections(const struct http_server *server) {
    return server->connection_count + server->lingering.count;
}

bool http_server_is_waiting(const struct http_server *server) {
    return server->waiting_count > 0;
}
