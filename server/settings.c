/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contactd's table of settings.
 */
#include "settings.h"

#include <string.h>

#include "nnrpc/server.h"

#define AT(member) offsetof(struct contactd_config, member)

/* Whether it can be bound shows when it is. */
static bool add_address(
    const struct setting *setting, void *config, struct settings_problem *problem,
    const char *place, const char *value) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    const struct contactd_config *all = config;
    if (nnrpc_server_check_address(value, &status) != NNRPC_OK) {
        return settings_refuse(problem, place, "%s", status.message);
    }
    if (all->listen.count + all->admin_listen.count == CONTACTD_LISTEN_MOST) {
        return settings_refuse(problem, place, "more than %d addresses", CONTACTD_LISTEN_MOST);
    }
    return setting_texts_add(
        (struct setting_texts *)((char *)config + setting->offset), problem, place, value);
}

static const char *const durability_names[] = {
    [STORE_DURABILITY_LOG] = "log",
    [STORE_DURABILITY_LMDB] = "lmdb",
};

static bool read_durability(
    const struct setting *setting, void *config, struct settings_problem *problem,
    const char *place, const char *value) {
    for (size_t i = 0; i < NNRPC_LENGTH(durability_names); i++) {
        if (strcmp(durability_names[i], value) == 0) {
            *(enum store_durability *)((char *)config + setting->offset) = (enum store_durability)i;
            return true;
        }
    }
    return settings_refuse(problem, place, "\"%s\" is not log or lmdb", value);
}

static void format_durability(const void *config, struct nnrpc_buffer *out) {
    const struct contactd_config *all = config;
    setting_format_item(out, durability_names[all->durability]);
}

static const struct setting contactd_settings[] = {
    {"data", SETTING_TEXT, AT(data), "DIR", "Folder of the store; made when it is not there", 0, 0,
     SETTING_ANYWHERE, SETTING_AT_START, NULL, NULL},
    {"listen", SETTING_TEXTS, AT(listen), "URL",
     "Address to listen on, ipc:///PATH, tcp://HOST:PORT or ws://HOST:PORT; may be repeated "
     "(default: contactd.sock in the data folder)",
     0, 0, SETTING_ANYWHERE, SETTING_AT_START, add_address, NULL},
    {"admin-listen", SETTING_TEXTS, AT(admin_listen), "URL",
     "Address to listen on for administration, too: administration, statistics and reflection are "
     "then served on such addresses only, whatever the load elsewhere; may be repeated",
     0, 0, SETTING_ANYWHERE, SETTING_AT_START, add_address, NULL},
    {"tokens", SETTING_TEXT, AT(tokens), "FILE",
     "Tokens file, managed by contactctl token; read again on SIGHUP", 0, 0, SETTING_ANYWHERE,
     SETTING_WHILE_RUNNING, NULL, NULL},
    {"require-token", SETTING_FLAG, AT(require_token), NULL, "Ask for a token on ipc addresses too",
     0, 0, SETTING_ANYWHERE, SETTING_AT_START, NULL, NULL},
    {"insecure", SETTING_FLAG, AT(insecure), NULL,
     "Serve tcp without a tokens file: everyone who can connect is an administrator", 0, 0,
     SETTING_ANYWHERE, SETTING_AT_START, NULL, NULL},
    {"backups", SETTING_TEXT, AT(backups), "DIR",
     "Folder that backups are written to (default: backups in the data folder)", 0, 0,
     SETTING_ANYWHERE, SETTING_AT_START, NULL, NULL},
    {"durability", SETTING_OTHER, AT(durability), "FORM",
     "How writes are made durable: log (the default), every group appended to a log, which the "
     "data file follows; or lmdb, every group a synced commit of the data file",
     0, 0, SETTING_ANYWHERE, SETTING_AT_START, read_durability, format_durability},
    {"map-size", SETTING_SIZE, AT(map_bytes), "SIZE",
     "Most that the store may grow to, e.g. 64GiB (the default); the file is sparse", 1 << 20,
     UINT64_C(1) << 46, SETTING_ANYWHERE, SETTING_AT_START, NULL, NULL},
    {"change-retention", SETTING_TIME, AT(change_retention_s), "TIME",
     "How long changes are kept, at least as long as request ids, e.g. 7d (the default)", 1,
     UINT64_C(3650) * 86400, SETTING_ANYWHERE, SETTING_WHILE_RUNNING, NULL, NULL},
    {"request-retention", SETTING_TIME, AT(request_retention_s), "TIME",
     "How long request ids are kept, e.g. 24h (the default and the least)", 86400,
     UINT64_C(3650) * 86400, SETTING_ANYWHERE, SETTING_WHILE_RUNNING, NULL, NULL},
    {"password-operations", SETTING_COUNT, AT(password_operations), "COUNT",
     "Argon2id passes for a password (default 2)", 1, 1000, SETTING_ANYWHERE, SETTING_AT_START,
     NULL, NULL},
    {"password-memory", SETTING_SIZE, AT(password_memory_bytes), "SIZE",
     "Argon2id memory for a password (default 64MiB)", 8192, UINT64_C(1) << 32, SETTING_ANYWHERE,
     SETTING_AT_START, NULL, NULL},
    {"max-calls", SETTING_COUNT, AT(max_calls_in_flight), "COUNT",
     "Calls accepted and not yet answered; more are refused as OVERLOADED (default 16384)", 1,
     1 << 20, SETTING_ANYWHERE, SETTING_AT_START, NULL, NULL},
    {"queue-writes", SETTING_COUNT, AT(queue_writes), "COUNT",
     "Writes waiting for the disk; more are refused as OVERLOADED (default 8192)", 1, 1 << 20,
     SETTING_ANYWHERE, SETTING_AT_START, NULL, NULL},
    {"read-workers", SETTING_COUNT, AT(read_workers), "COUNT", "Threads for long reads (default 1)",
     1, 64, SETTING_ANYWHERE, SETTING_AT_START, NULL, NULL},
    {"slow-workers", SETTING_COUNT, AT(slow_workers), "COUNT",
     "Threads for hashing passwords and for backups (default 2)", 1, 64, SETTING_ANYWHERE,
     SETTING_AT_START, NULL, NULL},
    {"queue-target", SETTING_COUNT, AT(queue_target_ms), "MS",
     "Delay, in milliseconds, that may stand in the queues of writes and of workers; above it for "
     "half a second, calls are refused as OVERLOADED (default 1000; 0: any delay)",
     0, 3600000, SETTING_ANYWHERE, SETTING_WHILE_RUNNING, NULL, NULL},
    {"limit", SETTING_OTHER, AT(limits), "METHODS KEY=NUMBER...",
     "Limit PACKAGE.SERVICE/METHOD, PACKAGE.SERVICE/* or *, each method by itself; keys are "
     "concurrency, rate (calls a second), burst, max-request-bytes and max-reply-bytes; may be "
     "repeated, the closest one counts",
     0, 0, SETTING_ANYWHERE, SETTING_WHILE_RUNNING, contactd_limit_read, contactd_limit_format},
    {"max-request-size", SETTING_SIZE, AT(max_request_bytes), "SIZE",
     "Largest request of a call (default 1MiB, what a frame holds)", 64, 1 << 20, SETTING_ANYWHERE,
     SETTING_AT_START, NULL, NULL},
    {"max-reply-size", SETTING_SIZE, AT(max_reply_bytes), "SIZE",
     "Largest reply frame, whatever its caller takes (default 16MiB, the most)", 4096, 16 << 20,
     SETTING_ANYWHERE, SETTING_AT_START, NULL, NULL},
    {"drain-time", SETTING_COUNT, AT(drain_ms), "MS",
     "Longest wait for calls in flight when stopping, in milliseconds (default 30000)", 1, 3600000,
     SETTING_ANYWHERE, SETTING_AT_START, NULL, NULL},
    {"log-level", SETTING_LEVEL, AT(log_level), "LEVEL",
     "error, warning, info (the default) or debug (one line a call)", 0, 0, SETTING_ANYWHERE,
     SETTING_WHILE_RUNNING, NULL, NULL},
    {"slow-call-time", SETTING_COUNT, AT(slow_call_ms), "MS",
     "At log level info, calls that take this many milliseconds have a line; 0: none (default "
     "1000)",
     0, 86400000, SETTING_ANYWHERE, SETTING_WHILE_RUNNING, NULL, NULL},
    {"recent-calls", SETTING_COUNT, AT(recent_calls), "COUNT",
     "How many of the slowest recent calls are kept for contactctl stats calls (default 128)", 1,
     65536, SETTING_ANYWHERE, SETTING_AT_START, NULL, NULL},
    {"recover", SETTING_FLAG, AT(recover), NULL,
     "Do not trust the data file: go back to its last checkpoint and take in the log from there", 0,
     0, SETTING_ONLY_FLAG, SETTING_AT_START, NULL, NULL},
    {"restore", SETTING_TEXT, AT(restore), "FILE",
     "Make a store in the (empty) data folder from a backup, with a new epoch, and exit", 0, 0,
     SETTING_ONLY_FLAG, SETTING_AT_START, NULL, NULL},
};

const struct settings_program contactd_program = {
    .name = "contactd",
    .version = "contactd " CONTACTS_VERSION,
    .help = "Serves customer contacts over RPC from an embedded store."
            "\vSIGTERM and SIGINT: finish what is in flight, then exit 0. SIGHUP: read the "
            "configuration and the tokens again. Exit status: 0 stopped or done, 1 could not "
            "start or failed, 2 "
            "wrong flags or settings.",
    .settings = contactd_settings,
    .setting_count = NNRPC_LENGTH(contactd_settings),
};
