/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nnrpcurl: any nnrpc server from the command line.
 */
#include "nnrpc/base.h"
#include "verb.h"

/* One verb a block. */
/* clang-format off */
static const struct ctl_verb VERBS[] = {
    {.name = "methods", .summary = "List the methods of the server's services",
     .details = ctl_methods_details,
     .arguments = {{.name = "SERVICE", .asks = "@services", .is_optional = true}},
     .flags = {ctl_methods_flags, ctl_proto_set_flags}, .run = ctl_methods},
    {.name = "describe", .summary = "Show a service, method, message or enum as its .proto has it",
     .details = ctl_describe_details,
     .arguments = {{.name = "NAME", .asks = "@methods", .is_optional = true}},
     .flags = {ctl_proto_set_flags}, .run = ctl_describe},
    {.name = "call", .summary = "Call any method of the server with JSON",
     .details = ctl_call_details,
     .arguments = {{.name = "METHOD", .asks = "@methods"}, {.name = "JSON", .is_optional = true}},
     .flags = {ctl_call_flags, ctl_proto_set_flags}, .run = ctl_call},
    {.name = "health", .summary = "Say whether the server, or one service, takes calls",
     .details = ctl_health_details,
     .arguments = {{.name = "SERVICE", .asks = "@services", .is_optional = true}},
     .run = ctl_health},
    {.name = "stats", .summary = "Show the server's counters, latencies and gauges",
     .details = ctl_stats_details,
     .arguments = {{.name = "WHAT", .choices = "calls", .is_optional = true}},
     .flags = {ctl_stats_flags}, .run = ctl_stats},
    {.name = "completion", .summary = "Print the completion script of a shell",
     .details = ctl_completion_details,
     .arguments = {{.name = "SHELL", .choices = "bash zsh"}}, .run = ctl_completion},
};
/* clang-format on */

static const struct ctl_program PROGRAM = {
    .name = "nnrpcurl",
    .version = NNRPC_VERSION,
    .about = "Calls any nnrpc server that describes itself.",
    .variables = "NNRPC_",
    .verbs = VERBS,
    .verb_count = NNRPC_LENGTH(VERBS),
};

int main(int argc, char **argv) {
    return ctl_main(&PROGRAM, argc, argv);
}
