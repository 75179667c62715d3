#include "tests/sites/scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#define PORT_FIRST 46300
#define PORTS_EACH 10

const struct scenario scenarios[] = {
	{ .name = "run",
	  .words = { "run", "-q", "-l", "20", "--json", "report.json", "all.yaml" },
	  .fresh = "logs" },
	{ .name = "asked",
	  .words = { "run", "-q", "all.yaml" },
	  .is_asked = true,
	  .fresh = "logs" },
	{ .name = "check", .words = { "check", "all.yaml" }, .is_stable = true },
	{ .name = "check_bad", .words = { "check", "bad.yaml" }, .is_stable = true },
	{ .name = "report", .words = { "report", "base.mcap" }, .is_stable = true },
	{ .name = "report_json",
	  .words = { "report", "--json", "out.json", "base.mcap" },
	  .is_stable = true,
	  .output = "out.json",
	  .fresh = "out.json" },
	{ .name = "dump", .words = { "dump", "base.mcap" }, .is_stable = true },
	{ .name = "dump_check",
	  .words = { "dump", "--check", "base.mcap" },
	  .is_stable = true },
	{ .name = "dump_csv",
	  .words = { "dump", "--csv", "-c", "wave,param.target", "base.mcap" },
	  .is_stable = true },
	{ .name = "dump_jsonl",
	  .words = { "dump", "--jsonl", "base.mcap" },
	  .is_stable = true },
	{ .name = "recover",
	  .words = { "recover", "torn.mcap", "-o", "out.mcap" },
	  .is_stable = true,
	  .output = "out.mcap",
	  .fresh = "out.mcap*" },
	{ .name = "replay", .words = { "replay", "base.mcap" }, .is_stable = true },
	{ .name = "status", .words = { "status", "all" }, .needs_run = true },
	{ .name = "set", .words = { "set", "all", "target=170" }, .needs_run = true },
	{ .name = "reload", .words = { "reload", "all" }, .needs_run = true },
};
const unsigned scenario_count = sizeof(scenarios) / sizeof(scenarios[0]);

static void must(bool is_done, const char *what)
{
	if (!is_done) {
		fprintf(stderr, "sites: %s: %s\n", what, strerror(errno));
		exit(2);
	}
}

static void write_text(const char *path, const char *format, ...)
{
	FILE *file = fopen(path, "w");
	va_list args;

	must(file != NULL, path);
	va_start(args, format);
	vfprintf(file, format, args);
	va_end(args);
	must(fclose(file) == 0, path);
}

static void write_config(unsigned port, const char *queue, const char *plugin)
{
	write_text("table.csv", "time,a\n0,1.5\n0.01,2.5\n0.02,3.5\n");
	write_text("all.yaml",
		   "name: all\n"
		   "loop: { period: 1ms, priority: 80 }\n"
		   "log: { dir: logs, rotate: 1MiB, keep: 16MiB }\n"
		   "devices:\n"
		   "  wave: { driver: sim, in: { a: { wave: sine }, n: { wave: ramp, "
		   "type: integer } } }\n"
		   "  played: { driver: sim, file: table.csv, in: { a: { wave: playback, "
		   "column: 1 } } }\n"
		   "  line:\n"
		   "    driver: serial\n"
		   "    path: line.tty\n"
		   "    on_open: \"MODE\\r\\n\"\n"
		   "    request: { send: \"M?\\r\\n\", every: 10ms }\n"
		   "    frame: { kind: line, match: \"M,\", checksum: xor8 }\n"
		   "    in: { temp: { column: 1 } }\n"
		   "    out: { power: { safe: 0.0 } }\n"
		   "    send: { every: 20ms, text: \"P,{line.power:.1f}\\r\\n\" }\n"
		   "  gram: { driver: udp, listen: \"127.0.0.1:%u\", in: { level: { "
		   "byte: 0 } } }\n"
		   "  told: { driver: udp, send: { to: \"127.0.0.1:%u\", text: "
		   "\"{wave.a}\\n\" } }\n"
		   "  server: { driver: tcp, listen: \"127.0.0.1:%u\", frame: { kind: "
		   "line }, in: { a: { column: 0 } } }\n"
		   "  client:\n"
		   "    driver: tcp\n"
		   "    connect: \"127.0.0.1:%u\"\n"
		   "    on_open: \"0\\n\"\n"
		   "    send: { every: 5ms, text: \"{wave.a}\\n\" }\n"
		   "  packets: { driver: unix, kind: seqpacket, listen: packets.sock, "
		   "in: { x: { column: 0 } } }\n"
		   "  sender: { driver: unix, kind: seqpacket, connect: packets.sock, "
		   "send: { text: \"{wave.a}\" } }\n"
		   "  datagrams: { driver: unix, kind: datagram, listen: datagrams.sock, "
		   "in: { x: { column: 0 } } }\n"
		   "  queue: { driver: mqueue, queue: %s, in: { x: { column: 0 } } }\n"
		   "  meter: { driver: modbus, tcp: \"127.0.0.1:%u\", in: { u: { "
		   "holding: 0 } } }\n"
		   "  panel: { driver: gpio, chip: nochip, in: { start: { line: 0 } } }\n"
		   "  gone: { driver: serial, path: nowhere, frame: { kind: line }, in: "
		   "{ x: { column: 0 } } }\n"
		   "params: { target: { value: 150.0, min: 20, max: 250 } }\n"
		   "vars: { twice: 0.0 }\n"
		   "program: |\n"
		   "  twice      := 2 * wave.a\n"
		   "  line.power := pid(sp := target, pv := wave.a, kp := 1.0, ki := "
		   "0.1, min := 0, max := 100)\n"
		   "logic: [program, dawdler]\n"
		   "plugins: { dawdler: { path: %s, budget: 50ms, options: { every: "
		   "1000000 } } }\n",
		   port, port, port + 1, port + 1, queue, port + 2, plugin);
	write_text("bad.yaml",
		   "loop: { periud: 1ms }\ndevices:\n  a: { driver: sim, in: { b: { "
		   "wave: sinus } } }\n"
		   "  c: { driver: udp }\nprogram: |\n  x := y +\n  a.b := 3\n");
}

static void open_line(struct peers *peers)
{
	struct termios settings;
	char slave[64];

	peers->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	must(peers->master >= 0 && grantpt(peers->master) == 0 &&
		     unlockpt(peers->master) == 0 &&
		     ptsname_r(peers->master, slave, sizeof(slave)) == 0,
	     "no pseudo-terminal");
	must(tcgetattr(peers->master, &settings) == 0, "no pseudo-terminal");
	cfmakeraw(&settings);
	must(tcsetattr(peers->master, TCSANOW, &settings) == 0, "no pseudo-terminal");
	unlink("line.tty");
	must(symlink(slave, "line.tty") == 0, "line.tty");
}

static void open_listener(struct peers *peers, unsigned port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)port) };
	int one = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	peers->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	must(peers->listener >= 0 &&
		     setsockopt(peers->listener, SOL_SOCKET, SO_REUSEADDR, &one,
				sizeof(one)) == 0 &&
		     bind(peers->listener, (struct sockaddr *)&address,
			  sizeof(address)) == 0 &&
		     listen(peers->listener, 16) == 0,
	     "the Modbus server's socket");
}

static void open_manager(struct peers *peers)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char folder[512];

	must(getcwd(folder, sizeof(folder)) != NULL, "the folder");
	must((size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s/n",
			      folder) < sizeof(address.sun_path),
	     "the folder's name is too long");
	unlink(address.sun_path);
	peers->manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	must(peers->manager >= 0 && bind(peers->manager, (struct sockaddr *)&address,
					 sizeof(address)) == 0,
	     "the manager's socket");
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	setenv("RUNTIME_DIRECTORY", folder, 1);
}

static void make_queue(const char *queue)
{
	struct mq_attr attributes = { .mq_maxmsg = 4, .mq_msgsize = 64 };
	mqd_t fd = mq_open(queue, O_RDWR | O_CREAT | O_CLOEXEC, 0600, &attributes);

	if (fd == (mqd_t)-1) {
		fprintf(stderr, "sites: no message queue here: %s\n", strerror(errno));
	} else {
		mq_close(fd);
	}
}

void peers_open(struct peers *peers, unsigned worker, const char *plugin)
{
	unsigned port = PORT_FIRST + PORTS_EACH * worker;
	char queue[64];

	snprintf(queue, sizeof(queue), "/rtloop-sites-%d-%u", (int)getpid(), worker);
	make_queue(queue);
	write_text("queue", "%s", queue);
	open_line(peers);
	open_listener(peers, port + 2);
	open_manager(peers);
	write_config(port, queue, plugin);
}

void peers_drain(struct peers *peers)
{
	char bytes[4096];
	int fd;

	while (read(peers->master, bytes, sizeof(bytes)) > 0) {
	}
	while (recv(peers->manager, bytes, sizeof(bytes), 0) >= 0) {
	}
	while ((fd = accept(peers->listener, NULL, NULL)) >= 0) {
		close(fd);
	}
}

void peers_close(struct peers *peers)
{
	char queue[64] = "";
	FILE *file = fopen("queue", "r");

	if (file) {
		if (fgets(queue, sizeof(queue), file)) {
			mq_unlink(queue);
		}
		fclose(file);
	}
	close(peers->master);
	close(peers->listener);
	close(peers->manager);
}
