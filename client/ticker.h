/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shows that one long call is still going on: its name and the time it has taken, on standard error
 * when that is a terminal.
 */
#ifndef CTL_TICKER_H
#define CTL_TICKER_H

#include "context.h"

struct ctl_ticker;

/** Starts showing; NULL when nothing is to be shown. */
struct ctl_ticker *ctl_ticker_start(const struct ctl_context *context, const char *what);

/** Ends and wipes the line. NULL is fine. */
void ctl_ticker_stop(struct ctl_ticker *ticker);

#endif
