/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store in a fresh folder for one test.
 */
#include "store_fixture.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAP_BYTES (UINT64_C(256) << 20)
#define CHANGE_PAGE 100

/* --- The store ---------------------------------------------------------------------------- */

static void note_event(
    void *self, const char *event, const char *details, const struct store_write *write) {
    struct fixture *fixture = self;
    pthread_mutex_lock(&fixture->log_mutex);
    fixture->logged_write = write != NULL ? write : fixture->logged_write;
    size_t size = strlen(fixture->log);
    snprintf(fixture->log + size, sizeof(fixture->log) - size, "%s %s\n", event, details);
    pthread_mutex_unlock(&fixture->log_mutex);
}

bool fixture_logged(struct fixture *fixture, const char *event) {
    pthread_mutex_lock(&fixture->log_mutex);
    bool logged = strstr(fixture->log, event) != NULL;
    pthread_mutex_unlock(&fixture->log_mutex);
    return logged;
}

void fixture_start(struct fixture *fixture) {
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    enum nnrpc_code code = store_open(&fixture->options, &fixture->store, &status);
    if (code != NNRPC_OK) {
        fail_msg("%s", status.message);
    }
}

void fixture_open(struct fixture *fixture, const struct store_options *options) {
    memset(fixture, 0, sizeof(*fixture));
    pthread_mutex_init(&fixture->log_mutex, NULL);
    const char *above = getenv("STORE_TEST_FOLDER");
    snprintf(
        fixture->parent, sizeof(fixture->parent), "%s/store-test-XXXXXX",
        above == NULL ? "/tmp" : above);
    assert_non_null(mkdtemp(fixture->parent));
    snprintf(fixture->folder, sizeof(fixture->folder), "%s/data", fixture->parent);
    if (options != NULL) {
        fixture->options = *options;
    }
    if (fixture->options.map_bytes == 0) {
        fixture->options.map_bytes = MAP_BYTES;
    }
    const char *form = getenv("STORE_DURABILITY");
    if (form != NULL) {
        fixture->options.durability =
            strcmp(form, "log") == 0 ? STORE_DURABILITY_LOG : STORE_DURABILITY_LMDB;
    }
    fixture->options.folder = fixture->folder;
    fixture->options.log = note_event;
    fixture->options.log_self = fixture;
    fixture_start(fixture);
}

void fixture_stop(struct fixture *fixture, struct store_check_report *out_report) {
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct store_check_report report;
    store_close(fixture->store);
    fixture->store = NULL;
    if (store_check(fixture->folder, NULL, &report, &status) != NNRPC_OK) {
        fail_msg("%s", status.message);
    }
    if (report.faults != 0) {
        fail_msg("%" PRIu64 " faults: %s", report.faults, report.first_fault);
    }
    if (out_report != NULL) {
        *out_report = report;
    }
}

void fixture_reopen(struct fixture *fixture) {
    fixture_stop(fixture, NULL);
    fixture_start(fixture);
}

static void remove_folder(const char *folder) {
    DIR *entries = opendir(folder);
    struct dirent *entry;
    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        char path[512];
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            unlink(path) != 0) {
            remove_folder(path);
        }
    }
    if (entries != NULL) {
        closedir(entries);
    }
    rmdir(folder);
}

void fixture_close(struct fixture *fixture) {
    if (fixture->store != NULL) {
        fixture_stop(fixture, NULL);
    }
    remove_folder(fixture->parent);
    pthread_mutex_destroy(&fixture->log_mutex);
}

/* --- Writing ------------------------------------------------------------------------------ */

void answer_deinit(struct answer *answer) {
    nnrpc_status_deinit(&answer->status);
    nnrpc_buffer_deinit(&answer->response);
}

struct store_write write_of(enum store_act act, const void *request) {
    return (struct store_write){.act = act, .request = request, .caller = "", .request_id = ""};
}

static void note_answer(struct store_write *write, const struct store_outcome *outcome) {
    struct pending *pending = (struct pending *)write;
    pthread_mutex_lock(&pending->mutex);
    nnrpc_status_copy(&pending->answer.status, outcome->status);
    pending->answer.revision = outcome->revision;
    nnrpc_buffer_append(&pending->answer.response, outcome->response.data, outcome->response.size);
    pending->is_answered = true;
    pthread_cond_signal(&pending->answered);
    pthread_mutex_unlock(&pending->mutex);
}

void pending_submit(struct pending *pending, struct store *store, const struct store_write *write) {
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    memset(pending, 0, sizeof(*pending));
    pthread_mutex_init(&pending->mutex, NULL);
    pthread_cond_init(&pending->answered, NULL);
    pending->write = *write;
    pending->write.done = note_answer;
    if (store_submit(store, &pending->write, &status) != NNRPC_OK) {
        fail_msg("%s", status.message);
    }
}

struct answer pending_await(struct pending *pending) {
    pthread_mutex_lock(&pending->mutex);
    while (!pending->is_answered) {
        pthread_cond_wait(&pending->answered, &pending->mutex);
    }
    pthread_mutex_unlock(&pending->mutex);
    pthread_mutex_destroy(&pending->mutex);
    pthread_cond_destroy(&pending->answered);
    return pending->answer;
}

struct answer write_now(struct store *store, const struct store_write *write) {
    struct pending pending;
    pending_submit(&pending, store, write);
    return pending_await(&pending);
}

struct answer act_now(struct fixture *fixture, enum store_act act, const void *request) {
    struct store_write write = write_of(act, request);
    return write_now(fixture->store, &write);
}

static void wait_at_gate(struct store_write *write, const struct store_outcome *outcome) {
    struct gate *gate = (struct gate *)write;
    (void)outcome;
    pthread_mutex_lock(&gate->mutex);
    gate->reached = true;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->open) {
        pthread_cond_wait(&gate->changed, &gate->mutex);
    }
    pthread_mutex_unlock(&gate->mutex);
}

void gate_close(struct gate *gate, struct store *store) {
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    memset(gate, 0, sizeof(*gate));
    pthread_mutex_init(&gate->mutex, NULL);
    pthread_cond_init(&gate->changed, NULL);
    contacts__v1__put_preset_value_request__init(&gate->request);
    gate->request.field = "emailBillType";
    gate->request.name = "gate";
    gate->write = write_of(STORE_PUT_PRESET_VALUE, &gate->request);
    gate->write.done = wait_at_gate;
    assert_int_equal(store_submit(store, &gate->write, &status), NNRPC_OK);
    pthread_mutex_lock(&gate->mutex);
    while (!gate->reached) {
        pthread_cond_wait(&gate->changed, &gate->mutex);
    }
    pthread_mutex_unlock(&gate->mutex);
}

void gate_open(struct gate *gate) {
    pthread_mutex_lock(&gate->mutex);
    gate->open = true;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
}

void expect_ok(const struct answer *answer) {
    if (answer->status.code != NNRPC_OK) {
        fail_msg("%s: %s", answer->status.reason, answer->status.message);
    }
}

void expect_refused(
    struct fixture *fixture, const struct answer *answer, enum nnrpc_code code,
    const char *reason) {
    assert_string_equal(answer->status.reason, reason);
    assert_int_equal(answer->status.code, code);
    assert_string_equal(answer->status.domain, STORE_DOMAIN);
    assert_string_not_equal(answer->status.message, "");
    assert_int_equal(answer->response.size, 0);
    assert_int_equal(answer->revision, store_revision(fixture->store));
}

void expect_info(const struct answer *answer, const char *key, const char *value) {
    const char *found = nnrpc_status_get_info(&answer->status, key);
    assert_non_null(found);
    assert_string_equal(found, value);
}

/* CreateContactResponse and all others with a contact have it as field 1. */
Contacts__V1__Contact *answer_contact(const struct answer *answer) {
    expect_ok(answer);
    Contacts__V1__CreateContactResponse *response = contacts__v1__create_contact_response__unpack(
        NULL, answer->response.size, answer->response.data);
    assert_non_null(response);
    Contacts__V1__Contact *contact = response->contact;
    assert_non_null(contact);
    response->contact = NULL;
    contacts__v1__create_contact_response__free_unpacked(response, NULL);
    return contact;
}

Contacts__V1__Customer *answer_customer(const struct answer *answer) {
    expect_ok(answer);
    Contacts__V1__CreateCustomerResponse *response = contacts__v1__create_customer_response__unpack(
        NULL, answer->response.size, answer->response.data);
    assert_non_null(response);
    Contacts__V1__Customer *customer = response->customer;
    assert_non_null(customer);
    response->customer = NULL;
    contacts__v1__create_customer_response__free_unpacked(response, NULL);
    return customer;
}

struct answer delete_contact(struct fixture *fixture, const char *id, const char *etag) {
    Contacts__V1__DeleteContactRequest request = CONTACTS__V1__DELETE_CONTACT_REQUEST__INIT;
    request.id = (char *)id;
    request.etag = (char *)etag;
    return act_now(fixture, STORE_DELETE_CONTACT, &request);
}

struct answer convert_contact(struct fixture *fixture, const char *id, const char *etag) {
    Contacts__V1__ConvertToSharedContactRequest request =
        CONTACTS__V1__CONVERT_TO_SHARED_CONTACT_REQUEST__INIT;
    request.id = (char *)id;
    request.etag = (char *)etag;
    return act_now(fixture, STORE_CONVERT_TO_SHARED_CONTACT, &request);
}

/* --- Shorthands --------------------------------------------------------------------------- */

const char *id_text(uint64_t id, char out_text[ID_BYTES]) {
    snprintf(out_text, ID_BYTES, "%" PRIu64, id);
    return out_text;
}

void put_customer(struct fixture *fixture, const char *id) {
    Contacts__V1__CreateCustomerRequest request = CONTACTS__V1__CREATE_CUSTOMER_REQUEST__INIT;
    Contacts__V1__Customer customer = CONTACTS__V1__CUSTOMER__INIT;
    customer.id = (char *)id;
    request.customer = &customer;
    ANSWER answer = act_now(fixture, STORE_CREATE_CUSTOMER, &request);
    expect_ok(&answer);
}

void put_preset(struct fixture *fixture, const char *field, const char *name) {
    Contacts__V1__PutPresetValueRequest request = CONTACTS__V1__PUT_PRESET_VALUE_REQUEST__INIT;
    request.field = (char *)field;
    request.name = (char *)name;
    ANSWER answer = act_now(fixture, STORE_PUT_PRESET_VALUE, &request);
    expect_ok(&answer);
}

uint64_t put_contact(struct fixture *fixture, const Contacts__V1__Contact *contact) {
    Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    request.contact = (Contacts__V1__Contact *)contact;
    ANSWER answer = act_now(fixture, STORE_CREATE_CONTACT, &request);
    Contacts__V1__Contact *created = answer_contact(&answer);
    uint64_t id = strtoull(created->id, NULL, 10);
    contacts__v1__contact__free_unpacked(created, NULL);
    return id;
}

uint64_t put_plain_contact(struct fixture *fixture, const char *customer_id) {
    Contacts__V1__Contact contact = CONTACTS__V1__CONTACT__INIT;
    contact.customer_id = (char *)customer_id;
    contact.last_name = "Plain";
    return put_contact(fixture, &contact);
}

void put_link(struct fixture *fixture, uint64_t contact_id, const char *customer_id) {
    Contacts__V1__AddSharedContactRequest request = CONTACTS__V1__ADD_SHARED_CONTACT_REQUEST__INIT;
    char id[ID_BYTES];
    request.contact_id = (char *)id_text(contact_id, id);
    request.customer_id = (char *)customer_id;
    ANSWER answer = act_now(fixture, STORE_ADD_SHARED_CONTACT, &request);
    expect_ok(&answer);
}

/* --- Reading ------------------------------------------------------------------------------ */

static struct store_snapshot *begin(struct fixture *fixture) {
    struct store_snapshot *snapshot = NULL;
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    assert_int_equal(store_snapshot_begin(fixture->store, 0, &snapshot, &status), NNRPC_OK);
    return snapshot;
}

Contacts__V1__Contact *read_contact(struct fixture *fixture, uint64_t id) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(store_snapshot_endp) struct store_snapshot *snapshot = begin(fixture);
    struct nnrpc_slice record;
    if (store_get_contact(snapshot, id, &record, &status) != NNRPC_OK) {
        assert_string_equal(status.reason, "CONTACT_NOT_FOUND");
        return NULL;
    }
    Contacts__V1__Contact *contact = contacts__v1__contact__unpack(NULL, record.size, record.data);
    assert_non_null(contact);
    return contact;
}

Contacts__V1__Customer *read_customer(struct fixture *fixture, const char *id) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(store_snapshot_endp) struct store_snapshot *snapshot = begin(fixture);
    struct nnrpc_slice record;
    if (store_get_customer(snapshot, id, &record, &status) != NNRPC_OK) {
        assert_string_equal(status.reason, "CUSTOMER_NOT_FOUND");
        return NULL;
    }
    Contacts__V1__Customer *customer =
        contacts__v1__customer__unpack(NULL, record.size, record.data);
    assert_non_null(customer);
    return customer;
}

static bool add_id(void *self, struct nnrpc_slice record) {
    struct id_list *list = self;
    Contacts__V1__Contact *contact = contacts__v1__contact__unpack(NULL, record.size, record.data);
    assert_non_null(contact);
    list->ids = realloc(list->ids, (list->count + 1) * sizeof(*list->ids));
    assert_non_null(list->ids);
    list->ids[list->count++] = strtoull(contact->id, NULL, 10);
    contacts__v1__contact__free_unpacked(contact, NULL);
    return true;
}

struct id_list list_contacts(
    struct fixture *fixture, const struct store_contact_query *query, uint32_t page_size) {
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct store_contact_query paged = *query;
    struct store_contact_page page = {.more = true, .last_id = query->after_id};
    struct id_list list = {0};
    paged.page_size = page_size;
    while (page.more) {
        NNRPC_CLEANUP(store_snapshot_endp) struct store_snapshot *snapshot = begin(fixture);
        size_t before = list.count;
        paged.after_id = page.last_id;
        if (store_list_contacts(snapshot, &paged, add_id, &list, &page, &status) != NNRPC_OK) {
            fail_msg("%s", status.message);
        }
        assert_true(list.count - before <= page_size);
        assert_true(!page.more || page.last_id > paged.after_id);
        list.pages++;
    }
    return list;
}

/* What read_links() writes into. */
struct link_text {
    char *text;
    size_t size;
};

static bool add_link(void *self, const char *customer_id) {
    struct link_text *links = self;
    size_t used = strlen(links->text);
    snprintf(links->text + used, links->size - used, "%s%s", used == 0 ? "" : ",", customer_id);
    return true;
}

void read_links(struct fixture *fixture, uint64_t contact_id, char *out_text, size_t size) {
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(store_snapshot_endp) struct store_snapshot *snapshot = begin(fixture);
    struct link_text links = {.text = out_text, .size = size};
    out_text[0] = '\0';
    assert_int_equal(store_visit_links(snapshot, contact_id, add_link, &links, &status), NNRPC_OK);
}

static bool add_change(void *self, struct nnrpc_slice record) {
    struct change_list *list = self;
    list->changes = realloc(list->changes, (list->count + 1) * sizeof(Contacts__V1__Change *));
    assert_non_null(list->changes);
    list->changes[list->count] = contacts__v1__change__unpack(NULL, record.size, record.data);
    assert_non_null(list->changes[list->count]);
    list->count++;
    return true;
}

struct change_list list_changes(struct fixture *fixture, uint64_t after_revision) {
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct change_list list = {0};
    size_t before = 0;
    do {
        NNRPC_CLEANUP(store_snapshot_endp) struct store_snapshot *snapshot = begin(fixture);
        uint64_t next = 0;
        before = list.count;
        if (store_list_changes(
                snapshot, after_revision, CHANGE_PAGE, add_change, &list, &next, &status) !=
            NNRPC_OK) {
            fail_msg("%s", status.message);
        }
        assert_int_equal(next, after_revision + (list.count - before));
        after_revision = next;
    } while (list.count > before);
    return list;
}

void change_list_free(struct change_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        contacts__v1__change__free_unpacked(list->changes[i], NULL);
    }
    free(list->changes);
    *list = (struct change_list){0};
}

/* --- Random ------------------------------------------------------------------------------- */

uint32_t random_below(uint64_t *seed, uint32_t limit) {
    /* A linear congruential generator with Knuth's multiplier; its high bits are good enough. */
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((*seed >> 33) % limit);
}
