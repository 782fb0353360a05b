/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs of contactctl.
 */
#ifndef CTL_VERBS_H
#define CTL_VERBS_H

#include "verb.h"

/** contactctl. */
extern const struct ctl_program ctl_contactctl;

/** Every verb, those of a noun together. */
extern const struct ctl_verb ctl_verbs[];
extern const size_t ctl_verb_count;

/* The handlers, by the file that has them. */
enum ctl_exit ctl_contact_get(struct ctl_context *context);
enum ctl_exit ctl_contact_batch_get(struct ctl_context *context);
enum ctl_exit ctl_contact_list(struct ctl_context *context);
enum ctl_exit ctl_contact_customers(struct ctl_context *context);
enum ctl_exit ctl_contact_create(struct ctl_context *context);
enum ctl_exit ctl_contact_update(struct ctl_context *context);
enum ctl_exit ctl_contact_delete(struct ctl_context *context);
enum ctl_exit ctl_contact_convert(struct ctl_context *context);
enum ctl_exit ctl_contact_verify_password(struct ctl_context *context);
enum ctl_exit ctl_customer_get(struct ctl_context *context);
enum ctl_exit ctl_customer_list(struct ctl_context *context);
enum ctl_exit ctl_customer_create(struct ctl_context *context);
enum ctl_exit ctl_customer_update(struct ctl_context *context);
enum ctl_exit ctl_customer_delete(struct ctl_context *context);
enum ctl_exit ctl_customer_add_shared(struct ctl_context *context);
enum ctl_exit ctl_customer_remove_shared(struct ctl_context *context);
enum ctl_exit ctl_preset_list(struct ctl_context *context);
enum ctl_exit ctl_preset_put(struct ctl_context *context);
enum ctl_exit ctl_preset_retire(struct ctl_context *context);
enum ctl_exit ctl_preset_load(struct ctl_context *context);
enum ctl_exit ctl_change_list(struct ctl_context *context);
enum ctl_exit ctl_import(struct ctl_context *context);
enum ctl_exit ctl_export(struct ctl_context *context);
enum ctl_exit ctl_backup(struct ctl_context *context);
enum ctl_exit ctl_token_create(struct ctl_context *context);
enum ctl_exit ctl_token_list(struct ctl_context *context);
enum ctl_exit ctl_token_revoke(struct ctl_context *context);

#endif
