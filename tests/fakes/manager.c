#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/fakes/manager.h"

static socklen_t address_of(const struct manager *manager, struct sockaddr_un *address)
{
	size_t bytes = strlen(manager->name);

	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, manager->name, bytes);
	if (address->sun_path[0] == '@') {
		address->sun_path[0] = '\0';
	}
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes);
}

void manager_begin(struct manager *manager, bool is_abstract)
{
	struct sockaddr_un address;
	socklen_t bytes;

	memset(manager, 0, sizeof(*manager));
	folder_init(&manager->folder);
	snprintf(manager->name, sizeof(manager->name), "%s%s/notify",
		 is_abstract ? "@" : "", manager->folder.path);
	bytes = address_of(manager, &address);
	manager->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_true(manager->fd >= 0);
	assert_int_equal(bind(manager->fd, (struct sockaddr *)&address, bytes), 0);
}

void manager_end(struct manager *manager)
{
	close(manager->fd);
	folder_fini(&manager->folder);
}

const char *manager_hears(struct manager *manager)
{
	ssize_t bytes = recv(manager->fd, manager->heard, sizeof(manager->heard) - 1,
			     MSG_DONTWAIT);

	manager->heard[bytes > 0 ? bytes : 0] = '\0';
	return manager->heard;
}

void manager_fill(struct manager *manager)
{
	struct sockaddr_un address;
	socklen_t bytes = address_of(manager, &address);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	while (sendto(fd, "", 1, 0, (struct sockaddr *)&address, bytes) > 0) {
	}
	close(fd);
}

unsigned manager_hear_out(struct manager *manager)
{
	unsigned count = 0;

	while (recv(manager->fd, manager->heard, sizeof(manager->heard), MSG_DONTWAIT) >
	       0) {
		count++;
	}
	return count;
}
