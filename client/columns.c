/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in the tables of contacts and customers, and what goes first on a narrow terminal.
 */
#include "contact_columns.h"
#include "contacts/v1/contact.nnrpc.h"
#include "contacts/v1/customer.nnrpc.h"
#include "customer_columns.h"

static void append_links(
    const ProtobufCMessage *item, const ProtobufCMessage *beside, struct nnrpc_buffer *out) {
    (void)item;
    const Contacts__V1__ContactLinks *links = (const Contacts__V1__ContactLinks *)beside;
    for (size_t i = 0; links != NULL && i < links->n_customer_ids; i++) {
        nnrpc_buffer_append_text(out, i > 0 ? ", " : "");
        nnrpc_buffer_append_text(out, links->customer_ids[i]);
    }
}

/* Who it is and how to reach them stays longest. */
#define CONTACT_COLUMNS                                                                            \
    {.column = {.title = "ID", .is_whole = true}, .field = "id"},                                  \
        {.column = {.title = "CUSTOMER", .rank = 3}, .field = "customer_id"},                      \
        {.column = {.title = "TYPE", .rank = 6}, .field = "contact_type"},                         \
        {.column = {.title = "TITLE", .rank = 9}, .field = "title"},                               \
        {.column = {.title = "FIRST NAME", .rank = 1}, .field = "first_name"},                     \
        {.column = {.title = "LAST NAME"}, .field = "last_name"},                                  \
        {.column = {.title = "COMPANY", .rank = 5}, .field = "company_name"},                      \
        {.column = {.title = "EMAIL", .rank = 2}, .field = "email"},                               \
        {.column = {.title = "NUMBER", .rank = 4}, .field = "number1"},                            \
        {.column = {.title = "POSTCODE", .rank = 8}, .field = "postcode"}, {                       \
        .column = {.title = "DEALER", .rank = 7}, .field = "dealer_code"                           \
    }

const struct ctl_list_column ctl_contact_columns[] = {CONTACT_COLUMNS};
const size_t ctl_contact_column_count = NNRPC_LENGTH(ctl_contact_columns);

const struct ctl_list_column ctl_contact_link_columns[] = {
    CONTACT_COLUMNS, {.column = {.title = "BELONGS TO"}, .derive = append_links}};
const size_t ctl_contact_link_column_count = NNRPC_LENGTH(ctl_contact_link_columns);

const struct ctl_list_column ctl_customer_columns[] = {
    {.column = {.title = "ID"}, .field = "id"},
    {.column = {.title = "NAME"}, .field = "name"},
    {.column = {.title = "ACCOUNT", .rank = 1}, .field = "account_number"},
    {.column = {.title = "CRM REFERENCE", .rank = 2}, .field = "crm_reference"},
    {.column = {.title = "UPDATED", .rank = 3}, .field = "update_time"},
};
const size_t ctl_customer_column_count = NNRPC_LENGTH(ctl_customer_columns);

const struct ctl_list_shape ctl_customer_shape = {
    .type = &contacts_v1_customer_message,
    .columns = ctl_customer_columns,
    .column_count = NNRPC_LENGTH(ctl_customer_columns)};
