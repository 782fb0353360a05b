/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway's table of settings, its defaults, and what must hold between them.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http/http_front.h"

#define AT(member) offsetof(struct gateway_config, member)
#define DEFAULT_LISTEN "127.0.0.1:8080"
#define HOUR_MS 3600000

static const struct setting settings[] = {
    {"server", SETTING_TEXTS, AT(servers), "URL",
     "Address of contactd, ipc:///PATH, tcp://HOST:PORT or ws://HOST:PORT; may be repeated for "
     "several of them (default: the environment's CONTACTS_SERVER)",
     0, 0, SETTING_ANYWHERE, SETTING_AT_START, NULL, NULL},
    {"listen", SETTING_TEXTS, AT(listen), "HOST:PORT",
     "Address to listen on; may be repeated (default " DEFAULT_LISTEN "); port 0 takes a free one",
     0, 0, SETTING_ANYWHERE, SETTING_AT_START, NULL, NULL},
    {"tls-cert", SETTING_TEXT, AT(tls_certificate), "FILE",
     "Serve HTTPS with the certificate chain in this file (PEM); read again on SIGHUP", 0, 0,
     SETTING_ANYWHERE, SETTING_AT_START, NULL, NULL},
    {"tls-key", SETTING_TEXT, AT(tls_key), "FILE", "Private key of the certificate (PEM)", 0, 0,
     SETTING_ANYWHERE, SETTING_AT_START, NULL, NULL},
    {"insecure", SETTING_FLAG, AT(insecure), NULL,
     "Serve plain HTTP on addresses that are not this machine's own: tokens can be read on the way",
     0, 0, SETTING_ANYWHERE, SETTING_AT_START, NULL, NULL},
    {"stats-token-file", SETTING_TEXT, AT(stats_token_file), "FILE",
     "File with the token to ask contactd for its part of /metrics with; without it, the token of "
     "whoever reads /metrics is used",
     0, 0, SETTING_ANYWHERE, SETTING_AT_START, NULL, NULL},
    {"threads", SETTING_COUNT, AT(threads), "COUNT", "Loops, each a thread (default: the cores)", 1,
     HTTP_LOOPS_MOST, SETTING_ANYWHERE, SETTING_AT_START, NULL, NULL},
    {"timeout", SETTING_DURATION, AT(timeout_ms), "TIME",
     "Longest wait for an answer of contactd (default 10s)", 1, HOUR_MS, SETTING_ANYWHERE,
     SETTING_AT_START, NULL, NULL},
    {"max-header-size", SETTING_SIZE, AT(header_bytes), "SIZE",
     "Largest request line with headers (default 16KiB)", 2048, 1 << 20, SETTING_ANYWHERE,
     SETTING_AT_START, NULL, NULL},
    {"max-body-size", SETTING_SIZE, AT(body_bytes), "SIZE",
     "Largest body of a request (default 1MiB)", 1, 64 << 20, SETTING_ANYWHERE, SETTING_AT_START,
     NULL, NULL},
    {"max-connections", SETTING_COUNT, AT(connections), "COUNT",
     "Connections open at once; more are answered 503 (default 1024)", 1, 1 << 20, SETTING_ANYWHERE,
     SETTING_AT_START, NULL, NULL},
    {"idle-time", SETTING_DURATION, AT(idle_ms), "TIME",
     "Longest time without a request on a connection, or without progress of an answer (default "
     "30s)",
     1, HOUR_MS, SETTING_ANYWHERE, SETTING_AT_START, NULL, NULL},
    {"request-time", SETTING_DURATION, AT(request_ms), "TIME",
     "Longest time for a request to come in whole (default 30s)", 1, HOUR_MS, SETTING_ANYWHERE,
     SETTING_AT_START, NULL, NULL},
    {"drain-time", SETTING_DURATION, AT(drain_ms), "TIME",
     "Longest wait for requests under way when stopping (default 30s)", 1, HOUR_MS,
     SETTING_ANYWHERE, SETTING_WHILE_RUNNING, NULL, NULL},
    {"log-level", SETTING_LEVEL, AT(log_level), "LEVEL",
     "error, warning, info (the default) or debug (one line a request)", 0, 0, SETTING_ANYWHERE,
     SETTING_WHILE_RUNNING, NULL, NULL},
    {"slow-request-time", SETTING_DURATION, AT(slow_request_ms), "TIME",
     "At log level info, requests that take so long have a line; 0s: none (default 1s)", 0, HOUR_MS,
     SETTING_ANYWHERE, SETTING_WHILE_RUNNING, NULL, NULL},
};

static const struct settings_program program = {
    .name = "contact-gateway",
    .version = "contact-gateway " CONTACTS_VERSION,
    .help = "Serves the contacts of a contactd over HTTP, as JSON."
            "\vSIGTERM and SIGINT: answer what is under way, then exit 0; once more: exit at once. "
            "SIGHUP: read the configuration and the certificate again. Exit status: 0 stopped, 1 "
            "could not start or was told to stop at once, 2 wrong flags or settings.",
    .settings = settings,
    .setting_count = NNRPC_LENGTH(settings),
};

static void fill_defaults(struct gateway_config *config) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t most = HTTP_LOOPS_MOST;
    *config = (struct gateway_config){
        .threads = cores < 1              ? 1
                   : (size_t)cores > most ? most
                                          : (uint64_t)cores,
        .header_bytes = 16 << 10,
        .body_bytes = 1 << 20,
        .connections = 1024,
        .idle_ms = 30000,
        .request_ms = 30000,
        .timeout_ms = 10000,
        .slow_request_ms = 1000,
        .drain_ms = 30000,
        .log_level = DAEMON_LOG_INFO,
    };
}

static bool finish(struct gateway_config *config) {
    struct settings_problem *problem = &config->problem;
    const char *server = getenv("CONTACTS_SERVER");
    if (config->servers.count == 0 && server != NULL && server[0] != '\0' &&
        !setting_texts_add(&config->servers, problem, "CONTACTS_SERVER", server)) {
        return false;
    }
    if (config->servers.count == 0) {
        return settings_refuse(problem, "--server", "is missing: expected contactd's address");
    }
    if (config->listen.count == 0 &&
        !setting_texts_add(&config->listen, problem, "--listen", DEFAULT_LISTEN)) {
        return false;
    }
    if ((config->tls_certificate == NULL) != (config->tls_key == NULL)) {
        return settings_refuse(
            problem, config->tls_key == NULL ? "--tls-cert" : "--tls-key",
            "certificate and key go together: --tls-cert FILE --tls-key FILE");
    }
    return setting_make_absolute(&config->tls_certificate, problem) &&
           setting_make_absolute(&config->tls_key, problem) &&
           setting_make_absolute(&config->stats_token_file, problem);
}

static bool read_all(int argc, char **argv, bool is_again, struct gateway_config *out_config) {
    fill_defaults(out_config);
    return settings_read(&program, argc, argv, is_again, out_config, &out_config->problem) &&
           finish(out_config);
}

void gateway_config_read(int argc, char **argv, struct gateway_config *out_config) {
    if (!read_all(argc, argv, false, out_config)) {
        fprintf(stderr, "contact-gateway: %s\n", out_config->problem.text);
        exit(SETTINGS_EXIT_USAGE);
    }
}

bool gateway_config_read_again(int argc, char **argv, struct gateway_config *out_config) {
    return read_all(argc, argv, true, out_config);
}

void gateway_config_compare(
    const struct gateway_config *before, const struct gateway_config *after, settings_visit *visit,
    void *self) {
    settings_compare(&program, before, after, visit, self);
}

void gateway_config_deinit(struct gateway_config *config) {
    setting_texts_deinit(&config->servers);
    setting_texts_deinit(&config->listen);
    free(config->tls_certificate);
    free(config->tls_key);
    free(config->stats_token_file);
}
