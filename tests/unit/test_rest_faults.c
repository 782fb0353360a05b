/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests at their worst: every allocation fails once, and bytes of all kinds where text is
 * expected. The linker puts this file's functions in the place of malloc() and its relatives.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "odd_rules.nnrpc.h"
#include "rest_try.h"

#define ROUNDS_MOST 1000
#define MUTATIONS 40000

static struct rest_table *table;
static int allocations_left = -1; /* the next one after them fails, once; negative: none does */
static bool has_failed;

static bool is_refused(void) {
    if (allocations_left < 0) {
        return false;
    }
    has_failed = has_failed || allocations_left == 0;
    return allocations_left-- == 0;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size) {
    return is_refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    return is_refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size) {
    return is_refused() ? NULL : __real_realloc(memory, size);
}

char *__wrap_strdup(const char *text) {
    return is_refused() ? NULL : __real_strdup(text);
}

static const struct nnrpc_service *const SERVICES[] = {&odd_service_service};

static int make_table(void **state) {
    (void)state;
    return rest_table_new(SERVICES, 1, &table, NULL) == NNRPC_OK ? 0 : -1;
}

static int free_table(void **state) {
    (void)state;
    rest_table_freep(&table);
    return 0;
}

static const struct http_header HEADERS[] = {
    {"Authorization", "Bearer secret"},
    {"Idempotency-Key", "\"key\""},
    {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
    {"tracestate", "a=1"},
};

static const struct http_request REQUESTS[] = {
    {.method = "GET",
     .path = "/odd/shelves/a%2Fb/things/7/all",
     .query = "words=a&words=b&name=n&size.unit.unitName=u&weights[a]=1&readMask=name,size.width"
              "&madeSINCE=2024-02-29T12:30:00Z&atMost=1&digest=AQ&nothing=1",
     .body = ""},
    {.method = "GET",
     .path = "/odd/shelves/low/things/7/all",
     .query = "words=a&words=b&name=n&size.unit.unitName=u&weights[a]=1&readMask=name,size.width",
     .body = ""},
    {.method = "PATCH",
     .path = "/odd/things/a",
     .query = "",
     .body = "{\"shelf\":\"s\",\"size\":{\"width\":1},\"notes\":{\"k\":\"v\"},\"etag\":\"e\"}",
     .body_size = 61},
    {.method = "POST",
     .path = "/odd/things",
     .query = "validateOnly=true",
     .body = "{\"shelf\":null,\"x\":1}",
     .body_size = 20},
    {.method = "PUT",
     .path = "/odd/shelves/x",
     .query = "",
     .body = "[\"a\",\"b\"]",
     .body_size = 9},
};

/* Whatever memory is short: there is a call, or an answer, or the answer says that it failed. */
static void a_request_without_memory_is_a_call_or_an_answer(void **state) {
    (void)state;
    for (size_t index = 0; index < NNRPC_LENGTH(REQUESTS); index++) {
        struct http_request request = REQUESTS[index];
        request.headers = HEADERS;
        request.header_count = NNRPC_LENGTH(HEADERS);
        bool was_short = true;
        int number = 0;
        for (; was_short; number++) {
            struct rest_call call = {0};
            struct http_response response = {0};
            has_failed = false;
            allocations_left = number;
            bool is_call = rest_read_request(table, &request, &call, &response);
            allocations_left = -1;
            was_short = has_failed;
            assert_int_equal(is_call, response.status == 0);
            assert_string_not_equal(call.request_id, "");
            assert_true(number < ROUNDS_MOST);
            rest_call_deinit(&call);
            http_response_deinit(&response);
        }
        assert_true(number > 3);
    }
}

static void an_answer_without_memory_says_so(void **state) {
    (void)state;
    struct http_request request = REQUESTS[1];
    request.headers = HEADERS;
    request.header_count = NNRPC_LENGTH(HEADERS);
    struct rest_call call = {0};
    struct http_response read = {0};
    assert_true(rest_read_request(table, &request, &call, &read));
    Odd__FindThingsResponse message = ODD__FIND_THINGS_RESPONSE__INIT;
    message.next_page_token = (char *)"next";
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    bool was_short = true;
    for (int number = 0; was_short; number++) {
        struct http_response response = {0};
        has_failed = false;
        allocations_left = number;
        rest_write_answer(&call, &request, NNRPC_OK, &message.base, &status, NULL, &response);
        allocations_left = -1;
        was_short = has_failed;
        assert_true(response.failed || !was_short);
        assert_int_equal(response.status, 200);
        assert_true(number < ROUNDS_MOST);
        http_response_deinit(&response);
    }
    rest_call_deinit(&call);
}

static void a_table_without_memory_is_none(void **state) {
    (void)state;
    bool was_short = true;
    for (int number = 0; was_short; number++) {
        struct rest_table *other = NULL;
        NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
        has_failed = false;
        allocations_left = number;
        enum nnrpc_code code = rest_table_new(SERVICES, 1, &other, &status);
        allocations_left = -1;
        was_short = has_failed;
        assert_int_equal(code, was_short ? NNRPC_RESOURCE_EXHAUSTED : NNRPC_OK);
        assert_int_equal(other == NULL, was_short);
        assert_true(number < ROUNDS_MOST);
        rest_table_free(other);
    }
}

/* --- Bytes of all kinds --------------------------------------------------------------------- */

static uint64_t random_state = 88172645463325252u;

static uint64_t next_random(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* A copy of a text with a few bytes changed, put in or left out. */
static char *mutate(const char *text) {
    static const char FAVOURITES[] = "/?&=%+[].{}\",:;*\\0aZ9-_~ \t\x7f\xc3\xa9\xff\x01";
    size_t size = strlen(text);
    char *copy = malloc(size + 16);
    assert_non_null(copy);
    memcpy(copy, text, size + 1);
    for (uint64_t change = next_random() % 6; change != 0; change--) {
        size_t at = (size_t)(next_random() % (size + 1));
        char byte = next_random() % 4 == 0 ? (char)(next_random() % 255 + 1)
                                           : FAVOURITES[next_random() % (sizeof(FAVOURITES) - 1)];
        switch (next_random() % 3) {
        case 0:
            memmove(copy + at + 1, copy + at, size - at + 1);
            copy[at] = byte;
            size++;
            break;
        case 1:
            if (at < size) {
                copy[at] = byte;
            }
            break;
        default:
            if (at < size) {
                memmove(copy + at, copy + at + 1, size - at);
                size--;
            }
            break;
        }
    }
    return copy;
}

static void try_mutation(const struct http_request *original) {
    static const char *const NAMES[] = {"Authorization",    "Accept",          "Content-Type",
                                        "Content-Encoding", "Idempotency-Key", "If-Match",
                                        "If-None-Match",    "X-Min-Revision",  "traceparent",
                                        "tracestate",       "X-Request-Id"};
    static const char *const VALUES[] = {
        "Bearer secret",
        "text/html, application/*;q=0.5, */*;q=0",
        "application/json; charset=\"utf-8\"",
        "identity",
        "\"k\\\"1\"",
        "W/\"a\", \"b\", *",
        "7"};
    char *path = mutate(original->path);
    char *query = mutate(original->query);
    char *body = mutate(original->body);
    char *value = mutate(VALUES[next_random() % NNRPC_LENGTH(VALUES)]);
    const struct http_header headers[] = {
        {"Authorization", "Bearer secret"}, {NAMES[next_random() % NNRPC_LENGTH(NAMES)], value}};
    const struct http_request request = {
        .method = original->method,
        .path = path,
        .query = query,
        .headers = headers,
        .header_count = 2,
        .body = body,
        .body_size = strlen(body),
    };
    struct rest_call call = {0};
    struct http_response response = {0};
    bool is_call = rest_read_request(table, &request, &call, &response);
    assert_int_equal(is_call, response.status == 0);
    assert_false(response.failed);
    assert_true(is_call || (response.status >= 400 && response.status < 500));
    assert_true(!is_call || strcmp(call.token, "") != 0);
    rest_call_deinit(&call);
    http_response_deinit(&response);
    free(path);
    free(query);
    free(body);
    free(value);
}

static void bytes_of_all_kinds_are_a_call_or_refused(void **state) {
    (void)state;
    for (unsigned count = 0; count < MUTATIONS; count++) {
        try_mutation(&REQUESTS[count % NNRPC_LENGTH(REQUESTS)]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_without_memory_is_a_call_or_an_answer),
        cmocka_unit_test(an_answer_without_memory_says_so),
        cmocka_unit_test(a_table_without_memory_is_none),
        cmocka_unit_test(bytes_of_all_kinds_are_a_call_or_refused),
    };
    return cmocka_run_group_tests(tests, make_table, free_table);
}
