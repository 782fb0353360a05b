/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of customers against brute force: all, created since a time, by their unique values.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_fixture.h"

#define MANY_CUSTOMERS 700

struct model_customer {
    char id[16];
    bool deleted;
    int64_t created_s;
    int32_t created_ns;
};

struct customer_list {
    size_t count;
    char ids[MANY_CUSTOMERS][16];
};

static bool add_customer_id(void *self, struct nnrpc_slice record) {
    struct customer_list *list = self;
    Contacts__V1__Customer *customer =
        contacts__v1__customer__unpack(NULL, record.size, record.data);
    assert_non_null(customer);
    assert_true(list->count < MANY_CUSTOMERS);
    snprintf(list->ids[list->count++], 16, "%s", customer->id);
    contacts__v1__customer__free_unpacked(customer, NULL);
    return true;
}

static void list_customers(
    struct fixture *fixture, const struct store_customer_query *query,
    struct customer_list *out_list) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(store_snapshot_endp) struct store_snapshot *snapshot = NULL;
    struct store_customer_query paged = *query;
    struct store_customer_page page = {.more = true};
    out_list->count = 0;
    assert_int_equal(store_snapshot_begin(fixture->store, 0, &snapshot, &status), NNRPC_OK);
    while (page.more) {
        size_t before = out_list->count;
        assert_int_equal(
            store_list_customers(snapshot, &paged, add_customer_id, out_list, &page, &status),
            NNRPC_OK);
        assert_true(out_list->count - before <= query->page_size);
        paged.after_id = page.last_id;
    }
}

static int by_id(const void *a, const void *b) {
    return strcmp(((const struct model_customer *)a)->id, ((const struct model_customer *)b)->id);
}

/* Creates customers whose ids are in no order, and deletes a fifth of them. */
static void make_customers(struct fixture *fixture, struct model_customer *models) {
    uint64_t seed = 7;
    for (uint32_t i = 0; i < MANY_CUSTOMERS; i++) {
        Contacts__V1__CreateCustomerRequest create = CONTACTS__V1__CREATE_CUSTOMER_REQUEST__INIT;
        Contacts__V1__Customer customer = CONTACTS__V1__CUSTOMER__INIT;
        snprintf(
            models[i].id, sizeof(models[i].id), "%" PRIu32 "-%" PRIu32, random_below(&seed, 10000),
            i);
        customer.id = models[i].id;
        create.customer = &customer;
        ANSWER answer = act_now(fixture, STORE_CREATE_CUSTOMER, &create);
        Contacts__V1__Customer *created = answer_customer(&answer);
        models[i].created_s = created->create_time->seconds;
        models[i].created_ns = created->create_time->nanos;
        contacts__v1__customer__free_unpacked(created, NULL);
    }
    for (uint32_t i = 0; i < MANY_CUSTOMERS; i += 1 + random_below(&seed, 9)) {
        Contacts__V1__DeleteCustomerRequest request = CONTACTS__V1__DELETE_CUSTOMER_REQUEST__INIT;
        request.id = models[i].id;
        ANSWER answer = act_now(fixture, STORE_DELETE_CUSTOMER, &request);
        expect_ok(&answer);
        models[i].deleted = true;
    }
}

static void expect_customers(
    struct fixture *fixture, const struct model_customer *sorted,
    const struct store_customer_query *query) {
    static struct customer_list list;
    size_t at = 0;
    list_customers(fixture, query, &list);
    for (size_t i = 0; i < MANY_CUSTOMERS; i++) {
        const struct model_customer *model = &sorted[i];
        bool old = query->has_created_since && (model->created_s < query->created_since_s ||
                                                (model->created_s == query->created_since_s &&
                                                 model->created_ns < query->created_since_ns));
        if (!model->deleted && !old && strcmp(model->id, query->after_id) > 0) {
            assert_true(at < list.count);
            assert_string_equal(list.ids[at], model->id);
            at++;
        }
    }
    assert_int_equal(at, list.count);
}

static void customers_created_since_a_time_are_listed_by_id(void **unused) {
    struct fixture fixture;
    static struct model_customer models[MANY_CUSTOMERS];
    static struct model_customer sorted[MANY_CUSTOMERS];
    (void)unused;
    fixture_open(&fixture, NULL);
    make_customers(&fixture, models);
    memcpy(sorted, models, sizeof(sorted));
    qsort(sorted, MANY_CUSTOMERS, sizeof(sorted[0]), by_id);
    static const uint32_t page_sizes[] = {1, 9, 100, 1000};
    for (size_t i = 0; i < MANY_CUSTOMERS; i += 7) {
        struct store_customer_query query = {
            .after_id = i % 3 == 0 ? models[(i * 31) % MANY_CUSTOMERS].id : "",
            .has_created_since = true,
            .created_since_s = models[i].created_s,
            .created_since_ns = models[i].created_ns,
            .page_size = page_sizes[i % 4],
        };
        expect_customers(&fixture, sorted, &query);
    }
    const struct store_customer_query all = {.after_id = "", .page_size = 33};
    expect_customers(&fixture, sorted, &all);
    const struct store_customer_query since_ever = {
        .after_id = "", .has_created_since = true, .created_since_s = 0, .page_size = 50};
    expect_customers(&fixture, sorted, &since_ever);
    const struct store_customer_query never = {
        .after_id = "", .has_created_since = true, .created_since_s = INT64_MAX, .page_size = 5};
    expect_customers(&fixture, sorted, &never);
    fixture_close(&fixture);
}

static void put_numbered_customer(
    struct fixture *fixture, const char *id, const char *account, const char *reference) {
    Contacts__V1__CreateCustomerRequest create = CONTACTS__V1__CREATE_CUSTOMER_REQUEST__INIT;
    Contacts__V1__Customer customer = CONTACTS__V1__CUSTOMER__INIT;
    customer.id = (char *)id;
    customer.account_number = (char *)account;
    customer.crm_reference = (char *)reference;
    create.customer = &customer;
    ANSWER answer = act_now(fixture, STORE_CREATE_CUSTOMER, &create);
    expect_ok(&answer);
}

static void customers_are_found_by_account_number_and_crm_reference(void **unused) {
    struct fixture fixture;
    struct customer_list list;
    (void)unused;
    fixture_open(&fixture, NULL);
    put_numbered_customer(&fixture, "B", "A1", "R1");
    put_numbered_customer(&fixture, "C", "A2", "R2");
    const struct {
        struct store_customer_query query;
        const char *id;
    } cases[] = {
        {{.account_number = "A1", .page_size = 5}, "B"},
        {{.crm_reference = "R2", .page_size = 5}, "C"},
        {{.account_number = "A1", .crm_reference = "R1", .page_size = 5}, "B"},
        {{.account_number = "A1", .crm_reference = "R2", .page_size = 5}, NULL},
        {{.account_number = "A3", .page_size = 5}, NULL},
        {{.account_number = "a1", .page_size = 5}, NULL},
        {{.account_number = "A1", .after_id = "A", .page_size = 5}, "B"},
        {{.account_number = "A1", .after_id = "B", .page_size = 5}, NULL},
        {{.account_number = "A1",
          .has_created_since = true,
          .created_since_s = INT64_MAX,
          .page_size = 5},
         NULL},
        {{.account_number = "A1", .has_created_since = true, .page_size = 5}, "B"},
    };
    for (size_t i = 0; i < NNRPC_LENGTH(cases); i++) {
        list_customers(&fixture, &cases[i].query, &list);
        assert_int_equal(list.count, cases[i].id == NULL ? 0 : 1);
        if (cases[i].id != NULL) {
            assert_string_equal(list.ids[0], cases[i].id);
        }
    }
    fixture_close(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(customers_created_since_a_time_are_listed_by_id),
        cmocka_unit_test(customers_are_found_by_account_number_and_crm_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
