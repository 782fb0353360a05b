/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ctrl-C and SIGTERM: the first asks the verb to end cleanly, the second ends the program.
 */
#ifndef CTL_INTERRUPT_H
#define CTL_INTERRUPT_H

#include <stdbool.h>
#include <stdint.h>

/** From now on signals are noted instead of ending the program. */
void ctl_interrupt_catch(void);

/** Whether a signal came. */
bool ctl_interrupted(void);

/** Sleeps, but not longer than until a signal comes. */
void ctl_interrupt_sleep(uint32_t ms);

#endif
