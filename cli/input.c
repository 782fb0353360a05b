/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading what is small enough to be read whole, and secrets.
 */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "error.h"
#include "memory.h"
#include "nnrpc/crypto.h"

#define READ_BYTES 65536
/* Longer than any password that the server takes: it says so, not we. */
#define PASSWORD_BYTES 4096

static void close_file(FILE **file) {
    if (*file != NULL && *file != stdin) {
        fclose(*file);
    }
}

bool ctl_input_read_up_to(
    const char *what, const char *path, size_t limit, struct nnrpc_buffer *out) {
    NNRPC_CLEANUP(close_file) FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (file == NULL) {
        ctl_complain("%s: cannot open %s: %s", what, path, strerror(errno));
        return false;
    }
    while (!feof(file)) {
        uint8_t *room = nnrpc_buffer_reserve(out, READ_BYTES);
        if (room == NULL) {
            ctl_complain("out of memory");
            return false;
        }
        out->size += fread(room, 1, READ_BYTES, file);
        if (ferror(file)) {
            ctl_complain("%s: cannot read %s: %s", what, path, strerror(errno));
            return false;
        }
        if (out->size > limit) {
            ctl_complain("%s: %s is larger than %zu bytes", what, path, limit);
            return false;
        }
    }
    return true;
}

bool ctl_input_read(const char *what, const char *path, struct nnrpc_buffer *out) {
    return ctl_input_read_up_to(what, path, CTL_INPUT_BYTES, out);
}

/* Copies one line without its end; false when it is too long. */
static bool take_line(const char *line, ssize_t size, char **out_password) {
    while (size > 0 && (line[size - 1] == '\n' || line[size - 1] == '\r')) {
        size--;
    }
    if (size > PASSWORD_BYTES || memchr(line, '\0', (size_t)size) != NULL) {
        ctl_complain("a password is one line of text, at most %d bytes", PASSWORD_BYTES);
        return false;
    }
    char *password = ctl_allocate((size_t)size + 1, 1);
    memcpy(password, line, (size_t)size);
    *out_password = password;
    return true;
}

/* Reads one line unbuffered, so that no copy stays in a stream's memory. */
static ssize_t read_line(int descriptor, char *line, size_t room) {
    size_t size = 0;
    while (size < room) {
        ssize_t got = read(descriptor, line + size, 1);
        if (got < 0) {
            return -1;
        }
        if (got == 0 || line[size++] == '\n') {
            break;
        }
    }
    return (ssize_t)size;
}

static bool read_from(int descriptor, const char *path, char **out_password) {
    char line[PASSWORD_BYTES + 2];
    ssize_t size = read_line(descriptor, line, sizeof(line));
    if (size < 0) {
        ctl_complain("cannot read the password from %s: %s", path, strerror(errno));
        return false;
    }
    bool is_taken = take_line(line, size, out_password);
    nnrpc_wipe(line, sizeof(line));
    return is_taken;
}

bool ctl_password_read(const char *path, char **out_password) {
    if (strcmp(path, "-") == 0) {
        return read_from(STDIN_FILENO, "standard input", out_password);
    }
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        ctl_complain("--password-file: cannot open %s: %s", path, strerror(errno));
        return false;
    }
    bool is_read = read_from(descriptor, path, out_password);
    close(descriptor);
    return is_read;
}

/* Asks once on the terminal with echo off. */
static bool ask_once(int terminal, const char *prompt, char **out_password) {
    struct termios shown;
    if (tcgetattr(terminal, &shown) != 0) {
        ctl_complain("cannot hide the password on this terminal: %s", strerror(errno));
        return false;
    }
    struct termios hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    dprintf(terminal, "%s: ", prompt);
    tcsetattr(terminal, TCSAFLUSH, &hidden);
    bool is_read = read_from(terminal, "the terminal", out_password);
    tcsetattr(terminal, TCSAFLUSH, &shown);
    dprintf(terminal, "\n");
    return is_read;
}

static void close_terminal(int *terminal) {
    if (*terminal >= 0) {
        close(*terminal);
    }
}

bool ctl_password_ask(const char *prompt, bool twice, char **out_password) {
    NNRPC_CLEANUP(close_terminal) int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    NNRPC_CLEANUP(ctl_password_release) char *first = NULL;
    NNRPC_CLEANUP(ctl_password_release) char *second = NULL;
    if (terminal < 0) {
        ctl_complain("there is no terminal to ask for the password; use --password-file");
        return false;
    }
    if (!ask_once(terminal, prompt, &first)) {
        return false;
    }
    if (twice && !ask_once(terminal, "The same again", &second)) {
        return false;
    }
    if (twice && strcmp(first, second) != 0) {
        ctl_complain("the two passwords differ; nothing was done");
        return false;
    }
    *out_password = first;
    first = NULL;
    return true;
}

void ctl_password_release(char **password) {
    if (*password != NULL) {
        nnrpc_wipe(*password, strlen(*password));
        free(*password);
        *password = NULL;
    }
}
