/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a configuration. Flags are collected first, then the file fills what they left unset.
 * The first thing that is wrong ends it.
 */
#include <argp.h>
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "settings.h"

#define KEY_FIRST 0x100
#define LINE_BYTES 4096

struct reading {
    const struct settings_program *program;
    void *config;
    struct settings_problem *problem;
    const char *config_path;
    int next;                /* the argument after the last flag that was taken */
    bool set[SETTINGS_MOST]; /* by a flag: the file does not change it */
    bool is_again;           /* --help and the like are not looked for */
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
    const struct settings_program *program = reading->program;
    char *text = trim(line);
    if (text[0] == '\0' || text[0] == '#') {
        return true;
    }
    char *equals = strchr(text, '=');
    if (equals == NULL) {
        return settings_refuse(reading->problem, place, "\"%s\": expected NAME = VALUE", text);
    }
    *equals = '\0';
    char *name = trim(text);
    size_t index = settings_find(program, name);
    if (index == program->setting_count || program->settings[index].where == SETTING_ONLY_FLAG) {
        return settings_refuse(
            reading->problem, place, "unknown setting \"%s\"; %s --help lists them", name,
            program->name);
    }
    return reading->set[index] || setting_apply(
                                      &program->settings[index], reading->config, reading->problem,
                                      place, trim(equals + 1));
}

static bool read_lines(struct reading *reading, FILE *file) {
    char line[LINE_BYTES];
    char place[PATH_MAX + 32];
    bool is_right = true;
    for (unsigned number = 1; is_right && fgets(line, sizeof(line), file) != NULL; number++) {
        snprintf(place, sizeof(place), "%s:%u", reading->config_path, number);
        if (strchr(line, '\n') == NULL && !feof(file)) {
            return settings_refuse(
                reading->problem, place, "the line is longer than %d bytes", LINE_BYTES - 2);
        }
        is_right = read_line(reading, place, line);
    }
    return is_right && (!ferror(file) || settings_refuse(
                                             reading->problem, "--config", "%s: %s",
                                             reading->config_path, strerror(errno)));
}

static bool read_file(struct reading *reading) {
    FILE *file = fopen(reading->config_path, "re");
    if (file == NULL) {
        return settings_refuse(
            reading->problem, "--config", "%s: %s", reading->config_path, strerror(errno));
    }
    bool is_right = read_lines(reading, file);
    fclose(file);
    return is_right;
}

/* --- The flags ---------------------------------------------------------------------------- */

static error_t parse_option(int key, char *argument, struct argp_state *state) {
    struct reading *reading = state->input;
    const struct settings_program *program = reading->program;
    char place[64];
    if (key == 'c') {
        reading->next = state->next;
        reading->config_path = argument;
        return 0;
    }
    if (key >= KEY_FIRST && key < KEY_FIRST + (int)program->setting_count) {
        const struct setting *setting = &program->settings[key - KEY_FIRST];
        snprintf(place, sizeof(place), "--%s", setting->name);
        reading->set[key - KEY_FIRST] = true;
        reading->next = state->next;
        return setting_apply(setting, reading->config, reading->problem, place, argument) ? 0
                                                                                          : EINVAL;
    }
    if (key == ARGP_KEY_ARG) {
        settings_refuse(
            reading->problem, argument, "unexpected argument; %s --help lists the flags",
            program->name);
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
static bool refuse_flag(const struct reading *reading, const char *flag) {
    const struct settings_program *program = reading->program;
    const char *name = strncmp(flag, "--", 2) == 0 ? flag + 2 : flag;
    size_t length = strcspn(name, "=");
    for (size_t i = 0; i < program->setting_count; i++) {
        const struct setting *setting = &program->settings[i];
        if (strlen(setting->name) == length && strncmp(setting->name, name, length) == 0) {
            return settings_refuse(
                reading->problem, flag,
                setting->argument != NULL ? "needs a value" : "does not take a value");
        }
    }
    return settings_refuse(
        reading->problem, flag, "unknown flag; %s --help lists the flags", program->name);
}

static void list_options(
    const struct settings_program *program, struct argp_option options[SETTINGS_MOST + 2]) {
    for (size_t i = 0; i < program->setting_count; i++) {
        options[i] = (struct argp_option){
            .name = program->settings[i].name,
            .key = KEY_FIRST + (int)i,
            .arg = program->settings[i].argument,
            .doc = program->settings[i].help,
        };
    }
    options[program->setting_count] = (struct argp_option){
        .name = "config",
        .key = 'c',
        .arg = "FILE",
        .doc = "Read settings from a file: lines of NAME = VALUE with the names above"};
}

static bool read_flags(int argc, char **argv, struct reading *reading) {
    struct argp_option options[SETTINGS_MOST + 2] = {0};
    list_options(reading->program, options);
    const struct argp argp = {
        .options = options, .parser = parse_option, .doc = reading->program->help};
    argp_program_version = reading->program->version;
    argp_err_exit_status = SETTINGS_EXIT_USAGE;
    bool helps = !reading->is_again && asks_for_help(argc, argv);
    if (argp_parse(&argp, argc, argv, helps ? 0 : ARGP_NO_ERRS, NULL, reading) == 0) {
        return true;
    }
    if (helps) {
        fprintf(stderr, "%s: %s\n", reading->program->name, reading->problem->text);
        exit(SETTINGS_EXIT_USAGE);
    }
    return refuse_flag(reading, argv[reading->next < argc ? reading->next : argc - 1]);
}

bool settings_read(
    const struct settings_program *program, int argc, char **argv, bool is_again, void *config,
    struct settings_problem *problem) {
    assert(program->setting_count <= SETTINGS_MOST);
    struct reading reading = {
        .program = program, .config = config, .problem = problem, .next = 1, .is_again = is_again};
    problem->text[0] = '\0';
    return read_flags(argc, argv, &reading) && (reading.config_path == NULL || read_file(&reading));
}
