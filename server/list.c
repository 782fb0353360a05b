/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages with tokens.
 */
#include "list.h"

#include <string.h>

void contactd_page_end(
    struct contactd_page *page, const char *last_key, const struct contactd_page_digest *digest) {
    if (last_key == NULL) {
        return;
    }
    char token[CONTACTD_PAGE_TOKEN_BYTES];
    contactd_page_token_write(digest, last_key, token);
    nnrpc_wire_append_bytes(&page->bytes, CONTACTD_FIELD_NEXT_PAGE_TOKEN, token, strlen(token));
}

bool contactd_record_text(
    struct nnrpc_slice record, uint32_t field_number, struct nnrpc_slice *out_text) {
    struct nnrpc_wire_reader reader = nnrpc_wire_reader(record.data, record.size);
    struct nnrpc_wire_field field;
    while (nnrpc_wire_next(&reader, &field)) {
        if (field.number == field_number && field.type == NNRPC_WIRE_BYTES) {
            *out_text = field.bytes;
            return true;
        }
    }
    return false;
}
