/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where else to look: the next page of a list, and what was created.
 */
#ifndef GATEWAY_REST_LINK_H
#define GATEWAY_REST_LINK_H

#include "http/http_message.h"
#include "rest/rest.h"
#include "rest/rule.h"

/** Adds `Link: <...>; rel="next"` while more follows: the request's own target with another page.
 */
void rest_add_next_link(
    const struct rest_call *call, const struct http_request *request,
    const ProtobufCMessage *message, struct http_response *response);

/** Adds Location by the rule's template; not when a field of it is empty. */
void rest_add_location(
    const struct rest_rule *rule, const ProtobufCMessage *message, struct http_response *response);

#endif
