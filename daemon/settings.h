/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings of a program that serves: one table, which flags, the configuration file, --help and
 * changes while running are read from. A flag wins over the file. Values go into a struct of the
 * program's own, at the offsets that the table names.
 *
 * Not thread-safe: for the thread that starts and reloads the program.
 */
#ifndef DAEMON_SETTINGS_H
#define DAEMON_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrpc/base.h"
#include "nnrpc/buffer.h"

#define SETTINGS_MOST 64
#define SETTING_TEXTS_MOST 16
#define SETTINGS_PROBLEM_BYTES 1024
#define SETTINGS_EXIT_USAGE 2

/** What is wrong where; "" when nothing is. The first one stays. */
struct settings_problem {
    char text[SETTINGS_PROBLEM_BYTES];
};

/** Values of a setting that may be repeated, in the order given; owned. */
struct setting_texts {
    char *texts[SETTING_TEXTS_MOST];
    size_t count;
};

/** What stands at the offset. */
enum setting_kind {
    SETTING_TEXT,     /* char *, owned, NULL: not given */
    SETTING_TEXTS,    /* struct setting_texts */
    SETTING_FLAG,     /* bool */
    SETTING_COUNT,    /* uint64_t */
    SETTING_SIZE,     /* uint64_t, in bytes */
    SETTING_TIME,     /* uint64_t, in seconds */
    SETTING_DURATION, /* uint64_t, in milliseconds */
    SETTING_LEVEL,    /* enum daemon_log_level */
    SETTING_OTHER     /* the program's own, by `read` and `format` */
};

struct setting {
    const char *name;
    enum setting_kind kind;
    size_t offset;
    const char *argument; /* NULL for a flag */
    const char *help;
    uint64_t least; /* of numbers, after their unit; a value below it is the program's default */
    uint64_t most;
    enum { SETTING_ANYWHERE, SETTING_ONLY_FLAG } where;
    enum { SETTING_AT_START, SETTING_WHILE_RUNNING } applies;
    /** For SETTING_OTHER, and for SETTING_TEXTS that are checked before they are added: as
     *  setting_apply(). */
    bool (*read)(
        const struct setting *setting, void *config, struct settings_problem *problem,
        const char *place, const char *value);
    /** For SETTING_OTHER: as setting_format(). */
    void (*format)(const void *config, struct nnrpc_buffer *out);
};

/** A program as its user sees it. Constant. */
struct settings_program {
    const char *name;
    const char *version;
    const char *help; /* what --help says around the flags, in argp's form */
    const struct setting *settings;
    size_t setting_count; /* at most SETTINGS_MOST */
};

/**
 * Reads flags, then the file that --config names, into a configuration that has its defaults. Ends
 * the process for --help and --version (status 0), unless `is_again`: then nothing is printed.
 *
 * @param config  What was read before a problem came up stays in it.
 * @return false when something is wrong, see *problem.
 */
NNRPC_NODISCARD bool settings_read(
    const struct settings_program *program, int argc, char **argv, bool is_again, void *config,
    struct settings_problem *problem);

/** Says what is wrong where. @return false. */
bool settings_refuse(struct settings_problem *problem, const char *place, const char *format, ...)
    NNRPC_PRINTF(3, 4);

/** Index of the setting of a name, the count when there is none. */
size_t settings_find(const struct settings_program *program, const char *name);

/** Reads one value into the configuration; false when it is none, see settings_refuse(). */
NNRPC_NODISCARD bool setting_apply(
    const struct setting *setting, void *config, struct settings_problem *problem,
    const char *place, const char *value);

/** Appends the value as text, as it would be written in the file; several with commas. */
void setting_format(const struct setting *setting, const void *config, struct nnrpc_buffer *out);

/** Appends one of several values. */
void setting_format_item(struct nnrpc_buffer *out, const char *text);

/** Reads a size with its unit; false when it is none or out of bounds. */
NNRPC_NODISCARD bool setting_read_size(
    const char *value, uint64_t least, uint64_t most, uint64_t *out_size);

/** Adds a copy of a value. */
NNRPC_NODISCARD bool setting_texts_add(
    struct setting_texts *texts, struct settings_problem *problem, const char *place,
    const char *value);
void setting_texts_deinit(struct setting_texts *texts);

/** Makes a path absolute in place; NULL stays. */
NNRPC_NODISCARD bool setting_make_absolute(char **path, struct settings_problem *problem);

/** Called for a setting that has another value than before. */
typedef void settings_visit(
    void *self, const char *name, bool applies_while_running, const char *before,
    const char *after);

/** Compares two configurations setting by setting. */
void settings_compare(
    const struct settings_program *program, const void *before, const void *after,
    settings_visit *visit, void *self);

#endif
