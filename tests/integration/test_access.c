/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may call what: every rpc of the generated tables, for every role, on both kinds of address.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "acts.h"
#include "nnrpc/tokens.h"

#define REQUEST_BYTES 512

static const struct nnrpc_service *const services[] = {
    &contact_service_service, &customer_service_service,   &preset_service_service,
    &change_service_service,  &admin_service_service,      &health_service_service,
    &stats_service_service,   &reflection_service_service, &control_service_service};

/* Everybody who calls; NNRPC_ROLE_UNSPECIFIED stands for nobody's token. */
static const enum nnrpc_role roles[] = {
    NNRPC_ROLE_UNSPECIFIED, NNRPC_ROLE_READER, NNRPC_ROLE_WRITER, NNRPC_ROLE_ADMIN};

/* --- The table ------------------------------------------------------------------------------ */

/* Calls a method with an empty request. */
static void try_method(struct peer *peer, const struct nnrpc_method *method) {
    _Alignas(16) char request[REQUEST_BYTES];
    const ProtobufCMessageDescriptor *type = method->request->descriptor;
    assert_true(type->sizeof_message <= sizeof(request));
    type->message_init((ProtobufCMessage *)request);
    call_method(peer, method, (ProtobufCMessage *)request);
}

/* The handler was reached: it did its work, or found the empty request wanting. */
static void expect_allowed(const struct peer *peer, const struct nnrpc_method *method) {
    bool allowed = peer->fault == NULL && (peer->status.code == NNRPC_OK ||
                                           (peer->status.code == NNRPC_INVALID_ARGUMENT &&
                                            strcmp(peer->status.domain, "contacts") == 0));
    if (!allowed) {
        fail_msg(
            "%s was answered %s: %s", method->name, nnrpc_code_name(peer->status.code),
            peer->status.message);
    }
}

static void expect_missing_token(const struct peer *peer) {
    expect_nnrpc_reason(peer, NNRPC_UNAUTHENTICATED, "TOKEN_MISSING");
}

static void expect_missing_role(
    const struct peer *peer, const struct nnrpc_method *method, enum nnrpc_role role) {
    expect_nnrpc_reason(peer, NNRPC_PERMISSION_DENIED, "ROLE_REQUIRED");
    expect_info(peer, "role", nnrpc_role_name(role));
    expect_info(peer, "required_role", nnrpc_role_name(method->role));
}

/* Every method for one caller; anonymous is the role that no token gives. */
static void expect_table(struct peer *peer, enum nnrpc_role role, enum nnrpc_role anonymous) {
    enum nnrpc_role effective = role != NNRPC_ROLE_UNSPECIFIED ? role : anonymous;
    size_t methods = 0;
    for (size_t i = 0; i < NNRPC_LENGTH(services); i++) {
        for (size_t k = 0; k < services[i]->method_count; k++) {
            const struct nnrpc_method *method = &services[i]->methods[k];
            assert_int_not_equal(method->role, NNRPC_ROLE_UNSPECIFIED);
            try_method(peer, method);
            if (effective >= method->role) {
                expect_allowed(peer, method);
            } else if (role == NNRPC_ROLE_UNSPECIFIED) {
                expect_missing_token(peer);
            } else {
                expect_missing_role(peer, method, role);
            }
            methods++;
        }
    }
    assert_int_equal(methods, 28);
}

struct tokens {
    char texts[NNRPC_LENGTH(roles)][NNRPC_TOKEN_TEXT_BYTES];
};

static void create_tokens(const struct contactd_process *server, struct tokens *out_tokens) {
    for (size_t i = 1; i < NNRPC_LENGTH(roles); i++) {
        assert_int_equal(
            nnrpc_tokens_create(
                server->tokens, nnrpc_role_name(roles[i]), roles[i], out_tokens->texts[i], NULL),
            NNRPC_OK);
    }
}

static void expect_tables(
    struct contactd_process *server, const char *url, const struct tokens *tokens,
    enum nnrpc_role anonymous) {
    for (size_t i = 0; i < NNRPC_LENGTH(roles); i++) {
        const struct peer_options options = {
            .url = url,
            .token = roles[i] != NNRPC_ROLE_UNSPECIFIED ? tokens->texts[i] : NULL,
        };
        expect_table(join(server, &options), roles[i], anonymous);
    }
}

static struct contactd_process *prepare_with_tokens(struct tokens *out_tokens) {
    struct contactd_process *server = prepare_server();
    contactd_use_tcp(server);
    create_tokens(server, out_tokens);
    return server;
}

static void every_method_asks_for_its_role(void **state) {
    (void)state;
    struct tokens tokens;
    struct contactd_process *server = prepare_with_tokens(&tokens);
    const char *const flags[] = {"--tokens", server->tokens, NULL};
    contactd_start(server, flags);
    expect_tables(server, server->url, &tokens, NNRPC_ROLE_ADMIN);
    expect_tables(server, server->tcp_url, &tokens, NNRPC_ROLE_PUBLIC);
    contactd_stop(server);
}

static void tokens_can_be_required_on_ipc_too(void **state) {
    (void)state;
    struct tokens tokens;
    struct contactd_process *server = prepare_with_tokens(&tokens);
    const char *const flags[] = {"--tokens", server->tokens, "--require-token", NULL};
    contactd_start(server, flags);
    expect_tables(server, server->url, &tokens, NNRPC_ROLE_PUBLIC);
    expect_tables(server, server->tcp_url, &tokens, NNRPC_ROLE_PUBLIC);
    contactd_stop(server);
}

static void an_insecure_server_takes_everyone_for_an_administrator(void **state) {
    (void)state;
    static const char *const flags[] = {"--insecure", NULL};
    struct contactd_process *server = prepare_server();
    contactd_use_tcp(server);
    contactd_start(server, flags);
    const struct peer_options options = {.url = server->tcp_url};
    expect_table(join(server, &options), NNRPC_ROLE_UNSPECIFIED, NNRPC_ROLE_ADMIN);
    contactd_stop(server);
}

/* Whether the tables have a method. */
static bool is_generated(const char *method_name) {
    for (size_t i = 0; i < NNRPC_LENGTH(services); i++) {
        for (size_t k = 0; k < services[i]->method_count; k++) {
            if (strcmp(services[i]->methods[k].method_name, method_name) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void the_tests_know_every_method_that_is_served(void **state) {
    (void)state;
#define NAME_OF(service, method, Package, Method) #Method,
    static const char *const known[] = {EVERY_CALL(NAME_OF)};
#undef NAME_OF
    size_t generated = 0;
    for (size_t i = 0; i < NNRPC_LENGTH(services); i++) {
        generated += services[i]->method_count;
    }
    assert_int_equal(NNRPC_LENGTH(known), generated);
    for (size_t i = 0; i < NNRPC_LENGTH(known); i++) {
        assert_true(is_generated(known[i]));
    }
}

/* Reflection names what is served; nothing else may be. */
static void no_service_is_served_that_the_tables_do_not_have(void **state) {
    (void)state;
    struct contactd_process *server = start_server(NULL);
    struct peer *peer = join(server, NULL);
    const Nnrpc__V1__ListServicesRequest request = NNRPC__V1__LIST_SERVICES_REQUEST__INIT;
    const Nnrpc__V1__ListServicesResponse *response = call_list_services(peer, &request);
    expect_ok(peer);
    assert_int_equal(response->n_services, NNRPC_LENGTH(services));
    for (size_t i = 0; i < response->n_services; i++) {
        for (size_t k = 0; k < response->services[i]->n_methods; k++) {
            assert_true(is_generated(response->services[i]->methods[k]));
        }
    }
    contactd_stop(server);
}

/* --- Tokens --------------------------------------------------------------------------------- */

static void a_token_that_is_given_is_always_checked(void **state) {
    (void)state;
    struct tokens tokens;
    struct contactd_process *server = prepare_with_tokens(&tokens);
    const char *const flags[] = {"--tokens", server->tokens, "--insecure", NULL};
    contactd_start(server, flags);
    const char *const wrong[] = {
        "Bearer nobody",
        "Bearer ",
        "Bearer",
        "",
        tokens.texts[1],
        format_text("Basic %s", tokens.texts[3]),
        format_text("Bearer  %s", tokens.texts[3]),
        format_text("Bearer %s ", tokens.texts[3]),
        format_text("Bearer %sx", tokens.texts[3]),
        format_text("Bearer %.*s", (int)strlen(tokens.texts[3]) - 1, tokens.texts[3])};
    const char *const urls[] = {server->url, server->tcp_url};
    for (size_t i = 0; i < NNRPC_LENGTH(urls); i++) {
        const struct peer_options options = {.url = urls[i]};
        struct peer *peer = join(server, &options);
        for (size_t k = 0; k < NNRPC_LENGTH(wrong); k++) {
            peer_say_nothing(peer);
            peer_say(peer, "authorization", wrong[k]);
            try_get_customer(peer, "anybody");
            expect_nnrpc_reason(peer, NNRPC_UNAUTHENTICATED, "TOKEN_INVALID");
            try_method(peer, &health_service_service.methods[HEALTH_SERVICE_CHECK]);
            expect_nnrpc_reason(peer, NNRPC_UNAUTHENTICATED, "TOKEN_INVALID");
        }
        peer_say_nothing(peer);
        peer_say(peer, "authorization", format_text("bearer %s", tokens.texts[1]));
        try_get_customer(peer, "anybody");
        expect_reason(peer, NNRPC_NOT_FOUND, "CUSTOMER_NOT_FOUND");
    }
    contactd_stop(server);
}

static void the_tokens_file_is_read_again_on_sighup(void **state) {
    (void)state;
    struct tokens tokens;
    char late_token[NNRPC_TOKEN_TEXT_BYTES];
    struct contactd_process *server = prepare_with_tokens(&tokens);
    const char *const flags[] = {"--tokens", server->tokens, NULL};
    contactd_start(server, flags);
    const struct peer_options reader_options = {.url = server->tcp_url, .token = tokens.texts[1]};
    struct peer *reader = join(server, &reader_options);
    try_get_customer(reader, "anybody");
    expect_reason(reader, NNRPC_NOT_FOUND, "CUSTOMER_NOT_FOUND");

    assert_int_equal(nnrpc_tokens_revoke(server->tokens, "reader", NULL), NNRPC_OK);
    assert_int_equal(
        nnrpc_tokens_create(server->tokens, "late", NNRPC_ROLE_WRITER, late_token, NULL), NNRPC_OK);
    const struct peer_options late_options = {.url = server->tcp_url, .token = late_token};
    struct peer *late = join(server, &late_options);
    try_get_customer(reader, "anybody");
    expect_reason(reader, NNRPC_NOT_FOUND, "CUSTOMER_NOT_FOUND");
    try_get_customer(late, "anybody");
    expect_nnrpc_reason(late, NNRPC_UNAUTHENTICATED, "TOKEN_INVALID");

    assert_int_equal(kill(server->pid, SIGHUP), 0);
    contactd_wait_for_log(server, "event=tokens_read");
    try_get_customer(reader, "anybody");
    expect_nnrpc_reason(reader, NNRPC_UNAUTHENTICATED, "TOKEN_INVALID");
    create_shared_contact(late);
    contactd_stop(server);
}

static void tokens_stay_when_their_file_cannot_be_read_again(void **state) {
    (void)state;
    struct tokens tokens;
    struct contactd_process *server = prepare_with_tokens(&tokens);
    const char *const flags[] = {"--tokens", server->tokens, NULL};
    contactd_start(server, flags);
    const struct peer_options options = {.url = server->tcp_url, .token = tokens.texts[1]};
    struct peer *reader = join(server, &options);
    assert_int_equal(unlink(server->tokens), 0);
    assert_int_equal(kill(server->pid, SIGHUP), 0);
    contactd_wait_for_log(server, "event=tokens_kept");
    try_get_customer(reader, "anybody");
    expect_reason(reader, NNRPC_NOT_FOUND, "CUSTOMER_NOT_FOUND");
    contactd_stop(server);
}

/* --- Addresses ------------------------------------------------------------------------------ */

static void the_ipc_socket_is_its_owners_alone(void **state) {
    (void)state;
    struct contactd_process *server = start_server(NULL);
    struct stat status;
    assert_int_equal(stat(server->url + strlen("ipc://"), &status), 0);
    assert_int_equal(status.st_mode, S_IFSOCK | 0600);
    assert_int_equal(stat(server->data, &status), 0);
    assert_int_equal(status.st_mode, S_IFDIR | 0700);
    contactd_stop(server);
}

static void several_addresses_are_served_at_once(void **state) {
    (void)state;
    struct contactd_process *server = prepare_server();
    contactd_use_tcp(server);
    char *second = format_text("ipc://%s/second", server->folder);
    const char *const flags[] = {"--insecure", "--listen", second, NULL};
    contactd_start(server, flags);
    const char *const urls[] = {server->url, server->tcp_url, second};
    const Contact *contact = NULL;
    for (size_t i = 0; i < NNRPC_LENGTH(urls); i++) {
        const struct peer_options options = {.url = urls[i]};
        struct peer *peer = join(server, &options);
        if (contact == NULL) {
            contact = create_shared_contact(peer);
        }
        expect_equal_messages(get_contact(peer, contact->id), contact);
    }
    contactd_stop(server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        scenario_test(every_method_asks_for_its_role),
        scenario_test(tokens_can_be_required_on_ipc_too),
        scenario_test(an_insecure_server_takes_everyone_for_an_administrator),
        scenario_test(the_tests_know_every_method_that_is_served),
        scenario_test(no_service_is_served_that_the_tables_do_not_have),
        scenario_test(a_token_that_is_given_is_always_checked),
        scenario_test(the_tokens_file_is_read_again_on_sighup),
        scenario_test(tokens_stay_when_their_file_cannot_be_read_again),
        scenario_test(the_ipc_socket_is_its_owners_alone),
        scenario_test(several_addresses_are_served_at_once),
    };
    return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
