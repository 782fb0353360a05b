/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a program under test: to its end, or in the background.
 *
 * A program that a test started dies with the test, whatever becomes of it.
 */
#ifndef SUPPORT_PROGRAM_H
#define SUPPORT_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROGRAM_OUTPUT_BYTES 16384

/** What a program that ran to its end left. */
struct program_result {
    int exit_code; /* 128 + the signal that killed it */
    char output[PROGRAM_OUTPUT_BYTES];
    char errors[PROGRAM_OUTPUT_BYTES];
};

/** How a program is run; all zero is a good choice. */
struct program_options {
    bool unprivileged;  /* as nobody, for what root may always do */
    const char *folder; /* working directory; NULL: the test's own */
};

/** Runs a program to its end, which must come within 60 seconds. Arguments end with NULL. */
void program_run(
    const char *const *arguments, const struct program_options *options,
    struct program_result *out_result);

/** Starts a program whose stdout and stderr are appended to a file. From the main thread only. */
pid_t program_start(const char *const *arguments, const char *log_path);

/** Waits for a program's end. @return its exit code, 128 + signal, or -1 when it still runs. */
int program_wait(pid_t pid, uint32_t timeout_ms);

/** Number of lines in a text; a last one without its end counts. */
size_t count_lines(const char *text);

/** CLOCK_MONOTONIC in milliseconds. */
uint64_t now_ms(void);
void sleep_ms(uint32_t duration_ms);

#endif
