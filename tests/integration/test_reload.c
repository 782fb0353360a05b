/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contactd's limits, its address for administration, and what SIGHUP makes of a changed
 * configuration: what can change while it runs does, what cannot is told, and a file that is wrong
 * changes nothing.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "acts.h"
#include "nnrpc/tokens.h"

/* --- Helpers -------------------------------------------------------------------------------- */

static const char *config_path(const struct contactd_process *server) {
    return format_text("%s/conf", server->folder);
}

static void write_config(const struct contactd_process *server, const char *content) {
    FILE *file = fopen(config_path(server), "w");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static struct contactd_process *start_with(const char *content) {
    struct contactd_process *server = prepare_server();
    const char **flags = calloc(4, sizeof(*flags));
    flags[0] = "--config";
    flags[1] = config_path(server);
    write_config(server, content);
    contactd_start(server, (const char *const *)scenario_keep(flags));
    return server;
}

static size_t count_text(const struct contactd_process *server, const char *text) {
    char *log = scenario_keep(contactd_log_text(server));
    size_t count = 0;
    for (const char *at = strstr(log, text); at != NULL; at = strstr(at + 1, text)) {
        count++;
    }
    return count;
}

/* Sends SIGHUP and waits until what it made of that is in the log. */
static void reload(const struct contactd_process *server, const char *content, const char *event) {
    size_t before = count_text(server, event);
    write_config(server, content);
    assert_int_equal(kill(server->pid, SIGHUP), 0);
    for (unsigned round = 0; round < 3000 && count_text(server, event) == before; round++) {
        const struct timespec pause = {.tv_nsec = 10000000};
        nanosleep(&pause, NULL);
    }
    assert_int_equal(count_text(server, event), before + 1);
}

static void expect_log(const struct contactd_process *server, const char *text) {
    char *log = scenario_keep(contactd_log_text(server));
    if (strstr(log, text) == NULL) {
        fail_msg("expected \"%s\" in:\n%s", text, log);
    }
}

static void list_contacts(struct peer *peer) {
    Contacts__V1__ListContactsRequest request = CONTACTS__V1__LIST_CONTACTS_REQUEST__INIT;
    call_list_contacts(peer, &request);
}

static void get_stats(struct peer *peer) {
    Nnrpc__V1__GetStatsRequest request = NNRPC__V1__GET_STATS_REQUEST__INIT;
    call_get_stats(peer, &request);
}

static void list_services(struct peer *peer) {
    Nnrpc__V1__ListServicesRequest request = NNRPC__V1__LIST_SERVICES_REQUEST__INIT;
    call_list_services(peer, &request);
}

static void back_up(struct peer *peer, const char *name) {
    Contacts__V1__BackupRequest request = CONTACTS__V1__BACKUP_REQUEST__INIT;
    request.name = text(name);
    call_backup(peer, &request);
}

static struct peer *join_impatient(struct contactd_process *server) {
    const struct peer_options options = {.max_attempts = 1};
    return join(server, &options);
}

/* --- Limits --------------------------------------------------------------------------------- */

static void limits_of_methods_are_kept_and_changed_while_it_runs(void **state) {
    (void)state;
    struct contactd_process *server =
        start_with("# one list, and then none for a long time\n"
                   "limit = contacts.v1.ContactService/ListContacts rate=0.001 burst=1\n");
    struct peer *peer = join_impatient(server);
    list_contacts(peer);
    expect_ok(peer);
    list_contacts(peer);
    expect_nnrpc_reason(peer, NNRPC_RESOURCE_EXHAUSTED, "METHOD_LIMITED");
    create_shared_contact(peer);
    reload(server, "", "event=configuration_read");
    for (unsigned round = 0; round < 5; round++) {
        list_contacts(peer);
        expect_ok(peer);
    }
    reload(
        server, "limit = contacts.v1.ContactService/* max-request-bytes=10\n",
        "event=configuration_read");
    list_contacts(peer);
    expect_ok(peer);
    Contact contact = contact_named("larger than ten bytes", "");
    try_create_contact(peer, &contact);
    expect_nnrpc_reason(peer, NNRPC_RESOURCE_EXHAUSTED, "REQUEST_TOO_LARGE");
    expect_log(
        server, "event=setting_changed name=limit after=\"contacts.v1.ContactService/* "
                "max-request-bytes=10\"");
    contactd_stop(server);
}

/* --- What changes, and what does not -------------------------------------------------------- */

static void the_log_level_changes_while_it_runs(void **state) {
    (void)state;
    struct contactd_process *server = start_with("log-level = info\n");
    struct peer *peer = join(server, NULL);
    list_contacts(peer);
    assert_int_equal(count_text(server, "event=call"), 0);
    reload(server, "log-level = debug\n", "event=configuration_read");
    expect_log(server, "event=setting_changed name=log-level before=info after=debug");
    list_contacts(peer);
    contactd_wait_for_log(server, "event=call method=contacts.v1.ContactService/ListContacts");
    reload(server, "log-level = warning\n", "event=configuration_read");
    size_t calls = count_text(server, "event=call");
    list_contacts(peer);
    contactd_stop(server);
    assert_int_equal(count_text(server, "event=call"), calls);
}

static void what_needs_a_restart_is_told_each_time(void **state) {
    (void)state;
    struct contactd_process *server = start_with("read-workers = 1\n");
    static const char line[] = "event=setting_needs_restart name=read-workers before=1 after=2";
    reload(server, "read-workers = 2\nchange-retention = 9d\n", "event=configuration_read");
    assert_int_equal(count_text(server, line), 1);
    expect_log(server, "event=setting_changed name=change-retention before=default after=777600s");
    reload(server, "read-workers = 2\nchange-retention = 9d\n", "event=configuration_read");
    assert_int_equal(count_text(server, line), 2);
    assert_int_equal(count_text(server, "event=setting_changed"), 1);
    contactd_stop(server);
}

static void a_file_that_is_wrong_changes_nothing_and_is_told_in_one_line(void **state) {
    (void)state;
    static const struct {
        const char *content;
        const char *what;
    } wrong[] = {
        {"limit = *\nlog-level = debug\nnonsense\n", "conf:3: "},
        {"\nlog-level = loud\n", "conf:2: "},
        {"limit = contacts.v1.ContactService/None rate=1\n", "conf:1: "},
        {"limit = * rate=fast\n", "conf:1: "},
        {"limit = * rate=1\nlimit = * rate=2\n", "conf:2: "},
        {"admin-listen = tcp://nowhere:1\n", "conf:1: "},
        {"max-calls = 0\n", "conf:1: "},
        {"tokens = /nowhere/tokens\n", "/nowhere/tokens"},
    };
    struct contactd_process *server =
        start_with("limit = contacts.v1.ContactService/ListContacts rate=0.001 burst=1\n");
    struct peer *peer = join_impatient(server);
    list_contacts(peer);
    for (size_t i = 0; i < NNRPC_LENGTH(wrong); i++) {
        reload(server, wrong[i].content, "event=configuration_kept");
        expect_log(server, wrong[i].what);
        list_contacts(peer);
    }
    assert_int_equal(count_text(server, "event=call"), 0);
    assert_int_equal(count_text(server, "event=setting_changed"), 0);
    list_contacts(peer);
    expect_nnrpc_reason(peer, NNRPC_RESOURCE_EXHAUSTED, "METHOD_LIMITED");
    contactd_stop(server);
}

static void another_tokens_file_is_read_while_it_runs(void **state) {
    (void)state;
    struct contactd_process *server = prepare_server();
    char first[NNRPC_TOKEN_TEXT_BYTES];
    char second[NNRPC_TOKEN_TEXT_BYTES];
    const char *other = format_text("%s/other", server->folder);
    assert_int_equal(
        nnrpc_tokens_create(server->tokens, "first", NNRPC_ROLE_ADMIN, first, NULL), NNRPC_OK);
    assert_int_equal(
        nnrpc_tokens_create(other, "second", NNRPC_ROLE_ADMIN, second, NULL), NNRPC_OK);
    write_config(server, format_text("tokens = %s\n", server->tokens));
    const char *flags[] = {"--config", config_path(server), NULL};
    contactd_start(server, flags);
    const struct peer_options first_options = {.token = first};
    const struct peer_options second_options = {.token = second};
    struct peer *first_peer = join(server, &first_options);
    struct peer *second_peer = join(server, &second_options);
    list_contacts(first_peer);
    expect_ok(first_peer);
    list_contacts(second_peer);
    expect_nnrpc_reason(second_peer, NNRPC_UNAUTHENTICATED, "TOKEN_INVALID");
    reload(server, format_text("tokens = %s\n", other), "event=configuration_read");
    list_contacts(second_peer);
    expect_ok(second_peer);
    list_contacts(first_peer);
    expect_nnrpc_reason(first_peer, NNRPC_UNAUTHENTICATED, "TOKEN_INVALID");
    contactd_stop(server);
}

/* --- Administration ------------------------------------------------------------------------- */

static void administration_has_an_address_of_its_own(void **state) {
    (void)state;
    struct contactd_process *server = prepare_server();
    const char *url = format_text("ipc://%s/admin", server->folder);
    const char *flags[] = {"--admin-listen", url, NULL};
    contactd_start(server, flags);
    const struct peer_options options = {.url = url};
    struct peer *admin = join(server, &options);
    struct peer *peer = join(server, NULL);
    void (*const calls[])(struct peer *) = {get_stats, list_services};
    for (size_t i = 0; i < NNRPC_LENGTH(calls); i++) {
        calls[i](peer);
        expect_nnrpc_reason(peer, NNRPC_UNIMPLEMENTED, "NOT_SERVED_HERE");
        calls[i](admin);
        expect_ok(admin);
    }
    back_up(peer, "refused");
    expect_nnrpc_reason(peer, NNRPC_UNIMPLEMENTED, "NOT_SERVED_HERE");
    back_up(admin, "taken");
    expect_ok(admin);
    create_shared_contact(peer);
    create_shared_contact(admin);
    expect_log(server, format_text("event=listening url=%s for=administration", url));
    contactd_stop(server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        scenario_test(limits_of_methods_are_kept_and_changed_while_it_runs),
        scenario_test(the_log_level_changes_while_it_runs),
        scenario_test(what_needs_a_restart_is_told_each_time),
        scenario_test(a_file_that_is_wrong_changes_nothing_and_is_told_in_one_line),
        scenario_test(another_tokens_file_is_read_while_it_runs),
        scenario_test(administration_has_an_address_of_its_own),
    };
    return cmocka_run_group_tests_name("reload", tests, NULL, NULL);
}
