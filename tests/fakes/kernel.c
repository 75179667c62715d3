#include "tests/fakes/kernel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <asm/termbits.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static void need(bool is_there, const char *what)
{
	if (!is_there) {
		print_message("this kernel has no %s\n", what);
		skip();
	}
}

void need_termios2(void)
{
	struct termios2 settings;
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	int code;

	assert_true(fd >= 0);
	code = ioctl(fd, TCGETS2, &settings);
	close(fd);
	need(code == 0, "TCGETS2");
}

static bool has_option(int level, int name, int value)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int code;

	assert_true(fd >= 0);
	code = setsockopt(fd, level, name, &value, sizeof(value));
	close(fd);
	return code == 0;
}

void need_multicast_all(void)
{
	need(has_option(IPPROTO_IP, IP_MULTICAST_ALL, 0), "IP_MULTICAST_ALL");
}

void need_receive_stamps(void)
{
	need(has_option(SOL_SOCKET, SO_TIMESTAMPNS, 1), "SO_TIMESTAMPNS");
}

void need_address_limit(void)
{
	const size_t bytes = (size_t)1 << 20;
	struct rlimit before, none;
	void *place;

	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	none = (struct rlimit){ 0, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_AS, &none), 0);
	place = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	if (place != MAP_FAILED) {
		munmap(place, bytes);
	}
	need(place == MAP_FAILED, "RLIMIT_AS");
}
