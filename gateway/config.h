/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway's configuration, by flags, environment and file. A flag wins over the file.
 */
#ifndef GATEWAY_CONFIG_H
#define GATEWAY_CONFIG_H

#include "daemon/log.h"
#include "daemon/settings.h"

struct gateway_config {
    struct setting_texts servers; /* at least one once read */
    struct setting_texts listen;  /* at least one once read */
    char *tls_certificate;        /* NULL: plain HTTP */
    char *tls_key;
    char *stats_token_file; /* NULL: none */
    bool insecure;
    uint64_t threads;
    uint64_t header_bytes;
    uint64_t body_bytes;
    uint64_t connections;
    uint64_t idle_ms;
    uint64_t request_ms;
    uint64_t timeout_ms;
    uint64_t slow_request_ms; /* 0: no request is slow */
    uint64_t drain_ms;
    enum daemon_log_level log_level;
    struct settings_problem problem;
};

/**
 * Reads flags and the configuration file. Ends the process for --help, --version (status 0) and for
 * anything wrong (one line on stderr, status 2).
 */
void gateway_config_read(int argc, char **argv, struct gateway_config *out_config);

/**
 * Reads flags and the configuration file once more, without printing anything or ending the
 * process.
 *
 * @param out_config  Made in any case, to be released.
 * @return false when something is wrong: out_config->problem.text says what and where.
 */
NNRPC_NODISCARD bool gateway_config_read_again(
    int argc, char **argv, struct gateway_config *out_config);

/** Compares two configurations setting by setting. */
void gateway_config_compare(
    const struct gateway_config *before, const struct gateway_config *after, settings_visit *visit,
    void *self);

void gateway_config_deinit(struct gateway_config *config);

#endif
