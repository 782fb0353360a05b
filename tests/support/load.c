/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writers under load. A writer's every request has a request id of its own, kept with the answer.
 */
#include "load.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUEST_ID_BYTES 40
#define WAIT_LIMIT_MS 60000
/* Writes in flight of one writer. */
#define IN_FLIGHT 16

/* One write that was answered. */
struct answer {
    char request_id[REQUEST_ID_BYTES];
    Contacts__V1__CreateContactResponse *response;
    uint64_t revision;
};

/* One write on its way. */
struct flight {
    char request_id[REQUEST_ID_BYTES];
    struct nnrpc_pending *pending;
    struct nnrpc_reply_metadata *metadata;
};

struct load_writer {
    struct load *load;
    pthread_t thread;
    size_t index;
    struct peer *peer;
    struct flight flights[IN_FLIGHT];
    struct answer *answers;
    size_t answer_count;
    size_t answer_capacity;
    size_t sent;
    enum nnrpc_code end_code; /* of the first write that failed; OK: none did */
    char end_reason[NNRPC_STATUS_REASON_BYTES];
    char unanswered[IN_FLIGHT][REQUEST_ID_BYTES];
    size_t unanswered_count;
};

struct load {
    const char *customer_id; /* all contacts are its */
    const char *name;        /* of this load, first part of request ids */
    struct load_writer *writers;
    size_t writer_count;
    atomic_bool stop;
    atomic_size_t answers;
};

/* --- Writing -------------------------------------------------------------------------------- */

static void fill_request(
    const struct load *load, const char *request_id, Contact *contact,
    Contacts__V1__CreateContactRequest *out_request) {
    *contact = contact_named(request_id, load->customer_id);
    contact->email = text("load@example.org");
    *out_request = (Contacts__V1__CreateContactRequest)CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    out_request->contact = contact;
    out_request->request_id = text(request_id);
}

/* Starts the next write in a slot; false when the client refused it. */
static bool send_next(struct load_writer *writer, struct flight *flight) {
    Contact contact;
    Contacts__V1__CreateContactRequest request;
    const struct nnrpc_call_options options = {.reply_metadata = flight->metadata};
    snprintf(
        flight->request_id, sizeof(flight->request_id), "%s.%zu.%zu", writer->load->name,
        writer->index, writer->sent);
    fill_request(writer->load, flight->request_id, &contact, &request);
    enum nnrpc_code code = contact_service_create_contact_start(
        writer->peer->client, &options, &request, &flight->pending, NULL);
    writer->sent += code == NNRPC_OK;
    return code == NNRPC_OK;
}

static void keep_answer(
    struct load_writer *writer, const struct flight *flight,
    Contacts__V1__CreateContactResponse *response) {
    if (writer->answer_count == writer->answer_capacity) {
        writer->answer_capacity = writer->answer_capacity == 0 ? 1024 : 2 * writer->answer_capacity;
        writer->answers =
            realloc(writer->answers, writer->answer_capacity * sizeof(*writer->answers));
        if (writer->answers == NULL) {
            abort();
        }
    }
    struct answer *answer = &writer->answers[writer->answer_count++];
    memcpy(answer->request_id, flight->request_id, sizeof(answer->request_id));
    answer->response = response;
    const char *revision = nnrpc_reply_metadata_get(flight->metadata, "x-revision");
    answer->revision = revision != NULL ? strtoull(revision, NULL, 10) : 0;
    scenario_keep_message(&response->base);
    atomic_fetch_add(&writer->load->answers, 1);
}

/* Waits for the write in a slot; false when it failed. */
static bool receive(struct load_writer *writer, struct flight *flight) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    Contacts__V1__CreateContactResponse *response = NULL;
    enum nnrpc_code code =
        contact_service_create_contact_finish(flight->pending, &response, &status);
    flight->pending = NULL;
    if (code == NNRPC_OK) {
        keep_answer(writer, flight, response);
        return true;
    }
    memcpy(writer->unanswered[writer->unanswered_count++], flight->request_id, REQUEST_ID_BYTES);
    if (writer->end_code == NNRPC_OK || writer->end_code == NNRPC_UNAVAILABLE) {
        writer->end_code = code;
        memcpy(writer->end_reason, status.reason, sizeof(writer->end_reason));
    }
    return false;
}

static void *write_until_it_ends(void *self) {
    struct load_writer *writer = self;
    bool going = true;
    for (size_t next = 0; going && !atomic_load(&writer->load->stop); next++) {
        struct flight *flight = &writer->flights[next % IN_FLIGHT];
        going = flight->pending == NULL || receive(writer, flight);
        going = going && send_next(writer, flight);
    }
    for (size_t i = 0; i < IN_FLIGHT; i++) {
        if (writer->flights[i].pending != NULL) {
            receive(writer, &writer->flights[i]);
        }
    }
    return NULL;
}

/* --- The load ------------------------------------------------------------------------------- */

static void release_load(void *thing) {
    struct load *load = thing;
    for (size_t i = 0; i < load->writer_count; i++) {
        struct load_writer *writer = &load->writers[i];
        for (size_t k = 0; k < IN_FLIGHT; k++) {
            nnrpc_reply_metadata_free(writer->flights[k].metadata);
        }
        free(writer->answers);
    }
    free(load->writers);
    free(load);
}

static void prepare_writer(
    struct load *load, struct contactd_process *server, size_t index, uint32_t max_attempts) {
    struct load_writer *writer = &load->writers[index];
    const struct peer_options options = {.max_attempts = max_attempts};
    writer->load = load;
    writer->index = index;
    writer->peer = join(server, &options);
    for (size_t i = 0; i < IN_FLIGHT; i++) {
        writer->flights[i].metadata = nnrpc_reply_metadata_new();
        assert_non_null(writer->flights[i].metadata);
    }
}

static struct load *start_writers(
    struct contactd_process *server, size_t writers, uint32_t max_attempts) {
    struct load *load = calloc(1, sizeof(*load));
    assert_non_null(load);
    scenario_keep_thing(load, release_load);
    load->name = fresh("load");
    load->customer_id = new_customer(join(server, NULL));
    load->writers = calloc(writers, sizeof(*load->writers));
    assert_non_null(load->writers);
    load->writer_count = writers;
    for (size_t i = 0; i < writers; i++) {
        prepare_writer(load, server, i, max_attempts);
    }
    for (size_t i = 0; i < writers; i++) {
        assert_int_equal(
            pthread_create(&load->writers[i].thread, NULL, write_until_it_ends, &load->writers[i]),
            0);
    }
    return load;
}

struct load *load_start(struct contactd_process *server, size_t writers) {
    return start_writers(server, writers, 1);
}

struct load *load_start_patient(struct contactd_process *server, size_t writers) {
    return start_writers(server, writers, 0);
}

void load_wait_for(struct load *load, size_t answers) {
    uint64_t end_ms = now_ms() + WAIT_LIMIT_MS;
    while (atomic_load(&load->answers) < answers) {
        assert_true(now_ms() < end_ms);
        sleep_ms(1);
    }
}

void load_end(struct load *load) {
    atomic_store(&load->stop, true);
    for (size_t i = 0; i < load->writer_count; i++) {
        pthread_join(load->writers[i].thread, NULL);
    }
}

size_t load_answers(const struct load *load) {
    return atomic_load(&load->answers);
}

/* --- Looking back --------------------------------------------------------------------------- */

void expect_no_failures(const struct load *load) {
    for (size_t i = 0; i < load->writer_count; i++) {
        const struct load_writer *writer = &load->writers[i];
        if (writer->unanswered_count > 0) {
            fail_msg(
                "%zu writes of a writer failed, as %s %s", writer->unanswered_count,
                nnrpc_code_name(writer->end_code), writer->end_reason);
        }
    }
}

void expect_only_unavailable(const struct load *load) {
    for (size_t i = 0; i < load->writer_count; i++) {
        const struct load_writer *writer = &load->writers[i];
        if (writer->end_code != NNRPC_OK && writer->end_code != NNRPC_UNAVAILABLE) {
            fail_msg(
                "a writer was answered %s %s", nnrpc_code_name(writer->end_code),
                writer->end_reason);
        }
    }
}

static Contacts__V1__CreateContactResponse *send_again(
    const struct load *load, struct peer *peer, const char *request_id) {
    Contact contact;
    Contacts__V1__CreateContactRequest request;
    fill_request(load, request_id, &contact, &request);
    return call_create_contact(peer, &request);
}

void expect_answers_kept(const struct load *load, struct peer *peer) {
    uint64_t revision = revision_now(peer);
    for (size_t i = 0; i < load->writer_count; i++) {
        const struct load_writer *writer = &load->writers[i];
        for (size_t k = 0; k < writer->answer_count; k++) {
            const struct answer *answer = &writer->answers[k];
            expect_equal_messages(
                get_contact(peer, answer->response->contact->id), answer->response->contact);
            expect_equal_messages(send_again(load, peer, answer->request_id), answer->response);
            assert_int_equal(peer->revision, answer->revision);
        }
    }
    expect_revision(peer, revision);
}

static size_t count_contacts(const struct load *load, struct peer *peer) {
    Contacts__V1__ListContactsRequest request = CONTACTS__V1__LIST_CONTACTS_REQUEST__INIT;
    size_t count = 0;
    request.customer_id = text(load->customer_id);
    request.page_size = 1000;
    for (int page = 0; page == 0 || request.page_token[0] != '\0'; page++) {
        const Contacts__V1__ListContactsResponse *response = call_list_contacts(peer, &request);
        expect_ok(peer);
        count += response->n_contacts;
        request.page_token = response->next_page_token;
    }
    return count;
}

void expect_unanswered_made_once(struct load *load, struct peer *peer) {
    size_t unanswered = 0;
    for (size_t i = 0; i < load->writer_count; i++) {
        const struct load_writer *writer = &load->writers[i];
        for (size_t k = 0; k < writer->unanswered_count; k++) {
            send_again(load, peer, writer->unanswered[k]);
            expect_ok(peer);
            unanswered++;
        }
    }
    assert_int_equal(count_contacts(load, peer), load_answers(load) + unanswered);
}
