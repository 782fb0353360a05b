/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From gRPC's codes to exit codes: one place, so that every verb means the same by a number.
 */
#include "exit_code.h"

const struct ctl_exit_description ctl_exit_descriptions[] = {
    {CTL_OK, "done"},
    {CTL_FAILED, "failed otherwise: the server's or the client's own error, reading, writing"},
    {CTL_USAGE, "the command line, the environment or a file named there is wrong"},
    {CTL_NOT_FOUND, "what was named is not there"},
    {CTL_CONFLICT, "the state forbids it: already there, an etag that differs, a precondition"},
    {CTL_UNAVAILABLE, "no answer: unreachable, too busy, out of room or out of time; try again"},
    {CTL_DENIED, "no token, a wrong one, or one whose role may not do this"},
    {CTL_INCOMPLETE, "it came to the end, but some of the lines or calls failed"},
    {CTL_REFUSED, "the server refused the values that were sent"},
    {CTL_ANSWER_NO, "the answer is no: a wrong password, a server that takes no calls"},
    {CTL_INTERRUPTED, "interrupted by Ctrl-C or SIGTERM"},
};
const size_t ctl_exit_description_count = NNRPC_LENGTH(ctl_exit_descriptions);

enum ctl_exit ctl_exit_of_code(enum nnrpc_code code) {
    switch (code) {
    case NNRPC_OK:
        return CTL_OK;
    case NNRPC_NOT_FOUND:
        return CTL_NOT_FOUND;
    case NNRPC_ALREADY_EXISTS:
    case NNRPC_FAILED_PRECONDITION:
    case NNRPC_ABORTED:
    case NNRPC_OUT_OF_RANGE:
        return CTL_CONFLICT;
    case NNRPC_UNAVAILABLE:
    case NNRPC_DEADLINE_EXCEEDED:
    case NNRPC_RESOURCE_EXHAUSTED:
        return CTL_UNAVAILABLE;
    case NNRPC_UNAUTHENTICATED:
    case NNRPC_PERMISSION_DENIED:
        return CTL_DENIED;
    case NNRPC_INVALID_ARGUMENT:
        return CTL_REFUSED;
    case NNRPC_CANCELLED:
    case NNRPC_UNKNOWN:
    case NNRPC_UNIMPLEMENTED:
    case NNRPC_INTERNAL:
    case NNRPC_DATA_LOSS:
        return CTL_FAILED;
    }
    return CTL_FAILED;
}
