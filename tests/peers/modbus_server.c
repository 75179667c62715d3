/*
 * A Modbus server made of libmodbus, which knows nothing of rtloop; see -h.
 *
 * needs: libmodbus
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <modbus/modbus.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define ADDRESSES	200
#define LOOK_MS		100
#define HUNG_UP_WAIT_US 5000
#define GARBAGE_EVERY	3 /* answers */
#define REQUESTS_AT	0 /* the input register that counts */

struct server {
	const char *link; /* RTU; NULL: TCP */
	int port;
	int unit;
	int delay_ms;
	int exception;
	bool is_noisy;

	modbus_t *modbus;
	modbus_mapping_t *table;
	int listener; /* -1: RTU */
	int fd;	      /* the line, or the client; -1: none */
	unsigned answered;
};

static volatile sig_atomic_t is_ending;
static volatile sig_atomic_t is_silent;

static const char usage[] =
	"usage: modbus_server [OPTION]... LINK|PORT\n"
	"\n"
	"Answer as a Modbus device. LINK becomes a symbolic link to the terminal that a "
	"program\n"
	"opens as its serial line, for RTU; PORT is of TCP on 127.0.0.1, one client at a "
	"time; of\n"
	"port 0 the one that was free is printed. Every table has the addresses 0 to "
	"199; beyond,\n"
	"libmodbus answers with exception 2.\n"
	"\n"
	"  holding n     3 * n; 100 to 107: the float 123.456 in the orders ABCD, CDAB, "
	"BADC, DCBA\n"
	"  input n       10000 + n; 0: requests so far\n"
	"  coil n        on where n is a multiple of 3\n"
	"  discrete n    on where n is odd\n"
	"\n"
	"  -u, --unit N          answers as this unit, by default 1; with TCP as any\n"
	"  -d, --delay MS        thinks for so long\n"
	"  -e, --exception CODE  answers every request with it\n"
	"  -s, --silent          answers no request; SIGUSR1 turns this on and off\n"
	"  -g, --garbage         before every third answer, sends something to be "
	"dropped: noise,\n"
	"                        an answer of another unit, or half of one; with TCP an "
	"answer of\n"
	"                        another transaction\n"
	"  -h, --help            this text\n"
	"\n"
	"It ends on SIGTERM or SIGINT.\n";

static void end(int signal)
{
	(void)signal;
	is_ending = 1;
}

static void turn(int signal)
{
	(void)signal;
	is_silent = !is_silent;
}

static void fill(modbus_mapping_t *table)
{
	/* 123.456 is 42 F6 E9 79. libmodbus has functions for it, but what they call ABCD differs
	 * from one version to the next. */
	static const uint16_t floats[] = { 0x42f6, 0xe979, 0xe979, 0x42f6,
					   0xf642, 0x79e9, 0x79e9, 0xf642 };

	for (int i = 0; i < ADDRESSES; i++) {
		table->tab_registers[i] = (uint16_t)(3 * i);
		table->tab_input_registers[i] = (uint16_t)(10000 + i);
		table->tab_bits[i] = i % 3 == 0;
		table->tab_input_bits[i] = i % 2 == 1;
	}
	table->tab_input_registers[REQUESTS_AT] = 0;
	memcpy(table->tab_registers + 100, floats, sizeof(floats));
}

/* The CRCs are right: of another unit, and of nobody. */
static void send_garbage_rtu(const struct server *server)
{
	static const struct {
		uint8_t bytes[7];
		size_t count;
	} kinds[] = {
		{ { 0x00, 0xff, 0x55, 0x00, 0x0a }, 5 },
		{ { 0x11, 0x04, 0x02, 0x00, 0x0a, 0xf8, 0xf4 }, 7 },
		{ { 0x01, 0x03, 0x02 }, 3 },
	};
	unsigned kind = server->answered / GARBAGE_EVERY % 3;

	if (write(server->fd, kinds[kind].bytes, kinds[kind].count) < 0) {
		perror("modbus_server: garbage");
	}
}

static void send_garbage_tcp(const struct server *server, const uint8_t *request)
{
	uint8_t frame[11] = { request[0], request[1], 0,	  0, 0,
			      5,	  request[6], request[7], 2 };

	frame[1]--;
	if (send(server->fd, frame, sizeof(frame), MSG_NOSIGNAL) < 0) {
		perror("modbus_server: garbage");
	}
}

static void answer(struct server *server, const uint8_t *request, int bytes)
{
	server->table->tab_input_registers[REQUESTS_AT]++;
	if (is_silent) {
		return;
	}
	usleep((useconds_t)server->delay_ms * 1000);
	if (server->is_noisy && server->answered % GARBAGE_EVERY == 0) {
		if (server->link) {
			send_garbage_rtu(server);
		} else {
			send_garbage_tcp(server, request);
		}
	}
	server->answered++;
	if (server->exception) {
		modbus_reply_exception(server->modbus, request,
				       (unsigned)server->exception);
	} else {
		modbus_reply(server->modbus, request, bytes, server->table);
	}
}

static void drop_client(struct server *server)
{
	close(server->fd);
	server->fd = -1;
	modbus_set_socket(server->modbus, -1);
}

/* A terminal that nobody has open reads as an error at once: then wait, not spin. */
static void listen_once(struct server *server)
{
	uint8_t request[MODBUS_TCP_MAX_ADU_LENGTH];
	struct pollfd poll_fd = {
		.fd = server->fd < 0 ? server->listener : server->fd,
		.events = POLLIN,
	};
	int bytes;

	if (poll(&poll_fd, 1, LOOK_MS) <= 0) {
		return;
	}
	if (server->fd < 0) {
		server->fd = modbus_tcp_accept(server->modbus, &server->listener);
		return;
	}
	bytes = modbus_receive(server->modbus, request);
	if (bytes > 0) {
		answer(server, request, bytes);
	} else if (bytes < 0 && server->link) {
		usleep(HUNG_UP_WAIT_US);
	} else if (bytes < 0) {
		drop_client(server);
	}
}

static int open_line(struct server *server)
{
	struct termios settings;
	struct stat status;
	char slave[64];

	server->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (server->fd < 0 || grantpt(server->fd) || unlockpt(server->fd) ||
	    ptsname_r(server->fd, slave, sizeof(slave)) ||
	    tcgetattr(server->fd, &settings)) {
		return -errno;
	}
	cfmakeraw(&settings);
	if (tcsetattr(server->fd, TCSANOW, &settings)) {
		return -errno;
	}
	if (lstat(server->link, &status) == 0 && S_ISLNK(status.st_mode)) {
		unlink(server->link);
	}
	return symlink(slave, server->link) ? -errno : 0;
}

static int print_port(int listener)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t bytes = sizeof(address);

	if (getsockname(listener, (struct sockaddr *)&address, &bytes)) {
		return -errno;
	}
	printf("%u\n", ntohs(address.sin_port));
	return fflush(stdout) ? -errno : 0;
}

static int open_rtu(struct server *server)
{
	int rc = open_line(server);

	/* of a terminal that is open already, the speed means nothing */
	server->modbus = modbus_new_rtu(server->link, 19200, 'E', 8, 1);
	if (rc || !server->modbus || modbus_set_slave(server->modbus, server->unit) ||
	    modbus_set_socket(server->modbus, server->fd)) {
		return rc ? rc : -errno;
	}
	return 0;
}

static int open_tcp(struct server *server)
{
	server->modbus = modbus_new_tcp("127.0.0.1", server->port);
	server->listener = server->modbus ? modbus_tcp_listen(server->modbus, 1) : -1;
	return server->listener < 0 ? -errno : print_port(server->listener);
}

/* A number is a port, all else a link. */
static bool parse_place(struct server *server, const char *text)
{
	char *rest;
	long port = strtol(text, &rest, 10);

	if (*rest || rest == text) {
		server->link = text;
		return true;
	}
	server->port = (int)port;
	return port >= 0 && port <= UINT16_MAX;
}

static bool parse_int(const char *text, int max, int *ret_value)
{
	char *rest;
	long value = strtol(text, &rest, 10);

	*ret_value = (int)value;
	return rest != text && *rest == '\0' && value >= 0 && value <= max;
}

/* Exit status, or -1 to go on. */
static int parse_options(struct server *server, int argc, char **argv)
{
	static const struct option rows[] = {
		{ "unit", required_argument, NULL, 'u' },
		{ "delay", required_argument, NULL, 'd' },
		{ "exception", required_argument, NULL, 'e' },
		{ "silent", no_argument, NULL, 's' },
		{ "garbage", no_argument, NULL, 'g' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	bool is_right = true;
	int letter;

	while ((letter = getopt_long(argc, argv, "u:d:e:sgh", rows, NULL)) != -1) {
		switch (letter) {
		case 'u':
			is_right &= parse_int(optarg, 247, &server->unit);
			break;
		case 'd':
			is_right &= parse_int(optarg, 60000, &server->delay_ms);
			break;
		case 'e':
			is_right &= parse_int(optarg, 11, &server->exception);
			break;
		case 's':
			is_silent = 1;
			break;
		case 'g':
			server->is_noisy = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			is_right = false;
			break;
		}
	}
	if (!is_right || optind != argc - 1 || !parse_place(server, argv[optind])) {
		fputs(usage, stderr);
		return 2;
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct server server = { .unit = 1, .listener = -1, .fd = -1 };
	const struct sigaction ending = { .sa_handler = end };
	const struct sigaction turning = { .sa_handler = turn };
	int status = parse_options(&server, argc, argv);
	int rc;

	if (status >= 0) {
		return status;
	}
	sigaction(SIGTERM, &ending, NULL);
	sigaction(SIGINT, &ending, NULL);
	sigaction(SIGUSR1, &turning, NULL);
	server.table = modbus_mapping_new(ADDRESSES, ADDRESSES, ADDRESSES, ADDRESSES);
	rc = server.link ? open_rtu(&server) : open_tcp(&server);
	if (rc || !server.table) {
		fprintf(stderr, "modbus_server: %s: %s\n", argv[optind],
			modbus_strerror(rc ? -rc : ENOMEM));
		return 1;
	}
	fill(server.table);
	while (!is_ending) {
		listen_once(&server);
	}
	if (server.link) {
		unlink(server.link);
	}
	modbus_mapping_free(server.table);
	modbus_free(server.modbus);
	return 0;
}
