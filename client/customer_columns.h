/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How customers are listed.
 */
#ifndef CTL_CUSTOMER_COLUMNS_H
#define CTL_CUSTOMER_COLUMNS_H

#include "output.h"

extern const struct ctl_list_column ctl_customer_columns[];
extern const size_t ctl_customer_column_count;

/** All fields, with those columns. */
extern const struct ctl_list_shape ctl_customer_shape;

#endif
