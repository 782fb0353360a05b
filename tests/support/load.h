/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Load: several writers who create contacts as fast as they are answered, and remember exactly what
 * was answered, so that it can be held against the store after a stop or a crash.
 */
#ifndef SUPPORT_LOAD_H
#define SUPPORT_LOAD_H

#include "acts.h"

struct load;

/** Starts so many writers, each with a client of its own that tries every call once. */
struct load *load_start(struct contactd_process *server, size_t writers);

/** The same with writers whose clients try again until the deadline, as clients do unless told
 *  otherwise. */
struct load *load_start_patient(struct contactd_process *server, size_t writers);

/** Waits until this many writes were answered in all. */
void load_wait_for(struct load *load, size_t answers);

/** Lets the writers end, after their first error or at once, and waits for them. */
void load_end(struct load *load);

/** How many writes were answered with success. */
size_t load_answers(const struct load *load);

/** Expects that no write failed. */
void expect_no_failures(const struct load *load);

/** Expects that no writer ended by anything but UNAVAILABLE. */
void expect_only_unavailable(const struct load *load);

/**
 * Expects of every answered write that it is there, as it was answered, and that its request id
 * still brings the first answer with its revision and does nothing.
 */
void expect_answers_kept(const struct load *load, struct peer *peer);

/**
 * Sends again what was not answered when the writers ended, and expects that all writes together
 * made one contact each.
 */
void expect_unanswered_made_once(struct load *load, struct peer *peer);

#endif
