/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of operations.
 *
 * Which reasons a method's errors have is said in its comment ("Errors: ..."), and each reason's
 * comment says its code, of which the HTTP status follows.
 */
#include "openapi/responses.h"

#include <stdio.h>
#include <string.h>

#include "openapi/types.h"
#include "rest/error_answer.h"

#define REASON_BYTES 64

/* --- Errors ------------------------------------------------------------------------------- */

enum when {
    ALWAYS,
    WITH_TOKEN,
    WITH_BODY,
    WHEN_CHANGING,
};

/* An error that is the same for every method. */
struct common_error {
    unsigned status; /* 0: any other */
    enum when when;
    const char *name;
    const char *description;
    const char *reasons; /* each with a blank before and after */
    const char *header;  /* or NULL */
    const char *header_component;
};

static const struct common_error COMMON_ERRORS[] = {
    {401, WITH_TOKEN, "Unauthenticated", "There is no token, or it is not known.",
     " TOKEN_MISSING TOKEN_INVALID ", "WWW-Authenticate", "WWWAuthenticate"},
    {403, WITH_TOKEN, "PermissionDenied", "The token's role may not do this.", " ROLE_REQUIRED ",
     NULL, NULL},
    {406, ALWAYS, "NotAcceptable", "`Accept` allows no JSON.", " NOT_ACCEPTABLE ", NULL, NULL},
    {413, WITH_BODY, "TooLarge", "The body is too large.", " REQUEST_TOO_LARGE ", NULL, NULL},
    {415, WITH_BODY, "UnsupportedMediaType",
     "The body is not JSON by its `Content-Type`, or is encoded.", " UNSUPPORTED_CONTENT ", NULL,
     NULL},
    {429, ALWAYS, "ResourceExhausted", "There is more asked for than is given.",
     " METHOD_LIMITED MEMORY_LIMIT ", "Retry-After", "RetryAfter"},
    {500, ALWAYS, "Internal", "There is a defect or a failure; the logs have more.",
     " INTERNAL MALFORMED_REPLY STORE_FAILED ", NULL, NULL},
    {503, ALWAYS, "Unavailable", "It cannot be done now. Try again later.",
     " OVERLOADED UNREACHABLE SHUTTING_DOWN ", "Retry-After", "RetryAfter"},
    {504, ALWAYS, "DeadlineExceeded", "It took too long.", " DEADLINE_EXCEEDED ", "Retry-After",
     "RetryAfter"},
    {507, WHEN_CHANGING, "StorageFull", "There is no room for more.", " STORAGE_FULL ", NULL, NULL},
    {0, ALWAYS, "Other", "Another error.", " ", NULL, NULL},
};

/* Errors whose reasons depend on the method. */
static const struct {
    unsigned status;
    const char *description;
} OWN_ERRORS[] = {
    {400, "Something in the request is wrong; `fieldViolations` name each field."},
    {404, "There is none."},
    {409, "It does not go together with what is there."},
    {412, "The resource does not have the `ETag` of `If-Match` any more."},
};

static unsigned http_status(int code, const char *reason) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    (void)nnrpc_fail(&status, (enum nnrpc_code)code, NNRPC_DOMAIN, reason, "%s", reason);
    return rest_http_status(&status);
}

/* Reads the next word of a list. */
static bool next_reason(const char **list, char out_reason[REASON_BYTES]) {
    *list += strspn(*list, " ");
    size_t size = strcspn(*list, " ");
    snprintf(out_reason, REASON_BYTES, "%.*s", (int)size, *list);
    *list += size;
    return size != 0;
}

/* What is written of reasons: for people, and as a list. */
struct reasons {
    struct nnrpc_buffer text;
    struct nnrpc_buffer list; /* each with a blank before and after */
};

static void reasons_deinit(struct reasons *reasons) {
    nnrpc_buffer_deinit(&reasons->text);
    nnrpc_buffer_deinit(&reasons->list);
}

static bool is_listed(struct nnrpc_buffer *list, const char *reason) {
    char word[REASON_BYTES + 2];
    snprintf(word, sizeof(word), " %s ", reason);
    const char *text = nnrpc_buffer_text(list);
    return text != NULL && strstr(text, word) != NULL;
}

static void add_reason(struct reasons *reasons, const char *reason, const char *text) {
    if (!is_listed(&reasons->list, reason)) {
        nnrpc_buffer_append_format(
            &reasons->text, "%s* `%s`: %s", reasons->list.size == 0 ? "\n\n" : "\n", reason, text);
        nnrpc_buffer_append_format(
            &reasons->list, "%s%s ", reasons->list.size == 0 ? " " : "", reason);
    }
}

/* Adds those reasons of a list that have the status; all of them when it is 0. */
static void add_reasons(
    const struct openapi_document *document, const char *service, const char *list, unsigned status,
    bool has_if_match, struct reasons *reasons) {
    char reason[REASON_BYTES];
    while (next_reason(&list, reason)) {
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
        int code = openapi_describe_reason(document->comments, service, reason, &text);
        bool is_mismatch = strcmp(reason, "ETAG_MISMATCH") == 0;
        bool is_meant = status == 0 || http_status(code, reason) == status ||
                        (is_mismatch && has_if_match && status == 412);
        const char *said = nnrpc_buffer_text(&text);
        if (code > 0 && is_meant && said != NULL) {
            add_reason(reasons, reason, said);
        }
    }
}

static void write_error_content(struct openapi_writer *writer) {
    openapi_begin_object(writer, "content");
    openapi_begin_object(writer, "application/json");
    openapi_write_reference(writer, "schema", "schemas", "Error");
    openapi_end_object(writer);
    openapi_end_object(writer);
}

/* The members of an error's answer: what it is, and by which reasons. */
static void write_error(
    struct openapi_document *document, const char *description, const struct reasons *reasons) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    struct openapi_writer *writer = &document->writer;
    char reason[REASON_BYTES];
    nnrpc_buffer_append_text(&text, description);
    nnrpc_buffer_append(&text, reasons->text.data, reasons->text.size);
    openapi_write_buffer(writer, "description", &text);
    const char *list = reasons->list.size == 0 ? "" : (const char *)reasons->list.data;
    openapi_begin_list(writer, "x-reasons");
    while (next_reason(&list, reason)) {
        openapi_write_text(writer, NULL, reason);
    }
    openapi_end_list(writer);
    write_error_content(writer);
}

void openapi_write_common_responses(struct openapi_document *document) {
    struct openapi_writer *writer = &document->writer;
    for (size_t i = 0; i < NNRPC_LENGTH(COMMON_ERRORS); i++) {
        const struct common_error *error = &COMMON_ERRORS[i];
        NNRPC_CLEANUP(reasons_deinit) struct reasons reasons = {0};
        for (size_t k = 0; k < document->service_count; k++) {
            const char *service = document->services[k]->name;
            add_reasons(document, service, error->reasons, 0, false, &reasons);
        }
        (void)nnrpc_buffer_text(&reasons.list);
        openapi_begin_object(writer, error->name);
        openapi_begin_object(writer, "headers");
        openapi_write_reference(writer, "X-Request-Id", "headers", "XRequestId");
        if (error->header != NULL) {
            openapi_write_reference(writer, error->header, "headers", error->header_component);
        }
        openapi_end_object(writer);
        write_error(document, error->description, &reasons);
        openapi_end_object(writer);
    }
}

static bool applies(const struct openapi_routes *routes, enum when when) {
    for (size_t i = 0; i < routes->count; i++) {
        const struct nnrpc_method *method = routes->items[i]->method;
        bool is_so = when == ALWAYS || (when == WITH_TOKEN && method->role > NNRPC_ROLE_PUBLIC) ||
                     (when == WITH_BODY && routes->items[i]->rule->body[0] != '\0') ||
                     (when == WHEN_CHANGING && openapi_is_mutating(method));
        if (is_so) {
            return true;
        }
    }
    return false;
}

/* What any request may meet before its method is called. */
static void add_request_reasons(
    const struct openapi_document *document, const struct openapi_route *route, unsigned status,
    struct reasons *reasons) {
    const struct {
        unsigned status;
        bool is_so;
        const char *list;
    } REASONS[] = {
        {400, true,
         " MALFORMED_URL UNKNOWN_PARAMETER DUPLICATE_PARAMETER INVALID_PARAMETER INVALID_HEADER "
         "CONFLICTING_VALUES REPLY_TOO_LARGE "},
        {400, route->rule->action[0] != '\0', " UNKNOWN_ACTION "},
        {400, route->rule->body[0] != '\0', " INVALID_JSON "},
        {400, route->rule->body[0] == '\0', " UNEXPECTED_BODY "},
        {400, !openapi_is_mutating(route->method), " REVISION_NOT_REACHED "},
        {400, route->method->request_id_index >= 0, " REQUEST_ID_REUSED TOO_LONG INVALID_TEXT "},
        {412, openapi_has_if_match(route), " PRECONDITION_FAILED "},
        {412, openapi_has_if_match(route) && openapi_is_mutating(route->method), " ETAG_MISMATCH "},
    };
    for (size_t i = 0; i < NNRPC_LENGTH(REASONS); i++) {
        if (REASONS[i].status == status && REASONS[i].is_so) {
            add_reasons(document, route->service->name, REASONS[i].list, 0, false, reasons);
        }
    }
}

/* The reasons of a status: what methods say, and what any request may meet. */
static void collect_reasons(
    struct openapi_document *document, const struct openapi_routes *routes, unsigned status,
    struct reasons *reasons) {
    for (size_t i = 0; i < routes->count; i++) {
        NNRPC_CLEANUP(openapi_method_comment_deinit) struct openapi_method_comment comment = {0};
        const struct openapi_route *route = routes->items[i];
        openapi_check(
            document, openapi_describe_method(document->comments, route->method, &comment),
            route->method->name);
        const char *list = nnrpc_buffer_text(&comment.reasons);
        add_reasons(
            document, route->service->name, list == NULL ? "" : list, status,
            openapi_has_if_match(route), reasons);
    }
    for (size_t i = 0; i < routes->count; i++) {
        add_request_reasons(document, routes->items[i], status, reasons);
    }
    (void)nnrpc_buffer_text(&reasons->list);
}

static void write_own_error(
    struct openapi_document *document, const struct openapi_routes *routes, size_t index) {
    NNRPC_CLEANUP(reasons_deinit) struct reasons reasons = {0};
    unsigned status = OWN_ERRORS[index].status;
    char key[12];
    snprintf(key, sizeof(key), "%u", status);
    collect_reasons(document, routes, status, &reasons);
    if (reasons.list.size != 0 || status == 400) {
        openapi_begin_object(&document->writer, key);
        openapi_begin_object(&document->writer, "headers");
        openapi_write_reference(&document->writer, "X-Request-Id", "headers", "XRequestId");
        openapi_end_object(&document->writer);
        write_error(document, OWN_ERRORS[index].description, &reasons);
        openapi_end_object(&document->writer);
    }
}

/* Ascending by status; both tables are. */
static void write_errors(struct openapi_document *document, const struct openapi_routes *routes) {
    size_t own = 0;
    for (size_t i = 0; i < NNRPC_LENGTH(COMMON_ERRORS); i++) {
        const struct common_error *error = &COMMON_ERRORS[i];
        char key[12];
        snprintf(key, sizeof(key), "%u", error->status);
        for (; own < NNRPC_LENGTH(OWN_ERRORS) &&
               (error->status == 0 || OWN_ERRORS[own].status < error->status);
             own++) {
            write_own_error(document, routes, own);
        }
        if (applies(routes, error->when)) {
            openapi_write_reference(
                &document->writer, error->status == 0 ? "default" : key, "responses", error->name);
        }
    }
}

/* --- Success ------------------------------------------------------------------------------ */

static int answer_index(const struct openapi_route *route) {
    const char *body = route->rule->response_body;
    return nnrpc_message_field_by_name(route->method->response, body, strlen(body));
}

/* Whether a route that makes something, and says so, can be asked whether it would: that is 200. */
static bool has_trial(const struct openapi_route *route) {
    return route->method->validate_only_index >= 0 && route->rule->success_status != 200 &&
           route->rule->success_status != 204;
}

static bool answers_with(const struct openapi_route *route, unsigned status) {
    return route->rule->success_status == status || (status == 200 && has_trial(route));
}

/* Whether the body of a route's answer has the schema of an earlier one's. */
static bool is_repeated(const struct openapi_routes *routes, size_t index) {
    const struct openapi_route *route = routes->items[index];
    const struct nnrpc_message *message = openapi_answer_message(route);
    for (size_t i = 0; i < index && message != NULL; i++) {
        if (openapi_answer_message(routes->items[i]) == message &&
            routes->items[i]->rule->success_status == route->rule->success_status) {
            return true;
        }
    }
    return false;
}

/* The schemas of what a route answers: the field that is its body, and the whole message. */
static void write_answer_schemas(
    struct openapi_document *document, const struct openapi_routes *routes, size_t place) {
    struct openapi_writer *writer = &document->writer;
    const struct openapi_route *route = routes->items[place];
    int index = answer_index(route);
    if (route->rule->response_body[0] != '\0' && !is_repeated(routes, place)) {
        openapi_check(document, index >= 0, route->rule->response_body);
        openapi_begin_object(writer, NULL);
        if (index >= 0) {
            openapi_write_field_type(
                document, route->method->response, (size_t)index, OPENAPI_OUTPUT, false);
        }
        openapi_end_object(writer);
    }
    openapi_write_message_reference(document, NULL, route->method->response, OPENAPI_OUTPUT);
}

/* Whether there is one schema only, which then needs no list. */
static bool is_single(const struct openapi_routes *routes) {
    return routes->count == 1 && routes->items[0]->rule->response_body[0] == '\0';
}

static void write_answer_content(
    struct openapi_document *document, const struct openapi_routes *routes, unsigned status) {
    struct openapi_writer *writer = &document->writer;
    openapi_begin_object(writer, "content");
    openapi_begin_object(writer, "application/json");
    if (is_single(routes)) {
        openapi_write_message_reference(
            document, "schema", routes->items[0]->method->response, OPENAPI_OUTPUT);
    } else {
        openapi_begin_object(writer, "schema");
        openapi_begin_list(writer, "anyOf");
        for (size_t i = 0; i < routes->count; i++) {
            if (answers_with(routes->items[i], status)) {
                write_answer_schemas(document, routes, i);
            }
        }
        openapi_end_list(writer);
        openapi_end_object(writer);
    }
    openapi_end_object(writer);
    openapi_end_object(writer);
}

/* A list tells by `Link` where it goes on: its response has next_X, its request X or after_X. */
static bool is_list(const struct openapi_route *route) {
    const ProtobufCMessageDescriptor *response = route->method->response->descriptor;
    for (size_t i = 0; i < response->n_fields; i++) {
        char after[REASON_BYTES];
        const char *name = response->fields[i].name;
        if (strncmp(name, "next_", strlen("next_")) != 0) {
            continue;
        }
        name += strlen("next_");
        snprintf(after, sizeof(after), "after_%s", name);
        if (nnrpc_message_field_by_name(route->method->request, name, strlen(name)) >= 0 ||
            nnrpc_message_field_by_name(route->method->request, after, strlen(after)) >= 0) {
            return true;
        }
    }
    return false;
}

static void write_answer_headers(
    struct openapi_document *document, const struct openapi_routes *routes, unsigned status) {
    struct openapi_writer *writer = &document->writer;
    bool has_etag = false;
    bool has_location = false;
    bool has_link = false;
    for (size_t i = 0; i < routes->count; i++) {
        const struct openapi_route *route = routes->items[i];
        if (route->rule->success_status == status) {
            has_etag = has_etag || openapi_has_etag(route);
            has_location = has_location || route->rule->location[0] != '\0';
            has_link = has_link || is_list(route);
        }
    }
    openapi_begin_object(writer, "headers");
    if (has_etag) {
        openapi_write_reference(writer, "ETag", "headers", "ETag");
    }
    if (has_location) {
        openapi_write_reference(writer, "Location", "headers", "Location");
    }
    if (has_link) {
        openapi_write_reference(writer, "Link", "headers", "Link");
    }
    openapi_write_reference(writer, "X-Revision", "headers", "XRevision");
    openapi_write_reference(writer, "X-Epoch", "headers", "XEpoch");
    openapi_write_reference(writer, "X-Request-Id", "headers", "XRequestId");
    openapi_end_object(writer);
}

/* Appends what is answered, by the comments of the messages. */
static void append_answer(
    struct openapi_document *document, const struct openapi_route *route,
    struct nnrpc_buffer *out) {
    int index = answer_index(route);
    bool is_there =
        index >= 0 ? openapi_describe_field(
                         document->comments, route->method->response, (size_t)index, out)
                   : openapi_describe_message(document->comments, route->method->response, out);
    openapi_check(document, is_there, route->method->response->descriptor->name);
}

static void write_success(
    struct openapi_document *document, const struct openapi_routes *routes, unsigned status) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    struct openapi_writer *writer = &document->writer;
    char key[12];
    snprintf(key, sizeof(key), "%u", status);
    openapi_begin_object(writer, key);
    for (size_t i = 0; i < routes->count; i++) {
        const struct nnrpc_http_rule *rule = routes->items[i]->rule;
        if (!answers_with(routes->items[i], status)) {
            continue;
        }
        nnrpc_buffer_append_text(&text, text.size == 0 ? "" : "\n");
        if (routes->count > 1) {
            nnrpc_buffer_append_text(&text, "* ");
            openapi_append_action(routes->items[i], &text);
            nnrpc_buffer_append_text(&text, ": ");
        }
        if (rule->success_status != status) {
            nnrpc_buffer_append_text(&text, "With `validateOnly`, where nothing is made: ");
        }
        append_answer(document, routes->items[i], &text);
        if (rule->response_body[0] != '\0' && routes->count == 1) {
            nnrpc_buffer_append_text(&text, " With `envelope` the whole response message.");
        }
    }
    openapi_write_buffer(writer, "description", &text);
    write_answer_headers(document, routes, status);
    if (status != 204) {
        write_answer_content(document, routes, status);
    }
    openapi_end_object(writer);
}

/* Whether 200 is the status of trials alone. */
static bool has_only_trials(const struct openapi_routes *routes) {
    bool has_any = false;
    for (size_t i = 0; i < routes->count; i++) {
        if (routes->items[i]->rule->success_status == 200) {
            return false;
        }
        has_any = has_any || has_trial(routes->items[i]);
    }
    return has_any;
}

static bool is_first_of_status(const struct openapi_routes *routes, size_t index) {
    for (size_t i = 0; i < index; i++) {
        if (routes->items[i]->rule->success_status == routes->items[index]->rule->success_status) {
            return false;
        }
    }
    return true;
}

void openapi_write_responses(
    struct openapi_document *document, const struct openapi_routes *routes) {
    const struct openapi_route *first = routes->items[0];
    openapi_begin_object(&document->writer, "responses");
    if (has_only_trials(routes)) {
        write_success(document, routes, 200);
    }
    for (size_t i = 0; i < routes->count; i++) {
        if (is_first_of_status(routes, i)) {
            write_success(document, routes, routes->items[i]->rule->success_status);
        }
    }
    if (strcmp(first->rule->verb, "GET") == 0 && openapi_has_etag(first)) {
        openapi_write_members(
            &document->writer,
            "\"304\":{\"description\":\"The resource has the `ETag` of `If-None-Match`.\"}");
    }
    write_errors(document, routes);
    openapi_end_object(&document->writer);
}
