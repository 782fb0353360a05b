/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding fields by their names, and the lane that a call rides.
 */
#include "expect_status.h"

#include <stdio.h>

#include "everything.nnrpc.h"
#include "nnrpc/schema.h"
#include "nnrpc/v1/frame.nnrpc.h"

static int by_name(const struct nnrpc_message *message, const char *name) {
    return nnrpc_message_field_by_name(message, name, strlen(name));
}

static int by_json_name(const struct nnrpc_message *message, const char *name) {
    return nnrpc_message_field_by_json_name(message, name, strlen(name));
}

static void every_field_is_found_by_both_of_its_names(void **state) {
    (void)state;
    static const struct nnrpc_message *const MESSAGES[] = {
        &unit_scalars_message,     &unit_lists_message,      &unit_maps_message,
        &unit_choice_message,      &unit_well_known_message, &unit_node_message,
        &nnrpc_v1_request_message,
    };
    for (size_t index = 0; index < NNRPC_LENGTH(MESSAGES); index++) {
        const struct nnrpc_message *message = MESSAGES[index];
        for (unsigned int field = 0; field < message->descriptor->n_fields; field++) {
            assert_int_equal(by_name(message, message->descriptor->fields[field].name), field);
            assert_int_equal(by_json_name(message, message->fields[field].json_name), field);
        }
    }
}

static void a_json_name_of_its_own_is_not_a_proto_name(void **state) {
    (void)state;
    assert_int_equal(by_json_name(&unit_node_message, "NodeID"), 0);
    assert_int_equal(by_name(&unit_node_message, "NodeID"), -1);
    assert_int_equal(by_name(&unit_node_message, "node_name"), 0);
    assert_int_equal(by_json_name(&unit_node_message, "node_name"), -1);
}

static void other_names_are_not_found(void **state) {
    (void)state;
    static const char *const NAMES[] = {"", "node", "node_nam", "node_names", "zzz", "\xff", "A"};
    for (size_t index = 0; index < NNRPC_LENGTH(NAMES); index++) {
        assert_int_equal(by_name(&unit_node_message, NAMES[index]), -1);
        assert_int_equal(by_json_name(&unit_node_message, NAMES[index]), -1);
    }
}

static void only_the_given_size_of_a_name_counts(void **state) {
    (void)state;
    assert_int_equal(nnrpc_message_field_by_name(&unit_node_message, "node_name.x", 9), 0);
    assert_int_equal(nnrpc_message_field_by_json_name(&unit_node_message, "NodeIDx", 6), 0);
    assert_int_equal(nnrpc_message_field_by_name(&unit_node_message, "node_name\0", 10), -1);
    assert_int_equal(nnrpc_message_field_by_json_name(&unit_node_message, "NodeID\0", 7), -1);
}

static struct nnrpc_method method_of(enum nnrpc_idempotency idempotency) {
    return (struct nnrpc_method){
        .name = "unit.Service/Method",
        .request = &unit_node_message,
        .response = &unit_node_message,
        .idempotency = idempotency,
        .request_id_index = -1,
        .validate_only_index = -1,
    };
}

static void the_lane_follows_idempotency(void **state) {
    (void)state;
    Unit__Node request = UNIT__NODE__INIT;
    struct nnrpc_method reads = method_of(NNRPC_NO_SIDE_EFFECTS);
    struct nnrpc_method changes = method_of(NNRPC_IDEMPOTENCY_UNKNOWN);
    struct nnrpc_method repeats = method_of(NNRPC_IDEMPOTENT);
    assert_int_equal(nnrpc_method_lane(&reads, &request.base), NNRPC_LANE_READ);
    assert_int_equal(nnrpc_method_lane(&changes, &request.base), NNRPC_LANE_WRITE);
    assert_int_equal(nnrpc_method_lane(&repeats, &request.base), NNRPC_LANE_WRITE);
    assert_int_equal(nnrpc_method_lane(&reads, NULL), NNRPC_LANE_READ);
}

static void a_method_that_is_always_slow_is_slow(void **state) {
    (void)state;
    struct nnrpc_method method = method_of(NNRPC_NO_SIDE_EFFECTS);
    method.slow_always = true;
    assert_int_equal(nnrpc_method_lane(&method, NULL), NNRPC_LANE_SLOW);
}

/* The index of a field of unit.Node in its descriptor. */
static int16_t node_field(const char *name) {
    return (int16_t)by_name(&unit_node_message, name);
}

static void a_set_field_on_a_path_makes_a_call_slow(void **state) {
    (void)state;
    struct nnrpc_path paths[] = {
        {{node_field("next_node"), node_field("secret_text"), -1}},
        {{node_field("child_nodes"), -1}},
        {{node_field("scalars"), (int16_t)by_name(&unit_scalars_message, "double_value"), -1}},
    };
    struct nnrpc_method method = method_of(NNRPC_NO_SIDE_EFFECTS);
    method.slow_when_set = paths;
    method.slow_when_set_count = NNRPC_LENGTH(paths);

    Unit__Node request = UNIT__NODE__INIT;
    assert_int_equal(nnrpc_method_lane(&method, NULL), NNRPC_LANE_READ);
    assert_int_equal(nnrpc_method_lane(&method, &request.base), NNRPC_LANE_READ);

    Unit__Node next = UNIT__NODE__INIT;
    request.next_node = &next;
    request.secret_text = (char *)"not the one of the path";
    assert_int_equal(nnrpc_method_lane(&method, &request.base), NNRPC_LANE_READ);
    next.secret_text = (char *)"set";
    assert_int_equal(nnrpc_method_lane(&method, &request.base), NNRPC_LANE_SLOW);
    next.secret_text = NULL; /* a text made by hand may be NULL */
    assert_int_equal(nnrpc_method_lane(&method, &request.base), NNRPC_LANE_READ);

    Unit__Node *children[] = {&next};
    request.child_nodes = children;
    request.n_child_nodes = 1;
    assert_int_equal(nnrpc_method_lane(&method, &request.base), NNRPC_LANE_SLOW);
    request.n_child_nodes = 0;

    Unit__Scalars scalars = UNIT__SCALARS__INIT;
    request.scalars = &scalars;
    assert_int_equal(nnrpc_method_lane(&method, &request.base), NNRPC_LANE_READ);
    scalars.double_value = -0.0;
    assert_int_equal(nnrpc_method_lane(&method, &request.base), NNRPC_LANE_SLOW);
}

static void a_path_of_full_depth_ends_by_itself(void **state) {
    (void)state;
    struct nnrpc_path path;
    for (size_t depth = 0; depth < NNRPC_PATH_DEPTH; depth++) {
        path.indexes[depth] = node_field("next_node");
    }
    struct nnrpc_method method = method_of(NNRPC_IDEMPOTENT);
    method.slow_when_set = &path;
    method.slow_when_set_count = 1;
    Unit__Node nodes[NNRPC_PATH_DEPTH + 1];
    for (size_t depth = 0; depth <= NNRPC_PATH_DEPTH; depth++) {
        unit__node__init(&nodes[depth]);
        assert_int_equal(nnrpc_method_lane(&method, &nodes[0].base), NNRPC_LANE_WRITE);
        if (depth > 0) {
            nodes[depth - 1].next_node = &nodes[depth];
        }
    }
    assert_int_equal(nnrpc_method_lane(&method, &nodes[0].base), NNRPC_LANE_SLOW);
}

static void a_chosen_oneof_member_is_set_whatever_its_value(void **state) {
    (void)state;
    struct nnrpc_path paths[] = {
        {{(int16_t)by_name(&unit_choice_message, "text"), -1}},
        {{(int16_t)by_name(&unit_choice_message, "scalars"),
          (int16_t)by_name(&unit_scalars_message, "bool_value"), -1}},
    };
    struct nnrpc_method method = method_of(NNRPC_NO_SIDE_EFFECTS);
    method.slow_when_set = paths;
    method.slow_when_set_count = NNRPC_LENGTH(paths);
    Unit__Choice request = UNIT__CHOICE__INIT;
    request.kind_case = UNIT__CHOICE__KIND_NUMBER;
    request.number = 7;
    assert_int_equal(nnrpc_method_lane(&method, &request.base), NNRPC_LANE_READ);
    request.kind_case = UNIT__CHOICE__KIND_TEXT;
    request.text = NULL;
    assert_int_equal(nnrpc_method_lane(&method, &request.base), NNRPC_LANE_SLOW);
    request.kind_case = UNIT__CHOICE__KIND_SCALARS;
    request.scalars = NULL;
    assert_int_equal(nnrpc_method_lane(&method, &request.base), NNRPC_LANE_READ);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_is_found_by_both_of_its_names),
        cmocka_unit_test(a_json_name_of_its_own_is_not_a_proto_name),
        cmocka_unit_test(other_names_are_not_found),
        cmocka_unit_test(only_the_given_size_of_a_name_counts),
        cmocka_unit_test(the_lane_follows_idempotency),
        cmocka_unit_test(a_method_that_is_always_slow_is_slow),
        cmocka_unit_test(a_set_field_on_a_path_makes_a_call_slow),
        cmocka_unit_test(a_path_of_full_depth_ends_by_itself),
        cmocka_unit_test(a_chosen_oneof_member_is_set_whatever_its_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
