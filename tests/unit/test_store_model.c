/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Thousands of random acts against a model.
 *
 * The model is plain arrays and predicts everything: the reason or success of each act, its
 * revision, ids, etags, every record and link. Acts are submitted in batches, so that groups of all
 * sizes come up, and single ones are repeated with their request id. At the end the change feed is
 * folded into a second model, which must be equal, and the consistency check runs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_fixture.h"

#define CUSTOMERS 12
#define IDS_MOST 6000
#define TITLES 5
#define ACCOUNTS 8
#define ACTS 8000
#define BATCH_MOST 60
#define NONE (-1)

static const char *const names[] = {"", "King", "Byron", "Hopper"};
static const char *const emails[] = {"", "a@x.org", "b@x.org", "A@x.org"};
static const char *const numbers[] = {"", "020 1", "0201", "none"};

struct model_contact {
    bool exists;
    bool has_password;
    int customer; /* NONE: shared */
    int title;    /* NONE: not set */
    int name;
    int email;
    int number;
    bool linked[CUSTOMERS];
    uint64_t changed; /* revision of its etag */
};

struct model_customer {
    bool exists;
    int account; /* NONE: not set */
    int name;
    uint64_t changed;
};

struct model {
    uint64_t revision;
    uint64_t next_id;
    struct model_contact contacts[IDS_MOST];
    struct model_customer customers[CUSTOMERS];
    int titles[TITLES]; /* 0: absent, 1: active, 2: retired */
};

/* One act with all that its request points at, and what the model says of it. */
struct act {
    struct pending pending;
    union {
        Contacts__V1__CreateContactRequest create;
        Contacts__V1__ImportContactRequest import;
        Contacts__V1__UpdateContactRequest update;
        Contacts__V1__DeleteContactRequest delete_contact;
        Contacts__V1__ConvertToSharedContactRequest convert;
        Contacts__V1__CreateCustomerRequest create_customer;
        Contacts__V1__UpdateCustomerRequest update_customer;
        Contacts__V1__DeleteCustomerRequest delete_customer;
        Contacts__V1__AddSharedContactRequest add;
        Contacts__V1__RemoveSharedContactRequest take_away;
        Contacts__V1__PutPresetValueRequest put;
        Contacts__V1__RetirePresetValueRequest retire;
    } request;
    Contacts__V1__Contact contact;
    Contacts__V1__Customer customer;
    Google__Protobuf__FieldMask mask;
    char *paths[3];
    char id[ID_BYTES];
    char customer_id[16];
    char title[16];
    char account[16];
    char etag[40];
    char link_texts[CUSTOMERS][16];
    char *links[CUSTOMERS];
    char request_id[32];
    struct store_write write;
    const char *reason; /* "": success */
    uint64_t revision;
};

struct run {
    struct fixture fixture;
    struct model model;
    uint64_t seed;
    uint32_t act_count;
    struct act acts[BATCH_MOST];
};

static uint32_t below(struct run *run, uint32_t limit) {
    return random_below(&run->seed, limit);
}

static bool chance(struct run *run, uint32_t percent) {
    return below(run, 100) < percent;
}

static void set_customer_id(char text[16], int customer) {
    if (customer == NONE) {
        text[0] = '\0';
    } else {
        snprintf(text, 16, "C%d", customer);
    }
}

static void set_title(char text[16], int title) {
    if (title == NONE) {
        text[0] = '\0';
    } else {
        snprintf(text, 16, "T%d", title);
    }
}

static void set_account(char text[16], int account) {
    if (account == NONE) {
        text[0] = '\0';
    } else {
        snprintf(text, 16, "A%d", account);
    }
}

/* --- Predictions -------------------------------------------------------------------------- */

static struct model_contact *find_contact(struct run *run, uint64_t id) {
    struct model_contact *contact = &run->model.contacts[id];
    return contact->exists ? contact : NULL;
}

static bool account_is_taken(const struct model *model, int account, int customer) {
    for (int i = 0; i < CUSTOMERS; i++) {
        if (account != NONE && i != customer && model->customers[i].exists &&
            model->customers[i].account == account) {
            return true;
        }
    }
    return false;
}

/* Finishes an act that makes `changes` revisions. */
static void expect_success(struct run *run, struct act *act, uint64_t changes) {
    run->model.revision += changes;
    act->reason = "";
    act->revision = run->model.revision;
}

static void expect_reason(struct run *run, struct act *act, const char *reason) {
    act->reason = reason;
    act->revision = run->model.revision;
}

static uint64_t some_id(struct run *run) {
    uint64_t next = run->model.next_id;
    /* Mostly the newer ones, of which more are there. */
    uint64_t range = chance(run, 80) && next > 200 ? 200 : next + 2;
    uint64_t id = next + 1 - below(run, (uint32_t)range);
    return id < IDS_MOST && id > 0 ? id : 1;
}

static int some_customer(struct run *run) {
    return (int)below(run, CUSTOMERS);
}

/* --- Contacts ----------------------------------------------------------------------------- */

/* Fills a contact's fields at random, in the request and in the model's form. */
static struct model_contact random_contact(struct run *run, struct act *act) {
    struct model_contact contact = {
        .exists = true,
        .customer = chance(run, 50) ? some_customer(run) : NONE,
        .title = chance(run, 40) ? (int)below(run, TITLES) : NONE,
        .name = (int)below(run, 4),
        .email = (int)below(run, 4),
        .number = (int)below(run, 4),
    };
    set_customer_id(act->customer_id, contact.customer);
    set_title(act->title, contact.title);
    contacts__v1__contact__init(&act->contact);
    act->contact.customer_id = act->customer_id;
    act->contact.title = act->title;
    act->contact.last_name = (char *)names[contact.name];
    act->contact.email = (char *)emails[contact.email];
    act->contact.number2 = (char *)numbers[contact.number];
    return contact;
}

static bool title_is_active(const struct run *run, int title) {
    return title == NONE || run->model.titles[title] == 1;
}

static bool customer_exists(const struct run *run, int customer) {
    return customer == NONE || run->model.customers[customer].exists;
}

static void put_in_model(struct run *run, uint64_t id, struct model_contact contact) {
    contact.changed = run->model.revision;
    run->model.contacts[id] = contact;
    if (id >= run->model.next_id) {
        run->model.next_id = id + 1;
    }
}

static void create_contact(struct run *run, struct act *act) {
    struct model_contact contact = random_contact(run, act);
    contacts__v1__create_contact_request__init(&act->request.create);
    act->request.create.contact = &act->contact;
    act->write = write_of(STORE_CREATE_CONTACT, &act->request);
    contact.has_password = chance(run, 10);
    act->write.password_hash = contact.has_password ? "$hash" : NULL;
    if (!title_is_active(run, contact.title)) {
        expect_reason(run, act, "UNKNOWN_PRESET_VALUE");
    } else if (!customer_exists(run, contact.customer)) {
        expect_reason(run, act, "CUSTOMER_NOT_FOUND");
    } else {
        expect_success(run, act, 1);
        put_in_model(run, run->model.next_id, contact);
    }
}

/* Chooses links in an order that is not theirs. @return whether all their customers are there. */
static bool random_links(struct run *run, struct act *act, struct model_contact *contact) {
    bool all_exist = true;
    int step = chance(run, 50) ? 5 : 7; /* without a divisor in common with CUSTOMERS */
    for (int i = 0, customer = some_customer(run); i < CUSTOMERS; i++) {
        customer = (customer + step) % CUSTOMERS;
        if (chance(run, 15)) {
            size_t at = act->request.import.n_linked_customer_ids++;
            set_customer_id(act->link_texts[at], customer);
            act->links[at] = act->link_texts[at];
            contact->linked[customer] = true;
            all_exist = all_exist && run->model.customers[customer].exists;
        }
    }
    act->request.import.linked_customer_ids = act->links;
    return all_exist;
}

static void import_contact(struct run *run, struct act *act) {
    struct model_contact contact = random_contact(run, act);
    contacts__v1__import_contact_request__init(&act->request.import);
    act->request.import.contact = &act->contact;
    bool links_exist = random_links(run, act, &contact);
    bool has_links = act->request.import.n_linked_customer_ids > 0;
    bool keep_id = chance(run, 50);
    uint64_t id = keep_id ? some_id(run) : run->model.next_id;
    act->request.import.keep_id = keep_id;
    act->contact.id = (char *)id_text(id, act->id);
    act->write = write_of(STORE_IMPORT_CONTACT, &act->request);
    if (has_links && contact.customer != NONE) {
        expect_reason(run, act, "CONTACT_NOT_SHARED");
    } else if (keep_id && find_contact(run, id) != NULL) {
        expect_reason(run, act, "CONTACT_ID_TAKEN");
    } else if (!title_is_active(run, contact.title)) {
        expect_reason(run, act, "UNKNOWN_PRESET_VALUE");
    } else if (!customer_exists(run, contact.customer) || !links_exist) {
        expect_reason(run, act, "CUSTOMER_NOT_FOUND");
    } else {
        expect_success(run, act, 1);
        put_in_model(run, id, contact);
    }
}

/* Gives the standing etag, a stale one, or none. @return whether the act gets past it. */
static bool random_etag(struct run *run, struct act *act, uint64_t changed) {
    uint64_t given = chance(run, 50) ? changed : changed + 1;
    snprintf(act->etag, sizeof(act->etag), "1-%" PRIx64, given);
    if (chance(run, 60)) {
        act->etag[0] = '\0';
        return true;
    }
    return given == changed;
}

static void update_contact(struct run *run, struct act *act) {
    static const char *const paths[] = {"title", "last_name", "email", "number2"};
    uint64_t id = some_id(run);
    struct model_contact *stored = find_contact(run, id);
    struct model_contact given = random_contact(run, act);
    contacts__v1__update_contact_request__init(&act->request.update);
    google__protobuf__field_mask__init(&act->mask);
    act->request.update.contact = &act->contact;
    act->request.update.update_mask = &act->mask;
    act->mask.paths = act->paths;
    act->contact.customer_id = (char *)protobuf_c_empty_string;
    act->contact.id = (char *)id_text(id, act->id);
    act->write = write_of(STORE_UPDATE_CONTACT, &act->request);
    bool etag_is_fine = random_etag(run, act, stored == NULL ? 1 : stored->changed);
    act->contact.etag = act->etag;
    struct model_contact merged = stored == NULL ? given : *stored;
    for (int i = 0; i < 2; i++) {
        uint32_t path = below(run, 4);
        act->paths[act->mask.n_paths++] = (char *)paths[path];
        merged.title = path == 0 ? given.title : merged.title;
        merged.name = path == 1 ? given.name : merged.name;
        merged.email = path == 2 ? given.email : merged.email;
        merged.number = path == 3 ? given.number : merged.number;
    }
    bool sets_password = chance(run, 5);
    bool clears_password = !sets_password && chance(run, 10);
    act->write.password_hash = sets_password ? "$other" : NULL;
    act->write.password_clear = clears_password;
    merged.has_password = sets_password || (merged.has_password && !clears_password);
    if (stored == NULL) {
        expect_reason(run, act, "CONTACT_NOT_FOUND");
    } else if (!etag_is_fine) {
        expect_reason(run, act, "ETAG_MISMATCH");
    } else if (merged.title != stored->title && !title_is_active(run, merged.title)) {
        expect_reason(run, act, "UNKNOWN_PRESET_VALUE");
    } else if (!sets_password && memcmp(&merged, stored, sizeof(merged)) == 0) {
        expect_success(run, act, 0);
    } else {
        expect_success(run, act, 1);
        put_in_model(run, id, merged);
    }
}

static void delete_contact(struct run *run, struct act *act) {
    uint64_t id = some_id(run);
    struct model_contact *stored = find_contact(run, id);
    contacts__v1__delete_contact_request__init(&act->request.delete_contact);
    act->request.delete_contact.id = (char *)id_text(id, act->id);
    bool etag_is_fine = random_etag(run, act, stored == NULL ? 1 : stored->changed);
    act->request.delete_contact.etag = act->etag;
    act->write = write_of(STORE_DELETE_CONTACT, &act->request);
    if (stored == NULL) {
        expect_reason(run, act, "CONTACT_NOT_FOUND");
    } else if (!etag_is_fine) {
        expect_reason(run, act, "ETAG_MISMATCH");
    } else {
        expect_success(run, act, 1);
        memset(stored, 0, sizeof(*stored));
    }
}

static void convert_contact(struct run *run, struct act *act) {
    uint64_t id = some_id(run);
    struct model_contact *stored = find_contact(run, id);
    contacts__v1__convert_to_shared_contact_request__init(&act->request.convert);
    act->request.convert.id = (char *)id_text(id, act->id);
    act->write = write_of(STORE_CONVERT_TO_SHARED_CONTACT, &act->request);
    if (stored == NULL) {
        expect_reason(run, act, "CONTACT_NOT_FOUND");
    } else if (stored->customer == NONE) {
        expect_reason(run, act, "CONTACT_ALREADY_SHARED");
    } else {
        expect_success(run, act, 1);
        stored->linked[stored->customer] = true;
        stored->customer = NONE;
        stored->changed = run->model.revision;
    }
}

/* --- Links -------------------------------------------------------------------------------- */

/* What linking and unlinking have in common. @return the contact when its links may change. */
static struct model_contact *link_ends(
    struct run *run, struct act *act, uint64_t id, int customer) {
    struct model_contact *stored = find_contact(run, id);
    if (!run->model.customers[customer].exists) {
        expect_reason(run, act, "CUSTOMER_NOT_FOUND");
        return NULL;
    }
    if (stored == NULL) {
        expect_reason(run, act, "CONTACT_NOT_FOUND");
        return NULL;
    }
    if (stored->customer != NONE) {
        expect_reason(run, act, "CONTACT_NOT_SHARED");
        return NULL;
    }
    return stored;
}

static void add_link(struct run *run, struct act *act) {
    uint64_t id = some_id(run);
    int customer = some_customer(run);
    contacts__v1__add_shared_contact_request__init(&act->request.add);
    set_customer_id(act->customer_id, customer);
    act->request.add.customer_id = act->customer_id;
    act->request.add.contact_id = (char *)id_text(id, act->id);
    act->write = write_of(STORE_ADD_SHARED_CONTACT, &act->request);
    struct model_contact *stored = link_ends(run, act, id, customer);
    if (stored != NULL) {
        expect_success(run, act, stored->linked[customer] ? 0 : 1);
        stored->linked[customer] = true;
    }
}

static void take_link_away(struct run *run, struct act *act) {
    uint64_t id = some_id(run);
    int customer = some_customer(run);
    contacts__v1__remove_shared_contact_request__init(&act->request.take_away);
    set_customer_id(act->customer_id, customer);
    act->request.take_away.customer_id = act->customer_id;
    act->request.take_away.contact_id = (char *)id_text(id, act->id);
    act->write = write_of(STORE_REMOVE_SHARED_CONTACT, &act->request);
    struct model_contact *stored = link_ends(run, act, id, customer);
    if (stored != NULL && !stored->linked[customer]) {
        expect_reason(run, act, "LINK_NOT_FOUND");
    } else if (stored != NULL) {
        expect_success(run, act, 1);
        stored->linked[customer] = false;
    }
}

/* --- Customers ---------------------------------------------------------------------------- */

static void fill_customer(struct run *run, struct act *act, int customer, int account, int name) {
    (void)run;
    contacts__v1__customer__init(&act->customer);
    set_customer_id(act->customer_id, customer);
    set_account(act->account, account);
    act->customer.id = act->customer_id;
    act->customer.account_number = act->account;
    act->customer.name = (char *)names[name];
}

static void create_customer(struct run *run, struct act *act) {
    int customer = some_customer(run);
    int account = chance(run, 60) ? (int)below(run, ACCOUNTS) : NONE;
    int name = (int)below(run, 4);
    contacts__v1__create_customer_request__init(&act->request.create_customer);
    fill_customer(run, act, customer, account, name);
    act->request.create_customer.customer = &act->customer;
    act->write = write_of(STORE_CREATE_CUSTOMER, &act->request);
    if (run->model.customers[customer].exists) {
        expect_reason(run, act, "CUSTOMER_ID_TAKEN");
    } else if (account_is_taken(&run->model, account, customer)) {
        expect_reason(run, act, "ACCOUNT_NUMBER_TAKEN");
    } else {
        expect_success(run, act, 1);
        run->model.customers[customer] = (struct model_customer){
            .exists = true, .account = account, .name = name, .changed = run->model.revision};
    }
}

static void update_customer(struct run *run, struct act *act) {
    int customer = some_customer(run);
    struct model_customer *stored = &run->model.customers[customer];
    int account = chance(run, 60) ? (int)below(run, ACCOUNTS) : NONE;
    int name = (int)below(run, 4);
    contacts__v1__update_customer_request__init(&act->request.update_customer);
    google__protobuf__field_mask__init(&act->mask);
    fill_customer(run, act, customer, account, name);
    act->request.update_customer.customer = &act->customer;
    act->request.update_customer.update_mask = &act->mask;
    act->paths[0] = "*";
    act->mask.paths = act->paths;
    act->mask.n_paths = 1;
    act->write = write_of(STORE_UPDATE_CUSTOMER, &act->request);
    if (!stored->exists) {
        expect_reason(run, act, "CUSTOMER_NOT_FOUND");
    } else if (account_is_taken(&run->model, account, customer)) {
        expect_reason(run, act, "ACCOUNT_NUMBER_TAKEN");
    } else if (stored->account == account && stored->name == name) {
        expect_success(run, act, 0);
    } else {
        expect_success(run, act, 1);
        stored->account = account;
        stored->name = name;
        stored->changed = run->model.revision;
    }
}

/* Takes a customer out of a model. @return how many direct contacts went with it. */
static uint64_t remove_customer(struct model *model, int customer) {
    uint64_t direct = 0;
    for (uint64_t id = 1; id < IDS_MOST; id++) {
        struct model_contact *contact = &model->contacts[id];
        if (contact->exists && contact->customer == customer) {
            memset(contact, 0, sizeof(*contact));
            direct++;
        }
        contact->linked[customer] = false;
    }
    model->customers[customer] = (struct model_customer){.exists = false};
    return direct;
}

static void delete_customer(struct run *run, struct act *act) {
    int customer = some_customer(run);
    contacts__v1__delete_customer_request__init(&act->request.delete_customer);
    set_customer_id(act->customer_id, customer);
    act->request.delete_customer.id = act->customer_id;
    act->write = write_of(STORE_DELETE_CUSTOMER, &act->request);
    if (!run->model.customers[customer].exists) {
        expect_reason(run, act, "CUSTOMER_NOT_FOUND");
    } else {
        expect_success(run, act, remove_customer(&run->model, customer) + 1);
    }
}

/* --- Presets ------------------------------------------------------------------------------ */

static void put_title(struct run *run, struct act *act) {
    int title = (int)below(run, TITLES);
    contacts__v1__put_preset_value_request__init(&act->request.put);
    set_title(act->title, title);
    act->request.put.field = "title";
    act->request.put.name = act->title;
    act->write = write_of(STORE_PUT_PRESET_VALUE, &act->request);
    expect_success(run, act, run->model.titles[title] == 1 ? 0 : 1);
    run->model.titles[title] = 1;
}

static void retire_title(struct run *run, struct act *act) {
    int title = (int)below(run, TITLES);
    contacts__v1__retire_preset_value_request__init(&act->request.retire);
    set_title(act->title, title);
    act->request.retire.field = "title";
    act->request.retire.name = act->title;
    act->write = write_of(STORE_RETIRE_PRESET_VALUE, &act->request);
    if (run->model.titles[title] == 0) {
        expect_reason(run, act, "PRESET_VALUE_NOT_FOUND");
    } else {
        expect_success(run, act, run->model.titles[title] == 2 ? 0 : 1);
        run->model.titles[title] = 2;
    }
}

/* --- Running ------------------------------------------------------------------------------ */

/* How often each comes up, of 100. */
static const struct {
    uint32_t weight;
    void (*make)(struct run *run, struct act *act);
} kinds[] = {
    {24, create_contact}, {14, import_contact}, {18, update_contact}, {6, delete_contact},
    {6, convert_contact}, {10, add_link},       {6, take_link_away},  {7, create_customer},
    {4, update_customer}, {1, delete_customer}, {3, put_title},       {1, retire_title},
};

static void make_act(struct run *run, struct act *act) {
    uint32_t at = below(run, 100);
    size_t kind = 0;
    memset(act, 0, sizeof(*act));
    while (at >= kinds[kind].weight) {
        at -= kinds[kind].weight;
        kind++;
    }
    kinds[kind].make(run, act);
    run->act_count++;
    snprintf(act->request_id, sizeof(act->request_id), "act-%" PRIu32, run->act_count);
    act->write.request_id = chance(run, 50) ? act->request_id : "";
    act->write.caller = chance(run, 50) ? "tester" : "";
    memcpy(act->write.digest, &run->act_count, sizeof(run->act_count));
}

static void expect_as_predicted(const struct act *act, const struct answer *answer) {
    if (strcmp(answer->status.reason, act->reason) != 0 || answer->revision != act->revision) {
        fail_msg(
            "act %s (kind %d): \"%s\" at revision %" PRIu64 ", expected \"%s\" at %" PRIu64 ": %s",
            act->request_id, (int)act->write.act, answer->status.reason, answer->revision,
            act->reason, act->revision, answer->status.message);
    }
}

/* Repeats an act that succeeded: it answers as before and does nothing. */
static void repeat_act(struct run *run, const struct act *act, const struct answer *first) {
    if (act->write.request_id[0] == '\0' || act->reason[0] != '\0') {
        return;
    }
    ANSWER again = write_now(run->fixture.store, &act->write);
    expect_ok(&again);
    assert_int_equal(again.revision, first->revision);
    assert_int_equal(again.response.size, first->response.size);
    if (first->response.size > 0) {
        assert_memory_equal(again.response.data, first->response.data, first->response.size);
    }
}

static void run_batch(struct run *run) {
    uint32_t count = 1 + below(run, chance(run, 30) ? BATCH_MOST : 8);
    for (uint32_t i = 0; i < count; i++) {
        make_act(run, &run->acts[i]);
        pending_submit(&run->acts[i].pending, run->fixture.store, &run->acts[i].write);
    }
    uint32_t repeated = below(run, count);
    for (uint32_t i = 0; i < count; i++) {
        ANSWER answer = pending_await(&run->acts[i].pending);
        expect_as_predicted(&run->acts[i], &answer);
        if (i == repeated) {
            repeat_act(run, &run->acts[i], &answer);
        }
    }
}

/* --- Comparing ---------------------------------------------------------------------------- */

static void compare_contact(struct run *run, uint64_t id, const struct model_contact *model) {
    char text[16];
    char etag[40];
    char links[256];
    char expected[256] = "";
    Contacts__V1__Contact *contact = read_contact(&run->fixture, id);
    assert_int_equal(contact != NULL, model->exists);
    if (contact == NULL) {
        return;
    }
    set_customer_id(text, model->customer);
    assert_string_equal(contact->customer_id, text);
    set_title(text, model->title);
    assert_string_equal(contact->title, text);
    assert_string_equal(contact->last_name, names[model->name]);
    assert_string_equal(contact->email, emails[model->email]);
    assert_string_equal(contact->number2, numbers[model->number]);
    assert_int_equal(contact->has_account_password != 0, model->has_password);
    snprintf(etag, sizeof(etag), "1-%" PRIx64, model->changed);
    assert_string_equal(contact->etag, etag);
    contacts__v1__contact__free_unpacked(contact, NULL);
    /* By bytes: C0, C1, C10, C11, C2, ... */
    static const int order[CUSTOMERS] = {0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9};
    for (int i = 0; i < CUSTOMERS; i++) {
        if (model->linked[order[i]] || model->customer == order[i]) {
            size_t used = strlen(expected);
            snprintf(
                expected + used, sizeof(expected) - used, "%sC%d", used == 0 ? "" : ",", order[i]);
        }
    }
    read_links(&run->fixture, id, links, sizeof(links));
    assert_string_equal(links, expected);
}

static void compare_all(struct run *run) {
    assert_int_equal(store_revision(run->fixture.store), run->model.revision);
    for (uint64_t id = 1; id < run->model.next_id; id++) {
        compare_contact(run, id, &run->model.contacts[id]);
    }
    for (int i = 0; i < CUSTOMERS; i++) {
        char id[16];
        set_customer_id(id, i);
        Contacts__V1__Customer *customer = read_customer(&run->fixture, id);
        assert_int_equal(customer != NULL, run->model.customers[i].exists);
        if (customer != NULL) {
            char account[16];
            set_account(account, run->model.customers[i].account);
            assert_string_equal(customer->account_number, account);
            assert_string_equal(customer->name, names[run->model.customers[i].name]);
            contacts__v1__customer__free_unpacked(customer, NULL);
        }
    }
}

/* --- The feed ----------------------------------------------------------------------------- */

static int index_of(const char *text, const char *const *texts, int count) {
    for (int i = 0; i < count; i++) {
        if (strcmp(text, texts[i]) == 0) {
            return i;
        }
    }
    fail_msg("unknown text \"%s\"", text);
    return 0;
}

static int number_behind(const char *text) {
    return text[0] == '\0' ? NONE : atoi(text + 1);
}

static void fold_contact(struct model *model, const Contacts__V1__Change *change) {
    const Contacts__V1__Contact *given = change->contact;
    struct model_contact *contact = &model->contacts[strtoull(given->id, NULL, 10)];
    bool removed = change->kind == CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_LINK_REMOVED;
    if (change->kind == CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_CONTACT_DELETED) {
        memset(contact, 0, sizeof(*contact));
        return;
    }
    if (change->kind <= CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_CONTACT_CONVERTED) {
        contact->exists = true;
        contact->has_password = given->has_account_password != 0;
        contact->customer = number_behind(given->customer_id);
        contact->title = number_behind(given->title);
        contact->name = index_of(given->last_name, names, 4);
        contact->email = index_of(given->email, emails, 4);
        contact->number = index_of(given->number2, numbers, 4);
        contact->changed = change->revision;
    }
    for (size_t i = 0; i < change->n_linked_customer_ids; i++) {
        contact->linked[number_behind(change->linked_customer_ids[i])] = !removed;
    }
}

static void fold_change(struct model *model, const Contacts__V1__Change *change) {
    assert_int_equal(change->revision, model->revision + 1);
    model->revision = change->revision;
    if (change->contact != NULL) {
        fold_contact(model, change);
    } else if (change->kind == CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_CUSTOMER_DELETED) {
        /* Its direct contacts went before, each with its own change. */
        assert_int_equal(remove_customer(model, number_behind(change->customer->id)), 0);
    } else if (change->customer != NULL) {
        model->customers[number_behind(change->customer->id)] = (struct model_customer){
            .exists = true,
            .account = number_behind(change->customer->account_number),
            .name = index_of(change->customer->name, names, 4),
            .changed = change->revision,
        };
    } else {
        model->titles[number_behind(change->preset_value->name)] =
            change->preset_value->retired ? 2 : 1;
    }
}

static void compare_feed(struct run *run) {
    struct model *folded = calloc(1, sizeof(*folded));
    struct change_list list = list_changes(&run->fixture, 0);
    for (size_t i = 0; i < list.count; i++) {
        fold_change(folded, list.changes[i]);
    }
    change_list_free(&list);
    assert_int_equal(folded->revision, run->model.revision);
    for (uint64_t id = 0; id < IDS_MOST; id++) {
        assert_memory_equal(
            &folded->contacts[id], &run->model.contacts[id], sizeof(folded->contacts[id]));
    }
    assert_memory_equal(folded->customers, run->model.customers, sizeof(folded->customers));
    assert_memory_equal(folded->titles, run->model.titles, sizeof(folded->titles));
    free(folded);
}

static void run_from_seed(uint64_t seed, uint32_t acts) {
    struct run *run = calloc(1, sizeof(*run));
    run->seed = seed;
    run->model.next_id = 1;
    fixture_open(&run->fixture, NULL);
    uint32_t compare_at = acts / 4;
    while (run->act_count < acts && run->model.next_id + 2 * BATCH_MOST < IDS_MOST) {
        run_batch(run);
        if (run->act_count >= compare_at) {
            compare_all(run);
            fixture_reopen(&run->fixture);
            compare_at += acts / 4;
        }
    }
    compare_all(run);
    compare_feed(run);
    fixture_close(&run->fixture);
    free(run);
}

static void random_acts_do_what_the_model_says(void **state) {
    (void)state;
    run_from_seed(1, ACTS);
}

static void other_random_acts_do_so_too(void **state) {
    (void)state;
    for (uint64_t seed = 2; seed < 6; seed++) {
        run_from_seed(seed, ACTS / 8);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_acts_do_what_the_model_says),
        cmocka_unit_test(other_random_acts_do_so_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
