/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dry run of an import: the server checks each line as it stands and changes nothing. What it
 * cannot know is what the lines before would have made; that is kept here, and only where the
 * server misses exactly that, the line is asked about again without it:
 *
 *   - A line that an earlier run imported is right, whatever stands on the server: its request id
 *     is probed first.
 *   - A contact that names a customer or a preset value of the file is checked as it stands; when
 *     the server misses them, it is checked again without them.
 *   - Customer ids, account numbers, CRM references (and contact ids, with --keep-ids) that an
 *     earlier line claims are conflicts of the file itself.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "contacts/v1/admin_service.pb-c.h"
#include "contacts/v1/contact.nnrpc.h"
#include "import.h"
#include "preset_field.h"

#define DOMAIN "contacts"
#define CONTACT_PATH "contact."

void ctl_import_check_deinit(struct ctl_import_check *check) {
    ctl_map_deinit(&check->presets);
    ctl_map_deinit(&check->customers);
    ctl_map_deinit(&check->account_numbers);
    ctl_map_deinit(&check->crm_references);
    ctl_map_deinit(&check->customer_ids);
    ctl_map_deinit(&check->contact_ids);
}

/* --- Claims ------------------------------------------------------------------------------- */

/* A value that may stand on one line only. */
struct claim {
    struct ctl_map *map;
    const char *value;
    const char *reason;
    const char *what;
};

#define CLAIMS_MAX 3

static size_t claims_of(
    struct ctl_import *import, const struct ctl_import_entry *entry,
    struct claim out_claims[CLAIMS_MAX]) {
    struct ctl_import_check *check = &import->check;
    if (entry->kind == CTL_IMPORT_CUSTOMER) {
        const Contacts__V1__Customer *customer = entry->line->customer;
        out_claims[0] =
            (struct claim){&check->customer_ids, customer->id, "CUSTOMER_ID_TAKEN", "customer id"};
        out_claims[1] = (struct claim){
            &check->account_numbers, customer->account_number, "ACCOUNT_NUMBER_TAKEN",
            "account number"};
        out_claims[2] = (struct claim){
            &check->crm_references, customer->crm_reference, "CRM_REFERENCE_TAKEN",
            "CRM reference"};
        return 3;
    }
    if (entry->kind == CTL_IMPORT_CONTACT && import->keeps_ids) {
        out_claims[0] = (struct claim){
            &check->contact_ids, entry->line->contact->id, "CONTACT_ID_TAKEN", "contact id"};
        return 1;
    }
    return 0;
}

/* The line that has one of the entry's values, or 0. */
static uint64_t find_conflict(
    const struct claim *claims, size_t count, const struct claim **out_claim) {
    for (size_t i = 0; i < count; i++) {
        const uint64_t *line_number =
            claims[i].value[0] != '\0' ? ctl_map_find(claims[i].map, claims[i].value) : NULL;
        if (line_number != NULL) {
            *out_claim = &claims[i];
            return *line_number;
        }
    }
    return 0;
}

void ctl_import_check_claim(struct ctl_import *import, struct ctl_import_entry *entry) {
    struct claim claims[CLAIMS_MAX] = {0};
    const struct claim *taken = NULL;
    size_t count = claims_of(import, entry, claims);
    uint64_t holder = find_conflict(claims, count, &taken);
    if (holder != 0) {
        /* The holder may still turn out to be wrong, and then holds nothing. */
        ctl_import_drain(import);
        holder = find_conflict(claims, count, &taken);
    }
    if (holder != 0) {
        nnrpc_fail(
            &entry->conflict, NNRPC_ALREADY_EXISTS, DOMAIN, taken->reason,
            "line %" PRIu64 " of this file has the %s \"%.64s\" already", holder, taken->what,
            taken->value);
    }
    for (size_t i = 0; i < count; i++) {
        if (claims[i].value[0] != '\0' && ctl_map_find(claims[i].map, claims[i].value) == NULL) {
            ctl_map_set(claims[i].map, claims[i].value, entry->line_number);
        }
    }
}

static void release_claims(struct ctl_import *import, const struct ctl_import_entry *entry) {
    struct claim claims[CLAIMS_MAX] = {0};
    size_t count = claims_of(import, entry, claims);
    for (size_t i = 0; i < count; i++) {
        const uint64_t *holder = ctl_map_find(claims[i].map, claims[i].value);
        if (holder != NULL && *holder == entry->line_number) {
            ctl_map_remove(claims[i].map, claims[i].value);
        }
    }
}

/* --- What the file itself brings ---------------------------------------------------------- */

static void remember(struct ctl_import *import, const struct ctl_import_entry *entry) {
    if (entry->kind == CTL_IMPORT_PRESET) {
        NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer key = {0};
        ctl_preset_append_key(&key, entry->line->preset->field, entry->line->preset->name);
        ctl_map_set(&import->check.presets, ctl_buffer_text(&key), entry->line_number);
    }
    if (entry->kind == CTL_IMPORT_CUSTOMER && entry->line->customer->id[0] != '\0') {
        ctl_map_set(&import->check.customers, entry->line->customer->id, entry->line_number);
    }
}

/* One preset value of a contact, by the path of a violation. */
struct place {
    int field_index;
    size_t value_index; /* in a list */
};

/* "contact.title" or "contact.contact_regarding[2]". */
static bool find_place(const char *path, struct place *out_place) {
    if (strncmp(path, CONTACT_PATH, sizeof(CONTACT_PATH) - 1) != 0) {
        return false;
    }
    const char *name = path + sizeof(CONTACT_PATH) - 1;
    size_t size = strcspn(name, "[");
    out_place->value_index = name[size] == '[' ? strtoul(name + size + 1, NULL, 10) : 0;
    out_place->field_index = nnrpc_message_field_by_name(&contacts_v1_contact_message, name, size);
    return out_place->field_index >= 0;
}

/* Where the place's text stands; NULL when the contact has no such value. */
static char **value_at(Contacts__V1__Contact *contact, struct place place, size_t **out_count) {
    const ProtobufCFieldDescriptor *field =
        &contacts_v1_contact_message.descriptor->fields[place.field_index];
    char *base = (char *)contact;
    *out_count = NULL;
    if (field->type != PROTOBUF_C_TYPE_STRING) {
        return NULL;
    }
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        return (char **)(void *)(base + field->offset);
    }
    *out_count = (size_t *)(void *)(base + field->quantifier_offset);
    char **values = *(char ***)(void *)(base + field->offset);
    return place.value_index < **out_count ? &values[place.value_index] : NULL;
}

/* Whether a violation says no more than that the server lacks a value that the file brings. */
static bool is_excused(
    const struct ctl_import *import, Contacts__V1__Contact *contact,
    const struct nnrpc_violation *violation) {
    struct place place;
    size_t *count = NULL;
    if (strcmp(violation->reason, "UNKNOWN_PRESET_VALUE") != 0 ||
        !find_place(violation->field, &place)) {
        return false;
    }
    char **value = value_at(contact, place, &count);
    const char *field = ctl_preset_field_of((size_t)place.field_index);
    if (value == NULL || field == NULL) {
        return false;
    }
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer key = {0};
    ctl_preset_append_key(&key, field, *value);
    return ctl_map_find(&import->check.presets, ctl_buffer_text(&key)) != NULL;
}

/* Takes one value out of the request; of a list, only marks it for drop_marked(). */
static void blank(Contacts__V1__Contact *contact, const char *path) {
    struct place place;
    size_t *count = NULL;
    if (!find_place(path, &place)) {
        return;
    }
    char **value = value_at(contact, place, &count);
    if (value != NULL) {
        ctl_text_set(value, "");
    }
}

/* Closes the gaps that blank() left in lists. */
static void drop_blanked(Contacts__V1__Contact *contact) {
    const ProtobufCMessageDescriptor *descriptor = contact->base.descriptor;
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        if (field->label != PROTOBUF_C_LABEL_REPEATED || field->type != PROTOBUF_C_TYPE_STRING) {
            continue;
        }
        size_t *count = (size_t *)(void *)((char *)contact + field->quantifier_offset);
        char **values = *(char ***)(void *)((char *)contact + field->offset);
        size_t kept = 0;
        for (size_t j = 0; j < *count; j++) {
            if (values[j][0] != '\0') {
                values[kept++] = values[j];
            } else {
                free(values[j]);
            }
        }
        *count = kept;
    }
}

/* Leaves in the status only what is not excused. */
static void keep_the_rest(
    const struct ctl_import *import, Contacts__V1__Contact *contact, struct nnrpc_status *status) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status rest = NNRPC_STATUS_INIT;
    for (size_t i = 0; i < status->details->violation_count; i++) {
        const struct nnrpc_violation *violation = &status->details->violations[i];
        if (!is_excused(import, contact, violation)) {
            nnrpc_status_add_violation(
                &rest, violation->field, violation->reason, "%s", violation->description);
        }
    }
    if (nnrpc_status_fail_violations(&rest, DOMAIN, "INVALID_FIELDS") != NNRPC_OK) {
        nnrpc_status_move(status, &rest);
    }
}

/* Takes excused preset values out of the request when nothing else is wrong. */
static bool excuse_presets(
    const struct ctl_import *import, struct ctl_import_entry *entry, struct nnrpc_status *status) {
    Contacts__V1__Contact *contact =
        ((Contacts__V1__ImportContactRequest *)entry->request)->contact;
    const struct nnrpc_status_details *details = status->details;
    size_t excused_count = 0;
    for (size_t i = 0; details != NULL && i < details->violation_count; i++) {
        excused_count += is_excused(import, contact, &details->violations[i]) ? 1 : 0;
    }
    if (excused_count == 0) {
        return false;
    }
    if (excused_count < details->violation_count) {
        keep_the_rest(import, contact, status);
        return false;
    }
    for (size_t i = 0; i < details->violation_count; i++) {
        blank(contact, details->violations[i].field);
    }
    drop_blanked(contact);
    return true;
}

/* Takes the file's own customers out of the request; false when there is none. */
static bool excuse_customers(const struct ctl_import *import, struct ctl_import_entry *entry) {
    Contacts__V1__ImportContactRequest *request =
        (Contacts__V1__ImportContactRequest *)entry->request;
    const struct ctl_map *known = &import->check.customers;
    bool is_excused_any = false;
    if (ctl_map_find(known, request->contact->customer_id) != NULL) {
        ctl_text_set(&request->contact->customer_id, "");
        is_excused_any = true;
    }
    size_t kept = 0;
    for (size_t i = 0; i < request->n_linked_customer_ids; i++) {
        char *id = request->linked_customer_ids[i];
        if (ctl_map_find(known, id) == NULL) {
            request->linked_customer_ids[kept++] = id;
        } else {
            free(id);
            is_excused_any = true;
        }
    }
    request->n_linked_customer_ids = kept;
    return is_excused_any;
}

/* Whether the entry goes to the server once more, without what only the file can bring. */
static bool is_asked_again(
    const struct ctl_import *import, struct ctl_import_entry *entry, struct nnrpc_status *status) {
    if (entry->kind != CTL_IMPORT_CONTACT) {
        return false;
    }
    if (status->code == NNRPC_INVALID_ARGUMENT) {
        return excuse_presets(import, entry, status);
    }
    const char *missing = nnrpc_status_get_info(status, "customer_id");
    return status->code == NNRPC_NOT_FOUND && missing != NULL &&
           ctl_map_find(&import->check.customers, missing) != NULL &&
           excuse_customers(import, entry);
}

/* --- Answers ------------------------------------------------------------------------------ */

/* After the probe: the line was imported before, or it is checked. */
static bool take_probe(
    struct ctl_import *import, struct ctl_import_entry *entry, struct nnrpc_status *status,
    bool *out_is_unchanged) {
    if (status->code == NNRPC_INVALID_ARGUMENT &&
        strcmp(status->reason, "REQUEST_ID_REUSED") == 0) {
        nnrpc_status_reset(status);
        release_claims(import, entry);
        *out_is_unchanged = true;
        return false;
    }
    entry->stage = CTL_IMPORT_CHECK;
    ctl_import_make_request(import, entry);
    ctl_import_resend(import, entry);
    return true;
}

bool ctl_import_check_answer(
    struct ctl_import *import, struct ctl_import_entry *entry, struct nnrpc_status *status,
    bool *out_is_unchanged) {
    *out_is_unchanged = false;
    if (entry->stage == CTL_IMPORT_PROBE) {
        return take_probe(import, entry, status, out_is_unchanged);
    }
    if (status->code != NNRPC_OK) {
        if (is_asked_again(import, entry, status)) {
            ctl_import_resend(import, entry);
            return true;
        }
        release_claims(import, entry);
        return false;
    }
    if (entry->conflict.code != NNRPC_OK) {
        nnrpc_status_move(status, &entry->conflict);
        release_claims(import, entry);
    } else {
        remember(import, entry);
    }
    return false;
}
