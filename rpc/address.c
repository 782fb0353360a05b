/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses and the checks around binding. Everything here is synchronous and says what is wrong.
 */
#include "address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define IPC_SCHEME "ipc://"
#define TCP_SCHEME "tcp://"
#define WS_SCHEME "ws://"
#define INPROC_SCHEME "inproc://"
#define GUARD_TRIES 100
#define GUARD_PAUSE_NS 10000000

_Static_assert(
    sizeof(((struct sockaddr_un *)NULL)->sun_path) == NNRPC_SOCKET_PATH_BYTES,
    "the kernel's socket path has another size");

void nnrpc_descriptor_closep(int *descriptor) {
    if (*descriptor >= 0) {
        (void)close(*descriptor);
    }
}

/* --- Reading ------------------------------------------------------------------------------ */

static enum nnrpc_code fail_address(
    struct nnrpc_status *out_status, const char *url, const char *problem) {
    return nnrpc_fail(
        out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, "INVALID_ADDRESS",
        "address \"%.100s\": %s", url, problem);
}

const char *nnrpc_address_path(const struct nnrpc_address *address) {
    return address->url + strlen(IPC_SCHEME);
}

static enum nnrpc_code parse_path(const char *url, struct nnrpc_status *out_status) {
    const char *path = url + strlen(IPC_SCHEME);
    size_t size = strlen(path);
    if (path[0] != '/' || path[size - 1] == '/') {
        return fail_address(
            out_status, url, "expected the absolute path of a socket: ipc:///folder/name");
    }
    if (size >= NNRPC_SOCKET_PATH_BYTES) {
        return nnrpc_fail(
            out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, "INVALID_ADDRESS",
            "address \"%.100s...\": the path has %zu bytes, the path of a socket at most %d", url,
            size, NNRPC_SOCKET_PATH_BYTES - 1);
    }
    return NNRPC_OK;
}

/* Reads 1 to 65,535 in decimal. */
static bool parse_port(const char *text, size_t size, uint16_t *out_port) {
    unsigned int port = 0;
    if (size == 0 || size > 5) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        port = port * 10 + (unsigned int)(text[i] - '0');
    }
    if (port == 0 || port > UINT16_MAX) {
        return false;
    }
    *out_port = (uint16_t)port;
    return true;
}

static bool is_ip_literal(const struct nnrpc_address *address) {
    struct in6_addr binary;
    return inet_pton(address->is_ipv6 ? AF_INET6 : AF_INET, address->host, &binary) == 1;
}

/* Labels of letters, digits and hyphens. */
static bool is_host_name(const char *host) {
    size_t label_size = 0;
    if (host[0] == '-') {
        return false;
    }
    for (const char *at = host; *at != '\0'; at++) {
        if (*at == '.' ? label_size == 0 : !isalnum((unsigned char)*at) && *at != '-') {
            return false;
        }
        label_size = *at == '.' ? 0 : label_size + 1;
        if (label_size > 63) {
            return false;
        }
    }
    return host[0] != '\0';
}

static enum nnrpc_code check_host(
    const struct nnrpc_address *address, bool serving, struct nnrpc_status *out_status) {
    if (is_ip_literal(address)) {
        return NNRPC_OK;
    }
    if (address->is_ipv6) {
        return fail_address(out_status, address->url, "what stands in brackets is no IPv6 address");
    }
    if (serving) {
        return strcmp(address->host, "*") == 0
                   ? NNRPC_OK
                   : fail_address(
                         out_status, address->url,
                         "to listen, the host must be an IP address of this machine or *");
    }
    return is_host_name(address->host)
               ? NNRPC_OK
               : fail_address(out_status, address->url, "the host is no name and no IP address");
}

/* Reads HOST:PORT[/path] or [HOST]:PORT[/path] into the address. */
static enum nnrpc_code parse_host_and_port(
    const char *authority, bool serving, struct nnrpc_address *address,
    struct nnrpc_status *out_status) {
    size_t size = strcspn(authority, "/");
    if (authority[size] != '\0' && (serving || address->kind != NNRPC_ADDRESS_WS)) {
        return fail_address(out_status, address->url, "nothing may follow the port");
    }
    const char *colon = memrchr(authority, ':', size);
    size_t port_size = colon == NULL ? 0 : size - (size_t)(colon + 1 - authority);
    if (colon == NULL || !parse_port(colon + 1, port_size, &address->port)) {
        return fail_address(
            out_status, address->url, "expected HOST:PORT with a port from 1 to 65535");
    }
    const char *host = authority;
    size_t host_size = (size_t)(colon - authority);
    address->is_ipv6 = host_size >= 2 && host[0] == '[' && host[host_size - 1] == ']';
    if (address->is_ipv6) {
        host += 1;
        host_size -= 2;
    }
    memcpy(address->host, host, host_size);
    address->host[host_size] = '\0';
    return check_host(address, serving, out_status);
}

static enum nnrpc_code parse_name(const char *url, struct nnrpc_status *out_status) {
    const char *name = url + strlen(INPROC_SCHEME);
    bool is_name = name[0] != '\0';
    for (const char *at = name; *at != '\0'; at++) {
        is_name = is_name && isgraph((unsigned char)*at);
    }
    return is_name ? NNRPC_OK
                   : fail_address(
                         out_status, url,
                         "expected a name without spaces and control characters: inproc://name");
}

static bool has_scheme(const char *url, const char *scheme) {
    return strncmp(url, scheme, strlen(scheme)) == 0;
}

enum nnrpc_code nnrpc_address_parse(
    const char *url, bool serving, struct nnrpc_address *out_address,
    struct nnrpc_status *out_status) {
    struct nnrpc_address address = {.kind = NNRPC_ADDRESS_IPC};
    if (has_scheme(url, IPC_SCHEME)) {
        enum nnrpc_code code = parse_path(url, out_status);
        if (code != NNRPC_OK) {
            return code;
        }
        strcpy(address.url, url); /* a path that fits leaves room for its scheme */
        *out_address = address;
        return NNRPC_OK;
    }
    bool is_inproc = has_scheme(url, INPROC_SCHEME);
    if (!is_inproc && !has_scheme(url, TCP_SCHEME) && !has_scheme(url, WS_SCHEME)) {
        return fail_address(
            out_status, url,
            "expected ipc:///path, tcp://HOST:PORT, ws://HOST:PORT or inproc://name");
    }
    size_t size = strlen(url);
    if (size >= NNRPC_URL_BYTES) {
        return nnrpc_fail(
            out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, "INVALID_ADDRESS",
            "address \"%.100s...\" has %zu bytes, an address at most %d", url, size,
            NNRPC_URL_BYTES - 1);
    }
    address.kind = is_inproc                     ? NNRPC_ADDRESS_INPROC
                   : has_scheme(url, TCP_SCHEME) ? NNRPC_ADDRESS_TCP
                                                 : NNRPC_ADDRESS_WS;
    memcpy(address.url, url, size + 1);
    enum nnrpc_code code =
        is_inproc
            ? parse_name(url, out_status)
            : parse_host_and_port(strstr(address.url, "//") + 2, serving, &address, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    *out_address = address;
    return NNRPC_OK;
}

/* --- Before binding ----------------------------------------------------------------------- */

static enum nnrpc_code fail_bind(
    struct nnrpc_status *out_status, const struct nnrpc_address *address, const char *problem) {
    return nnrpc_fail(
        out_status, NNRPC_UNAVAILABLE, NNRPC_DOMAIN, "ADDRESS_UNAVAILABLE",
        "cannot listen on \"%.*s\": %s", NNRPC_URL_BYTES, address->url, problem);
}

static enum nnrpc_code fail_folder(
    struct nnrpc_status *out_status, const struct nnrpc_address *address, const char *problem) {
    return nnrpc_fail(
        out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, "INVALID_ADDRESS",
        "cannot listen on \"%.*s\": the socket's folder %s", NNRPC_URL_BYTES, address->url,
        problem);
}

static enum nnrpc_code check_folder(
    int folder, const struct nnrpc_address *address, struct nnrpc_status *out_status) {
    struct stat information;
    if (fstat(folder, &information) != 0) {
        return fail_bind(out_status, address, strerror(errno));
    }
    if (information.st_uid != geteuid()) {
        return fail_folder(out_status, address, "belongs to another user");
    }
    if ((information.st_mode & 077) != 0) {
        return fail_folder(
            out_status, address,
            "is open to others, who could stop this process through it; chmod 0700 it");
    }
    return NNRPC_OK;
}

/* Two servers that start at once must not both find a stale socket, or one removes the other's. */
static void guard_folder(int folder) {
    const struct timespec pause = {.tv_nsec = GUARD_PAUSE_NS};
    for (int i = 0; i < GUARD_TRIES && flock(folder, LOCK_EX | LOCK_NB) != 0; i++) {
        (void)nanosleep(&pause, NULL);
    }
}

static enum nnrpc_code open_folder(
    const struct nnrpc_address *address, int *out_folder, struct nnrpc_status *out_status) {
    char path[NNRPC_SOCKET_PATH_BYTES];
    strcpy(path, nnrpc_address_path(address));
    char *slash = strrchr(path, '/');
    slash[slash == path ? 1 : 0] = '\0';
    int folder NNRPC_CLEANUP(nnrpc_descriptor_closep) =
        open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        char problem[NNRPC_SOCKET_PATH_BYTES + 64];
        (void)snprintf(problem, sizeof(problem), "folder %s: %s", path, strerror(errno));
        return fail_bind(out_status, address, problem);
    }
    enum nnrpc_code code = check_folder(folder, address, out_status);
    if (code != NNRPC_OK) {
        return code;
    }
    guard_folder(folder);
    *out_folder = folder;
    folder = -1;
    return NNRPC_OK;
}

int nnrpc_address_probe(const struct nnrpc_address *address) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    strcpy(name.sun_path, nnrpc_address_path(address));
    int probe NNRPC_CLEANUP(nnrpc_descriptor_closep) =
        socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (probe < 0) {
        return errno;
    }
    if (connect(probe, (const struct sockaddr *)&name, sizeof(name)) == 0) {
        return 0;
    }
    return errno == EAGAIN || errno == EINPROGRESS ? 0 : errno;
}

static enum nnrpc_code clear_path(
    const struct nnrpc_address *address, struct nnrpc_status *out_status) {
    const char *path = nnrpc_address_path(address);
    struct stat information;
    if (lstat(path, &information) != 0) {
        return errno == ENOENT ? NNRPC_OK : fail_bind(out_status, address, strerror(errno));
    }
    if (!S_ISSOCK(information.st_mode)) {
        return fail_bind(out_status, address, "a file that is no socket stands there");
    }
    int problem = nnrpc_address_probe(address);
    if (problem == 0) {
        return fail_bind(out_status, address, "in use by a running server");
    }
    if (problem != ECONNREFUSED) {
        return fail_bind(out_status, address, strerror(problem));
    }
    return unlink(path) == 0 ? NNRPC_OK : fail_bind(out_status, address, strerror(errno));
}

static socklen_t fill_socket_name(
    const struct nnrpc_address *address, struct sockaddr_storage *out_name) {
    if (address->is_ipv6) {
        struct sockaddr_in6 *name = (struct sockaddr_in6 *)out_name;
        *name = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(address->port)};
        (void)inet_pton(AF_INET6, address->host, &name->sin6_addr);
        return sizeof(*name);
    }
    struct sockaddr_in *name = (struct sockaddr_in *)out_name;
    *name = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(address->port)};
    if (strcmp(address->host, "*") != 0) {
        (void)inet_pton(AF_INET, address->host, &name->sin_addr);
    }
    return sizeof(*name);
}

/* Binds as nanomsg will, and lets go again. */
static enum nnrpc_code try_bind(
    const struct nnrpc_address *address, struct nnrpc_status *out_status) {
    struct sockaddr_storage name;
    socklen_t name_size = fill_socket_name(address, &name);
    int one = 1;
    int probe NNRPC_CLEANUP(nnrpc_descriptor_closep) =
        socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe < 0 || setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
        bind(probe, (const struct sockaddr *)&name, name_size) != 0) {
        return fail_bind(
            out_status, address,
            errno == EADDRINUSE ? "the port is in use by another process" : strerror(errno));
    }
    return NNRPC_OK;
}

enum nnrpc_code nnrpc_address_prepare_bind(
    const struct nnrpc_address *address, int *out_guard, struct nnrpc_status *out_status) {
    int folder NNRPC_CLEANUP(nnrpc_descriptor_closep) = -1;
    enum nnrpc_code code = NNRPC_OK;
    switch (address->kind) {
    case NNRPC_ADDRESS_IPC:
        code = open_folder(address, &folder, out_status);
        if (code == NNRPC_OK) {
            code = clear_path(address, out_status);
        }
        break;
    case NNRPC_ADDRESS_TCP:
    case NNRPC_ADDRESS_WS:
        code = try_bind(address, out_status);
        break;
    case NNRPC_ADDRESS_INPROC: /* the one kind whose failing to bind does no harm */
        break;
    }
    if (code != NNRPC_OK) {
        return code;
    }
    *out_guard = folder;
    folder = -1;
    return NNRPC_OK;
}
