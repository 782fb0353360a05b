/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the store knows about itself.
 */
#include "meta.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "faults.h"
#include "keys.h"

#define STATE_NUMBERS 7
#define STATE_NUMBERS_OLD 6 /* of schema 1, which had no log */

static struct nnrpc_slice name_of(const char *name) {
    return slice_of_text(name);
}

struct state state_read(struct engine_transaction *transaction) {
    struct nnrpc_slice value;
    struct state state = {0};
    if (!engine_get(transaction, ENGINE_META, name_of("state"), &value) ||
        (value.size != STATE_NUMBERS * KEY_NUMBER_BYTES &&
         value.size != STATE_NUMBERS_OLD * KEY_NUMBER_BYTES)) {
        engine_fail(transaction);
        return state;
    }
    uint64_t numbers[STATE_NUMBERS] = {0};
    for (size_t i = 0; i < value.size / KEY_NUMBER_BYTES; i++) {
        numbers[i] = number_read(value.data + i * KEY_NUMBER_BYTES);
    }
    state.revision = numbers[0];
    state.time.seconds = (int64_t)numbers[1];
    state.time.nanos = (int32_t)numbers[2];
    state.next_contact_id = numbers[3];
    state.next_customer_number = numbers[4];
    state.next_customer_sequence = numbers[5];
    state.log_sequence = numbers[6];
    return state;
}

void state_write(struct engine_transaction *transaction, const struct state *state) {
    const uint64_t numbers[STATE_NUMBERS] = {
        state->revision,        (uint64_t)state->time.seconds, (uint64_t)state->time.nanos,
        state->next_contact_id, state->next_customer_number,   state->next_customer_sequence,
        state->log_sequence,
    };
    uint8_t bytes[STATE_NUMBERS * KEY_NUMBER_BYTES];
    for (size_t i = 0; i < STATE_NUMBERS; i++) {
        number_write(bytes + i * KEY_NUMBER_BYTES, numbers[i]);
    }
    engine_put(
        transaction, ENGINE_META, name_of("state"),
        (struct nnrpc_slice){.data = bytes, .size = sizeof(bytes)});
}

struct record_time state_now(const struct state *state) {
    struct timespec clock = {0};
    clock_gettime(CLOCK_REALTIME, &clock);
    struct record_time now = {.seconds = clock.tv_sec, .nanos = (int32_t)clock.tv_nsec};
    return record_time_compare(now, state->time) < 0 ? state->time : now;
}

static bool read_number(
    struct engine_transaction *transaction, const char *name, uint64_t *out_number) {
    struct nnrpc_slice value;
    if (!engine_get(transaction, ENGINE_META, name_of(name), &value) ||
        value.size != KEY_NUMBER_BYTES) {
        return false;
    }
    *out_number = number_read(value.data);
    return true;
}

enum nnrpc_code meta_read(
    struct engine_transaction *transaction, struct meta *out_meta,
    struct nnrpc_status *out_status) {
    uint64_t schema = 0;
    struct nnrpc_slice store_id;
    struct meta meta;
    if (!read_number(transaction, "schema", &schema)) {
        return nnrpc_fail(
            out_status, NNRPC_FAILED_PRECONDITION, STORE_DOMAIN, STORE_REASON(STORE_FAILED),
            "the data file is not a contacts store: it has no schema version");
    }
    if (schema > META_SCHEMA) {
        return nnrpc_fail(
            out_status, NNRPC_FAILED_PRECONDITION, STORE_DOMAIN, STORE_REASON(STORE_FAILED),
            "the store has schema version %" PRIu64 ", this program knows versions up to %d: it "
            "was made by a newer version, use that one",
            schema, META_SCHEMA);
    }
    if (!read_number(transaction, "epoch", &meta.epoch) ||
        !engine_get(transaction, ENGINE_META, name_of("store_id"), &store_id) ||
        store_id.size != sizeof(meta.store_id)) {
        return nnrpc_fail(
            out_status, NNRPC_FAILED_PRECONDITION, STORE_DOMAIN, STORE_REASON(STORE_FAILED),
            "the data file is not a contacts store: it has no identity");
    }
    meta.schema = (uint32_t)schema;
    memcpy(meta.store_id, store_id.data, sizeof(meta.store_id));
    *out_meta = meta;
    return NNRPC_OK;
}

static void write_number(
    struct engine_transaction *transaction, const char *name, uint64_t number) {
    uint8_t bytes[KEY_NUMBER_BYTES];
    number_write(bytes, number);
    engine_put(
        transaction, ENGINE_META, name_of(name),
        (struct nnrpc_slice){.data = bytes, .size = sizeof(bytes)});
}

void meta_write(struct engine_transaction *transaction, const struct meta *meta) {
    write_number(transaction, "schema", meta->schema);
    write_number(transaction, "epoch", meta->epoch);
    engine_put(
        transaction, ENGINE_META, name_of("store_id"),
        (struct nnrpc_slice){.data = meta->store_id, .size = sizeof(meta->store_id)});
}
