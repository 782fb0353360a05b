/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting with a configuration file, and with data folders that are not, or not yet, or not any
 * more this program's.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "acts.h"
#include "store/engine.h"
#include "store/meta.h"

#define NOBODY 65534
#define EXIT_FAILED 1
#define EXIT_USAGE 2

static void run(
    const char *const *arguments, const struct program_options *options, int exit_code,
    const char *what) {
    struct program_result result;
    program_run(arguments, options, &result);
    bool one = count_lines(result.errors) == 1 && strncmp(result.errors, "contactd: ", 10) == 0;
    if (!one || strstr(result.errors, what) == NULL) {
        fail_msg("expected one line that names \"%s\", got:\n%s", what, result.errors);
    }
    assert_string_equal(result.output, "");
    assert_int_equal(result.exit_code, exit_code);
}

static void write_file(const char *path, const char *content) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* --- The configuration file ----------------------------------------------------------------- */

static void expect_file_refused(
    struct contactd_process *server, const char *content, const char *what) {
    const char *path = format_text("%s/config", server->folder);
    const char *const arguments[] = {CONTACTD_PATH, "--config", path, NULL};
    write_file(path, content);
    run(arguments, NULL, EXIT_USAGE, what);
    assert_int_not_equal(access(server->data, F_OK), 0);
}

static void a_wrong_line_of_the_file_is_named(void **state) {
    (void)state;
    struct contactd_process *server = prepare_server();
    const char *data = format_text("data = %s\n", server->data);
    expect_file_refused(server, format_text("%sno equals\n", data), "/config:2: ");
    expect_file_refused(server, format_text("# one\n\n%sbogus = 1\n", data), "/config:4: ");
    expect_file_refused(server, format_text("%smap-size = much\n", data), "/config:2: ");
    expect_file_refused(server, format_text("%smap-size =\n", data), "/config:2: ");
    expect_file_refused(server, format_text("%s= 1\n", data), "/config:2: ");
    expect_file_refused(server, format_text("%sinsecure = perhaps\n", data), "/config:2: ");
    expect_file_refused(server, format_text("%srestore = x\n", data), "/config:2: ");
    expect_file_refused(server, format_text("%s# %s\n", data, text_of('x', 5000)), "/config:2: ");
    expect_file_refused(server, "log-level = info\n", "--data");
}

static void a_file_that_cannot_be_read_is_named(void **state) {
    (void)state;
    struct contactd_process *server = prepare_server();
    const char *missing = format_text("%s/missing", server->folder);
    const char *const arguments[] = {CONTACTD_PATH, "--config", missing, NULL};
    run(arguments, NULL, EXIT_USAGE, missing);
    const char *const folder[] = {CONTACTD_PATH, "--config", server->folder, NULL};
    run(folder, NULL, EXIT_USAGE, server->folder);
}

static void the_file_says_what_flags_say_and_flags_win(void **state) {
    (void)state;
    struct contactd_process *server = prepare_server();
    const char *path = format_text("%s/config", server->folder);
    const char *second = format_text("ipc://%s/second", server->folder);
    write_file(
        path, format_text(
                  "# settings\n\n  data = %s  \nlisten = %s\nlisten=%s\nlog-level = debug\n"
                  "insecure = true\nrequire-token = false\nmap-size = 64MiB\n",
                  server->data, server->url, second));
    const char *const arguments[] = {CONTACTD_PATH, "--config", path, "--log-level", "info", NULL};
    server->pid = program_start(arguments, server->log);
    contactd_wait_for_log(server, "event=started");
    const struct peer_options options = {.url = second};
    create_shared_contact(join(server, NULL));
    create_shared_contact(join(server, &options));
    contactd_stop(server);
    char *log = scenario_keep(contactd_log_text(server));
    assert_null(strstr(log, "level=debug"));
}

/* --- Data folders --------------------------------------------------------------------------- */

static void expect_data_refused(
    struct contactd_process *server, const char *data, const struct program_options *options,
    const char *what) {
    const char *const arguments[] = {CONTACTD_PATH, "--data", data, "--listen", server->url, NULL};
    run(arguments, options, EXIT_FAILED, what);
    assert_int_not_equal(access(server->url + strlen("ipc://"), F_OK), 0);
}

static void a_data_folder_that_is_a_file_is_refused(void **state) {
    (void)state;
    struct contactd_process *server = prepare_server();
    write_file(server->data, "a file");
    expect_data_refused(server, server->data, NULL, server->data);
    const char *below = format_text("%s/below", server->data);
    expect_data_refused(server, below, NULL, server->data);
    size_t size = 0;
    assert_string_equal(scenario_keep(read_whole_file(server->data, &size)), "a file");
}

static void a_data_folder_that_may_not_be_used_is_refused(void **state) {
    (void)state;
    struct contactd_process *server = prepare_server();
    const struct program_options options = {.unprivileged = true};
    if (geteuid() != 0) {
        skip(); /* nobody else's folder can be made */
    }
    assert_int_equal(mkdir(server->data, 0700), 0);
    assert_int_equal(chown(server->folder, NOBODY, NOBODY), 0);
    expect_data_refused(server, server->data, &options, server->data);
    assert_int_equal(chown(server->folder, 0, 0), 0);
    contactd_start(server, NULL);
    contactd_stop(server);
}

static void a_new_data_folder_is_made_with_all_above_it(void **state) {
    (void)state;
    struct contactd_process *server = prepare_server();
    strcpy(server->data, format_text("%s/a/b/c", server->folder));
    contactd_start(server, NULL);
    struct stat status;
    assert_int_equal(stat(server->data, &status), 0);
    assert_int_equal(status.st_mode, S_IFDIR | 0700);
    assert_int_equal(stat(format_text("%s/data.mdb", server->data), &status), 0);
    assert_int_equal(status.st_mode, S_IFREG | 0600);
    contactd_stop(server);
}

static void a_relative_data_folder_is_where_the_program_is_started(void **state) {
    (void)state;
    struct contactd_process *server = prepare_server();
    write_file(format_text("%s/file", server->folder), "a file");
    const struct program_options options = {.folder = server->folder};
    const char *const arguments[] = {CONTACTD_PATH, "--data", "file", NULL};
    run(arguments, &options, EXIT_FAILED, format_text("%s/file", server->folder));
}

static void what_is_no_store_is_refused_and_left_alone(void **state) {
    (void)state;
    struct contactd_process *server = prepare_server();
    const char *file = format_text("%s/data.mdb", server->data);
    const char *content = text_of('x', 40000);
    size_t size = 0;
    assert_int_equal(mkdir(server->data, 0700), 0);
    write_file(file, content);
    expect_data_refused(server, server->data, NULL, server->data);
    assert_string_equal(scenario_keep(read_whole_file(file, &size)), content);
}

static void a_store_has_one_contactd(void **state) {
    (void)state;
    struct contactd_process *first = start_server(NULL);
    struct contactd_process *second = prepare_server();
    expect_data_refused(second, first->data, NULL, format_text("%d", (int)first->pid));
    create_shared_contact(join(first, NULL));
    contactd_stop(first);
    strcpy(second->data, first->data);
    contactd_start(second, NULL);
    contactd_stop(second);
}

/* --- Schema versions ------------------------------------------------------------------------ */

static void set_schema(const struct contactd_process *server, uint32_t schema) {
    const struct engine_options options = {
        .path = format_text("%s/data.mdb", server->data),
        .map_bytes = 64 << 20,
        .alone = true,
    };
    struct engine *engine = NULL;
    struct engine_transaction *transaction = NULL;
    assert_int_equal(engine_open(&options, &engine, NULL), NNRPC_OK);
    assert_int_equal(engine_begin_write(engine, &transaction, NULL), NNRPC_OK);
    static struct meta meta; /* as it was when it could last be read */
    enum nnrpc_code code = meta_read(transaction, &meta, NULL);
    assert_true(code == NNRPC_OK || code == NNRPC_FAILED_PRECONDITION);
    meta.schema = schema;
    meta_write(transaction, &meta);
    assert_int_equal(engine_commit(transaction, NULL), NNRPC_OK);
    engine_close(engine);
}

static void a_store_of_a_newer_version_is_refused(void **state) {
    (void)state;
    static const char *const flags[] = {"--map-size", "64MiB", NULL};
    struct contactd_process *server = start_server(flags);
    const Contact *contact = create_shared_contact(join(server, NULL));
    contactd_stop(server);
    set_schema(server, META_SCHEMA + 1);
    expect_data_refused(
        server, server->data, NULL, format_text("schema version %d", META_SCHEMA + 1));
    set_schema(server, META_SCHEMA);
    contactd_restart(server);
    struct peer *peer = join(server, NULL);
    expect_equal_messages(get_contact(peer, contact->id), contact);
    contactd_stop(server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        scenario_test(a_wrong_line_of_the_file_is_named),
        scenario_test(a_file_that_cannot_be_read_is_named),
        scenario_test(the_file_says_what_flags_say_and_flags_win),
        scenario_test(a_data_folder_that_is_a_file_is_refused),
        scenario_test(a_data_folder_that_may_not_be_used_is_refused),
        scenario_test(a_new_data_folder_is_made_with_all_above_it),
        scenario_test(a_relative_data_folder_is_where_the_program_is_started),
        scenario_test(what_is_no_store_is_refused_and_left_alone),
        scenario_test(a_store_has_one_contactd),
        scenario_test(a_store_of_a_newer_version_is_refused),
    };
    return cmocka_run_group_tests_name("startup files", tests, NULL, NULL);
}
