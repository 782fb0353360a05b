/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups of flags that verbs share, for the table of verbs.
 */
#ifndef CTL_FLAGS_H
#define CTL_FLAGS_H

#include "verbs.h"

/** One flag for each field of a contact or customer that a caller may set. */
extern const struct ctl_flag ctl_contact_field_flags[];
extern const struct ctl_flag ctl_customer_field_flags[];
/** --set, --json; for contacts also the account password. */
extern const struct ctl_flag ctl_resource_flags[];
extern const struct ctl_flag ctl_password_flags[];
extern const struct ctl_flag ctl_update_flags[];
extern const struct ctl_flag ctl_etag_flags[];
extern const struct ctl_flag ctl_fields_flags[];
extern const struct ctl_flag ctl_page_flags[];
extern const struct ctl_flag ctl_list_flags[];
extern const struct ctl_flag ctl_contact_filter_flags[];
extern const struct ctl_flag ctl_customer_filter_flags[];
extern const struct ctl_flag ctl_verify_flags[];
extern const struct ctl_flag ctl_preset_list_flags[];
extern const struct ctl_flag ctl_validate_flags[];
extern const struct ctl_flag ctl_change_flags[];
extern const struct ctl_flag ctl_import_flags[];
extern const struct ctl_flag ctl_token_file_flags[];
extern const struct ctl_flag ctl_token_create_flags[];

/** The preset fields, separated by spaces. */
extern const char ctl_preset_fields[];

#endif
