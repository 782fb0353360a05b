/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shape of requests. Walks contacts and customers by their descriptors, so that a new text
 * field is bounded from the day it is added; only fields with bounds of their own are named here.
 */
#include "validate.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contacts/v1/contact.nnrpc.h"
#include "contacts/v1/customer.nnrpc.h"
#include "reason.h"
#include "store/store.h"

#define CONTACT_FIELD_CUSTOMER_ID 2
#define CONTACT_FIELD_EMAIL 23
#define CONTACT_FIELD_WEBSITE 24
#define CUSTOMER_FIELD_ID 1
#define FIELD_PATH_BYTES 96

/* 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z, the bounds of google.protobuf.Timestamp. */
#define TIME_SECONDS_LEAST (-62135596800LL)
#define TIME_SECONDS_MOST 253402300799LL

enum nnrpc_code contactd_check_done(struct nnrpc_status *status) {
    return nnrpc_status_fail_violations(status, STORE_DOMAIN, CONTACTD_REASON(INVALID_FIELDS));
}

void contactd_check_contact_id(
    struct nnrpc_status *status, const char *field, const char *text, uint64_t *out_id) {
    size_t length = strlen(text);
    bool digits = length > 0 && length <= 20 && strspn(text, "0123456789") == length;
    bool canonical = digits && (text[0] != '0' || length == 1);
    errno = 0;
    uint64_t id = canonical ? strtoull(text, NULL, 10) : 0;
    if (!canonical || errno == ERANGE) {
        nnrpc_status_add_violation(
            status, field, CONTACTD_REASON(INVALID_ID),
            "\"%.64s\" is not a contact id: expected an unsigned 64-bit number in decimal without "
            "leading zeros",
            text);
        return;
    }
    *out_id = id;
}

static bool is_customer_id(const char *text) {
    size_t length = strlen(text);
    if (length == 0 || length > STORE_CUSTOMER_ID_BYTES || strcmp(text, ".") == 0 ||
        strcmp(text, "..") == 0) {
        return false;
    }
    return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
           length;
}

void contactd_check_customer_id(struct nnrpc_status *status, const char *field, const char *text) {
    if (!is_customer_id(text)) {
        nnrpc_status_add_violation(
            status, field, CONTACTD_REASON(INVALID_ID),
            "\"%.64s\" is not a customer id: expected 1 to 64 of [A-Za-z0-9._-], not \".\" or "
            "\"..\"",
            text);
    }
}

/* Unicode category Cc: U+0000 to U+001F, U+007F, and U+0080 to U+009F, which UTF-8 has as C2 80 to
 * C2 9F. */
static const char *find_control_character(const char *text) {
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        if (*at < 0x20 || *at == 0x7f || (*at == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f)) {
            return (const char *)at;
        }
    }
    return NULL;
}

void contactd_check_length(
    struct nnrpc_status *status, const char *field, const char *text, size_t most) {
    size_t length = strlen(text);
    if (length > most) {
        nnrpc_status_add_violation(
            status, field, CONTACTD_REASON(TOO_LONG), "%zu bytes: expected at most %zu", length,
            most);
    }
}

void contactd_check_text(
    struct nnrpc_status *status, const char *field, const char *text, size_t most) {
    contactd_check_length(status, field, text, most);
    const char *control = find_control_character(text);
    if (control != NULL) {
        nnrpc_status_add_violation(
            status, field, CONTACTD_REASON(INVALID_TEXT),
            "has a control character at byte %td: expected none", control - text);
    }
}

void contactd_check_request_id(struct nnrpc_status *status, const char *request_id) {
    contactd_check_text(status, "request_id", request_id, CONTACTD_REQUEST_ID_BYTES);
}

void contactd_check_required_text(
    struct nnrpc_status *status, const char *field, const char *text, size_t most) {
    if (text[0] == '\0') {
        nnrpc_status_add_violation(
            status, field, CONTACTD_REASON(REQUIRED), "is empty: expected 1 to %zu bytes", most);
        return;
    }
    contactd_check_text(status, field, text, most);
}

void contactd_check_page_size(
    struct nnrpc_status *status, int32_t page_size, uint32_t *out_page_size) {
    if (page_size < 0) {
        nnrpc_status_add_violation(
            status, "page_size", CONTACTD_REASON(INVALID_PAGE_SIZE),
            "is %" PRId32 ": expected 0 to %d", page_size, CONTACTD_PAGE_SIZE_MOST);
        return;
    }
    if (page_size == 0) {
        page_size = CONTACTD_PAGE_SIZE;
    }
    *out_page_size =
        page_size > CONTACTD_PAGE_SIZE_MOST ? CONTACTD_PAGE_SIZE_MOST : (uint32_t)page_size;
}

void contactd_check_time(
    struct nnrpc_status *status, const char *field, const Google__Protobuf__Timestamp *time) {
    if (time == NULL) {
        return;
    }
    if (time->seconds < TIME_SECONDS_LEAST || time->seconds > TIME_SECONDS_MOST ||
        time->nanos < 0 || time->nanos > 999999999) {
        nnrpc_status_add_violation(
            status, field, CONTACTD_REASON(INVALID_TIME),
            "seconds %" PRId64 ", nanos %" PRId32
            ": expected a time in the years 1 to 9999 and nanos of 0 to 999999999",
            time->seconds, time->nanos);
    }
}

/* One address: something, one @, something; no white space, no list separators, no angle brackets.
 * More would refuse addresses that work; whether mail arrives is not for a pattern to say. */
static bool is_email(const char *text) {
    const char *at = strchr(text, '@');
    return at != NULL && at != text && at[1] != '\0' && strchr(at + 1, '@') == NULL &&
           strpbrk(text, " \t,;<>()[]\\\"") == NULL && at[1] != '.' &&
           text[strlen(text) - 1] != '.';
}

static void check_email(struct nnrpc_status *status, const char *field, const char *text) {
    contactd_check_text(status, field, text, CONTACTD_EMAIL_BYTES);
    if (text[0] != '\0' && !is_email(text)) {
        nnrpc_status_add_violation(
            status, field, CONTACTD_REASON(INVALID_EMAIL),
            "\"%.64s\" is not an e-mail address: expected one, like name@example.org", text);
    }
}

static int compare_texts(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void contactd_check_duplicates(
    struct nnrpc_status *status, const char *field, char *const *values, size_t count) {
    const char **sorted = count > 1 ? malloc(count * sizeof(*sorted)) : NULL;
    if (sorted == NULL) {
        return; /* nothing to compare, or no memory: then the writer's own checks remain */
    }
    memcpy(sorted, values, count * sizeof(*sorted));
    qsort(sorted, count, sizeof(*sorted), compare_texts);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(sorted[i - 1], sorted[i]) == 0) {
            nnrpc_status_add_violation(
                status, field, CONTACTD_REASON(DUPLICATE_VALUE),
                "has \"%.64s\" twice: expected each value once", sorted[i]);
            break;
        }
    }
    free(sorted);
}

static void check_repeated_text(
    struct nnrpc_status *status, const char *field, char *const *values, size_t count) {
    if (count > CONTACTD_REPEATED_VALUES) {
        nnrpc_status_add_violation(
            status, field, CONTACTD_REASON(TOO_LONG), "%zu values: expected at most %d", count,
            CONTACTD_REPEATED_VALUES);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        char item[FIELD_PATH_BYTES + 24];
        snprintf(item, sizeof(item), "%s[%zu]", field, i);
        contactd_check_text(status, item, values[i], CONTACTD_TEXT_BYTES);
    }
    contactd_check_duplicates(status, field, values, count);
}

/* The bounds that every text has. */
static void check_text_field(
    struct nnrpc_status *status, const ProtobufCMessage *message,
    const ProtobufCFieldDescriptor *field, const char *path) {
    const char *base = (const char *)message;
    if (field->type != PROTOBUF_C_TYPE_STRING) {
        return;
    }
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        check_repeated_text(
            status, path, *(char *const *const *)(base + field->offset),
            *(const size_t *)(base + field->quantifier_offset));
    } else {
        contactd_check_text(
            status, path, *(const char *const *)(base + field->offset), CONTACTD_TEXT_BYTES);
    }
}

/* Checks every selected field but the output-only ones, whose content does not count. own_check
 * says whether it has taken care of a text field. */
static void check_fields(
    struct nnrpc_status *status, const char *prefix, const struct nnrpc_message *type,
    const ProtobufCMessage *message, uint64_t fields,
    bool (*own_check)(
        struct nnrpc_status *status, const char *path, uint32_t number, const char *text)) {
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->descriptor->fields[i];
        bool selected = (fields >> field->id & 1) != 0;
        if (!selected || (type->fields[i].flags & NNRPC_FIELD_OUTPUT_ONLY) != 0) {
            continue;
        }
        char path[FIELD_PATH_BYTES];
        snprintf(path, sizeof(path), "%s.%s", prefix, field->name);
        const char *text =
            field->type == PROTOBUF_C_TYPE_STRING && field->label != PROTOBUF_C_LABEL_REPEATED
                ? *(const char *const *)((const char *)message + field->offset)
                : NULL;
        if (text == NULL || !own_check(status, path, field->id, text)) {
            check_text_field(status, message, field, path);
        }
    }
}

static bool check_contact_field(
    struct nnrpc_status *status, const char *path, uint32_t number, const char *text) {
    switch (number) {
    case CONTACT_FIELD_CUSTOMER_ID:
        if (text[0] != '\0') {
            contactd_check_customer_id(status, path, text);
        }
        return true;
    case CONTACT_FIELD_EMAIL:
        check_email(status, path, text);
        return true;
    case CONTACT_FIELD_WEBSITE:
        contactd_check_text(status, path, text, CONTACTD_WEBSITE_BYTES);
        return true;
    default:
        return false;
    }
}

void contactd_check_contact(
    struct nnrpc_status *status, const Contacts__V1__Contact *contact, uint64_t fields) {
    if (contact == NULL) {
        nnrpc_status_add_violation(
            status, "contact", CONTACTD_REASON(REQUIRED), "is absent: expected a contact");
        return;
    }
    check_fields(
        status, "contact", &contacts_v1_contact_message, &contact->base, fields,
        check_contact_field);
    size_t packed = contacts__v1__contact__get_packed_size(contact);
    if (fields == CONTACTD_ALL_FIELDS && packed > CONTACTD_CONTACT_BYTES) {
        nnrpc_status_add_violation(
            status, "contact", CONTACTD_REASON(TOO_LONG), "%zu bytes packed: expected at most %d",
            packed, CONTACTD_CONTACT_BYTES);
    }
}

static bool check_customer_field(
    struct nnrpc_status *status, const char *path, uint32_t number, const char *text) {
    if (number != CUSTOMER_FIELD_ID) {
        return false;
    }
    if (text[0] != '\0') {
        contactd_check_customer_id(status, path, text);
    }
    return true;
}

void contactd_check_customer(
    struct nnrpc_status *status, const Contacts__V1__Customer *customer, uint64_t fields) {
    if (customer == NULL) {
        nnrpc_status_add_violation(
            status, "customer", CONTACTD_REASON(REQUIRED), "is absent: expected a customer");
        return;
    }
    check_fields(
        status, "customer", &contacts_v1_customer_message, &customer->base, fields,
        check_customer_field);
}
