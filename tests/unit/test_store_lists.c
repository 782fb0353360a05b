/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists against brute force: a few thousand random contacts, every combination of filters,
 * several page sizes; each must give exactly what a walk over all records gives.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_fixture.h"

#define CONTACTS 3000
#define CUSTOMERS 40
#define LINKS_MOST 4
#define ROUNDS 400
#define IN_FLIGHT 512

/* What the lists are compared with. */
struct model_contact {
    uint64_t id;
    bool deleted;
    char customer_id[16];
    char dealer_code[8];
    char email[32];
    char numbers[2][24];
    int64_t created_s;
    int32_t created_ns;
    bool linked[CUSTOMERS];
};

struct world {
    struct fixture fixture;
    uint64_t seed;
    struct model_contact contacts[CONTACTS];
};

static const char *const dealer_codes[] = {"", "D1", "D2", "D10"};
static const char *const emails[] = {"", "a@x.org", "A@X.org", "b@x.org", "info@example.com"};
static const char *const numbers[] = {"", "020 1", "(0)201", "0201-1", "none", "+44 1", "441"};

static const char *pick(uint64_t *seed, const char *const *texts, size_t count) {
    return texts[random_below(seed, (uint32_t)count)];
}

#define PICK(seed, texts) pick(seed, texts, NNRPC_LENGTH(texts))

static void customer_name(uint32_t number, char out_text[16]) {
    snprintf(out_text, 16, "C%" PRIu32, number);
}

/* --- Making the world --------------------------------------------------------------------- */

static void fill_contact(struct world *world, struct model_contact *model) {
    if (random_below(&world->seed, 2) == 0) {
        customer_name(random_below(&world->seed, CUSTOMERS), model->customer_id);
    } else {
        for (int i = 0; i < LINKS_MOST; i++) {
            model->linked[random_below(&world->seed, CUSTOMERS)] = true;
        }
    }
    snprintf(model->dealer_code, 8, "%s", PICK(&world->seed, dealer_codes));
    snprintf(model->email, 32, "%s", PICK(&world->seed, emails));
    for (int i = 0; i < 2; i++) {
        snprintf(model->numbers[i], 24, "%s", PICK(&world->seed, numbers));
    }
}

/* One import on its way. */
struct import {
    Contacts__V1__ImportContactRequest request;
    Contacts__V1__Contact contact;
    char names[CUSTOMERS][16];
    char *links[CUSTOMERS];
    struct pending pending;
};

static void submit_import(
    struct world *world, struct import *import, const struct model_contact *model) {
    contacts__v1__import_contact_request__init(&import->request);
    contacts__v1__contact__init(&import->contact);
    import->contact.customer_id = (char *)model->customer_id;
    import->contact.dealer_code = (char *)model->dealer_code;
    import->contact.email = (char *)model->email;
    import->contact.number1 = (char *)model->numbers[0];
    import->contact.number4 = (char *)model->numbers[1];
    import->request.contact = &import->contact;
    import->request.linked_customer_ids = import->links;
    for (uint32_t i = 0; i < CUSTOMERS; i++) {
        if (model->linked[i]) {
            size_t at = import->request.n_linked_customer_ids++;
            customer_name(i, import->names[at]);
            import->links[at] = import->names[at];
        }
    }
    const struct store_write write = write_of(STORE_IMPORT_CONTACT, &import->request);
    pending_submit(&import->pending, world->fixture.store, &write);
}

static void await_import(struct import *import, struct model_contact *model) {
    ANSWER answer = pending_await(&import->pending);
    Contacts__V1__Contact *created = answer_contact(&answer);
    model->id = strtoull(created->id, NULL, 10);
    model->created_s = created->create_time->seconds;
    model->created_ns = created->create_time->nanos;
    contacts__v1__contact__free_unpacked(created, NULL);
}

static void delete_some(struct world *world) {
    for (int i = 0; i < CONTACTS / 10; i++) {
        Contacts__V1__DeleteContactRequest request = CONTACTS__V1__DELETE_CONTACT_REQUEST__INIT;
        struct model_contact *model = &world->contacts[random_below(&world->seed, CONTACTS)];
        char id[ID_BYTES];
        if (!model->deleted) {
            request.id = (char *)id_text(model->id, id);
            ANSWER answer = act_now(&world->fixture, STORE_DELETE_CONTACT, &request);
            expect_ok(&answer);
            model->deleted = true;
        }
    }
}

static int make_world(void **state) {
    struct world *world = calloc(1, sizeof(*world));
    struct import *imports = calloc(IN_FLIGHT, sizeof(*imports));
    world->seed = 2024;
    fixture_open(&world->fixture, NULL);
    for (size_t i = 1; i < NNRPC_LENGTH(dealer_codes); i++) {
        put_preset(&world->fixture, "dealerCode", dealer_codes[i]);
    }
    for (uint32_t i = 0; i < CUSTOMERS; i++) {
        char id[16];
        customer_name(i, id);
        put_customer(&world->fixture, id);
    }
    for (size_t first = 0; first < CONTACTS; first += IN_FLIGHT) {
        size_t count = CONTACTS - first < IN_FLIGHT ? CONTACTS - first : IN_FLIGHT;
        memset(imports, 0, IN_FLIGHT * sizeof(*imports));
        for (size_t i = 0; i < count; i++) {
            fill_contact(world, &world->contacts[first + i]);
            submit_import(world, &imports[i], &world->contacts[first + i]);
        }
        for (size_t i = 0; i < count; i++) {
            await_import(&imports[i], &world->contacts[first + i]);
        }
    }
    delete_some(world);
    free(imports);
    *state = world;
    return 0;
}

static int end_world(void **state) {
    struct world *world = *state;
    fixture_close(&world->fixture);
    free(world);
    return 0;
}

/* --- Brute force -------------------------------------------------------------------------- */

static void digits_of(const char *text, char out_digits[24]) {
    size_t size = 0;
    for (; *text != '\0'; text++) {
        if (*text >= '0' && *text <= '9') {
            out_digits[size++] = *text;
        }
    }
    out_digits[size] = '\0';
}

static bool same_number(const char *a, const char *b) {
    char left[24];
    char right[24];
    digits_of(a, left);
    digits_of(b, right);
    return left[0] != '\0' && strcmp(left, right) == 0;
}

static bool model_matches(
    const struct model_contact *model, const struct store_contact_query *query) {
    bool direct = model->customer_id[0] != '\0';
    if (model->deleted || model->id <= query->after_id) {
        return false;
    }
    if (query->has_created_since && (model->created_s < query->created_since_s ||
                                     (model->created_s == query->created_since_s &&
                                      model->created_ns < query->created_since_ns))) {
        return false;
    }
    if (query->customer_id[0] != '\0' && strcmp(model->customer_id, query->customer_id) != 0 &&
        (direct || !model->linked[atoi(query->customer_id + 1)])) {
        return false;
    }
    if (query->dealer_code[0] != '\0' && !direct &&
        strcmp(model->dealer_code, query->dealer_code) != 0) {
        return false;
    }
    if (query->form != STORE_FORM_ANY && direct != (query->form == STORE_FORM_DIRECT)) {
        return false;
    }
    if (query->email[0] != '\0' && strcasecmp(model->email, query->email) != 0) {
        return false;
    }
    return query->number[0] == '\0' || same_number(model->numbers[0], query->number) ||
           same_number(model->numbers[1], query->number);
}

static void expect_as_model(
    struct world *world, const struct store_contact_query *query, uint32_t page_size) {
    struct id_list list = list_contacts(&world->fixture, query, page_size);
    size_t at = 0;
    for (size_t i = 0; i < CONTACTS; i++) {
        if (model_matches(&world->contacts[i], query)) {
            assert_true(at < list.count);
            assert_int_equal(list.ids[at], world->contacts[i].id);
            at++;
        }
    }
    assert_int_equal(at, list.count);
    free(list.ids);
}

/* --- Contacts ----------------------------------------------------------------------------- */

static void random_query(
    struct world *world, struct store_contact_query *query, char customer_id[16]) {
    const struct model_contact *model = &world->contacts[random_below(&world->seed, CONTACTS)];
    static const char *const asked_numbers[] = {"", "", "0201", "02 01", "02011", "4-4-1", "999"};
    static const char *const asked_emails[] = {"", "", "", "a@x.ORG", "B@x.org", "no@x.org"};
    customer_id[0] = '\0';
    if (random_below(&world->seed, 3) == 0) {
        customer_name(random_below(&world->seed, CUSTOMERS), customer_id);
    }
    *query = (struct store_contact_query){
        .after_id = random_below(&world->seed, 3) == 0 ? model->id : 0,
        .has_created_since = random_below(&world->seed, 4) == 0,
        .created_since_s = model->created_s,
        .created_since_ns = model->created_ns,
        .customer_id = customer_id,
        .dealer_code = PICK(&world->seed, dealer_codes),
        .form = (enum store_form)random_below(&world->seed, 3),
        .email = PICK(&world->seed, asked_emails),
        .number = PICK(&world->seed, asked_numbers),
    };
}

static void every_combination_of_filters_gives_what_a_walk_over_all_gives(void **state) {
    struct world *world = *state;
    static const uint32_t page_sizes[] = {1, 7, 50, 1000};
    for (int i = 0; i < ROUNDS; i++) {
        struct store_contact_query query;
        char customer_id[16];
        random_query(world, &query, customer_id);
        /* Pages of one item are for lists that are short. */
        bool long_list =
            query.email[0] == '\0' && query.number[0] == '\0' && query.customer_id[0] == '\0';
        expect_as_model(world, &query, page_sizes[long_list ? 1 + i % 3 : i % 4]);
    }
}

static void each_filter_alone_gives_what_a_walk_over_all_gives(void **state) {
    struct world *world = *state;
    const struct store_contact_query queries[] = {
        {.customer_id = "", .dealer_code = "", .email = "", .number = ""},
        {.customer_id = "C7", .dealer_code = "", .email = "", .number = ""},
        {.customer_id = "", .dealer_code = "D1", .email = "", .number = ""},
        {.customer_id = "",
         .dealer_code = "",
         .form = STORE_FORM_DIRECT,
         .email = "",
         .number = ""},
        {.customer_id = "",
         .dealer_code = "",
         .form = STORE_FORM_SHARED,
         .email = "",
         .number = ""},
        {.customer_id = "", .dealer_code = "", .email = "a@x.org", .number = ""},
        {.customer_id = "", .dealer_code = "", .email = "", .number = "0201"},
    };
    for (size_t i = 0; i < NNRPC_LENGTH(queries); i++) {
        expect_as_model(world, &queries[i], 13);
        expect_as_model(world, &queries[i], 1000);
        bool scans = store_contact_query_scans(&queries[i]);
        assert_false(scans);
    }
    const struct store_contact_query two = {.customer_id = "C1", .dealer_code = "D1"};
    assert_true(store_contact_query_scans(&two));
    const struct store_contact_query none = {.after_id = 7};
    assert_false(store_contact_query_scans(&none));
    const struct store_contact_query merged = {.dealer_code = "D1", .form = STORE_FORM_SHARED};
    assert_false(store_contact_query_scans(&merged));
}

static void a_customer_that_is_not_there_has_no_list(void **state) {
    struct world *world = *state;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(store_snapshot_endp) struct store_snapshot *snapshot = NULL;
    const struct store_contact_query query = {.customer_id = "nobody", .page_size = 10};
    struct store_contact_page page = {.last_id = 4711};
    assert_int_equal(store_snapshot_begin(world->fixture.store, 0, &snapshot, &status), NNRPC_OK);
    assert_int_equal(
        store_list_contacts(snapshot, &query, NULL, NULL, &page, &status), NNRPC_NOT_FOUND);
    assert_string_equal(status.reason, "CUSTOMER_NOT_FOUND");
    assert_int_equal(page.last_id, 4711);
}

static void texts_that_can_match_nothing_give_an_empty_list(void **state) {
    struct world *world = *state;
    static char long_text[2000];
    memset(long_text, '1', sizeof(long_text) - 1);
    const struct store_contact_query queries[] = {
        {.email = long_text},
        {.number = long_text},
        {.number = "none"},
        {.after_id = UINT64_MAX},
        {.has_created_since = true, .created_since_s = INT64_MAX},
        {.has_created_since = true, .created_since_s = INT64_MAX, .form = STORE_FORM_DIRECT},
    };
    for (size_t i = 0; i < NNRPC_LENGTH(queries); i++) {
        struct id_list list = list_contacts(&world->fixture, &queries[i], 10);
        assert_int_equal(list.count, 0);
        assert_int_equal(list.pages, 1);
    }
}

/* Takes so many items and refuses the next. */
struct budget {
    uint32_t left;
    uint32_t taken;
};

static bool take_within_budget(void *self, struct nnrpc_slice record) {
    struct budget *budget = self;
    (void)record;
    if (budget->left == 0) {
        return false;
    }
    budget->left--;
    budget->taken++;
    return true;
}

static void a_page_that_is_full_goes_on_after_its_last_item(void **state) {
    struct world *world = *state;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(store_snapshot_endp) struct store_snapshot *snapshot = NULL;
    assert_int_equal(store_snapshot_begin(world->fixture.store, 0, &snapshot, &status), NNRPC_OK);
    struct store_contact_query query = {.page_size = 10};
    struct store_contact_page page;
    uint64_t third = 0;
    int seen = 0;
    for (size_t i = 0; seen < 3; i++) {
        if (!world->contacts[i].deleted) {
            third = world->contacts[i].id;
            seen++;
        }
    }
    struct budget budget = {.left = 3};
    assert_int_equal(
        store_list_contacts(snapshot, &query, take_within_budget, &budget, &page, &status),
        NNRPC_OK);
    assert_int_equal(budget.taken, 3);
    assert_true(page.more);
    assert_int_equal(page.last_id, third);
    struct budget nothing = {.left = 0};
    query.after_id = third;
    assert_int_equal(
        store_list_contacts(snapshot, &query, take_within_budget, &nothing, &page, &status),
        NNRPC_OK);
    assert_true(page.more);
    assert_int_equal(page.last_id, third);
}

/* A group's teardown cannot fail, so the check of the world is a test. */
static void the_world_is_consistent(void **state) {
    struct world *world = *state;
    fixture_reopen(&world->fixture);
}

/* --- Filters that scan -------------------------------------------------------------------- */

#define SCANNED (STORE_EXAMINE_LIMIT + 2500)

static void put_many(struct fixture *fixture) {
    struct pending *pending = calloc(IN_FLIGHT, sizeof(*pending));
    Contacts__V1__Contact contact = CONTACTS__V1__CONTACT__INIT;
    Contacts__V1__CreateContactRequest create = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    contact.customer_id = "C1";
    create.contact = &contact;
    const struct store_write write = write_of(STORE_CREATE_CONTACT, &create);
    for (size_t first = 0; first < SCANNED; first += IN_FLIGHT) {
        size_t count = SCANNED - first < IN_FLIGHT ? SCANNED - first : IN_FLIGHT;
        for (size_t i = 0; i < count; i++) {
            pending_submit(&pending[i], fixture->store, &write);
        }
        for (size_t i = 0; i < count; i++) {
            ANSWER answer = pending_await(&pending[i]);
            expect_ok(&answer);
        }
    }
    free(pending);
}

static void a_page_examines_no_more_than_the_limit_and_says_where_it_stopped(void **unused) {
    struct fixture fixture;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    (void)unused;
    fixture_open(&fixture, NULL);
    put_customer(&fixture, "C1");
    put_many(&fixture);
    uint64_t shared = put_plain_contact(&fixture, "");
    put_link(&fixture, shared, "C1");
    struct store_snapshot *snapshot = NULL;
    struct store_contact_query query = {
        .customer_id = "C1", .form = STORE_FORM_SHARED, .page_size = 10};
    struct store_contact_page page;
    struct budget budget = {.left = 10};
    assert_int_equal(store_snapshot_begin(fixture.store, 0, &snapshot, &status), NNRPC_OK);
    assert_int_equal(
        store_list_contacts(snapshot, &query, take_within_budget, &budget, &page, &status),
        NNRPC_OK);
    assert_int_equal(budget.taken, 0);
    assert_true(page.more);
    assert_int_equal(page.last_id, STORE_EXAMINE_LIMIT);
    query.after_id = page.last_id;
    assert_int_equal(
        store_list_contacts(snapshot, &query, take_within_budget, &budget, &page, &status),
        NNRPC_OK);
    assert_int_equal(budget.taken, 1);
    assert_false(page.more);
    assert_int_equal(page.last_id, shared);
    store_snapshot_end(snapshot);
    fixture_close(&fixture);
}

int main(void) {
    const struct CMUnitTest contacts[] = {
        cmocka_unit_test(every_combination_of_filters_gives_what_a_walk_over_all_gives),
        cmocka_unit_test(each_filter_alone_gives_what_a_walk_over_all_gives),
        cmocka_unit_test(a_customer_that_is_not_there_has_no_list),
        cmocka_unit_test(texts_that_can_match_nothing_give_an_empty_list),
        cmocka_unit_test(a_page_that_is_full_goes_on_after_its_last_item),
        cmocka_unit_test(the_world_is_consistent),
    };
    const struct CMUnitTest others[] = {
        cmocka_unit_test(a_page_examines_no_more_than_the_limit_and_says_where_it_stopped),
    };
    int failed = cmocka_run_group_tests(contacts, make_world, end_world);
    return failed + cmocka_run_group_tests(others, NULL, NULL);
}
