/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A status as a value. All text in it is UTF-8 whatever bytes went in, since a status travels in
 * protobuf strings: what is not UTF-8 becomes "?".
 */
#include "nnrpc/status.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nnrpc/wire.h"
#include "utf8.h"

#define FIRST_CAPACITY 4

static const char *const CODE_NAMES[NNRPC_CODE_COUNT] = {
    [NNRPC_OK] = "OK",
    [NNRPC_CANCELLED] = "CANCELLED",
    [NNRPC_UNKNOWN] = "UNKNOWN",
    [NNRPC_INVALID_ARGUMENT] = "INVALID_ARGUMENT",
    [NNRPC_DEADLINE_EXCEEDED] = "DEADLINE_EXCEEDED",
    [NNRPC_NOT_FOUND] = "NOT_FOUND",
    [NNRPC_ALREADY_EXISTS] = "ALREADY_EXISTS",
    [NNRPC_PERMISSION_DENIED] = "PERMISSION_DENIED",
    [NNRPC_RESOURCE_EXHAUSTED] = "RESOURCE_EXHAUSTED",
    [NNRPC_FAILED_PRECONDITION] = "FAILED_PRECONDITION",
    [NNRPC_ABORTED] = "ABORTED",
    [NNRPC_OUT_OF_RANGE] = "OUT_OF_RANGE",
    [NNRPC_UNIMPLEMENTED] = "UNIMPLEMENTED",
    [NNRPC_INTERNAL] = "INTERNAL",
    [NNRPC_UNAVAILABLE] = "UNAVAILABLE",
    [NNRPC_DATA_LOSS] = "DATA_LOSS",
    [NNRPC_UNAUTHENTICATED] = "UNAUTHENTICATED",
};

/* --- Text --------------------------------------------------------------------------------- */

/* Replaces every byte that starts no whole character. A character cut at the end is dropped. */
static void mend_text(char *text, bool was_cut) {
    size_t size = strlen(text);
    if (nnrpc_utf8_valid(text, size)) {
        return;
    }
    size_t at = 0;
    while (at < size) {
        size_t step = nnrpc_utf8_character_size(text + at, size - at);
        bool is_tail = was_cut && size - at < 4;
        if (step == 0 && is_tail && (unsigned char)text[at] >= 0xc0) {
            text[at] = '\0';
            return;
        }
        if (step == 0) {
            text[at] = '?';
            step = 1;
        }
        at += step;
    }
}

/* Formats into a fixed field. By way of a local copy: an argument may be the field itself. */
static void set_formatted(char *field, size_t capacity, const char *format, va_list arguments) {
    char text[NNRPC_STATUS_MESSAGE_BYTES];
    assert(capacity <= sizeof(text));
    int length = vsnprintf(text, capacity, format, arguments);
    if (length < 0) {
        text[0] = '\0';
        length = 0;
    }
    mend_text(text, (size_t)length >= capacity);
    memcpy(field, text, strlen(text) + 1);
}

NNRPC_PRINTF(3, 4)
static void set_text(char *field, size_t capacity, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    set_formatted(field, capacity, format, arguments);
    va_end(arguments);
}

/* Formats into new memory; NULL when it is short. */
static char *new_formatted(const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    char *text = length < 0 ? NULL : malloc((size_t)length + 1);
    if (text != NULL) {
        vsnprintf(text, (size_t)length + 1, format, again);
        mend_text(text, false);
    }
    va_end(again);
    return text;
}

static char *new_text(const char *text) {
    char *copy = strdup(text);
    if (copy != NULL) {
        mend_text(copy, false);
    }
    return copy;
}

/* --- Details ------------------------------------------------------------------------------ */

static void deinit_info(struct nnrpc_info *info) {
    free(info->key);
    free(info->value);
}

static void deinit_violation(struct nnrpc_violation *violation) {
    free(violation->field);
    free(violation->description);
    free(violation->reason);
}

static void free_details(struct nnrpc_status_details *details) {
    if (details == NULL) {
        return;
    }
    for (size_t index = 0; index < details->info_count; index++) {
        deinit_info(&details->infos[index]);
    }
    for (size_t index = 0; index < details->violation_count; index++) {
        deinit_violation(&details->violations[index]);
    }
    free(details->infos);
    free(details->violations);
    free(details);
}

static struct nnrpc_status_details *details_of(struct nnrpc_status *status) {
    if (status->details == NULL) {
        status->details = calloc(1, sizeof(*status->details));
    }
    return status->details;
}

/* Makes room for one more element. The capacity is not kept but follows from the count: it is
 * FIRST_CAPACITY or the power of two at or above the count. */
static void *grow(void *elements, size_t count, size_t element_size) {
    if (count == 0) {
        return malloc(FIRST_CAPACITY * element_size);
    }
    bool is_full = count >= FIRST_CAPACITY && (count & (count - 1)) == 0;
    return is_full ? realloc(elements, 2 * count * element_size) : elements;
}

/* Takes key and value over, also when memory is short. */
static void put_info(struct nnrpc_status *status, char *key, char *value) {
    struct nnrpc_info info = {.key = key, .value = value};
    struct nnrpc_status_details *details = details_of(status);
    if (key == NULL || value == NULL || details == NULL) {
        deinit_info(&info);
        return;
    }
    for (size_t index = 0; index < details->info_count; index++) {
        if (strcmp(details->infos[index].key, key) == 0) {
            deinit_info(&details->infos[index]);
            details->infos[index] = info;
            return;
        }
    }
    struct nnrpc_info *infos = grow(details->infos, details->info_count, sizeof(info));
    if (infos == NULL) {
        deinit_info(&info);
        return;
    }
    details->infos = infos;
    details->infos[details->info_count++] = info;
}

/* Takes the texts over, also when memory is short; false then. */
static bool put_violation(
    struct nnrpc_status *status, char *field, char *description, char *reason) {
    struct nnrpc_violation violation = {field, description, reason};
    struct nnrpc_status_details *details = details_of(status);
    if (field == NULL || description == NULL || reason == NULL || details == NULL) {
        deinit_violation(&violation);
        return false;
    }
    struct nnrpc_violation *violations =
        grow(details->violations, details->violation_count, sizeof(violation));
    if (violations == NULL) {
        deinit_violation(&violation);
        return false;
    }
    details->violations = violations;
    details->violations[details->violation_count++] = violation;
    return true;
}

/* --- The interface ------------------------------------------------------------------------ */

static void clear_text(struct nnrpc_status *status) {
    status->code = NNRPC_OK;
    status->message[0] = '\0';
    status->reason[0] = '\0';
    status->domain[0] = '\0';
}

void nnrpc_status_reset(struct nnrpc_status *status) {
    clear_text(status);
    free_details(status->details);
    status->details = NULL;
}

void nnrpc_status_deinit(struct nnrpc_status *status) {
    if (status != NULL) {
        nnrpc_status_reset(status);
    }
}

static void copy_text(struct nnrpc_status *out_status, const struct nnrpc_status *from) {
    out_status->code = from->code;
    memcpy(out_status->message, from->message, strlen(from->message) + 1);
    memcpy(out_status->reason, from->reason, strlen(from->reason) + 1);
    memcpy(out_status->domain, from->domain, strlen(from->domain) + 1);
}

void nnrpc_status_move(struct nnrpc_status *out_status, struct nnrpc_status *from) {
    if (out_status == from) {
        return;
    }
    nnrpc_status_reset(out_status);
    copy_text(out_status, from);
    out_status->details = from->details;
    from->details = NULL;
    clear_text(from);
}

void nnrpc_status_copy(struct nnrpc_status *out_status, const struct nnrpc_status *from) {
    if (out_status == from) {
        return;
    }
    nnrpc_status_reset(out_status);
    copy_text(out_status, from);
    if (from->details == NULL) {
        return;
    }
    for (size_t index = 0; index < from->details->info_count; index++) {
        const struct nnrpc_info *info = &from->details->infos[index];
        put_info(out_status, strdup(info->key), strdup(info->value));
    }
    for (size_t index = 0; index < from->details->violation_count; index++) {
        const struct nnrpc_violation *violation = &from->details->violations[index];
        (void)put_violation(
            out_status, strdup(violation->field), strdup(violation->description),
            strdup(violation->reason));
    }
}

/* Details are released last: the arguments may point into them. */
enum nnrpc_code nnrpc_fail(
    struct nnrpc_status *out_status, enum nnrpc_code code, const char *domain, const char *reason,
    const char *format, ...) {
    if (out_status == NULL) {
        return code;
    }
    va_list arguments;
    va_start(arguments, format);
    set_formatted(out_status->message, sizeof(out_status->message), format, arguments);
    va_end(arguments);
    set_text(out_status->reason, sizeof(out_status->reason), "%s", reason);
    set_text(out_status->domain, sizeof(out_status->domain), "%s", domain);
    out_status->code = code;
    free_details(out_status->details);
    out_status->details = NULL;
    return code;
}

void nnrpc_status_add_info(struct nnrpc_status *status, const char *key, const char *format, ...) {
    if (status == NULL) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    char *value = new_formatted(format, arguments);
    va_end(arguments);
    put_info(status, new_text(key), value);
}

/* Without memory the fixed part takes the violation: a wrong value must never pass as right. */
void nnrpc_status_add_violation(
    struct nnrpc_status *status, const char *field, const char *reason, const char *format, ...) {
    if (status == NULL) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    char *description = new_formatted(format, arguments);
    va_end(arguments);
    if (!put_violation(status, new_text(field), description, new_text(reason)) &&
        status->code == NNRPC_OK) {
        status->code = NNRPC_INVALID_ARGUMENT;
        set_text(status->reason, sizeof(status->reason), "%s", reason);
        set_text(status->message, sizeof(status->message), "%s: the value is not valid", field);
    }
}

static bool have_one_reason(const struct nnrpc_status_details *details) {
    for (size_t index = 1; index < details->violation_count; index++) {
        if (strcmp(details->violations[index].reason, details->violations[0].reason) != 0) {
            return false;
        }
    }
    return true;
}

enum nnrpc_code nnrpc_status_fail_violations(
    struct nnrpc_status *status, const char *domain, const char *mixed_reason) {
    const struct nnrpc_status_details *details = status->details;
    if (details == NULL || details->violation_count == 0) {
        if (status->code != NNRPC_OK) {
            set_text(status->domain, sizeof(status->domain), "%s", domain);
        }
        return status->code;
    }
    const struct nnrpc_violation *first = &details->violations[0];
    status->code = NNRPC_INVALID_ARGUMENT;
    const char *reason = have_one_reason(details) ? first->reason : mixed_reason;
    set_text(status->reason, sizeof(status->reason), "%s", reason);
    set_text(status->domain, sizeof(status->domain), "%s", domain);
    char more[48] = "";
    if (details->violation_count > 1) {
        snprintf(more, sizeof(more), " (and %zu more)", details->violation_count - 1);
    }
    /* The count must survive a long description, so that is what is cut. */
    int room = (int)(sizeof(status->message) - 1 - strlen(more));
    char quoted[NNRPC_STATUS_MESSAGE_BYTES];
    int length = snprintf(quoted, (size_t)room + 1, "%s: %s", first->field, first->description);
    mend_text(quoted, length > room);
    set_text(status->message, sizeof(status->message), "%s%s", quoted, more);
    return NNRPC_INVALID_ARGUMENT;
}

const char *nnrpc_status_get_info(const struct nnrpc_status *status, const char *key) {
    if (status->details == NULL) {
        return NULL;
    }
    for (size_t index = 0; index < status->details->info_count; index++) {
        if (strcmp(status->details->infos[index].key, key) == 0) {
            return status->details->infos[index].value;
        }
    }
    return NULL;
}

const char *nnrpc_code_name(enum nnrpc_code code) {
    unsigned int number = (unsigned int)code;
    return number < NNRPC_CODE_COUNT ? CODE_NAMES[number] : CODE_NAMES[NNRPC_UNKNOWN];
}
