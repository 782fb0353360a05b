/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contactd: opens the store, serves the services of contacts.v1 on it, and stops cleanly.
 *
 * Signals are blocked before the first thread is made and taken by the main thread alone.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access_log.h"
#include "auth.h"
#include "config.h"
#include "daemon/log.h"
#include "defaults.h"
#include "nnrpc/server.h"
#include "service.h"
#include "store/store.h"

#define EXIT_FAILED 1

/* Everything that runs, in the order in which it is made. */
struct running {
    int argc;
    char **argv;
    struct contactd_config config;
    struct contactd contactd;
    struct contactd_auth *auth;
    struct nnrpc_access_log *access_log;
    struct nnrpc_server *server;
};

/* One line for the person who started the program; the code is in the message where it helps. */
static int fail(const struct nnrpc_status *status) {
    fprintf(stderr, "contactd: %s\n", status->message);
    return EXIT_FAILED;
}

static void add_store_gauges(
    void *self, void (*add)(void *context, const char *name, double value), void *context) {
    store_visit_gauges(self, add, context);
}

/* A disk that cannot be relied on ends the process, as killing it would: what was answered is in
 * the store when it is started again. */
static void end_halted(void *self, const char *message) {
    (void)self;
    daemon_log(DAEMON_LOG_ERROR, "store_halted", "error", message, NULL);
    _exit(EXIT_FAILED);
}

static enum nnrpc_code open_store(struct running *running, struct nnrpc_status *out_status) {
    const struct contactd_config *config = &running->config;
    const struct store_options options = {
        .folder = config->data,
        .map_bytes = config->map_bytes,
        .queue_writes = (uint32_t)config->queue_writes,
        .change_retention_s = config->change_retention_s,
        .request_retention_s = config->request_retention_s,
        .durability = config->durability,
        .recover = config->recover,
        .halted = end_halted,
        .log = contactd_log_store_event,
    };
    enum nnrpc_code code = store_open(&options, &running->contactd.store, out_status);
    if (code == NNRPC_OK) {
        code = contactd_load_defaults(running->contactd.store, out_status);
    }
    if (code == NNRPC_OK) {
        store_set_queue_target_ms(running->contactd.store, (uint32_t)config->queue_target_ms);
    }
    running->contactd.backup_folder = config->backups;
    running->contactd.password_cost = (struct nnrpc_password_cost){
        .operations = config->password_operations,
        .memory_bytes = config->password_memory_bytes,
    };
    return code;
}

static enum nnrpc_code open_auth(struct running *running, struct nnrpc_status *out_status) {
    const struct contactd_auth_options options = {
        .tokens_path = running->config.tokens,
        .require_token = running->config.require_token,
        .insecure = running->config.insecure,
    };
    return contactd_auth_new(&options, &running->auth, out_status);
}

/* The log sees every call with the revision already set; authentication is innermost, so that what
 * it refuses is logged too. */
static enum nnrpc_code add_interceptors(struct running *running, struct nnrpc_status *out_status) {
    enum nnrpc_code code =
        contactd_access_log_new(running->config.slow_call_ms, &running->access_log, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    const struct nnrpc_interceptor interceptors[] = {
        nnrpc_access_log_interceptor(running->access_log),
        contactd_revision_interceptor(&running->contactd),
        contactd_auth_interceptor(running->auth),
    };
    for (size_t i = 0; i < NNRPC_LENGTH(interceptors) && code == NNRPC_OK; i++) {
        code = nnrpc_server_add_interceptor(running->server, &interceptors[i], out_status);
    }
    return code;
}

static enum nnrpc_code listen_on(
    struct running *running, const struct setting_texts *addresses,
    enum nnrpc_listen_services services, struct nnrpc_status *out_status) {
    const struct nnrpc_listen_options options = {.services = services};
    for (size_t i = 0; i < addresses->count; i++) {
        enum nnrpc_code code =
            nnrpc_server_listen_with(running->server, addresses->texts[i], &options, out_status);
        if (code != NNRPC_OK) {
            return code;
        }
    }
    return NNRPC_OK;
}

/* Who administers may do everything there: an import needs more than administration. */
static enum nnrpc_code listen_all(struct running *running, struct nnrpc_status *out_status) {
    const struct contactd_config *config = &running->config;
    enum nnrpc_code code =
        nnrpc_server_set_administrative(running->server, "contacts.v1.AdminService", out_status);
    if (code == NNRPC_OK) {
        code = listen_on(running, &config->listen, NNRPC_LISTEN_DEFAULT, out_status);
    }
    return code == NNRPC_OK
               ? listen_on(running, &config->admin_listen, NNRPC_LISTEN_ALL, out_status)
               : code;
}

static uint32_t queue_target_ms(const struct contactd_config *config) {
    return config->queue_target_ms == 0 ? NNRPC_NO_QUEUE_TARGET : (uint32_t)config->queue_target_ms;
}

static enum nnrpc_code start_server(struct running *running, struct nnrpc_status *out_status) {
    const struct contactd_config *config = &running->config;
    const struct nnrpc_server_options options = {
        .program = "contactd " CONTACTS_VERSION,
        .max_calls_in_flight = (uint32_t)config->max_calls_in_flight,
        .read_workers = (uint32_t)config->read_workers,
        .slow_workers = (uint32_t)config->slow_workers,
        .drain_ms = (uint32_t)config->drain_ms,
        .recent_calls = (uint32_t)config->recent_calls,
        .queue_target_ms = queue_target_ms(config),
        .max_request_bytes = config->max_request_bytes,
        .max_reply_bytes = config->max_reply_bytes,
    };
    enum nnrpc_code code = nnrpc_server_new(&options, &running->server, out_status);
    if (code == NNRPC_OK) {
        code = add_interceptors(running, out_status);
    }
    if (code == NNRPC_OK) {
        code = contactd_register_services(running->server, &running->contactd, out_status);
    }
    if (code == NNRPC_OK) {
        code = nnrpc_server_add_gauges(
            running->server, add_store_gauges, running->contactd.store, out_status);
    }
    if (code == NNRPC_OK) {
        code = listen_all(running, out_status);
    }
    if (code == NNRPC_OK) {
        code = nnrpc_server_set_method_limits(
            running->server, config->limits.limits, config->limits.count, out_status);
    }
    return code == NNRPC_OK ? nnrpc_server_start(running->server, out_status) : code;
}

/* --- While it runs ------------------------------------------------------------------------ */

static void log_change(
    void *self, const char *name, bool applies_while_running, const char *before,
    const char *after) {
    (void)self;
    daemon_log(
        applies_while_running ? DAEMON_LOG_INFO : DAEMON_LOG_WARNING,
        applies_while_running ? "setting_changed" : "setting_needs_restart", "name", name, "before",
        before, "after", after, NULL);
}

/* What may fail comes first, so that a configuration holds whole or not at all. */
static enum nnrpc_code apply_config(
    struct running *running, const struct contactd_config *config,
    struct nnrpc_status *out_status) {
    const struct contactd_limits *before = &running->config.limits;
    enum nnrpc_code code = nnrpc_server_set_method_limits(
        running->server, config->limits.limits, config->limits.count, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    code = contactd_auth_reload(running->auth, config->tokens, out_status);
    if (code != NNRPC_OK) {
        enum nnrpc_code restored =
            nnrpc_server_set_method_limits(running->server, before->limits, before->count, NULL);
        (void)restored; /* they held before */
        return code;
    }
    store_set_retention(
        running->contactd.store, config->change_retention_s, config->request_retention_s);
    store_set_queue_target_ms(running->contactd.store, (uint32_t)config->queue_target_ms);
    nnrpc_server_set_queue_target_ms(running->server, queue_target_ms(config));
    return NNRPC_OK;
}

/* Keeps what needs a restart as it is, so that it is told again the next time. */
static void adopt_config(struct running *running, struct contactd_config *config) {
    struct contactd_config *current = &running->config;
    struct contactd_limits limits = current->limits;
    char *tokens = current->tokens;
    current->limits = config->limits;
    config->limits = limits;
    current->tokens = config->tokens;
    config->tokens = tokens;
    current->change_retention_s = config->change_retention_s;
    current->request_retention_s = config->request_retention_s;
    current->slow_call_ms = config->slow_call_ms;
    current->queue_target_ms = config->queue_target_ms;
    current->log_level = config->log_level;
}

static void keep_config(const char *problem) {
    daemon_log(DAEMON_LOG_ERROR, "configuration_kept", "error", problem, NULL);
}

/* A revoked token ends whatever else is wrong: tokens are read again by themselves. */
static void reload_tokens(struct running *running) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    if (running->config.tokens == NULL) {
        return;
    }
    if (contactd_auth_reload(running->auth, running->config.tokens, &status) == NNRPC_OK) {
        daemon_log(DAEMON_LOG_INFO, "tokens_read", "file", running->config.tokens, NULL);
    } else {
        daemon_log(DAEMON_LOG_ERROR, "tokens_kept", "error", status.message, NULL);
    }
}

static void reload(struct running *running) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    NNRPC_CLEANUP(contactd_config_deinit) struct contactd_config config;
    reload_tokens(running);
    if (!contactd_config_read_again(running->argc, running->argv, &config)) {
        keep_config(config.problem.text);
        return;
    }
    if (apply_config(running, &config, &status) != NNRPC_OK) {
        keep_config(status.message);
        return;
    }
    /* What is told is told at the more talkative of the two levels. */
    if (config.log_level > running->config.log_level) {
        daemon_log_set_level(config.log_level);
    }
    contactd_config_compare(&running->config, &config, log_change, NULL);
    daemon_log(DAEMON_LOG_INFO, "configuration_read", NULL);
    daemon_log_set_level(config.log_level);
    contactd_access_log_set(running->access_log, config.slow_call_ms);
    adopt_config(running, &config);
}

static void wait_for_stop(struct running *running, const sigset_t *signals) {
    int signal_number = 0;
    while (sigwait(signals, &signal_number) == 0) {
        if (signal_number != SIGHUP) {
            daemon_log(DAEMON_LOG_INFO, "stopping", "signal", strsignal(signal_number), NULL);
            return;
        }
        reload(running);
    }
}

static void block_signals(sigset_t *out_signals) {
    sigemptyset(out_signals);
    sigaddset(out_signals, SIGTERM);
    sigaddset(out_signals, SIGINT);
    sigaddset(out_signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, out_signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void log_start(const struct running *running) {
    const struct contactd_config *config = &running->config;
    for (size_t i = 0; i < config->listen.count; i++) {
        daemon_log(DAEMON_LOG_INFO, "listening", "url", config->listen.texts[i], NULL);
    }
    for (size_t i = 0; i < config->admin_listen.count; i++) {
        daemon_log(
            DAEMON_LOG_INFO, "listening", "url", config->admin_listen.texts[i], "for",
            "administration", NULL);
    }
    daemon_log(
        DAEMON_LOG_INFO, "started", "version", CONTACTS_VERSION, "data", running->config.data,
        NULL);
}

/* The server goes first: it answers what is in flight, for which it needs the store. */
static void stop(struct running *running) {
    if (running->server != NULL) {
        nnrpc_server_stop(running->server);
    }
    store_close(running->contactd.store);
    nnrpc_server_free(running->server);
    nnrpc_access_log_free(running->access_log);
    contactd_auth_free(running->auth);
}

static int serve(struct running *running, struct nnrpc_status *status) {
    sigset_t signals;
    block_signals(&signals);
    if (open_auth(running, status) != NNRPC_OK || open_store(running, status) != NNRPC_OK ||
        start_server(running, status) != NNRPC_OK) {
        stop(running);
        return fail(status);
    }
    log_start(running);
    wait_for_stop(running, &signals);
    stop(running);
    daemon_log(DAEMON_LOG_INFO, "stopped", NULL);
    return EXIT_SUCCESS;
}

static int restore(const struct contactd_config *config, struct nnrpc_status *status) {
    if (store_restore(config->restore, config->data, status) != NNRPC_OK) {
        return fail(status);
    }
    printf("restored %s into %s\n", config->restore, config->data);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct running running = {.argc = argc, .argv = argv};
    contactd_config_read(argc, argv, &running.config);
    daemon_log_set_level(running.config.log_level);
    int result = running.config.restore != NULL ? restore(&running.config, &status)
                                                : serve(&running, &status);
    contactd_config_deinit(&running.config);
    return result;
}
