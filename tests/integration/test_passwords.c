/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Account passwords: who they let in, and that they stand nowhere.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "acts.h"

static Contact *create_with_password(
    struct peer *peer, const char *customer, const char *password) {
    Contact contact = contact_named("Paula", customer);
    contact.account_password = text(password);
    return create_contact(peer, &contact);
}

static void set_password(struct peer *peer, const Contact *contact, const char *password) {
    Contact change = CONTACT_INIT;
    change.id = contact->id;
    change.account_password = text(password);
    update_contact(peer, &change, MASK("account_password"));
}

static void only_the_right_password_verifies(void **state) {
    struct peer *peer = *state;
    static const char *const wrong[] = {"",  "right horse ", "Right horse", "right hors",
                                        " ", "right horsf"};
    const Contact *contact = create_with_password(peer, "", "right horse");
    assert_true(contact->has_account_password);
    assert_true(verifies(peer, contact->id, "right horse"));
    for (size_t i = 0; i < NNRPC_LENGTH(wrong); i++) {
        assert_false(verifies(peer, contact->id, wrong[i]));
    }
    assert_true(verifies(peer, contact->id, "right horse"));
}

static void no_password_and_a_wrong_one_are_the_same_answer(void **state) {
    struct peer *peer = *state;
    const Contact *contact = create_shared_contact(peer);
    assert_false(contact->has_account_password);
    assert_false(verifies(peer, contact->id, "anything"));
    assert_false(verifies(peer, contact->id, ""));
}

static void verifying_for_no_contact_is_not_found(void **state) {
    struct peer *peer = *state;
    Contacts__V1__VerifyAccountPasswordRequest request =
        CONTACTS__V1__VERIFY_ACCOUNT_PASSWORD_REQUEST__INIT;
    request.id = text("987654321");
    request.password = text("anything");
    call_verify_account_password(peer, &request);
    expect_reason(peer, NNRPC_NOT_FOUND, "CONTACT_NOT_FOUND");
    expect_info(peer, "contact_id", "987654321");
}

static void a_new_password_takes_the_place_of_the_old_one(void **state) {
    struct peer *peer = *state;
    const Contact *contact = create_with_password(peer, "", "old");
    set_password(peer, contact, "new");
    assert_false(verifies(peer, contact->id, "old"));
    assert_true(verifies(peer, contact->id, "new"));
}

static void a_removed_password_lets_nobody_in(void **state) {
    struct peer *peer = *state;
    const Contact *contact = create_with_password(peer, "", "once");
    set_password(peer, contact, "");
    assert_false(verifies(peer, contact->id, "once"));
    assert_false(verifies(peer, contact->id, ""));
    assert_false(get_contact(peer, contact->id)->has_account_password);
    set_password(peer, contact, "again");
    assert_true(verifies(peer, contact->id, "again"));
}

static void a_password_stays_when_a_contact_is_converted(void **state) {
    struct peer *peer = *state;
    const Contact *contact = create_with_password(peer, new_customer(peer), "kept");
    assert_true(convert_contact(peer, contact->id)->has_account_password);
    assert_true(verifies(peer, contact->id, "kept"));
}

static void a_password_stays_when_other_fields_change(void **state) {
    struct peer *peer = *state;
    const Contact *contact = create_with_password(peer, "", "kept");
    assert_true(rename_contact(peer, contact->id, "Renamed")->has_account_password);
    assert_true(verifies(peer, contact->id, "kept"));
}

static void a_password_may_have_any_script(void **state) {
    struct peer *peer = *state;
    const Contact *contact = create_with_password(peer, "", "pä ß 山 \xf0\x9f\x94\x91");
    assert_true(verifies(peer, contact->id, "pä ß 山 \xf0\x9f\x94\x91"));
    assert_false(verifies(peer, contact->id, "pa ß 山 \xf0\x9f\x94\x91"));
}

static void equal_passwords_of_two_contacts_are_kept_differently(void **state) {
    struct peer *peer = *state;
    const Contact *first = create_with_password(peer, "", "shared secret");
    const Contact *second = create_with_password(peer, "", "shared secret");
    assert_true(verifies(peer, first->id, "shared secret"));
    set_password(peer, second, "");
    assert_true(verifies(peer, first->id, "shared secret"));
    assert_false(verifies(peer, second->id, "shared secret"));
}

/* --- Secrecy -------------------------------------------------------------------------------- */

static void expect_file_without(const char *path, const char *secret) {
    size_t size = 0;
    char *content = read_whole_file(path, &size);
    assert_non_null(content);
    bool found = memmem(content, size, secret, strlen(secret)) != NULL;
    free(content);
    if (found) {
        fail_msg("%s has the password", path);
    }
}

static void expect_folder_without(const char *folder, const char *secret) {
    DIR *entries = opendir(folder);
    size_t files = 0;
    assert_non_null(entries);
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (entry->d_type == DT_REG) {
            files++;
            expect_file_without(format_text("%s/%s", folder, entry->d_name), secret);
        }
    }
    closedir(entries);
    assert_true(files > 0);
}

static void a_password_is_written_nowhere(void **state) {
    (void)state;
    static const char *const flags[] = {"--log-level", "debug", "--map-size", "64MiB", NULL};
    static const char secret[] = "Vq7-nowhere-to-be-found";
    struct contactd_process *server = start_server(flags);
    struct peer *peer = join(server, NULL);
    const Contact *contact = create_with_password(peer, "", secret);
    assert_string_equal(contact->account_password, "");
    set_password(peer, contact, secret);
    assert_true(verifies(peer, contact->id, secret));
    Contact change = CONTACT_INIT;
    change.id = contact->id;
    change.account_password = text(secret);
    change.first_name = text("not\nthis");
    try_update_contact(peer, &change, NULL);
    expect_only_violation(peer, "contact.first_name", "INVALID_TEXT");
    assert_string_equal(get_contact(peer, contact->id)->account_password, "");
    Contacts__V1__BackupRequest backup = CONTACTS__V1__BACKUP_REQUEST__INIT;
    backup.name = text("backup");
    call_backup(peer, &backup);
    expect_ok(peer);
    contactd_stop(server);
    expect_file_without(server->log, secret);
    expect_folder_without(server->data, secret);
    expect_folder_without(format_text("%s/backups", server->data), secret);
}

static void a_password_that_breaks_its_bounds_is_not_told_back(void **state) {
    struct peer *peer = *state;
    Contact contact = CONTACT_INIT;
    contact.account_password = text("tell\nnobody");
    try_create_contact(peer, &contact);
    expect_only_violation(peer, "contact.account_password", "INVALID_TEXT");
    assert_null(strstr(peer->status.message, "nobody"));
    assert_null(strstr(peer->status.details->violations[0].description, "nobody"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        scenario_test(only_the_right_password_verifies),
        scenario_test(no_password_and_a_wrong_one_are_the_same_answer),
        scenario_test(verifying_for_no_contact_is_not_found),
        scenario_test(a_new_password_takes_the_place_of_the_old_one),
        scenario_test(a_removed_password_lets_nobody_in),
        scenario_test(a_password_stays_when_a_contact_is_converted),
        scenario_test(a_password_stays_when_other_fields_change),
        scenario_test(a_password_may_have_any_script),
        scenario_test(equal_passwords_of_two_contacts_are_kept_differently),
        scenario_test(a_password_is_written_nowhere),
        scenario_test(a_password_that_breaks_its_bounds_is_not_told_back),
        scenario_test(the_server_stops_and_its_store_is_sound),
    };
    return cmocka_run_group_tests_name("passwords", tests, share_a_server, NULL);
}
