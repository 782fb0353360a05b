/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recovery.
 */
#include "recover.h"

#include <string.h>

#include "faults.h"
#include "files.h"

static bool is_this_boot(const struct checkpoint *checkpoint) {
    char boot_id[CHECKPOINT_BOOT_ID_BYTES];
    checkpoint_boot_id(boot_id);
    return boot_id[0] != '\0' && strcmp(boot_id, checkpoint->boot_id) == 0;
}

/* After a clean stop the checkpoint is not needed, so it may be damaged. */
static enum nnrpc_code read_checkpoint(
    const char *folder, struct recovery *recovery, struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    enum nnrpc_code code = checkpoint_read(folder, &recovery->checkpoint, &status);
    recovery->has_checkpoint = code == NNRPC_OK;
    if (code == NNRPC_OK || code == NNRPC_NOT_FOUND ||
        (code == NNRPC_FAILED_PRECONDITION && recovery->is_clean)) {
        return NNRPC_OK;
    }
    if (out_status != NULL) {
        nnrpc_status_copy(out_status, &status);
    }
    return code;
}

/* Without a checkpoint there never was a commit that is not durable by itself. */
static enum nnrpc_code decide(
    const char *folder, bool forced, struct recovery *recovery, struct nnrpc_status *out_status) {
    bool is_doubtful = forced || files_have(folder, FILES_RECOVER);
    if (recovery->has_checkpoint) {
        recovery->is_trusted =
            !is_doubtful && (recovery->is_clean || is_this_boot(&recovery->checkpoint));
        return NNRPC_OK;
    }
    /* A checkpoint is made before the first segment and removed after the last one. */
    if (is_doubtful || (recovery->segments.count > 0 && !recovery->is_clean)) {
        return nnrpc_fail(
            out_status, NNRPC_FAILED_PRECONDITION, STORE_DOMAIN, STORE_REASON(STORE_FAILED),
            "the store in %s has no checkpoint to be recovered from", folder);
    }
    recovery->is_trusted = true;
    return NNRPC_OK;
}

enum nnrpc_code recovery_look(
    const char *folder, bool forced, struct recovery *out_recovery,
    struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(recovery_deinit) struct recovery recovery = {0};
    recovery.is_clean = files_have(folder, FILES_CLEAN);
    enum nnrpc_code code = segment_list_read(folder, &recovery.segments, out_status);
    if (code == NNRPC_OK) {
        code = read_checkpoint(folder, &recovery, out_status);
    }
    if (code == NNRPC_OK) {
        code = decide(folder, forced, &recovery, out_status);
    }
    if (code == NNRPC_OK) {
        *out_recovery = recovery;
        recovery = (struct recovery){0};
    }
    return code;
}

void recovery_deinit(struct recovery *recovery) {
    checkpoint_deinit(&recovery->checkpoint);
    segment_list_deinit(&recovery->segments);
}

enum nnrpc_code recovery_put_back(
    const struct recovery *recovery, const char *folder, struct nnrpc_status *out_status) {
    return recovery->is_trusted ? NNRPC_OK
                                : checkpoint_restore(folder, &recovery->checkpoint, out_status);
}

bool recovery_has_log(const struct recovery *recovery) {
    return recovery->has_checkpoint || recovery->segments.count > 0;
}

uint64_t recovery_next_segment(const struct recovery *recovery) {
    const struct segment_list *segments = &recovery->segments;
    uint64_t last = segments->count > 0 ? segments->numbers[segments->count - 1] : 0;
    uint64_t named = recovery->has_checkpoint ? recovery->checkpoint.segment : 0;
    return (last > named ? last : named) + 1;
}
