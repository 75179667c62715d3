/* A service manager, as far as a service can see: a datagram socket, and what came on it. */
#ifndef TESTS_FAKES_MANAGER_H
#define TESTS_FAKES_MANAGER_H

#include <stdbool.h>

#include "tests/fakes/folder.h"

struct manager {
	struct folder folder;
	char name[108]; /* as in NOTIFY_SOCKET */
	int fd;
	char heard[1024]; /* what manager_hears() took last */
};

/** manager_begin - listen at a path, or at an abstract name. */
void manager_begin(struct manager *manager, bool is_abstract);
void manager_end(struct manager *manager);

/** manager_hears - the oldest message that was not heard yet; "" where there is none. Never waits. */
const char *manager_hears(struct manager *manager);

/** manager_fill - send until the socket takes no more. */
void manager_fill(struct manager *manager);

/** manager_hear_out - all that there is; returns how many messages. */
unsigned manager_hear_out(struct manager *manager);

#endif
