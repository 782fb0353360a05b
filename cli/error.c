/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors as people read them. Text from a server is written with its control characters replaced,
 * so that it cannot move the cursor of the terminal.
 */
#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "verb.h"

/* Writes text on one line. */
static void put_text(FILE *out, const char *text) {
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        putc(byte < ' ' || byte == 127 ? '?' : byte, out);
    }
}

static void complain(const char *format, va_list arguments) {
    char message[2048];
    vsnprintf(message, sizeof(message), format, arguments);
    fflush(stdout);
    fprintf(stderr, "%s: ", ctl_program->name);
    put_text(stderr, message);
    putc('\n', stderr);
}

void ctl_complain(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    complain(format, arguments);
    va_end(arguments);
}

enum ctl_exit ctl_usage_error(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    complain(format, arguments);
    va_end(arguments);
    return CTL_USAGE;
}

static void print_violation(FILE *out, const struct nnrpc_violation *violation) {
    fputs("  ", out);
    put_text(out, violation->field);
    fputs(": ", out);
    put_text(out, violation->description);
    if (violation->reason != NULL && violation->reason[0] != '\0') {
        fputs(" (", out);
        put_text(out, violation->reason);
        putc(')', out);
    }
    putc('\n', out);
}

void ctl_print_status(FILE *out, const char *place, const struct nnrpc_status *status) {
    fprintf(out, "%s: ", ctl_program->name);
    put_text(out, place != NULL ? place : "");
    fputs(nnrpc_code_name(status->code), out);
    if (status->reason[0] != '\0' && strcmp(status->reason, nnrpc_code_name(status->code)) != 0) {
        putc(' ', out);
        put_text(out, status->reason);
    }
    if (status->message[0] != '\0') {
        fputs(": ", out);
        put_text(out, status->message);
    }
    putc('\n', out);
    const struct nnrpc_status_details *details = status->details;
    for (size_t i = 0; details != NULL && i < details->violation_count; i++) {
        print_violation(out, &details->violations[i]);
    }
    for (size_t i = 0; details != NULL && i < details->info_count; i++) {
        fputs("  ", out);
        put_text(out, details->infos[i].key);
        fputs(" = ", out);
        put_text(out, details->infos[i].value);
        putc('\n', out);
    }
}

enum ctl_exit ctl_fail(const struct nnrpc_status *status) {
    fflush(stdout);
    ctl_print_status(stderr, NULL, status);
    return ctl_exit_of_code(status->code);
}

enum ctl_exit ctl_fail_errno(const char *what) {
    ctl_complain("%s: %s", what, strerror(errno));
    return CTL_FAILED;
}
