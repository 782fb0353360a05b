/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading lines through one buffer that never grows past the longest line.
 */
#include "import_source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "interrupt.h"
#include "memory.h"
#include "nnrpc/crypto.h"

/* The line, its end, and room to read on. */
#define BUFFER_BYTES (CTL_IMPORT_LINE_BYTES + (1u << 16))
#define ID_DIGEST_BYTES 16

static const char BYTE_ORDER_MARK[] = "\xEF\xBB\xBF";

struct ctl_import_source {
    const char *path;
    int descriptor;
    bool is_regular;
    struct stat opened;                    /* of a regular file */
    uint8_t digest[NNRPC_DIGEST_BYTES];    /* of everything up to the end of the last line */
    struct nnrpc_digest_state line_digest; /* of that before, and what was skipped of this line */
    char *buffer;
    size_t start; /* of the next line */
    size_t end;   /* of what was read */
    bool is_at_end;
    bool is_skipping; /* the rest of a line that is too long */
    uint64_t line_number;
    uint64_t read_bytes;
};

/* What every digest begins with, so that the two kinds of import never share an id. */
static void begin_digest(struct ctl_import_source *source, bool keeps_ids) {
    static const char KEEPING[] = "contactctl import --keep-ids\n";
    static const char PLAIN[] = "contactctl import\n";
    nnrpc_digest_begin(&source->line_digest);
    if (keeps_ids) {
        nnrpc_digest_update(&source->line_digest, KEEPING, sizeof(KEEPING) - 1);
    } else {
        nnrpc_digest_update(&source->line_digest, PLAIN, sizeof(PLAIN) - 1);
    }
}

/* The line is whole: its digest becomes what the next one begins with. */
static void chain_digest(struct ctl_import_source *source, const char *text, size_t size) {
    nnrpc_digest_update(&source->line_digest, text, size);
    nnrpc_digest_end(&source->line_digest, source->digest);
    nnrpc_digest_begin(&source->line_digest);
    nnrpc_digest_update(&source->line_digest, source->digest, sizeof(source->digest));
}

/* Reads once; -1 on failure, which may be an interruption. */
static ssize_t read_some(struct ctl_import_source *source, char *room, size_t size) {
    ssize_t got = read(source->descriptor, room, size);
    if (got < 0 && errno != EINTR) {
        ctl_complain("cannot read %s: %s", source->path, strerror(errno));
    }
    return got;
}

static bool open_file(struct ctl_import_source *source) {
    if (strcmp(source->path, "-") == 0) {
        source->descriptor = STDIN_FILENO;
    } else {
        source->descriptor = open(source->path, O_RDONLY | O_CLOEXEC);
    }
    if (source->descriptor < 0 || fstat(source->descriptor, &source->opened) != 0) {
        ctl_complain("cannot open %s: %s", source->path, strerror(errno));
        return false;
    }
    if (S_ISDIR(source->opened.st_mode)) {
        ctl_complain("%s is a folder", source->path);
        return false;
    }
    source->is_regular = S_ISREG(source->opened.st_mode);
    return true;
}

struct ctl_import_source *ctl_import_source_open(const char *path, bool keeps_ids) {
    struct ctl_import_source *source = ctl_allocate(1, sizeof(*source));
    source->path = path;
    source->descriptor = -1;
    begin_digest(source, keeps_ids);
    source->buffer = ctl_allocate(BUFFER_BYTES, 1);
    if (!open_file(source)) {
        ctl_import_source_freep(&source);
    }
    return source;
}

void ctl_import_source_freep(struct ctl_import_source **pointer) {
    struct ctl_import_source *source = *pointer;
    if (source == NULL) {
        return;
    }
    if (source->descriptor >= 0 && source->descriptor != STDIN_FILENO) {
        close(source->descriptor);
    }
    /* Lines may hold account passwords. */
    nnrpc_wipe(source->buffer, BUFFER_BYTES);
    free(source->buffer);
    free(source);
    *pointer = NULL;
}

/* Reads on behind what is there, moving it to the front. */
static enum ctl_import_read fill(struct ctl_import_source *source) {
    memmove(source->buffer, source->buffer + source->start, source->end - source->start);
    source->end -= source->start;
    source->start = 0;
    if (ctl_interrupted()) {
        return CTL_IMPORT_READ_INTERRUPTED;
    }
    ssize_t got = read_some(source, source->buffer + source->end, BUFFER_BYTES - source->end);
    if (got < 0) {
        return errno == EINTR ? CTL_IMPORT_READ_INTERRUPTED : CTL_IMPORT_READ_FAILED;
    }
    source->is_at_end = got == 0;
    source->end += (size_t)got;
    source->read_bytes += (uint64_t)got;
    return CTL_IMPORT_READ_LINE;
}

/* Cuts the mark that some editors put before the first line. */
static void cut_mark(struct ctl_import_line *line) {
    size_t size = sizeof(BYTE_ORDER_MARK) - 1;
    if (line->number == 1 && line->size >= size && memcmp(line->text, BYTE_ORDER_MARK, size) == 0) {
        line->text += size;
        line->size -= size;
    }
}

/* Takes the line that ends at `end` out of the buffer. */
static enum ctl_import_read take_line(
    struct ctl_import_source *source, size_t end, struct ctl_import_line *out_line) {
    *out_line = (struct ctl_import_line){
        .text = source->buffer + source->start,
        .size = end - source->start,
        .number = ++source->line_number};
    source->start = end < source->end ? end + 1 : end;
    bool is_too_long = source->is_skipping || out_line->size > CTL_IMPORT_LINE_BYTES;
    source->is_skipping = false;
    chain_digest(source, out_line->text, out_line->size);
    cut_mark(out_line);
    return is_too_long ? CTL_IMPORT_READ_TOO_LONG : CTL_IMPORT_READ_LINE;
}

/* The next line, blank or not. */
static enum ctl_import_read next_line(
    struct ctl_import_source *source, struct ctl_import_line *out_line) {
    size_t searched = source->start;
    while (true) {
        const char *end = memchr(source->buffer + searched, '\n', source->end - searched);
        if (end != NULL) {
            return take_line(source, (size_t)(end - source->buffer), out_line);
        }
        if (source->is_at_end) {
            return source->start < source->end || source->is_skipping
                       ? take_line(source, source->end, out_line)
                       : CTL_IMPORT_READ_END;
        }
        if (source->end - source->start > CTL_IMPORT_LINE_BYTES) {
            source->is_skipping = true;
            nnrpc_digest_update(
                &source->line_digest, source->buffer + source->start, source->end - source->start);
            source->start = source->end;
        }
        searched = source->end - source->start;
        enum ctl_import_read filled = fill(source);
        if (filled != CTL_IMPORT_READ_LINE) {
            return filled;
        }
    }
}

static bool is_blank(const struct ctl_import_line *line) {
    for (size_t i = 0; i < line->size; i++) {
        if (strchr(" \t\r", line->text[i]) == NULL || line->text[i] == '\0') {
            return false;
        }
    }
    return true;
}

enum ctl_import_read ctl_import_source_next(
    struct ctl_import_source *source, struct ctl_import_line *out_line) {
    enum ctl_import_read result = CTL_IMPORT_READ_LINE;
    do {
        result = next_line(source, out_line);
    } while (result == CTL_IMPORT_READ_LINE && is_blank(out_line));
    return result;
}

bool ctl_import_source_would_wait(const struct ctl_import_source *source) {
    struct pollfd waiting = {.fd = source->descriptor, .events = POLLIN};
    if (source->is_regular || source->is_at_end ||
        memchr(source->buffer + source->start, '\n', source->end - source->start) != NULL) {
        return false;
    }
    return poll(&waiting, 1, 0) == 0;
}

double ctl_import_source_fraction(const struct ctl_import_source *source) {
    if (!source->is_regular || source->opened.st_size == 0) {
        return -1;
    }
    uint64_t done = source->read_bytes - (source->end - source->start);
    return (double)done / (double)source->opened.st_size;
}

bool ctl_import_source_changed(const struct ctl_import_source *source) {
    struct stat now;
    return source->is_regular && fstat(source->descriptor, &now) == 0 &&
           (now.st_size != source->opened.st_size ||
            now.st_mtim.tv_sec != source->opened.st_mtim.tv_sec ||
            now.st_mtim.tv_nsec != source->opened.st_mtim.tv_nsec);
}

void ctl_import_source_id(
    const struct ctl_import_source *source, char out_id[CTL_IMPORT_ID_BYTES]) {
    char hex[2 * ID_DIGEST_BYTES + 1];
    for (size_t i = 0; i < ID_DIGEST_BYTES; i++) {
        snprintf(hex + 2 * i, 3, "%02x", source->digest[i]);
    }
    snprintf(out_id, CTL_IMPORT_ID_BYTES, "import-%s-%" PRIu64, hex, source->line_number);
}
