/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How contactd refuses to start: one line on stderr that names what is wrong, an exit status that
 * is not 0, and nothing left behind that would be in the way of the next start.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "acts.h"
#include "nnrpc/tokens.h"

#define ARGUMENTS_MOST 48
#define EXIT_FAILED 1
#define EXIT_USAGE 2

/* --- Running -------------------------------------------------------------------------------- */

static void expect_one_line(const struct program_result *result, const char *what) {
    bool one = count_lines(result->errors) == 1 && strncmp(result->errors, "contactd: ", 10) == 0;
    if (!one || strstr(result->errors, what) == NULL) {
        fail_msg("expected one line that names \"%s\", got:\n%s", what, result->errors);
    }
    assert_string_equal(result->output, "");
}

/* Runs contactd with flags (ending with NULL) and expects it to refuse. */
static void expect_refusal(const char *const *flags, int exit_code, const char *what) {
    const char *arguments[ARGUMENTS_MOST] = {CONTACTD_PATH};
    struct program_result result;
    for (size_t i = 0; flags[i] != NULL; i++) {
        assert_true(i + 2 < ARGUMENTS_MOST);
        arguments[i + 1] = flags[i];
    }
    program_run(arguments, NULL, &result);
    expect_one_line(&result, what);
    assert_int_equal(result.exit_code, exit_code);
}

/* The same with a data folder and an address, and then one flag with a value (NULL: without). */
static void expect_flag_refused(
    struct contactd_process *server, const char *flag, const char *value, const char *what) {
    const char *const flags[] = {"--data", server->data, "--listen", server->url,
                                 flag,     value,        NULL};
    expect_refusal(flags, EXIT_USAGE, what);
    assert_int_not_equal(access(server->data, F_OK), 0);
}

static void write_file(const char *path, const char *content) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

/* --- Flags ---------------------------------------------------------------------------------- */

static void a_data_folder_is_needed(void **state) {
    (void)state;
    const char *const none[] = {NULL};
    const char *const empty[] = {"--data", "", NULL};
    const char *const cut_short[] = {"--data", NULL};
    expect_refusal(none, EXIT_USAGE, "--data");
    expect_refusal(empty, EXIT_USAGE, "--data");
    expect_refusal(cut_short, EXIT_USAGE, "--data");
}

static void unknown_flags_and_arguments_are_named(void **state) {
    (void)state;
    struct contactd_process *server = prepare_server();
    expect_flag_refused(server, "--bogus", NULL, "--bogus");
    expect_flag_refused(server, "--bogus=1", NULL, "--bogus");
    expect_flag_refused(server, "-x", NULL, "-x");
    expect_flag_refused(server, "stray", NULL, "stray");
    expect_flag_refused(server, "--insecure=yes", NULL, "--insecure");
    expect_flag_refused(server, "--require-token=1", NULL, "--require-token");
    expect_flag_refused(server, "--map-size", NULL, "--map-size");
}

static void every_flag_refuses_what_it_cannot_take(void **state) {
    (void)state;
    static const struct {
        const char *flag;
        const char *least; /* one below the bounds, one above, and a unit that is none */
        const char *most;
        const char *unit;
    } numbers[] = {
        {"--map-size", "1048575", "65TiB", "1GB"},     {"--change-retention", "0", "3651d", "1w"},
        {"--request-retention", "23h", "3651d", "1y"}, {"--password-operations", "0", "1001", "1s"},
        {"--password-memory", "8191", "5GiB", "8kb"},  {"--max-calls", "0", "1048577", "1k"},
        {"--queue-writes", "0", "1048577", "1KiB"},    {"--read-workers", "0", "65", "1x"},
        {"--slow-workers", "0", "65", "1x"},           {"--drain-time", "0", "3600001", "1s"},
        {"--max-request-size", "63", "2MiB", "1MB"},   {"--max-reply-size", "4095", "17MiB", "1m"},
    };
    static const char *const no_numbers[] = {
        "", "x", "-1", "+1", " 1", "1 ", "1.5", "0x10", "99999999999999999999999"};
    struct contactd_process *server = prepare_server();
    for (size_t i = 0; i < NNRPC_LENGTH(numbers); i++) {
        expect_flag_refused(server, numbers[i].flag, numbers[i].least, numbers[i].flag);
        expect_flag_refused(server, numbers[i].flag, numbers[i].most, numbers[i].flag);
        expect_flag_refused(server, numbers[i].flag, numbers[i].unit, numbers[i].flag);
        for (size_t k = 0; k < NNRPC_LENGTH(no_numbers); k++) {
            expect_flag_refused(server, numbers[i].flag, no_numbers[k], numbers[i].flag);
        }
    }
    expect_flag_refused(server, "--log-level", "loud", "--log-level");
    expect_flag_refused(server, "--log-level", "", "--log-level");
    expect_flag_refused(server, "--tokens", "", "--tokens");
    expect_flag_refused(server, "--backups", "", "--backups");
    expect_flag_refused(server, "--restore", "", "--restore");
    expect_flag_refused(server, "--queue-target", "3600001", "--queue-target");
    expect_flag_refused(server, "--queue-target", "1s", "--queue-target");
    static const char *const no_limits[] = {
        "",
        "contacts.v1.ContactService",
        "contacts.v1.ContactService/Get*",
        "nnrpc.v1.HealthService/Check rate=1",
        "* concurrency",
        "* concurrency=0",
        "* concurrency=1000001",
        "* rate=0",
        "* rate=nan",
        "* burst=5",
        "* max-reply-bytes=1MB",
        "* speed=1"};
    for (size_t i = 0; i < NNRPC_LENGTH(no_limits); i++) {
        expect_flag_refused(server, "--limit", no_limits[i], "--limit");
    }
}

static void flags_at_their_bounds_are_taken(void **state) {
    (void)state;
    static const char *const flags[] = {
        "--map-size",
        "16MiB",
        "--change-retention",
        "1s",
        "--request-retention",
        "24h",
        "--max-calls",
        "1048576",
        "--queue-writes",
        "1048576",
        "--read-workers",
        "2",
        "--slow-workers",
        "1",
        "--drain-time",
        "3600000",
        "--log-level",
        "error",
        NULL};
    struct contactd_process *server = start_server(flags);
    create_shared_contact(join(server, NULL));
    contactd_stop(server);
    char *log = scenario_keep(contactd_log_text(server));
    assert_string_equal(log, "");
}

static void help_and_version_are_told_on_stdout(void **state) {
    (void)state;
    static const char *const flags[] = {
        "--data",
        "--listen",
        "--admin-listen",
        "--tokens",
        "--require-token",
        "--insecure",
        "--backups",
        "--map-size",
        "--change-retention",
        "--request-retention",
        "--password-operations",
        "--password-memory",
        "--max-calls",
        "--queue-writes",
        "--read-workers",
        "--slow-workers",
        "--queue-target",
        "--limit",
        "--max-request-size",
        "--max-reply-size",
        "--drain-time",
        "--log-level",
        "--restore",
        "--config",
        "--version"};
    const char *const help[] = {CONTACTD_PATH, "--help", NULL};
    const char *const version[] = {CONTACTD_PATH, "--version", NULL};
    struct program_result result;
    program_run(help, NULL, &result);
    assert_int_equal(result.exit_code, 0);
    assert_string_equal(result.errors, "");
    for (size_t i = 0; i < NNRPC_LENGTH(flags); i++) {
        assert_non_null(strstr(result.output, flags[i]));
    }
    program_run(version, NULL, &result);
    assert_int_equal(result.exit_code, 0);
    assert_string_equal(result.errors, "");
    assert_int_equal(strncmp(result.output, "contactd ", 9), 0);
    assert_int_equal(count_lines(result.output), 1);
}

/* --- Addresses ------------------------------------------------------------------------------ */

static void what_is_no_address_is_refused(void **state) {
    (void)state;
    struct contactd_process *server = prepare_server();
    const char *wrong[] = {
        "nonsense",
        "http://127.0.0.1:1",
        "tcp://",
        "tcp://127.0.0.1",
        "tcp://127.0.0.1:",
        "tcp://127.0.0.1:0",
        "tcp://127.0.0.1:65536",
        "tcp://127.0.0.1:x",
        "ipc://",
        "ipc://relative",
        format_text("ipc:///tmp/%s", text_of('x', 200))};
    for (size_t i = 0; i < NNRPC_LENGTH(wrong); i++) {
        const char *const arguments[] = {CONTACTD_PATH, "--data", server->data, "--insecure",
                                         "--listen",    wrong[i], NULL};
        struct program_result result;
        program_run(arguments, NULL, &result);
        expect_one_line(&result, format_text("%.100s", wrong[i]));
        assert_int_not_equal(result.exit_code, 0);
    }
    const char *const empty[] = {"--data", server->data, "--listen", "", NULL};
    expect_refusal(empty, EXIT_USAGE, "--listen");
    contactd_start(server, NULL);
    contactd_stop(server);
}

static void more_than_16_addresses_are_refused(void **state) {
    (void)state;
    struct contactd_process *server = prepare_server();
    const char *flags[2 + 2 * 17 + 1] = {"--data", server->data};
    for (size_t i = 0; i < 17; i++) {
        flags[2 + 2 * i] = "--listen";
        flags[3 + 2 * i] = format_text("ipc://%s/%zu", server->folder, i);
    }
    expect_refusal(flags, EXIT_USAGE, "--listen");
}

static void tcp_without_tokens_is_refused(void **state) {
    (void)state;
    struct contactd_process *server = prepare_server();
    contactd_use_tcp(server);
    const char *const flags[] = {"--data", server->data, "--listen", server->tcp_url, NULL};
    expect_refusal(flags, EXIT_USAGE, server->tcp_url);
    assert_int_not_equal(access(server->data, F_OK), 0);
}

static void a_port_in_use_is_named(void **state) {
    (void)state;
    struct contactd_process *first = prepare_server();
    contactd_use_tcp(first);
    static const char *const insecure[] = {"--insecure", NULL};
    contactd_start(first, insecure);
    struct contactd_process *second = prepare_server();
    const char *const flags[] = {"--data",    second->data, "--insecure",   "--listen",
                                 second->url, "--listen",   first->tcp_url, NULL};
    expect_refusal(flags, EXIT_FAILED, first->tcp_url);
    assert_int_not_equal(access(second->url + strlen("ipc://"), F_OK), 0);
    contactd_start(second, NULL);
    contactd_stop(second);
    contactd_stop(first);
}

static void an_ipc_socket_that_is_served_is_not_taken_over(void **state) {
    (void)state;
    struct contactd_process *first = start_server(NULL);
    struct contactd_process *second = prepare_server();
    const char *const flags[] = {"--data", second->data, "--listen", first->url, NULL};
    expect_refusal(flags, EXIT_FAILED, first->url);
    create_shared_contact(join(first, NULL));
    contactd_stop(first);
}

static void an_ipc_folder_that_is_open_to_others_is_refused(void **state) {
    (void)state;
    struct contactd_process *server = prepare_server();
    const char *folder = format_text("%s/open", server->folder);
    const char *url = format_text("ipc://%s/socket", folder);
    assert_int_equal(mkdir(folder, 0755), 0);
    assert_int_equal(chmod(folder, 0755), 0);
    const char *const flags[] = {"--data", server->data, "--listen", url, NULL};
    expect_refusal(flags, EXIT_FAILED, folder);
}

static void the_socket_is_in_the_data_folder_unless_said_otherwise(void **state) {
    (void)state;
    struct contactd_process *server = prepare_server();
    const char *const arguments[] = {CONTACTD_PATH, "--data", server->data, NULL};
    server->pid = program_start(arguments, server->log);
    contactd_wait_for_log(server, "event=started");
    const struct peer_options options = {
        .url = format_text("ipc://%s/contactd.sock", server->data)};
    create_shared_contact(join(server, &options));
    char *log = scenario_keep(contactd_log_text(server));
    assert_non_null(strstr(log, format_text("event=listening url=%s", options.url)));
    assert_non_null(strstr(log, format_text("data=%s", server->data)));
    contactd_stop(server);
}

/* --- Tokens --------------------------------------------------------------------------------- */

static void expect_tokens_refused(struct contactd_process *server, const char *what) {
    const char *const flags[] = {"--data",   server->data,   "--listen", server->url,
                                 "--tokens", server->tokens, NULL};
    expect_refusal(flags, EXIT_FAILED, what);
    assert_int_not_equal(access(server->data, F_OK), 0);
}

static void a_tokens_file_must_be_there_and_right_and_closed_to_others(void **state) {
    (void)state;
    struct contactd_process *server = prepare_server();
    char token[NNRPC_TOKEN_TEXT_BYTES];
    expect_tokens_refused(server, server->tokens);
    write_file(server->tokens, "# a comment\nname reader not-a-hash\n");
    expect_tokens_refused(server, format_text("%s:2", server->tokens));
    assert_int_equal(unlink(server->tokens), 0);
    assert_int_equal(
        nnrpc_tokens_create(server->tokens, "name", NNRPC_ROLE_READER, token, NULL), NNRPC_OK);
    assert_int_equal(chmod(server->tokens, 0640), 0);
    expect_tokens_refused(server, server->tokens);
    assert_int_equal(chmod(server->tokens, 0600), 0);
    const char *const flags[] = {"--tokens", server->tokens, NULL};
    contactd_start(server, flags);
    contactd_stop(server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        scenario_test(a_data_folder_is_needed),
        scenario_test(unknown_flags_and_arguments_are_named),
        scenario_test(every_flag_refuses_what_it_cannot_take),
        scenario_test(flags_at_their_bounds_are_taken),
        scenario_test(help_and_version_are_told_on_stdout),
        scenario_test(what_is_no_address_is_refused),
        scenario_test(more_than_16_addresses_are_refused),
        scenario_test(tcp_without_tokens_is_refused),
        scenario_test(a_port_in_use_is_named),
        scenario_test(an_ipc_socket_that_is_served_is_not_taken_over),
        scenario_test(an_ipc_folder_that_is_open_to_others_is_refused),
        scenario_test(the_socket_is_in_the_data_folder_unless_said_otherwise),
        scenario_test(a_tokens_file_must_be_there_and_right_and_closed_to_others),
    };
    return cmocka_run_group_tests_name("startup", tests, NULL, NULL);
}
