/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the configuration. Flags are collected first, then the file fills what they left unset.
 * The first thing that is wrong ends it.
 */
#include "config.h"

#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nnrpc/queue_delay.h"
#include "settings.h"

#define EXIT_USAGE 2
#define KEY_FIRST 0x100
#define LINE_BYTES 4096
#define SLOW_CALL_MS 1000

struct reading {
    struct contactd_config *config;
    const char *config_path;
    int next;                    /* the argument after the last flag that was taken */
    bool set[CONTACTD_SETTINGS]; /* by a flag: the file does not change it */
    bool is_again;               /* --help and the like are not looked for */
};

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

static bool read_line(struct reading *reading, const char *place, char *line) {
    char *text = trim(line);
    if (text[0] == '\0' || text[0] == '#') {
        return true;
    }
    char *equals = strchr(text, '=');
    if (equals == NULL) {
        return contactd_config_refuse(
            reading->config, place, "\"%s\": expected NAME = VALUE", text);
    }
    *equals = '\0';
    char *name = trim(text);
    size_t index = contactd_setting_find(name);
    if (index == CONTACTD_SETTINGS || contactd_settings[index].where == ONLY_FLAG) {
        return contactd_config_refuse(
            reading->config, place, "unknown setting \"%s\"; contactd --help lists them", name);
    }
    return reading->set[index] ||
           contactd_setting_apply(
               &contactd_settings[index], reading->config, place, trim(equals + 1));
}

static bool read_lines(struct reading *reading, FILE *file) {
    char line[LINE_BYTES];
    char place[PATH_MAX + 32];
    bool is_right = true;
    for (unsigned number = 1; is_right && fgets(line, sizeof(line), file) != NULL; number++) {
        snprintf(place, sizeof(place), "%s:%u", reading->config_path, number);
        if (strchr(line, '\n') == NULL && !feof(file)) {
            return contactd_config_refuse(
                reading->config, place, "the line is longer than %d bytes", LINE_BYTES - 2);
        }
        is_right = read_line(reading, place, line);
    }
    return is_right && (!ferror(file) || contactd_config_refuse(
                                             reading->config, "--config", "%s: %s",
                                             reading->config_path, strerror(errno)));
}

static bool read_file(struct reading *reading) {
    FILE *file = fopen(reading->config_path, "re");
    if (file == NULL) {
        return contactd_config_refuse(
            reading->config, "--config", "%s: %s", reading->config_path, strerror(errno));
    }
    bool is_right = read_lines(reading, file);
    fclose(file);
    return is_right;
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
    if (key >= KEY_FIRST && key < KEY_FIRST + (int)CONTACTD_SETTINGS) {
        const struct contactd_setting *setting = &contactd_settings[key - KEY_FIRST];
        snprintf(place, sizeof(place), "--%s", setting->name);
        reading->set[key - KEY_FIRST] = true;
        reading->next = state->next;
        return contactd_setting_apply(setting, reading->config, place, argument) ? 0 : EINVAL;
    }
    if (key == ARGP_KEY_ARG) {
        contactd_config_refuse(
            reading->config, argument, "unexpected argument; contactd --help lists the flags");
        return EINVAL;
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
static bool refuse_flag(struct contactd_config *config, const char *flag) {
    const char *name = strncmp(flag, "--", 2) == 0 ? flag + 2 : flag;
    size_t length = strcspn(name, "=");
    for (size_t i = 0; i < CONTACTD_SETTINGS; i++) {
        const struct contactd_setting *setting = &contactd_settings[i];
        if (strlen(setting->name) == length && strncmp(setting->name, name, length) == 0) {
            return contactd_config_refuse(
                config, flag,
                setting->argument != NULL ? "needs a value" : "does not take a value");
        }
    }
    return contactd_config_refuse(config, flag, "unknown flag; contactd --help lists the flags");
}

static bool read_flags(int argc, char **argv, struct reading *reading) {
    struct argp_option options[CONTACTD_SETTINGS + 2] = {0};
    for (size_t i = 0; i < CONTACTD_SETTINGS; i++) {
        options[i] = (struct argp_option){
            .name = contactd_settings[i].name,
            .key = KEY_FIRST + (int)i,
            .arg = contactd_settings[i].argument,
            .doc = contactd_settings[i].help,
        };
    }
    options[CONTACTD_SETTINGS] = (struct argp_option){
        .name = "config",
        .key = 'c',
        .arg = "FILE",
        .doc = "Read settings from a file: lines of NAME = VALUE with the names above"};
    const struct argp argp = {
        .options = options,
        .parser = parse_option,
        .doc = "Serves customer contacts over RPC from an embedded store."
               "\vSIGTERM and SIGINT: finish what is in flight, then exit 0. SIGHUP: read the "
               "configuration and the tokens again. Exit status: 0 stopped or done, 1 could not "
               "start or failed, 2 "
               "wrong flags or settings.",
    };
    argp_err_exit_status = EXIT_USAGE;
    bool helps = !reading->is_again && asks_for_help(argc, argv);
    if (argp_parse(&argp, argc, argv, helps ? 0 : ARGP_NO_ERRS, NULL, reading) == 0) {
        return true;
    }
    if (helps) {
        fprintf(stderr, "contactd: %s\n", reading->config->problem);
        exit(EXIT_USAGE);
    }
    return refuse_flag(reading->config, argv[reading->next < argc ? reading->next : argc - 1]);
}

/* --- Finishing ---------------------------------------------------------------------------- */

/* Makes a path absolute in place. */
static bool make_absolute(struct contactd_config *config, char **path) {
    char folder[PATH_MAX];
    char *absolute = NULL;
    if (*path == NULL || (*path)[0] == '/') {
        return true;
    }
    if (getcwd(folder, sizeof(folder)) == NULL || asprintf(&absolute, "%s/%s", folder, *path) < 0) {
        return contactd_config_refuse(
            config, *path, "cannot be made an absolute path: %s", strerror(errno));
    }
    free(*path);
    *path = absolute;
    return true;
}

static void fill_defaults(struct contactd_config *config) {
    if (config->listen.count == 0 &&
        asprintf(&config->listen.urls[0], "ipc://%s/contactd.sock", config->data) > 0) {
        config->listen.count = 1;
    }
    if (config->backups == NULL && asprintf(&config->backups, "%s/backups", config->data) < 0) {
        config->backups = NULL;
    }
}

/* Whoever can connect elsewhere than over ipc needs a token, unless everyone is welcome. */
static bool check_tokens(struct contactd_config *config, const struct contactd_addresses *given) {
    for (size_t i = 0; i < given->count; i++) {
        bool is_ipc = strncmp(given->urls[i], "ipc://", 6) == 0;
        if (!is_ipc && config->tokens == NULL && !config->insecure) {
            return contactd_config_refuse(
                config, given->urls[i],
                "needs --tokens FILE, since any process can connect there (--insecure serves it "
                "to everyone all the same)");
        }
    }
    return true;
}

static bool finish(struct contactd_config *config) {
    if (config->data == NULL) {
        return contactd_config_refuse(
            config, "--data", "is missing: expected the folder of the store");
    }
    if (!make_absolute(config, &config->data)) {
        return false;
    }
    fill_defaults(config);
    return make_absolute(config, &config->backups) && check_tokens(config, &config->listen) &&
           check_tokens(config, &config->admin_listen);
}

static bool read_all(int argc, char **argv, bool is_again, struct contactd_config *out_config) {
    struct reading reading = {.config = out_config, .next = 1, .is_again = is_again};
    *out_config = (struct contactd_config){
        .log_level = CONTACTD_LOG_INFO,
        .slow_call_ms = SLOW_CALL_MS,
        .queue_target_ms = NNRPC_DEFAULT_QUEUE_TARGET_MS};
    return read_flags(argc, argv, &reading) &&
           (reading.config_path == NULL || read_file(&reading)) && finish(out_config);
}

void contactd_config_read(int argc, char **argv, struct contactd_config *out_config) {
    if (!read_all(argc, argv, false, out_config)) {
        fprintf(stderr, "contactd: %s\n", out_config->problem);
        exit(EXIT_USAGE);
    }
}

bool contactd_config_read_again(int argc, char **argv, struct contactd_config *out_config) {
    return read_all(argc, argv, true, out_config);
}

void contactd_config_compare(
    const struct contactd_config *before, const struct contactd_config *after,
    contactd_setting_visit visit, void *self) {
    for (size_t i = 0; i < CONTACTD_SETTINGS; i++) {
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer old_text = {0};
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer new_text = {0};
        contactd_setting_format(&contactd_settings[i], before, &old_text);
        contactd_setting_format(&contactd_settings[i], after, &new_text);
        const char *old_value = nnrpc_buffer_text(&old_text);
        const char *new_value = nnrpc_buffer_text(&new_text);
        if (old_value != NULL && new_value != NULL && strcmp(old_value, new_value) != 0) {
            visit(
                self, contactd_settings[i].name, contactd_settings[i].applies == WHILE_RUNNING,
                old_value, new_value);
        }
    }
}

static void free_addresses(struct contactd_addresses *addresses) {
    for (size_t i = 0; i < addresses->count; i++) {
        free(addresses->urls[i]);
    }
}

void contactd_config_deinit(struct contactd_config *config) {
    free(config->data);
    free(config->tokens);
    free(config->backups);
    free(config->restore);
    free_addresses(&config->listen);
    free_addresses(&config->admin_listen);
    for (size_t i = 0; i < config->limits.count; i++) {
        free((char *)config->limits.limits[i].methods);
        free(config->limits.texts[i]);
    }
}
