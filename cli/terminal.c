/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Terminal or not, and how wide.
 */
#include "terminal.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define USUAL_WIDTH 80
#define GREATEST_WIDTH 10000

size_t ctl_terminal_width(FILE *stream) {
    int descriptor = fileno(stream);
    if (!isatty(descriptor)) {
        return 0;
    }
    const char *columns = getenv("COLUMNS");
    long given = columns != NULL ? strtol(columns, NULL, 10) : 0;
    if (given > 0 && given <= GREATEST_WIDTH) {
        return (size_t)given;
    }
    struct winsize size = {0};
    if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col;
    }
    return USUAL_WIDTH;
}
