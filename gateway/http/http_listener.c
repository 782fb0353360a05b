/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listening and accepting. At the limit of descriptors a connection could neither be taken nor
 * refused, and would wake its thread for ever; so one descriptor is kept to refuse it with.
 */
#include "http_listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 4096

/* --- Addresses ------------------------------------------------------------------------------- */

static enum nnrpc_code refuse_address(const char *address, struct nnrpc_status *out_status) {
    return nnrpc_fail(
        out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, "INVALID_ADDRESS",
        "\"%s\" is not HOST:PORT, like 127.0.0.1:8080 or [::1]:8080", address);
}

/* Splits in place. */
static bool split(char *address, const char **out_host, const char **out_port) {
    char *colon = strrchr(address, ':');
    if (colon == NULL || colon == address || colon[1] == '\0') {
        return false;
    }
    *colon = '\0';
    *out_port = colon + 1;
    *out_host = address;
    if (address[0] == '[') {
        if (colon[-1] != ']') {
            return false;
        }
        colon[-1] = '\0';
        *out_host = address + 1;
        return true;
    }
    return strchr(address, ':') == NULL;
}

static void free_addresses(struct addrinfo **addresses) {
    if (*addresses != NULL) {
        freeaddrinfo(*addresses);
    }
}

static bool is_loopback(const struct sockaddr *address) {
    if (address->sa_family == AF_INET6) {
        return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
    }
    return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == 127;
}

static void write_name(struct listener_socket *made) {
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof(address);
    char host[INET6_ADDRSTRLEN] = "";
    char port[8] = "";
    (void)getsockname(made->fd, (struct sockaddr *)&address, &size);
    (void)getnameinfo(
        (const struct sockaddr *)&address, size, host, sizeof(host), port, sizeof(port),
        NI_NUMERICHOST | NI_NUMERICSERV);
    snprintf(
        made->name, sizeof(made->name), address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
        port);
}

/* --- Listening ------------------------------------------------------------------------------- */

static int open_socket(const struct addrinfo *address) {
    int yes = 1;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (address->ai_family == AF_INET6) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
    }
    if (bind(fd, address->ai_addr, address->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        int error = errno;
        (void)close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

enum nnrpc_code http_listener_add(
    struct http_listener *listener, const char *address, struct nnrpc_status *out_status) {
    char text[256];
    const char *host = NULL;
    const char *port = NULL;
    const struct addrinfo wanted = {
        .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | AI_PASSIVE};
    NNRPC_CLEANUP(free_addresses) struct addrinfo *found = NULL;
    if (listener->count == LISTENER_SOCKETS_MOST || strlen(address) >= sizeof(text)) {
        return refuse_address(address, out_status);
    }
    memcpy(text, address, strlen(address) + 1);
    if (!split(text, &host, &port)) {
        return refuse_address(address, out_status);
    }
    int result = getaddrinfo(host, port, &wanted, &found);
    if (result != 0) {
        return nnrpc_fail(
            out_status, NNRPC_INVALID_ARGUMENT, NNRPC_DOMAIN, "INVALID_ADDRESS", "%s: %s", address,
            gai_strerror(result));
    }
    struct listener_socket *made = &listener->sockets[listener->count];
    made->fd = open_socket(found);
    if (made->fd < 0) {
        return nnrpc_fail(
            out_status, NNRPC_UNAVAILABLE, NNRPC_DOMAIN, "ADDRESS_UNAVAILABLE",
            "cannot listen on %s: %s", address, strerror(errno));
    }
    made->is_loopback = is_loopback(found->ai_addr);
    write_name(made);
    listener->count++;
    http_listener_refill(listener);
    return NNRPC_OK;
}

/* --- Accepting ------------------------------------------------------------------------------- */

static int accept_one(int fd, struct sockaddr_storage *out_address, socklen_t *out_size) {
    *out_size = sizeof(*out_address);
    return accept4(fd, (struct sockaddr *)out_address, out_size, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int http_listener_accept(
    struct http_listener *listener, size_t index, struct sockaddr_storage *out_address,
    socklen_t *out_size, bool *out_is_last) {
    int yes = 1;
    int fd = accept_one(listener->sockets[index].fd, out_address, out_size);
    *out_is_last = false;
    if (fd < 0 && (errno == EMFILE || errno == ENFILE) && listener->spare_fd > 0) {
        (void)close(listener->spare_fd);
        listener->spare_fd = 0;
        *out_is_last = true;
        fd = accept_one(listener->sockets[index].fd, out_address, out_size);
    }
    if (fd >= 0) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    }
    return fd;
}

void http_listener_refill(struct http_listener *listener) {
    if (listener->spare_fd <= 0) {
        listener->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
}

void http_listener_close(struct http_listener *listener) {
    for (size_t i = 0; i < listener->count; i++) {
        (void)close(listener->sockets[i].fd);
    }
    listener->count = 0;
    if (listener->spare_fd > 0) {
        (void)close(listener->spare_fd);
        listener->spare_fd = 0;
    }
}
