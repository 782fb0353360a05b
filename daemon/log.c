/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log. A line is built in memory and written by one write(2), so lines of several
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
#include "nnrpc/log_text.h"
#include "nnrpc/server.h"

static const char *const level_names[] = {"error", "warning", "info", "debug"};
static atomic_int current_level = DAEMON_LOG_INFO;

void daemon_log_set_level(enum daemon_log_level level) {
    atomic_store(&current_level, (int)level);
}

bool daemon_log_enabled(enum daemon_log_level level) {
    return (int)level <= atomic_load_explicit(&current_level, memory_order_relaxed);
}

bool daemon_log_level_from_name(const char *name, enum daemon_log_level *out_level) {
    for (size_t i = 0; i < NNRPC_LENGTH(level_names); i++) {
        if (strcmp(name, level_names[i]) == 0) {
            *out_level = (enum daemon_log_level)i;
            return true;
        }
    }
    return false;
}

const char *daemon_log_level_name(enum daemon_log_level level) {
    return level_names[level];
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

static void begin_line(struct nnrpc_buffer *line, enum daemon_log_level level, const char *event) {
    append_time(line);
    nnrpc_log_append_text(line, "level", level_names[level]);
    nnrpc_log_append_text(line, "event", event);
}

static void append_pairs(struct nnrpc_buffer *line, va_list pairs) {
    for (const char *key = va_arg(pairs, const char *); key != NULL;
         key = va_arg(pairs, const char *)) {
        nnrpc_log_append_text(line, key, va_arg(pairs, const char *));
    }
}

static void append_span(struct nnrpc_buffer *line, const struct nnrpc_trace *trace) {
    char trace_id[NNRPC_TRACE_ID_TEXT_BYTES];
    char span_id[NNRPC_SPAN_ID_TEXT_BYTES];
    nnrpc_trace_id_text(trace, trace_id);
    nnrpc_span_id_text(trace->span_id, span_id);
    nnrpc_log_append_text(line, "trace_id", trace_id);
    nnrpc_log_append_text(line, "span_id", span_id);
}

static void write_line(struct nnrpc_buffer *line) {
    nnrpc_buffer_append_text(line, "\n");
    if (!line->failed && write(STDERR_FILENO, line->data, line->size) < 0) {
        return; /* a log that cannot be written has nowhere to say so */
    }
}

void daemon_log(enum daemon_log_level level, const char *event, ...) {
    if (!daemon_log_enabled(level)) {
        return;
    }
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer line = {0};
    begin_line(&line, level, event);
    va_list pairs;
    va_start(pairs, event);
    append_pairs(&line, pairs);
    va_end(pairs);
    write_line(&line);
}

void daemon_log_call(enum daemon_log_level level, struct nnrpc_call *call, const char *event, ...) {
    if (!daemon_log_enabled(level)) {
        return;
    }
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer line = {0};
    begin_line(&line, level, event);
    va_list pairs;
    va_start(pairs, event);
    append_pairs(&line, pairs);
    va_end(pairs);
    if (call != NULL) {
        append_span(&line, nnrpc_call_trace(call));
    }
    write_line(&line);
}

void daemon_log_pairs(
    enum daemon_log_level level, const char *event, const char *pairs, size_t size) {
    if (!daemon_log_enabled(level)) {
        return;
    }
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer line = {0};
    begin_line(&line, level, event);
    nnrpc_buffer_append_text(&line, " ");
    nnrpc_buffer_append(&line, pairs, size);
    write_line(&line);
}
