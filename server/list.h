/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What list handlers share beyond service.h: pages with tokens.
 */
#ifndef CONTACTD_LIST_H
#define CONTACTD_LIST_H

#include "page_token.h"
#include "service.h"

/** Lists of more items than this leave the receiver. */
#define CONTACTD_INLINE_ITEMS 100

/** Every list response of contacts.v1 has its next_page_token as field 2. */
#define CONTACTD_FIELD_NEXT_PAGE_TOKEN 2

/** Room for the token of a customer's id. */
#define CONTACTD_CUSTOMER_TOKEN_BYTES 160

/** Appends next_page_token for a key; nothing for NULL. */
void contactd_page_end(
    struct contactd_page *page, const char *last_key, const struct contactd_page_digest *digest);

/** Finds a text field of a packed record. */
bool contactd_record_text(
    struct nnrpc_slice record, uint32_t field_number, struct nnrpc_slice *out_text);

#endif
