/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contactd's configuration. Each setting is one row: its name, how its value is read, where it goes
 * and what --help says of it. Flags are collected first, then the file fills what they left unset.
 */
#include "config.h"

#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nnrpc/base.h"

#define EXIT_USAGE 2
#define KEY_FIRST 0x100
#define LINE_BYTES 4096
#define SLOW_CALL_MS 1000

enum setting_kind {
    SETTING_TEXT,
    SETTING_FLAG,
    SETTING_COUNT,
    SETTING_SIZE,
    SETTING_TIME,
    SETTING_LEVEL,
    SETTING_LISTEN
};

struct setting {
    const char *name;
    enum setting_kind kind;
    size_t offset;
    const char *argument; /* NULL for a flag */
    const char *help;
    uint64_t least; /* of numbers, after their unit */
    uint64_t most;
    bool only_flag; /* not in the file */
};

#define AT(member) offsetof(struct contactd_config, member)

static const struct setting settings[] = {
    {"data", SETTING_TEXT, AT(data), "DIR", "Folder of the store; made when it is not there", 0, 0,
     false},
    {"listen", SETTING_LISTEN, AT(listen), "URL",
     "Address to listen on, ipc:///PATH or tcp://HOST:PORT; may be repeated (default: "
     "contactd.sock in the data folder)",
     0, 0, false},
    {"tokens", SETTING_TEXT, AT(tokens), "FILE",
     "Tokens file, managed by contactctl token; read again on SIGHUP", 0, 0, false},
    {"require-token", SETTING_FLAG, AT(require_token), NULL, "Ask for a token on ipc addresses too",
     0, 0, false},
    {"insecure", SETTING_FLAG, AT(insecure), NULL,
     "Serve tcp without a tokens file: everyone who can connect is an administrator", 0, 0, false},
    {"backups", SETTING_TEXT, AT(backups), "DIR",
     "Folder that backups are written to (default: backups in the data folder)", 0, 0, false},
    {"map-size", SETTING_SIZE, AT(map_bytes), "SIZE",
     "Most that the store may grow to, e.g. 64GiB (the default); the file is sparse", 1 << 20,
     UINT64_C(1) << 46, false},
    {"change-retention", SETTING_TIME, AT(change_retention_s), "TIME",
     "How long changes are kept, at least as long as request ids, e.g. 7d (the default)", 1,
     UINT64_C(3650) * 86400, false},
    {"request-retention", SETTING_TIME, AT(request_retention_s), "TIME",
     "How long request ids are kept, e.g. 24h (the default and the least)", 86400,
     UINT64_C(3650) * 86400, false},
    {"password-operations", SETTING_COUNT, AT(password_operations), "COUNT",
     "Argon2id passes for a password (default 2)", 1, 1000, false},
    {"password-memory", SETTING_SIZE, AT(password_memory_bytes), "SIZE",
     "Argon2id memory for a password (default 64MiB)", 8192, UINT64_C(1) << 32, false},
    {"max-calls", SETTING_COUNT, AT(max_calls_in_flight), "COUNT",
     "Calls accepted and not yet answered; more are refused as OVERLOADED (default 16384)", 1,
     1 << 20, false},
    {"queue-writes", SETTING_COUNT, AT(queue_writes), "COUNT",
     "Writes waiting for the disk; more are refused as OVERLOADED (default 8192)", 1, 1 << 20,
     false},
    {"read-workers", SETTING_COUNT, AT(read_workers), "COUNT", "Threads for long reads (default 1)",
     1, 64, false},
    {"slow-workers", SETTING_COUNT, AT(slow_workers), "COUNT",
     "Threads for hashing passwords and for backups (default 2)", 1, 64, false},
    {"drain-time", SETTING_COUNT, AT(drain_ms), "MS",
     "Longest wait for calls in flight when stopping, in milliseconds (default 30000)", 1, 3600000,
     false},
    {"log-level", SETTING_LEVEL, AT(log_level), "LEVEL",
     "error, warning, info (the default) or debug (one line a call)", 0, 0, false},
    {"slow-call-time", SETTING_COUNT, AT(slow_call_ms), "MS",
     "At log level info, calls that take this many milliseconds have a line; 0: none (default "
     "1000)",
     0, 86400000, false},
    {"recent-calls", SETTING_COUNT, AT(recent_calls), "COUNT",
     "How many of the slowest recent calls are kept for contactctl stats calls (default 128)", 1,
     65536, false},
    {"restore", SETTING_TEXT, AT(restore), "FILE",
     "Make a store in the (empty) data folder from a backup, with a new epoch, and exit", 0, 0,
     true},
};

struct reading {
    struct contactd_config *config;
    const char *config_path;
    int next;                         /* the argument after the last flag that was taken */
    bool set[NNRPC_LENGTH(settings)]; /* by a flag: the file does not change it */
};

struct unit {
    const char *suffix;
    uint64_t factor;
};

static const struct unit size_units[] = {
    {"", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", UINT64_C(1) << 40}};
static const struct unit time_units[] = {{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {"", 1}};
static const struct unit count_units[] = {{"", 1}};

static void __attribute__((noreturn, format(printf, 2, 3)))
usage_error(const char *place, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "contactd: %s: ", place);
    vfprintf(stderr, format, arguments);
    fputs("\n", stderr);
    va_end(arguments);
    exit(EXIT_USAGE);
}

static const struct unit *find_unit(const struct unit *units, size_t count, const char *suffix) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(units[i].suffix, suffix) == 0) {
            return &units[i];
        }
    }
    return NULL;
}

static uint64_t read_number(
    const struct setting *setting, const char *place, const char *value, const struct unit *units,
    size_t unit_count, const char *expected) {
    char *end = NULL;
    errno = 0;
    uint64_t number = strtoull(value, &end, 10);
    const struct unit *unit =
        isdigit((unsigned char)value[0]) && errno == 0 ? find_unit(units, unit_count, end) : NULL;
    if (unit == NULL || number > UINT64_MAX / unit->factor) {
        usage_error(place, "\"%s\" is not %s", value, expected);
    }
    number *= unit->factor;
    if (number < setting->least || number > setting->most) {
        usage_error(
            place, "\"%s\" is out of range: expected %" PRIu64 " to %" PRIu64, value,
            setting->least, setting->most);
    }
    return number;
}

/* More of an address is checked where it is bound; this much before anything is made. */
static bool has_known_scheme(const char *address) {
    static const char *const schemes[] = {"ipc://", "tcp://", "ws://"};
    for (size_t i = 0; i < NNRPC_LENGTH(schemes); i++) {
        if (strncmp(address, schemes[i], strlen(schemes[i])) == 0) {
            return true;
        }
    }
    return false;
}

static void add_listen(struct contactd_config *config, const char *place, const char *value) {
    if (!has_known_scheme(value)) {
        usage_error(
            place, "\"%s\" is not an address: expected ipc:///PATH or tcp://HOST:PORT", value);
    }
    if (config->listen_count == CONTACTD_LISTEN_MOST) {
        usage_error(place, "more than %d addresses", CONTACTD_LISTEN_MOST);
    }
    config->listen[config->listen_count++] = strdup(value);
}

static bool read_flag(const char *place, const char *value) {
    if (value == NULL || strcmp(value, "true") == 0) {
        return true;
    }
    if (strcmp(value, "false") != 0) {
        usage_error(place, "\"%s\" is not true or false", value);
    }
    return false;
}

static void apply(
    struct contactd_config *config, const struct setting *setting, const char *place,
    const char *value) {
    void *target = (char *)config + setting->offset;
    switch (setting->kind) {
    case SETTING_TEXT:
        if (value[0] == '\0') {
            usage_error(place, "is empty: expected %s", setting->argument);
        }
        free(*(char **)target);
        *(char **)target = strdup(value);
        break;
    case SETTING_FLAG:
        *(bool *)target = read_flag(place, value);
        break;
    case SETTING_COUNT:
        *(uint64_t *)target = read_number(
            setting, place, value, count_units, NNRPC_LENGTH(count_units), "a whole number");
        break;
    case SETTING_SIZE:
        *(uint64_t *)target = read_number(
            setting, place, value, size_units, NNRPC_LENGTH(size_units),
            "a size, like 512MiB or 64GiB");
        break;
    case SETTING_TIME:
        *(uint64_t *)target = read_number(
            setting, place, value, time_units, NNRPC_LENGTH(time_units),
            "a time, like 90s, 30m, 24h or 7d");
        break;
    case SETTING_LEVEL:
        if (!contactd_log_level_from_name(value, (enum contactd_log_level *)target)) {
            usage_error(place, "\"%s\" is not error, warning, info or debug", value);
        }
        break;
    case SETTING_LISTEN:
        add_listen(config, place, value);
        break;
    }
}

/* --- The file ----------------------------------------------------------------------------- */

static char *trim(char *text) {
    while (isspace((unsigned char)*text)) {
        text++;
    }
    size_t length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1])) {
        text[--length] = '\0';
    }
    return text;
}

static size_t find_setting(const char *name) {
    size_t i = 0;
    while (i < NNRPC_LENGTH(settings) && strcmp(settings[i].name, name) != 0) {
        i++;
    }
    return i;
}

static void read_line(struct reading *reading, const char *place, char *line) {
    char *text = trim(line);
    if (text[0] == '\0' || text[0] == '#') {
        return;
    }
    char *equals = strchr(text, '=');
    if (equals == NULL) {
        usage_error(place, "\"%s\": expected NAME = VALUE", text);
    }
    *equals = '\0';
    char *name = trim(text);
    size_t index = find_setting(name);
    if (index == NNRPC_LENGTH(settings) || settings[index].only_flag) {
        usage_error(place, "unknown setting \"%s\"; contactd --help lists them", name);
    }
    if (!reading->set[index]) {
        apply(reading->config, &settings[index], place, trim(equals + 1));
    }
}

static void read_file(struct reading *reading) {
    char line[LINE_BYTES];
    char place[PATH_MAX + 32];
    FILE *file = fopen(reading->config_path, "r");
    if (file == NULL) {
        usage_error("--config", "%s: %s", reading->config_path, strerror(errno));
    }
    for (unsigned number = 1; fgets(line, sizeof(line), file) != NULL; number++) {
        snprintf(place, sizeof(place), "%s:%u", reading->config_path, number);
        if (strchr(line, '\n') == NULL && !feof(file)) {
            usage_error(place, "the line is longer than %d bytes", LINE_BYTES - 2);
        }
        read_line(reading, place, line);
    }
    if (ferror(file)) {
        usage_error("--config", "%s: %s", reading->config_path, strerror(errno));
    }
    fclose(file);
}

/* --- The flags ---------------------------------------------------------------------------- */

const char *argp_program_version = "contactd " CONTACTS_VERSION;

static error_t parse_option(int key, char *argument, struct argp_state *state) {
    struct reading *reading = state->input;
    char place[64];
    if (key == 'c') {
        reading->next = state->next;
        reading->config_path = argument;
        return 0;
    }
    if (key >= KEY_FIRST && key < KEY_FIRST + (int)NNRPC_LENGTH(settings)) {
        const struct setting *setting = &settings[key - KEY_FIRST];
        snprintf(place, sizeof(place), "--%s", setting->name);
        apply(reading->config, setting, place, argument);
        reading->set[key - KEY_FIRST] = true;
        reading->next = state->next;
        return 0;
    }
    if (key == ARGP_KEY_ARG) {
        usage_error(argument, "unexpected argument; contactd --help lists the flags");
    }
    return ARGP_ERR_UNKNOWN;
}

/* argp's silence about errors covers its help too, so it is asked for only without these. */
static bool asks_for_help(int argc, char **argv) {
    static const char *const flags[] = {"--help", "-?", "--usage", "--version", "-V"};
    for (int i = 1; i < argc; i++) {
        for (size_t j = 0; j < NNRPC_LENGTH(flags); j++) {
            if (strcmp(argv[i], flags[j]) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* Says in one line what argp says in two. */
static void __attribute__((noreturn)) refuse_flag(const char *flag) {
    const char *name = strncmp(flag, "--", 2) == 0 ? flag + 2 : flag;
    size_t length = strcspn(name, "=");
    for (size_t i = 0; i < NNRPC_LENGTH(settings); i++) {
        if (strlen(settings[i].name) == length && strncmp(settings[i].name, name, length) == 0) {
            usage_error(
                flag, settings[i].argument != NULL ? "needs a value" : "does not take a value");
        }
    }
    usage_error(flag, "unknown flag; contactd --help lists the flags");
}

static void read_flags(int argc, char **argv, struct reading *reading) {
    struct argp_option options[NNRPC_LENGTH(settings) + 2] = {0};
    for (size_t i = 0; i < NNRPC_LENGTH(settings); i++) {
        options[i] = (struct argp_option){
            .name = settings[i].name,
            .key = KEY_FIRST + (int)i,
            .arg = settings[i].argument,
            .doc = settings[i].help,
        };
    }
    options[NNRPC_LENGTH(settings)] = (struct argp_option){
        .name = "config",
        .key = 'c',
        .arg = "FILE",
        .doc = "Read settings from a file: lines of NAME = VALUE with the names above"};
    const struct argp argp = {
        .options = options,
        .parser = parse_option,
        .doc = "Serves customer contacts over RPC from an embedded store."
               "\vSIGTERM and SIGINT: finish what is in flight, then exit 0. SIGHUP: read the "
               "tokens file again. Exit status: 0 stopped or done, 1 could not start or failed, 2 "
               "wrong flags or settings.",
    };
    argp_err_exit_status = EXIT_USAGE;
    unsigned flags = asks_for_help(argc, argv) ? 0 : ARGP_NO_ERRS;
    if (argp_parse(&argp, argc, argv, flags, NULL, reading) != 0) {
        refuse_flag(argv[reading->next < argc ? reading->next : argc - 1]);
    }
}

/* --- Finishing ---------------------------------------------------------------------------- */

static char *make_absolute(char *path) {
    char folder[PATH_MAX];
    char *absolute = NULL;
    if (path[0] == '/') {
        return path;
    }
    if (getcwd(folder, sizeof(folder)) == NULL || asprintf(&absolute, "%s/%s", folder, path) < 0) {
        usage_error(path, "cannot be made an absolute path: %s", strerror(errno));
    }
    free(path);
    return absolute;
}

static void finish(struct contactd_config *config) {
    if (config->data == NULL) {
        usage_error("--data", "is missing: expected the folder of the store");
    }
    config->data = make_absolute(config->data);
    if (config->listen_count == 0 &&
        asprintf(&config->listen[0], "ipc://%s/contactd.sock", config->data) > 0) {
        config->listen_count = 1;
    }
    if (config->backups == NULL && asprintf(&config->backups, "%s/backups", config->data) < 0) {
        config->backups = NULL;
    }
    config->backups = config->backups != NULL ? make_absolute(config->backups) : NULL;
    for (size_t i = 0; i < config->listen_count; i++) {
        bool is_ipc = strncmp(config->listen[i], "ipc://", 6) == 0;
        if (!is_ipc && config->tokens == NULL && !config->insecure) {
            usage_error(
                config->listen[i],
                "needs --tokens FILE, since any process can connect there (--insecure serves it "
                "to everyone all the same)");
        }
    }
}

void contactd_config_read(int argc, char **argv, struct contactd_config *out_config) {
    struct reading reading = {.config = out_config, .next = 1};
    *out_config = (struct contactd_config){
        .log_level = CONTACTD_LOG_INFO,
        .slow_call_ms = SLOW_CALL_MS,
    };
    read_flags(argc, argv, &reading);
    if (reading.config_path != NULL) {
        read_file(&reading);
    }
    finish(out_config);
}

void contactd_config_deinit(struct contactd_config *config) {
    free(config->data);
    free(config->tokens);
    free(config->backups);
    free(config->restore);
    for (size_t i = 0; i < config->listen_count; i++) {
        free(config->listen[i]);
    }
}
