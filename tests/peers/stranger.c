/* A peer that does what peers should not: goes away, says nothing, floods; see -h. Shares no code with the drivers. */
#include <errno.h>
#include <fcntl.h>
#include <linux/can.h>
#include <mqueue.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define STREAM_BYTES 4096
#define PAUSE_NS     20000000
#define CROWD	     4 /* connections that fill the queue of a deaf listener */

enum manner { CLOSES, RESETS, HALVES, SILENT, ONCE, DEAF, FLOODS };
enum payload { LINES, GARBAGE, ENDLESS, HEADS };

static const char *const manners[] = { "close", "reset", "half",  "silent",
				       "once",	"deaf",	 "flood", NULL };
static const char *const payloads[] = { "lines", "garbage", "endless", "heads", NULL };

struct stranger {
	const char *kind; /* tcp, unix, packet, udp, gram, mq, pty, can */
	const char *name;
	bool listens;
	enum manner manner;
	enum payload payload;
	size_t bytes; /* of a message */
	struct sockaddr_storage address;
	socklen_t address_bytes;
	int type;
	uint64_t said;
};

static const char usage[] =
	"usage: stranger [OPTION]... KIND:NAME\n"
	"\n"
	"Be a bad peer, until SIGTERM. KIND:NAME is tcp:PORT, udp:PORT (of 127.0.0.1), "
	"unix:PATH, packet:PATH,\n"
	"gram:PATH, mq:/QUEUE, pty:LINK or can:INTERFACE. For each connection a line is "
	"printed. Where nobody\n"
	"listens it is tried again.\n"
	"\n"
	"tty:PATH is a serial line: it is hung up once, for all who have it open.\n"
	"\n"
	"  -l           listen (tcp, unix, packet); otherwise connect, or send\n"
	"  -m MANNER    close    hang up at once\n"
	"               reset    when something has come, by a reset\n"
	"               half     end one's own side, and read on\n"
	"               silent   say nothing, and read nothing\n"
	"               once     one line, then nothing\n"
	"               deaf     listen, and take nobody in: the queue is full\n"
	"               flood    as fast as it goes (the default)\n"
	"  -p PAYLOAD   of a flood: lines (A,0, A,1, ...), garbage, endless (never the "
	"end of a frame), heads\n"
	"               (false beginnings of long frames: 55 aa 0f f0 ...)\n"
	"  -b BYTES     of a message, where there are messages (64)\n"
	"  -h           this text\n";

static void quit(const struct stranger *stranger, const char *what)
{
	fprintf(stderr, "stranger: %s:%s: %s: %s\n", stranger->kind, stranger->name, what,
		strerror(errno));
	exit(1);
}

static void rest(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = PAUSE_NS }, NULL);
}

/* --- what is said --------------------------------------------------------------------------------- */

static uint8_t noise(uint64_t n)
{
	n = (n + 1) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint8_t)(n >> 56);
}

static size_t fill_lines(struct stranger *stranger, uint8_t *data, size_t bytes)
{
	size_t used = 0;

	while (used + 24 < bytes || used == 0) {
		used += (size_t)sprintf((char *)data + used, "A,%llu\n",
					(unsigned long long)stranger->said++);
	}
	return used;
}

static size_t fill(struct stranger *stranger, uint8_t *data, size_t bytes)
{
	static const uint8_t head[] = { 0x55, 0xaa, 0x0f, 0xf0 };

	for (size_t i = 0; i < bytes; i++) {
		switch (stranger->payload) {
		case LINES:
			return fill_lines(stranger, data, bytes);
		case GARBAGE:
			data[i] = noise(stranger->said++);
			break;
		case ENDLESS:
			data[i] = 'x';
			break;
		case HEADS:
			data[i] = head[i % sizeof(head)];
			break;
		}
	}
	return bytes;
}

/* False where there is nobody any more. */
static bool say(int fd, const uint8_t *data, size_t bytes)
{
	while (bytes > 0) {
		ssize_t count = write(fd, data, bytes);

		if (count < 0 && errno == EAGAIN) {
			struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };

			poll(&poll_fd, 1, 1);
		} else if (count < 0 && errno != EINTR && errno != ENOBUFS) {
			return errno == ECONNREFUSED;
		} else if (count > 0) {
			data += count;
			bytes -= (size_t)count;
		}
	}
	return true;
}

static void flood(struct stranger *stranger, int fd, size_t bytes)
{
	uint8_t data[STREAM_BYTES + 32];

	while (say(fd, data, fill(stranger, data, bytes))) {
	}
}

/* --- connections ---------------------------------------------------------------------------------- */

static void read_to_end(int fd)
{
	char bytes[1024];

	while (read(fd, bytes, sizeof(bytes)) > 0) {
	}
}

static void set_reset(int fd)
{
	const struct linger linger = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static void behave(struct stranger *stranger, int fd)
{
	char byte;

	printf("connected\n");
	switch (stranger->manner) {
	case RESETS:
		(void)!read(fd, &byte, 1);
		set_reset(fd);
		break;
	case HALVES:
		shutdown(fd, SHUT_WR);
		read_to_end(fd);
		break;
	case ONCE:
		say(fd, (const uint8_t *)"A,7\n", 4);
		pause();
		break;
	case SILENT:
		pause();
		break;
	case FLOODS:
		flood(stranger, fd,
		      stranger->type == SOCK_STREAM ? STREAM_BYTES : stranger->bytes);
		break;
	default:
		break;
	}
	close(fd);
	rest();
}

static int make_socket(const struct stranger *stranger)
{
	int fd = socket(stranger->address.ss_family, stranger->type | SOCK_CLOEXEC, 0);
	int one = 1;

	if (fd < 0) {
		quit(stranger, "socket");
	}
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return fd;
}

static int connect_once(const struct stranger *stranger)
{
	int fd = make_socket(stranger);

	if (connect(fd, (const struct sockaddr *)&stranger->address,
		    stranger->address_bytes)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Those that wait in the queue, so that no other finds room. */
static void crowd(const struct stranger *stranger)
{
	for (int i = 0; i < CROWD; i++) {
		int fd = make_socket(stranger);

		fcntl(fd, F_SETFL, O_NONBLOCK);
		(void)!connect(fd, (const struct sockaddr *)&stranger->address,
			       stranger->address_bytes);
	}
}

static void run_listener(struct stranger *stranger)
{
	int fd = make_socket(stranger);

	if (stranger->address.ss_family == AF_UNIX) {
		unlink(stranger->name);
	}
	if (bind(fd, (const struct sockaddr *)&stranger->address,
		 stranger->address_bytes) ||
	    listen(fd, stranger->manner == DEAF ? 0 : 16)) {
		quit(stranger, "cannot listen");
	}
	printf("listening\n");
	if (stranger->manner == DEAF) {
		crowd(stranger);
		pause();
	}
	for (;;) {
		int peer = accept(fd, NULL, NULL);

		if (peer >= 0) {
			behave(stranger, peer);
		}
	}
}

static void run_connector(struct stranger *stranger)
{
	for (;;) {
		int fd = connect_once(stranger);

		if (fd >= 0) {
			behave(stranger, fd);
		} else {
			rest();
		}
	}
}

/* --- what has no connections ---------------------------------------------------------------------- */

static void run_queue(struct stranger *stranger)
{
	mqd_t queue = mq_open(stranger->name, O_WRONLY);
	uint8_t data[STREAM_BYTES + 32];

	if (queue == (mqd_t)-1) {
		quit(stranger, "cannot open");
	}
	printf("connected\n");
	while (mq_send(queue, (const char *)data, fill(stranger, data, stranger->bytes),
		       0) == 0) {
	}
	quit(stranger, "cannot send");
}

static void run_terminal(struct stranger *stranger)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct termios settings;
	char slave[64];

	if (fd < 0 || grantpt(fd) || unlockpt(fd) ||
	    ptsname_r(fd, slave, sizeof(slave)) || tcgetattr(fd, &settings)) {
		quit(stranger, "no pseudo-terminal");
	}
	cfmakeraw(&settings);
	tcsetattr(fd, TCSANOW, &settings);
	unlink(stranger->name);
	if (symlink(slave, stranger->name)) {
		quit(stranger, "cannot make the link");
	}
	printf("listening\n");
	for (;;) {
		flood(stranger, fd, STREAM_BYTES);
		rest();
	}
}

/* What a modem that lets go, or an adapter that is pulled, does to who has the line open. */
static void hang_up(struct stranger *stranger)
{
	int fd = open(stranger->name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, TIOCVHANGUP)) {
		quit(stranger, "cannot be hung up");
	}
	exit(0);
}

static void run_can(struct stranger *stranger)
{
	struct sockaddr_can address = { .can_family = AF_CAN };
	struct can_frame frame = { .can_id = 0x123, .can_dlc = 8 };
	int fd = socket(PF_CAN, SOCK_RAW | SOCK_CLOEXEC, CAN_RAW);

	address.can_ifindex = (int)if_nametoindex(stranger->name);
	if (fd < 0 || address.can_ifindex == 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address))) {
		quit(stranger, "cannot open");
	}
	printf("connected\n");
	for (;;) {
		for (size_t i = 0; i < sizeof(frame.data); i++) {
			frame.data[i] = noise(stranger->said++);
		}
		say(fd, (const uint8_t *)&frame, sizeof(frame));
	}
}

/* --- the command line ----------------------------------------------------------------------------- */

static bool set_inet(struct stranger *stranger, int type)
{
	struct sockaddr_in *address = (struct sockaddr_in *)&stranger->address;

	address->sin_family = AF_INET;
	address->sin_port = htons((uint16_t)strtoul(stranger->name, NULL, 10));
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	stranger->address_bytes = sizeof(*address);
	stranger->type = type;
	return address->sin_port != 0;
}

static bool set_unix(struct stranger *stranger, int type)
{
	struct sockaddr_un *address = (struct sockaddr_un *)&stranger->address;

	address->sun_family = AF_UNIX;
	stranger->address_bytes = sizeof(*address);
	stranger->type = type;
	return (size_t)snprintf(address->sun_path, sizeof(address->sun_path), "%s",
				stranger->name) < sizeof(address->sun_path);
}

static int find(const char *const *words, const char *word)
{
	for (int i = 0; words[i]; i++) {
		if (strcmp(words[i], word) == 0) {
			return i;
		}
	}
	return -1;
}

static bool parse_address(struct stranger *stranger, char *text)
{
	char *colon = strchr(text, ':');

	if (!colon) {
		return false;
	}
	*colon = '\0';
	stranger->kind = text;
	stranger->name = colon + 1;
	if (strcmp(text, "tcp") == 0) {
		return set_inet(stranger, SOCK_STREAM);
	}
	if (strcmp(text, "udp") == 0) {
		return set_inet(stranger, SOCK_DGRAM);
	}
	if (strcmp(text, "unix") == 0) {
		return set_unix(stranger, SOCK_STREAM);
	}
	if (strcmp(text, "packet") == 0) {
		return set_unix(stranger, SOCK_SEQPACKET);
	}
	if (strcmp(text, "gram") == 0) {
		return set_unix(stranger, SOCK_DGRAM);
	}
	return strcmp(text, "mq") == 0 || strcmp(text, "pty") == 0 ||
	       strcmp(text, "can") == 0 || strcmp(text, "tty") == 0;
}

static bool parse(struct stranger *stranger, int argc, char **argv)
{
	int letter, manner = FLOODS, payload = LINES;

	while ((letter = getopt(argc, argv, "lm:p:b:h")) != -1) {
		switch (letter) {
		case 'l':
			stranger->listens = true;
			break;
		case 'm':
			manner = find(manners, optarg);
			break;
		case 'p':
			payload = find(payloads, optarg);
			break;
		case 'b':
			stranger->bytes = strtoul(optarg, NULL, 10);
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			return false;
		}
	}
	if (optind + 1 != argc || manner < 0 || payload < 0 || stranger->bytes < 1 ||
	    stranger->bytes > STREAM_BYTES) {
		return false;
	}
	stranger->manner = (enum manner)manner;
	stranger->payload = (enum payload)payload;
	return parse_address(stranger, argv[optind]);
}

int main(int argc, char **argv)
{
	struct stranger stranger = { .bytes = 64 };

	signal(SIGPIPE, SIG_IGN);
	/* a test that is killed leaves no flood behind */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!parse(&stranger, argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	if (strcmp(stranger.kind, "tty") == 0) {
		hang_up(&stranger);
	}
	if (strcmp(stranger.kind, "mq") == 0) {
		run_queue(&stranger);
	} else if (strcmp(stranger.kind, "pty") == 0) {
		run_terminal(&stranger);
	} else if (strcmp(stranger.kind, "can") == 0) {
		run_can(&stranger);
	} else if (stranger.listens) {
		run_listener(&stranger);
	} else {
		run_connector(&stranger);
	}
	return 1;
}
