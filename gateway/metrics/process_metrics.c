/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads /proc/self, which is there on Linux alone.
 */
#include "process_metrics.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "exposition.h"

#define NS_PER_US 1000u
#define US_PER_SECOND 1000000u

static const struct exposition_labels NO_LABELS;

static void write_gauge(
    struct nnrpc_buffer *out, const char *name, const char *help, uint64_t value) {
    exposition_family(out, name, EXPOSITION_GAUGE, help);
    exposition_integer(out, name, NO_LABELS, value);
}

static uint64_t time_ns(struct timeval time) {
    return ((uint64_t)time.tv_sec * US_PER_SECOND + (uint64_t)time.tv_usec) * NS_PER_US;
}

static void write_cpu(struct nnrpc_buffer *out) {
    const char *name = "process_cpu_seconds_total";
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        exposition_family(
            out, name, EXPOSITION_COUNTER, "CPU time of the process, user and system.");
        exposition_seconds(out, name, NO_LABELS, time_ns(usage.ru_utime) + time_ns(usage.ru_stime));
    }
}

static void write_memory(struct nnrpc_buffer *out) {
    uint64_t virtual_pages = 0;
    uint64_t resident_pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL) {
        return;
    }
    int found = fscanf(file, "%" SCNu64 " %" SCNu64, &virtual_pages, &resident_pages);
    fclose(file);
    if (found == 2) {
        uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
        write_gauge(
            out, "process_virtual_memory_bytes", "Address space of the process.",
            virtual_pages * page_bytes);
        write_gauge(
            out, "process_resident_memory_bytes", "Memory of the process that is in RAM.",
            resident_pages * page_bytes);
    }
}

static void write_descriptors(struct nnrpc_buffer *out) {
    struct rlimit limit;
    DIR *folder = opendir("/proc/self/fd");
    if (folder != NULL) {
        uint64_t count = 0;
        for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
            count += entry->d_name[0] != '.';
        }
        closedir(folder);
        /* One of them was the folder's own. */
        write_gauge(out, "process_open_fds", "Open file descriptors.", count - 1);
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        write_gauge(
            out, "process_max_fds", "Most file descriptors that may be open.", limit.rlim_cur);
    }
}

void process_metrics_write(struct nnrpc_buffer *out, uint64_t start_time_ns) {
    const char *name = "process_start_time_seconds";
    exposition_family(
        out, name, EXPOSITION_GAUGE, "When the process started, in seconds since the epoch.");
    exposition_seconds(out, name, NO_LABELS, start_time_ns);
    write_cpu(out);
    write_memory(out);
    write_descriptors(out);
}
