/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of services and methods that are taken by others.
 */
#ifndef GEN_RESERVED_H
#define GEN_RESERVED_H

#include "model.h"

/** Who has functions that begin as a service's do, or NULL. */
const char *gen_service_reserved_by(const struct gen_file *file, const struct gen_service *service);

/** Who has a function or macro with a method's name in C, or NULL. */
const char *gen_method_reserved_by(const struct gen_method *method);

#endif
