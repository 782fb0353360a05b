/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a handler writes: the request is identified, its password hashed, and the store's writer
 * answers. A repeat of a request with a password is answered here, since it is not worth a hash.
 */
#include <string.h>

#include "daemon/log.h"
#include "service.h"

/* Stands for the hash of a call that only validates: it says that there is one, and is not kept. */
static const char unhashed[] = "-";

/* A write on its way: allocated with its call, gone when the call is answered. */
struct write_in_flight {
    struct store_write write;
    struct contactd *contactd;
    struct nnrpc_call *call;
};

static void answer_write(struct store_write *write, const struct store_outcome *outcome) {
    struct write_in_flight *in_flight = (struct write_in_flight *)write;
    contactd_set_revision(in_flight->contactd, in_flight->call, outcome->revision);
    if (outcome->status->code == NNRPC_OK) {
        nnrpc_call_reply_packed(in_flight->call, outcome->response.data, outcome->response.size);
    } else {
        nnrpc_call_fail(in_flight->call, outcome->status);
    }
}

static enum nnrpc_code check_write_wanted(
    const struct store_write *write, struct nnrpc_status *out_status) {
    return nnrpc_call_check_wanted(write->self, out_status);
}

/* A write that was submitted with a call has it as its own; others have nothing. */
void contactd_log_store_event(
    void *self, const char *event, const char *details, const struct store_write *write) {
    (void)self;
    struct nnrpc_call *call = write == NULL ? NULL : write->self;
    daemon_log_call(DAEMON_LOG_INFO, call, event, "details", details, NULL);
}

/* Where a field of a message stands, by its index in the descriptor. */
static void *field_at(ProtobufCMessage *message, const struct nnrpc_message *type, int index) {
    return (char *)message + type->descriptor->fields[index].offset;
}

/* Digests what makes two requests the same one: method and message without request_id and
 * validate_only, with only the fact of a password. */
static bool digest_request(
    struct nnrpc_call *call, const ProtobufCMessage *stripped, bool password_given,
    uint8_t out_digest[STORE_DIGEST_BYTES]) {
    const char *method = nnrpc_call_method(call)->name;
    size_t size = protobuf_c_message_get_packed_size(stripped);
    uint8_t *packed = nnrpc_call_allocate(call, size + 1);
    if (packed == NULL) {
        return false;
    }
    protobuf_c_message_pack(stripped, packed);
    packed[size] = password_given ? 1 : 0;
    struct nnrpc_digest_state state;
    nnrpc_digest_begin(&state);
    nnrpc_digest_update(&state, method, strlen(method) + 1);
    nnrpc_digest_update(&state, packed, size + 1);
    nnrpc_digest_end(&state, out_digest);
    return true;
}

/* Copies the request, so that it lives with the call, and fills request id, digest and
 * validate_only from the copy, in which the two are cleared. */
static bool identify_write(struct write_in_flight *in_flight, bool password_given) {
    const struct nnrpc_method *method = nnrpc_call_method(in_flight->call);
    const struct nnrpc_message *type = method->request;
    struct store_write *write = &in_flight->write;
    ProtobufCMessage *copy = nnrpc_call_allocate(in_flight->call, type->descriptor->sizeof_message);
    if (copy == NULL) {
        return false;
    }
    memcpy(copy, write->request, type->descriptor->sizeof_message);
    const char **request_id = field_at(copy, type, method->request_id_index);
    protobuf_c_boolean *validate_only = field_at(copy, type, method->validate_only_index);
    write->request_id = *request_id;
    write->validate_only = *validate_only != 0;
    *request_id = protobuf_c_empty_string;
    *validate_only = 0;
    write->request = copy;
    bool wants_digest = write->request_id[0] != '\0' && !write->validate_only;
    return !wants_digest || digest_request(in_flight->call, copy, password_given, write->digest);
}

/* The kept answer of a request that was answered before. */
static bool find_answer(
    struct write_in_flight *in_flight, uint64_t *out_revision, struct nnrpc_buffer *out_response) {
    struct store *store = in_flight->contactd->store;
    NNRPC_CLEANUP(store_snapshot_endp) struct store_snapshot *snapshot = NULL;
    return in_flight->write.request_id[0] != '\0' &&
           store_snapshot_begin(store, 0, &snapshot, NULL) == NNRPC_OK &&
           store_find_answer(store, snapshot, &in_flight->write, out_revision, out_response) &&
           !out_response->failed;
}

/* Hashes the password on this thread, one of the slow pool. */
static enum nnrpc_code hash_password(
    struct write_in_flight *in_flight, const char *password, struct nnrpc_status *out_status) {
    char *hash = nnrpc_call_allocate(in_flight->call, NNRPC_PASSWORD_HASH_BYTES);
    if (hash == NULL) {
        return contactd_fail_memory(out_status);
    }
    in_flight->write.password_hash = hash;
    return nnrpc_password_hash(
        password, strlen(password), &in_flight->contactd->password_cost, hash, out_status);
}

static struct nnrpc_answer submit(struct write_in_flight *in_flight) {
    /* Deferred before it is queued: the writer may answer before store_submit() returns. */
    struct nnrpc_answer answer = nnrpc_call_defer(in_flight->call);
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    if (store_submit(in_flight->contactd->store, &in_flight->write, &status) != NNRPC_OK) {
        return nnrpc_call_fail(in_flight->call, &status);
    }
    return answer;
}

/* Answers a repeat, or hashes the password and queues the write. The text is wiped before: once the
 * write is queued, the call may be answered and its memory given to another. */
static struct nnrpc_answer submit_with_password(struct write_in_flight *in_flight, char *password) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer response = {0};
    uint64_t revision = 0;
    bool is_repeat = false;
    if (in_flight->write.validate_only) {
        in_flight->write.password_hash = unhashed;
    } else {
        is_repeat = find_answer(in_flight, &revision, &response);
    }
    enum nnrpc_code code = is_repeat || in_flight->write.validate_only
                               ? NNRPC_OK
                               : hash_password(in_flight, password, &status);
    nnrpc_wipe(password, strlen(password));
    if (code != NNRPC_OK) {
        return nnrpc_call_fail(in_flight->call, &status);
    }
    if (is_repeat) {
        contactd_set_revision(in_flight->contactd, in_flight->call, revision);
        return nnrpc_call_reply_packed(in_flight->call, response.data, response.size);
    }
    return submit(in_flight);
}

struct nnrpc_answer contactd_write(
    struct contactd *contactd, struct nnrpc_call *call, const struct contactd_write *write) {
    char *password = write->password;
    struct write_in_flight *in_flight = nnrpc_call_allocate(call, sizeof(*in_flight));
    if (in_flight == NULL) {
        return contactd_answer_memory(call);
    }
    *in_flight = (struct write_in_flight){
        .write =
            {
                .act = write->act,
                .request = write->request,
                .password_clear = write->password_clear,
                .caller = nnrpc_call_caller(call),
                .deadline_ns = nnrpc_call_deadline_ns(call),
                .self = call,
                .check_wanted = check_write_wanted,
                .done = answer_write,
            },
        .contactd = contactd,
        .call = call,
    };
    if (!identify_write(in_flight, password != NULL)) {
        return contactd_answer_memory(call);
    }
    return password == NULL ? submit(in_flight) : submit_with_password(in_flight, password);
}
