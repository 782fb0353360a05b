/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recovery: what a start finds in the folder, and whether the data file can be trusted as it is. It
 * can after a clean stop, and while the machine has run on since the last stop: what a killed
 * process had written is there. Otherwise it is put back to its last checkpoint first.
 */
#ifndef CONTACTS_STORE_RECOVER_H
#define CONTACTS_STORE_RECOVER_H

#include <stdbool.h>

#include "checkpoint.h"
#include "segment_list.h"

struct recovery {
    bool has_checkpoint;
    struct checkpoint checkpoint;
    struct segment_list segments;
    bool is_clean;   /* the last stop was */
    bool is_trusted; /* the data file is, as it is */
};

/**
 * Looks at a folder.
 *
 * @param forced        Trust the checkpoint only.
 * @param out_recovery  Written on success; release with recovery_deinit().
 * @return NNRPC_OK, NNRPC_FAILED_PRECONDITION (the checkpoint that is needed is damaged or not
 *         there), as files_fail().
 */
NNRPC_NODISCARD enum nnrpc_code recovery_look(
    const char *folder, bool forced, struct recovery *out_recovery,
    struct nnrpc_status *out_status);
void recovery_deinit(struct recovery *recovery);

/** Puts the data file back to the checkpoint, unless it is trusted. Nobody may have it open. */
NNRPC_NODISCARD enum nnrpc_code recovery_put_back(
    const struct recovery *recovery, const char *folder, struct nnrpc_status *out_status);

/** Whether the folder has anything of a log. */
bool recovery_has_log(const struct recovery *recovery);

/** A number above those of all segments that are or were there. */
uint64_t recovery_next_segment(const struct recovery *recovery);

#endif
