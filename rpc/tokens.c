/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tokens file as a set: reading, checking, looking up. tokens_write.c changes the file.
 */
#include "nnrpc/tokens.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tokens_set.h"

#define FILE_MAX_BYTES ((size_t)1 << 20)
#define PRESENTED_MAX_BYTES 256
#define WORDS_A_LINE 3

struct word {
    const char *text;
    size_t size;
};

static const char *const ROLE_NAMES[] = {
    [NNRPC_ROLE_UNSPECIFIED] = "unspecified",
    [NNRPC_ROLE_PUBLIC] = "public",
    [NNRPC_ROLE_READER] = "reader",
    [NNRPC_ROLE_WRITER] = "writer",
    [NNRPC_ROLE_ADMIN] = "admin",
};

static void close_descriptor(int *descriptor) {
    if (*descriptor >= 0) {
        close(*descriptor);
    }
}

static void free_tokens(struct nnrpc_tokens **tokens) {
    nnrpc_tokens_free(*tokens);
}

/* --- Reading ------------------------------------------------------------------------------ */

enum nnrpc_code nnrpc_tokens_fail_errno(const char *path, struct nnrpc_status *out_status) {
    switch (errno) {
    case ENOENT:
        return nnrpc_fail(
            out_status, NNRPC_NOT_FOUND, NNRPC_DOMAIN, NNRPC_REASON_TOKENS_FILE,
            "%s: there is no such file", path);
    case ELOOP:
        return nnrpc_fail(
            out_status, NNRPC_PERMISSION_DENIED, NNRPC_DOMAIN, NNRPC_REASON_TOKENS_FILE,
            "%s: a tokens file must not be a symbolic link", path);
    case EACCES:
    case EPERM:
    case EROFS:
        return nnrpc_fail(
            out_status, NNRPC_PERMISSION_DENIED, NNRPC_DOMAIN, NNRPC_REASON_TOKENS_FILE, "%s: %m",
            path);
    default:
        return nnrpc_fail(
            out_status, NNRPC_UNAVAILABLE, NNRPC_DOMAIN, NNRPC_REASON_TOKENS_FILE, "%s: %m", path);
    }
}

/* Whoever can write the file decides who may call, so it belongs to us (or root) alone. */
enum nnrpc_code nnrpc_tokens_check_guard(
    const char *path, const struct stat *facts, struct nnrpc_status *out_status) {
    if (!S_ISREG(facts->st_mode)) {
        return nnrpc_fail(
            out_status, NNRPC_PERMISSION_DENIED, NNRPC_DOMAIN, NNRPC_REASON_TOKENS_FILE,
            "%s: a tokens file must be a regular file", path);
    }
    if ((facts->st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return nnrpc_fail(
            out_status, NNRPC_PERMISSION_DENIED, NNRPC_DOMAIN, NNRPC_REASON_TOKENS_FILE,
            "%s: the file is open to others (mode %04o); make it 0600", path,
            (unsigned int)(facts->st_mode & 07777));
    }
    uid_t user = geteuid();
    if (user != 0 && facts->st_uid != 0 && facts->st_uid != user) {
        return nnrpc_fail(
            out_status, NNRPC_PERMISSION_DENIED, NNRPC_DOMAIN, NNRPC_REASON_TOKENS_FILE,
            "%s: the file belongs to another user (%u)", path, (unsigned int)facts->st_uid);
    }
    return NNRPC_OK;
}

static enum nnrpc_code read_whole(
    int descriptor, const char *path, struct nnrpc_buffer *text, struct nnrpc_status *out_status) {
    for (;;) {
        uint8_t *at = nnrpc_buffer_reserve(text, 4096);
        if (at == NULL) {
            return nnrpc_fail(
                out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, NNRPC_REASON_TOKENS_FILE,
                "%s: out of memory", path);
        }
        ssize_t size = read(descriptor, at, 4096);
        if (size < 0 && errno != EINTR) {
            return nnrpc_tokens_fail_errno(path, out_status);
        }
        if (size == 0) {
            return NNRPC_OK;
        }
        text->size += size < 0 ? 0 : (size_t)size;
        if (text->size > FILE_MAX_BYTES) {
            return nnrpc_fail(
                out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, NNRPC_REASON_TOKENS_FILE,
                "%s: the file is above %zu bytes", path, FILE_MAX_BYTES);
        }
    }
}

static enum nnrpc_code read_file(
    const char *path, struct nnrpc_buffer *text, struct stat *out_facts,
    struct nnrpc_status *out_status) {
    /* Not blocking, so that a FIFO is refused and not waited for. */
    NNRPC_CLEANUP(close_descriptor)
    int descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
        return nnrpc_tokens_fail_errno(path, out_status);
    }
    struct stat facts;
    if (fstat(descriptor, &facts) != 0) {
        return nnrpc_tokens_fail_errno(path, out_status);
    }
    enum nnrpc_code code = nnrpc_tokens_check_guard(path, &facts, out_status);
    if (code == NNRPC_OK) {
        code = read_whole(descriptor, path, text, out_status);
    }
    if (code == NNRPC_OK) {
        *out_facts = facts;
    }
    return code;
}

/* --- Parsing ------------------------------------------------------------------------------ */

bool nnrpc_tokens_is_name(const char *text, size_t size) {
    if (size == 0 || size >= NNRPC_TOKEN_NAME_BYTES) {
        return false;
    }
    for (size_t index = 0; index < size; index++) {
        char character = text[index];
        bool is_letter =
            (character >= 'A' && character <= 'Z') || (character >= 'a' && character <= 'z');
        bool is_digit = character >= '0' && character <= '9';
        if (!is_letter && !is_digit && (character == '\0' || strchr("._-", character) == NULL)) {
            return false;
        }
    }
    return true;
}

static bool read_role(struct word word, enum nnrpc_role *out_role) {
    for (unsigned int role = NNRPC_ROLE_READER; role <= NNRPC_ROLE_ADMIN; role++) {
        if (strlen(ROLE_NAMES[role]) == word.size &&
            memcmp(ROLE_NAMES[role], word.text, word.size) == 0) {
            *out_role = (enum nnrpc_role)role;
            return true;
        }
    }
    return false;
}

static int hex_value(char digit) {
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    if (digit >= 'A' && digit <= 'F') {
        return digit - 'A' + 10;
    }
    return -1;
}

static bool read_hash(struct word word, uint8_t out_hash[NNRPC_DIGEST_BYTES]) {
    if (word.size != 2 * NNRPC_DIGEST_BYTES) {
        return false;
    }
    for (size_t index = 0; index < NNRPC_DIGEST_BYTES; index++) {
        int high = hex_value(word.text[2 * index]);
        int low = hex_value(word.text[2 * index + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out_hash[index] = (uint8_t)(high * 16 + low);
    }
    return true;
}

/* Splits a line at white space; returns how many words there are, also beyond the first three. */
static size_t split(const char *line, size_t size, struct word words[WORDS_A_LINE]) {
    size_t count = 0;
    size_t at = 0;
    while (at < size) {
        if (line[at] == ' ' || line[at] == '\t' || line[at] == '\r') {
            at++;
            continue;
        }
        size_t start = at;
        while (at < size && line[at] != ' ' && line[at] != '\t' && line[at] != '\r') {
            at++;
        }
        if (count < WORDS_A_LINE) {
            words[count] = (struct word){.text = line + start, .size = at - start};
        }
        count++;
    }
    return count;
}

/* What is wrong with a line, or NULL with the next entry of the set filled. */
static const char *parse_words(const struct word words[WORDS_A_LINE], struct nnrpc_tokens *tokens) {
    if (tokens->count == NNRPC_TOKENS_MAX) {
        return "there are more than 1,000 tokens";
    }
    struct nnrpc_tokens_entry *entry = &tokens->entries[tokens->count];
    if (!nnrpc_tokens_is_name(words[0].text, words[0].size)) {
        return "the name must be 1 to 64 of A-Z, a-z, 0-9, \".\", \"_\", \"-\"";
    }
    if (!read_role(words[1], &entry->token.role)) {
        return "the role must be reader, writer or admin";
    }
    if (!read_hash(words[2], entry->hash)) {
        return "the hash must be 64 hexadecimal digits";
    }
    memcpy(entry->token.name, words[0].text, words[0].size);
    entry->token.name[words[0].size] = '\0';
    for (size_t index = 0; index < tokens->count; index++) {
        if (strcmp(tokens->entries[index].token.name, entry->token.name) == 0) {
            return "the name stands on an earlier line too";
        }
        if (nnrpc_equal(tokens->entries[index].hash, entry->hash, NNRPC_DIGEST_BYTES)) {
            return "the hash stands on an earlier line too";
        }
    }
    return NULL;
}

static const char *parse_line(const char *line, size_t size, struct nnrpc_tokens *tokens) {
    const char *comment = memchr(line, '#', size);
    if (comment != NULL) {
        size = (size_t)(comment - line);
    }
    struct word words[WORDS_A_LINE];
    size_t count = split(line, size, words);
    if (count == 0) {
        return NULL;
    }
    if (count != WORDS_A_LINE) {
        return "expected three words: name, role and hash";
    }
    const char *problem = parse_words(words, tokens);
    tokens->count += problem == NULL;
    return problem;
}

static enum nnrpc_code parse(
    const char *path, const struct nnrpc_buffer *text, struct nnrpc_tokens *tokens,
    struct nnrpc_status *out_status) {
    size_t start = 0;
    for (size_t number = 1; start < text->size; number++) {
        const char *line = (const char *)text->data + start;
        const char *feed = memchr(line, '\n', text->size - start);
        size_t size = feed == NULL ? text->size - start : (size_t)(feed - line);
        size_t before = tokens->count;
        const char *problem = parse_line(line, size, tokens);
        if (problem != NULL) {
            return nnrpc_fail(
                out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, NNRPC_REASON_TOKENS_FILE,
                "%s:%zu: %s", path, number, problem);
        }
        size_t end = start + size + (feed != NULL);
        if (tokens->count != before) {
            tokens->entries[before].line_start = start;
            tokens->entries[before].line_end = end;
        }
        start = end;
    }
    return NNRPC_OK;
}

/* Reads and parses; text and facts are what the file was. */
enum nnrpc_code nnrpc_tokens_read(
    const char *path, struct nnrpc_buffer *text, struct stat *out_facts,
    struct nnrpc_tokens **out_tokens, struct nnrpc_status *out_status) {
    enum nnrpc_code code = read_file(path, text, out_facts, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    NNRPC_CLEANUP(free_tokens) struct nnrpc_tokens *tokens = calloc(1, sizeof(*tokens));
    if (tokens == NULL) {
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, NNRPC_REASON_TOKENS_FILE,
            "%s: out of memory", path);
    }
    code = parse(path, text, tokens, out_status);
    if (code == NNRPC_OK) {
        *out_tokens = tokens;
        tokens = NULL;
    }
    return code;
}

/* --- The interface ------------------------------------------------------------------------ */

enum nnrpc_code nnrpc_tokens_load(
    const char *path, struct nnrpc_tokens **out_tokens, struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer text = {0};
    struct stat facts;
    return nnrpc_tokens_read(path, &text, &facts, out_tokens, out_status);
}

void nnrpc_tokens_free(struct nnrpc_tokens *tokens) {
    free(tokens);
}

size_t nnrpc_tokens_count(const struct nnrpc_tokens *tokens) {
    return tokens->count;
}

const struct nnrpc_token *nnrpc_tokens_at(const struct nnrpc_tokens *tokens, size_t index) {
    return index < tokens->count ? &tokens->entries[index].token : NULL;
}

/* Every hash is compared, also after the right one: time says nothing about which it was. */
const struct nnrpc_token *nnrpc_tokens_find(
    const struct nnrpc_tokens *tokens, const void *text, size_t size) {
    if (size > PRESENTED_MAX_BYTES) {
        return NULL;
    }
    uint8_t hash[NNRPC_DIGEST_BYTES];
    nnrpc_digest(text, size, hash);
    const struct nnrpc_token *found = NULL;
    for (size_t index = 0; index < tokens->count; index++) {
        const struct nnrpc_tokens_entry *entry = &tokens->entries[index];
        found = nnrpc_equal(entry->hash, hash, sizeof(hash)) ? &entry->token : found;
    }
    return found;
}

const char *nnrpc_role_name(enum nnrpc_role role) {
    unsigned int number = (unsigned int)role;
    return ROLE_NAMES[number < NNRPC_LENGTH(ROLE_NAMES) ? number : NNRPC_ROLE_UNSPECIFIED];
}

enum nnrpc_role nnrpc_role_from_name(const char *name) {
    for (unsigned int role = NNRPC_ROLE_PUBLIC; role < NNRPC_LENGTH(ROLE_NAMES); role++) {
        if (strcmp(ROLE_NAMES[role], name) == 0) {
            return (enum nnrpc_role)role;
        }
    }
    return NNRPC_ROLE_UNSPECIFIED;
}
