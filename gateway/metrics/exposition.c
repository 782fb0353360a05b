/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes Prometheus' text format.
 */
#include "exposition.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_SECOND 1000000000u
#define NUMBER_BYTES 48

static const char *type_name(enum exposition_type type) {
    switch (type) {
    case EXPOSITION_COUNTER:
        return "counter";
    case EXPOSITION_GAUGE:
        return "gauge";
    case EXPOSITION_HISTOGRAM:
        return "histogram";
    }
    return "untyped";
}

void exposition_family(
    struct nnrpc_buffer *out, const char *name, enum exposition_type type, const char *help) {
    nnrpc_buffer_append_format(
        out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type_name(type));
}

bool exposition_has_family(const struct nnrpc_buffer *page, const char *name) {
    char line[256];
    int size = snprintf(line, sizeof(line), "# TYPE %s ", name);
    if (size < 0 || (size_t)size >= sizeof(line) || page->size == 0) {
        return false;
    }
    return memmem(page->data, page->size, line, (size_t)size) != NULL;
}

void exposition_comment(struct nnrpc_buffer *out, const char *text) {
    nnrpc_buffer_append_format(out, "# %s\n", text);
}

/* A label's value keeps its line: backslash, quote and line end are escaped. */
static void append_escaped(struct nnrpc_buffer *out, const char *value) {
    for (;;) {
        size_t plain = strcspn(value, "\\\"\n");
        nnrpc_buffer_append(out, value, plain);
        value += plain;
        if (*value == '\0') {
            return;
        }
        nnrpc_buffer_append_text(out, *value == '\n' ? "\\n" : *value == '"' ? "\\\"" : "\\\\");
        value++;
    }
}

static void append_name(
    struct nnrpc_buffer *out, const char *name, const char *suffix, struct exposition_labels labels,
    const char *bound) {
    const char *separator = "{";
    nnrpc_buffer_append_format(out, "%s%s", name, suffix);
    for (size_t index = 0; index < labels.count; index++) {
        nnrpc_buffer_append_format(out, "%s%s=\"", separator, labels.entries[index].name);
        append_escaped(out, labels.entries[index].value);
        nnrpc_buffer_append_text(out, "\"");
        separator = ",";
    }
    if (bound != NULL) {
        nnrpc_buffer_append_format(out, "%sle=\"%s\"", separator, bound);
        separator = ",";
    }
    nnrpc_buffer_append_text(out, *separator == ',' ? "} " : " ");
}

static void append_integer(struct nnrpc_buffer *out, uint64_t value) {
    nnrpc_buffer_append_format(out, "%" PRIu64 "\n", value);
}

/* "0.00025", "12": no zeros at the end of a fraction. */
static void format_seconds(uint64_t value_ns, char out_text[NUMBER_BYTES]) {
    int size = snprintf(
        out_text, NUMBER_BYTES, "%" PRIu64 ".%09" PRIu64, value_ns / NS_PER_SECOND,
        value_ns % NS_PER_SECOND);
    while (out_text[size - 1] == '0') {
        size--;
    }
    if (out_text[size - 1] == '.') {
        size--;
    }
    out_text[size] = '\0';
}

/* Not the locale's decimal point, which may be several bytes. */
static void put_decimal_point(char *text) {
    size_t whole = strspn(text, "+-0123456789");
    size_t point = strcspn(text + whole, "0123456789e");
    if (point > 0) {
        text[whole] = '.';
        memmove(text + whole + 1, text + whole + point, strlen(text + whole + point) + 1);
    }
}

/* The shortest text that reads back as the same number. */
static void format_number(double value, char out_text[NUMBER_BYTES]) {
    if (isnan(value) || isinf(value)) {
        snprintf(out_text, NUMBER_BYTES, "%s", isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out_text, NUMBER_BYTES, "%.*g", digits, value);
        if (strtod(out_text, NULL) == value) {
            break;
        }
    }
    put_decimal_point(out_text);
}

void exposition_integer(
    struct nnrpc_buffer *out, const char *name, struct exposition_labels labels, uint64_t value) {
    append_name(out, name, "", labels, NULL);
    append_integer(out, value);
}

void exposition_seconds(
    struct nnrpc_buffer *out, const char *name, struct exposition_labels labels,
    uint64_t value_ns) {
    char text[NUMBER_BYTES];
    format_seconds(value_ns, text);
    append_name(out, name, "", labels, NULL);
    nnrpc_buffer_append_format(out, "%s\n", text);
}

void exposition_number(
    struct nnrpc_buffer *out, const char *name, struct exposition_labels labels, double value) {
    char text[NUMBER_BYTES];
    format_number(value, text);
    append_name(out, name, "", labels, NULL);
    nnrpc_buffer_append_format(out, "%s\n", text);
}

void exposition_histogram(
    struct nnrpc_buffer *out, const char *name, struct exposition_labels labels,
    const struct exposition_histogram *histogram) {
    char text[NUMBER_BYTES];
    uint64_t count = 0;
    for (size_t index = 0; index < histogram->bound_count; index++) {
        count += histogram->counts[index];
        format_seconds(histogram->bounds_ns[index], text);
        append_name(out, name, "_bucket", labels, text);
        append_integer(out, count);
    }
    count += histogram->counts[histogram->bound_count];
    append_name(out, name, "_bucket", labels, "+Inf");
    append_integer(out, count);
    format_seconds(histogram->sum_ns, text);
    append_name(out, name, "_sum", labels, NULL);
    nnrpc_buffer_append_format(out, "%s\n", text);
    append_name(out, name, "_count", labels, NULL);
    append_integer(out, count);
}
