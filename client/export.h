/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An export at work: what its parts share.
 */
#ifndef CTL_EXPORT_H
#define CTL_EXPORT_H

#include "contacts/v1/contact.pb-c.h"
#include "contacts/v1/customer.pb-c.h"
#include "contacts/v1/preset.pb-c.h"
#include "context.h"
#include "export_file.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "map.h"
#include "progress.h"

struct ctl_export {
    struct ctl_context *context;
    struct ctl_export_file *file;
    struct ctl_progress *progress;
    struct nnrpc_buffer bytes;         /* lines not written yet */
    struct ctl_map customers;          /* ids that were written */
    struct ctl_map presets;            /* keys of values that were written */
    struct nnrpc_message contact_type; /* without what an import ignores */
    struct nnrpc_field *contact_fields;
    struct nnrpc_message customer_type;
    struct nnrpc_field *customer_fields;
    uint64_t preset_count;
    uint64_t customer_count;
    uint64_t contact_count;
    uint64_t link_count;
    uint64_t password_count; /* contacts whose account password stays behind */
    uint64_t first_revision;
    uint64_t last_revision;
};

/* --- export_lines.c: one line each --------------------------------------------------------- */

/** Prepares the types. */
void ctl_export_lines_init(struct ctl_export *export);

void ctl_export_preset(struct ctl_export *export, const Contacts__V1__PresetValue *value);
void ctl_export_customer(struct ctl_export *export, const Contacts__V1__Customer *customer);

/**
 * Writes a contact. Customers and presets that it names and that were not written yet, because they
 * came to be meanwhile, are written first.
 *
 * @return CTL_OK, or an exit code after a complaint.
 */
NNRPC_NODISCARD enum ctl_exit ctl_export_contact(
    struct ctl_export *export, const Contacts__V1__Contact *contact,
    const Contacts__V1__ContactLinks *links);

/** Writes every value of one preset field that was not written yet. */
NNRPC_NODISCARD enum ctl_exit ctl_export_preset_field(struct ctl_export *export, const char *field);

/** The fields of a contact that an import takes. */
Google__Protobuf__FieldMask *ctl_export_contact_mask(void);

#endif
