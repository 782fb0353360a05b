/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the standard streams are connected to.
 */
#ifndef CTL_TERMINAL_H
#define CTL_TERMINAL_H

#include <stddef.h>
#include <stdio.h>

/**
 * Width of the terminal that a stream writes to: COLUMNS if it is set, else what the terminal says,
 * else 80. 0 when the stream is no terminal.
 */
size_t ctl_terminal_width(FILE *stream);

#endif
