/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The change feed is enough to keep a copy of the store: hundreds of random writes, by one caller
 * and by several at once, and a copy made of nothing but the feed equals what the store shows.
 */
#include <stdlib.h>
#include <string.h>

#include "replica.h"

#define WRITES 700
#define WRITERS 4
#define WRITES_EACH 120
#define KNOWN_MOST 4096

/* Somebody who writes at random, and knows what there is to write to. */
struct writer {
    struct peer *peer;
    uint32_t seed;
    const char *customers[KNOWN_MOST];
    size_t customer_count;
    const char *contacts[KNOWN_MOST];
    size_t contact_count;
    size_t successes;
    size_t writes;
};

static unsigned next_random(struct writer *writer) {
    writer->seed = writer->seed * 1664525 + 1013904223;
    return writer->seed >> 8;
}

static const char *some_customer(struct writer *writer) {
    return writer->customer_count == 0
               ? "nobody"
               : writer->customers[next_random(writer) % writer->customer_count];
}

static const char *some_contact(struct writer *writer) {
    return writer->contact_count == 0
               ? "987654321"
               : writer->contacts[next_random(writer) % writer->contact_count];
}

static void write_customer(struct writer *writer, const char *name) {
    Customer customer = CUSTOMER_INIT;
    customer.name = text(name);
    customer.account_number = next_random(writer) % 4 == 0 ? text(name) : text("");
    const Customer *created = try_create_customer(writer->peer, &customer);
    if (created != NULL) {
        writer->customers[writer->customer_count++] = created->id;
    }
}

static void write_contact(struct writer *writer, const char *name) {
    Contact contact =
        contact_named(name, next_random(writer) % 2 == 0 ? "" : some_customer(writer));
    contact.email = format_text("%s@example.org", name);
    contact.account_password = next_random(writer) % 8 == 0 ? text(name) : text("");
    const Contact *created = try_create_contact(writer->peer, &contact);
    if (created != NULL) {
        writer->contacts[writer->contact_count++] = created->id;
    }
}

static void rename_some_contact(struct writer *writer, const char *name) {
    Contact change = CONTACT_INIT;
    change.id = text(some_contact(writer));
    change.last_name = text(name);
    try_update_contact(writer->peer, &change, MASK("last_name"));
}

static void rename_some_customer(struct writer *writer, const char *name) {
    Customer change = CUSTOMER_INIT;
    change.id = text(some_customer(writer));
    change.name = text(name);
    try_update_customer(writer->peer, &change, MASK("name"));
}

static void write_preset(struct writer *writer) {
    const char *name = format_text("Title %u", next_random(writer) % 6);
    if (next_random(writer) % 2 == 0) {
        try_put_preset(writer->peer, "title", name);
    } else {
        try_retire_preset(writer->peer, "title", name);
    }
}

/* One write of any kind; that some are refused is part of it. */
static void write_something(struct writer *writer) {
    const char *name = format_text("n%u.%zu", writer->seed, writer->writes);
    switch (next_random(writer) % 16) {
    case 0:
    case 1:
        write_customer(writer, name);
        break;
    case 2:
    case 3:
    case 4:
    case 5:
        write_contact(writer, name);
        break;
    case 6:
        rename_some_contact(writer, name);
        break;
    case 7:
        rename_some_customer(writer, name);
        break;
    case 8:
    case 9:
    case 10:
        try_add_link(writer->peer, some_customer(writer), some_contact(writer));
        break;
    case 11:
        try_remove_link(writer->peer, some_customer(writer), some_contact(writer));
        break;
    case 12:
        try_convert_contact(writer->peer, some_contact(writer), "");
        break;
    case 13:
        try_delete_contact(writer->peer, some_contact(writer), "");
        break;
    case 14:
        if (next_random(writer) % 3 == 0) {
            try_delete_customer(writer->peer, some_customer(writer), "");
        }
        break;
    default:
        write_preset(writer);
        break;
    }
    writer->writes++;
    writer->successes += peer_succeeded(writer->peer);
}

static struct writer *writer_new(struct peer *peer, uint32_t seed) {
    struct writer *writer = scenario_keep(calloc(1, sizeof(*writer)));
    assert_non_null(writer);
    writer->peer = join(peer->server, NULL);
    writer->seed = seed;
    return writer;
}

static void a_copy_by_the_feed_equals_the_store_after_every_stretch(void **state) {
    struct peer *peer = *state;
    struct writer *writer = writer_new(peer, 1);
    struct replica *replica = replica_new();
    for (int i = 0; i < WRITES; i++) {
        write_something(writer);
        assert_null(writer->peer->fault);
        if (i % 100 == 99) {
            replica_catch_up(replica, peer);
            expect_equal_store(replica, peer);
        }
    }
    assert_true(writer->successes > WRITES / 2);
    assert_true(replica_contact_count(replica) > 20);
    assert_true(replica_customer_count(replica) > 20);
}

struct stretch {
    struct writer *writer;
};

static void write_for_a_while(void *argument) {
    struct stretch *stretch = argument;
    for (int i = 0; i < WRITES_EACH; i++) {
        write_something(stretch->writer);
    }
}

static void a_copy_by_the_feed_equals_the_store_after_many_writers(void **state) {
    struct peer *peer = *state;
    struct stretch stretches[WRITERS];
    struct writer *first = writer_new(peer, 17);
    for (int i = 0; i < 40; i++) {
        write_customer(first, fresh("common"));
        write_contact(first, fresh("common"));
    }
    for (uint32_t i = 0; i < WRITERS; i++) {
        stretches[i].writer = writer_new(peer, 1000 + i);
        memcpy(
            stretches[i].writer->customers, first->customers,
            first->customer_count * sizeof(char *));
        memcpy(
            stretches[i].writer->contacts, first->contacts, first->contact_count * sizeof(char *));
        stretches[i].writer->customer_count = first->customer_count;
        stretches[i].writer->contact_count = first->contact_count;
    }
    run_together(write_for_a_while, stretches, sizeof(stretches[0]), WRITERS);
    for (size_t i = 0; i < WRITERS; i++) {
        assert_null(stretches[i].writer->peer->fault);
        assert_true(stretches[i].writer->successes > WRITES_EACH / 3);
    }
    struct replica *replica = replica_new();
    replica_catch_up(replica, peer);
    expect_equal_store(replica, peer);
}

static void the_feed_goes_on_across_a_restart(void **state) {
    (void)state;
    struct contactd_process *server = start_server(NULL);
    struct peer *peer = join(server, NULL);
    struct replica *replica = replica_new();
    struct writer *writer = writer_new(peer, 99);
    for (int i = 0; i < 60; i++) {
        write_something(writer);
    }
    replica_catch_up(replica, peer);
    contactd_stop(server);
    contactd_restart(server);
    expect_equal_store(replica, peer);
    for (int i = 0; i < 60; i++) {
        write_something(writer);
    }
    replica_catch_up(replica, peer);
    expect_equal_store(replica, peer);
    contactd_stop(server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        scenario_test(a_copy_by_the_feed_equals_the_store_after_every_stretch),
        scenario_test(a_copy_by_the_feed_equals_the_store_after_many_writers),
        scenario_test(the_feed_goes_on_across_a_restart),
        scenario_test(the_server_stops_and_its_store_is_sound),
    };
    return cmocka_run_group_tests_name("feed", tests, share_a_server, NULL);
}
