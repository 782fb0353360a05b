/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contactd's settings: one table, which flags, the configuration file, --help and changes while
 * running are read from.
 */
#ifndef CONTACTD_SETTINGS_H
#define CONTACTD_SETTINGS_H

#include "config.h"
#include "nnrpc/buffer.h"

#define CONTACTD_SETTINGS 25

enum contactd_setting_kind {
    SETTING_TEXT,
    SETTING_FLAG,
    SETTING_COUNT,
    SETTING_SIZE,
    SETTING_TIME,
    SETTING_LEVEL,
    SETTING_LISTEN,
    SETTING_LIMIT
};

struct contactd_setting {
    const char *name;
    enum contactd_setting_kind kind;
    size_t offset;
    const char *argument; /* NULL for a flag */
    const char *help;
    uint64_t least; /* of numbers, after their unit */
    uint64_t most;
    enum { ANYWHERE, ONLY_FLAG } where;
    enum { AT_START, WHILE_RUNNING } applies;
};

extern const struct contactd_setting contactd_settings[CONTACTD_SETTINGS];

/** Index of the setting of a name, CONTACTD_SETTINGS when there is none. */
size_t contactd_setting_find(const char *name);

/** Says what is wrong where, in the configuration; the first one stays. @return false. */
bool contactd_config_refuse(
    struct contactd_config *config, const char *place, const char *format, ...) NNRPC_PRINTF(3, 4);

/** Reads a value into the configuration; false when it is none, see contactd_config_refuse(). */
NNRPC_NODISCARD bool contactd_setting_apply(
    const struct contactd_setting *setting, struct contactd_config *config, const char *place,
    const char *value);

/** Appends the value as text, as it would be written in the file; several with commas. */
void contactd_setting_format(
    const struct contactd_setting *setting, const struct contactd_config *config,
    struct nnrpc_buffer *out);

/** Reads a size with its unit; false when it is none or out of bounds. */
NNRPC_NODISCARD bool contactd_size_read(
    const char *value, uint64_t least, uint64_t most, uint64_t *out_size);

/** Reads "METHODS KEY=NUMBER..." into the next limit of the configuration. */
NNRPC_NODISCARD bool contactd_limit_read(
    struct contactd_config *config, const char *place, const char *value);

#endif
