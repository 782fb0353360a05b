/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Putting and retiring preset values, and checking a contact's values against them.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "act.h"
#include "contacts/v1/preset_service.pb-c.h"
#include "faults.h"
#include "keys.h"
#include "presets.h"
#include "snapshot.h"

/* A field of a contact that holds preset values. */
struct preset_use {
    const char *path;    /* in violations */
    const char *preset;  /* the field's list */
    size_t offset;       /* of the text, or of the texts */
    size_t count_offset; /* of the number of texts; 0: one text */
};

#define ONE(name, preset_name)                                                                     \
    { "contact." #name, preset_name, offsetof(Contacts__V1__Contact, name), 0 }
#define MANY(name, preset_name)                                                                    \
    {                                                                                              \
        "contact." #name, preset_name, offsetof(Contacts__V1__Contact, name),                      \
            offsetof(Contacts__V1__Contact, n_##name)                                              \
    }

static const struct preset_use uses[] = {
    ONE(contact_type, "contactType"),
    ONE(title, "title"),
    ONE(country, "country"),
    ONE(number1_type, "numberType"),
    ONE(number2_type, "numberType"),
    ONE(number3_type, "numberType"),
    ONE(number4_type, "numberType"),
    ONE(dealer_code, "dealerCode"),
    MANY(contact_regarding, "contactRegarding"),
    ONE(email_bill_type, "emailBillType"),
    ONE(invoice_usage_report_customer_profile, "invoiceUsageReportCustomerProfile"),
    MANY(copy_correspondence_type_ids, "copyCorrespondenceTypeIDs"),
    MANY(copy_ticket_type_ids, "copyTicketTypeIDs"),
};

/* The texts of a field. */
struct texts {
    size_t count;
    char *const *texts;
};

static struct texts texts_of(const struct preset_use *use, const Contacts__V1__Contact *contact) {
    const char *base = (const char *)contact;
    struct texts texts = {.count = 1};
    if (use->count_offset != 0) {
        memcpy(&texts.count, base + use->count_offset, sizeof(texts.count));
        memcpy(&texts.texts, base + use->offset, sizeof(texts.texts));
    } else {
        texts.texts = (char *const *)(base + use->offset);
        texts.count = texts.texts[0][0] == '\0' ? 0 : 1;
    }
    return texts;
}

static bool has_text(struct texts texts, const char *text) {
    for (size_t i = 0; i < texts.count; i++) {
        if (strcmp(texts.texts[i], text) == 0) {
            return true;
        }
    }
    return false;
}

/* A value that is told to be out of bounds needs no second violation: it can be in no list. */
static bool is_told(const struct nnrpc_status *status, const char *path) {
    for (size_t i = 0; status->details != NULL && i < status->details->violation_count; i++) {
        if (strcmp(status->details->violations[i].field, path) == 0) {
            return true;
        }
    }
    return false;
}

static void add_violation(
    struct engine_transaction *transaction, const struct preset_use *use, int field, size_t index,
    const char *value, struct nnrpc_status *status) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer allowed = {0};
    char path[96];
    if (use->count_offset != 0) {
        snprintf(path, sizeof(path), "%s[%zu]", use->path, index);
    } else {
        snprintf(path, sizeof(path), "%s", use->path);
    }
    if (is_told(status, path)) {
        return;
    }
    preset_append_allowed(transaction, field, &allowed);
    const char *names = nnrpc_buffer_text(&allowed);
    names = names == NULL ? "" : names;
    nnrpc_status_add_violation(
        status, path, STORE_REASON(UNKNOWN_PRESET_VALUE),
        "is \"%.64s\": not a value of preset \"%s\"%s%.256s", value, use->preset,
        names[0] == '\0' ? ", which has none" : ", such as ", names);
    if (nnrpc_status_get_info(status, "field") == NULL) {
        nnrpc_status_add_info(status, "field", "%s", use->preset);
        nnrpc_status_add_info(status, "value", "%s", value);
        nnrpc_status_add_info(status, "allowed", "%s", names);
    }
}

void act_check_presets(
    struct engine_transaction *transaction, const Contacts__V1__Contact *contact,
    const Contacts__V1__Contact *standing, struct nnrpc_status *status) {
    for (size_t i = 0; i < NNRPC_LENGTH(uses); i++) {
        const struct preset_use *use = &uses[i];
        struct texts texts = texts_of(use, contact);
        struct texts standing_texts = texts_of(use, standing);
        for (size_t j = 0; j < texts.count; j++) {
            const char *value = texts.texts[j];
            int field = preset_field_index(slice_of_text(use->preset));
            if (!has_text(standing_texts, value) &&
                preset_find(transaction, field, slice_of_text(value), NULL) != PRESET_ACTIVE) {
                add_violation(transaction, use, field, j, value, status);
            }
        }
    }
}

void store_check_presets(
    struct store_snapshot *snapshot, const ProtobufCMessage *contact, struct nnrpc_status *status) {
    static const Contacts__V1__Contact nothing = CONTACTS__V1__CONTACT__INIT;
    act_check_presets(
        snapshot->transaction, (const Contacts__V1__Contact *)contact, &nothing, status);
}

/* --- Putting and retiring ----------------------------------------------------------------- */

/* Decides that a value is as given, unless it stands so already. */
static enum nnrpc_code set_value(
    struct act *act, const char *field, const char *name, bool retired, bool changed,
    struct nnrpc_status *out_status) {
    Contacts__V1__PresetValue value = CONTACTS__V1__PRESET_VALUE__INIT;
    struct nnrpc_slice packed;
    value.field = (char *)field;
    value.name = (char *)name;
    value.retired = retired;
    enum nnrpc_code code = act_pack(act, &value.base, &packed, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    if (changed) {
        struct change change = {
            .kind = retired ? CHANGE_PRESET_RETIRED : CHANGE_PRESET_PUT,
            .preset_value = packed,
        };
        act_change(act, &change);
    }
    act_answer(act, packed);
    return NNRPC_OK;
}

enum nnrpc_code act_put_preset(struct act *act, struct nnrpc_status *out_status) {
    const Contacts__V1__PutPresetValueRequest *request =
        (const Contacts__V1__PutPresetValueRequest *)act->write->request;
    int field = preset_field_index(slice_of_text(request->field));
    if (field < 0) {
        return preset_fail_unknown_field(out_status, request->field);
    }
    enum preset_state state =
        preset_find(act->transaction, field, slice_of_text(request->name), NULL);
    return set_value(act, request->field, request->name, false, state != PRESET_ACTIVE, out_status);
}

enum nnrpc_code act_retire_preset(struct act *act, struct nnrpc_status *out_status) {
    const Contacts__V1__RetirePresetValueRequest *request =
        (const Contacts__V1__RetirePresetValueRequest *)act->write->request;
    int field = preset_field_index(slice_of_text(request->field));
    if (field < 0) {
        return preset_fail_unknown_field(out_status, request->field);
    }
    enum preset_state state =
        preset_find(act->transaction, field, slice_of_text(request->name), NULL);
    if (state == PRESET_ABSENT) {
        nnrpc_fail(
            out_status, NNRPC_NOT_FOUND, STORE_DOMAIN, STORE_REASON(PRESET_VALUE_NOT_FOUND),
            "preset \"%s\" has no value \"%.64s\"", request->field, request->name);
        nnrpc_status_add_info(out_status, "field", "%s", request->field);
        nnrpc_status_add_info(out_status, "value", "%s", request->name);
        return NNRPC_NOT_FOUND;
    }
    return set_value(act, request->field, request->name, true, state != PRESET_RETIRED, out_status);
}
