/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request on its way to its answer. It belongs to the loop of its connection: everything here
 * is called in that loop's thread, and so are the callbacks of calls started on its client.
 */
#ifndef GATEWAY_EXCHANGE_H
#define GATEWAY_EXCHANGE_H

#include "http/http_message.h"
#include "nnrpc/client.h"

struct exchange;
struct gateway;

/** The request, whole. Valid until the exchange is answered. */
const struct http_request *exchange_request(const struct exchange *exchange);

/** The gateway that it came to: what the program set up, shared by all loops. */
struct gateway *exchange_gateway(struct exchange *exchange);

/** The client of the loop, with which to start calls that end in on_done. */
struct nnrpc_client *exchange_client(struct exchange *exchange);

/** What the request counts as in metrics and log: constant text, e.g. the method's full name. */
void exchange_set_label(struct exchange *exchange, const char *label);

/**
 * Answers. Exactly once; at once in the handler, or later from a callback in the loop's thread.
 *
 * @param response  Moved: all zero afterwards.
 */
void exchange_answer(struct exchange *exchange, struct http_response *response);

/** Ends what was begun for an exchange, without answering it; `context` as given. */
typedef void exchange_cancel(void *context);

/**
 * How to give the exchange up: called once at the most, in the loop's thread, when the client is
 * gone or the program ends before exchange_answer(). The exchange must not be used afterwards. Who
 * does not answer in the handler has to say it there.
 */
void exchange_set_cancel(struct exchange *exchange, exchange_cancel *cancel, void *context);

/** A handler of whole requests. */
typedef void exchange_handler(struct exchange *exchange);

#endif
