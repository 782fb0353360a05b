/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and writing one value.
 */
#include "settings.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

struct unit {
    const char *suffix;
    uint64_t factor;
};

static const struct unit size_units[] = {
    {"", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", UINT64_C(1) << 40}};
static const struct unit time_units[] = {{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {"", 1}};
static const struct unit duration_units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
static const struct unit count_units[] = {{"", 1}};

size_t settings_find(const struct settings_program *program, const char *name) {
    size_t i = 0;
    while (i < program->setting_count && strcmp(program->settings[i].name, name) != 0) {
        i++;
    }
    return i;
}

bool settings_refuse(struct settings_problem *problem, const char *place, const char *format, ...) {
    size_t size = sizeof(problem->text);
    if (problem->text[0] == '\0') {
        va_list arguments;
        va_start(arguments, format);
        size_t length = (size_t)snprintf(problem->text, size, "%s: ", place);
        if (length < size) {
            vsnprintf(problem->text + length, size - length, format, arguments);
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

bool setting_read_size(const char *value, uint64_t least, uint64_t most, uint64_t *out_size) {
    uint64_t size = 0;
    if (!parse_number(value, size_units, NNRPC_LENGTH(size_units), &size) || size < least ||
        size > most) {
        return false;
    }
    *out_size = size;
    return true;
}

static bool read_number(
    const struct setting *setting, void *config, struct settings_problem *problem,
    const char *place, const char *value) {
    static const struct {
        const struct unit *units;
        size_t unit_count;
        const char *expected;
    } kinds[] = {
        [SETTING_COUNT] = {count_units, NNRPC_LENGTH(count_units), "a whole number"},
        [SETTING_SIZE] = {size_units, NNRPC_LENGTH(size_units), "a size, like 512MiB or 64GiB"},
        [SETTING_TIME] = {time_units, NNRPC_LENGTH(time_units), "a time, like 90s, 30m, 24h or 7d"},
        [SETTING_DURATION] =
            {duration_units, NNRPC_LENGTH(duration_units), "a time, like 500ms, 30s or 2m"},
    };
    uint64_t number = 0;
    if (!parse_number(
            value, kinds[setting->kind].units, kinds[setting->kind].unit_count, &number)) {
        return settings_refuse(
            problem, place, "\"%s\" is not %s", value, kinds[setting->kind].expected);
    }
    if (number < setting->least || number > setting->most) {
        return settings_refuse(
            problem, place, "\"%s\" is out of range: expected %" PRIu64 " to %" PRIu64 "%s", value,
            setting->least, setting->most, setting->kind == SETTING_DURATION ? " ms" : "");
    }
    *(uint64_t *)((char *)config + setting->offset) = number;
    return true;
}

/* --- Other values ------------------------------------------------------------------------- */

static bool read_text(
    const struct setting *setting, void *config, struct settings_problem *problem,
    const char *place, const char *value) {
    char **target = (char **)((char *)config + setting->offset);
    if (value[0] == '\0') {
        return settings_refuse(problem, place, "is empty: expected %s", setting->argument);
    }
    free(*target);
    *target = strdup(value);
    return *target != NULL || settings_refuse(problem, place, "not enough memory");
}

bool setting_texts_add(
    struct setting_texts *texts, struct settings_problem *problem, const char *place,
    const char *value) {
    if (texts->count == SETTING_TEXTS_MOST) {
        return settings_refuse(problem, place, "more than %d of them", SETTING_TEXTS_MOST);
    }
    char *copy = strdup(value);
    if (copy == NULL) {
        return settings_refuse(problem, place, "not enough memory");
    }
    texts->texts[texts->count++] = copy;
    return true;
}

void setting_texts_deinit(struct setting_texts *texts) {
    for (size_t i = 0; i < texts->count; i++) {
        free(texts->texts[i]);
    }
    texts->count = 0;
}

static bool read_texts(
    const struct setting *setting, void *config, struct settings_problem *problem,
    const char *place, const char *value) {
    if (setting->read != NULL) {
        return setting->read(setting, config, problem, place, value);
    }
    return setting_texts_add(
        (struct setting_texts *)((char *)config + setting->offset), problem, place, value);
}

static bool read_flag(
    const struct setting *setting, void *config, struct settings_problem *problem,
    const char *place, const char *value) {
    bool is_true = value == NULL || strcmp(value, "true") == 0;
    if (!is_true && strcmp(value, "false") != 0) {
        return settings_refuse(problem, place, "\"%s\" is not true or false", value);
    }
    *(bool *)((char *)config + setting->offset) = is_true;
    return true;
}

static bool read_level(
    const struct setting *setting, void *config, struct settings_problem *problem,
    const char *place, const char *value) {
    void *target = (char *)config + setting->offset;
    return daemon_log_level_from_name(value, (enum daemon_log_level *)target) ||
           settings_refuse(problem, place, "\"%s\" is not error, warning, info or debug", value);
}

bool setting_apply(
    const struct setting *setting, void *config, struct settings_problem *problem,
    const char *place, const char *value) {
    switch (setting->kind) {
    case SETTING_TEXT:
        return read_text(setting, config, problem, place, value);
    case SETTING_TEXTS:
        return read_texts(setting, config, problem, place, value);
    case SETTING_FLAG:
        return read_flag(setting, config, problem, place, value);
    case SETTING_COUNT:
    case SETTING_SIZE:
    case SETTING_TIME:
    case SETTING_DURATION:
        return read_number(setting, config, problem, place, value);
    case SETTING_LEVEL:
        return read_level(setting, config, problem, place, value);
    case SETTING_OTHER:
        return setting->read(setting, config, problem, place, value);
    }
    return false;
}

bool setting_make_absolute(char **path, struct settings_problem *problem) {
    char folder[PATH_MAX];
    char *absolute = NULL;
    if (*path == NULL || (*path)[0] == '/') {
        return true;
    }
    if (getcwd(folder, sizeof(folder)) == NULL || asprintf(&absolute, "%s/%s", folder, *path) < 0) {
        return settings_refuse(
            problem, *path, "cannot be made an absolute path: %s", strerror(errno));
    }
    free(*path);
    *path = absolute;
    return true;
}

/* --- As text ------------------------------------------------------------------------------ */

void setting_format_item(struct nnrpc_buffer *out, const char *text) {
    if (out->size > 0) {
        nnrpc_buffer_append_text(out, ", ");
    }
    nnrpc_buffer_append_text(out, text);
}

static const char *unit_of(enum setting_kind kind) {
    return kind == SETTING_TIME ? "s" : kind == SETTING_DURATION ? "ms" : "";
}

static void append_number(struct nnrpc_buffer *out, uint64_t value, const struct setting *setting) {
    if (value < setting->least) { /* nobody said */
        nnrpc_buffer_append_text(out, "default");
    } else {
        nnrpc_buffer_append_format(out, "%" PRIu64 "%s", value, unit_of(setting->kind));
    }
}

static void append_texts(struct nnrpc_buffer *out, const struct setting_texts *texts) {
    for (size_t i = 0; i < texts->count; i++) {
        setting_format_item(out, texts->texts[i]);
    }
}

void setting_format(const struct setting *setting, const void *config, struct nnrpc_buffer *out) {
    const void *value = (const char *)config + setting->offset;
    switch (setting->kind) {
    case SETTING_TEXT:
        setting_format_item(out, *(char *const *)value == NULL ? "" : *(char *const *)value);
        break;
    case SETTING_TEXTS:
        append_texts(out, value);
        break;
    case SETTING_FLAG:
        setting_format_item(out, *(const bool *)value ? "true" : "false");
        break;
    case SETTING_COUNT:
    case SETTING_SIZE:
    case SETTING_TIME:
    case SETTING_DURATION:
        append_number(out, *(const uint64_t *)value, setting);
        break;
    case SETTING_LEVEL:
        setting_format_item(out, daemon_log_level_name(*(const enum daemon_log_level *)value));
        break;
    case SETTING_OTHER:
        setting->format(config, out);
        break;
    }
}

void settings_compare(
    const struct settings_program *program, const void *before, const void *after,
    settings_visit *visit, void *self) {
    for (size_t i = 0; i < program->setting_count; i++) {
        const struct setting *setting = &program->settings[i];
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer old_text = {0};
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer new_text = {0};
        setting_format(setting, before, &old_text);
        setting_format(setting, after, &new_text);
        const char *old_value = nnrpc_buffer_text(&old_text);
        const char *new_value = nnrpc_buffer_text(&new_text);
        if (old_value != NULL && new_value != NULL && strcmp(old_value, new_value) != 0) {
            visit(
                self, setting->name, setting->applies == SETTING_WHILE_RUNNING, old_value,
                new_value);
        }
    }
}
