/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page for people: constant files from the program itself. What it shows, it gets from the REST
 * interface like every other caller.
 */
#ifndef GATEWAY_PAGE_H
#define GATEWAY_PAGE_H

#include <stdbool.h>

#include "http/exchange.h"

/**
 * Answers a request for one of the page's files: 200, or 304 where the caller has it already; 405
 * for methods that read nothing. The answer to HEAD is that to GET, its body for the server to
 * leave out.
 *
 * @return whether the path is one of the page's; else nothing was answered.
 */
bool page_handle(struct exchange *exchange);

#endif
