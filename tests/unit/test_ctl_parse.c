/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contactctl's command line and table of verbs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "contacts/v1/contact.nnrpc.h"
#include "contacts/v1/customer.nnrpc.h"
#include "flags.h"
#include "parse.h"
#include "preset_field.h"
#include "selection.h"
#include "verbs.h"

#define WORDS_MAX 24

struct parsed {
    char *words[WORDS_MAX];
    int count;
    enum ctl_request request;
    struct ctl_invocation invocation;
};

/* Parses words separated by single spaces after the program's name. */
static struct parsed parse(const char *line) {
    struct parsed parsed = {0};
    char *copy = strdup(line);
    char *rest = copy;
    char *word = NULL;
    parsed.words[parsed.count++] = strdup("contactctl");
    while ((word = strsep(&rest, " ")) != NULL) {
        parsed.words[parsed.count++] = strdup(word);
    }
    free(copy);
    parsed.request = ctl_parse(parsed.count, parsed.words, &parsed.invocation);
    return parsed;
}

static void parsed_deinit(struct parsed *parsed) {
    ctl_invocation_deinit(&parsed->invocation);
    for (int i = 0; i < parsed->count; i++) {
        free(parsed->words[i]);
    }
}

/* Runs a wrong command line with standard error in a file, and returns what stands there. */
static char *complaint(const char *line) {
    FILE *file = tmpfile();
    assert_non_null(file);
    fflush(stderr);
    int saved = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    NNRPC_CLEANUP(parsed_deinit) struct parsed parsed = parse(line);
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    assert_int_equal(parsed.request, CTL_REQUEST_INVALID);
    rewind(file);
    char *text = calloc(1, 4096);
    size_t size = fread(text, 1, 4095, file);
    fclose(file);
    assert_true(size > 0);
    return text;
}

static void expect_complaint(const char *line, const char *expected) {
    char *text = complaint(line);
    assert_string_equal(text, expected);
    free(text);
}

static void flags_may_stand_before_and_after_the_verb(void **state) {
    (void)state;
    static const char *const LINES[] = {
        "--server tcp://a:1 -o json contact list --all --email x",
        "contact --server=tcp://a:1 list -ojson --email=x --all",
        "contact list --all --email x --output json -s tcp://a:1",
        "--all --email x contact list --output=json --server tcp://a:1"};
    for (size_t i = 0; i < NNRPC_LENGTH(LINES); i++) {
        NNRPC_CLEANUP(parsed_deinit) struct parsed parsed = parse(LINES[i]);
        assert_int_equal(parsed.request, CTL_REQUEST_RUN);
        assert_ptr_equal(parsed.invocation.verb, ctl_verb_find("contact", "list"));
        assert_string_equal(ctl_invocation_value(&parsed.invocation, "server"), "tcp://a:1");
        assert_string_equal(ctl_invocation_value(&parsed.invocation, "output"), "json");
        assert_string_equal(ctl_invocation_value(&parsed.invocation, "email"), "x");
        assert_true(ctl_invocation_given(&parsed.invocation, "all"));
        assert_false(ctl_invocation_given(&parsed.invocation, "links"));
        assert_int_equal(parsed.invocation.argument_count, 0);
    }
}

static void arguments_keep_their_order(void **state) {
    (void)state;
    NNRPC_CLEANUP(parsed_deinit)
    struct parsed parsed = parse("contact -q batch-get 3 --fields id 1 2");
    assert_int_equal(parsed.request, CTL_REQUEST_RUN);
    assert_int_equal(parsed.invocation.argument_count, 3);
    assert_string_equal(parsed.invocation.arguments[0], "3");
    assert_string_equal(parsed.invocation.arguments[1], "1");
    assert_string_equal(parsed.invocation.arguments[2], "2");
}

static void two_dashes_end_the_flags(void **state) {
    (void)state;
    NNRPC_CLEANUP(parsed_deinit) struct parsed parsed = parse("preset put title -- --x");
    assert_int_equal(parsed.request, CTL_REQUEST_RUN);
    assert_string_equal(parsed.invocation.arguments[1], "--x");
}

static void one_dash_is_an_argument(void **state) {
    (void)state;
    NNRPC_CLEANUP(parsed_deinit) struct parsed parsed = parse("import - --dry-run");
    assert_int_equal(parsed.request, CTL_REQUEST_RUN);
    assert_string_equal(parsed.invocation.arguments[0], "-");
}

static void a_value_may_be_empty_or_look_like_a_flag(void **state) {
    (void)state;
    NNRPC_CLEANUP(parsed_deinit)
    struct parsed parsed = parse("contact update 1 --email= --title --x");
    assert_int_equal(parsed.request, CTL_REQUEST_RUN);
    assert_string_equal(ctl_invocation_value(&parsed.invocation, "email"), "");
    assert_string_equal(ctl_invocation_value(&parsed.invocation, "title"), "--x");
}

static void repeatable_flags_are_kept_in_order(void **state) {
    (void)state;
    NNRPC_CLEANUP(parsed_deinit)
    struct parsed parsed = parse("contact create --set a=1 --set b=2");
    assert_int_equal(parsed.request, CTL_REQUEST_RUN);
    assert_int_equal(parsed.invocation.given_count, 2);
    assert_string_equal(parsed.invocation.given[0].value, "a=1");
    assert_string_equal(parsed.invocation.given[1].value, "b=2");
}

static void an_unknown_verb_gets_one_line_with_a_suggestion(void **state) {
    (void)state;
    expect_complaint(
        "contcat list", "contactctl: no verb \"contcat\"; did you mean \"contact\"?\n");
    expect_complaint(
        "contact lsit", "contactctl: no verb \"contact lsit\"; did you mean \"contact list\"?\n");
    expect_complaint("frobnicate", "contactctl: no verb \"frobnicate\"; see contactctl --help\n");
    expect_complaint(
        "preset frobnicate",
        "contactctl: no verb \"preset frobnicate\"; see contactctl preset --help\n");
}

static void a_missing_verb_is_asked_for(void **state) {
    (void)state;
    expect_complaint("token", "contactctl: token needs a verb: create, list, revoke\n");
    expect_complaint("-q", "contactctl: what is to be done? See contactctl --help\n");
}

static void an_unknown_flag_gets_one_line_with_a_suggestion(void **state) {
    (void)state;
    expect_complaint(
        "contact list --emial x",
        "contactctl: contact list has no flag --emial; did you mean --email?\n");
    expect_complaint(
        "contact get 1 --all", "contactctl: contact get has no flag --all; see contactctl contact "
                               "get --help\n");
    expect_complaint(
        "health -x", "contactctl: health has no flag -x; see contactctl health --help\n");
    expect_complaint(
        "contact get 1 --validate-only",
        "contactctl: contact get has no flag --validate-only; see contactctl contact get "
        "--help\n");
}

static void values_are_checked(void **state) {
    (void)state;
    expect_complaint(
        "contact list --output xml",
        "contactctl: --output is \"xml\"; it must be one of: table json ndjson\n");
    expect_complaint("contact list --all=1", "contactctl: --all takes no value\n");
    expect_complaint("contact list --email", "contactctl: --email needs a value: --email TEXT\n");
    expect_complaint("contact list --email a --email b", "contactctl: --email is given twice\n");
}

static void arguments_are_checked(void **state) {
    (void)state;
    expect_complaint("contact get", "contactctl: ID is missing: contactctl contact get ID\n");
    expect_complaint(
        "contact get 1 2",
        "contactctl: \"2\" is one argument too many: contactctl contact get ID\n");
    expect_complaint(
        "completion fish", "contactctl: SHELL is \"fish\"; it must be one of: bash zsh\n");
}

/* A flag may stand before the verb, so its name must say by itself whether a value follows. */
static void a_flag_takes_a_value_at_every_verb_or_at_none(void **state) {
    (void)state;
    for (size_t v = 0; v < ctl_verb_count; v++) {
        const struct ctl_flag *flag = NULL;
        for (size_t i = 0; (flag = ctl_verb_flag(&ctl_verbs[v], i)) != NULL; i++) {
            for (size_t u = 0; u < v; u++) {
                const struct ctl_flag *other =
                    ctl_verb_flag_find(&ctl_verbs[u], flag->name, strlen(flag->name));
                if (other != NULL) {
                    assert_int_equal(other->argument == NULL, flag->argument == NULL);
                }
            }
        }
    }
}

static void every_verb_is_whole(void **state) {
    (void)state;
    for (size_t v = 0; v < ctl_verb_count; v++) {
        const struct ctl_verb *verb = &ctl_verbs[v];
        assert_non_null(verb->run);
        assert_non_null(verb->summary);
        assert_ptr_equal(ctl_verb_find(verb->noun, verb->name), verb);
        assert_true(verb->noun == NULL || ctl_noun_exists(verb->noun));
        const struct ctl_flag *flag = NULL;
        for (size_t i = 0; (flag = ctl_verb_flag(verb, i)) != NULL; i++) {
            assert_non_null(flag->help);
            assert_ptr_equal(ctl_verb_flag_find(verb, flag->name, strlen(flag->name)), flag);
        }
    }
}

/* Every text that a caller may set, but secrets, has a flag by its name. */
static void expect_flags_of(
    const struct nnrpc_message *type, const struct ctl_verb *verb, const char *but) {
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->descriptor->fields[i];
        uint32_t flags = type->fields[i].flags;
        if ((flags & (NNRPC_FIELD_OUTPUT_ONLY | NNRPC_FIELD_SENSITIVE)) != 0 ||
            field->type != PROTOBUF_C_TYPE_STRING || strcmp(field->name, but) == 0) {
            continue;
        }
        char name[64];
        snprintf(name, sizeof(name), "%s", field->name);
        for (char *at = name; *at != '\0'; at++) {
            *at = *at == '_' ? '-' : *at;
        }
        const struct ctl_flag *flag = ctl_verb_flag_find(verb, name, strlen(name));
        assert_non_null(flag);
        assert_int_equal(flag->is_repeatable, field->label == PROTOBUF_C_LABEL_REPEATED);
        assert_int_equal(ctl_field_find(type, name, strlen(name)), (int)i);
    }
}

static void every_field_has_its_flag(void **state) {
    (void)state;
    expect_flags_of(&contacts_v1_contact_message, ctl_verb_find("contact", "create"), "");
    expect_flags_of(&contacts_v1_contact_message, ctl_verb_find("contact", "update"), "");
    expect_flags_of(&contacts_v1_customer_message, ctl_verb_find("customer", "create"), "id");
    expect_flags_of(&contacts_v1_customer_message, ctl_verb_find("customer", "update"), "id");
}

static void every_preset_field_belongs_to_fields_of_a_contact(void **state) {
    (void)state;
    const char *rest = ctl_preset_fields;
    char field[CTL_PRESET_FIELD_BYTES];
    size_t count = 0;
    while (ctl_preset_field_next(&rest, field)) {
        size_t user_count = 0;
        for (size_t i = 0; i < contacts_v1_contact_message.descriptor->n_fields; i++) {
            const char *used = ctl_preset_field_of(i);
            user_count += used != NULL && strcmp(used, field) == 0 ? 1 : 0;
        }
        assert_int_equal(user_count, strcmp(field, "numberType") == 0 ? 4 : 1);
        count++;
    }
    assert_int_equal(count, 10);
}

int main(void) {
    ctl_program = &ctl_contactctl;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_may_stand_before_and_after_the_verb),
        cmocka_unit_test(arguments_keep_their_order),
        cmocka_unit_test(two_dashes_end_the_flags),
        cmocka_unit_test(one_dash_is_an_argument),
        cmocka_unit_test(a_value_may_be_empty_or_look_like_a_flag),
        cmocka_unit_test(repeatable_flags_are_kept_in_order),
        cmocka_unit_test(an_unknown_verb_gets_one_line_with_a_suggestion),
        cmocka_unit_test(a_missing_verb_is_asked_for),
        cmocka_unit_test(an_unknown_flag_gets_one_line_with_a_suggestion),
        cmocka_unit_test(values_are_checked),
        cmocka_unit_test(arguments_are_checked),
        cmocka_unit_test(a_flag_takes_a_value_at_every_verb_or_at_none),
        cmocka_unit_test(every_verb_is_whole),
        cmocka_unit_test(every_field_has_its_flag),
        cmocka_unit_test(every_preset_field_belongs_to_fields_of_a_contact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
