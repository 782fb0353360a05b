/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expectations of a peer's last answer.
 */
#include "expect.h"

#include <stdlib.h>
#include <string.h>

#include "peer.h"

static void print_status(const struct nnrpc_status *status) {
    print_error(
        "the answer was %s %s/%s: %s\n", nnrpc_code_name(status->code), status->domain,
        status->reason, status->message);
    const struct nnrpc_status_details *details = status->details;
    for (size_t i = 0; details != NULL && i < details->info_count; i++) {
        print_error("  info %s = %s\n", details->infos[i].key, details->infos[i].value);
    }
    for (size_t i = 0; details != NULL && i < details->violation_count; i++) {
        const struct nnrpc_violation *violation = &details->violations[i];
        print_error(
            "  violation %s: %s (%s)\n", violation->field, violation->description,
            violation->reason);
    }
}

static void check(const struct peer *peer, bool holds, const char *file, int line) {
    if (peer->fault != NULL) {
        print_error("%s\n", peer->fault);
    }
    if (!holds || peer->fault != NULL) {
        print_status(&peer->status);
        _fail(file, line);
    }
}

void expect_ok_at(const struct peer *peer, const char *file, int line) {
    check(peer, peer->status.code == NNRPC_OK, file, line);
}

void expect_reason_at(
    const struct peer *peer, enum nnrpc_code code, const char *domain, const char *reason,
    const char *file, int line) {
    const struct nnrpc_status *status = &peer->status;
    bool same = status->code == code && strcmp(status->domain, domain) == 0 &&
                strcmp(status->reason, reason) == 0;
    if (!same) {
        print_error("expected %s %s/%s\n", nnrpc_code_name(code), domain, reason);
    }
    check(peer, same && status->message[0] != '\0', file, line);
}

void expect_info_at(
    const struct peer *peer, const char *key, const char *value, const char *file, int line) {
    const char *found = nnrpc_status_get_info(&peer->status, key);
    bool same = found != NULL && strcmp(found, value) == 0;
    if (!same) {
        print_error("expected info %s = %s\n", key, value);
    }
    check(peer, same, file, line);
}

void expect_violation_at(
    const struct peer *peer, const char *field, const char *reason, const char *file, int line) {
    const struct nnrpc_status_details *details = peer->status.details;
    bool found = false;
    for (size_t i = 0; details != NULL && i < details->violation_count; i++) {
        const struct nnrpc_violation *violation = &details->violations[i];
        found =
            found || (strcmp(violation->field, field) == 0 &&
                      strcmp(violation->reason, reason) == 0 && violation->description[0] != '\0');
    }
    if (!found) {
        print_error("expected a violation of %s: %s\n", field, reason);
    }
    check(peer, found, file, line);
}

void expect_violation_count_at(const struct peer *peer, size_t count, const char *file, int line) {
    const struct nnrpc_status_details *details = peer->status.details;
    size_t found = details != NULL ? details->violation_count : 0;
    if (found != count) {
        print_error("expected %zu violations\n", count);
    }
    check(peer, found == count, file, line);
}

void expect_equal_messages_at(
    const ProtobufCMessage *actual, const ProtobufCMessage *expected, const char *file, int line) {
    if (actual == NULL || expected == NULL || actual->descriptor != expected->descriptor) {
        print_error("a message is absent or of another type\n");
        _fail(file, line);
    }
    size_t size = protobuf_c_message_get_packed_size(actual);
    size_t expected_size = protobuf_c_message_get_packed_size(expected);
    uint8_t *bytes = malloc(size + expected_size + 1);
    assert_non_null(bytes);
    protobuf_c_message_pack(actual, bytes);
    protobuf_c_message_pack(expected, bytes + size);
    bool same = size == expected_size && memcmp(bytes, bytes + size, size) == 0;
    free(bytes);
    if (!same) {
        print_error("two messages of %s differ\n", actual->descriptor->name);
        _fail(file, line);
    }
}
