/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token in a file that others may read is no secret: it is refused, not only frowned upon.
 */
#include "token_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "memory.h"
#include "nnrpc/crypto.h"

#define TOKEN_FILE_BYTES 4096

static void close_descriptor(int *descriptor) {
    if (*descriptor >= 0) {
        close(*descriptor);
    }
}

/* Cuts white space at both ends; false when what is left is not one word. */
static bool take_word(char *text, char **out_word) {
    char *start = text + strspn(text, " \t\r\n");
    size_t size = strcspn(start, " \t\r\n");
    if (size == 0 || start[size + strspn(start + size, " \t\r\n")] != '\0') {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if (!isgraph((unsigned char)start[i])) {
            return false;
        }
    }
    start[size] = '\0';
    *out_word = ctl_copy_text(start);
    return true;
}

static bool read_token(int descriptor, const char *path, char **out_token) {
    char text[TOKEN_FILE_BYTES + 1] = "";
    ssize_t size = read(descriptor, text, TOKEN_FILE_BYTES);
    if (size < 0) {
        ctl_complain("cannot read the token file %s: %s", path, strerror(errno));
        return false;
    }
    text[size] = '\0';
    bool is_token =
        size < TOKEN_FILE_BYTES && strlen(text) == (size_t)size && take_word(text, out_token);
    nnrpc_wipe(text, sizeof(text));
    if (!is_token) {
        ctl_complain("the token file %s must hold one token and nothing else", path);
    }
    return is_token;
}

bool ctl_token_read(const char *source, const char *path, char **out_token) {
    const char *dashes = source[0] >= 'a' ? "--" : "";
    NNRPC_CLEANUP(close_descriptor) int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (descriptor < 0 || fstat(descriptor, &info) != 0) {
        ctl_complain("%s%s: cannot open %s: %s", dashes, source, path, strerror(errno));
        return false;
    }
    if (S_ISREG(info.st_mode) && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        ctl_complain(
            "%s%s: %s is open to others (mode %04o); close it with: chmod 600 %s", dashes, source,
            path, (unsigned)(info.st_mode & 07777), path);
        return false;
    }
    return read_token(descriptor, path, out_token);
}

void ctl_token_release(char **token) {
    if (*token != NULL) {
        nnrpc_wipe(*token, strlen(*token));
        free(*token);
        *token = NULL;
    }
}
