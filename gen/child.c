/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child process between a temporary file, from which it reads, and a pipe, to which it writes: so
 * nobody waits for the other.
 */
#include "child.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "request.h"

extern char **environ;

static void gen_close_stream(FILE **stream) {
    if (*stream != NULL) {
        (void)fclose(*stream);
    }
}

static void gen_destroy_actions(posix_spawn_file_actions_t **actions) {
    if (*actions != NULL) {
        (void)posix_spawn_file_actions_destroy(*actions);
    }
}

/* An unnamed file that holds the bytes, read from its start; NULL with errno. */
static FILE *gen_input_file(struct gen_bytes input) {
    FILE *file = tmpfile();
    if (file == NULL) {
        return NULL;
    }
    bool is_written = fwrite(input.data, 1, input.size, file) == input.size && fflush(file) == 0;
    if (!is_written || lseek(fileno(file), 0, SEEK_SET) != 0) {
        (void)fclose(file);
        return NULL;
    }
    return file;
}

/* Starts the child; returns 0 or an error number. */
static int gen_spawn(const char *program, int input, const int pipe_ends[2], pid_t *out_child) {
    posix_spawn_file_actions_t actions;
    int problem = posix_spawn_file_actions_init(&actions);
    if (problem != 0) {
        return problem;
    }
    posix_spawn_file_actions_t *owned GEN_CLEANUP(gen_destroy_actions) = &actions;
    char name[4096];
    if (strlen(program) >= sizeof(name)) {
        return ENAMETOOLONG;
    }
    (void)strcpy(name, program);
    char *arguments[] = {name, NULL};
    problem = posix_spawn_file_actions_adddup2(owned, input, STDIN_FILENO);
    problem = problem != 0 ? problem
                           : posix_spawn_file_actions_adddup2(owned, pipe_ends[1], STDOUT_FILENO);
    problem = problem != 0 ? problem : posix_spawn_file_actions_addclose(owned, pipe_ends[0]);
    problem = problem != 0 ? problem : posix_spawn_file_actions_addclose(owned, pipe_ends[1]);
    return problem != 0 ? problem
                        : posix_spawnp(out_child, program, owned, NULL, arguments, environ);
}

/* Waits for the child's end; says what was wrong with it, or NULL. */
static const char *gen_wait(struct gen_memory *memory, const char *program, pid_t child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return gen_format(memory, "%s cannot be waited for: %s", program, strerror(errno));
        }
    }
    if (WIFSIGNALED(status)) {
        return gen_format(memory, "%s ended by signal %d", program, WTERMSIG(status));
    }
    return WEXITSTATUS(status) == 0
               ? NULL
               : gen_format(memory, "%s failed with status %d", program, WEXITSTATUS(status));
}

const char *gen_child_run(
    struct gen_memory *memory, const char *program, struct gen_bytes input,
    struct gen_text *out_output) {
    FILE *file GEN_CLEANUP(gen_close_stream) = gen_input_file(input);
    int ends[2];
    if (file == NULL || pipe(ends) != 0) {
        return gen_format(memory, "%s cannot be given its input: %s", program, strerror(errno));
    }
    pid_t child = 0;
    int problem = gen_spawn(program, fileno(file), ends, &child);
    (void)close(ends[1]);
    FILE *output GEN_CLEANUP(gen_close_stream) = fdopen(ends[0], "r");
    if (output == NULL) {
        (void)close(ends[0]);
    }
    if (problem != 0) {
        return gen_format(memory, "%s cannot be run: %s", program, strerror(problem));
    }
    const char *reading = output == NULL ? "its output cannot be read"
                                         : gen_read_all(output, "its output", out_output);
    const char *ending = gen_wait(memory, program, child);
    if (ending != NULL || reading == NULL) {
        return ending;
    }
    return gen_format(memory, "%s: %s", program, reading);
}
