/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Services of protos that others wrote, called over a real server: each unary method at least once,
 * some with handlers that answer.
 */
#include "gen_server.h"

#include "borrowed.nnrpc.h"
#include "google/api/expr/v1alpha1/syntax.nnrpc.h"
#include "google/api/expr/v1alpha1/value.nnrpc.h"
#include "google/geo/type/viewport.nnrpc.h"
#include "google/rpc/status.nnrpc.h"
#include "google/type/latlng.nnrpc.h"
#include "google/type/money.nnrpc.h"
#include "grpc/channelz/v1/channelz.nnrpc.h"
#include "grpc/examples/helloworld.nnrpc.h"
#include "grpc/health/v1/health.nnrpc.h"
#include "grpc/lookup/v1/rls.nnrpc.h"
#include "grpc/testing/benchmark_service.nnrpc.h"
#include "grpc/testing/report_qps_scenario_service.nnrpc.h"
#include "grpc/testing/test.nnrpc.h"
#include "grpc/testing/worker_service.nnrpc.h"
#include "nnrpc/json.h"

/* Every service with a unary method, and how many of them it has. */
static const struct {
    const struct nnrpc_service *service;
    size_t method_count;
} services[] = {
    {&channelz_service, 7},
    {&greeter_service, 1},
    {&health_service, 1},
    {&route_lookup_service_service, 1},
    {&benchmark_service_service, 1},
    {&report_qps_scenario_service_service, 1},
    {&test_service_service, 4},
    {&unimplemented_service_service, 1},
    {&reconnect_service_service, 2},
    {&load_balancer_stats_service_service, 2},
    {&xds_update_health_service_service, 2},
    {&xds_update_client_configure_service_service, 1},
    {&worker_service_service, 2},
    {&borrowed_service_service, 3},
};

/* --- Handlers ----------------------------------------------------------------------------- */

static struct nnrpc_answer check_health(
    void *self, struct nnrpc_call *call, const Grpc__Health__V1__HealthCheckRequest *request) {
    (void)self;
    Grpc__Health__V1__HealthCheckResponse response = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;
    bool is_known = strcmp(request->service, "grpc.testing.TestService") == 0;
    response.status =
        is_known ? GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
                 : GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN;
    return health_check_reply(call, &response);
}

static struct nnrpc_answer get_server(
    void *self, struct nnrpc_call *call, const Grpc__Channelz__V1__GetServerRequest *request) {
    (void)self;
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    time.seconds = 86400;
    Grpc__Channelz__V1__ServerData data = GRPC__CHANNELZ__V1__SERVER_DATA__INIT;
    data.calls_started = 12;
    data.last_call_started_timestamp = &time;
    Grpc__Channelz__V1__ServerRef reference = GRPC__CHANNELZ__V1__SERVER_REF__INIT;
    reference.server_id = request->server_id;
    reference.name = (char *)"first";
    Grpc__Channelz__V1__Server server = GRPC__CHANNELZ__V1__SERVER__INIT;
    server.ref = &reference;
    server.data = &data;
    Grpc__Channelz__V1__GetServerResponse response = GRPC__CHANNELZ__V1__GET_SERVER_RESPONSE__INIT;
    response.server = &server;
    return channelz_get_server_reply(call, &response);
}

static struct nnrpc_answer unary_call(
    void *self, struct nnrpc_call *call, const Grpc__Testing__SimpleRequest *request) {
    (void)self;
    uint8_t body[64] = {0};
    Grpc__Testing__Payload payload = GRPC__TESTING__PAYLOAD__INIT;
    payload.body = (ProtobufCBinaryData){.len = (size_t)request->response_size, .data = body};
    Grpc__Testing__SimpleResponse response = GRPC__TESTING__SIMPLE_RESPONSE__INIT;
    response.payload = &payload;
    response.username = (char *)(request->fill_username ? "somebody" : "");
    return test_service_unary_call_reply(call, &response);
}

static struct nnrpc_answer route_lookup(
    void *self, struct nnrpc_call *call, const Grpc__Lookup__V1__RouteLookupRequest *request) {
    (void)self;
    char *targets[] = {request->key_map[0]->value, (char *)"second"};
    Grpc__Lookup__V1__RouteLookupResponse response = GRPC__LOOKUP__V1__ROUTE_LOOKUP_RESPONSE__INIT;
    response.n_targets = 2;
    response.targets = targets;
    response.header_data = request->stale_header_data;
    return route_lookup_service_route_lookup_reply(call, &response);
}

static struct nnrpc_answer say_hello(
    void *self, struct nnrpc_call *call, const Helloworld__HelloRequest *request) {
    (void)self;
    char text[64];
    (void)snprintf(text, sizeof(text), "Hello, %s", request->name);
    Helloworld__HelloReply response = HELLOWORLD__HELLO_REPLY__INIT;
    response.message = text;
    return greeter_say_hello_reply(call, &response);
}

static struct nnrpc_answer pay(
    void *self, struct nnrpc_call *call, const Google__Type__Money *request) {
    (void)self;
    Google__Rpc__Status response = GOOGLE__RPC__STATUS__INIT;
    response.code = request->units < 0 ? 3 : 0;
    response.message = request->currency_code;
    return borrowed_service_pay_reply(call, &response);
}

static struct nnrpc_answer evaluate(
    void *self, struct nnrpc_call *call, const Google__Api__Expr__V1alpha1__Expr *request) {
    (void)self;
    Google__Api__Expr__V1alpha1__Value response = GOOGLE__API__EXPR__V1ALPHA1__VALUE__INIT;
    response.kind_case = GOOGLE__API__EXPR__V1ALPHA1__VALUE__KIND_INT64_VALUE;
    response.int64_value = request->const_expr->int64_value * 2;
    return borrowed_service_evaluate_reply(call, &response);
}

/* --- The server --------------------------------------------------------------------------- */

static const struct health_handlers health_handlers = {.check = check_health};
static const struct channelz_handlers channelz_handlers = {.get_server = get_server};
static const struct test_service_handlers test_handlers = {.unary_call = unary_call};
static const struct route_lookup_service_handlers lookup_handlers = {.route_lookup = route_lookup};
static const struct greeter_handlers greeter_handlers = {.say_hello = say_hello};
static const struct borrowed_service_handlers borrowed_handlers = {
    .pay = pay, .evaluate = evaluate};
static const struct benchmark_service_handlers no_benchmark;
static const struct report_qps_scenario_service_handlers no_report;
static const struct unimplemented_service_handlers no_unimplemented;
static const struct reconnect_service_handlers no_reconnect;
static const struct load_balancer_stats_service_handlers no_stats;
static const struct xds_update_health_service_handlers no_health_update;
static const struct xds_update_client_configure_service_handlers no_configure;
static const struct worker_service_handlers no_worker;

static void register_all(struct nnrpc_server *server) {
    const enum nnrpc_code codes[] = {
        health_register(server, &health_handlers, NULL, NULL),
        channelz_register(server, &channelz_handlers, NULL, NULL),
        test_service_register(server, &test_handlers, NULL, NULL),
        route_lookup_service_register(server, &lookup_handlers, NULL, NULL),
        greeter_register(server, &greeter_handlers, NULL, NULL),
        borrowed_service_register(server, &borrowed_handlers, NULL, NULL),
        benchmark_service_register(server, &no_benchmark, NULL, NULL),
        report_qps_scenario_service_register(server, &no_report, NULL, NULL),
        unimplemented_service_register(server, &no_unimplemented, NULL, NULL),
        reconnect_service_register(server, &no_reconnect, NULL, NULL),
        load_balancer_stats_service_register(server, &no_stats, NULL, NULL),
        xds_update_health_service_register(server, &no_health_update, NULL, NULL),
        xds_update_client_configure_service_register(server, &no_configure, NULL, NULL),
        worker_service_register(server, &no_worker, NULL, NULL),
    };
    for (size_t i = 0; i < NNRPC_LENGTH(codes); i++) {
        assert_int_equal(codes[i], NNRPC_OK);
    }
    assert_int_equal(NNRPC_LENGTH(codes), NNRPC_LENGTH(services));
}

static int start(void **state) {
    struct gen_server *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    *state = fixture;
    gen_server_new(fixture);
    register_all(fixture->server);
    gen_server_start(fixture);
    return 0;
}

static int stop(void **state) {
    gen_server_stop(*state);
    free(*state);
    return 0;
}

/* --- Calls -------------------------------------------------------------------------------- */

static void test_health_checks(void **state) {
    struct gen_server *fixture = *state;
    Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    request.service = (char *)"grpc.testing.TestService";
    Grpc__Health__V1__HealthCheckResponse *response = NULL;
    assert_int_equal(health_check(fixture->client, NULL, &request, &response, NULL), NNRPC_OK);
    assert_int_equal(
        response->status, GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING);
    grpc__health__v1__health_check_response__free_unpacked(response, NULL);
}

static void test_channelz_gets_a_server(void **state) {
    struct gen_server *fixture = *state;
    Grpc__Channelz__V1__GetServerRequest request = GRPC__CHANNELZ__V1__GET_SERVER_REQUEST__INIT;
    request.server_id = 77;
    Grpc__Channelz__V1__GetServerResponse *response = NULL;
    assert_int_equal(
        channelz_get_server(fixture->client, NULL, &request, &response, NULL), NNRPC_OK);
    assert_int_equal(response->server->ref->server_id, 77);
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    const struct nnrpc_json_format format = {.omit_unset = true};
    assert_int_equal(
        nnrpc_json_write(
            channelz_service.methods[CHANNELZ_GET_SERVER].response, &response->base, &format,
            &text),
        NNRPC_OK);
    assert_string_equal(
        nnrpc_buffer_text(&text), "{\"server\":{\"ref\":{\"serverId\":\"77\",\"name\":\"first\"},"
                                  "\"data\":{\"callsStarted\":\"12\","
                                  "\"lastCallStartedTimestamp\":\"1970-01-02T00:00:00Z\"}}}");
    grpc__channelz__v1__get_server_response__free_unpacked(response, NULL);
}

static void test_testing_makes_a_unary_call(void **state) {
    struct gen_server *fixture = *state;
    Grpc__Testing__SimpleRequest request = GRPC__TESTING__SIMPLE_REQUEST__INIT;
    request.response_size = 50;
    request.fill_username = true;
    Grpc__Testing__SimpleResponse *response = NULL;
    assert_int_equal(
        test_service_unary_call(fixture->client, NULL, &request, &response, NULL), NNRPC_OK);
    assert_int_equal(response->payload->body.len, 50);
    assert_string_equal(response->username, "somebody");
    grpc__testing__simple_response__free_unpacked(response, NULL);
}

static void test_lookup_looks_up_a_route(void **state) {
    struct gen_server *fixture = *state;
    Grpc__Lookup__V1__RouteLookupRequest__KeyMapEntry entry =
        GRPC__LOOKUP__V1__ROUTE_LOOKUP_REQUEST__KEY_MAP_ENTRY__INIT;
    entry.key = (char *)"path";
    entry.value = (char *)"target";
    Grpc__Lookup__V1__RouteLookupRequest__KeyMapEntry *entries[] = {&entry};
    Grpc__Lookup__V1__RouteLookupRequest request = GRPC__LOOKUP__V1__ROUTE_LOOKUP_REQUEST__INIT;
    request.n_key_map = 1;
    request.key_map = entries;
    request.stale_header_data = (char *)"stale";
    Grpc__Lookup__V1__RouteLookupResponse *response = NULL;
    assert_int_equal(
        route_lookup_service_route_lookup(fixture->client, NULL, &request, &response, NULL),
        NNRPC_OK);
    assert_int_equal(response->n_targets, 2);
    assert_string_equal(response->targets[0], "target");
    assert_string_equal(response->header_data, "stale");
    grpc__lookup__v1__route_lookup_response__free_unpacked(response, NULL);
}

static void test_the_greeter_says_hello(void **state) {
    struct gen_server *fixture = *state;
    Helloworld__HelloRequest request = HELLOWORLD__HELLO_REQUEST__INIT;
    request.name = (char *)"nnrpc";
    Helloworld__HelloReply *response = NULL;
    assert_int_equal(greeter_say_hello(fixture->client, NULL, &request, &response, NULL), NNRPC_OK);
    assert_string_equal(response->message, "Hello, nnrpc");
    helloworld__hello_reply__free_unpacked(response, NULL);
}

static void test_messages_of_googleapis_are_requests_and_responses(void **state) {
    struct gen_server *fixture = *state;
    Google__Type__Money money = GOOGLE__TYPE__MONEY__INIT;
    money.units = -1;
    money.currency_code = (char *)"EUR";
    Google__Rpc__Status *status = NULL;
    assert_int_equal(borrowed_service_pay(fixture->client, NULL, &money, &status, NULL), NNRPC_OK);
    assert_int_equal(status->code, 3);
    assert_string_equal(status->message, "EUR");
    google__rpc__status__free_unpacked(status, NULL);

    Google__Api__Expr__V1alpha1__Constant constant = GOOGLE__API__EXPR__V1ALPHA1__CONSTANT__INIT;
    constant.constant_kind_case = GOOGLE__API__EXPR__V1ALPHA1__CONSTANT__CONSTANT_KIND_INT64_VALUE;
    constant.int64_value = 21;
    Google__Api__Expr__V1alpha1__Expr expression = GOOGLE__API__EXPR__V1ALPHA1__EXPR__INIT;
    expression.expr_kind_case = GOOGLE__API__EXPR__V1ALPHA1__EXPR__EXPR_KIND_CONST_EXPR;
    expression.const_expr = &constant;
    Google__Api__Expr__V1alpha1__Value *value = NULL;
    assert_int_equal(
        borrowed_service_evaluate(fixture->client, NULL, &expression, &value, NULL), NNRPC_OK);
    assert_int_equal(value->int64_value, 42);
    google__api__expr__v1alpha1__value__free_unpacked(value, NULL);
}

/* Through every thunk: who has no handler says so by the method's name. */
static void test_every_unary_method_is_routed(void **state) {
    struct gen_server *fixture = *state;
    size_t answered = 0;
    size_t unimplemented = 0;
    for (size_t i = 0; i < NNRPC_LENGTH(services); i++) {
        const struct nnrpc_service *service = services[i].service;
        assert_int_equal(service->method_count, services[i].method_count);
        for (size_t k = 0; k < service->method_count; k++) {
            if (service == &route_lookup_service_service || service == &borrowed_service_service) {
                continue; /* their handlers want more than an empty message */
            }
            const struct nnrpc_method *method = &service->methods[k];
            struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
            uint8_t *reply = NULL;
            size_t size = 0;
            enum nnrpc_code code = nnrpc_client_call_packed(
                fixture->client, method, NULL, "", 0, &reply, &size, &status);
            free(reply);
            answered += code == NNRPC_OK;
            if (code != NNRPC_OK) {
                char expected[160];
                (void)snprintf(expected, sizeof(expected), "%s has no handler", method->name);
                assert_int_equal(code, NNRPC_UNIMPLEMENTED);
                assert_string_equal(status.message, expected);
                unimplemented++;
            }
        }
    }
    assert_int_equal(answered, 4);
    assert_int_equal(unimplemented, 21);
}

static void test_a_method_that_streams_is_unknown(void **state) {
    struct gen_server *fixture = *state;
    struct nnrpc_method watch = health_service.methods[HEALTH_CHECK];
    watch.name = "grpc.health.v1.Health/Watch";
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    uint8_t *reply = NULL;
    size_t size = 0;
    assert_int_equal(
        nnrpc_client_call_packed(fixture->client, &watch, NULL, "", 0, &reply, &size, &status),
        NNRPC_UNIMPLEMENTED);
    assert_string_equal(status.reason, "UNKNOWN_METHOD");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_health_checks),
        cmocka_unit_test(test_channelz_gets_a_server),
        cmocka_unit_test(test_testing_makes_a_unary_call),
        cmocka_unit_test(test_lookup_looks_up_a_route),
        cmocka_unit_test(test_the_greeter_says_hello),
        cmocka_unit_test(test_messages_of_googleapis_are_requests_and_responses),
        cmocka_unit_test(test_every_unary_method_is_routed),
        cmocka_unit_test(test_a_method_that_streams_is_unknown),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
