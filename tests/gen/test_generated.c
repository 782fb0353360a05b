/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generated tables, compiled and looked at beside protobuf-c's descriptors, which they must fit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "google/protobuf/descriptor.nnrpc.h"
#include "google/protobuf/duration.nnrpc.h"
#include "google/protobuf/empty.nnrpc.h"
#include "google/protobuf/field_mask.nnrpc.h"
#include "google/protobuf/struct.nnrpc.h"
#include "google/protobuf/timestamp.nnrpc.h"
#include "google/protobuf/wrappers.nnrpc.h"
#include "library/v1/book.nnrpc.h"
#include "library/v1/library_service.nnrpc.h"
#include "nnrpc/v1/options.nnrpc.h"
#include "shelf/plain.nnrpc.h"

/* The table's entry for a field of that proto name. */
static const struct nnrpc_field *field_of(const struct nnrpc_message *message, const char *name) {
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        if (strcmp(message->descriptor->fields[i].name, name) == 0) {
            return &message->fields[i];
        }
    }
    fail_msg("%s has no field %s", message->descriptor->name, name);
    return NULL;
}

static const char *json_name_of(const struct nnrpc_enum *enumeration, int number) {
    for (unsigned i = 0; i < enumeration->descriptor->n_values; i++) {
        if (enumeration->descriptor->values[i].value == number) {
            return enumeration->json_names[i];
        }
    }
    fail_msg("%s has no value %d", enumeration->descriptor->name, number);
    return NULL;
}

/* What must hold for any message: the table's links are the descriptor's. */
static void check_message(const struct nnrpc_message *message, unsigned depth) {
    for (unsigned i = 0; i < message->descriptor->n_fields && depth > 0; i++) {
        const ProtobufCFieldDescriptor *described = &message->descriptor->fields[i];
        const struct nnrpc_field *field = &message->fields[i];
        assert_non_null(field->json_name);
        if (described->type == PROTOBUF_C_TYPE_MESSAGE) {
            assert_non_null(field->message);
            assert_ptr_equal(field->message->descriptor, described->descriptor);
            check_message(field->message, depth - 1);
        } else {
            assert_null(field->message);
        }
        if (described->type == PROTOBUF_C_TYPE_ENUM) {
            assert_non_null(field->enumeration);
            assert_ptr_equal(field->enumeration->descriptor, described->descriptor);
        } else {
            assert_null(field->enumeration);
        }
    }
}

static void test_links_are_those_of_the_descriptors(void **state) {
    (void)state;
    check_message(&library_v1_book_message, 4);
    check_message(&library_v1_masks_message, 4);
    check_message(&library_v1_nothing_message, 4);
    check_message(&shelf_board_message, 4);
    check_message(&google_protobuf_file_descriptor_proto_message, 4);
    check_message(&google_protobuf_value_message, 4);
    check_message(&nnrpc_v1_http_rule_message, 4);
}

static void test_json_names_are_those_of_the_proto(void **state) {
    (void)state;
    const struct nnrpc_message *book = &library_v1_book_message;
    assert_string_equal(field_of(book, "id")->json_name, "id");
    assert_string_equal(field_of(book, "title")->json_name, "title");
    assert_string_equal(field_of(book, "without_comment")->json_name, "withoutComment");
    assert_string_equal(field_of(book, "shelf_id")->json_name, "shelfID");
    assert_string_equal(field_of(book, "HTMLText")->json_name, "HTMLText");
    assert_string_equal(field_of(book, "trailing_")->json_name, "trailing");
    assert_string_equal(field_of(book, "json_odd")->json_name, "a \"quoted\" name?\?/");
    assert_string_equal(field_of(&shelf_board_message, "height_mm")->json_name, "heightMm");
}

static void test_flags_are_the_field_rules(void **state) {
    (void)state;
    const struct nnrpc_message *book = &library_v1_book_message;
    assert_int_equal(field_of(book, "id")->flags, NNRPC_FIELD_OUTPUT_ONLY);
    assert_int_equal(field_of(book, "title")->flags, 0);
    assert_int_equal(field_of(book, "shelf_id")->flags, NNRPC_FIELD_EMPTY_IS_NULL);
    assert_int_equal(
        field_of(book, "access_code")->flags, NNRPC_FIELD_INPUT_ONLY | NNRPC_FIELD_SENSITIVE);
}

static void test_a_rule_in_pieces_is_one_rule(void **state) {
    (void)state;
    assert_int_equal(
        field_of(&library_v1_book_message, "seal")->flags,
        NNRPC_FIELD_OUTPUT_ONLY | NNRPC_FIELD_SENSITIVE);
}

static void test_maps_are_flagged_and_link_their_entries(void **state) {
    (void)state;
    const struct nnrpc_field *labels = field_of(&library_v1_book_message, "labels");
    assert_int_equal(labels->flags, NNRPC_FIELD_MAP);
    assert_ptr_equal(labels->message, &library_v1_book_labels_entry_message);
    const struct nnrpc_message *entry = field_of(&library_v1_book_message, "editions")->message;
    assert_int_equal(entry->descriptor->n_fields, 2);
    assert_ptr_equal(field_of(entry, "value")->message, &library_v1_book_cover_message);
    entry = field_of(&library_v1_book_message, "genre_by_country")->message;
    assert_ptr_equal(field_of(entry, "value")->enumeration, &library_v1_genre_enum);
    assert_int_equal(field_of(&google_protobuf_struct_message, "fields")->flags, NNRPC_FIELD_MAP);
}

static void test_masks_know_their_message(void **state) {
    (void)state;
    const struct nnrpc_message *masks = &library_v1_masks_message;
    assert_ptr_equal(field_of(masks, "book_mask")->mask_of, &library_v1_book_message);
    assert_ptr_equal(field_of(masks, "cover_mask")->mask_of, &library_v1_book_cover_message);
    assert_ptr_equal(field_of(masks, "value_mask")->mask_of, &google_protobuf_value_message);
    assert_null(field_of(masks, "free_mask")->mask_of);
}

static void test_enum_names_have_no_prefix_and_stand_as_protobuf_c_sorts_them(void **state) {
    (void)state;
    const struct nnrpc_enum *genre = &library_v1_genre_enum;
    assert_int_equal(genre->descriptor->n_values, 4);
    assert_string_equal(json_name_of(genre, -3), "lost");
    assert_string_equal(json_name_of(genre, 0), "unspecified");
    assert_string_equal(json_name_of(genre, 1), "poetry");
    assert_string_equal(json_name_of(genre, 7), "science_fiction");
    assert_string_equal(json_name_of(&library_v1_http_method_enum, 1), "get");
    assert_string_equal(json_name_of(&library_v1_book_cover_kind_enum, 2), "soft");
}

static void test_enum_names_keep_a_prefix_that_not_all_have(void **state) {
    (void)state;
    assert_string_equal(json_name_of(&library_v1_http_version_enum, 2), "version_two");
    assert_string_equal(json_name_of(&library_v1_http_version_enum, 0), "http_version_unspecified");
}

static void test_well_known_types_are_marked(void **state) {
    (void)state;
    assert_int_equal(google_protobuf_timestamp_message.well_known, NNRPC_WELL_KNOWN_TIMESTAMP);
    assert_int_equal(google_protobuf_duration_message.well_known, NNRPC_WELL_KNOWN_DURATION);
    assert_int_equal(google_protobuf_field_mask_message.well_known, NNRPC_WELL_KNOWN_FIELD_MASK);
    assert_int_equal(google_protobuf_empty_message.well_known, NNRPC_WELL_KNOWN_EMPTY);
    assert_int_equal(google_protobuf_string_value_message.well_known, NNRPC_WELL_KNOWN_WRAPPER);
    assert_int_equal(google_protobuf_u_int64_value_message.well_known, NNRPC_WELL_KNOWN_WRAPPER);
    assert_int_equal(google_protobuf_struct_message.well_known, NNRPC_WELL_KNOWN_STRUCT);
    assert_int_equal(google_protobuf_value_message.well_known, NNRPC_WELL_KNOWN_VALUE);
    assert_int_equal(google_protobuf_list_value_message.well_known, NNRPC_WELL_KNOWN_LIST_VALUE);
    assert_int_equal(library_v1_book_message.well_known, NNRPC_WELL_KNOWN_NONE);
}

static void test_methods_stand_in_the_order_of_the_proto(void **state) {
    (void)state;
    assert_string_equal(library_service_service.name, "library.v1.LibraryService");
    assert_int_equal(library_service_service.method_count, LIBRARY_SERVICE_METHOD_COUNT);
    assert_int_equal(LIBRARY_SERVICE_METHOD_COUNT, 5);
    const struct nnrpc_method *method =
        &library_service_service.methods[LIBRARY_SERVICE_GET_ISBN_LIST];
    assert_string_equal(method->name, "library.v1.LibraryService/GetISBNList");
    assert_string_equal(method->service_name, "library.v1.LibraryService");
    assert_string_equal(method->method_name, "GetISBNList");
    assert_string_equal(shelf_store_service.methods[SHELF_STORE_MOVE].name, "ShelfStore/Move");
}

static void test_methods_know_role_and_idempotency(void **state) {
    (void)state;
    const struct nnrpc_method *methods = library_service_service.methods;
    assert_int_equal(methods[LIBRARY_SERVICE_GET_BOOK].role, NNRPC_ROLE_READER);
    assert_int_equal(methods[LIBRARY_SERVICE_GET_BOOK].idempotency, NNRPC_NO_SIDE_EFFECTS);
    assert_int_equal(methods[LIBRARY_SERVICE_CREATE_BOOK].role, NNRPC_ROLE_WRITER);
    assert_int_equal(methods[LIBRARY_SERVICE_CREATE_BOOK].idempotency, NNRPC_IDEMPOTENT);
    assert_int_equal(methods[LIBRARY_SERVICE_WITHOUT].role, NNRPC_ROLE_ADMIN);
    assert_int_equal(methods[LIBRARY_SERVICE_WITHOUT].idempotency, NNRPC_IDEMPOTENCY_UNKNOWN);
    assert_int_equal(methods[LIBRARY_SERVICE_GET_COVER].role, NNRPC_ROLE_PUBLIC);
    assert_int_equal(plain_service_service.methods[0].role, NNRPC_ROLE_UNSPECIFIED);
}

/* Whether a path of indexes names these fields, as a walk over descriptors finds them. */
static void check_path(
    const struct nnrpc_message *message, const struct nnrpc_path *path, const char *const *names) {
    size_t depth = 0;
    for (; names[depth] != NULL; depth++) {
        int index = path->indexes[depth];
        assert_true(index >= 0);
        assert_string_equal(message->descriptor->fields[index].name, names[depth]);
        message = message->fields[index].message;
    }
    assert_int_equal(path->indexes[depth], -1);
}

static void test_slow_paths_are_indexes(void **state) {
    (void)state;
    const struct nnrpc_method *create =
        &library_service_service.methods[LIBRARY_SERVICE_CREATE_BOOK];
    assert_false(create->slow_always);
    assert_int_equal(create->slow_when_set_count, 2);
    check_path(
        create->request, &create->slow_when_set[0],
        (const char *const[]){"book", "access_code", NULL});
    check_path(
        create->request, &create->slow_when_set[1],
        (const char *const[]){"book", "cover", "inner", "prints", NULL});
    assert_true(library_service_service.methods[LIBRARY_SERVICE_WITHOUT].slow_always);
    assert_int_equal(
        library_service_service.methods[LIBRARY_SERVICE_GET_BOOK].slow_when_set_count, 0);
}

static void test_request_id_and_validate_only_are_indexes(void **state) {
    (void)state;
    const struct nnrpc_method *create =
        &library_service_service.methods[LIBRARY_SERVICE_CREATE_BOOK];
    const ProtobufCFieldDescriptor *fields = create->request->descriptor->fields;
    assert_string_equal(fields[create->request_id_index].name, "request_id");
    assert_string_equal(fields[create->validate_only_index].name, "validate_only");
    const struct nnrpc_method *get = &library_service_service.methods[LIBRARY_SERVICE_GET_BOOK];
    assert_int_equal(get->request_id_index, -1);
    assert_int_equal(get->validate_only_index, -1);
}

static void test_http_rules_have_their_bindings_and_defaults(void **state) {
    (void)state;
    const struct nnrpc_method *get = &library_service_service.methods[LIBRARY_SERVICE_GET_BOOK];
    assert_int_equal(get->http_rule_count, 3);
    assert_string_equal(get->http_rules[0].verb, "GET");
    assert_string_equal(get->http_rules[0].path, "/v1/books/{id}");
    assert_string_equal(get->http_rules[0].action, "");
    assert_string_equal(get->http_rules[0].body, "");
    assert_string_equal(get->http_rules[0].response_body, "book");
    assert_int_equal(get->http_rules[0].success_status, 200);
    assert_string_equal(get->http_rules[0].location, "");
    assert_string_equal(get->http_rules[1].path, "/v1/shelves/{shelf_id}/books/{id}");
    assert_string_equal(get->http_rules[2].action, "preview");
    assert_int_equal(library_service_service.methods[LIBRARY_SERVICE_GET_COVER].http_rule_count, 0);
}

static void test_an_http_rule_in_pieces_is_one_rule(void **state) {
    (void)state;
    const struct nnrpc_method *create =
        &library_service_service.methods[LIBRARY_SERVICE_CREATE_BOOK];
    assert_int_equal(create->http_rule_count, 1);
    assert_string_equal(create->http_rules[0].verb, "POST");
    assert_string_equal(create->http_rules[0].path, "/v1/books/");
    assert_string_equal(create->http_rules[0].body, "book");
    assert_string_equal(create->http_rules[0].response_body, "book");
    assert_int_equal(create->http_rules[0].success_status, 201);
    assert_string_equal(create->http_rules[0].location, "/v1/books/{book.id}");
}

static void test_the_descriptor_set_unpacks_and_ends_with_the_service(void **state) {
    (void)state;
    Google__Protobuf__FileDescriptorSet *set = google__protobuf__file_descriptor_set__unpack(
        NULL, library_service_service.descriptor_set_size, library_service_service.descriptor_set);
    assert_non_null(set);
    assert_string_equal(set->file[set->n_file - 1]->name, "library/v1/library_service.proto");
    assert_int_equal(set->file[set->n_file - 1]->n_service, 2);
    google__protobuf__file_descriptor_set__free_unpacked(set, NULL);
    assert_ptr_equal(plain_service_service.descriptor_set, library_service_service.descriptor_set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_links_are_those_of_the_descriptors),
        cmocka_unit_test(test_json_names_are_those_of_the_proto),
        cmocka_unit_test(test_flags_are_the_field_rules),
        cmocka_unit_test(test_a_rule_in_pieces_is_one_rule),
        cmocka_unit_test(test_maps_are_flagged_and_link_their_entries),
        cmocka_unit_test(test_masks_know_their_message),
        cmocka_unit_test(test_enum_names_have_no_prefix_and_stand_as_protobuf_c_sorts_them),
        cmocka_unit_test(test_enum_names_keep_a_prefix_that_not_all_have),
        cmocka_unit_test(test_well_known_types_are_marked),
        cmocka_unit_test(test_methods_stand_in_the_order_of_the_proto),
        cmocka_unit_test(test_methods_know_role_and_idempotency),
        cmocka_unit_test(test_slow_paths_are_indexes),
        cmocka_unit_test(test_request_id_and_validate_only_are_indexes),
        cmocka_unit_test(test_http_rules_have_their_bindings_and_defaults),
        cmocka_unit_test(test_an_http_rule_in_pieces_is_one_rule),
        cmocka_unit_test(test_the_descriptor_set_unpacks_and_ends_with_the_service),
    };
    return cmocka_run_group_tests_name("generated", tests, NULL, NULL);
}
