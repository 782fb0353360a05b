/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of settings, and reading and writing one value.
 */
#include "settings.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nnrpc/server.h"

#define AT(member) offsetof(struct contactd_config, member)

const struct contactd_setting contactd_settings[CONTACTD_SETTINGS] = {
    {"data", SETTING_TEXT, AT(data), "DIR", "Folder of the store; made when it is not there", 0, 0,
     ANYWHERE, AT_START},
    {"listen", SETTING_LISTEN, AT(listen), "URL",
     "Address to listen on, ipc:///PATH, tcp://HOST:PORT or ws://HOST:PORT; may be repeated "
     "(default: contactd.sock in the data folder)",
     0, 0, ANYWHERE, AT_START},
    {"admin-listen", SETTING_LISTEN, AT(admin_listen), "URL",
     "Address to listen on for administration, too: administration, statistics and reflection are "
     "then served on such addresses only, whatever the load elsewhere; may be repeated",
     0, 0, ANYWHERE, AT_START},
    {"tokens", SETTING_TEXT, AT(tokens), "FILE",
     "Tokens file, managed by contactctl token; read again on SIGHUP", 0, 0, ANYWHERE,
     WHILE_RUNNING},
    {"require-token", SETTING_FLAG, AT(require_token), NULL, "Ask for a token on ipc addresses too",
     0, 0, ANYWHERE, AT_START},
    {"insecure", SETTING_FLAG, AT(insecure), NULL,
     "Serve tcp without a tokens file: everyone who can connect is an administrator", 0, 0,
     ANYWHERE, AT_START},
    {"backups", SETTING_TEXT, AT(backups), "DIR",
     "Folder that backups are written to (default: backups in the data folder)", 0, 0, ANYWHERE,
     AT_START},
    {"map-size", SETTING_SIZE, AT(map_bytes), "SIZE",
     "Most that the store may grow to, e.g. 64GiB (the default); the file is sparse", 1 << 20,
     UINT64_C(1) << 46, ANYWHERE, AT_START},
    {"change-retention", SETTING_TIME, AT(change_retention_s), "TIME",
     "How long changes are kept, at least as long as request ids, e.g. 7d (the default)", 1,
     UINT64_C(3650) * 86400, ANYWHERE, WHILE_RUNNING},
    {"request-retention", SETTING_TIME, AT(request_retention_s), "TIME",
     "How long request ids are kept, e.g. 24h (the default and the least)", 86400,
     UINT64_C(3650) * 86400, ANYWHERE, WHILE_RUNNING},
    {"password-operations", SETTING_COUNT, AT(password_operations), "COUNT",
     "Argon2id passes for a password (default 2)", 1, 1000, ANYWHERE, AT_START},
    {"password-memory", SETTING_SIZE, AT(password_memory_bytes), "SIZE",
     "Argon2id memory for a password (default 64MiB)", 8192, UINT64_C(1) << 32, ANYWHERE, AT_START},
    {"max-calls", SETTING_COUNT, AT(max_calls_in_flight), "COUNT",
     "Calls accepted and not yet answered; more are refused as OVERLOADED (default 16384)", 1,
     1 << 20, ANYWHERE, AT_START},
    {"queue-writes", SETTING_COUNT, AT(queue_writes), "COUNT",
     "Writes waiting for the disk; more are refused as OVERLOADED (default 8192)", 1, 1 << 20,
     ANYWHERE, AT_START},
    {"read-workers", SETTING_COUNT, AT(read_workers), "COUNT", "Threads for long reads (default 1)",
     1, 64, ANYWHERE, AT_START},
    {"slow-workers", SETTING_COUNT, AT(slow_workers), "COUNT",
     "Threads for hashing passwords and for backups (default 2)", 1, 64, ANYWHERE, AT_START},
    {"queue-target", SETTING_COUNT, AT(queue_target_ms), "MS",
     "Delay, in milliseconds, that may stand in the queues of writes and of workers; above it for "
     "half a second, calls are refused as OVERLOADED (default 1000; 0: any delay)",
     0, 3600000, ANYWHERE, WHILE_RUNNING},
    {"limit", SETTING_LIMIT, AT(limits), "METHODS KEY=NUMBER...",
     "Limit PACKAGE.SERVICE/METHOD, PACKAGE.SERVICE/* or *, each method by itself; keys are "
     "concurrency, rate (calls a second), burst, max-request-bytes and max-reply-bytes; may be "
     "repeated, the closest one counts",
     0, 0, ANYWHERE, WHILE_RUNNING},
    {"max-request-size", SETTING_SIZE, AT(max_request_bytes), "SIZE",
     "Largest request of a call (default 1MiB, what a frame holds)", 64, 1 << 20, ANYWHERE,
     AT_START},
    {"max-reply-size", SETTING_SIZE, AT(max_reply_bytes), "SIZE",
     "Largest reply frame, whatever its caller takes (default 16MiB, the most)", 4096, 16 << 20,
     ANYWHERE, AT_START},
    {"drain-time", SETTING_COUNT, AT(drain_ms), "MS",
     "Longest wait for calls in flight when stopping, in milliseconds (default 30000)", 1, 3600000,
     ANYWHERE, AT_START},
    {"log-level", SETTING_LEVEL, AT(log_level), "LEVEL",
     "error, warning, info (the default) or debug (one line a call)", 0, 0, ANYWHERE,
     WHILE_RUNNING},
    {"slow-call-time", SETTING_COUNT, AT(slow_call_ms), "MS",
     "At log level info, calls that take this many milliseconds have a line; 0: none (default "
     "1000)",
     0, 86400000, ANYWHERE, WHILE_RUNNING},
    {"recent-calls", SETTING_COUNT, AT(recent_calls), "COUNT",
     "How many of the slowest recent calls are kept for contactctl stats calls (default 128)", 1,
     65536, ANYWHERE, AT_START},
    {"restore", SETTING_TEXT, AT(restore), "FILE",
     "Make a store in the (empty) data folder from a backup, with a new epoch, and exit", 0, 0,
     ONLY_FLAG, AT_START},
};

struct unit {
    const char *suffix;
    uint64_t factor;
};

static const struct unit size_units[] = {
    {"", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", UINT64_C(1) << 40}};
static const struct unit time_units[] = {{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {"", 1}};
static const struct unit count_units[] = {{"", 1}};

size_t contactd_setting_find(const char *name) {
    size_t i = 0;
    while (i < CONTACTD_SETTINGS && strcmp(contactd_settings[i].name, name) != 0) {
        i++;
    }
    return i;
}

bool contactd_config_refuse(
    struct contactd_config *config, const char *place, const char *format, ...) {
    size_t size = sizeof(config->problem);
    if (config->problem[0] == '\0') {
        va_list arguments;
        va_start(arguments, format);
        size_t length = (size_t)snprintf(config->problem, size, "%s: ", place);
        if (length < size) {
            vsnprintf(config->problem + length, size - length, format, arguments);
        }
        va_end(arguments);
    }
    return false;
}

/* --- Numbers ------------------------------------------------------------------------------ */

static const struct unit *find_unit(const struct unit *units, size_t count, const char *suffix) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(units[i].suffix, suffix) == 0) {
            return &units[i];
        }
    }
    return NULL;
}

/* Reads a number with its unit; false when it is none. */
static bool parse_number(
    const char *value, const struct unit *units, size_t unit_count, uint64_t *out_number) {
    char *end = NULL;
    errno = 0;
    uint64_t number = strtoull(value, &end, 10);
    const struct unit *unit =
        isdigit((unsigned char)value[0]) && errno == 0 ? find_unit(units, unit_count, end) : NULL;
    if (unit == NULL || number > UINT64_MAX / unit->factor) {
        return false;
    }
    *out_number = number * unit->factor;
    return true;
}

bool contactd_size_read(const char *value, uint64_t least, uint64_t most, uint64_t *out_size) {
    uint64_t size = 0;
    if (!parse_number(value, size_units, NNRPC_LENGTH(size_units), &size) || size < least ||
        size > most) {
        return false;
    }
    *out_size = size;
    return true;
}

static bool read_number(
    const struct contactd_setting *setting, struct contactd_config *config, const char *place,
    const char *value) {
    static const struct {
        const struct unit *units;
        size_t unit_count;
        const char *expected;
    } kinds[] = {
        [SETTING_COUNT] = {count_units, NNRPC_LENGTH(count_units), "a whole number"},
        [SETTING_SIZE] = {size_units, NNRPC_LENGTH(size_units), "a size, like 512MiB or 64GiB"},
        [SETTING_TIME] = {time_units, NNRPC_LENGTH(time_units), "a time, like 90s, 30m, 24h or 7d"},
    };
    uint64_t number = 0;
    if (!parse_number(
            value, kinds[setting->kind].units, kinds[setting->kind].unit_count, &number)) {
        return contactd_config_refuse(
            config, place, "\"%s\" is not %s", value, kinds[setting->kind].expected);
    }
    if (number < setting->least || number > setting->most) {
        return contactd_config_refuse(
            config, place, "\"%s\" is out of range: expected %" PRIu64 " to %" PRIu64, value,
            setting->least, setting->most);
    }
    *(uint64_t *)((char *)config + setting->offset) = number;
    return true;
}

/* --- Other values ------------------------------------------------------------------------- */

static bool read_text(
    const struct contactd_setting *setting, struct contactd_config *config, const char *place,
    const char *value) {
    char **target = (char **)((char *)config + setting->offset);
    if (value[0] == '\0') {
        return contactd_config_refuse(config, place, "is empty: expected %s", setting->argument);
    }
    free(*target);
    *target = strdup(value);
    return true;
}

/* Whether it can be bound shows when it is. */
static bool add_address(
    const struct contactd_setting *setting, struct contactd_config *config, const char *place,
    const char *value) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct contactd_addresses *addresses =
        (struct contactd_addresses *)((char *)config + setting->offset);
    if (nnrpc_server_check_address(value, &status) != NNRPC_OK) {
        return contactd_config_refuse(config, place, "%s", status.message);
    }
    if (config->listen.count + config->admin_listen.count == CONTACTD_LISTEN_MOST) {
        return contactd_config_refuse(
            config, place, "more than %d addresses", CONTACTD_LISTEN_MOST);
    }
    addresses->urls[addresses->count++] = strdup(value);
    return true;
}

static bool read_flag(
    const struct contactd_setting *setting, struct contactd_config *config, const char *place,
    const char *value) {
    bool is_true = value == NULL || strcmp(value, "true") == 0;
    if (!is_true && strcmp(value, "false") != 0) {
        return contactd_config_refuse(config, place, "\"%s\" is not true or false", value);
    }
    *(bool *)((char *)config + setting->offset) = is_true;
    return true;
}

static bool read_level(
    const struct contactd_setting *setting, struct contactd_config *config, const char *place,
    const char *value) {
    void *target = (char *)config + setting->offset;
    return contactd_log_level_from_name(value, (enum contactd_log_level *)target) ||
           contactd_config_refuse(
               config, place, "\"%s\" is not error, warning, info or debug", value);
}

bool contactd_setting_apply(
    const struct contactd_setting *setting, struct contactd_config *config, const char *place,
    const char *value) {
    switch (setting->kind) {
    case SETTING_TEXT:
        return read_text(setting, config, place, value);
    case SETTING_FLAG:
        return read_flag(setting, config, place, value);
    case SETTING_COUNT:
    case SETTING_SIZE:
    case SETTING_TIME:
        return read_number(setting, config, place, value);
    case SETTING_LEVEL:
        return read_level(setting, config, place, value);
    case SETTING_LISTEN:
        return add_address(setting, config, place, value);
    case SETTING_LIMIT:
        return contactd_limit_read(config, place, value);
    }
    return false;
}

/* --- As text ------------------------------------------------------------------------------ */

static void append_item(struct nnrpc_buffer *out, const char *text) {
    if (out->size > 0) {
        nnrpc_buffer_append_text(out, ", ");
    }
    nnrpc_buffer_append_text(out, text);
}

static void append_number(
    struct nnrpc_buffer *out, uint64_t value, const struct contactd_setting *setting) {
    if (value < setting->least) { /* nobody said */
        nnrpc_buffer_append_text(out, "default");
    } else {
        nnrpc_buffer_append_format(
            out, "%" PRIu64 "%s", value, setting->kind == SETTING_TIME ? "s" : "");
    }
}

void contactd_setting_format(
    const struct contactd_setting *setting, const struct contactd_config *config,
    struct nnrpc_buffer *out) {
    const void *value = (const char *)config + setting->offset;
    switch (setting->kind) {
    case SETTING_TEXT:
        append_item(out, *(char *const *)value == NULL ? "" : *(char *const *)value);
        break;
    case SETTING_FLAG:
        append_item(out, *(const bool *)value ? "true" : "false");
        break;
    case SETTING_COUNT:
    case SETTING_SIZE:
    case SETTING_TIME:
        append_number(out, *(const uint64_t *)value, setting);
        break;
    case SETTING_LEVEL:
        append_item(out, contactd_log_level_name(*(const enum contactd_log_level *)value));
        break;
    case SETTING_LISTEN:
        for (size_t i = 0; i < ((const struct contactd_addresses *)value)->count; i++) {
            append_item(out, ((const struct contactd_addresses *)value)->urls[i]);
        }
        break;
    case SETTING_LIMIT:
        for (size_t i = 0; i < config->limits.count; i++) {
            append_item(out, config->limits.texts[i]);
        }
        break;
    }
}
