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

#include "log.h"

#define CONTACTD_LISTEN_MOST 16

struct contactd_config {
    char *data;                         /* absolute */
    char *listen[CONTACTD_LISTEN_MOST]; /* in the order given */
    size_t listen_count;
    char *tokens;  /* NULL: none */
    char *backups; /* NULL until finished; then absolute */
    char *restore; /* NULL: serve */
    bool require_token;
    bool insecure;
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
    enum contactd_log_level log_level;
};

/**
 * Reads flags and the configuration file. Ends the process for --help, --version (status 0) and for
 * anything wrong (one line on stderr, status 2).
 */
void contactd_config_read(int argc, char **argv, struct contactd_config *out_config);

void contactd_config_deinit(struct contactd_config *config);

#endif
