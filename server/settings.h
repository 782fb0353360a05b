/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contactd's settings: one table, which flags, the configuration file, --help and changes while
 * running are read from.
 */
#ifndef CONTACTD_SETTINGS_H
#define CONTACTD_SETTINGS_H

#include "config.h"
#include "daemon/settings.h"

extern const struct settings_program contactd_program;

/** Reads "METHODS KEY=NUMBER..." into the next limit of the configuration. */
NNRPC_NODISCARD bool contactd_limit_read(
    const struct setting *setting, void *config, struct settings_problem *problem,
    const char *place, const char *value);

/** Appends the limits as they were given. */
void contactd_limit_format(const void *config, struct nnrpc_buffer *out);

#endif
