/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies of a store by its change feed. Simple on purpose: sorted arrays, searched from the start.
 */
#include "replica.h"

#include <stdlib.h>
#include <string.h>

#include "store/store.h"

/* A shared contact and a customer that are linked. */
struct link {
    const char *customer_id;
    const char *contact_id;
};

struct replica {
    uint64_t revision;
    const Contact **contacts; /* ascending by number */
    size_t contact_count;
    const Customer **customers; /* ascending by bytes */
    size_t customer_count;
    struct link *links; /* in no order */
    size_t link_count;
    const Contacts__V1__PresetValue **presets; /* in no order */
    size_t preset_count;
    size_t capacity; /* of each */
};

static void release_replica(void *thing) {
    struct replica *replica = thing;
    free(replica->contacts);
    free(replica->customers);
    free(replica->links);
    free(replica->presets);
    free(replica);
}

struct replica *replica_new(void) {
    struct replica *replica = calloc(1, sizeof(*replica));
    assert_non_null(replica);
    scenario_keep_thing(replica, release_replica);
    return replica;
}

uint64_t replica_revision(const struct replica *replica) {
    return replica->revision;
}

size_t replica_contact_count(const struct replica *replica) {
    return replica->contact_count;
}

size_t replica_customer_count(const struct replica *replica) {
    return replica->customer_count;
}

static void *grown(void *array, size_t count, size_t size) {
    void *made = realloc(array, count * size);
    assert_non_null(made);
    return made;
}

/* One change adds one of each at the most, but for links. */
static void make_room(struct replica *replica, size_t links) {
    size_t needed = replica->contact_count + replica->customer_count + replica->link_count +
                    replica->preset_count + links + 1;
    if (needed <= replica->capacity) {
        return;
    }
    replica->capacity = 2 * needed;
    replica->contacts = grown(replica->contacts, replica->capacity, sizeof(Contact *));
    replica->customers = grown(replica->customers, replica->capacity, sizeof(Customer *));
    replica->links = grown(replica->links, replica->capacity, sizeof(struct link));
    replica->presets =
        grown(replica->presets, replica->capacity, sizeof(Contacts__V1__PresetValue *));
}

/* --- Applying ------------------------------------------------------------------------------- */

static uint64_t number_of(const Contact *contact) {
    return strtoull(contact->id, NULL, 10);
}

/* Where a contact is or would be. */
static size_t contact_place(const struct replica *replica, const Contact *contact) {
    size_t place = replica->contact_count;
    while (place > 0 && number_of(replica->contacts[place - 1]) >= number_of(contact)) {
        place--;
    }
    return place;
}

static bool has_contact_at(const struct replica *replica, size_t place, const Contact *contact) {
    return place < replica->contact_count && strcmp(replica->contacts[place]->id, contact->id) == 0;
}

static void insert_contact(struct replica *replica, const Contact *contact) {
    size_t place = contact_place(replica, contact);
    assert_false(has_contact_at(replica, place, contact));
    memmove(
        replica->contacts + place + 1, replica->contacts + place,
        (replica->contact_count - place) * sizeof(Contact *));
    replica->contacts[place] = contact;
    replica->contact_count++;
}

static void replace_contact(struct replica *replica, const Contact *contact) {
    size_t place = contact_place(replica, contact);
    assert_true(has_contact_at(replica, place, contact));
    replica->contacts[place] = contact;
}

static void remove_links_of(
    struct replica *replica, const char *contact_id, const char *customer_id) {
    for (size_t i = replica->link_count; i-- > 0;) {
        const struct link *link = &replica->links[i];
        if ((contact_id == NULL || strcmp(link->contact_id, contact_id) == 0) &&
            (customer_id == NULL || strcmp(link->customer_id, customer_id) == 0)) {
            replica->links[i] = replica->links[--replica->link_count];
        }
    }
}

static void remove_contact(struct replica *replica, const Contact *contact) {
    size_t place = contact_place(replica, contact);
    assert_true(has_contact_at(replica, place, contact));
    assert_string_equal(replica->contacts[place]->customer_id, contact->customer_id);
    memmove(
        replica->contacts + place, replica->contacts + place + 1,
        (replica->contact_count - place - 1) * sizeof(Contact *));
    replica->contact_count--;
    remove_links_of(replica, contact->id, NULL);
}

static void add_links(struct replica *replica, const Contacts__V1__Change *change) {
    for (size_t i = 0; i < change->n_linked_customer_ids; i++) {
        replica->links[replica->link_count++] = (struct link){
            .customer_id = change->linked_customer_ids[i], .contact_id = change->contact->id};
    }
}

static void remove_links(struct replica *replica, const Contacts__V1__Change *change) {
    for (size_t i = 0; i < change->n_linked_customer_ids; i++) {
        size_t before = replica->link_count;
        remove_links_of(replica, change->contact->id, change->linked_customer_ids[i]);
        assert_int_equal(replica->link_count, before - 1);
    }
}

static size_t customer_place(const struct replica *replica, const char *id) {
    size_t place = replica->customer_count;
    while (place > 0 && strcmp(replica->customers[place - 1]->id, id) >= 0) {
        place--;
    }
    return place;
}

static void put_customer(struct replica *replica, const Customer *customer, bool is_new) {
    size_t place = customer_place(replica, customer->id);
    bool found =
        place < replica->customer_count && strcmp(replica->customers[place]->id, customer->id) == 0;
    assert_int_equal(found, !is_new);
    if (is_new) {
        memmove(
            replica->customers + place + 1, replica->customers + place,
            (replica->customer_count - place) * sizeof(Customer *));
        replica->customer_count++;
    }
    replica->customers[place] = customer;
}

/* Its direct contacts must have gone before it. */
static void remove_customer(struct replica *replica, const char *id) {
    size_t place = customer_place(replica, id);
    assert_true(place < replica->customer_count && strcmp(replica->customers[place]->id, id) == 0);
    memmove(
        replica->customers + place, replica->customers + place + 1,
        (replica->customer_count - place - 1) * sizeof(Customer *));
    replica->customer_count--;
    remove_links_of(replica, NULL, id);
    for (size_t i = 0; i < replica->contact_count; i++) {
        assert_string_not_equal(replica->contacts[i]->customer_id, id);
    }
}

static void put_preset_value(struct replica *replica, const Contacts__V1__PresetValue *value) {
    for (size_t i = 0; i < replica->preset_count; i++) {
        const Contacts__V1__PresetValue *known = replica->presets[i];
        if (strcmp(known->field, value->field) == 0 && strcmp(known->name, value->name) == 0) {
            replica->presets[i] = value;
            return;
        }
    }
    replica->presets[replica->preset_count++] = value;
}

static void apply(struct replica *replica, const Contacts__V1__Change *change) {
    assert_int_equal(change->revision, replica->revision + 1);
    replica->revision = change->revision;
    make_room(replica, change->n_linked_customer_ids);
    switch (change->kind) {
    case CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_CONTACT_CREATED:
        insert_contact(replica, change->contact);
        add_links(replica, change);
        break;
    case CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_CONTACT_UPDATED:
        replace_contact(replica, change->contact);
        break;
    case CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_CONTACT_CONVERTED:
        replace_contact(replica, change->contact);
        add_links(replica, change);
        break;
    case CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_CONTACT_DELETED:
        remove_contact(replica, change->contact);
        break;
    case CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_LINK_ADDED:
        add_links(replica, change);
        break;
    case CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_LINK_REMOVED:
        remove_links(replica, change);
        break;
    case CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_CUSTOMER_CREATED:
        put_customer(replica, change->customer, true);
        break;
    case CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_CUSTOMER_UPDATED:
        put_customer(replica, change->customer, false);
        break;
    case CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_CUSTOMER_DELETED:
        remove_customer(replica, change->customer->id);
        break;
    case CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_PRESET_PUT:
    case CONTACTS__V1__CHANGE_KIND__CHANGE_KIND_PRESET_RETIRED:
        put_preset_value(replica, change->preset_value);
        break;
    default:
        fail_msg("a change of kind %d", (int)change->kind);
    }
}

void replica_catch_up(struct replica *replica, struct peer *peer) {
    Contacts__V1__ListChangesRequest request = CONTACTS__V1__LIST_CHANGES_REQUEST__INIT;
    request.page_size = 1000;
    for (;;) {
        request.after_revision = replica->revision;
        const Contacts__V1__ListChangesResponse *response = call_list_changes(peer, &request);
        expect_ok(peer);
        for (size_t i = 0; i < response->n_changes; i++) {
            apply(replica, response->changes[i]);
        }
        assert_int_equal(response->next_revision, replica->revision);
        if (response->n_changes == 0) {
            return;
        }
    }
}

/* --- Comparing ------------------------------------------------------------------------------ */

static int compare_texts(const void *left, const void *right) {
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void expect_equal_links(
    const struct replica *replica, const Contact *contact,
    const Contacts__V1__ContactLinks *links) {
    const char **expected = calloc(replica->link_count + 1, sizeof(*expected));
    size_t count = 0;
    assert_non_null(expected);
    scenario_keep(expected);
    if (contact->customer_id[0] != '\0') {
        expected[count++] = contact->customer_id;
    }
    for (size_t i = 0; i < replica->link_count; i++) {
        if (strcmp(replica->links[i].contact_id, contact->id) == 0) {
            expected[count++] = replica->links[i].customer_id;
        }
    }
    qsort(expected, count, sizeof(*expected), compare_texts);
    assert_string_equal(links->contact_id, contact->id);
    assert_int_equal(links->n_customer_ids, count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(links->customer_ids[i], expected[i]);
    }
}

static void expect_equal_contacts(const struct replica *replica, struct peer *peer) {
    Contacts__V1__ListContactsRequest request = CONTACTS__V1__LIST_CONTACTS_REQUEST__INIT;
    size_t next = 0;
    request.include_links = 1;
    request.page_size = 1000;
    for (int page = 0; page == 0 || request.page_token[0] != '\0'; page++) {
        const Contacts__V1__ListContactsResponse *response = call_list_contacts(peer, &request);
        expect_ok(peer);
        assert_int_equal(response->n_links, response->n_contacts);
        for (size_t i = 0; i < response->n_contacts; i++, next++) {
            assert_true(next < replica->contact_count);
            expect_equal_messages(response->contacts[i], replica->contacts[next]);
            expect_equal_links(replica, replica->contacts[next], response->links[i]);
        }
        request.page_token = response->next_page_token;
    }
    assert_int_equal(next, replica->contact_count);
}

static void expect_equal_customers(const struct replica *replica, struct peer *peer) {
    Contacts__V1__ListCustomersRequest request = CONTACTS__V1__LIST_CUSTOMERS_REQUEST__INIT;
    size_t next = 0;
    request.page_size = 1000;
    for (int page = 0; page == 0 || request.page_token[0] != '\0'; page++) {
        const Contacts__V1__ListCustomersResponse *response = call_list_customers(peer, &request);
        expect_ok(peer);
        for (size_t i = 0; i < response->n_customers; i++, next++) {
            assert_true(next < replica->customer_count);
            expect_equal_messages(response->customers[i], replica->customers[next]);
        }
        request.page_token = response->next_page_token;
    }
    assert_int_equal(next, replica->customer_count);
}

static size_t count_known(
    const struct replica *replica, const Contacts__V1__ListPresetValuesResponse *response) {
    size_t count = 0;
    for (size_t i = 0; i < response->n_values; i++) {
        for (size_t k = 0; k < replica->preset_count; k++) {
            const Contacts__V1__PresetValue *known = replica->presets[k];
            const Contacts__V1__PresetValue *value = response->values[i];
            count += strcmp(known->field, value->field) == 0 &&
                     strcmp(known->name, value->name) == 0 && known->retired == value->retired;
        }
    }
    return count;
}

static void expect_equal_presets(const struct replica *replica, struct peer *peer) {
    size_t count = 0;
    for (const char *const *field = store_preset_fields; *field != NULL; field++) {
        Contacts__V1__ListPresetValuesRequest request =
            CONTACTS__V1__LIST_PRESET_VALUES_REQUEST__INIT;
        request.field = text(*field);
        request.include_retired = 1;
        request.page_size = 1000;
        const Contacts__V1__ListPresetValuesResponse *response =
            call_list_preset_values(peer, &request);
        expect_ok(peer);
        assert_int_equal(count_known(replica, response), response->n_values);
        count += response->n_values;
    }
    assert_int_equal(count, replica->preset_count);
}

void expect_equal_store(const struct replica *replica, struct peer *peer) {
    assert_int_equal(replica->revision, revision_now(peer));
    expect_equal_contacts(replica, peer);
    expect_equal_customers(replica, peer);
    expect_equal_presets(replica, peer);
}
