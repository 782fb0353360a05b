/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contact-gateway as programs use it, with libcurl: a contact's life on one connection, and many
 * requests at once.
 */
#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acts.h"
#include "contacts/v1/contact.nnrpc.h"
#include "contacts/v1/customer.nnrpc.h"
#include "nnrpc/json.h"
#include "nnrpc/tokens.h"
#include "program.h"

#define PARALLEL 64
#define START_MS_MOST 60000
#define CONTACTS "/backend/api/v1/customerContacts"
#define CUSTOMERS "/backend/api/v1/customers"

/* --- The gateway and a client ------------------------------------------------------------- */

struct site {
    struct contactd_process *server;
    pid_t gateway;
    char *url;
    char *log;
    char token[NNRPC_TOKEN_TEXT_BYTES];
    struct curl_slist *headers; /* of requests with a body */
};

static void close_site(void *thing) {
    struct site *site = thing;
    kill(site->gateway, SIGKILL);
    (void)program_wait(site->gateway, START_MS_MOST);
    curl_slist_free_all(site->headers);
    free(site);
}

/* A request and what came back. */
struct exchange {
    CURL *curl;
    struct nnrpc_buffer body;
    char etag[64];
    char location[128];
    long status;
    long connections; /* that had to be made for it */
};

static size_t take_body(char *data, size_t size, size_t count, void *context) {
    nnrpc_buffer_append(context, data, size * count);
    return size * count;
}

static void take_value(const char *line, size_t size, const char *name, char *out, size_t room) {
    size_t name_size = strlen(name);
    if (size > name_size + 4 && strncasecmp(line, name, name_size) == 0) {
        snprintf(out, room, "%.*s", (int)(size - name_size - 4), line + name_size + 2);
    }
}

static size_t take_header(char *data, size_t size, size_t count, void *context) {
    struct exchange *exchange = context;
    take_value(data, size * count, "ETag", exchange->etag, sizeof(exchange->etag));
    take_value(data, size * count, "Location", exchange->location, sizeof(exchange->location));
    return size * count;
}

static struct exchange *new_exchange(const struct site *site) {
    struct exchange *exchange = scenario_keep(calloc(1, sizeof(*exchange)));
    assert_non_null(exchange);
    exchange->curl = curl_easy_init();
    assert_non_null(exchange->curl);
    curl_easy_setopt(exchange->curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(exchange->curl, CURLOPT_WRITEDATA, &exchange->body);
    curl_easy_setopt(exchange->curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(exchange->curl, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(exchange->curl, CURLOPT_HTTPHEADER, site->headers);
    curl_easy_setopt(exchange->curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    curl_easy_setopt(exchange->curl, CURLOPT_XOAUTH2_BEARER, site->token);
    curl_easy_setopt(exchange->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(exchange->curl, CURLOPT_TIMEOUT, 60L);
    return exchange;
}

static void free_exchange(struct exchange *exchange) {
    curl_easy_cleanup(exchange->curl);
    nnrpc_buffer_deinit(&exchange->body);
}

/* Prepares the next request on the exchange's connection. */
static void prepare(
    const struct site *site, struct exchange *exchange, const char *verb, const char *target,
    const char *body) {
    nnrpc_buffer_clear(&exchange->body);
    exchange->etag[0] = '\0';
    exchange->location[0] = '\0';
    curl_easy_setopt(exchange->curl, CURLOPT_URL, format_text("%s%s", site->url, target));
    curl_easy_setopt(exchange->curl, CURLOPT_CUSTOMREQUEST, verb);
    curl_easy_setopt(exchange->curl, CURLOPT_POSTFIELDSIZE, body == NULL ? 0L : (long)strlen(body));
    curl_easy_setopt(exchange->curl, CURLOPT_COPYPOSTFIELDS, body);
    curl_easy_setopt(exchange->curl, CURLOPT_POST, body == NULL ? 0L : 1L);
    if (body == NULL) {
        curl_easy_setopt(exchange->curl, CURLOPT_HTTPGET, 1L);
    }
}

static void take_outcome(struct exchange *exchange) {
    curl_easy_getinfo(exchange->curl, CURLINFO_RESPONSE_CODE, &exchange->status);
    curl_easy_getinfo(exchange->curl, CURLINFO_NUM_CONNECTS, &exchange->connections);
}

static const char *body_of(struct exchange *exchange) {
    const char *text = nnrpc_buffer_text(&exchange->body);
    assert_non_null(text);
    return text;
}

/* Sends a request and expects its status. */
static void ask(
    const struct site *site, struct exchange *exchange, const char *verb, const char *target,
    const char *body, long status) {
    prepare(site, exchange, verb, target, body);
    CURLcode code = curl_easy_perform(exchange->curl);
    if (code != CURLE_OK) {
        fail_msg("%s %s: %s", verb, target, curl_easy_strerror(code));
    }
    take_outcome(exchange);
    if (exchange->status != status) {
        fail_msg("%s %s: %ld %s", verb, target, exchange->status, body_of(exchange));
    }
}

static ProtobufCMessage *read_as(const struct nnrpc_message *type, struct exchange *exchange) {
    ProtobufCMessage *message = NULL;
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    enum nnrpc_code code = nnrpc_json_read(
        type, (const char *)exchange->body.data, exchange->body.size, NULL, &message, &status);
    if (code != NNRPC_OK) {
        fail_msg("%s: %s", status.message, body_of(exchange));
    }
    scenario_keep_message(message);
    return message;
}

static const Contacts__V1__Contact *read_contact(struct exchange *exchange) {
    return (const Contacts__V1__Contact *)read_as(&contacts_v1_contact_message, exchange);
}

/* --- Starting ----------------------------------------------------------------------------- */

static void await_gateway(const struct site *site) {
    struct exchange *exchange = new_exchange(site);
    uint64_t deadline = now_ms() + START_MS_MOST;
    prepare(site, exchange, "GET", "/readyz", NULL);
    for (;;) {
        CURLcode code = curl_easy_perform(exchange->curl);
        take_outcome(exchange);
        if (code == CURLE_OK && exchange->status == 200) {
            break;
        }
        if (now_ms() > deadline) {
            fail_msg("contact-gateway did not start: %s", curl_easy_strerror(code));
        }
        sleep_ms(5);
    }
    free_exchange(exchange);
}

static struct site *open_site(void) {
    struct site *site = calloc(1, sizeof(*site));
    assert_non_null(site);
    site->server = prepare_server();
    NNRPC_CLEANUP(nnrpc_status_deinit) struct nnrpc_status status = NNRPC_STATUS_INIT;
    assert_int_equal(
        nnrpc_tokens_create(
            site->server->tokens, "writer", NNRPC_ROLE_WRITER, site->token, &status),
        NNRPC_OK);
    const char **flags = scenario_keep(calloc(3, sizeof(*flags)));
    flags[0] = "--tokens";
    flags[1] = site->server->tokens;
    contactd_start(site->server, flags);
    uint16_t port = free_tcp_port();
    site->url = format_text("http://127.0.0.1:%u", port);
    const char *const arguments[] = {
        GATEWAY_PATH, "--server", site->server->url, "--listen", format_text("127.0.0.1:%u", port),
        NULL};
    site->gateway = program_start(arguments, format_text("%s/gateway.log", site->server->folder));
    scenario_keep_thing(site, close_site);
    site->headers = curl_slist_append(NULL, "Content-Type: application/json");
    await_gateway(site);
    return site;
}

static void stop_site(const struct site *site) {
    assert_int_equal(kill(site->gateway, SIGTERM), 0);
    assert_int_equal(program_wait(site->gateway, START_MS_MOST), 0);
    contactd_stop(site->server);
}

/* --- Tests -------------------------------------------------------------------------------- */

static void expect_list(struct exchange *exchange, const char *id) {
    const char *expected = format_text("[{\"id\":\"%s\",", id);
    assert_string_equal(format_text("%.*s", (int)strlen(expected), body_of(exchange)), expected);
}

/* Links, lists, and the end of it. */
static void share_and_delete(
    const struct site *site, struct exchange *exchange, const char *contact) {
    ask(site, exchange, "POST",
        format_text("%s/%s?action=convertToSharedContact", CONTACTS, contact), "{}", 200);
    assert_string_equal(read_contact(exchange)->customer_id, "");
    ask(site, exchange, "GET", format_text("%s/%s/customers/", CONTACTS, contact), NULL, 200);
    expect_list(exchange, "libcurl");
    ask(site, exchange, "GET", CUSTOMERS "/libcurl/customerContacts", NULL, 200);
    expect_list(exchange, contact);
    const char *link = format_text("{\"contactID\":\"%s\"}", contact);
    ask(site, exchange, "POST", CUSTOMERS "/libcurl?action=removeSharedContact", link, 200);
    ask(site, exchange, "POST", CUSTOMERS "/libcurl?action=addSharedContact", link, 200);
    ask(site, exchange, "DELETE", format_text("%s/%s", CONTACTS, contact), NULL, 204);
    assert_int_equal(exchange->body.size, 0);
    ask(site, exchange, "GET", format_text("%s/%s", CONTACTS, contact), NULL, 404);
    ask(site, exchange, "GET", "/backend/api/v1/changes/", NULL, 200);
    ask(site, exchange, "GET", "/backend/api/v1/presets/title/", NULL, 200);
    ask(site, exchange, "DELETE", CUSTOMERS "/libcurl", NULL, 200);
    assert_string_equal(body_of(exchange), "{\"deletedContactCount\":0,\"removedLinkCount\":0}");
}

static void a_contacts_life_takes_one_connection(void **state) {
    (void)state;
    const struct site *site = open_site();
    struct exchange *exchange = new_exchange(site);
    ask(site, exchange, "POST", CUSTOMERS "/", "{\"id\":\"libcurl\",\"name\":\"Acme\"}", 201);
    assert_int_equal(exchange->connections, 1);
    assert_string_equal(exchange->location, CUSTOMERS "/libcurl");
    const char *body = "{\"lastName\":\"Lovelace\",\"accountPassword\":\"hunter2\"}";
    ask(site, exchange, "POST", CUSTOMERS "/libcurl/customerContacts/", body, 201);
    assert_int_equal(exchange->connections, 0);
    const Contacts__V1__Contact *made = read_contact(exchange);
    assert_string_equal(made->customer_id, "libcurl");
    assert_string_equal(exchange->location, format_text("%s/%s", CONTACTS, made->id));
    assert_string_equal(exchange->etag, format_text("\"%s\"", made->etag));
    const char *target = format_text("%s/%s", CONTACTS, made->id);
    ask(site, exchange, "GET", target, NULL, 200);
    assert_string_equal(read_contact(exchange)->etag, made->etag);
    ask(site, exchange, "PATCH", target, "{\"firstName\":\"Ada\",\"lastName\":null}", 200);
    const Contacts__V1__Contact *changed = read_contact(exchange);
    assert_string_equal(changed->first_name, "Ada");
    assert_string_equal(changed->last_name, "");
    ask(site, exchange, "POST", format_text("%s?action=verifyAccountPassword", target),
        "{\"password\":\"hunter2\"}", 200);
    assert_string_equal(body_of(exchange), "{\"verified\":true}");
    share_and_delete(site, exchange, made->id);
    assert_int_equal(exchange->connections, 0);
    free_exchange(exchange);
    stop_site(site);
}

/* Runs what was prepared all at once, and expects a status of each. */
static void ask_together(CURLM *multi, struct exchange **exchanges, long status) {
    for (size_t index = 0; index < PARALLEL; index++) {
        assert_int_equal(curl_multi_add_handle(multi, exchanges[index]->curl), CURLM_OK);
    }
    int running = 1;
    while (running != 0) {
        assert_int_equal(curl_multi_perform(multi, &running), CURLM_OK);
        assert_int_equal(curl_multi_poll(multi, NULL, 0, 1000, NULL), CURLM_OK);
    }
    int left = 0;
    for (CURLMsg *done = curl_multi_info_read(multi, &left); done != NULL;
         done = curl_multi_info_read(multi, &left)) {
        assert_int_equal(done->data.result, CURLE_OK);
    }
    for (size_t index = 0; index < PARALLEL; index++) {
        take_outcome(exchanges[index]);
        if (exchanges[index]->status != status) {
            fail_msg("%ld %s", exchanges[index]->status, body_of(exchanges[index]));
        }
        assert_int_equal(curl_multi_remove_handle(multi, exchanges[index]->curl), CURLM_OK);
    }
}

static void many_requests_at_once_have_each_their_own_answer(void **state) {
    (void)state;
    const struct site *site = open_site();
    struct exchange *exchanges[PARALLEL];
    const char *etags[PARALLEL];
    CURLM *multi = curl_multi_init();
    assert_non_null(multi);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)PARALLEL);
    for (size_t index = 0; index < PARALLEL; index++) {
        exchanges[index] = new_exchange(site);
        prepare(
            site, exchanges[index], "POST", CONTACTS,
            format_text("{\"lastName\":\"Number %zu\"}", index));
    }
    ask_together(multi, exchanges, 201);
    for (size_t index = 0; index < PARALLEL; index++) {
        const Contacts__V1__Contact *made = read_contact(exchanges[index]);
        assert_string_equal(made->last_name, format_text("Number %zu", index));
        etags[index] = made->etag;
        prepare(site, exchanges[index], "GET", format_text("%s/%s", CONTACTS, made->id), NULL);
    }
    ask_together(multi, exchanges, 200);
    for (size_t index = 0; index < PARALLEL; index++) {
        const Contacts__V1__Contact *found = read_contact(exchanges[index]);
        assert_string_equal(found->last_name, format_text("Number %zu", index));
        assert_string_equal(found->etag, etags[index]);
        assert_string_equal(exchanges[index]->etag, format_text("\"%s\"", etags[index]));
        free_exchange(exchanges[index]);
    }
    curl_multi_cleanup(multi);
    stop_site(site);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        scenario_test(a_contacts_life_takes_one_connection),
        scenario_test(many_requests_at_once_have_each_their_own_answer),
    };
    curl_global_init(CURL_GLOBAL_DEFAULT);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
