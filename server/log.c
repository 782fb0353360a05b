/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's log. A line is built in memory and written by one write(2), so lines of several
 * threads never mix.
 */
#include "log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "nnrpc/buffer.h"

static const char *const level_names[] = {"error", "warning", "info", "debug"};
static atomic_int current_level = CONTACTD_LOG_INFO;

void contactd_log_set_level(enum contactd_log_level level) {
    atomic_store(&current_level, (int)level);
}

bool contactd_log_enabled(enum contactd_log_level level) {
    return (int)level <= atomic_load_explicit(&current_level, memory_order_relaxed);
}

bool contactd_log_level_from_name(const char *name, enum contactd_log_level *out_level) {
    for (size_t i = 0; i < NNRPC_LENGTH(level_names); i++) {
        if (strcmp(name, level_names[i]) == 0) {
            *out_level = (enum contactd_log_level)i;
            return true;
        }
    }
    return false;
}

static bool needs_quotes(const char *value) {
    for (const char *at = value; *at != '\0'; at++) {
        if ((unsigned char)*at <= ' ' || *at == '"' || *at == '=' || *at == '\\' || *at == 0x7f) {
            return true;
        }
    }
    return false;
}

static void append_value(struct nnrpc_buffer *line, const char *value) {
    if (!needs_quotes(value)) {
        nnrpc_buffer_append_text(line, value);
        return;
    }
    nnrpc_buffer_append_text(line, "\"");
    for (const char *at = value; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte == '"' || byte == '\\') {
            nnrpc_buffer_append_format(line, "\\%c", byte);
        } else if (byte == '\n') {
            nnrpc_buffer_append_text(line, "\\n");
        } else if (byte < ' ' || byte == 0x7f) {
            nnrpc_buffer_append_format(line, "\\x%02x", byte);
        } else {
            nnrpc_buffer_append(line, at, 1);
        }
    }
    nnrpc_buffer_append_text(line, "\"");
}

static void append_time(struct nnrpc_buffer *line) {
    struct timespec now;
    struct tm utc;
    char text[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    nnrpc_buffer_append_format(line, "time=%s.%03ldZ", text, now.tv_nsec / 1000000);
}

void contactd_log(enum contactd_log_level level, const char *event, ...) {
    if (!contactd_log_enabled(level)) {
        return;
    }
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer line = {0};
    append_time(&line);
    nnrpc_buffer_append_format(&line, " level=%s event=", level_names[level]);
    append_value(&line, event);
    va_list pairs;
    va_start(pairs, event);
    for (const char *key = va_arg(pairs, const char *); key != NULL;
         key = va_arg(pairs, const char *)) {
        const char *value = va_arg(pairs, const char *);
        if (value != NULL && value[0] != '\0') {
            nnrpc_buffer_append_format(&line, " %s=", key);
            append_value(&line, value);
        }
    }
    va_end(pairs);
    nnrpc_buffer_append_text(&line, "\n");
    if (!line.failed && write(STDERR_FILENO, line.data, line.size) < 0) {
        return; /* a log that cannot be written has nowhere to say so */
    }
}
