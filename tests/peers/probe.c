/* A simulated serial instrument on a pseudo-terminal; see -h. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "drivers/checksum.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"

#define LINE_BYTES	256
#define GARBAGE_BYTES	700
#define GARBAGE_EVERY	3 /* lines */
#define HUNG_UP_WAIT_NS (5 * NS_PER_MS)

/* The oven: an element that is heated, and heats what the thermometer is in. degC, seconds. */
#define AMBIENT	       20.0
#define FULL_POWER     250.0 /* above ambient, in the end */
#define ELEMENT_S      0.25
#define OVEN_S	       2.5
#define STEP_NS	       NS_PER_MS
#define POWER_VALID_NS (NS_PER_SEC / 2)

struct oven {
	int64_t at_ns; /* computed up to this moment */
	double element;
	double temp;
	double power;	/* 0 to 1 */
	int64_t off_ns; /* when the power goes off by itself */
};

struct probe {
	const char *link;
	const char *sent_path;
	double rate;
	double duration;
	bool is_noisy;
	bool is_oven;

	struct oven oven;
	int master;
	int sent_fd; /* -1: none */
	bool is_csv; /* MODE CSV was received */
	uint64_t measured;
	char command[LINE_BYTES];
	size_t command_bytes;
};

static volatile sig_atomic_t is_ending;
static volatile sig_atomic_t is_pulled; /* of the plug: as SIGUSR1 has it */

static const char usage[] =
	"usage: probe [OPTION]... LINK\n"
	"\n"
	"Simulate a serial instrument. LINK becomes a symbolic link to the terminal that "
	"a program\n"
	"opens as its serial line. Lines end with \\r\\n; commands may end with \\n "
	"alone.\n"
	"\n"
	"  MODE CSV   turns measuring on; no answer\n"
	"  M?         one measurement: M,TEMP,PRESSURE*XX\n"
	"             TEMP in 0.1 degC, whole; PRESSURE in kPa, two decimals;\n"
	"             XX: xor of all bytes before the *, two hex digits\n"
	"             before MODE CSV the answer is E,MODE*XX\n"
	"  other      E,COMMAND*XX\n"
	"\n"
	"  P,POWER    with --oven: heat with so much, 0 to 100 per cent; no answer\n"
	"\n"
	"The n-th measurement, from 0, is the same in each run: TEMP wanders between "
	"1750 and 1850,\n"
	"PRESSURE between 100.80 and 101.80.\n"
	"\n"
	"  -o, --oven           TEMP is that of an oven in real time: full power brings "
	"it to 270 degC,\n"
	"                       63 % of the way in 2.5 s; half a second after the last P "
	"the power\n"
	"                       goes off\n"
	"  -r, --rate HZ        measure by itself, without MODE CSV and without being "
	"asked\n"
	"  -s, --sent FILE      append each measurement that was sent whole: "
	"CLOCK_MONOTONIC in ns,\n"
	"                       a blank, the line without its end\n"
	"  -g, --garbage        before every third measurement, send something to be "
	"dropped: a line\n"
	"                       with a wrong checksum, noise, a line of somebody else, "
	"half a line,\n"
	"                       or one of 600 bytes; each ends with \\n\n"
	"  -d, --duration SECS  exit after so long; without it, on SIGTERM or SIGINT\n"
	"  -h, --help           this text\n"
	"\n"
	"What is sent while no program has the line open may be lost. When probe ends, "
	"the line hangs\n"
	"up and LINK is removed. SIGUSR1 does the same, as a plug that is pulled; the "
	"next one puts it\n"
	"back: LINK is there again, and the instrument has forgotten its MODE. An oven "
	"cools meanwhile.\n";

static void end(int signal)
{
	(void)signal;
	is_ending = 1;
}

static void pull_or_put_back(int signal)
{
	(void)signal;
	is_pulled = !is_pulled;
}

/* Until all is taken, or nobody takes it any more. */
static bool send_all(struct probe *probe, const void *data, size_t bytes)
{
	const char *rest = data;

	while (bytes > 0 && !is_ending) {
		ssize_t written = sys_write(probe->master, rest, bytes);

		if (written >= 0) {
			rest += written;
			bytes -= (size_t)written;
		} else if (written == -EAGAIN) {
			sys_sleep_until(sys_now() + NS_PER_MS);
		} else {
			return false;
		}
	}
	return bytes == 0;
}

static int add_checksum(char *line, int length, uint32_t flaw)
{
	uint32_t sum =
		checksum_of(CHECKSUM_XOR8, (const uint8_t *)line, (uint32_t)length);

	return length + snprintf(line + length, (size_t)(LINE_BYTES - length),
				 "*%02X\r\n", sum ^ flaw);
}

/* A triangle of this height and period: the same on each machine. */
static int64_t triangle(uint64_t n, uint64_t period, int64_t height)
{
	int64_t at = (int64_t)(n % period);
	int64_t half = (int64_t)period / 2;

	return height * (at < half ? at : 2 * half - at) / half;
}

static void start_oven(struct oven *oven)
{
	*oven = (struct oven){ .at_ns = sys_now(), .element = AMBIENT, .temp = AMBIENT };
}

/* In steps: much shorter than its time constants, and the same however often it is looked at. */
static void heat(struct oven *oven, int64_t now_ns)
{
	const double dt = (double)STEP_NS / 1e9;

	for (; oven->at_ns + STEP_NS <= now_ns; oven->at_ns += STEP_NS) {
		double power = oven->at_ns < oven->off_ns ? oven->power : 0;
		double driven = AMBIENT + FULL_POWER * power;

		oven->element += (driven - oven->element) * dt / ELEMENT_S;
		oven->temp += (oven->element - oven->temp) * dt / OVEN_S;
	}
}

static bool set_power(struct probe *probe, const char *text)
{
	int64_t now_ns = sys_now();
	char *rest;
	double percent = strtod(text, &rest);

	if (!probe->is_oven || rest == text || *rest ||
	    !(percent >= 0 && percent <= 100)) {
		return false;
	}
	heat(&probe->oven, now_ns);
	probe->oven.power = percent / 100;
	probe->oven.off_ns = now_ns + POWER_VALID_NS;
	return true;
}

static int64_t temperature(struct probe *probe, uint64_t n)
{
	if (!probe->is_oven) {
		return 1750 + triangle(n, 600, 100);
	}
	heat(&probe->oven, sys_now());
	return (int64_t)(probe->oven.temp * 10 + 0.5);
}

static int print_measurement(struct probe *probe, char *line, uint64_t n)
{
	int64_t temp = temperature(probe, n);
	int64_t pressure = 10080 + triangle(n, 170, 100);

	return snprintf(line, LINE_BYTES, "M,%lld,%lld.%02lld", (long long)temp,
			(long long)(pressure / 100), (long long)(pressure % 100));
}

static void log_sent(const struct probe *probe, const char *line, int length,
		     int64_t now_ns)
{
	char text[LINE_BYTES + 32];
	int bytes;

	if (probe->sent_fd < 0) {
		return;
	}
	bytes = snprintf(text, sizeof(text), "%lld %.*s\n", (long long)now_ns, length,
			 line);
	if (sys_write(probe->sent_fd, text, (size_t)bytes) != bytes) {
		is_ending = 1;
	}
}

static uint8_t noise(uint64_t n)
{
	n = (n + 1) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint8_t)(n >> 56);
}

static size_t fill_noise(char *garbage, uint64_t n)
{
	size_t bytes = 5 + noise(n) % 40;

	for (size_t i = 0; i < bytes; i++) {
		garbage[i] = (char)noise(1000 * n + i);
		if (garbage[i] == '\n') {
			garbage[i] = '\r';
		}
	}
	garbage[bytes] = '\n';
	return bytes + 1;
}

static void send_garbage(struct probe *probe, uint64_t n)
{
	char garbage[GARBAGE_BYTES];
	size_t bytes = 0;

	switch (n % 5) {
	case 0:
		bytes = (size_t)add_checksum(garbage,
					     print_measurement(probe, garbage, n), 0x11);
		break;
	case 1:
		bytes = fill_noise(garbage, n);
		break;
	case 2:
		bytes = (size_t)add_checksum(garbage, sprintf(garbage, "Q,17,4"), 0);
		break;
	case 3:
		bytes = (size_t)sprintf(garbage, "M,17\r\n");
		break;
	default:
		memset(garbage, 'M', 600);
		garbage[600] = '\n';
		bytes = 601;
		break;
	}
	send_all(probe, garbage, bytes);
}

static void measure(struct probe *probe)
{
	char line[LINE_BYTES];
	int length = print_measurement(probe, line, probe->measured);
	int bytes = add_checksum(line, length, 0);
	int64_t now_ns;

	if (probe->is_noisy && probe->measured % GARBAGE_EVERY == GARBAGE_EVERY - 1) {
		send_garbage(probe, probe->measured / GARBAGE_EVERY);
	}
	now_ns = sys_now();
	if (send_all(probe, line, (size_t)bytes)) {
		log_sent(probe, line, bytes - 2, now_ns);
	}
	probe->measured++;
}

static void refuse(struct probe *probe, const char *why)
{
	char line[LINE_BYTES];
	int bytes = add_checksum(line, snprintf(line, LINE_BYTES, "E,%s", why), 0);

	send_all(probe, line, (size_t)bytes);
}

static void obey(struct probe *probe)
{
	if (strcmp(probe->command, "MODE CSV") == 0) {
		probe->is_csv = true;
	} else if (strncmp(probe->command, "P,", 2) == 0 &&
		   set_power(probe, probe->command + 2)) {
		return;
	} else if (strcmp(probe->command, "M?") != 0) {
		refuse(probe, "COMMAND");
	} else if (!probe->is_csv) {
		refuse(probe, "MODE");
	} else {
		measure(probe);
	}
}

static void take_byte(struct probe *probe, char byte)
{
	if (byte != '\n') {
		if (byte != '\r' && probe->command_bytes < LINE_BYTES - 1) {
			probe->command[probe->command_bytes++] = byte;
		}
		return;
	}
	probe->command[probe->command_bytes] = '\0';
	probe->command_bytes = 0;
	obey(probe);
}

/* A terminal that nobody has open reads as an error at once: then wait, not spin. */
static void listen_until(struct probe *probe, int64_t until_ns)
{
	struct pollfd poll_fd = { .fd = probe->master, .events = POLLIN };
	int64_t left_ns = until_ns - sys_now();
	struct timespec left = time_to_timespec(left_ns > 0 ? left_ns : 0);
	char bytes[LINE_BYTES];
	ssize_t count;

	if (ppoll(&poll_fd, probe->master < 0 ? 0 : 1, &left, NULL) <= 0) {
		return;
	}
	count = sys_read(probe->master, bytes, sizeof(bytes));
	for (ssize_t i = 0; i < count; i++) {
		take_byte(probe, bytes[i]);
	}
	if (count <= 0) {
		int64_t wait_ns = sys_now() + HUNG_UP_WAIT_NS;

		sys_sleep_until(wait_ns < until_ns ? wait_ns : until_ns);
	}
}

/* Setting the master sets the slave: without it, what is sent would be echoed as commands. */
static int set_raw(int master)
{
	struct termios settings;

	if (tcgetattr(master, &settings)) {
		return -errno;
	}
	cfmakeraw(&settings);
	return tcsetattr(master, TCSANOW, &settings) ? -errno : 0;
}

static int place_link(const char *link, const char *slave)
{
	struct stat status;

	if (lstat(link, &status) == 0 && S_ISLNK(status.st_mode)) {
		unlink(link);
	}
	return symlink(slave, link) ? -errno : 0;
}

static int open_line(struct probe *probe)
{
	char slave[64];
	int rc;

	probe->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (probe->master < 0 || grantpt(probe->master) || unlockpt(probe->master) ||
	    ptsname_r(probe->master, slave, sizeof(slave))) {
		return -errno;
	}
	rc = set_raw(probe->master);
	return rc ? rc : place_link(probe->link, slave);
}

static int set_up(struct probe *probe)
{
	if (probe->sent_path) {
		probe->sent_fd =
			sys_open(probe->sent_path, O_WRONLY | O_CREAT | O_APPEND, 0644);
	}
	return probe->sent_path && probe->sent_fd < 0 ? probe->sent_fd : open_line(probe);
}

/* What is pulled loses its power, and what it was told. */
static void follow_plug(struct probe *probe)
{
	int rc = 0;

	if (is_pulled && probe->master >= 0) {
		unlink(probe->link);
		sys_close(probe->master);
		probe->master = -1;
		probe->is_csv = false;
		probe->command_bytes = 0;
	} else if (!is_pulled && probe->master < 0) {
		rc = open_line(probe);
	}
	if (rc) {
		fprintf(stderr, "probe: %s: %s\n", probe->link, strerror(-rc));
		is_ending = 1;
	}
}

static void run(struct probe *probe)
{
	int64_t start_ns = sys_now();
	int64_t end_ns = probe->duration > 0 ? start_ns + (int64_t)(probe->duration * 1e9)
					     : INT64_MAX;
	int64_t period_ns =
		probe->rate > 0 ? (int64_t)(1e9 / probe->rate) : NS_PER_SEC / 10;
	int64_t next_ns = start_ns + period_ns;

	while (!is_ending && sys_now() < end_ns) {
		follow_plug(probe);
		listen_until(probe, next_ns < end_ns ? next_ns : end_ns);
		if (sys_now() >= next_ns) {
			next_ns += period_ns;
			if (probe->rate > 0 && probe->master >= 0) {
				measure(probe);
			}
		}
	}
}

static bool parse_positive(const char *text, double *ret_value)
{
	char *rest;

	*ret_value = strtod(text, &rest);
	return rest != text && *rest == '\0' && *ret_value > 0 && *ret_value < 1e6;
}

/* Exit status, or -1 to go on. */
static int parse_options(struct probe *probe, int argc, char **argv)
{
	static const struct option rows[] = {
		{ "rate", required_argument, NULL, 'r' },
		{ "sent", required_argument, NULL, 's' },
		{ "garbage", no_argument, NULL, 'g' },
		{ "oven", no_argument, NULL, 'o' },
		{ "duration", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	bool is_right = true;
	int letter;

	while ((letter = getopt_long(argc, argv, "r:s:god:h", rows, NULL)) != -1) {
		switch (letter) {
		case 'r':
			is_right &= parse_positive(optarg, &probe->rate);
			break;
		case 's':
			probe->sent_path = optarg;
			break;
		case 'g':
			probe->is_noisy = true;
			break;
		case 'o':
			probe->is_oven = true;
			break;
		case 'd':
			is_right &= parse_positive(optarg, &probe->duration);
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			is_right = false;
			break;
		}
	}
	if (!is_right || optind != argc - 1) {
		fputs(usage, stderr);
		return 2;
	}
	probe->link = argv[optind];
	return -1;
}

int main(int argc, char **argv)
{
	struct probe probe = { .master = -1, .sent_fd = -1 };
	const struct sigaction action = { .sa_handler = end };
	const struct sigaction plug = { .sa_handler = pull_or_put_back };
	int status = parse_options(&probe, argc, argv);
	int rc;

	if (status >= 0) {
		return status;
	}
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGUSR1, &plug, NULL);
	start_oven(&probe.oven);
	rc = set_up(&probe);
	if (rc) {
		fprintf(stderr, "probe: %s: %s\n", probe.link, strerror(-rc));
		return 1;
	}
	run(&probe);
	unlink(probe.link);
	return 0;
}
