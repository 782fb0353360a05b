/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stats calls: the calls under way and the slowest recent ones.
 */
#ifndef CTL_STATS_CALLS_H
#define CTL_STATS_CALLS_H

#include "exit_code.h"

struct ctl_context;

/** Shows the calls that the flags ask for. */
enum ctl_exit ctl_stats_calls(struct ctl_context *context);

#endif
