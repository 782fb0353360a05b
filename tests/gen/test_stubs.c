/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generated stubs and handlers, over a real server and a real socket.
 */
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

#include "library/v1/library_service.nnrpc.h"
#include "shelf/plain.nnrpc.h"

struct library {
    char folder[32];
    char url[64];
    struct nnrpc_server *server;
    struct nnrpc_client *client;
    unsigned pings;
    char created_request_id[64];
};

static struct nnrpc_answer get_book(
    void *self, struct nnrpc_call *call, const Library__V1__GetBookRequest *request) {
    (void)self;
    if (strcmp(request->id, "missing") == 0) {
        struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
        (void)nnrpc_fail(
            &status, NNRPC_NOT_FOUND, "library", "BOOK_NOT_FOUND", "no book \"%s\"", request->id);
        return nnrpc_call_fail(call, &status);
    }
    Library__V1__Book book = LIBRARY__V1__BOOK__INIT;
    book.id = request->id;
    Library__V1__GetBookResponse response = LIBRARY__V1__GET_BOOK_RESPONSE__INIT;
    response.book = &book;
    return library_service_get_book_reply(call, &response);
}

static struct nnrpc_answer create_book(
    void *self, struct nnrpc_call *call, const Library__V1__CreateBookRequest *request) {
    struct library *library = self;
    (void)snprintf(
        library->created_request_id, sizeof(library->created_request_id), "%s",
        request->request_id);
    Library__V1__GetBookResponse response = LIBRARY__V1__GET_BOOK_RESPONSE__INIT;
    response.book = request->book;
    return library_service_create_book_reply(call, &response);
}

static struct nnrpc_answer get_cover(
    void *self, struct nnrpc_call *call, const Library__V1__GetBookRequest *request) {
    (void)self;
    (void)request;
    Library__V1__Book__Cover cover = LIBRARY__V1__BOOK__COVER__INIT;
    cover.kind = LIBRARY__V1__BOOK__COVER__KIND__KIND_HARD;
    return library_service_get_cover_reply(call, &cover);
}

static struct nnrpc_answer ping(
    void *self, struct nnrpc_call *call, const Library__V1__Nothing *request) {
    struct library *library = self;
    (void)request;
    library->pings++;
    Library__V1__Nothing response = LIBRARY__V1__NOTHING__INIT;
    return plain_service_ping_reply(call, &response);
}

static struct nnrpc_answer move(
    void *self, struct nnrpc_call *call, const Wooden__Shelf__ShelfBoard *request) {
    (void)self;
    return shelf_store_move_reply(call, request);
}

static const struct library_service_handlers library_handlers = {
    .get_book = get_book,
    .create_book = create_book,
    .get_cover = get_cover,
};
static const struct plain_service_handlers plain_handlers = {.ping = ping};
static const struct shelf_store_handlers shelf_handlers = {.move = move};

static int start_library(void **state) {
    struct library *library = calloc(1, sizeof(*library));
    assert_non_null(library);
    *state = library;
    (void)strcpy(library->folder, "/tmp/nnrpc-gen-XXXXXX");
    assert_non_null(mkdtemp(library->folder));
    (void)snprintf(library->url, sizeof(library->url), "ipc://%s/s", library->folder);
    const struct nnrpc_server_options options = {0};
    assert_int_equal(nnrpc_server_new(&options, &library->server, NULL), NNRPC_OK);
    assert_int_equal(
        library_service_register(library->server, &library_handlers, library, NULL), NNRPC_OK);
    assert_int_equal(
        plain_service_register(library->server, &plain_handlers, library, NULL), NNRPC_OK);
    assert_int_equal(
        shelf_store_register(library->server, &shelf_handlers, library, NULL), NNRPC_OK);
    assert_int_equal(nnrpc_server_listen(library->server, library->url, NULL), NNRPC_OK);
    assert_int_equal(nnrpc_server_start(library->server, NULL), NNRPC_OK);
    const struct nnrpc_client_options client_options = {
        .endpoints = (const char *const[]){library->url}, .endpoint_count = 1};
    assert_int_equal(nnrpc_client_new(&client_options, &library->client, NULL), NNRPC_OK);
    return 0;
}

static int stop_library(void **state) {
    struct library *library = *state;
    nnrpc_client_free(library->client);
    nnrpc_server_stop(library->server);
    nnrpc_server_free(library->server);
    char socket[64];
    (void)snprintf(socket, sizeof(socket), "%s/s", library->folder);
    (void)unlink(socket);
    assert_int_equal(rmdir(library->folder), 0);
    free(library);
    return 0;
}

static void test_a_stub_brings_the_handler_s_typed_answer(void **state) {
    struct library *library = *state;
    Library__V1__GetBookRequest request = LIBRARY__V1__GET_BOOK_REQUEST__INIT;
    request.id = "b1";
    Library__V1__GetBookResponse *response = NULL;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    assert_int_equal(
        library_service_get_book(library->client, NULL, &request, &response, &status), NNRPC_OK);
    assert_string_equal(response->book->id, "b1");
    library__v1__get_book_response__free_unpacked(response, NULL);
}

static void test_a_stub_brings_the_handler_s_error_and_leaves_the_response_alone(void **state) {
    struct library *library = *state;
    Library__V1__GetBookRequest request = LIBRARY__V1__GET_BOOK_REQUEST__INIT;
    request.id = "missing";
    Library__V1__GetBookResponse untouched = LIBRARY__V1__GET_BOOK_RESPONSE__INIT;
    Library__V1__GetBookResponse *response = &untouched;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    assert_int_equal(
        library_service_get_book(library->client, NULL, &request, &response, &status),
        NNRPC_NOT_FOUND);
    assert_ptr_equal(response, &untouched);
    assert_string_equal(status.reason, "BOOK_NOT_FOUND");
    assert_string_equal(status.domain, "library");
    assert_string_equal(status.message, "no book \"missing\"");
}

static void test_a_member_that_is_null_answers_unimplemented(void **state) {
    struct library *library = *state;
    Google__Protobuf__Empty request = GOOGLE__PROTOBUF__EMPTY__INIT;
    Google__Protobuf__Empty untouched = GOOGLE__PROTOBUF__EMPTY__INIT;
    Google__Protobuf__Empty *response = &untouched;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    assert_int_equal(
        library_service_without(library->client, NULL, &request, &response, &status),
        NNRPC_UNIMPLEMENTED);
    assert_ptr_equal(response, &untouched);
    assert_string_equal(status.domain, "nnrpc");
    assert_string_equal(status.reason, "UNKNOWN_METHOD");
    assert_string_equal(status.message, "library.v1.LibraryService/Without has no handler");
}

static void test_started_calls_finish_in_any_order(void **state) {
    struct library *library = *state;
    static const char *const ids[] = {"b0", "b1", "b2", "b3"};
    struct nnrpc_pending *pending[NNRPC_LENGTH(ids)] = {NULL};
    for (size_t i = 0; i < NNRPC_LENGTH(ids); i++) {
        char id[8];
        (void)snprintf(id, sizeof(id), "%s", ids[i]);
        Library__V1__GetBookRequest request = LIBRARY__V1__GET_BOOK_REQUEST__INIT;
        request.id = id;
        assert_int_equal(
            library_service_get_book_start(library->client, NULL, &request, &pending[i], NULL),
            NNRPC_OK);
    }
    for (size_t i = NNRPC_LENGTH(ids); i-- > 0;) {
        Library__V1__GetBookResponse *response = NULL;
        assert_int_equal(library_service_get_book_finish(pending[i], &response, NULL), NNRPC_OK);
        assert_string_equal(response->book->id, ids[i]);
        library__v1__get_book_response__free_unpacked(response, NULL);
    }
}

static void test_finish_leaves_the_response_alone_on_an_error(void **state) {
    struct library *library = *state;
    Library__V1__GetBookRequest request = LIBRARY__V1__GET_BOOK_REQUEST__INIT;
    request.id = "missing";
    struct nnrpc_pending *pending = NULL;
    assert_int_equal(
        library_service_get_book_start(library->client, NULL, &request, &pending, NULL), NNRPC_OK);
    Library__V1__GetBookResponse untouched = LIBRARY__V1__GET_BOOK_RESPONSE__INIT;
    Library__V1__GetBookResponse *response = &untouched;
    assert_int_equal(library_service_get_book_finish(pending, &response, NULL), NNRPC_NOT_FOUND);
    assert_ptr_equal(response, &untouched);
}

static void test_an_empty_request_id_is_filled_on_the_wire_only(void **state) {
    struct library *library = *state;
    Library__V1__Book book = LIBRARY__V1__BOOK__INIT;
    Library__V1__CreateBookRequest request = LIBRARY__V1__CREATE_BOOK_REQUEST__INIT;
    request.book = &book;
    Library__V1__GetBookResponse *response = NULL;
    assert_int_equal(
        library_service_create_book(library->client, NULL, &request, &response, NULL), NNRPC_OK);
    library__v1__get_book_response__free_unpacked(response, NULL);
    assert_int_equal(strlen(library->created_request_id), 36);
    assert_string_equal(request.request_id, "");
}

static void test_a_response_may_be_a_nested_message(void **state) {
    struct library *library = *state;
    Library__V1__GetBookRequest request = LIBRARY__V1__GET_BOOK_REQUEST__INIT;
    Library__V1__Book__Cover *cover = NULL;
    assert_int_equal(
        library_service_get_cover(library->client, NULL, &request, &cover, NULL), NNRPC_OK);
    assert_int_equal(cover->kind, LIBRARY__V1__BOOK__COVER__KIND__KIND_HARD);
    protobuf_c_message_free_unpacked((ProtobufCMessage *)cover, NULL);
}

static void test_each_service_has_its_own_handlers_and_self(void **state) {
    struct library *library = *state;
    Library__V1__Nothing request = LIBRARY__V1__NOTHING__INIT;
    Library__V1__Nothing *response = NULL;
    assert_int_equal(
        plain_service_ping(library->client, NULL, &request, &response, NULL), NNRPC_OK);
    library__v1__nothing__free_unpacked(response, NULL);
    assert_int_equal(library->pings, 1);
}

static void test_proto2_messages_with_names_of_their_own_travel(void **state) {
    struct library *library = *state;
    Wooden__Shelf__ShelfBoard request = WOODEN__SHELF__SHELF__BOARD__INIT;
    request.name = "bottom";
    request.has_height_mm = 1;
    request.height_mm = 5;
    Wooden__Shelf__ShelfBoard *response = NULL;
    assert_int_equal(shelf_store_move(library->client, NULL, &request, &response, NULL), NNRPC_OK);
    assert_string_equal(response->name, "bottom");
    assert_int_equal(response->height_mm, 5);
    wooden__shelf__shelf__board__free_unpacked(response, NULL);
}

static void test_a_service_is_registered_once(void **state) {
    (void)state;
    struct nnrpc_server *server = NULL;
    const struct nnrpc_server_options options = {0};
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    assert_int_equal(nnrpc_server_new(&options, &server, NULL), NNRPC_OK);
    assert_int_equal(plain_service_register(server, &plain_handlers, NULL, &status), NNRPC_OK);
    assert_int_equal(
        plain_service_register(server, &plain_handlers, NULL, &status), NNRPC_ALREADY_EXISTS);
    nnrpc_server_free(server);
}

#define library_test(test) cmocka_unit_test_setup_teardown(test, start_library, stop_library)

int main(void) {
    const struct CMUnitTest tests[] = {
        library_test(test_a_stub_brings_the_handler_s_typed_answer),
        library_test(test_a_stub_brings_the_handler_s_error_and_leaves_the_response_alone),
        library_test(test_a_member_that_is_null_answers_unimplemented),
        library_test(test_started_calls_finish_in_any_order),
        library_test(test_finish_leaves_the_response_alone_on_an_error),
        library_test(test_an_empty_request_id_is_filled_on_the_wire_only),
        library_test(test_a_response_may_be_a_nested_message),
        library_test(test_each_service_has_its_own_handlers_and_self),
        library_test(test_proto2_messages_with_names_of_their_own_travel),
        cmocka_unit_test(test_a_service_is_registered_once),
    };
    return cmocka_run_group_tests_name("stubs", tests, NULL, NULL);
}
