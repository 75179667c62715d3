/* How the program reaches peers: serial lines by path, sockets by address. */
#ifndef TESTS_SIM_PORT_H
#define TESTS_SIM_PORT_H

#include <sys/socket.h>

#include "tests/sim/peer.h"

/* Where the devices are: 127.0.0.1 and this port plus the device's number. */
#define PORT_FIRST 5000

/** ports_begin - these peers are there to be reached. */
void ports_begin(struct peer *peers, unsigned count);

/** port_find - by the device's name; NULL: there is none. */
struct peer *port_find(const char *name);

/** port_open - a path below /dev; a descriptor or -errno. */
int port_open(const char *path);

/** port_at - who is at an address; NULL: nobody. */
struct peer *port_at(const struct sockaddr *address);

#endif
