/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The columns of a table of contacts.
 */
#ifndef CTL_CONTACT_COLUMNS_H
#define CTL_CONTACT_COLUMNS_H

#include "output.h"

extern const struct ctl_list_column ctl_contact_columns[];
extern const size_t ctl_contact_column_count;

/** The same, and the customers that each contact belongs to. */
extern const struct ctl_list_column ctl_contact_link_columns[];
extern const size_t ctl_contact_link_column_count;

#endif
