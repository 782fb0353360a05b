/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flags: names, values and help. What they do is in the handlers.
 */
#include "flags.h"

const char ctl_preset_fields[] =
    "contactType title country numberType dealerCode contactRegarding emailBillType "
    "invoiceUsageReportCustomerProfile copyCorrespondenceTypeIDs copyTicketTypeIDs";

#define FIELD(flag_name, text)                                                                     \
    { .name = flag_name, .argument = "TEXT", .help = text }
#define LIST(flag_name, text)                                                                      \
    { .name = flag_name, .argument = "TEXT", .is_repeatable = true, .help = text }

const struct ctl_flag ctl_contact_field_flags[] = {
    FIELD("customer-id", "Customer of a direct contact; none: the contact is shared"),
    FIELD("contact-type", "Preset contactType: what the contact is to the customer"),
    FIELD("title", "Preset title"),
    FIELD("first-name", "Given name"),
    FIELD("last-name", "Family name"),
    FIELD("company-name", "Company that the person works for"),
    FIELD("address1", "First address line"),
    FIELD("address2", "Second address line"),
    FIELD("address3", "Third address line"),
    FIELD("address4", "Fourth address line, typically the city"),
    FIELD("address5", "Fifth address line, typically the county or state"),
    FIELD("postcode", "Postal code"),
    FIELD("country", "Preset country: ISO 3166-1 alpha-2 code"),
    FIELD("number1", "First telephone number"),
    FIELD("number1-type", "Preset numberType of the first number"),
    FIELD("number2", "Second telephone number"),
    FIELD("number2-type", "Preset numberType of the second number"),
    FIELD("number3", "Third telephone number"),
    FIELD("number3-type", "Preset numberType of the third number"),
    FIELD("number4", "Fourth telephone number"),
    FIELD("number4-type", "Preset numberType of the fourth number"),
    FIELD("email", "E-mail address"),
    FIELD("website", "Web address"),
    FIELD("contact-position", "Position in the company"),
    FIELD("dealer-code", "Preset dealerCode: the dealer that looks after the contact"),
    LIST("contact-regarding", "Preset contactRegarding; again for each"),
    FIELD("email-bill-type", "Preset emailBillType"),
    FIELD("invoice-usage-report-customer-profile", "Preset invoiceUsageReportCustomerProfile"),
    LIST("copy-correspondence-type-ids", "Preset copyCorrespondenceTypeIDs; again for each"),
    LIST("copy-ticket-type-ids", "Preset copyTicketTypeIDs; again for each"),
    {0}};

const struct ctl_flag ctl_customer_field_flags[] = {
    FIELD("name", "Name"),
    FIELD("account-number", "Account number; unique when set"),
    FIELD("crm-reference", "Reference in the CRM system; unique when set"),
    {0}};

const struct ctl_flag ctl_resource_flags[] = {
    {.name = "set",
     .argument = "NAME=VALUE",
     .is_repeatable = true,
     .help = "A field by its JSON name; again for each field and each value of a list"},
    {.name = "json",
     .argument = "FILE",
     .help = "The whole object as JSON: a file, - for standard input, or the text itself if it "
             "starts with {; other flags then set further fields"},
    {0}};

const struct ctl_flag ctl_password_flags[] = {
    {.name = "password-file",
     .argument = "FILE",
     .help = "Account password from a file (one line) or - for standard input; empty removes it"},
    {.name = "password", .help = "Ask for the account password on the terminal, unseen"},
    {0}};

const struct ctl_flag ctl_verify_flags[] = {
    {.name = "password-file",
     .argument = "FILE",
     .help = "Password to try from a file (one line) or - for standard input; without it, it is "
             "asked for on the terminal"},
    {0}};

const struct ctl_flag ctl_etag_flags[] = {
    {.name = "etag",
     .argument = "ETAG",
     .help = "Only if this is still the etag; otherwise ETAG_MISMATCH"},
    {0}};

const struct ctl_flag ctl_update_flags[] = {
    {.name = "etag",
     .argument = "ETAG",
     .help = "Only if this is still the etag; otherwise ETAG_MISMATCH"},
    {.name = "mask",
     .argument = "NAMES",
     .help = "Exactly these fields change, JSON names separated by commas, \"*\" for all; default: "
             "the fields that are given"},
    {0}};

const struct ctl_flag ctl_fields_flags[] = {
    {.name = "fields",
     .argument = "NAMES",
     .help = "Only these fields, JSON names separated by commas; a table's columns in this order"},
    {0}};

const struct ctl_flag ctl_page_flags[] = {
    {.name = "page-size", .argument = "COUNT", .help = "Items a call (default 50, most 1000)"},
    {.name = "page-token", .argument = "TOKEN", .help = "Go on where an earlier page ended"},
    {.name = "all", .help = "Follow the pages to the end"},
    {.name = "limit", .argument = "COUNT", .help = "Stop after so many items, over pages"},
    {0}};

const struct ctl_flag ctl_list_flags[] = {
    {.name = "id-after", .argument = "ID", .help = "Only ids greater than this one"},
    {.name = "created-since",
     .argument = "TIME",
     .help = "Only what was created then or later: 2026-03-01 or 2026-03-01T08:30:00Z"},
    {0}};

const struct ctl_flag ctl_contact_filter_flags[] = {
    {.name = "customer-id",
     .argument = "TEXT",
     .help = "This customer's direct contacts and the shared ones that are linked to it"},
    {.name = "dealer-code",
     .argument = "TEXT",
     .help = "Only shared contacts with this dealer code; direct ones stay"},
    {.name = "form",
     .argument = "FORM",
     .choices = "direct shared",
     .help = "Only direct or only shared contacts"},
    {.name = "email", .argument = "TEXT", .help = "Only this e-mail address, in any case"},
    {.name = "number",
     .argument = "TEXT",
     .help = "Only contacts with this telephone number; digits are compared"},
    {.name = "links", .help = "Show every customer that each contact belongs to"},
    {0}};

const struct ctl_flag ctl_customer_filter_flags[] = {
    FIELD("account-number", "Only the customer with exactly this account number"),
    FIELD("crm-reference", "Only the customer with exactly this CRM reference"),
    {0}};

const struct ctl_flag ctl_preset_list_flags[] = {
    {.name = "retired", .help = "Retired values too"}, {0}};

const struct ctl_flag ctl_validate_flags[] = {
    {.name = "validate-only", .help = "Check everything, but change nothing"}, {0}};

const struct ctl_flag ctl_change_flags[] = {
    {.name = "after",
     .argument = "REVISION",
     .help = "Only changes after this revision (default 0: from the first)"},
    {.name = "page-size", .argument = "COUNT", .help = "Items a call (default 50, most 1000)"},
    {.name = "all", .help = "Everything up to now"},
    {.name = "limit", .argument = "COUNT", .help = "Stop after so many items, over pages"},
    {.name = "follow", .help = "Everything up to now, then each change as it comes, until Ctrl-C"},
    {.name = "interval",
     .argument = "DURATION",
     .help = "With --follow: how often to look (default 1s)"},
    {0}};

const struct ctl_flag ctl_import_flags[] = {
    {.name = "dry-run", .help = "Check every line completely and change nothing"},
    {.name = "keep-ids",
     .help = "Contacts keep their ids; needs an empty store (or one that this file began to fill)"},
    {.name = "fail-fast", .help = "Stop at the first line that fails"},
    {.name = "failed-lines",
     .argument = "FILE",
     .help = "Write the lines that failed to this file, to be mended and imported on their own"},
    {.name = "window", .argument = "COUNT", .help = "Most calls in flight (default 512)"},
    {0}};

const struct ctl_flag ctl_token_file_flags[] = {
    {.name = "tokens", .argument = "FILE", .help = "The tokens file (needed)"}, {0}};

const struct ctl_flag ctl_token_create_flags[] = {
    {.name = "tokens", .argument = "FILE", .help = "The tokens file (needed); made when missing"},
    {.name = "role",
     .argument = "ROLE",
     .choices = "reader writer admin",
     .help = "What the token may do (needed)"},
    {0}};
