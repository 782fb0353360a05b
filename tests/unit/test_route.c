/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The route table: every registered name is found, and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "everything.nnrpc.h"
#include "route.h"

#define METHODS 200

/* A service of many methods, made for the test. */
struct made_service {
    struct nnrpc_method methods[METHODS];
    char names[METHODS][48];
    nnrpc_thunk thunks[METHODS];
    struct nnrpc_service service;
    struct nnrpc_served_service served;
};

static struct nnrpc_answer answer_nothing(
    const void *handlers, void *self, struct nnrpc_call *call, const ProtobufCMessage *request) {
    (void)handlers;
    (void)self;
    (void)call;
    (void)request;
    return (struct nnrpc_answer){0};
}

static struct made_service *make_service(const struct nnrpc_message *request) {
    struct made_service *made = calloc(1, sizeof(*made));
    assert_non_null(made);
    for (size_t index = 0; index < METHODS; index++) {
        snprintf(made->names[index], sizeof(made->names[0]), "made.v1.MadeService/Do%zu", index);
        made->methods[index] = (struct nnrpc_method){
            .name = made->names[index],
            .request = request,
            .response = request,
            .idempotency = index % 2 == 0 ? NNRPC_NO_SIDE_EFFECTS : NNRPC_IDEMPOTENCY_UNKNOWN,
            .slow_always = index % 3 == 0,
        };
        made->thunks[index] = answer_nothing;
    }
    made->service = (struct nnrpc_service){
        .name = "made.v1.MadeService",
        .methods = made->methods,
        .method_count = METHODS,
    };
    made->served = (struct nnrpc_served_service){.service = &made->service, .thunks = made->thunks};
    return made;
}

static struct nnrpc_slice slice_of(const char *text) {
    return (struct nnrpc_slice){.data = (const uint8_t *)text, .size = strlen(text)};
}

static void every_method_is_found_by_its_name(void **state) {
    (void)state;
    struct made_service *made = make_service(&unit_scalars_message);
    struct nnrpc_route_table table;
    assert_int_equal(nnrpc_route_table_init(&table, &made->served, 1, NULL), NNRPC_OK);
    assert_int_equal(table.target_count, METHODS);
    for (size_t index = 0; index < METHODS; index++) {
        const struct nnrpc_target *target = nnrpc_route_find(&table, slice_of(made->names[index]));
        assert_non_null(target);
        assert_ptr_equal(target->method, &made->methods[index]);
        assert_int_equal(target->index, index);
        assert_int_equal(target->is_read, index % 2 == 0);
        assert_int_equal(target->may_be_slow, index % 3 == 0);
    }
    nnrpc_route_table_deinit(&table);
    free(made);
}

static void other_names_are_not_found(void **state) {
    (void)state;
    struct made_service *made = make_service(&unit_scalars_message);
    struct nnrpc_route_table table;
    assert_int_equal(nnrpc_route_table_init(&table, &made->served, 1, NULL), NNRPC_OK);
    const char *names[] = {
        "",
        "made.v1.MadeService",
        "made.v1.MadeService/",
        "made.v1.MadeService/Do",
        "made.v1.MadeService/Do200",
        "made.v1.MadeService/do1",
        "Made.v1.MadeService/Do1",
        "made.v1.MadeService/Do1 ",
        " made.v1.MadeService/Do1",
    };
    for (size_t index = 0; index < NNRPC_LENGTH(names); index++) {
        assert_null(nnrpc_route_find(&table, slice_of(names[index])));
    }
    assert_null(nnrpc_route_find(&table, (struct nnrpc_slice){0}));
    assert_null(nnrpc_route_find(
        &table, (struct nnrpc_slice){.data = (const uint8_t *)made->names[1], .size = 25}));
    nnrpc_route_table_deinit(&table);
    free(made);
}

static void a_table_without_services_finds_nothing(void **state) {
    (void)state;
    struct nnrpc_route_table table;
    assert_int_equal(nnrpc_route_table_init(&table, NULL, 0, NULL), NNRPC_OK);
    assert_null(nnrpc_route_find(&table, slice_of("made.v1.MadeService/Do1")));
    nnrpc_route_table_deinit(&table);
}

/* Node has a sensitive field, and nests; the others have none. */
static void requests_that_may_hold_secrets_are_known(void **state) {
    (void)state;
    const struct {
        const struct nnrpc_message *request;
        bool takes_secrets;
    } cases[] = {
        {&unit_node_message, true},
        {&unit_scalars_message, false},
        {&unit_maps_message, false},
        {&unit_well_known_message, false},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(cases); index++) {
        struct made_service *made = make_service(cases[index].request);
        struct nnrpc_route_table table;
        assert_int_equal(nnrpc_route_table_init(&table, &made->served, 1, NULL), NNRPC_OK);
        assert_int_equal(table.targets[0].takes_secrets, cases[index].takes_secrets);
        nnrpc_route_table_deinit(&table);
        free(made);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_is_found_by_its_name),
        cmocka_unit_test(other_names_are_not_found),
        cmocka_unit_test(a_table_without_services_finds_nothing),
        cmocka_unit_test(requests_that_may_hold_secrets_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
