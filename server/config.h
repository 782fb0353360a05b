/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contactd's configuration: one table of settings, which flags, the configuration file and --help
 * are read from. A flag wins over the file.
 */
#ifndef CONTACTD_CONFIG_H
#define CONTACTD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/log.h"
#include "daemon/settings.h"
#include "nnrpc/limits.h"
#include "store/store.h"

#define CONTACTD_LISTEN_MOST SETTING_TEXTS_MOST
#define CONTACTD_LIMITS_MOST 64

/** Limits of methods, and each as it was given. */
struct contactd_limits {
    struct nnrpc_method_limit limits[CONTACTD_LIMITS_MOST];
    char *texts[CONTACTD_LIMITS_MOST];
    size_t count;
};

struct contactd_config {
    char *data; /* absolute */
    struct setting_texts listen;
    struct setting_texts admin_listen;
    char *tokens;  /* NULL: none */
    char *backups; /* NULL until finished; then absolute */
    char *restore; /* NULL: serve */
    bool require_token;
    bool insecure;
    bool recover; /* go back to the last checkpoint */
    enum store_durability durability;
    uint64_t map_bytes;
    uint64_t change_retention_s;
    uint64_t request_retention_s;
    uint64_t password_operations;
    uint64_t password_memory_bytes;
    uint64_t max_calls_in_flight;
    uint64_t queue_writes;
    uint64_t read_workers;
    uint64_t slow_workers;
    uint64_t drain_ms;
    uint64_t slow_call_ms; /* 0: no call is slow */
    uint64_t recent_calls;
    uint64_t queue_target_ms; /* 0: any delay */
    uint64_t max_request_bytes;
    uint64_t max_reply_bytes;
    struct contactd_limits limits;
    enum daemon_log_level log_level;
    struct settings_problem problem;
};

/**
 * Reads flags and the configuration file. Ends the process for --help, --version (status 0) and for
 * anything wrong (one line on stderr, status 2).
 */
void contactd_config_read(int argc, char **argv, struct contactd_config *out_config);

/**
 * Reads flags and the configuration file once more, as they were at the start but for the file's
 * content, without printing anything or ending the process.
 *
 * @param out_config  Made in any case, to be released.
 * @return false when something is wrong: out_config->problem.text says what and where.
 */
NNRPC_NODISCARD bool contactd_config_read_again(
    int argc, char **argv, struct contactd_config *out_config);

/** Compares two configurations setting by setting. */
void contactd_config_compare(
    const struct contactd_config *before, const struct contactd_config *after,
    settings_visit *visit, void *self);

void contactd_config_deinit(struct contactd_config *config);

#endif
