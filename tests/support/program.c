/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs under test.
 */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "nnrpc/base.h"

#define RUN_LIMIT_MS 60000
#define NOBODY 65534
#define EXIT_NOT_STARTED 127
#define SIGNAL_EXIT_BASE 128

uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void sleep_ms(uint32_t duration_ms) {
    struct timespec duration = {
        .tv_sec = duration_ms / 1000, .tv_nsec = (long)(duration_ms % 1000) * 1000000};
    while (nanosleep(&duration, &duration) != 0 && errno == EINTR) {
    }
}

size_t count_lines(const char *text) {
    size_t count = 0;
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        count += text[i] == '\n';
    }
    return count + (length > 0 && text[length - 1] != '\n');
}

/* Between fork and exec: nothing here may allocate. */
static void __attribute__((noreturn)) become(
    const char *const *arguments, const struct program_options *options, int output, int errors) {
    sigset_t none;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    dup2(output, STDOUT_FILENO);
    dup2(errors, STDERR_FILENO);
    bool ready = options->folder == NULL || chdir(options->folder) == 0;
    if (ready && options->unprivileged && geteuid() == 0) {
        ready = setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0;
    }
    if (ready) {
        execv(arguments[0], (char *const *)arguments);
    }
    static const char message[] = "the program under test could not be started\n";
    if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0) {
        _exit(EXIT_NOT_STARTED);
    }
    _exit(EXIT_NOT_STARTED);
}

static void __attribute__((noreturn)) give_up(const char *what) {
    perror(what);
    abort();
}

/* Reads what has come; false at the end of the stream. */
static bool drain(int descriptor, char *text, size_t *size) {
    char overflow[1024];
    bool full = *size + 1 >= PROGRAM_OUTPUT_BYTES;
    ssize_t got = full ? read(descriptor, overflow, sizeof(overflow))
                       : read(descriptor, text + *size, PROGRAM_OUTPUT_BYTES - 1 - *size);
    if (got <= 0) {
        return false;
    }
    *size += full ? 0 : (size_t)got;
    text[*size] = '\0';
    return true;
}

static void collect(int output, int errors, struct program_result *result) {
    struct pollfd streams[2] = {{.fd = output, .events = POLLIN}, {.fd = errors, .events = POLLIN}};
    char *texts[2] = {result->output, result->errors};
    size_t sizes[2] = {0, 0};
    uint64_t end_ms = now_ms() + RUN_LIMIT_MS;
    while ((streams[0].fd >= 0 || streams[1].fd >= 0) && now_ms() < end_ms) {
        poll(streams, NNRPC_LENGTH(streams), 100);
        for (size_t i = 0; i < NNRPC_LENGTH(streams); i++) {
            bool ready = streams[i].fd >= 0 && streams[i].revents != 0;
            if (ready && !drain(streams[i].fd, texts[i], &sizes[i])) {
                streams[i].fd = -1;
            }
        }
    }
}

void program_run(
    const char *const *arguments, const struct program_options *options,
    struct program_result *out_result) {
    static const struct program_options defaults = {0};
    int output[2];
    int errors[2];
    memset(out_result, 0, sizeof(*out_result));
    if (pipe2(output, O_CLOEXEC) != 0 || pipe2(errors, O_CLOEXEC) != 0) {
        give_up("pipe2");
    }
    pid_t pid = fork();
    if (pid < 0) {
        give_up("fork");
    }
    if (pid == 0) {
        become(arguments, options != NULL ? options : &defaults, output[1], errors[1]);
    }
    close(output[1]);
    close(errors[1]);
    collect(output[0], errors[0], out_result);
    close(output[0]);
    close(errors[0]);
    out_result->exit_code = program_wait(pid, RUN_LIMIT_MS);
    if (out_result->exit_code < 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
}

pid_t program_start(const char *const *arguments, const char *log_path) {
    static const struct program_options defaults = {0};
    int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log < 0) {
        give_up(log_path);
    }
    pid_t pid = fork();
    if (pid < 0) {
        give_up("fork");
    }
    if (pid == 0) {
        become(arguments, &defaults, log, log);
    }
    close(log);
    return pid;
}

int program_wait(pid_t pid, uint32_t timeout_ms) {
    uint64_t end_ms = now_ms() + timeout_ms;
    for (;;) {
        int status = 0;
        pid_t ended = waitpid(pid, &status, WNOHANG);
        if (ended == pid) {
            return WIFEXITED(status) ? WEXITSTATUS(status) : SIGNAL_EXIT_BASE + WTERMSIG(status);
        }
        if (ended < 0 || now_ms() >= end_ms) {
            return -1;
        }
        sleep_ms(2);
    }
}
