/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that are taken before anything is generated: functions of the C library (POSIX, and what
 * glibc adds) whose names a service and its method could spell, macros of its headers, and what
 * libnnrpc defines.
 */
#include "reserved.h"

#include <string.h>

#include "names.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const char *const functions[] = {
    "aio_cancel",
    "aio_error",
    "aio_fsync",
    "aio_init",
    "aio_read",
    "aio_return",
    "aio_suspend",
    "aio_write",
    "aligned_alloc",
    "call_once",
    "clock_adjtime",
    "clock_getcpuclockid",
    "clock_getres",
    "clock_gettime",
    "clock_nanosleep",
    "clock_settime",
    "close_range",
    "cnd_broadcast",
    "cnd_destroy",
    "cnd_init",
    "cnd_signal",
    "cnd_timedwait",
    "cnd_wait",
    "create_module",
    "delete_module",
    "dn_comp",
    "dn_expand",
    "dn_skipname",
    "epoll_create",
    "epoll_ctl",
    "epoll_pwait",
    "epoll_wait",
    "error_at_line",
    "group_member",
    "iconv_close",
    "iconv_open",
    "if_freenameindex",
    "if_indextoname",
    "if_nameindex",
    "if_nametoindex",
    "inet_addr",
    "inet_aton",
    "inet_lnaof",
    "inet_makeaddr",
    "inet_netof",
    "inet_network",
    "inet_ntoa",
    "inet_ntop",
    "inet_pton",
    "init_module",
    "lio_listio",
    "login_tty",
    "memfd_create",
    "modify_ldt",
    "move_mount",
    "mount_setattr",
    "mq_close",
    "mq_getattr",
    "mq_notify",
    "mq_open",
    "mq_receive",
    "mq_send",
    "mq_setattr",
    "mq_timedreceive",
    "mq_timedsend",
    "mq_unlink",
    "mtx_destroy",
    "mtx_init",
    "mtx_lock",
    "mtx_timedlock",
    "mtx_trylock",
    "mtx_unlock",
    "nl_langinfo",
    "on_exit",
    "open_memstream",
    "open_tree",
    "open_wmemstream",
    "pidfd_getfd",
    "pidfd_open",
    "pivot_root",
    "pkey_alloc",
    "pkey_free",
    "pkey_get",
    "pkey_mprotect",
    "pkey_set",
    "process_madvise",
    "process_mrelease",
    "query_module",
    "quick_exit",
    "re_comp",
    "re_exec",
    "re_match",
    "re_search",
    "res_init",
    "res_query",
    "res_search",
    "res_send",
    "sched_getaffinity",
    "sched_getcpu",
    "sched_getparam",
    "sched_getscheduler",
    "sched_setaffinity",
    "sched_setparam",
    "sched_setscheduler",
    "sched_yield",
    "secure_getenv",
    "sem_close",
    "sem_clockwait",
    "sem_destroy",
    "sem_getvalue",
    "sem_init",
    "sem_open",
    "sem_post",
    "sem_timedwait",
    "sem_trywait",
    "sem_unlink",
    "sem_wait",
    "shm_open",
    "shm_unlink",
    "thrd_create",
    "thrd_current",
    "thrd_detach",
    "thrd_equal",
    "thrd_exit",
    "thrd_join",
    "thrd_sleep",
    "thrd_yield",
    "timer_create",
    "timer_delete",
    "timer_getoverrun",
    "timer_gettime",
    "timer_settime",
    "timerfd_create",
    "timerfd_gettime",
    "timerfd_settime",
    "timespec_get",
    "timespec_getres",
    "tss_create",
    "tss_delete",
    "tss_get",
    "tss_set"};

static const char *const macros[] = {
    "ARG_MAX",        "CHAR_BIT",     "CHAR_MAX",   "CHAR_MIN",  "CHILD_MAX",     "CLOCK_MONOTONIC",
    "CLOCK_REALTIME", "DBL_DIG",      "DBL_MAX",    "DBL_MIN",   "EXIT_FAILURE",  "EXIT_SUCCESS",
    "FILENAME_MAX",   "FLT_DIG",      "FLT_MAX",    "FLT_MIN",   "FOPEN_MAX",     "INT_MAX",
    "INT_MIN",        "INT8_MAX",     "INT8_MIN",   "INT16_MAX", "INT16_MIN",     "INT32_MAX",
    "INT32_MIN",      "INT64_MAX",    "INT64_MIN",  "IOV_MAX",   "LINE_MAX",      "LINK_MAX",
    "LLONG_MAX",      "LLONG_MIN",    "LONG_BIT",   "LONG_MAX",  "LONG_MIN",      "NAME_MAX",
    "NGROUPS_MAX",    "OPEN_MAX",     "PATH_MAX",   "PIPE_BUF",  "PTRDIFF_MAX",   "PTRDIFF_MIN",
    "RAND_MAX",       "SCHAR_MAX",    "SCHAR_MIN",  "SEEK_CUR",  "SEEK_END",      "SEEK_SET",
    "SHRT_MAX",       "SHRT_MIN",     "SIZE_MAX",   "SSIZE_MAX", "TIMER_ABSTIME", "TIME_UTC",
    "TMP_MAX",        "TTY_NAME_MAX", "UCHAR_MAX",  "UINT_MAX",  "UINT8_MAX",     "UINT16_MAX",
    "UINT32_MAX",     "UINT64_MAX",   "ULLONG_MAX", "ULONG_MAX", "USHRT_MAX",     "WCHAR_MAX",
    "WCHAR_MIN",      "WINT_MAX",     "WINT_MIN",   "WORD_BIT"};

/* The services that libnnrpc has: their functions are in every program. */
static const char *const own_services[] = {
    "control_service", "health_service", "reflection_service", "stats_service"};

static bool gen_begins_with(const char *name, const char *start) {
    return strncmp(name, start, strlen(start)) == 0;
}

const char *gen_service_reserved_by(
    const struct gen_file *file, const struct gen_service *service) {
    if (strcmp(file->package, "nnrpc.v1") == 0) {
        return NULL;
    }
    bool is_own = gen_is_listed(service->function, own_services, COUNT(own_services));
    return is_own || gen_begins_with(service->function, "nnrpc_") ? "libnnrpc" : NULL;
}

const char *gen_method_reserved_by(const struct gen_method *method) {
    bool is_taken = gen_is_listed(method->function, functions, COUNT(functions)) ||
                    gen_is_listed(method->constant, macros, COUNT(macros)) ||
                    gen_begins_with(method->function, "posix_") ||
                    gen_begins_with(method->function, "pthread_");
    return is_taken ? "the C library" : NULL;
}
