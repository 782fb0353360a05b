/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP rules: each one sound by itself, no two for one request.
 */
#ifndef GEN_HTTP_H
#define GEN_HTTP_H

#include "model.h"

/** Reads and checks a method's HTTP rule and its additional bindings. */
GEN_NODISCARD bool gen_http_read(
    struct gen_run *run, const struct gen_file *file, const struct gen_service *service,
    struct gen_method *method);

/** Refuses two rules that one HTTP request would fit, over all files to generate. */
GEN_NODISCARD bool gen_http_check_unique(struct gen_run *run);

#endif
