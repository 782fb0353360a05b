/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The preset fields and their values.
 */
#ifndef CTL_PRESET_FIELD_H
#define CTL_PRESET_FIELD_H

#include "contacts/v1/preset.pb-c.h"
#include "context.h"

#define CTL_PRESET_FIELD_BYTES 64

/** Takes the next word of a list like ctl_preset_fields. @return false at its end. */
bool ctl_preset_field_next(const char **rest, char out_field[CTL_PRESET_FIELD_BYTES]);

/** The preset field whose values a field of Contact holds, by index; NULL when it holds none. */
const char *ctl_preset_field_of(size_t contact_field_index);

/** Appends a key that only this value of this field has. */
void ctl_preset_append_key(struct nnrpc_buffer *out, const char *field, const char *name);

typedef void (*ctl_preset_visitor)(void *self, const Contacts__V1__PresetValue *value);

/** Calls visit for each value of a field, ascending by name. */
NNRPC_NODISCARD enum nnrpc_code ctl_preset_visit(
    struct nnrpc_client *client, const char *field, bool include_retired, ctl_preset_visitor visit,
    void *self, struct nnrpc_status *out_status);

#endif
