/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The preset values that an empty store starts with. Countries are all of ISO 3166-1, taken from
 * iso-codes when the project is built; the other fields' values stand in defaults.json. They are a
 * start: an administrator adds and retires values as the business needs.
 */
#ifndef CONTACTS_DEFAULT_PRESETS_H
#define CONTACTS_DEFAULT_PRESETS_H

#include <stddef.h>

/** One value of one preset field, as in PresetValue. */
struct contacts_default_preset {
    const char *field;
    const char *name;
};

/** Grouped by field in the contract's order; no value stands twice in a field. */
extern const struct contacts_default_preset contacts_default_presets[];
extern const size_t contacts_default_preset_count;

#endif
