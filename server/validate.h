/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shape of requests: everything about them that can be judged without the store.
 *
 * Each check adds a field violation for what is wrong and goes on, so that a caller learns of all
 * faults at once; contactd_check_done() turns them into the status. Field paths are proto names.
 */
#ifndef CONTACTD_VALIDATE_H
#define CONTACTD_VALIDATE_H

#include <google/protobuf/timestamp.pb-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "contacts/v1/contact.pb-c.h"
#include "contacts/v1/customer.pb-c.h"
#include "nnrpc/base.h"
#include "nnrpc/schema.h"
#include "nnrpc/status.h"

#define CONTACTD_TEXT_BYTES 1024
#define CONTACTD_WEBSITE_BYTES 2048
#define CONTACTD_EMAIL_BYTES 254
#define CONTACTD_REPEATED_VALUES 100
#define CONTACTD_CONTACT_BYTES (64 * 1024)
#define CONTACTD_REQUEST_ID_BYTES 64
#define CONTACTD_PAGE_SIZE 50
#define CONTACTD_PAGE_SIZE_MOST 1000
#define CONTACTD_LINKS_MOST 10000

/** Every field of a message that has at most 63 field numbers: bit n stands for field n. */
#define CONTACTD_ALL_FIELDS UINT64_MAX

/** @return OK, or INVALID_ARGUMENT with the reason that all violations share or INVALID_FIELDS. */
NNRPC_NODISCARD enum nnrpc_code contactd_check_done(struct nnrpc_status *status);

/** Canonical decimal text of an unsigned 64-bit number. Sets *out_id when it is one. */
void contactd_check_contact_id(
    struct nnrpc_status *status, const char *field, const char *text, uint64_t *out_id);

/** 1 to 64 of [A-Za-z0-9._-], not "." or "..". */
void contactd_check_customer_id(struct nnrpc_status *status, const char *field, const char *text);

/** No control characters, at most `most` bytes. UTF-8 was checked when the message was scanned. */
void contactd_check_text(
    struct nnrpc_status *status, const char *field, const char *text, size_t most);

/** At most `most` bytes. */
void contactd_check_length(
    struct nnrpc_status *status, const char *field, const char *text, size_t most);

/** A request id: text of at most 64 bytes, empty for none. */
void contactd_check_request_id(struct nnrpc_status *status, const char *request_id);

/** contactd_check_text(), and not empty. */
void contactd_check_required_text(
    struct nnrpc_status *status, const char *field, const char *text, size_t most);

/** Every value once. */
void contactd_check_duplicates(
    struct nnrpc_status *status, const char *field, char *const *values, size_t count);

/** Not negative; 0 becomes 50, above 1,000 becomes 1,000. */
void contactd_check_page_size(
    struct nnrpc_status *status, int32_t page_size, uint32_t *out_page_size);

/** Within years 1 to 9999. NULL is fine. */
void contactd_check_time(
    struct nnrpc_status *status, const char *field, const Google__Protobuf__Timestamp *time);

/** The bounds of the fields that a mask selects; the violations' fields are "contact.NAME". */
void contactd_check_contact(
    struct nnrpc_status *status, const Contacts__V1__Contact *contact, uint64_t fields);

/** The same for "customer.NAME". */
void contactd_check_customer(
    struct nnrpc_status *status, const Contacts__V1__Customer *customer, uint64_t fields);

#endif
