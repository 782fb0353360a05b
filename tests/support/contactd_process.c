/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A contactd under test.
 */
#include "contactd_process.h"

#include <arpa/inet.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "expect.h"
#include "nnrpc/client.h"
#include "nnrpc/v1/health_service.nnrpc.h"
#include "program.h"
#include "store/check.h"

#define START_LIMIT_MS 60000
#define STOP_LIMIT_MS 120000
#define LOG_LIMIT_MS 30000
#define ARGUMENTS_MOST 48

/* --- Folders and ports --------------------------------------------------------------------- */

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk) {
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void join_path(char out_path[CONTACTD_PATH_BYTES], const char *folder, const char *name) {
    int length = snprintf(out_path, CONTACTD_PATH_BYTES, "%s/%s", folder, name);
    assert_in_range(length, 1, CONTACTD_PATH_BYTES - 1);
}

struct contactd_process *contactd_new(void) {
    struct contactd_process *process = calloc(1, sizeof(*process));
    char socket_path[CONTACTD_PATH_BYTES];
    assert_non_null(process);
    strcpy(process->folder, "/tmp/contactd.XXXXXX");
    assert_non_null(mkdtemp(process->folder));
    join_path(process->data, process->folder, "data");
    join_path(process->log, process->folder, "log");
    join_path(process->tokens, process->folder, "tokens");
    join_path(socket_path, process->folder, "socket");
    int length = snprintf(process->url, sizeof(process->url), "ipc://%s", socket_path);
    assert_in_range(length, 1, sizeof(process->url) - 1);
    return process;
}

void contactd_free(struct contactd_process *process) {
    if (process == NULL) {
        return;
    }
    contactd_kill(process);
    nftw(process->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(process);
}

uint16_t free_tcp_port(void) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = 0};
    socklen_t size = sizeof(address);
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(descriptor >= 0);
    assert_int_equal(bind(descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(getsockname(descriptor, (struct sockaddr *)&address, &size), 0);
    close(descriptor);
    return ntohs(address.sin_port);
}

void contactd_use_tcp(struct contactd_process *process) {
    snprintf(
        process->tcp_url, sizeof(process->tcp_url), "tcp://127.0.0.1:%u",
        (unsigned)free_tcp_port());
}

/* --- Logs ----------------------------------------------------------------------------------- */

char *read_whole_file(const char *path, size_t *out_size) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    size_t size = 0;
    size_t capacity = 1 << 16;
    char *text = malloc(capacity + 1);
    while (text != NULL) {
        size += fread(text + size, 1, capacity - size, file);
        if (size < capacity) {
            break;
        }
        capacity *= 2;
        char *grown = realloc(text, capacity + 1);
        if (grown == NULL) {
            free(text);
        }
        text = grown;
    }
    fclose(file);
    if (text != NULL) {
        text[size] = '\0';
        *out_size = size;
    }
    return text;
}

char *contactd_log_text(const struct contactd_process *process) {
    size_t size = 0;
    char *text = read_whole_file(process->log, &size);
    return text != NULL ? text : strdup("");
}

static bool log_has(const struct contactd_process *process, const char *text) {
    char *log = contactd_log_text(process);
    bool has = strstr(log, text) != NULL;
    free(log);
    return has;
}

void contactd_wait_for_log(const struct contactd_process *process, const char *text) {
    uint64_t end_ms = now_ms() + LOG_LIMIT_MS;
    while (!log_has(process, text)) {
        if (now_ms() > end_ms) {
            fail_msg("the server's log never had \"%s\"", text);
        }
        sleep_ms(5);
    }
}

static void print_log(const struct contactd_process *process) {
    char *log = contactd_log_text(process);
    print_error("--- contactd's log:\n%s---\n", log);
    free(log);
}

/* --- Starting ------------------------------------------------------------------------------- */

static bool takes_calls(struct nnrpc_client *client) {
    Nnrpc__V1__CheckRequest request = NNRPC__V1__CHECK_REQUEST__INIT;
    Nnrpc__V1__CheckResponse *response = NULL;
    const struct nnrpc_call_options options = {.timeout_ms = 2000};
    if (health_service_check(client, &options, &request, &response, NULL) != NNRPC_OK) {
        return false;
    }
    bool serving = response->status == NNRPC__V1__SERVING_STATUS__SERVING_STATUS_SERVING;
    nnrpc__v1__check_response__free_unpacked(response, NULL);
    return serving;
}

static void wait_until_it_takes_calls(struct contactd_process *process) {
    const char *endpoints[] = {process->url};
    const struct nnrpc_client_options options = {
        .endpoints = endpoints, .endpoint_count = 1, .retry = {.max_attempts = 1}};
    NNRPC_CLEANUP(nnrpc_client_freep) struct nnrpc_client *client = NULL;
    assert_int_equal(nnrpc_client_new(&options, &client, NULL), NNRPC_OK);
    uint64_t end_ms = now_ms() + START_LIMIT_MS;
    while (!takes_calls(client)) {
        int exit_code = program_wait(process->pid, 0);
        if (exit_code >= 0) {
            process->pid = 0;
        }
        if (exit_code >= 0 || now_ms() > end_ms) {
            nnrpc_client_freep(&client);
            client = NULL;
            print_log(process);
            fail_msg("contactd did not start (exit code %d)", exit_code);
        }
        sleep_ms(2);
    }
}

void contactd_start(struct contactd_process *process, const char *const *flags) {
    const char *arguments[ARGUMENTS_MOST] = {
        CONTACTD_PATH, "--data", process->data, "--listen", process->url,
        /* The least that Argon2id takes: what is tested here is not its cost. */
        "--password-operations", "1", "--password-memory", "8KiB"};
    size_t count = 9;
    assert_int_equal(process->pid, 0);
    if (process->tcp_url[0] != '\0') {
        arguments[count++] = "--listen";
        arguments[count++] = process->tcp_url;
    }
    const char *form = getenv("CONTACTD_DURABILITY"); /* of every start, unless a flag says more */
    if (form != NULL) {
        arguments[count++] = "--durability";
        arguments[count++] = form;
    }
    for (const char *const *flag = flags; flag != NULL && *flag != NULL; flag++) {
        assert_true(count + 1 < ARGUMENTS_MOST);
        arguments[count++] = *flag;
    }
    process->flags = flags;
    process->pid = program_start(arguments, process->log);
    wait_until_it_takes_calls(process);
}

void contactd_restart(struct contactd_process *process) {
    contactd_start(process, process->flags);
}

/* --- Stopping ------------------------------------------------------------------------------- */

static void print_fault(void *self, const char *fault) {
    (void)self;
    print_error("the store is not sound: %s\n", fault);
}

static void expect_sound_store(const struct contactd_process *process) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    const struct store_check_observer observer = {.fault = print_fault};
    struct store_check_report report = {0};
    enum nnrpc_code code = store_check(process->data, &observer, &report, &status);
    if (code != NNRPC_OK || report.faults > 0) {
        print_error("store_check: %s\n", status.message);
        nnrpc_status_deinit(&status);
        fail_msg("the store has %u faults", (unsigned)report.faults);
    }
}

void contactd_ask_to_stop(const struct contactd_process *process) {
    assert_true(process->pid > 0);
    assert_int_equal(kill(process->pid, SIGTERM), 0);
}

void contactd_stop(struct contactd_process *process) {
    contactd_ask_to_stop(process);
    int exit_code = program_wait(process->pid, STOP_LIMIT_MS);
    if (exit_code < 0) {
        contactd_kill(process);
    }
    process->pid = 0;
    if (exit_code != 0) {
        print_log(process);
        fail_msg("contactd ended with exit code %d", exit_code);
    }
    expect_sound_store(process);
}

void contactd_kill(struct contactd_process *process) {
    if (process->pid > 0) {
        kill(process->pid, SIGKILL);
        program_wait(process->pid, STOP_LIMIT_MS);
        process->pid = 0;
    }
}
