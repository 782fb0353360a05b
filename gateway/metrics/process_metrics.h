/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel says of this process, by the usual names (process_...).
 */
#ifndef GATEWAY_PROCESS_METRICS_H
#define GATEWAY_PROCESS_METRICS_H

#include <stdint.h>

#include "nnrpc/buffer.h"

/** Appends the families; what the kernel does not tell is left out. Reads /proc: takes up to a
 *  millisecond with thousands of descriptors. Any thread. */
void process_metrics_write(struct nnrpc_buffer *out, uint64_t start_time_ns);

#endif
