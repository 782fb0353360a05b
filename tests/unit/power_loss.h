/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power losses: while a folder is recorded, everything that the process does to its files is
 * noted, by functions of the C library that are this program's own (LMDB's calls come here too). Of
 * the record any number of folders can be made as a power loss may leave them: what was synced is
 * there; of what was not, any part of it, sector by sector, and any first part of what was done to
 * the names.
 */
#ifndef CONTACTS_TESTS_POWER_LOSS_H
#define CONTACTS_TESTS_POWER_LOSS_H

#include <stddef.h>
#include <stdint.h>

struct recording;

/** Begins to record a folder, with what is in it as it is; one at a time. */
struct recording *recording_begin(const char *folder);

/** Ends recording; the record stays. */
void recording_end(struct recording *recording);
void recording_free(struct recording *recording);

/** How much has been recorded: a moment, to be compared with others and to be cut at. */
size_t recording_now(struct recording *recording);

/**
 * Makes the folder that a power loss leaves.
 *
 * @param moment  When it happens.
 * @param seed    What it spares, by chance; moved on.
 */
void recording_cut(
    const struct recording *recording, size_t moment, uint64_t *seed, const char *out_folder);

#endif
