/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contact-gateway: the contacts service over HTTP with JSON.
 *
 * Signals are blocked before the first thread is made and read by the main thread alone, which
 * otherwise takes connections.
 */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "daemon/log.h"
#include "gateway.h"
#include "http/http_front.h"
#include "http/tls.h"

#define EXIT_FAILED 1
#define NS_PER_MS UINT64_C(1000000)
/* Descriptors beside connections: of the process, and of each loop with its client. */
#define PROCESS_DESCRIPTORS 96
#define LOOP_DESCRIPTORS 32
/* Free memory that a thread keeps, and sizes up to which it is kept at all. */
#define KEPT_BYTES (16 << 20)
#define KEPT_BLOCK_BYTES (4 << 20)

/* An absent contactd is answered for within two seconds, and one that restarts within about one is
 * waited for: the pauses are 2.1 s in all, of which chance takes up to half. */
static const struct nnrpc_retry_policy retry_policy = {.max_attempts = 10, .max_backoff_ms = 500};

/* Everything that runs, in the order in which it is made. */
struct running {
    int argc;
    char **argv;
    struct gateway_config config;
    int signal_fd;
    struct http_listener listener;
    struct gateway gateway;
    struct http_front *front;
};

/* One line for the person who started the program. */
static int fail(const struct nnrpc_status *status) {
    fprintf(stderr, "contact-gateway: %s\n", status->message);
    return EXIT_FAILED;
}

/* --- Starting --------------------------------------------------------------------------------- */

static bool block_signals(struct running *running) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    running->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    return running->signal_fd >= 0;
}

/* What one round of answers needs, the next one needs again. Given back to the kernel in between
 * and brought in page by page, the memory of a list would cost twice what all else about it does.
 */
static void keep_memory(void) {
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    mallopt(M_MMAP_THRESHOLD, KEPT_BLOCK_BYTES);
}

/* Takes as many descriptors as it may have; with fewer than it needs, it serves fewer. */
static void raise_descriptors(struct gateway_config *config) {
    struct rlimit limit = {0};
    uint64_t beside = PROCESS_DESCRIPTORS + config->threads * LOOP_DESCRIPTORS;
    char most[24];
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return;
    }
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < config->connections + beside) {
        config->connections = limit.rlim_cur > beside + 1 ? limit.rlim_cur - beside : 1;
        snprintf(most, sizeof(most), "%llu", (unsigned long long)config->connections);
        daemon_log(
            DAEMON_LOG_WARNING, "max_connections_lowered", "to", most, "reason",
            "the limit of open files (ulimit -n)", NULL);
    }
}

static enum nnrpc_code listen_all(struct running *running, struct nnrpc_status *out_status) {
    const struct gateway_config *config = &running->config;
    for (size_t i = 0; i < config->listen.count; i++) {
        enum nnrpc_code code =
            http_listener_add(&running->listener, config->listen.texts[i], out_status);
        if (code != NNRPC_OK) {
            return code;
        }
        if (!running->listener.sockets[i].is_loopback && config->tls_certificate == NULL &&
            !config->insecure) {
            return nnrpc_fail(
                out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, "INVALID_ADDRESS",
                "%s: needs --tls-cert and --tls-key, since tokens could be read on the way "
                "(--insecure serves plain HTTP all the same)",
                config->listen.texts[i]);
        }
    }
    return NNRPC_OK;
}

static enum nnrpc_code start_front(struct running *running, struct nnrpc_status *out_status) {
    const struct gateway_config *config = &running->config;
    const struct http_front_options options = {
        .server =
            {
                .limits =
                    {
                        .header_bytes = config->header_bytes,
                        .body_bytes = config->body_bytes,
                        .connections = (uint32_t)config->connections,
                        .idle_ns = config->idle_ms * NS_PER_MS,
                        .request_ns = config->request_ms * NS_PER_MS,
                    },
                .hooks = &gateway_hooks,
                .gateway = &running->gateway,
                .is_tls = config->tls_certificate != NULL,
            },
        .client =
            {
                .endpoints = (const char *const *)config->servers.texts,
                .endpoint_count = config->servers.count,
                .timeout_ms = (uint32_t)config->timeout_ms,
                /* While one frame is out, what comes meanwhile is the next one. */
                .lanes = {[NNRPC_LANE_READ] = 1},
                .retry = retry_policy,
            },
        .loop_count = config->threads,
    };
    return http_front_new(&options, &running->listener, &running->front, out_status);
}

static enum nnrpc_code start(struct running *running, struct nnrpc_status *out_status) {
    const struct gateway_config *config = &running->config;
    enum nnrpc_code code = listen_all(running, out_status);
    if (code == NNRPC_OK && config->tls_certificate != NULL) {
        code = tls_load(config->tls_certificate, config->tls_key, out_status);
    }
    if (code == NNRPC_OK) {
        code = gateway_open(&running->gateway, config, out_status);
    }
    return code == NNRPC_OK ? start_front(running, out_status) : code;
}

/* The addresses by then are the front's. */
static void log_start(const struct running *running, const struct http_listener *listener) {
    const struct gateway_config *config = &running->config;
    char url[LISTENER_NAME_BYTES + 16];
    for (size_t i = 0; i < listener->count; i++) {
        snprintf(
            url, sizeof(url), "%s://%s", config->tls_certificate == NULL ? "http" : "https",
            listener->sockets[i].name);
        daemon_log(DAEMON_LOG_INFO, "listening", "url", url, NULL);
    }
    for (size_t i = 0; i < config->servers.count; i++) {
        daemon_log(DAEMON_LOG_INFO, "calling", "url", config->servers.texts[i], NULL);
    }
    daemon_log(DAEMON_LOG_INFO, "started", "version", CONTACTS_VERSION, NULL);
}

/* --- While it runs ---------------------------------------------------------------------------- */

static void log_change(
    void *self, const char *name, bool applies_while_running, const char *before,
    const char *after) {
    (void)self;
    daemon_log(
        applies_while_running ? DAEMON_LOG_INFO : DAEMON_LOG_WARNING,
        applies_while_running ? "setting_changed" : "setting_needs_restart", "name", name, "before",
        before, "after", after, NULL);
}

/* What needs a restart stays as it is, so that it is told again the next time. */
static void adopt_config(struct running *running, const struct gateway_config *config) {
    struct gateway_config *current = &running->config;
    gateway_config_compare(current, config, log_change, NULL);
    current->log_level = config->log_level;
    current->slow_request_ms = config->slow_request_ms;
    current->drain_ms = config->drain_ms;
    daemon_log(DAEMON_LOG_INFO, "configuration_read", NULL);
    daemon_log_set_level(config->log_level);
    atomic_store(&running->gateway.slow_request_ns, config->slow_request_ms * NS_PER_MS);
}

static void reload_certificate(const struct gateway_config *config) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    if (config->tls_certificate == NULL) {
        return;
    }
    if (tls_load(config->tls_certificate, config->tls_key, &status) == NNRPC_OK) {
        daemon_log(DAEMON_LOG_INFO, "certificate_read", "file", config->tls_certificate, NULL);
    } else {
        daemon_log(DAEMON_LOG_ERROR, "certificate_kept", "error", status.message, NULL);
    }
}

static void reload(struct running *running) {
    NNRPC_CLEANUP(gateway_config_deinit) struct gateway_config config;
    reload_certificate(&running->config);
    if (gateway_config_read_again(running->argc, running->argv, &config)) {
        /* connections may have been lowered at the start */
        config.connections = running->config.connections;
        adopt_config(running, &config);
    } else {
        daemon_log(DAEMON_LOG_ERROR, "configuration_kept", "error", config.problem.text, NULL);
    }
}

/* @return the signal that ends it. */
static int serve(struct running *running) {
    struct signalfd_siginfo info = {0};
    for (;;) {
        http_front_serve(running->front, running->signal_fd);
        if (read(running->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info)) {
            continue;
        }
        if (info.ssi_signo != SIGHUP) {
            return (int)info.ssi_signo;
        }
        reload(running);
    }
}

/* --- Stopping --------------------------------------------------------------------------------- */

static void close_all(struct running *running) {
    http_front_free(running->front);
    http_listener_close(&running->listener);
    gateway_close(&running->gateway);
    tls_unload();
    gateway_config_deinit(&running->config);
    if (running->signal_fd >= 0) {
        (void)close(running->signal_fd);
    }
}

static int stop(struct running *running, int signal_number) {
    daemon_log(DAEMON_LOG_INFO, "stopping", "signal", strsignal(signal_number), NULL);
    atomic_store(&running->gateway.is_draining, true);
    if (!http_front_stop(running->front, running->config.drain_ms, running->signal_fd)) {
        daemon_log(DAEMON_LOG_WARNING, "stopped_at_once", NULL);
        _exit(EXIT_FAILED); /* loops may still run */
    }
    close_all(running);
    daemon_log(DAEMON_LOG_INFO, "stopped", NULL);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    static struct running running = {.signal_fd = -1};
    running.argc = argc;
    running.argv = argv;
    gateway_config_read(argc, argv, &running.config);
    daemon_log_set_level(running.config.log_level);
    keep_memory();
    raise_descriptors(&running.config);
    if (!block_signals(&running)) {
        fprintf(stderr, "contact-gateway: signals: %s\n", strerror(errno));
        return EXIT_FAILED;
    }
    if (start(&running, &status) != NNRPC_OK) {
        int result = fail(&status);
        close_all(&running);
        return result;
    }
    log_start(&running, http_front_listener(running.front));
    return stop(&running, serve(&running));
}
