/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The services that every server has: health, statistics, reflection.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "google/protobuf/descriptor.pb-c.h"
#include "nnrpc/v1/health_service.pb-c.h"
#include "nnrpc/v1/reflection_service.pb-c.h"
#include "nnrpc/v1/stats_service.pb-c.h"
#include "stage.h"

#define HEALTH_CHECK "nnrpc.v1.HealthService/Check"
#define GET_STATS "nnrpc.v1.StatsService/GetStats"
#define LIST_SERVICES "nnrpc.v1.ReflectionService/ListServices"
#define GET_FILES "nnrpc.v1.ReflectionService/GetFileDescriptorSet"

/* --- Helpers ------------------------------------------------------------------------------ */

/* Calls a method that must succeed; the message is to be released. */
static ProtobufCMessage *call(
    struct peer *peer, const char *method, const ProtobufCMessage *request,
    const ProtobufCMessageDescriptor *type) {
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(peer, frame_of(method, request));
    ProtobufCMessage *message = response_message(answer->responses[0], type);
    frame_free_answer(answer);
    return message;
}

static Nnrpc__V1__GetStatsResponse *get_stats(struct peer *peer) {
    static const Nnrpc__V1__GetStatsRequest request = NNRPC__V1__GET_STATS_REQUEST__INIT;
    return (Nnrpc__V1__GetStatsResponse *)call(
        peer, GET_STATS, &request.base, &nnrpc__v1__get_stats_response__descriptor);
}

static void expect_not_found(
    struct peer *peer, const char *method, const ProtobufCMessage *request) {
    Nnrpc__V1__ResponseFrame *answer = peer_exchange(peer, frame_of(method, request));
    assert_response(answer->responses[0], NNRPC_NOT_FOUND, "SERVICE_NOT_FOUND");
    frame_free_answer(answer);
}

/* --- Health ------------------------------------------------------------------------------- */

static void health_knows_the_server_and_each_service(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    const char *names[] = {"", "probe.v1.ProbeService", "nnrpc.v1.HealthService"};
    Nnrpc__V1__CheckRequest request = NNRPC__V1__CHECK_REQUEST__INIT;
    for (size_t index = 0; index < NNRPC_LENGTH(names); index++) {
        request.service = (char *)names[index];
        Nnrpc__V1__CheckResponse *response = (Nnrpc__V1__CheckResponse *)call(
            &stage.peer, HEALTH_CHECK, &request.base, &nnrpc__v1__check_response__descriptor);
        assert_int_equal(response->status, NNRPC__V1__SERVING_STATUS__SERVING_STATUS_SERVING);
        nnrpc__v1__check_response__free_unpacked(response, NULL);
    }
    request.service = (char *)"probe.v1.ProbeServic";
    expect_not_found(&stage.peer, HEALTH_CHECK, &request.base);
    stage_end(&stage);
}

/* --- Statistics --------------------------------------------------------------------------- */

static const Nnrpc__V1__MethodStats *find_stats(
    const Nnrpc__V1__GetStatsResponse *response, const char *method, enum nnrpc_code code) {
    for (size_t index = 0; index < response->n_methods; index++) {
        const Nnrpc__V1__MethodStats *stats = response->methods[index];
        if (strcmp(stats->method, method) == 0 && stats->code == (int32_t)code) {
            return stats;
        }
    }
    return NULL;
}

static uint64_t count_of(
    const Nnrpc__V1__GetStatsResponse *response, const char *method, enum nnrpc_code code) {
    const Nnrpc__V1__MethodStats *stats = find_stats(response, method, code);
    return stats == NULL ? 0 : stats->count;
}

static void calls_are_counted_by_method_and_code(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    Nnrpc__V1__RequestFrame *frame = frame_new();
    Probe__V1__ReadRequest read = PROBE__V1__READ_REQUEST__INIT;
    Probe__V1__ReadRequest fails = PROBE__V1__READ_REQUEST__INIT;
    Probe__V1__WriteRequest write = PROBE__V1__WRITE_REQUEST__INIT;
    fails.fail_code = NNRPC_ABORTED;
    for (unsigned index = 0; index < 5; index++) {
        frame_add(frame, READ, &read.base);
        frame_add(frame, WRITE, &write.base);
        frame_add(frame, SLOW_READ, &fails.base);
    }
    frame_add(frame, READ, &fails.base);
    frame_add_bytes(frame, READ, "\xff", 1);
    frame_add_bytes(frame, "no/Method", NULL, 0);
    frame_add_bytes(frame, "neither/This", NULL, 0);
    frame_free_answer(peer_exchange(&stage.peer, frame));
    size_t reply_bytes = stage.peer.last_size;
    peer_send_bytes(&stage.peer, "\xff\xff", 2);
    frame_free_answer(peer_receive(&stage.peer, 10000));
    reply_bytes += stage.peer.last_size;

    Nnrpc__V1__GetStatsResponse *stats = get_stats(&stage.peer);
    assert_int_equal(count_of(stats, READ, NNRPC_OK), 5);
    assert_int_equal(count_of(stats, READ, NNRPC_ABORTED), 1);
    assert_int_equal(count_of(stats, READ, NNRPC_INVALID_ARGUMENT), 1);
    assert_int_equal(count_of(stats, WRITE, NNRPC_OK), 5);
    assert_int_equal(count_of(stats, SLOW_READ, NNRPC_ABORTED), 5);
    assert_int_equal(count_of(stats, "", NNRPC_UNIMPLEMENTED), 2);
    assert_int_equal(count_of(stats, "", NNRPC_INVALID_ARGUMENT), 1);
    assert_int_equal(stats->n_methods, 7);
    assert_int_equal(stats->frames, 3);
    assert_int_equal(stats->malformed_frames, 1);
    assert_int_equal(stats->sent_bytes, reply_bytes);
    assert_true(stats->received_bytes > 2);
    /* This very call. */
    assert_int_equal(stats->calls_in_flight, 1);
    for (size_t index = 1; index < stats->n_methods; index++) {
        const Nnrpc__V1__MethodStats *before = stats->methods[index - 1];
        int order = strcmp(before->method, stats->methods[index]->method);
        assert_true(order < 0 || (order == 0 && before->code < stats->methods[index]->code));
    }
    nnrpc__v1__get_stats_response__free_unpacked(stats, NULL);

    stats = get_stats(&stage.peer);
    assert_int_equal(count_of(stats, GET_STATS, NNRPC_OK), 1);
    nnrpc__v1__get_stats_response__free_unpacked(stats, NULL);
    stage_end(&stage);
}

static void latencies_fall_into_buckets_of_powers_of_two(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    Probe__V1__ReadRequest read = PROBE__V1__READ_REQUEST__INIT;
    read.work_us = 20000;
    frame_free_answer(peer_exchange(&stage.peer, frame_of(READ, &read.base)));
    Nnrpc__V1__GetStatsResponse *response = get_stats(&stage.peer);
    const Nnrpc__V1__MethodStats *stats = find_stats(response, READ, NNRPC_OK);
    assert_non_null(stats);
    assert_int_equal(stats->count, 1);
    assert_true(stats->latency_sum_us >= 20000);
    size_t bucket = 0;
    while (stats->latency_buckets[bucket] == 0) {
        bucket++;
        assert_true(bucket < stats->n_latency_buckets);
    }
    assert_true(stats->latency_sum_us < (uint64_t)1 << bucket);
    assert_true(stats->latency_sum_us >= (uint64_t)1 << (bucket - 1));
    nnrpc__v1__get_stats_response__free_unpacked(response, NULL);
    stage_end(&stage);
}

static void give_gauges(
    void *self, void (*add)(void *context, const char *name, double value), void *context) {
    add(context, "zebra.count", 2);
    add(context, "ant.bytes", *(const double *)self);
}

static void statistics_name_program_start_and_gauges(void **state) {
    (void)state;
    double value = 12.5;
    struct nnrpc_server_options options = {.program = "probed 9.9.9"};
    struct stage stage;
    struct probe *probe = probe_new(&options);
    assert_int_equal(nnrpc_server_add_gauges(probe->server, give_gauges, &value, NULL), NNRPC_OK);
    stage_begin_with(&stage, probe);
    Nnrpc__V1__GetStatsResponse *stats = get_stats(&stage.peer);
    assert_string_equal(stats->server, "probed 9.9.9");
    assert_non_null(stats->start_time);
    assert_true(stats->start_time->seconds <= time(NULL));
    assert_true(stats->start_time->seconds > time(NULL) - 100);
    assert_int_equal(stats->n_gauges, 2);
    assert_string_equal(stats->gauges[0]->name, "ant.bytes");
    assert_true(stats->gauges[0]->value == 12.5);
    assert_string_equal(stats->gauges[1]->name, "zebra.count");
    nnrpc__v1__get_stats_response__free_unpacked(stats, NULL);
    stage_end(&stage);
}

/* --- Reflection --------------------------------------------------------------------------- */

static void reflection_lists_services_and_methods_by_name(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    static const Nnrpc__V1__ListServicesRequest request = NNRPC__V1__LIST_SERVICES_REQUEST__INIT;
    Nnrpc__V1__ListServicesResponse *response = (Nnrpc__V1__ListServicesResponse *)call(
        &stage.peer, LIST_SERVICES, &request.base, &nnrpc__v1__list_services_response__descriptor);
    const char *names[] = {
        "nnrpc.v1.ControlService", "nnrpc.v1.HealthService", "nnrpc.v1.ReflectionService",
        "nnrpc.v1.StatsService", "probe.v1.ProbeService"};
    assert_int_equal(response->n_services, NNRPC_LENGTH(names));
    for (size_t index = 0; index < NNRPC_LENGTH(names); index++) {
        assert_string_equal(response->services[index]->name, names[index]);
    }
    const Nnrpc__V1__ServiceSummary *probe = response->services[4];
    assert_int_equal(probe->n_methods, 5);
    assert_string_equal(probe->methods[0], "Read");
    assert_string_equal(probe->methods[4], "Missing");
    nnrpc__v1__list_services_response__free_unpacked(response, NULL);
    stage_end(&stage);
}

static Google__Protobuf__FileDescriptorSet *get_files(struct peer *peer, const char *service) {
    Nnrpc__V1__GetFileDescriptorSetRequest request =
        NNRPC__V1__GET_FILE_DESCRIPTOR_SET_REQUEST__INIT;
    request.service = (char *)service;
    Nnrpc__V1__GetFileDescriptorSetResponse *response =
        (Nnrpc__V1__GetFileDescriptorSetResponse *)call(
            peer, GET_FILES, &request.base,
            &nnrpc__v1__get_file_descriptor_set_response__descriptor);
    Google__Protobuf__FileDescriptorSet *set = google__protobuf__file_descriptor_set__unpack(
        NULL, response->file_descriptor_set.len, response->file_descriptor_set.data);
    assert_non_null(set);
    nnrpc__v1__get_file_descriptor_set_response__free_unpacked(response, NULL);
    return set;
}

/* Index of a file, the number of files when it is not there. */
static size_t find_file(const Google__Protobuf__FileDescriptorSet *set, const char *name) {
    size_t index = 0;
    while (index < set->n_file && strcmp(set->file[index]->name, name) != 0) {
        index++;
    }
    return index;
}

static void expect_imports_first(const Google__Protobuf__FileDescriptorSet *set) {
    for (size_t index = 0; index < set->n_file; index++) {
        const Google__Protobuf__FileDescriptorProto *file = set->file[index];
        assert_int_equal(find_file(set, file->name), index);
        for (size_t import = 0; import < file->n_dependency; import++) {
            assert_true(find_file(set, file->dependency[import]) < index);
        }
    }
}

static void reflection_gives_a_services_files_imports_first(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    Google__Protobuf__FileDescriptorSet *set = get_files(&stage.peer, "probe.v1.ProbeService");
    assert_string_equal(set->file[set->n_file - 1]->name, "probe.proto");
    assert_true(find_file(set, "nnrpc/v1/options.proto") < set->n_file);
    assert_int_equal(find_file(set, "nnrpc/v1/stats_service.proto"), set->n_file);
    expect_imports_first(set);
    google__protobuf__file_descriptor_set__free_unpacked(set, NULL);
    stage_end(&stage);
}

static void reflection_merges_the_files_of_all_services_once_each(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    Google__Protobuf__FileDescriptorSet *set = get_files(&stage.peer, "");
    assert_true(find_file(set, "probe.proto") < set->n_file);
    assert_true(find_file(set, "nnrpc/v1/health_service.proto") < set->n_file);
    assert_true(find_file(set, "nnrpc/v1/stats_service.proto") < set->n_file);
    assert_true(find_file(set, "nnrpc/v1/reflection_service.proto") < set->n_file);
    assert_true(find_file(set, "google/protobuf/timestamp.proto") < set->n_file);
    expect_imports_first(set);
    google__protobuf__file_descriptor_set__free_unpacked(set, NULL);
    stage_end(&stage);
}

static void reflection_does_not_know_other_services(void **state) {
    (void)state;
    struct stage stage;
    stage_begin(&stage, NULL);
    Nnrpc__V1__GetFileDescriptorSetRequest request =
        NNRPC__V1__GET_FILE_DESCRIPTOR_SET_REQUEST__INIT;
    request.service = (char *)"probe.v1.Other";
    expect_not_found(&stage.peer, GET_FILES, &request.base);
    stage_end(&stage);
}

/* --- Registering -------------------------------------------------------------------------- */

static void a_service_is_registered_once(void **state) {
    (void)state;
    static const struct probe_service_handlers handlers = {0};
    struct probe *probe = probe_new(NULL);
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    assert_int_equal(
        probe_service_register(probe->server, &handlers, NULL, &status), NNRPC_ALREADY_EXISTS);
    assert_string_equal(status.message, "the service probe.v1.ProbeService is registered already");
    probe_free(probe);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(health_knows_the_server_and_each_service),
        cmocka_unit_test(calls_are_counted_by_method_and_code),
        cmocka_unit_test(latencies_fall_into_buckets_of_powers_of_two),
        cmocka_unit_test(statistics_name_program_start_and_gauges),
        cmocka_unit_test(reflection_lists_services_and_methods_by_name),
        cmocka_unit_test(reflection_gives_a_services_files_imports_first),
        cmocka_unit_test(reflection_merges_the_files_of_all_services_once_each),
        cmocka_unit_test(reflection_does_not_know_other_services),
        cmocka_unit_test(a_service_is_registered_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
