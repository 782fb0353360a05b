/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model of the store that makes random acts and predicts their outcome.
 */
#include "store_model.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *const model_names[MODEL_TEXTS] = {"", "King", "Byron", "Hopper"};
const char *const model_emails[MODEL_TEXTS] = {"", "a@x.org", "b@x.org", "A@x.org"};
const char *const model_numbers[MODEL_TEXTS] = {"", "020 1", "0201", "none"};

uint32_t model_below(struct run *run, uint32_t limit) {
    return random_below(&run->seed, limit);
}

bool model_chance(struct run *run, uint32_t percent) {
    return model_below(run, 100) < percent;
}

void model_set_customer_id(char text[16], int customer) {
    if (customer == NONE) {
        text[0] = '\0';
    } else {
        snprintf(text, 16, "C%d", customer);
    }
}

void model_set_title(char text[16], int title) {
    if (title == NONE) {
        text[0] = '\0';
    } else {
        snprintf(text, 16, "T%d", title);
    }
}

void model_set_account(char text[16], int account) {
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
    uint64_t range = model_chance(run, 80) && next > 200 ? 200 : next + 2;
    uint64_t id = next + 1 - model_below(run, (uint32_t)range);
    return id < IDS_MOST && id > 0 ? id : 1;
}

static int some_customer(struct run *run) {
    return (int)model_below(run, CUSTOMERS);
}

/* --- Contacts ----------------------------------------------------------------------------- */

/* Fills a contact's fields at random, in the request and in the model's form. */
static struct model_contact random_contact(struct run *run, struct act *act) {
    struct model_contact contact = {
        .exists = true,
        .customer = model_chance(run, 50) ? some_customer(run) : NONE,
        .title = model_chance(run, 40) ? (int)model_below(run, TITLES) : NONE,
        .name = (int)model_below(run, 4),
        .email = (int)model_below(run, 4),
        .number = (int)model_below(run, 4),
    };
    model_set_customer_id(act->customer_id, contact.customer);
    model_set_title(act->title, contact.title);
    contacts__v1__contact__init(&act->contact);
    act->contact.customer_id = act->customer_id;
    act->contact.title = act->title;
    act->contact.last_name = (char *)model_names[contact.name];
    act->contact.email = (char *)model_emails[contact.email];
    act->contact.number2 = (char *)model_numbers[contact.number];
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
    contact.has_password = model_chance(run, 10);
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
    int step = model_chance(run, 50) ? 5 : 7; /* without a divisor in common with CUSTOMERS */
    for (int i = 0, customer = some_customer(run); i < CUSTOMERS; i++) {
        customer = (customer + step) % CUSTOMERS;
        if (model_chance(run, 15)) {
            size_t at = act->request.import.n_linked_customer_ids++;
            model_set_customer_id(act->link_texts[at], customer);
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
    bool keep_id = model_chance(run, 50);
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
    uint64_t given = model_chance(run, 50) ? changed : changed + 1;
    snprintf(act->etag, sizeof(act->etag), "1-%" PRIx64, given);
    if (model_chance(run, 60)) {
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
        uint32_t path = model_below(run, 4);
        act->paths[act->mask.n_paths++] = (char *)paths[path];
        merged.title = path == 0 ? given.title : merged.title;
        merged.name = path == 1 ? given.name : merged.name;
        merged.email = path == 2 ? given.email : merged.email;
        merged.number = path == 3 ? given.number : merged.number;
    }
    bool sets_password = model_chance(run, 5);
    bool clears_password = !sets_password && model_chance(run, 10);
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

static void delete_some(struct run *run, struct act *act) {
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

static void convert_some(struct run *run, struct act *act) {
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
    model_set_customer_id(act->customer_id, customer);
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
    model_set_customer_id(act->customer_id, customer);
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
    model_set_customer_id(act->customer_id, customer);
    model_set_account(act->account, account);
    act->customer.id = act->customer_id;
    act->customer.account_number = act->account;
    act->customer.name = (char *)model_names[name];
}

static void create_customer(struct run *run, struct act *act) {
    int customer = some_customer(run);
    int account = model_chance(run, 60) ? (int)model_below(run, ACCOUNTS) : NONE;
    int name = (int)model_below(run, 4);
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
    int account = model_chance(run, 60) ? (int)model_below(run, ACCOUNTS) : NONE;
    int name = (int)model_below(run, 4);
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

uint64_t model_remove_customer(struct model *model, int customer) {
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
    model_set_customer_id(act->customer_id, customer);
    act->request.delete_customer.id = act->customer_id;
    act->write = write_of(STORE_DELETE_CUSTOMER, &act->request);
    if (!run->model.customers[customer].exists) {
        expect_reason(run, act, "CUSTOMER_NOT_FOUND");
    } else {
        expect_success(run, act, model_remove_customer(&run->model, customer) + 1);
    }
}

/* --- Presets ------------------------------------------------------------------------------ */

static void put_title(struct run *run, struct act *act) {
    int title = (int)model_below(run, TITLES);
    contacts__v1__put_preset_value_request__init(&act->request.put);
    model_set_title(act->title, title);
    act->request.put.field = "title";
    act->request.put.name = act->title;
    act->write = write_of(STORE_PUT_PRESET_VALUE, &act->request);
    expect_success(run, act, run->model.titles[title] == 1 ? 0 : 1);
    run->model.titles[title] = 1;
}

static void retire_title(struct run *run, struct act *act) {
    int title = (int)model_below(run, TITLES);
    contacts__v1__retire_preset_value_request__init(&act->request.retire);
    model_set_title(act->title, title);
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

/* --- All ---------------------------------------------------------------------------------- */

/* How often each comes up, of 100. */
static const struct {
    uint32_t weight;
    void (*make)(struct run *run, struct act *act);
} kinds[] = {
    {24, create_contact}, {14, import_contact}, {18, update_contact}, {6, delete_some},
    {6, convert_some},    {10, add_link},       {6, take_link_away},  {7, create_customer},
    {4, update_customer}, {1, delete_customer}, {3, put_title},       {1, retire_title},
};

void model_make_act(struct run *run, struct act *act) {
    uint32_t at = model_below(run, 100);
    size_t kind = 0;
    memset(act, 0, sizeof(*act));
    while (at >= kinds[kind].weight) {
        at -= kinds[kind].weight;
        kind++;
    }
    kinds[kind].make(run, act);
    run->act_count++;
    snprintf(act->request_id, sizeof(act->request_id), "act-%" PRIu32, run->act_count);
    act->write.request_id = model_chance(run, 50) ? act->request_id : "";
    act->write.caller = model_chance(run, 50) ? "tester" : "";
    memcpy(act->write.digest, &run->act_count, sizeof(run->act_count));
}
