/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tokens file: reading it, refusing what is wrong with it, changing it.
 */
#include "expect_status.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nnrpc/crypto.h"
#include "nnrpc/tokens.h"

#define HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define WRITERS 8
#define TOKENS_A_WRITER 10

/* A test's own folder, and the file in it. */
struct place {
    char folder[64];
    char file[80];
    char new_file[96];
};

static int make_place(void **state) {
    struct place *place = calloc(1, sizeof(*place));
    if (place == NULL) {
        return -1;
    }
    snprintf(place->folder, sizeof(place->folder), "/tmp/tokens.XXXXXX");
    if (mkdtemp(place->folder) == NULL) {
        free(place);
        return -1;
    }
    snprintf(place->file, sizeof(place->file), "%s/tokens", place->folder);
    snprintf(place->new_file, sizeof(place->new_file), "%s.new", place->file);
    *state = place;
    return 0;
}

static int remove_place(void **state) {
    struct place *place = *state;
    (void)remove(place->new_file);
    (void)remove(place->file);
    int result = rmdir(place->folder);
    free(place);
    return result;
}

static void write_file(const char *path, const char *text, mode_t mode) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void expect_file(const char *path, const char *expected) {
    char text[4096];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t size = fread(text, 1, sizeof(text) - 1, file);
    text[size] = '\0';
    assert_int_equal(fclose(file), 0);
    assert_string_equal(text, expected);
}

/* Loading must fail so, and leave the output alone. */
static void expect_load_fails(
    const struct place *place, enum nnrpc_code code, const char *message) {
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    struct nnrpc_tokens *tokens = NULL;
    char expected[512];
    snprintf(expected, sizeof(expected), "%s%s", place->file, message);
    assert_int_equal(nnrpc_tokens_load(place->file, &tokens, &status), code);
    assert_null(tokens);
    expect_status(&status, code, "TOKENS_FILE", expected);
    assert_int_equal(nnrpc_tokens_load(place->file, &tokens, NULL), code);
}

static struct nnrpc_tokens *load(const struct place *place) {
    struct nnrpc_tokens *tokens = NULL;
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    assert_int_equal(nnrpc_tokens_load(place->file, &tokens, &status), NNRPC_OK);
    return tokens;
}

/* --- Reading ------------------------------------------------------------------------------ */

static void a_file_that_is_not_there_is_not_found(void **state) {
    expect_load_fails(*state, NNRPC_NOT_FOUND, ": there is no such file");
}

static void an_empty_file_has_no_tokens(void **state) {
    struct place *place = *state;
    write_file(place->file, "", 0600);
    struct nnrpc_tokens *tokens = load(place);
    assert_int_equal(nnrpc_tokens_count(tokens), 0);
    assert_null(nnrpc_tokens_at(tokens, 0));
    assert_null(nnrpc_tokens_find(tokens, "x", 1));
    nnrpc_tokens_free(tokens);
    nnrpc_tokens_free(NULL);
}

static void lines_are_read_with_comments_and_any_spacing(void **state) {
    struct place *place = *state;
    write_file(
        place->file,
        "# who may call\n\n"
        "  gateway\treader   " HASH_A "   # the web\r\n"
        "im_port-1.x writer BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB",
        0600);
    struct nnrpc_tokens *tokens = load(place);
    assert_int_equal(nnrpc_tokens_count(tokens), 2);
    assert_string_equal(nnrpc_tokens_at(tokens, 0)->name, "gateway");
    assert_int_equal(nnrpc_tokens_at(tokens, 0)->role, NNRPC_ROLE_READER);
    assert_string_equal(nnrpc_tokens_at(tokens, 1)->name, "im_port-1.x");
    assert_int_equal(nnrpc_tokens_at(tokens, 1)->role, NNRPC_ROLE_WRITER);
    assert_null(nnrpc_tokens_at(tokens, 2));
    nnrpc_tokens_free(tokens);
}

static void a_token_is_found_by_its_text_alone(void **state) {
    struct place *place = *state;
    /* The BLAKE2b-256 digests of "abc" and of "". */
    write_file(
        place->file,
        "first reader " HASH_A "\n"
        "abc admin bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319\n"
        "none reader 0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8\n",
        0600);
    struct nnrpc_tokens *tokens = load(place);
    const struct nnrpc_token *token = nnrpc_tokens_find(tokens, "abcd", 3);
    assert_ptr_equal(token, nnrpc_tokens_at(tokens, 1));
    assert_ptr_equal(nnrpc_tokens_find(tokens, "", 0), nnrpc_tokens_at(tokens, 2));
    assert_null(nnrpc_tokens_find(tokens, "abcd", 4));
    assert_null(nnrpc_tokens_find(tokens, "ab", 2));
    char huge[1000] = "abc";
    assert_null(nnrpc_tokens_find(tokens, huge, sizeof(huge)));
    nnrpc_tokens_free(tokens);
}

static void a_file_open_to_others_is_refused(void **state) {
    struct place *place = *state;
    write_file(place->file, "", 0640);
    expect_load_fails(
        place, NNRPC_PERMISSION_DENIED, ": the file is open to others (mode 0640); make it 0600");
    assert_int_equal(chmod(place->file, 0602), 0);
    expect_load_fails(
        place, NNRPC_PERMISSION_DENIED, ": the file is open to others (mode 0602); make it 0600");
}

static void a_link_to_a_file_is_refused(void **state) {
    struct place *place = *state;
    write_file(place->new_file, "", 0600);
    assert_int_equal(symlink(place->new_file, place->file), 0);
    expect_load_fails(
        place, NNRPC_PERMISSION_DENIED, ": a tokens file must not be a symbolic link");
}

static void a_fifo_or_folder_is_refused_at_once(void **state) {
    struct place *place = *state;
    assert_int_equal(mkfifo(place->file, 0600), 0);
    expect_load_fails(place, NNRPC_PERMISSION_DENIED, ": a tokens file must be a regular file");
    assert_int_equal(unlink(place->file), 0);
    assert_int_equal(mkdir(place->file, 0700), 0);
    expect_load_fails(place, NNRPC_PERMISSION_DENIED, ": a tokens file must be a regular file");
}

static void a_wrong_line_is_named_with_its_number(void **state) {
    static const struct {
        const char *text;
        const char *message;
    } CASES[] = {
        {"a reader", ":1: expected three words: name, role and hash"},
        {"\n# x\na reader " HASH_A " more\n", ":3: expected three words: name, role and hash"},
        {"a/b reader " HASH_A,
         ":1: the name must be 1 to 64 of A-Z, a-z, 0-9, \".\", \"_\", \"-\""},
        {"a public " HASH_A, ":1: the role must be reader, writer or admin"},
        {"a Reader " HASH_A, ":1: the role must be reader, writer or admin"},
        {"a reader " HASH_A "a", ":1: the hash must be 64 hexadecimal digits"},
        {"a reader gaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         ":1: the hash must be 64 hexadecimal digits"},
        {"a reader " HASH_A "\na writer " HASH_B "\n",
         ":2: the name stands on an earlier line too"},
        {"a reader " HASH_A "\nb writer " HASH_A "\n",
         ":2: the hash stands on an earlier line too"},
    };
    for (size_t index = 0; index < NNRPC_LENGTH(CASES); index++) {
        struct place *place = *state;
        write_file(place->file, CASES[index].text, 0600);
        expect_load_fails(place, NNRPC_INVALID_ARGUMENT, CASES[index].message);
    }
}

static void a_name_may_have_64_bytes_and_no_more(void **state) {
    struct place *place = *state;
    char text[256];
    snprintf(text, sizeof(text), "%064d reader " HASH_A, 0);
    write_file(place->file, text, 0600);
    struct nnrpc_tokens *tokens = load(place);
    assert_int_equal(strlen(nnrpc_tokens_at(tokens, 0)->name), 64);
    nnrpc_tokens_free(tokens);
    snprintf(text, sizeof(text), "%065d reader " HASH_A, 0);
    write_file(place->file, text, 0600);
    expect_load_fails(
        place, NNRPC_INVALID_ARGUMENT,
        ":1: the name must be 1 to 64 of A-Z, a-z, 0-9, \".\", \"_\", \"-\"");
}

static void write_many(const struct place *place, int count) {
    FILE *file = fopen(place->file, "w");
    assert_non_null(file);
    for (int number = 0; number < count; number++) {
        fprintf(file, "name%d reader %064d\n", number, number);
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(place->file, 0600), 0);
}

static void a_thousand_tokens_are_the_most(void **state) {
    struct place *place = *state;
    write_many(place, NNRPC_TOKENS_MAX);
    struct nnrpc_tokens *tokens = load(place);
    assert_int_equal(nnrpc_tokens_count(tokens), NNRPC_TOKENS_MAX);
    assert_string_equal(nnrpc_tokens_at(tokens, NNRPC_TOKENS_MAX - 1)->name, "name999");
    nnrpc_tokens_free(tokens);
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    char token[NNRPC_TOKEN_TEXT_BYTES];
    assert_int_equal(
        nnrpc_tokens_create(place->file, "one-more", NNRPC_ROLE_READER, token, &status),
        NNRPC_INVALID_ARGUMENT);
    write_many(place, NNRPC_TOKENS_MAX + 1);
    expect_load_fails(place, NNRPC_INVALID_ARGUMENT, ":1001: there are more than 1,000 tokens");
}

static void a_file_above_a_mebibyte_is_refused(void **state) {
    struct place *place = *state;
    write_file(place->file, "", 0600);
    assert_int_equal(truncate(place->file, (1 << 20) + 1), 0);
    expect_load_fails(place, NNRPC_INVALID_ARGUMENT, ": the file is above 1048576 bytes");
}

/* --- Changing ----------------------------------------------------------------------------- */

static void create(const struct place *place, const char *name, enum nnrpc_role role, char *token) {
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    enum nnrpc_code code = nnrpc_tokens_create(place->file, name, role, token, &status);
    assert_string_equal(status.message, "");
    assert_int_equal(code, NNRPC_OK);
}

static void a_created_token_is_found_and_its_text_stands_nowhere(void **state) {
    struct place *place = *state;
    char first[NNRPC_TOKEN_TEXT_BYTES];
    char second[NNRPC_TOKEN_TEXT_BYTES];
    create(place, "first", NNRPC_ROLE_WRITER, first);
    create(place, "second", NNRPC_ROLE_ADMIN, second);
    assert_int_equal(strlen(first), 43);
    assert_string_not_equal(first, second);
    struct nnrpc_tokens *tokens = load(place);
    assert_int_equal(nnrpc_tokens_count(tokens), 2);
    const struct nnrpc_token *found = nnrpc_tokens_find(tokens, first, strlen(first));
    assert_non_null(found);
    assert_string_equal(found->name, "first");
    assert_int_equal(found->role, NNRPC_ROLE_WRITER);
    assert_string_equal(nnrpc_tokens_find(tokens, second, strlen(second))->name, "second");
    nnrpc_tokens_free(tokens);
    char text[512] = "";
    FILE *file = fopen(place->file, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
    assert_int_equal(fclose(file), 0);
    assert_null(strstr(text, first));
    assert_null(strstr(text, second));
}

static void a_created_file_is_closed_to_others_and_nothing_is_left(void **state) {
    struct place *place = *state;
    mode_t old = umask(0);
    char token[NNRPC_TOKEN_TEXT_BYTES];
    create(place, "first", NNRPC_ROLE_READER, token);
    umask(old);
    struct stat facts;
    assert_int_equal(stat(place->file, &facts), 0);
    assert_int_equal(facts.st_mode & 07777, 0600);
    assert_int_not_equal(access(place->new_file, F_OK), 0);
}

static void creating_keeps_every_other_line(void **state) {
    struct place *place = *state;
    static const char BEFORE[] = "# ours\n\nold  reader\t" HASH_A "   # why";
    write_file(place->file, BEFORE, 0600);
    char token[NNRPC_TOKEN_TEXT_BYTES];
    create(place, "new", NNRPC_ROLE_ADMIN, token);
    uint8_t hash[NNRPC_DIGEST_BYTES];
    nnrpc_digest(token, strlen(token), hash);
    char expected[512];
    int size = snprintf(expected, sizeof(expected), "%s\nnew admin ", BEFORE);
    for (size_t index = 0; index < sizeof(hash); index++) {
        size += snprintf(expected + size, 3, "%02x", hash[index]);
    }
    snprintf(expected + size, 2, "\n");
    expect_file(place->file, expected);
}

static void expect_create_fails(
    const struct place *place, const char *name, enum nnrpc_role role, enum nnrpc_code code,
    const char *reason, const char *message) {
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    char token[NNRPC_TOKEN_TEXT_BYTES] = "untouched";
    assert_int_equal(nnrpc_tokens_create(place->file, name, role, token, &status), code);
    assert_string_equal(token, "untouched");
    expect_status(&status, code, reason, message);
    assert_int_not_equal(access(place->new_file, F_OK), 0);
}

static void a_name_is_taken_once(void **state) {
    struct place *place = *state;
    static const char BEFORE[] = "first reader " HASH_A "\n";
    write_file(place->file, BEFORE, 0600);
    char message[256];
    snprintf(message, sizeof(message), "%s: there is a token of the name first", place->file);
    expect_create_fails(
        place, "first", NNRPC_ROLE_ADMIN, NNRPC_ALREADY_EXISTS, "TOKEN_NAME", message);
    expect_file(place->file, BEFORE);
}

static void names_and_roles_that_are_none_are_refused(void **state) {
    struct place *place = *state;
    static const char *const NAMES[] = {
        "",    "a b",      "a/b",
        "a#b", "\xc3\xa9", "12345678901234567890123456789012345678901234567890123456789012345",
    };
    for (size_t index = 0; index < NNRPC_LENGTH(NAMES); index++) {
        expect_create_fails(
            place, NAMES[index], NNRPC_ROLE_READER, NNRPC_INVALID_ARGUMENT, "TOKEN_NAME",
            "a token's name must be 1 to 64 of A-Z, a-z, 0-9, \".\", \"_\", \"-\"");
    }
    static const int ROLES[] = {NNRPC_ROLE_UNSPECIFIED, NNRPC_ROLE_PUBLIC, 5, -1};
    for (size_t index = 0; index < NNRPC_LENGTH(ROLES); index++) {
        expect_create_fails(
            place, "name", (enum nnrpc_role)ROLES[index], NNRPC_INVALID_ARGUMENT, "TOKEN_NAME",
            "a token's role must be reader, writer or admin");
    }
    assert_int_not_equal(access(place->file, F_OK), 0);
}

static void a_wrong_file_is_not_changed(void **state) {
    struct place *place = *state;
    static const char BEFORE[] = "first reader\n";
    write_file(place->file, BEFORE, 0600);
    char message[256];
    snprintf(
        message, sizeof(message), "%s:1: expected three words: name, role and hash", place->file);
    expect_create_fails(
        place, "second", NNRPC_ROLE_READER, NNRPC_INVALID_ARGUMENT, "TOKENS_FILE", message);
    expect_file(place->file, BEFORE);
}

static void a_folder_that_is_not_there_is_unavailable(void **state) {
    struct place missing = *(struct place *)*state;
    snprintf(missing.file, sizeof(missing.file), "%s/no/tokens", missing.folder);
    char message[256];
    snprintf(message, sizeof(message), "%s.new: No such file or directory", missing.file);
    expect_create_fails(
        &missing, "name", NNRPC_ROLE_READER, NNRPC_UNAVAILABLE, "TOKENS_FILE", message);
}

static void revoking_removes_the_line_alone(void **state) {
    struct place *place = *state;
    write_file(
        place->file,
        "# top\nfirst reader " HASH_A "\n# between\nsecond reader " HASH_B " # gone\n\n# end",
        0600);
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    assert_int_equal(nnrpc_tokens_revoke(place->file, "second", &status), NNRPC_OK);
    expect_file(place->file, "# top\nfirst reader " HASH_A "\n# between\n\n# end");
    assert_int_equal(nnrpc_tokens_revoke(place->file, "first", &status), NNRPC_OK);
    expect_file(place->file, "# top\n# between\n\n# end");
    assert_int_not_equal(access(place->new_file, F_OK), 0);
}

static void the_last_line_can_be_revoked_without_its_line_feed(void **state) {
    struct place *place = *state;
    write_file(place->file, "first reader " HASH_A, 0600);
    assert_int_equal(nnrpc_tokens_revoke(place->file, "first", NULL), NNRPC_OK);
    expect_file(place->file, "");
}

static void what_is_not_there_cannot_be_revoked(void **state) {
    struct place *place = *state;
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    char message[256];
    assert_int_equal(nnrpc_tokens_revoke(place->file, "first", &status), NNRPC_NOT_FOUND);
    snprintf(message, sizeof(message), "%s: there is no such file", place->file);
    expect_status(&status, NNRPC_NOT_FOUND, "TOKENS_FILE", message);
    assert_int_not_equal(access(place->new_file, F_OK), 0);
    assert_int_not_equal(access(place->file, F_OK), 0);
    write_file(place->file, "other reader " HASH_A "\n", 0600);
    assert_int_equal(nnrpc_tokens_revoke(place->file, "first", &status), NNRPC_NOT_FOUND);
    snprintf(message, sizeof(message), "%s: there is no token of the name first", place->file);
    expect_status(&status, NNRPC_NOT_FOUND, "TOKEN_NAME", message);
    expect_file(place->file, "other reader " HASH_A "\n");
}

static void what_a_killed_process_left_is_no_hindrance(void **state) {
    struct place *place = *state;
    write_file(place->file, "old reader " HASH_A "\n", 0600);
    write_file(place->new_file, "half a line, much longer than the file that will be", 0600);
    assert_int_equal(nnrpc_tokens_revoke(place->file, "old", NULL), NNRPC_OK);
    expect_file(place->file, "");
    assert_int_not_equal(access(place->new_file, F_OK), 0);
}

static void a_link_in_the_way_is_not_followed(void **state) {
    struct place *place = *state;
    char target[128];
    snprintf(target, sizeof(target), "%s/target", place->folder);
    write_file(target, "precious", 0600);
    assert_int_equal(symlink(target, place->new_file), 0);
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    char token[NNRPC_TOKEN_TEXT_BYTES];
    assert_int_equal(
        nnrpc_tokens_create(place->file, "name", NNRPC_ROLE_READER, token, &status),
        NNRPC_PERMISSION_DENIED);
    expect_file(target, "precious");
    assert_int_equal(unlink(target), 0);
}

/* Runs in a process of its own, since the limit cannot be taken back. */
static int create_on_a_full_disk(const struct place *place) {
    struct nnrpc_status status = NNRPC_STATUS_INIT;
    char token[NNRPC_TOKEN_TEXT_BYTES];
    (void)signal(SIGXFSZ, SIG_IGN);
    const struct rlimit limit = {.rlim_cur = 40, .rlim_max = 40};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) {
        return 100;
    }
    return (int)nnrpc_tokens_create(place->file, "second", NNRPC_ROLE_READER, token, &status);
}

static void a_write_that_fails_leaves_the_file_as_it_was(void **state) {
    struct place *place = *state;
    static const char BEFORE[] = "first reader " HASH_A "\n";
    write_file(place->file, BEFORE, 0600);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(create_on_a_full_disk(place));
    }
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFEXITED(result));
    assert_int_equal(WEXITSTATUS(result), NNRPC_UNAVAILABLE);
    expect_file(place->file, BEFORE);
    assert_int_not_equal(access(place->new_file, F_OK), 0);
}

static int create_several(const struct place *place, int writer) {
    for (int number = 0; number < TOKENS_A_WRITER; number++) {
        char name[32];
        char token[NNRPC_TOKEN_TEXT_BYTES];
        snprintf(name, sizeof(name), "writer%d.%d", writer, number);
        if (nnrpc_tokens_create(place->file, name, NNRPC_ROLE_READER, token, NULL) != NNRPC_OK) {
            return 1;
        }
        /* Every second one goes again, so that creating meets revoking. */
        if (number % 2 == 1 && nnrpc_tokens_revoke(place->file, name, NULL) != NNRPC_OK) {
            return 2;
        }
    }
    return 0;
}

static void concurrent_changes_lose_nothing(void **state) {
    struct place *place = *state;
    pid_t children[WRITERS];
    for (int writer = 0; writer < WRITERS; writer++) {
        children[writer] = fork();
        assert_true(children[writer] >= 0);
        if (children[writer] == 0) {
            _exit(create_several(place, writer));
        }
    }
    for (int writer = 0; writer < WRITERS; writer++) {
        int result = 0;
        assert_int_equal(waitpid(children[writer], &result, 0), children[writer]);
        assert_true(WIFEXITED(result));
        assert_int_equal(WEXITSTATUS(result), 0);
    }
    struct nnrpc_tokens *tokens = load(place);
    assert_int_equal(nnrpc_tokens_count(tokens), WRITERS * TOKENS_A_WRITER / 2);
    nnrpc_tokens_free(tokens);
    assert_int_not_equal(access(place->new_file, F_OK), 0);
}

static void root_leaves_the_file_to_its_owner(void **state) {
    struct place *place = *state;
    if (geteuid() != 0) {
        skip();
    }
    write_file(place->file, "", 0600);
    assert_int_equal(chown(place->file, 1, 1), 0);
    char token[NNRPC_TOKEN_TEXT_BYTES];
    create(place, "name", NNRPC_ROLE_READER, token);
    struct stat facts;
    assert_int_equal(stat(place->file, &facts), 0);
    assert_int_equal(facts.st_uid, 1);
    assert_int_equal(facts.st_gid, 1);
    assert_int_equal(facts.st_mode & 07777, 0600);
}

static void roles_have_names(void **state) {
    (void)state;
    for (int role = NNRPC_ROLE_PUBLIC; role <= NNRPC_ROLE_ADMIN; role++) {
        const char *name = nnrpc_role_name((enum nnrpc_role)role);
        assert_int_equal(nnrpc_role_from_name(name), role);
    }
    assert_string_equal(nnrpc_role_name(NNRPC_ROLE_READER), "reader");
    assert_string_equal(nnrpc_role_name(NNRPC_ROLE_WRITER), "writer");
    assert_string_equal(nnrpc_role_name(NNRPC_ROLE_ADMIN), "admin");
    assert_string_equal(nnrpc_role_name(NNRPC_ROLE_PUBLIC), "public");
    assert_string_equal(nnrpc_role_name((enum nnrpc_role)99), "unspecified");
    assert_int_equal(nnrpc_role_from_name("unspecified"), NNRPC_ROLE_UNSPECIFIED);
    assert_int_equal(nnrpc_role_from_name("Reader"), NNRPC_ROLE_UNSPECIFIED);
    assert_int_equal(nnrpc_role_from_name(""), NNRPC_ROLE_UNSPECIFIED);
}

#define in_a_place(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int main(void) {
    const struct CMUnitTest tests[] = {
        in_a_place(a_file_that_is_not_there_is_not_found),
        in_a_place(an_empty_file_has_no_tokens),
        in_a_place(lines_are_read_with_comments_and_any_spacing),
        in_a_place(a_token_is_found_by_its_text_alone),
        in_a_place(a_file_open_to_others_is_refused),
        in_a_place(a_link_to_a_file_is_refused),
        in_a_place(a_fifo_or_folder_is_refused_at_once),
        in_a_place(a_wrong_line_is_named_with_its_number),
        in_a_place(a_name_may_have_64_bytes_and_no_more),
        in_a_place(a_thousand_tokens_are_the_most),
        in_a_place(a_file_above_a_mebibyte_is_refused),
        in_a_place(a_created_token_is_found_and_its_text_stands_nowhere),
        in_a_place(a_created_file_is_closed_to_others_and_nothing_is_left),
        in_a_place(creating_keeps_every_other_line),
        in_a_place(a_name_is_taken_once),
        in_a_place(names_and_roles_that_are_none_are_refused),
        in_a_place(a_wrong_file_is_not_changed),
        in_a_place(a_folder_that_is_not_there_is_unavailable),
        in_a_place(revoking_removes_the_line_alone),
        in_a_place(the_last_line_can_be_revoked_without_its_line_feed),
        in_a_place(what_is_not_there_cannot_be_revoked),
        in_a_place(what_a_killed_process_left_is_no_hindrance),
        in_a_place(a_link_in_the_way_is_not_followed),
        in_a_place(a_write_that_fails_leaves_the_file_as_it_was),
        in_a_place(concurrent_changes_lose_nothing),
        in_a_place(root_leaves_the_file_to_its_owner),
        cmocka_unit_test(roles_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
