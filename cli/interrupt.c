/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals are only noted in the handler. System calls are not restarted, so that a read from a
 * quiet pipe ends too.
 */
#include "interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <time.h>

static volatile sig_atomic_t signal_came;

static void note_signal(int number) {
    (void)number;
    signal_came = 1;
}

void ctl_interrupt_catch(void) {
    /* SA_RESETHAND: the second signal does what it does by default. */
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool ctl_interrupted(void) {
    return signal_came != 0;
}

void ctl_interrupt_sleep(uint32_t ms) {
    struct timespec duration = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    if (!ctl_interrupted()) {
        nanosleep(&duration, NULL);
    }
}
