#include "tests/sim/port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#include "tests/sim/kernel.h"
#include "tests/sim/kernel_tty.h"

static struct {
	struct peer *peers;
	unsigned count;
} ports;

void ports_begin(struct peer *peers, unsigned count)
{
	ports.peers = peers;
	ports.count = count;
}

struct peer *port_find(const char *name)
{
	for (unsigned i = 0; i < ports.count; i++) {
		if (strcmp(ports.peers[i].plan->name, name) == 0) {
			return &ports.peers[i];
		}
	}
	return NULL;
}

int port_open(const char *path)
{
	struct peer *peer = port_find(strrchr(path, '/') + 1);

	return peer ? kernel_tty_open(peer) : -ENOENT;
}

struct peer *port_at(const struct sockaddr *address)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)address;
	const struct sockaddr_un *un = (const struct sockaddr_un *)address;
	unsigned index;

	if (address->sa_family == AF_UNIX) {
		return port_find(strrchr(un->sun_path, '/') + 1);
	}
	index = (unsigned)ntohs(in->sin_port) - PORT_FIRST;
	return index < ports.count ? &ports.peers[index] : NULL;
}
