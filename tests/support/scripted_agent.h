/* scripted_agent.h - a server in a process of its own that gives the answers of a script, one a
 * connection, and keeps what it was sent. An answer NULL is a connection closed without a word;
 * after the last answer it repeats that one. A process, not a thread: what is tested forks.
 */
#pragma once

#include <arpa/inet.h>
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "diagnostics/http_client.h"

#define SCRIPTED_REQUESTS 32
#define SCRIPTED_SIZE 8192

static struct scripted_agent {
    unsigned count;
    char requests[SCRIPTED_REQUESTS][SCRIPTED_SIZE]; /* the first bytes of each */
} * scripted;                                        /* shared with the server */
static pid_t scripted_pid;
static struct http_peer scripted_peer;

static inline void scripted_read(int fd, char *request)
{
    size_t held = 0, length = 0;
    ssize_t got;
    char *blank = NULL, *header;

    while ((!blank || held < (size_t)(blank + 4 - request) + length) && held < SCRIPTED_SIZE - 1 &&
           (got = read(fd, request + held, SCRIPTED_SIZE - 1 - held)) > 0) {
        held += (size_t)got;
        request[held] = '\0';
        blank = strstr(request, "\r\n\r\n");
        header = strstr(request, "Content-Length: ");
        length = header ? strtoul(header + 16, NULL, 10) : 0;
    }
}

static inline void scripted_serve(int listener, const char *const *answers, unsigned count)
{
    for (unsigned at = 0;; at++) {
        const char *answer = answers[at < count ? at : count - 1];
        int fd = accept(listener, NULL, NULL);

        if (scripted->count < SCRIPTED_REQUESTS)
            scripted_read(fd, scripted->requests[scripted->count++]);
        if (answer && write(fd, answer, strlen(answer)) < 0)
            _exit(1);
        close(fd);
    }
}

static inline void scripted_agent_start(const char *const *answers, unsigned count)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    char url[64];

    scripted =
        mmap(NULL, sizeof(*scripted), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(listener, 8), 0);
    getsockname(listener, (struct sockaddr *)&address, &size);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d", ntohs(address.sin_port));
    ck_assert_int_eq(http_peer_parse(url, &scripted_peer, NULL), 0);
    fflush(stdout);
    if ((scripted_pid = fork()) == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        scripted_serve(listener, answers, count);
    }
    close(listener);
}

static inline void scripted_agent_stop(void)
{
    kill(scripted_pid, SIGKILL);
    waitpid(scripted_pid, NULL, 0);
    munmap(scripted, sizeof(*scripted));
}
