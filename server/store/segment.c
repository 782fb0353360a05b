/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A segment of the log.
 *
 * File: a head of SEGMENT_HEAD_BYTES (magic, store id, epoch, number, checksum; the rest is zero)
 * and entries, each at a multiple of eight: magic, kind, size of the records, 0 (numbers of four
 * bytes), sequence, revision (of eight), checksum, records. Numbers are big-endian.
 */
#include "segment.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "faults.h"
#include "files.h"
#include "keys.h"
#include "nnrpc/crypto.h"

#define FILE_MODE 0600
#define ZERO_BYTES (1 << 16)
#define ALIGNMENT 8
#define DISK_LEFT_BYTES (UINT64_C(4) << 20)

#define MAGIC "contacts log 1\n"
#define MAGIC_BYTES 16
#define CHECKSUM_BYTES 16
#define HEAD_AT_STORE_ID MAGIC_BYTES
#define HEAD_AT_EPOCH (HEAD_AT_STORE_ID + META_STORE_ID_BYTES)
#define HEAD_AT_NUMBER (HEAD_AT_EPOCH + KEY_NUMBER_BYTES)
#define HEAD_AT_CHECKSUM (HEAD_AT_NUMBER + KEY_NUMBER_BYTES)

#define ENTRY_MAGIC UINT32_C(0xC0A7AC75)
#define ENTRY_AT_KIND 4
#define ENTRY_AT_SIZE 8
#define ENTRY_AT_SEQUENCE 16
#define ENTRY_AT_REVISION 24
#define ENTRY_AT_CHECKSUM 32

_Static_assert(
    ENTRY_AT_CHECKSUM + CHECKSUM_BYTES == SEGMENT_ENTRY_HEAD_BYTES, "the parts are the whole");

/* --- Names and numbers -------------------------------------------------------------------- */

void segment_name(uint64_t number, char out_name[SEGMENT_NAME_BYTES]) {
    snprintf(out_name, SEGMENT_NAME_BYTES, SEGMENT_NAME_PREFIX "%016" PRIx64, number);
}

bool segment_name_read(const char *name, uint64_t *out_number) {
    char again[SEGMENT_NAME_BYTES];
    uint64_t number = 0;
    if (sscanf(name, SEGMENT_NAME_PREFIX "%16" SCNx64, &number) != 1) {
        return false;
    }
    segment_name(number, again);
    if (strcmp(name, again) != 0) {
        return false;
    }
    *out_number = number;
    return true;
}

static uint32_t read_u32(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
           (uint32_t)bytes[3];
}

static void write_u32(uint8_t *bytes, uint32_t number) {
    for (int i = 3; i >= 0; i--) {
        bytes[i] = (uint8_t)number;
        number >>= 8;
    }
}

static enum nnrpc_code path_of(
    const char *folder, uint64_t number, char out_path[PATH_MAX], struct nnrpc_status *out_status) {
    char name[SEGMENT_NAME_BYTES];
    segment_name(number, name);
    return files_path(folder, name, out_path, out_status);
}

/* --- Checksums ---------------------------------------------------------------------------- */

static void sum_head(const uint8_t *head, uint8_t out_checksum[CHECKSUM_BYTES]) {
    uint8_t digest[NNRPC_DIGEST_BYTES];
    nnrpc_digest(head, HEAD_AT_CHECKSUM, digest);
    memcpy(out_checksum, digest, CHECKSUM_BYTES);
}

static void make_head(
    const struct segment_identity *identity, uint64_t number, uint8_t head[SEGMENT_HEAD_BYTES]) {
    memset(head, 0, SEGMENT_HEAD_BYTES);
    memcpy(head, MAGIC, sizeof(MAGIC));
    memcpy(head + HEAD_AT_STORE_ID, identity->store_id, META_STORE_ID_BYTES);
    number_write(head + HEAD_AT_EPOCH, identity->epoch);
    number_write(head + HEAD_AT_NUMBER, number);
    sum_head(head, head + HEAD_AT_CHECKSUM);
}

static void sum_entry(
    const struct segment_identity *identity, uint64_t number, const uint8_t *entry,
    size_t records_size, uint8_t out_checksum[CHECKSUM_BYTES]) {
    uint8_t digest[NNRPC_DIGEST_BYTES];
    uint8_t numbers[2 * KEY_NUMBER_BYTES];
    struct nnrpc_digest_state state;
    number_write(numbers, identity->epoch);
    number_write(numbers + KEY_NUMBER_BYTES, number);
    nnrpc_digest_begin(&state);
    nnrpc_digest_update(&state, identity->store_id, META_STORE_ID_BYTES);
    nnrpc_digest_update(&state, numbers, sizeof(numbers));
    nnrpc_digest_update(&state, entry, ENTRY_AT_CHECKSUM);
    nnrpc_digest_update(&state, entry + SEGMENT_ENTRY_HEAD_BYTES, records_size);
    nnrpc_digest_end(&state, digest);
    memcpy(out_checksum, digest, CHECKSUM_BYTES);
}

static size_t round_up(size_t size) {
    return (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

/* --- Making ------------------------------------------------------------------------------- */

/* A segment that does not fit is not begun, so that it does not take what others need meanwhile. */
static enum nnrpc_code check_room(
    int descriptor, uint64_t size_bytes, const char *path, struct nnrpc_status *out_status) {
    struct statvfs disk;
    if (fstatvfs(descriptor, &disk) == 0 &&
        (uint64_t)disk.f_bavail * disk.f_frsize < size_bytes + DISK_LEFT_BYTES) {
        errno = ENOSPC;
        return files_fail(out_status, "make", path);
    }
    return NNRPC_OK;
}

static enum nnrpc_code fill_with_zeros(
    int descriptor, uint64_t size_bytes, const char *path, struct nnrpc_status *out_status) {
    static const uint8_t zeros[ZERO_BYTES];
    enum nnrpc_code code = check_room(descriptor, size_bytes, path, out_status);
    for (uint64_t at = 0; code == NNRPC_OK && at < size_bytes; at += ZERO_BYTES) {
        uint64_t left = size_bytes - at;
        code = files_write_at(
            descriptor, zeros, left < ZERO_BYTES ? (size_t)left : ZERO_BYTES, at, path, out_status);
    }
    return code;
}

static enum nnrpc_code finish_file(
    const char *folder, const char *path, struct segment *segment,
    struct nnrpc_status *out_status) {
    uint8_t head[SEGMENT_HEAD_BYTES];
    make_head(&segment->identity, segment->number, head);
    enum nnrpc_code code =
        files_write_at(segment->descriptor, head, sizeof(head), 0, path, out_status);
    if (code == NNRPC_OK && fsync(segment->descriptor) != 0) {
        code = files_fail(out_status, "sync", path);
    }
    return code == NNRPC_OK ? files_sync_folder(folder, out_status) : code;
}

enum nnrpc_code segment_make(
    const char *folder, const struct segment_identity *identity, uint64_t number,
    uint64_t size_bytes, struct segment *out_segment, struct nnrpc_status *out_status) {
    char path[PATH_MAX];
    enum nnrpc_code code = path_of(folder, number, path, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    NNRPC_CLEANUP(files_closep)
    int descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (descriptor < 0) {
        return files_fail(out_status, "create", path);
    }
    struct segment segment = {
        .descriptor = descriptor,
        .identity = *identity,
        .number = number,
        .size_bytes = size_bytes,
        .end = SEGMENT_HEAD_BYTES,
    };
    code = fill_with_zeros(descriptor, size_bytes, path, out_status);
    if (code == NNRPC_OK) {
        code = finish_file(folder, path, &segment, out_status);
    }
    if (code != NNRPC_OK) {
        unlink(path);
        return code;
    }
    descriptor = -1;
    *out_segment = segment;
    return NNRPC_OK;
}

enum nnrpc_code segment_recycle(
    const char *folder, uint64_t old_number, const struct segment_identity *identity,
    uint64_t number, struct segment *out_segment, struct nnrpc_status *out_status) {
    char old_path[PATH_MAX];
    char path[PATH_MAX];
    struct stat file;
    enum nnrpc_code code = path_of(folder, old_number, old_path, out_status);
    if (code == NNRPC_OK) {
        code = path_of(folder, number, path, out_status);
    }
    if (code != NNRPC_OK) {
        return code;
    }
    NNRPC_CLEANUP(files_closep) int descriptor = open(old_path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0 || fstat(descriptor, &file) != 0) {
        return files_fail(out_status, "open", old_path);
    }
    struct segment segment = {
        .descriptor = descriptor,
        .identity = *identity,
        .number = number,
        .size_bytes = (uint64_t)file.st_size,
        .end = SEGMENT_HEAD_BYTES,
    };
    /* Its blocks are about to be written in parts: to have them in memory spares reading each. */
    posix_fadvise(descriptor, 0, 0, POSIX_FADV_WILLNEED);
    if (rename(old_path, path) != 0) {
        return files_fail(out_status, "rename", old_path);
    }
    code = finish_file(folder, path, &segment, out_status);
    if (code != NNRPC_OK) {
        unlink(path);
        return code;
    }
    descriptor = -1;
    *out_segment = segment;
    return NNRPC_OK;
}

void segment_close(struct segment *segment) {
    files_closep(&segment->descriptor);
}

/* --- Writing ------------------------------------------------------------------------------ */

bool segment_has_room(const struct segment *segment, size_t records_size) {
    return segment->end <= segment->size_bytes &&
           segment->size_bytes - segment->end >= SEGMENT_ENTRY_HEAD_BYTES + records_size;
}

enum nnrpc_code segment_write(
    struct segment *segment, const struct segment_entry *entry, struct nnrpc_buffer *bytes,
    struct nnrpc_status *out_status) {
    char name[SEGMENT_NAME_BYTES];
    size_t records_size = bytes->size - SEGMENT_ENTRY_HEAD_BYTES;
    uint8_t *head = bytes->data;
    memset(head, 0, SEGMENT_ENTRY_HEAD_BYTES);
    write_u32(head, ENTRY_MAGIC);
    write_u32(head + ENTRY_AT_KIND, (uint32_t)entry->kind);
    write_u32(head + ENTRY_AT_SIZE, (uint32_t)records_size);
    number_write(head + ENTRY_AT_SEQUENCE, entry->sequence);
    number_write(head + ENTRY_AT_REVISION, entry->revision);
    sum_entry(&segment->identity, segment->number, head, records_size, head + ENTRY_AT_CHECKSUM);
    segment_name(segment->number, name);
    enum nnrpc_code code =
        files_write_at(segment->descriptor, head, bytes->size, segment->end, name, out_status);
    if (code == NNRPC_OK) {
        segment->end += round_up(bytes->size);
    }
    return code;
}

enum nnrpc_code segment_sync(const struct segment *segment, struct nnrpc_status *out_status) {
    char name[SEGMENT_NAME_BYTES];
    if (fdatasync(segment->descriptor) == 0) {
        return NNRPC_OK;
    }
    segment_name(segment->number, name);
    return files_fail(out_status, "sync", name);
}

/* --- Reading ------------------------------------------------------------------------------ */

/* Whether a head was written whole. A crash leaves one that was not, in a segment without entries.
 */
static bool head_is_whole(const struct nnrpc_buffer *bytes) {
    uint8_t checksum[CHECKSUM_BYTES];
    if (bytes->size < SEGMENT_HEAD_BYTES) {
        return false;
    }
    sum_head(bytes->data, checksum);
    return memcmp(bytes->data + HEAD_AT_CHECKSUM, checksum, CHECKSUM_BYTES) == 0;
}

static enum nnrpc_code check_head(
    const struct segment_reader *reader, const char *path, struct nnrpc_status *out_status) {
    const uint8_t *head = reader->bytes.data;
    uint64_t epoch = number_read(head + HEAD_AT_EPOCH);
    if (memcmp(head, MAGIC, sizeof(MAGIC)) != 0) {
        return nnrpc_fail(
            out_status, NNRPC_FAILED_PRECONDITION, STORE_DOMAIN, STORE_REASON(STORE_FAILED),
            "%s has a form that this program does not know: use the version that wrote it", path);
    }
    if (memcmp(head + HEAD_AT_STORE_ID, reader->identity.store_id, META_STORE_ID_BYTES) != 0 ||
        epoch != reader->identity.epoch) {
        return nnrpc_fail(
            out_status, NNRPC_FAILED_PRECONDITION, STORE_DOMAIN, STORE_REASON(STORE_FAILED),
            "%s is of another store or epoch (%" PRIu64 "): data file and log do not belong "
            "together",
            path, epoch);
    }
    return NNRPC_OK;
}

enum nnrpc_code segment_reader_open(
    const char *folder, const struct segment_identity *identity, uint64_t number,
    struct segment_reader *out_reader, struct nnrpc_status *out_status) {
    char path[PATH_MAX];
    struct segment_reader reader = {
        .identity = *identity, .number = number, .at = SEGMENT_HEAD_BYTES};
    enum nnrpc_code code = path_of(folder, number, path, out_status);
    if (code == NNRPC_OK) {
        code = files_read(path, &reader.bytes, out_status);
    }
    if (code == NNRPC_OK && head_is_whole(&reader.bytes)) {
        code = check_head(&reader, path, out_status);
    } else {
        nnrpc_buffer_clear(&reader.bytes);
    }
    if (code != NNRPC_OK) {
        segment_reader_deinit(&reader);
        return code;
    }
    *out_reader = reader;
    return NNRPC_OK;
}

void segment_reader_deinit(struct segment_reader *reader) {
    nnrpc_buffer_deinit(&reader->bytes);
}

static bool read_entry(
    const struct segment_reader *reader, size_t at, struct segment_entry *out_entry) {
    uint8_t checksum[CHECKSUM_BYTES];
    size_t room = reader->bytes.size > at ? reader->bytes.size - at : 0;
    if (room < SEGMENT_ENTRY_HEAD_BYTES) {
        return false;
    }
    const uint8_t *head = reader->bytes.data + at;
    size_t records_size = read_u32(head + ENTRY_AT_SIZE);
    uint32_t kind = read_u32(head + ENTRY_AT_KIND);
    if (read_u32(head) != ENTRY_MAGIC || records_size > room - SEGMENT_ENTRY_HEAD_BYTES ||
        (kind != SEGMENT_GROUP && kind != SEGMENT_ANNUL)) {
        return false;
    }
    sum_entry(&reader->identity, reader->number, head, records_size, checksum);
    if (memcmp(head + ENTRY_AT_CHECKSUM, checksum, CHECKSUM_BYTES) != 0) {
        return false;
    }
    *out_entry = (struct segment_entry){
        .kind = (enum segment_entry_kind)kind,
        .sequence = number_read(head + ENTRY_AT_SEQUENCE),
        .revision = number_read(head + ENTRY_AT_REVISION),
        .records = {.data = head + SEGMENT_ENTRY_HEAD_BYTES, .size = records_size},
    };
    return true;
}

bool segment_reader_next(struct segment_reader *reader, struct segment_entry *out_entry) {
    if (!read_entry(reader, reader->at, out_entry)) {
        return false;
    }
    reader->at += round_up(SEGMENT_ENTRY_HEAD_BYTES + out_entry->records.size);
    return true;
}

bool segment_reader_has_stray(const struct segment_reader *reader) {
    struct segment_entry unused;
    for (size_t at = reader->at; at < reader->bytes.size; at += ALIGNMENT) {
        if (read_entry(reader, at, &unused)) {
            return true;
        }
    }
    return false;
}
