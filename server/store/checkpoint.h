/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A checkpoint: a state of the data file that is on the disk whole, for as long as a read
 * transaction that began with it keeps its pages. The file of the newest one says which head makes
 * the data file that state, and which segment the log goes on in from there.
 */
#ifndef CONTACTS_STORE_CHECKPOINT_H
#define CONTACTS_STORE_CHECKPOINT_H

#include <stdint.h>

#include "nnrpc/buffer.h"
#include "nnrpc/status.h"
#include "segment.h"

#define CHECKPOINT_BOOT_ID_BYTES 40

struct checkpoint {
    struct segment_identity identity;
    uint64_t revision;
    uint64_t sequence; /* of the last log entry in it */
    uint64_t segment;  /* entries after it are in this segment and later ones; 0: there are none */
    char boot_id[CHECKPOINT_BOOT_ID_BYTES]; /* of the machine's run that wrote it; "" unknown */
    struct nnrpc_buffer head;               /* see engine_copy_head() */
};

void checkpoint_deinit(struct checkpoint *checkpoint);

/** Puts a checkpoint's file in the place of the last one and makes it durable. */
NNRPC_NODISCARD enum nnrpc_code checkpoint_write(
    const char *folder, const struct checkpoint *checkpoint, struct nnrpc_status *out_status);

/**
 * Reads the newest checkpoint.
 *
 * @param out_checkpoint  Written on success; release with checkpoint_deinit().
 * @return NNRPC_OK, NNRPC_NOT_FOUND (there is none), NNRPC_FAILED_PRECONDITION (damaged, or of a
 *         later version), as files_fail().
 */
NNRPC_NODISCARD enum nnrpc_code checkpoint_read(
    const char *folder, struct checkpoint *out_checkpoint, struct nnrpc_status *out_status);

/** Makes the data file, which nobody has open, what it was at a checkpoint, and that durable. */
NNRPC_NODISCARD enum nnrpc_code checkpoint_restore(
    const char *folder, const struct checkpoint *checkpoint, struct nnrpc_status *out_status);

/** This run of the machine, the same for all that it runs; "" when nobody knows. */
void checkpoint_boot_id(char out_boot_id[CHECKPOINT_BOOT_ID_BYTES]);

#endif
