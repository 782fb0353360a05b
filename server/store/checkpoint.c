/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A checkpoint's file: magic, store id, epoch, revision, sequence, segment (numbers of eight bytes,
 * big-endian), boot id, the data file's head, and a digest of all of it.
 */
#include "checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "faults.h"
#include "files.h"
#include "keys.h"
#include "nnrpc/crypto.h"

#define FILE_MODE 0600
#define BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"

#define MAGIC "checkpoint 1\n"
#define MAGIC_BYTES 16
#define AT_STORE_ID MAGIC_BYTES
#define AT_EPOCH (AT_STORE_ID + META_STORE_ID_BYTES)
#define AT_REVISION (AT_EPOCH + KEY_NUMBER_BYTES)
#define AT_SEQUENCE (AT_REVISION + KEY_NUMBER_BYTES)
#define AT_SEGMENT (AT_SEQUENCE + KEY_NUMBER_BYTES)
#define AT_BOOT_ID (AT_SEGMENT + KEY_NUMBER_BYTES)
#define AT_HEAD (AT_BOOT_ID + CHECKPOINT_BOOT_ID_BYTES)
/* Two pages of at most 64 KiB. */
#define HEAD_MOST (2 << 16)

void checkpoint_deinit(struct checkpoint *checkpoint) {
    nnrpc_buffer_deinit(&checkpoint->head);
}

void checkpoint_boot_id(char out_boot_id[CHECKPOINT_BOOT_ID_BYTES]) {
    NNRPC_CLEANUP(files_closep) int descriptor = open(BOOT_ID_PATH, O_RDONLY | O_CLOEXEC);
    memset(out_boot_id, 0, CHECKPOINT_BOOT_ID_BYTES);
    if (descriptor < 0) {
        return;
    }
    ssize_t size = read(descriptor, out_boot_id, CHECKPOINT_BOOT_ID_BYTES - 1);
    out_boot_id[size > 0 ? strcspn(out_boot_id, "\n") : 0] = '\0';
}

/* --- Writing ------------------------------------------------------------------------------ */

static void pack(const struct checkpoint *checkpoint, struct nnrpc_buffer *out_bytes) {
    uint8_t fixed[AT_HEAD] = {0};
    uint8_t digest[NNRPC_DIGEST_BYTES];
    memcpy(fixed, MAGIC, sizeof(MAGIC));
    memcpy(fixed + AT_STORE_ID, checkpoint->identity.store_id, META_STORE_ID_BYTES);
    number_write(fixed + AT_EPOCH, checkpoint->identity.epoch);
    number_write(fixed + AT_REVISION, checkpoint->revision);
    number_write(fixed + AT_SEQUENCE, checkpoint->sequence);
    number_write(fixed + AT_SEGMENT, checkpoint->segment);
    memcpy(fixed + AT_BOOT_ID, checkpoint->boot_id, CHECKPOINT_BOOT_ID_BYTES);
    nnrpc_buffer_append(out_bytes, fixed, sizeof(fixed));
    nnrpc_buffer_append(out_bytes, checkpoint->head.data, checkpoint->head.size);
    if (!out_bytes->failed) {
        nnrpc_digest(out_bytes->data, out_bytes->size, digest);
        nnrpc_buffer_append(out_bytes, digest, sizeof(digest));
    }
}

static enum nnrpc_code write_file(
    const char *path, const struct nnrpc_buffer *bytes, struct nnrpc_status *out_status) {
    NNRPC_CLEANUP(files_closep)
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (descriptor < 0) {
        return files_fail(out_status, "create", path);
    }
    enum nnrpc_code code =
        files_write_at(descriptor, bytes->data, bytes->size, 0, path, out_status);
    if (code == NNRPC_OK && fsync(descriptor) != 0) {
        code = files_fail(out_status, "sync", path);
    }
    return code;
}

enum nnrpc_code checkpoint_write(
    const char *folder, const struct checkpoint *checkpoint, struct nnrpc_status *out_status) {
    char path[PATH_MAX];
    char new_path[PATH_MAX];
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer bytes = {0};
    pack(checkpoint, &bytes);
    if (bytes.failed) {
        return fault_out_of_memory(out_status);
    }
    enum nnrpc_code code = files_path(folder, FILES_CHECKPOINT, path, out_status);
    if (code == NNRPC_OK) {
        code = files_path(folder, FILES_NEW_CHECKPOINT, new_path, out_status);
    }
    if (code == NNRPC_OK) {
        code = write_file(new_path, &bytes, out_status);
    }
    if (code == NNRPC_OK && rename(new_path, path) != 0) {
        code = files_fail(out_status, "rename", new_path);
    }
    return code == NNRPC_OK ? files_sync_folder(folder, out_status) : code;
}

/* --- Reading ------------------------------------------------------------------------------ */

static bool is_whole(const struct nnrpc_buffer *bytes) {
    uint8_t digest[NNRPC_DIGEST_BYTES];
    if (bytes->size < AT_HEAD + NNRPC_DIGEST_BYTES) {
        return false;
    }
    size_t size = bytes->size - NNRPC_DIGEST_BYTES;
    nnrpc_digest(bytes->data, size, digest);
    return memcmp(bytes->data + size, digest, sizeof(digest)) == 0;
}

static void unpack(const struct nnrpc_buffer *bytes, struct checkpoint *checkpoint) {
    const uint8_t *at = bytes->data;
    memcpy(checkpoint->identity.store_id, at + AT_STORE_ID, META_STORE_ID_BYTES);
    checkpoint->identity.epoch = number_read(at + AT_EPOCH);
    checkpoint->revision = number_read(at + AT_REVISION);
    checkpoint->sequence = number_read(at + AT_SEQUENCE);
    checkpoint->segment = number_read(at + AT_SEGMENT);
    memcpy(checkpoint->boot_id, at + AT_BOOT_ID, CHECKPOINT_BOOT_ID_BYTES);
    checkpoint->boot_id[CHECKPOINT_BOOT_ID_BYTES - 1] = '\0';
    nnrpc_buffer_append(
        &checkpoint->head, at + AT_HEAD, bytes->size - AT_HEAD - NNRPC_DIGEST_BYTES);
}

static enum nnrpc_code fail_damaged(const char *path, struct nnrpc_status *out_status) {
    return nnrpc_fail(
        out_status, NNRPC_FAILED_PRECONDITION, STORE_DOMAIN, STORE_REASON(STORE_FAILED),
        "%s is damaged, or of a version that this program does not know", path);
}

enum nnrpc_code checkpoint_read(
    const char *folder, struct checkpoint *out_checkpoint, struct nnrpc_status *out_status) {
    char path[PATH_MAX];
    NNRPC_CLEANUP(nnrpc_buffer_deinit) struct nnrpc_buffer bytes = {0};
    struct checkpoint checkpoint = {0};
    enum nnrpc_code code = files_path(folder, FILES_CHECKPOINT, path, out_status);
    if (code == NNRPC_OK) {
        code = files_read(path, &bytes, out_status);
    }
    if (code != NNRPC_OK) {
        return code;
    }
    if (!is_whole(&bytes) || memcmp(bytes.data, MAGIC, sizeof(MAGIC)) != 0 ||
        bytes.size - AT_HEAD - NNRPC_DIGEST_BYTES > HEAD_MOST) {
        return fail_damaged(path, out_status);
    }
    unpack(&bytes, &checkpoint);
    if (checkpoint.head.failed) {
        checkpoint_deinit(&checkpoint);
        return fault_out_of_memory(out_status);
    }
    *out_checkpoint = checkpoint;
    return NNRPC_OK;
}

enum nnrpc_code checkpoint_restore(
    const char *folder, const struct checkpoint *checkpoint, struct nnrpc_status *out_status) {
    char path[PATH_MAX];
    enum nnrpc_code code = files_path(folder, FILES_DATA, path, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    NNRPC_CLEANUP(files_closep) int descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) {
        return files_fail(out_status, "open", path);
    }
    code = files_write_at(
        descriptor, checkpoint->head.data, checkpoint->head.size, 0, path, out_status);
    if (code == NNRPC_OK && fdatasync(descriptor) != 0) {
        code = files_fail(out_status, "sync", path);
    }
    return code;
}
