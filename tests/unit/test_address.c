/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses, and listening on them: what is refused, with which words, and what stands on disk
 * afterwards.
 */
#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "transport.h"

/* --- Reading ------------------------------------------------------------------------------ */

static void assert_address(
    const char *url, bool serving, enum nnrpc_address_kind kind, const char *host, uint16_t port,
    bool is_ipv6) {
    struct nnrpc_address address;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    if (nnrpc_address_parse(url, serving, &address, &status) != NNRPC_OK) {
        fail_msg("%s", status.message);
    }
    assert_int_equal(address.kind, kind);
    assert_string_equal(address.url, url);
    assert_string_equal(address.host, host);
    assert_int_equal(address.port, port);
    assert_int_equal(address.is_ipv6, is_ipv6);
}

static void assert_no_address(const char *url, bool serving, const char *problem) {
    struct nnrpc_address address;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    memset(&address, 0x5a, sizeof(address));
    const struct nnrpc_address untouched = address;
    assert_int_equal(nnrpc_address_parse(url, serving, &address, &status), NNRPC_INVALID_ARGUMENT);
    char expected[NNRPC_STATUS_MESSAGE_BYTES];
    (void)snprintf(expected, sizeof(expected), "address \"%s\": %s", url, problem);
    assert_string_equal(status.message, expected);
    assert_string_equal(status.reason, "INVALID_ADDRESS");
    assert_memory_equal(&address, &untouched, sizeof(address));
}

static void addresses_are_read(void **state) {
    (void)state;
    assert_address("ipc:///run/contacts/socket", true, NNRPC_ADDRESS_IPC, "", 0, false);
    assert_address("tcp://127.0.0.1:4000", true, NNRPC_ADDRESS_TCP, "127.0.0.1", 4000, false);
    assert_address("tcp://*:65535", true, NNRPC_ADDRESS_TCP, "*", 65535, false);
    assert_address("tcp://[::1]:1", true, NNRPC_ADDRESS_TCP, "::1", 1, true);
    assert_address("tcp://a-b.example:80", false, NNRPC_ADDRESS_TCP, "a-b.example", 80, false);
    assert_address("ws://127.0.0.1:80", true, NNRPC_ADDRESS_WS, "127.0.0.1", 80, false);
    assert_address("ws://host:80/path:1/x", false, NNRPC_ADDRESS_WS, "host", 80, false);
    assert_address("inproc://a-name:80/x", true, NNRPC_ADDRESS_INPROC, "", 0, false);
}

static void what_is_no_address_is_refused(void **state) {
    (void)state;
    const char *scheme = "expected ipc:///path, tcp://HOST:PORT, ws://HOST:PORT or inproc://name";
    assert_no_address("", false, scheme);
    assert_no_address("inproc:x", false, scheme);
    assert_no_address("TCP://127.0.0.1:1", false, scheme);
    const char *path = "expected the absolute path of a socket: ipc:///folder/name";
    assert_no_address("ipc://", false, path);
    assert_no_address("ipc://relative", false, path);
    assert_no_address("ipc:///folder/", false, path);
    const char *port = "expected HOST:PORT with a port from 1 to 65535";
    assert_no_address("tcp://127.0.0.1", false, port);
    assert_no_address("tcp://127.0.0.1:", false, port);
    assert_no_address("tcp://127.0.0.1:0", false, port);
    assert_no_address("tcp://127.0.0.1:65536", false, port);
    assert_no_address("tcp://127.0.0.1:99999999999", false, port);
    assert_no_address("tcp://127.0.0.1:8o", false, port);
    assert_no_address("tcp://127.0.0.1:+1", false, port);
}

static void names_are_checked(void **state) {
    (void)state;
    const char *name = "expected a name without spaces and control characters: inproc://name";
    assert_no_address("inproc://", true, name);
    assert_no_address("inproc://a b", true, name);
    assert_no_address("inproc://a\n", false, name);
    assert_no_address("inproc://\xc3\xa4", false, name);
}

static void hosts_are_checked(void **state) {
    (void)state;
    const char *host = "the host is no name and no IP address";
    assert_no_address("tcp://:80", false, host);
    assert_no_address("tcp://-a:80", false, host);
    assert_no_address("tcp://a..b:80", false, host);
    assert_no_address("tcp://a_b:80", false, host);
    assert_no_address("tcp://eth0;a:80", false, host);
    assert_no_address("tcp://*:80", false, host);
    const char *serving = "to listen, the host must be an IP address of this machine or *";
    assert_no_address("tcp://localhost:80", true, serving);
    assert_no_address("tcp://1.2.3:80", true, serving);
    assert_no_address("tcp://[::g]:80", true, "what stands in brackets is no IPv6 address");
    assert_no_address("tcp://[]:80", false, "what stands in brackets is no IPv6 address");
    assert_no_address("tcp://a:80/path", false, "nothing may follow the port");
    assert_no_address("ws://127.0.0.1:80/path", true, "nothing may follow the port");
}

static void long_addresses_are_refused_with_both_lengths(void **state) {
    (void)state;
    struct nnrpc_address address;
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    char url[300] = "ipc:///";
    memset(url + 7, 'a', 106);
    assert_int_equal(nnrpc_address_parse(url, true, &address, &status), NNRPC_OK);
    assert_int_equal(strlen(nnrpc_address_path(&address)), 107);
    url[113] = 'a';
    assert_int_equal(nnrpc_address_parse(url, true, &address, &status), NNRPC_INVALID_ARGUMENT);
    assert_non_null(
        strstr(status.message, "the path has 108 bytes, the path of a socket at most 107"));
    (void)strcpy(url, "tcp://");
    memset(url + 6, '1', 200);
    assert_int_equal(nnrpc_address_parse(url, false, &address, &status), NNRPC_INVALID_ARGUMENT);
    assert_non_null(strstr(status.message, "has 206 bytes, an address at most 127"));
}

/* --- Listening ---------------------------------------------------------------------------- */

struct place {
    char folder[40];
    char path[64];
    char url[80];
};

static int make_place(void **state) {
    struct place *place = calloc(1, sizeof(*place));
    assert_non_null(place);
    (void)strcpy(place->folder, "/tmp/nnrpc-test-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    (void)snprintf(place->path, sizeof(place->path), "%s/s", place->folder);
    (void)snprintf(place->url, sizeof(place->url), "ipc://%s", place->path);
    *state = place;
    return 0;
}

static int remove_place(void **state) {
    struct place *place = *state;
    (void)unlink(place->path);
    int result = rmdir(place->folder);
    free(place);
    return result;
}

static struct nnrpc_listener *listen_on(const char *url) {
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    struct nnrpc_listener *listener = NULL;
    if (nnrpc_listener_open(url, 1000, &listener, &status) != NNRPC_OK) {
        fail_msg("%s", status.message);
    }
    return listener;
}

static void assert_not_listening(
    const char *url, enum nnrpc_code code, const char *reason, const char *problem) {
    struct nnrpc_status status NNRPC_CLEANUP(nnrpc_status_deinit) = NNRPC_STATUS_INIT;
    struct nnrpc_listener *listener = NULL;
    assert_int_equal(nnrpc_listener_open(url, 1000, &listener, &status), code);
    assert_null(listener);
    char expected[NNRPC_STATUS_MESSAGE_BYTES];
    (void)snprintf(expected, sizeof(expected), "cannot listen on \"%s\": %s", url, problem);
    assert_string_equal(status.message, expected);
    assert_string_equal(status.reason, reason);
}

static mode_t mode_of(const char *path) {
    struct stat information;
    assert_int_equal(lstat(path, &information), 0);
    return information.st_mode;
}

static void a_socket_is_closed_to_others_and_goes_with_its_listener(void **state) {
    const struct place *place = *state;
    mode_t before = umask(0);
    struct nnrpc_listener *listener = listen_on(place->url);
    assert_int_equal(umask(before), 0); /* nobody else's files were touched by a change of it */
    assert_int_equal(mode_of(place->path), S_IFSOCK | 0600);
    nnrpc_listener_close(listener);
    assert_int_equal(access(place->path, F_OK), -1);
    assert_int_equal(errno, ENOENT);
}

static void a_folder_that_is_open_to_others_is_refused(void **state) {
    const struct place *place = *state;
    const mode_t modes[] = {0701, 0710, 0704, 0777};
    for (size_t i = 0; i < NNRPC_LENGTH(modes); i++) {
        assert_int_equal(chmod(place->folder, modes[i]), 0);
        assert_not_listening(
            place->url, NNRPC_INVALID_ARGUMENT, "INVALID_ADDRESS",
            "the socket's folder is open to others, who could stop this process through it; "
            "chmod 0700 it");
        assert_int_equal(access(place->path, F_OK), -1);
    }
}

static void a_folder_of_somebody_else_is_refused(void **state) {
    (void)state;
    if (geteuid() == 0) {
        struct place *place = *state;
        assert_int_equal(chown(place->folder, 65534, 65534), 0);
        assert_not_listening(
            place->url, NNRPC_INVALID_ARGUMENT, "INVALID_ADDRESS",
            "the socket's folder belongs to another user");
    } else {
        assert_not_listening(
            "ipc:///s", NNRPC_INVALID_ARGUMENT, "INVALID_ADDRESS",
            "the socket's folder belongs to another user");
    }
}

static void a_folder_that_is_not_there_is_named(void **state) {
    (void)state;
    assert_not_listening(
        "ipc:///tmp/no-such-folder/s", NNRPC_UNAVAILABLE, "ADDRESS_UNAVAILABLE",
        "folder /tmp/no-such-folder: No such file or directory");
}

static void a_socket_that_a_server_uses_is_left_alone(void **state) {
    const struct place *place = *state;
    struct nnrpc_listener *listener = listen_on(place->url);
    assert_not_listening(
        place->url, NNRPC_UNAVAILABLE, "ADDRESS_UNAVAILABLE", "in use by a running server");
    assert_int_equal(mode_of(place->path), S_IFSOCK | 0600);
    nnrpc_listener_close(listener);
}

static void a_socket_that_nobody_uses_is_replaced(void **state) {
    const struct place *place = *state;
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    (void)strcpy(name.sun_path, place->path);
    int stale = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(stale >= 0);
    assert_int_equal(bind(stale, (const struct sockaddr *)&name, sizeof(name)), 0);
    (void)close(stale); /* as a killed server leaves it */
    struct nnrpc_listener *listener = listen_on(place->url);
    assert_int_equal(mode_of(place->path), S_IFSOCK | 0600);
    nnrpc_listener_close(listener);
}

static void a_file_that_is_no_socket_is_left_alone(void **state) {
    const struct place *place = *state;
    int file = open(place->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    (void)close(file);
    assert_not_listening(
        place->url, NNRPC_UNAVAILABLE, "ADDRESS_UNAVAILABLE",
        "a file that is no socket stands there");
    assert_int_equal(mode_of(place->path), S_IFREG | 0600);
}

/* A port on which somebody listens until the descriptor is closed. */
static int occupy_port(unsigned *out_port) {
    struct sockaddr_in name = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t size = sizeof(name);
    int occupant = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(occupant >= 0);
    assert_int_equal(bind(occupant, (const struct sockaddr *)&name, size), 0);
    assert_int_equal(listen(occupant, 1), 0);
    assert_int_equal(getsockname(occupant, (struct sockaddr *)&name, &size), 0);
    *out_port = ntohs(name.sin_port);
    return occupant;
}

static void a_port_in_use_is_told_at_once_and_listened_on_once_free(void **state) {
    (void)state;
    static const char *const schemes[] = {"tcp", "ws"};
    for (size_t i = 0; i < NNRPC_LENGTH(schemes); i++) {
        unsigned port = 0;
        int occupant = occupy_port(&port);
        char url[64];
        (void)snprintf(url, sizeof(url), "%s://127.0.0.1:%u", schemes[i], port);
        for (int round = 0; round < 50; round++) { /* nanomsg itself would fall over this */
            assert_not_listening(
                url, NNRPC_UNAVAILABLE, "ADDRESS_UNAVAILABLE",
                "the port is in use by another process");
        }
        (void)close(occupant);
        nnrpc_listener_close(listen_on(url));
    }
}

static void an_address_of_another_machine_is_told(void **state) {
    (void)state;
    assert_not_listening(
        "tcp://192.0.2.1:4000", NNRPC_UNAVAILABLE, "ADDRESS_UNAVAILABLE",
        "Cannot assign requested address");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(names_are_checked),
        cmocka_unit_test(hosts_are_checked),
        cmocka_unit_test(long_addresses_are_refused_with_both_lengths),
        cmocka_unit_test_setup_teardown(
            a_socket_is_closed_to_others_and_goes_with_its_listener, make_place, remove_place),
        cmocka_unit_test_setup_teardown(
            a_folder_that_is_open_to_others_is_refused, make_place, remove_place),
        cmocka_unit_test_setup_teardown(
            a_folder_of_somebody_else_is_refused, make_place, remove_place),
        cmocka_unit_test(a_folder_that_is_not_there_is_named),
        cmocka_unit_test_setup_teardown(
            a_socket_that_a_server_uses_is_left_alone, make_place, remove_place),
        cmocka_unit_test_setup_teardown(
            a_socket_that_nobody_uses_is_replaced, make_place, remove_place),
        cmocka_unit_test_setup_teardown(
            a_file_that_is_no_socket_is_left_alone, make_place, remove_place),
        cmocka_unit_test(a_port_in_use_is_told_at_once_and_listened_on_once_free),
        cmocka_unit_test(an_address_of_another_machine_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
