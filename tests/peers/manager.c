/* A service manager, as far as a service can see; see -h. Shares no code with rtloop. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char usage[] =
	"usage: manager SOCKET\n"
	"\n"
	"Listen for datagrams at a socket, as the service manager does at NOTIFY_SOCKET, "
	"and print each\n"
	"on a line. SOCKET is a path, or '@' and an abstract name.\n";

static int fail(const char *what)
{
	fprintf(stderr, "manager: %s: %s\n", what, strerror(errno));
	return 1;
}

static int listen_at(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t bytes = strlen(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	if (bytes >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, name, bytes);
	if (name[0] == '@') {
		address.sun_path[0] = '\0';
	}
	bytes += offsetof(struct sockaddr_un, sun_path);
	return fd < 0 || bind(fd, (struct sockaddr *)&address, (socklen_t)bytes) ? -1
										 : fd;
}

static int print_messages(int fd)
{
	char message[4096];
	ssize_t bytes;

	while ((bytes = recv(fd, message, sizeof(message), 0)) >= 0) {
		printf("%.*s\n", (int)bytes, message);
		fflush(stdout);
	}
	return fail("receiving");
}

int main(int argc, char **argv)
{
	int fd;

	if (argc != 2 || argv[1][0] == '-') {
		fputs(usage, stderr);
		return 2;
	}
	fd = listen_at(argv[1]);
	return fd < 0 ? fail(argv[1]) : print_messages(fd);
}
