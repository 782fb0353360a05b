/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run of a program.
 */
#include <stdio.h>

#include "context.h"
#include "text_width.h"

int ctl_main(const struct ctl_program *program, int argc, char **argv) {
    struct ctl_context context = {0};
    ctl_program = program;
    ctl_text_init();
    enum ctl_exit result = CTL_USAGE;
    switch (ctl_parse(argc, argv, &context.invocation)) {
    case CTL_REQUEST_RUN:
        result = ctl_context_init(&context);
        result = result == CTL_OK ? context.invocation.verb->run(&context) : result;
        break;
    case CTL_REQUEST_DONE:
        result = fflush(stdout) == 0 ? CTL_OK : ctl_fail_errno("cannot write the output");
        break;
    case CTL_REQUEST_INVALID:
        break;
    }
    ctl_context_deinit(&context);
    return (int)result;
}
