/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A contactd under test: the real program in a fresh folder that only its owner can open.
 *
 * Starting waits until the server takes calls; stopping expects a clean exit and a sound store.
 * What goes wrong fails the running test, with the server's own words.
 */
#ifndef SUPPORT_CONTACTD_PROCESS_H
#define SUPPORT_CONTACTD_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CONTACTD_PATH_BYTES 128

struct contactd_process {
    char folder[CONTACTD_PATH_BYTES]; /* holds everything below; removed at the end */
    char data[CONTACTD_PATH_BYTES];
    char log[CONTACTD_PATH_BYTES];     /* stderr of every run */
    char tokens[CONTACTD_PATH_BYTES];  /* path for a tokens file; made by who needs it */
    char url[CONTACTD_PATH_BYTES];     /* ipc */
    char tcp_url[CONTACTD_PATH_BYTES]; /* "" unless asked for */
    const char *const *flags;          /* of the last start */
    pid_t pid;                         /* 0: not running */
};

/** Makes the folder; starts nothing. */
struct contactd_process *contactd_new(void);

/** Kills it if it runs, and removes the folder. */
void contactd_free(struct contactd_process *process);

/** Takes a free tcp port, on which later starts listen too. */
void contactd_use_tcp(struct contactd_process *process);

/** Starts it with more flags (ending with NULL; NULL: none), and waits until it takes calls. */
void contactd_start(struct contactd_process *process, const char *const *flags);

/** Starts it again as it was started before. */
void contactd_restart(struct contactd_process *process);

/** SIGTERM. Expects exit status 0, and a store in which the checker finds nothing. */
void contactd_stop(struct contactd_process *process);

/** SIGTERM, and returns at once; contactd_stop() waits for the end. */
void contactd_ask_to_stop(const struct contactd_process *process);

/** SIGKILL. */
void contactd_kill(struct contactd_process *process);

/** What it has written to stderr, in all of its runs; the caller frees it. */
char *contactd_log_text(const struct contactd_process *process);

/** Waits until the log has a text; fails the test after 30 seconds. */
void contactd_wait_for_log(const struct contactd_process *process, const char *text);

/** A tcp port on 127.0.0.1 that is free now. */
uint16_t free_tcp_port(void);

/** Reads a whole file; the caller frees it. NULL when there is none. */
char *read_whole_file(const char *path, size_t *out_size);

#endif
