/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Load: creates contacts with so many calls in flight for some seconds, and tells how many a second
 * were answered, how long answers took, and beside it what the disk of a folder makes durable in
 * the same time with nobody else on it: a figure without its limit says nothing.
 *
 *     contacts_load SERVER SECONDS IN_FLIGHT... [--disk FOLDER]
 *
 * Contacts are packed to about 400 bytes, belong to customers of a thousand, and have an e-mail
 * address and two numbers that nobody else has, so that every index is written.
 */
#include <assert.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "contacts/v1/contact_service.nnrpc.h"
#include "contacts/v1/customer_service.nnrpc.h"
#include "nnrpc/crypto.h"

#define IN_FLIGHT_MOST 4096
#define CUSTOMERS 1000
#define DISK_FILE_BYTES (16 << 20)
#define DISK_WRITE_BYTES 4096
#define NS_PER_S UINT64_C(1000000000)

/* A call under way. */
struct flight {
    struct nnrpc_pending *pending;
    uint64_t started_ns;
};

/* How long answers took, in steps of an eighth of a power of two nanoseconds. */
#define STEPS (64 * 8)
struct times {
    uint64_t counts[STEPS];
    uint64_t total;
};

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static _Noreturn void fail(const char *what, const char *why) {
    fprintf(stderr, "contacts_load: %s: %s\n", what, why);
    exit(1);
}

/* --- Times -------------------------------------------------------------------------------- */

static void times_add(struct times *times, uint64_t ns) {
    unsigned power = 63 - (unsigned)__builtin_clzll(ns | 8);
    times->counts[power * 8 + ((ns >> (power - 3)) & 7)]++;
    times->total++;
}

static double times_us(const struct times *times, double part) {
    uint64_t rest = (uint64_t)((double)times->total * part);
    unsigned step = 0;
    while (step + 1 < STEPS && times->counts[step] <= rest) {
        rest -= times->counts[step++];
    }
    return (double)((UINT64_C(8) + (step & 7)) << (step / 8)) / 8 / 1000;
}

/* --- Creating ----------------------------------------------------------------------------- */

static void make_customers(struct nnrpc_client *client) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    for (int i = 0; i < CUSTOMERS; i++) {
        char id[16];
        Contacts__V1__Customer customer = CONTACTS__V1__CUSTOMER__INIT;
        Contacts__V1__CreateCustomerRequest request = CONTACTS__V1__CREATE_CUSTOMER_REQUEST__INIT;
        Contacts__V1__CreateCustomerResponse *response = NULL;
        snprintf(id, sizeof(id), "load%d", i);
        customer.id = id;
        customer.name = id;
        request.customer = &customer;
        enum nnrpc_code code =
            customer_service_create_customer(client, NULL, &request, &response, &status);
        if (code != NNRPC_OK && code != NNRPC_ALREADY_EXISTS) {
            fail("cannot create a customer", status.message);
        }
        if (code == NNRPC_OK) {
            contacts__v1__create_customer_response__free_unpacked(response, NULL);
        }
    }
}

static void start_create(struct nnrpc_client *client, struct flight *flight) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    Contacts__V1__Contact contact = CONTACTS__V1__CONTACT__INIT;
    Contacts__V1__CreateContactRequest request = CONTACTS__V1__CREATE_CONTACT_REQUEST__INIT;
    uint64_t random = nnrpc_random_u64();
    char customer_id[16];
    char email[48];
    char numbers[2][24];
    snprintf(customer_id, sizeof(customer_id), "load%" PRIu64, random % CUSTOMERS);
    snprintf(email, sizeof(email), "%016" PRIx64 "@mail.example.com", random);
    snprintf(numbers[0], sizeof(numbers[0]), "+44 20 %010" PRIu64, random % 9999999967);
    snprintf(numbers[1], sizeof(numbers[1]), "+44 7%09" PRIu64, random / 3 % 999999937);
    contact.customer_id = customer_id;
    contact.first_name = "Alexandra";
    contact.last_name = "Featherstonehaugh";
    contact.company_name = "Northern Widgets and Fasteners Limited";
    contact.address1 = "Unit 14, Riverside Business Park";
    contact.address2 = "27 Old Mill Lane";
    contact.address4 = "Newcastle upon Tyne";
    contact.address5 = "Tyne and Wear";
    contact.postcode = "NE1 4XY";
    contact.number1 = numbers[0];
    contact.number2 = numbers[1];
    contact.email = email;
    contact.website = "https://www.northern-widgets.example.com/contact";
    contact.contact_position = "Head of Purchasing";
    request.contact = &contact;
    flight->started_ns = now_ns();
    if (contact_service_create_contact_start(client, NULL, &request, &flight->pending, &status) !=
        NNRPC_OK) {
        fail("cannot start a call", status.message);
    }
}

static void finish_create(struct flight *flight, struct times *times) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    Contacts__V1__CreateContactResponse *response = NULL;
    if (contact_service_create_contact_finish(flight->pending, &response, &status) != NNRPC_OK) {
        fail("a create failed", status.message);
    }
    times_add(times, now_ns() - flight->started_ns);
    contacts__v1__create_contact_response__free_unpacked(response, NULL);
}

static void run(struct nnrpc_client *client, uint32_t in_flight, uint64_t seconds) {
    static struct flight flights[IN_FLIGHT_MOST];
    struct times times = {.total = 0};
    assert(in_flight > 0);
    uint64_t started_ns = now_ns();
    uint64_t end_ns = started_ns + seconds * NS_PER_S;
    for (uint32_t i = 0; i < in_flight; i++) {
        start_create(client, &flights[i]);
    }
    for (uint32_t i = 0; now_ns() < end_ns; i = (i + 1) % in_flight) {
        finish_create(&flights[i], &times);
        start_create(client, &flights[i]);
    }
    double elapsed_s = (double)(now_ns() - started_ns) / (double)NS_PER_S;
    uint64_t answered = times.total;
    for (uint32_t i = 0; i < in_flight; i++) {
        finish_create(&flights[i], &times);
    }
    printf(
        "%5" PRIu32 " in flight: %8.0f creates/s, p50 %.0f us, p99 %.0f us\n", in_flight,
        (double)answered / elapsed_s, times_us(&times, 0.5), times_us(&times, 0.99));
    fflush(stdout);
}

/* --- The disk alone ----------------------------------------------------------------------- */

static void run_disk(const char *folder) {
    static char bytes[1 << 20];
    char path[4096];
    snprintf(path, sizeof(path), "%s/contacts_load.tmp", folder);
    int descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        fail("cannot create a file in", folder);
    }
    unlink(path);
    for (int at = 0; at < DISK_FILE_BYTES; at += (int)sizeof(bytes)) {
        if (pwrite(descriptor, bytes, sizeof(bytes), at) != (ssize_t)sizeof(bytes)) {
            fail("cannot write in", folder);
        }
    }
    fsync(descriptor);
    uint64_t count = 0;
    uint64_t started_ns = now_ns();
    while (now_ns() - started_ns < NS_PER_S) {
        off_t at = (off_t)(count * DISK_WRITE_BYTES % DISK_FILE_BYTES);
        if (pwrite(descriptor, bytes, DISK_WRITE_BYTES, at) != DISK_WRITE_BYTES ||
            fdatasync(descriptor) != 0) {
            fail("cannot sync in", folder);
        }
        count++;
    }
    printf("the disk alone: %8.0f syncs/s of %d bytes\n", (double)count, DISK_WRITE_BYTES);
    close(descriptor);
}

int main(int argc, char **argv) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(nnrpc_client_freep) struct nnrpc_client *client = NULL;
    if (argc < 4) {
        fail("usage", "contacts_load SERVER SECONDS IN_FLIGHT... [--disk FOLDER]");
    }
    uint64_t seconds = strtoull(argv[2], NULL, 10);
    const char *const endpoints[] = {argv[1]};
    const struct nnrpc_client_options options = {.endpoints = endpoints, .endpoint_count = 1};
    if (nnrpc_client_new(&options, &client, &status) != NNRPC_OK) {
        fail(argv[1], status.message);
    }
    make_customers(client);
    for (int i = 3; i < argc; i++) {
        if (strcmp(argv[i], "--disk") == 0 && i + 1 < argc) {
            run_disk(argv[++i]);
            continue;
        }
        uint64_t in_flight = strtoull(argv[i], NULL, 10);
        if (in_flight < 1 || in_flight > IN_FLIGHT_MOST) {
            fail(argv[i], "not a number of calls from 1 to 4096");
        }
        run(client, (uint32_t)in_flight, seconds);
    }
    return 0;
}
