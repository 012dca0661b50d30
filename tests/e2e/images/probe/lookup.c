/* Prints what this image's C library makes of a name: one address a line. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

int main(int count, char **words) {
    struct addrinfo wanted, *found, *each;
    char text[INET6_ADDRSTRLEN];
    memset(&wanted, 0, sizeof wanted);
    wanted.ai_socktype = SOCK_STREAM;
    int problem = count == 2 ? getaddrinfo(words[1], NULL, &wanted, &found) : EAI_NONAME;
    if (problem) {
        fprintf(stderr, "lookup: %s\n", gai_strerror(problem));
        return 1;
    }
    for (each = found; each; each = each->ai_next) {
        const void *address = each->ai_family == AF_INET
            ? (const void *)&((struct sockaddr_in *)each->ai_addr)->sin_addr
            : (const void *)&((struct sockaddr_in6 *)each->ai_addr)->sin6_addr;
        puts(inet_ntop(each->ai_family, address, text, sizeof text));
    }
    freeaddrinfo(found);
    return 0;
}
