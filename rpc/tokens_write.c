/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of the tokens file.
 *
 * It is rewritten through FILE.new, which is renamed over it. FILE.new is the lock as well: who
 * holds flock() on the inode that has this name may read FILE and replace it; who gets the lock of
 * an inode that lost the name (it was renamed) starts over. So nothing is left behind, a killed
 * process blocks nobody, and of two concurrent changes neither is lost.
 */
#include "nnrpc/tokens.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base64.h"
#include "tokens_set.h"

#define SECRET_BYTES 32

static void close_descriptor(int *descriptor) {
    if (*descriptor >= 0) {
        close(*descriptor);
    }
}

static void free_text(char **text) {
    free(*text);
}

/* One change of the file, from the lock to the rename. */
struct rewrite {
    const char *path;
    char *new_path;              /* FILE.new */
    int descriptor;              /* of FILE.new, locked; -1 before */
    bool is_done;                /* renamed: the name belongs to nobody any more */
    struct nnrpc_buffer text;    /* the file as it was, then as it will be */
    struct nnrpc_tokens *tokens; /* what is in it; NULL when there is no file yet */
    struct stat facts;
};

static void deinit_rewrite(struct rewrite *rewrite) {
    if (rewrite->descriptor >= 0) {
        if (!rewrite->is_done) {
            (void)unlink(rewrite->new_path);
        }
        close(rewrite->descriptor);
    }
    free(rewrite->new_path);
    nnrpc_buffer_deinit(&rewrite->text);
    nnrpc_tokens_free(rewrite->tokens);
}

static bool lock_descriptor(int descriptor) {
    while (flock(descriptor, LOCK_EX) != 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

/* Whether the name still leads to the inode that is open. */
static bool is_still_named(const char *path, const struct stat *facts) {
    struct stat now;
    return lstat(path, &now) == 0 && now.st_ino == facts->st_ino && now.st_dev == facts->st_dev;
}

static enum nnrpc_code fail_write(const char *path, struct nnrpc_status *out_status) {
    if (errno == ELOOP || errno == EACCES || errno == EPERM || errno == EROFS) {
        return nnrpc_tokens_fail_errno(path, out_status);
    }
    return nnrpc_fail(
        out_status, NNRPC_UNAVAILABLE, NNRPC_DOMAIN, NNRPC_REASON_TOKENS_FILE, "%s: %m", path);
}

static enum nnrpc_code lock_new_file(struct rewrite *rewrite, struct nnrpc_status *out_status) {
    const char *path = rewrite->new_path;
    for (;;) {
        NNRPC_CLEANUP(close_descriptor)
        int descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
        struct stat facts;
        if (descriptor < 0 || !lock_descriptor(descriptor) || fstat(descriptor, &facts) != 0) {
            return fail_write(path, out_status);
        }
        if (!is_still_named(path, &facts)) {
            continue;
        }
        enum nnrpc_code code = nnrpc_tokens_check_guard(path, &facts, out_status);
        if (code == NNRPC_OK) {
            rewrite->descriptor = descriptor;
            descriptor = -1;
        }
        return code;
    }
}

/* Takes the lock and reads the file. */
static enum nnrpc_code begin_rewrite(
    struct rewrite *rewrite, bool may_be_missing, struct nnrpc_status *out_status) {
    if (asprintf(&rewrite->new_path, "%s.new", rewrite->path) < 0) {
        rewrite->new_path = NULL;
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, NNRPC_REASON_TOKENS_FILE,
            "%s: out of memory", rewrite->path);
    }
    enum nnrpc_code code = lock_new_file(rewrite, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    code = nnrpc_tokens_read(
        rewrite->path, &rewrite->text, &rewrite->facts, &rewrite->tokens, &status);
    if (code == NNRPC_NOT_FOUND && may_be_missing) {
        return NNRPC_OK;
    }
    if (code != NNRPC_OK && out_status != NULL) {
        nnrpc_status_move(out_status, &status);
    }
    return code;
}

static bool write_whole(int descriptor, const struct nnrpc_buffer *text) {
    size_t written = 0;
    while (written < text->size) {
        ssize_t size = write(descriptor, text->data + written, text->size - written);
        if (size < 0 && errno != EINTR) {
            return false;
        }
        written += size < 0 ? 0 : (size_t)size;
    }
    return true;
}

/* Root may manage the file of the user that the server runs as: that user must go on owning it. */
static bool keep_owner(const struct rewrite *rewrite) {
    if (rewrite->tokens == NULL || rewrite->facts.st_uid == geteuid()) {
        return true;
    }
    return fchown(rewrite->descriptor, rewrite->facts.st_uid, rewrite->facts.st_gid) == 0;
}

static int open_folder(const char *path) {
    NNRPC_CLEANUP(free_text) char *folder = strdup(path);
    if (folder == NULL) {
        return -1;
    }
    char *slash = strrchr(folder, '/');
    if (slash == NULL) {
        return open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    slash[slash == folder ? 1 : 0] = '\0';
    return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Writes the new text and puts it in place. */
static enum nnrpc_code finish_rewrite(struct rewrite *rewrite, struct nnrpc_status *out_status) {
    const char *path = rewrite->path;
    if (rewrite->text.failed) {
        return nnrpc_fail(
            out_status, NNRPC_RESOURCE_EXHAUSTED, NNRPC_DOMAIN, NNRPC_REASON_TOKENS_FILE,
            "%s: out of memory", path);
    }
    NNRPC_CLEANUP(close_descriptor) int folder = open_folder(path);
    int descriptor = rewrite->descriptor;
    if (folder < 0 || ftruncate(descriptor, 0) != 0 || fchmod(descriptor, 0600) != 0 ||
        !keep_owner(rewrite) || !write_whole(descriptor, &rewrite->text) ||
        fsync(descriptor) != 0 || rename(rewrite->new_path, path) != 0) {
        return fail_write(path, out_status);
    }
    rewrite->is_done = true;
    if (fsync(folder) != 0) {
        return nnrpc_fail(
            out_status, NNRPC_UNAVAILABLE, NNRPC_DOMAIN, NNRPC_REASON_TOKENS_FILE,
            "%s: the file was changed, but a power loss may undo it: %m", path);
    }
    return NNRPC_OK;
}

static const struct nnrpc_tokens_entry *find_name(
    const struct nnrpc_tokens *tokens, const char *name) {
    for (size_t index = 0; tokens != NULL && index < tokens->count; index++) {
        if (strcmp(tokens->entries[index].token.name, name) == 0) {
            return &tokens->entries[index];
        }
    }
    return NULL;
}

static void append_entry(
    struct nnrpc_buffer *text, const char *name, enum nnrpc_role role, const char *token) {
    uint8_t hash[NNRPC_DIGEST_BYTES];
    nnrpc_digest(token, strlen(token), hash);
    if (text->size != 0 && text->data[text->size - 1] != '\n') {
        nnrpc_buffer_append_text(text, "\n");
    }
    nnrpc_buffer_append_format(text, "%s %s ", name, nnrpc_role_name(role));
    for (size_t index = 0; index < sizeof(hash); index++) {
        nnrpc_buffer_append_format(text, "%02x", hash[index]);
    }
    nnrpc_buffer_append_text(text, "\n");
}

/* Makes the token's text: 32 random bytes in URL-safe base64. */
static void make_token(char out_token[NNRPC_TOKEN_TEXT_BYTES]) {
    uint8_t secret[SECRET_BYTES];
    nnrpc_random(secret, sizeof(secret));
    out_token[nnrpc_base64_write_url(secret, sizeof(secret), out_token)] = '\0';
    nnrpc_wipe(secret, sizeof(secret));
}

static bool is_token_role(enum nnrpc_role role) {
    return role == NNRPC_ROLE_READER || role == NNRPC_ROLE_WRITER || role == NNRPC_ROLE_ADMIN;
}

enum nnrpc_code nnrpc_tokens_create(
    const char *path, const char *name, enum nnrpc_role role,
    char out_token[NNRPC_TOKEN_TEXT_BYTES], struct nnrpc_status *out_status) {
    if (!nnrpc_tokens_is_name(name, strlen(name))) {
        return nnrpc_fail(
            out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, NNRPC_REASON_TOKEN_NAME,
            "a token's name must be 1 to 64 of A-Z, a-z, 0-9, \".\", \"_\", \"-\"");
    }
    if (!is_token_role(role)) {
        return nnrpc_fail(
            out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, NNRPC_REASON_TOKEN_NAME,
            "a token's role must be reader, writer or admin");
    }
    NNRPC_CLEANUP(deinit_rewrite) struct rewrite rewrite = {.path = path, .descriptor = -1};
    enum nnrpc_code code = begin_rewrite(&rewrite, true, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    if (find_name(rewrite.tokens, name) != NULL) {
        return nnrpc_fail(
            out_status, NNRPC_ALREADY_EXISTS, NNRPC_DOMAIN, NNRPC_REASON_TOKEN_NAME,
            "%s: there is a token of the name %s", path, name);
    }
    if (rewrite.tokens != NULL && rewrite.tokens->count == NNRPC_TOKENS_MAX) {
        return nnrpc_fail(
            out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, NNRPC_REASON_TOKENS_FILE,
            "%s: there are %d tokens, no more are allowed", path, NNRPC_TOKENS_MAX);
    }
    char token[NNRPC_TOKEN_TEXT_BYTES];
    make_token(token);
    append_entry(&rewrite.text, name, role, token);
    code = finish_rewrite(&rewrite, out_status);
    if (code == NNRPC_OK) {
        memcpy(out_token, token, sizeof(token));
    }
    nnrpc_wipe(token, sizeof(token));
    return code;
}

enum nnrpc_code nnrpc_tokens_revoke(
    const char *path, const char *name, struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(deinit_rewrite) struct rewrite rewrite = {.path = path, .descriptor = -1};
    enum nnrpc_code code = begin_rewrite(&rewrite, false, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    const struct nnrpc_tokens_entry *entry = find_name(rewrite.tokens, name);
    if (entry == NULL) {
        return nnrpc_fail(
            out_status, NNRPC_NOT_FOUND, NNRPC_DOMAIN, NNRPC_REASON_TOKEN_NAME,
            "%s: there is no token of the name %s", path, name);
    }
    size_t left = rewrite.text.size - entry->line_end;
    memmove(rewrite.text.data + entry->line_start, rewrite.text.data + entry->line_end, left);
    rewrite.text.size = entry->line_start + left;
    return finish_rewrite(&rewrite, out_status);
}
