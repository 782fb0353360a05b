/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contactctl: the contacts service from the command line.
 */
#include "verbs.h"

int main(int argc, char **argv) {
    return ctl_main(&ctl_contactctl, argc, argv);
}
