/* A simulated sensor that sends UDP datagrams; see -h. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "drivers/address.h"
#include "drivers/checksum.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"

#define DATAGRAM_BYTES 12

struct sensor {
	struct address to;
	const char *sent_path;
	double rate;
	double duration;
	uint64_t count; /* 0: without end */
	bool floods;

	int fd;
	int sent_fd; /* -1: none */
	uint32_t sequence;
};

static volatile sig_atomic_t is_ending;

static const char usage[] =
	"usage: sensor [OPTION]... [ADDRESS:]PORT\n"
	"\n"
	"Simulate a sensor that sends UDP datagrams to ADDRESS (127.0.0.1), numeric. "
	"Each has 12 bytes,\n"
	"the most significant byte of a value first:\n"
	"\n"
	"  0   2  \"RT\"\n"
	"  2   4  unsigned  sequence, from 0\n"
	"  6   2  signed    temperature in 0.01 degC\n"
	"  8   2  unsigned  flow in 0.1 l/min\n"
	"  10  2            crc16-ccitt (init 0xFFFF) of bytes 0 to 9\n"
	"\n"
	"The n-th datagram is the same in each run: the temperature wanders between "
	"-10.00 and 40.00,\n"
	"the flow between 0.0 and 500.0.\n"
	"\n"
	"  -r, --rate HZ        datagrams a second (100)\n"
	"  -f, --flood          as many as there can be, whatever the rate\n"
	"  -n, --count N        exit after so many\n"
	"  -s, --sent FILE      append a line for each that was sent: CLOCK_MONOTONIC in "
	"ns, sequence,\n"
	"                       temperature and flow as sent, with blanks between\n"
	"  -d, --duration SECS  exit after so long; without it, on SIGTERM or SIGINT\n"
	"  -h, --help           this text\n"
	"\n"
	"Whether anybody listens makes no difference.\n";

static void end(int signal)
{
	(void)signal;
	is_ending = 1;
}

static void put_big_endian(uint8_t *at, uint32_t value, int bytes)
{
	for (int i = 0; i < bytes; i++) {
		at[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
	}
}

static int32_t triangle(uint32_t n, uint32_t period, int32_t height)
{
	int64_t at = n % period;
	int64_t half = period / 2;

	return (int32_t)(height * (at < half ? at : 2 * half - at) / half);
}

static void log_sent(struct sensor *sensor, int64_t now_ns, int32_t temp, int32_t flow)
{
	char line[96];
	int bytes;

	if (sensor->sent_fd < 0) {
		return;
	}
	bytes = snprintf(line, sizeof(line), "%lld %u %d %d\n", (long long)now_ns,
			 sensor->sequence, temp, flow);
	if (sys_write(sensor->sent_fd, line, (size_t)bytes) != bytes) {
		is_ending = 1;
	}
}

static void send_one(struct sensor *sensor)
{
	uint8_t datagram[DATAGRAM_BYTES] = { 'R', 'T' };
	int32_t temp = triangle(sensor->sequence, 1000, 5000) - 1000;
	int32_t flow = triangle(sensor->sequence, 370, 5000);
	int64_t now_ns = sys_now();

	put_big_endian(datagram + 2, sensor->sequence, 4);
	put_big_endian(datagram + 6, (uint32_t)temp, 2);
	put_big_endian(datagram + 8, (uint32_t)flow, 2);
	put_big_endian(datagram + 10, checksum_of(CHECKSUM_CRC16_CCITT, datagram, 10), 2);
	/* A refusal is of the datagram before: then this one was not sent at all. */
	if (sys_send(sensor->fd, datagram, sizeof(datagram)) == DATAGRAM_BYTES ||
	    sys_send(sensor->fd, datagram, sizeof(datagram)) == DATAGRAM_BYTES) {
		log_sent(sensor, now_ns, temp, flow);
	}
	sensor->sequence++;
}

static void run(struct sensor *sensor)
{
	int64_t start_ns = sys_now();
	int64_t end_ns = sensor->duration > 0
				 ? start_ns + (int64_t)(sensor->duration * 1e9)
				 : INT64_MAX;
	int64_t period_ns = (int64_t)(1e9 / sensor->rate);
	int64_t next_ns = start_ns;

	while (!is_ending && sys_now() < end_ns &&
	       (sensor->count == 0 || sensor->sequence < sensor->count)) {
		send_one(sensor);
		if (!sensor->floods) {
			next_ns += period_ns;
			sys_sleep_until(next_ns < end_ns ? next_ns : end_ns);
		}
	}
}

static int set_up(struct sensor *sensor)
{
	sensor->fd = socket(sensor->to.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sensor->fd < 0 ||
	    connect(sensor->fd, (const struct sockaddr *)&sensor->to.storage,
		    sensor->to.bytes)) {
		return -errno;
	}
	if (sensor->sent_path) {
		sensor->sent_fd =
			sys_open(sensor->sent_path, O_WRONLY | O_CREAT | O_APPEND, 0644);
		return sensor->sent_fd < 0 ? sensor->sent_fd : 0;
	}
	return 0;
}

static bool parse_positive(const char *text, double *ret_value)
{
	char *rest;

	*ret_value = strtod(text, &rest);
	return rest != text && *rest == '\0' && *ret_value > 0 && *ret_value < 1e9;
}

static bool parse_to(const char *text, struct address *ret_to)
{
	char with_colon[16];

	if (!strchr(text, ':')) {
		snprintf(with_colon, sizeof(with_colon), ":%s", text);
		text = with_colon;
	}
	return address_parse(text, ret_to) == 0 && ret_to->has_port;
}

static bool take_option(struct sensor *sensor, int letter)
{
	double count;

	switch (letter) {
	case 'r':
		return parse_positive(optarg, &sensor->rate);
	case 'f':
		sensor->floods = true;
		return true;
	case 'n':
		if (!parse_positive(optarg, &count)) {
			return false;
		}
		sensor->count = (uint64_t)count;
		return true;
	case 's':
		sensor->sent_path = optarg;
		return true;
	case 'd':
		return parse_positive(optarg, &sensor->duration);
	default:
		return false;
	}
}

/* Exit status, or -1 to go on. */
static int parse_options(struct sensor *sensor, int argc, char **argv)
{
	static const struct option rows[] = {
		{ "rate", required_argument, NULL, 'r' },
		{ "flood", no_argument, NULL, 'f' },
		{ "count", required_argument, NULL, 'n' },
		{ "sent", required_argument, NULL, 's' },
		{ "duration", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	bool is_right = true;
	int letter;

	while ((letter = getopt_long(argc, argv, "r:fn:s:d:h", rows, NULL)) != -1) {
		if (letter == 'h') {
			fputs(usage, stdout);
			return 0;
		}
		is_right &= take_option(sensor, letter);
	}
	if (!is_right || optind != argc - 1 || !parse_to(argv[optind], &sensor->to)) {
		fputs(usage, stderr);
		return 2;
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct sensor sensor = { .rate = 100, .fd = -1, .sent_fd = -1 };
	const struct sigaction action = { .sa_handler = end };
	int status = parse_options(&sensor, argc, argv);
	int rc;

	if (status >= 0) {
		return status;
	}
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	rc = set_up(&sensor);
	if (rc) {
		fprintf(stderr, "sensor: %s\n", strerror(-rc));
		return 1;
	}
	run(&sensor);
	return 0;
}
