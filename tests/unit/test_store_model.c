/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Thousands of random acts against a model (store_model.h).
 *
 * Acts are submitted in batches, so that groups of all sizes come up, and single ones are repeated
 * with their request id. At the end the change feed is folded into a second model, which must be
 * equal, and the consistency check runs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_model.h"

#define ACTS 8000

/* --- Running ------------------------------------------------------------------------------ */

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
    uint32_t count = 1 + model_below(run, model_chance(run, 30) ? BATCH_MOST : 8);
    for (uint32_t i = 0; i < count; i++) {
        model_make_act(run, &run->acts[i]);
        pending_submit(&run->acts[i].pending, run->fixture.store, &run->acts[i].write);
    }
    uint32_t repeated = model_below(run, count);
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
    model_set_customer_id(text, model->customer);
    assert_string_equal(contact->customer_id, text);
    model_set_title(text, model->title);
    assert_string_equal(contact->title, text);
    assert_string_equal(contact->last_name, model_names[model->name]);
    assert_string_equal(contact->email, model_emails[model->email]);
    assert_string_equal(contact->number2, model_numbers[model->number]);
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
        model_set_customer_id(id, i);
        Contacts__V1__Customer *customer = read_customer(&run->fixture, id);
        assert_int_equal(customer != NULL, run->model.customers[i].exists);
        if (customer != NULL) {
            char account[16];
            model_set_account(account, run->model.customers[i].account);
            assert_string_equal(customer->account_number, account);
            assert_string_equal(customer->name, model_names[run->model.customers[i].name]);
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
        contact->name = index_of(given->last_name, model_names, 4);
        contact->email = index_of(given->email, model_emails, 4);
        contact->number = index_of(given->number2, model_numbers, 4);
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
        assert_int_equal(model_remove_customer(model, number_behind(change->customer->id)), 0);
    } else if (change->customer != NULL) {
        model->customers[number_behind(change->customer->id)] = (struct model_customer){
            .exists = true,
            .account = number_behind(change->customer->account_number),
            .name = index_of(change->customer->name, model_names, 4),
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
