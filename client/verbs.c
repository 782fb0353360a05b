/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contactctl as a program: its table of verbs.
 */
#include "verbs.h"

#include "flags.h"
#include "nnrpc/base.h"

#define ID                                                                                         \
    { .name = "ID" }
#define FIELD                                                                                      \
    { .name = "FIELD", .choices = ctl_preset_fields }

static const struct ctl_noun NOUNS[] = {
    {"contact", "people who receive bills, letters and ticket updates"},
    {"customer", "who is billed, and their links to shared contacts"},
    {"preset", "the lists of values that some fields of a contact allow"},
    {"change", "the change feed"},
    {"token", "who may call: the tokens file of a server on this machine"},
};

/* One verb a block. */
/* clang-format off */
const struct ctl_verb ctl_verbs[] = {
    {.noun = "contact", .name = "get", .summary = "Show one contact",
     .arguments = {ID}, .flags = {ctl_fields_flags}, .run = ctl_contact_get},
    {.noun = "contact", .name = "batch-get", .summary = "Show several contacts by id",
     .details = "Contacts come in the order of the ids, each once. Ids of no contact are named on "
                "standard error, and the exit code is 3 then.",
     .arguments = {{.name = "ID", .is_repeatable = true}},
     .flags = {ctl_fields_flags}, .run = ctl_contact_batch_get},
    {.noun = "contact", .name = "list", .summary = "List contacts, ascending by id",
     .details = "Filters combine by AND. Shows one page unless --all or --limit is given.",
     .flags = {ctl_contact_filter_flags, ctl_list_flags, ctl_fields_flags, ctl_page_flags},
     .run = ctl_contact_list},
    {.noun = "contact", .name = "create", .summary = "Create a contact and show it",
     .flags = {ctl_contact_field_flags, ctl_resource_flags, ctl_password_flags},
     .is_mutating = true, .run = ctl_contact_create},
    {.noun = "contact", .name = "update", .summary = "Change fields of a contact and show it",
     .details = "The fields that are given change, others stay; an empty value clears a field.",
     .arguments = {ID},
     .flags = {ctl_contact_field_flags, ctl_resource_flags, ctl_password_flags, ctl_update_flags},
     .is_mutating = true, .run = ctl_contact_update},
    {.noun = "contact", .name = "delete", .summary = "Delete a contact and its links",
     .arguments = {ID}, .flags = {ctl_etag_flags},
     .is_mutating = true, .run = ctl_contact_delete},
    {.noun = "contact", .name = "convert-to-shared",
     .summary = "Make a direct contact shared and link it to its customer",
     .arguments = {ID}, .flags = {ctl_etag_flags},
     .is_mutating = true, .run = ctl_contact_convert},
    {.noun = "contact", .name = "customers",
     .summary = "List every customer that a contact belongs to",
     .arguments = {ID}, .flags = {ctl_page_flags}, .run = ctl_contact_customers},
    {.noun = "contact", .name = "verify-password",
     .summary = "Say whether a password is the contact's account password",
     .details = "The exit code is 0 when it is and 9 when it is not, or none is set.",
     .arguments = {ID}, .flags = {ctl_verify_flags}, .run = ctl_contact_verify_password},

    {.noun = "customer", .name = "get", .summary = "Show one customer",
     .arguments = {ID}, .flags = {ctl_fields_flags}, .run = ctl_customer_get},
    {.noun = "customer", .name = "list", .summary = "List customers, ascending by id",
     .details = "Shows one page unless --all or --limit is given.",
     .flags = {ctl_customer_filter_flags, ctl_list_flags, ctl_fields_flags, ctl_page_flags},
     .run = ctl_customer_list},
    {.noun = "customer", .name = "create", .summary = "Create a customer and show it",
     .details = "Without an id the next free decimal number is taken.",
     .arguments = {{.name = "ID", .is_optional = true}},
     .flags = {ctl_customer_field_flags, ctl_resource_flags},
     .is_mutating = true, .run = ctl_customer_create},
    {.noun = "customer", .name = "update", .summary = "Change fields of a customer and show it",
     .details = "The fields that are given change, others stay; an empty value clears a field.",
     .arguments = {ID},
     .flags = {ctl_customer_field_flags, ctl_resource_flags, ctl_update_flags},
     .is_mutating = true, .run = ctl_customer_update},
    {.noun = "customer", .name = "delete",
     .summary = "Delete a customer, its direct contacts and its links",
     .arguments = {ID}, .flags = {ctl_etag_flags},
     .is_mutating = true, .run = ctl_customer_delete},
    {.noun = "customer", .name = "add-shared-contact",
     .summary = "Link a shared contact to a customer",
     .arguments = {ID, {.name = "CONTACT_ID"}},
     .is_mutating = true, .run = ctl_customer_add_shared},
    {.noun = "customer", .name = "remove-shared-contact",
     .summary = "Remove the link of a shared contact to a customer",
     .arguments = {ID, {.name = "CONTACT_ID"}},
     .is_mutating = true, .run = ctl_customer_remove_shared},

    {.noun = "preset", .name = "list", .summary = "List the values of a field, or of all fields",
     .arguments = {{.name = "FIELD", .choices = ctl_preset_fields, .is_optional = true}},
     .flags = {ctl_preset_list_flags}, .run = ctl_preset_list},
    {.noun = "preset", .name = "put",
     .summary = "Add a value to a field, or bring a retired one back",
     .arguments = {FIELD, {.name = "NAME"}}, .is_mutating = true, .run = ctl_preset_put},
    {.noun = "preset", .name = "retire",
     .summary = "Retire a value: refused for new use, valid where it stands",
     .arguments = {FIELD, {.name = "NAME"}}, .is_mutating = true, .run = ctl_preset_retire},
    {.noun = "preset", .name = "load", .summary = "Put every value of a JSON file",
     .details = "The file is one object: {\"title\": [\"Mr\", \"Mrs\"], \"country\": [\"GB\"]}. "
                "Values that are there already stay as they are.",
     .arguments = {{.name = "FILE"}}, .flags = {ctl_validate_flags}, .run = ctl_preset_load},

    {.noun = "change", .name = "list", .summary = "List changes in revision order",
     .details = "Shows one page unless --all, --limit or --follow is given.",
     .flags = {ctl_change_flags}, .run = ctl_change_list},

    {.noun = "token", .name = "create", .summary = "Make a token and print it, this once",
     .details = "The file keeps only its hash. The server reads the file again on SIGHUP.",
     .arguments = {{.name = "NAME"}}, .flags = {ctl_token_create_flags}, .run = ctl_token_create},
    {.noun = "token", .name = "list", .summary = "List names and roles of the tokens",
     .flags = {ctl_token_file_flags}, .run = ctl_token_list},
    {.noun = "token", .name = "revoke", .summary = "Remove a token",
     .details = "The server reads the file again on SIGHUP.",
     .arguments = {{.name = "NAME"}}, .flags = {ctl_token_file_flags}, .run = ctl_token_revoke},

    {.name = "import", .summary = "Load presets, customers and contacts from NDJSON",
     .details =
         "FILE is - for standard input. One object a line: {\"preset\": {...}}, {\"customer\": "
         "{...}} or {\"contact\": {...}, \"linkedCustomerIDs\": [...]}, keys by JSON name; "
         "a customer stands before the contacts that name it.\n\n"
         "Running the same file again within 30 days changes nothing, and after an interruption "
         "it goes on where it was: each line has a request id made from everything up to that line "
         "and the line's number, whether it comes from a file or a pipe. So lines may be appended, "
         "but a line that is edited makes the lines from there on new ones, whose contacts would "
         "be created again: mend failed lines in the file that --failed-lines writes, and import "
         "that.\n\n"
         "Retired presets are put at their line and retired after the last line, because contacts "
         "may still use them. A call that finds the server busy or away is tried again, with the "
         "same request id, for up to 2 minutes. --timeout is for one try (default 60s).",
     .arguments = {{.name = "FILE"}}, .flags = {ctl_import_flags}, .run = ctl_import},
    {.name = "export", .summary = "Write presets, customers and contacts as NDJSON",
     .details =
         "FILE is - for standard output; a file is written beside its place (mode 0600) and "
         "renamed at the end. `PROGRAM import --keep-ids` of it makes an equal store, but for "
         "account passwords, which nobody can read, and times, etags and revisions.\n\n"
         "Each page is consistent in itself. When nothing changed meanwhile, which the last line "
         "says, the whole file is the store at one revision. Otherwise each contact is as it was "
         "at its moment; customers and presets that came to be meanwhile and are used are "
         "written before their first use, so that the file can always be imported.",
     .arguments = {{.name = "FILE"}}, .run = ctl_export},
    {.name = "health", .summary = "Say whether the server, or one service, takes calls",
     .details = ctl_health_details,
     .arguments = {{.name = "SERVICE", .asks = "@services", .is_optional = true}},
     .run = ctl_health},
    {.name = "stats", .summary = "Show the server's counters, latencies and gauges",
     .details = ctl_stats_details,
     .arguments = {{.name = "WHAT", .choices = "calls", .is_optional = true}},
     .flags = {ctl_stats_flags}, .run = ctl_stats},
    {.name = "backup", .summary = "Write a backup into the server's backup folder",
     .details = "--timeout is 1h unless given.",
     .arguments = {{.name = "NAME"}}, .run = ctl_backup},
    {.name = "methods", .summary = "List the methods of the server's services",
     .details = ctl_methods_details,
     .arguments = {{.name = "SERVICE", .asks = "@services", .is_optional = true}},
     .flags = {ctl_methods_flags, ctl_proto_set_flags}, .run = ctl_methods},
    {.name = "describe", .summary = "Show a service, method, message or enum as its .proto has it",
     .details = ctl_describe_details,
     .arguments = {{.name = "NAME", .asks = "@methods", .is_optional = true}},
     .flags = {ctl_proto_set_flags}, .run = ctl_describe},
    {.name = "call", .summary = "Call any method of the server with JSON",
     .details = ctl_call_details,
     .arguments = {{.name = "METHOD", .asks = "@methods"}, {.name = "JSON", .is_optional = true}},
     .flags = {ctl_call_flags, ctl_proto_set_flags}, .run = ctl_call},
    {.name = "completion", .summary = "Print the completion script of a shell",
     .details = ctl_completion_details,
     .arguments = {{.name = "SHELL", .choices = "bash zsh"}}, .run = ctl_completion},
};
/* clang-format on */
const size_t ctl_verb_count = NNRPC_LENGTH(ctl_verbs);

#ifndef CTL_VERSION
#define CTL_VERSION "0.0.0"
#endif

const struct ctl_program ctl_contactctl = {
    .name = "contactctl",
    .version = CTL_VERSION,
    .about = "Works with a contacts server.",
    .variables = "CONTACTS_",
    .default_socket = "data/contactd.sock",
    .nouns = NOUNS,
    .noun_count = NNRPC_LENGTH(NOUNS),
    .verbs = ctl_verbs,
    .verb_count = NNRPC_LENGTH(ctl_verbs),
};
