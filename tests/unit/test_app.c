/* wraps: pacer_open */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config/diag.h"
#include "rtloop/app.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "tests/fakes/folder.h"
#include "tests/fakes/kernel.h"
#include "tests/fakes/log_look.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

/* --- what the cycle thread asks of the heap -------------------------------------------------- */

/* The loop that runs, once its first cycle is over; NULL: none is watched. */
static struct loop *_Atomic watched;
static _Atomic unsigned heap_calls;

#if !IS_SANITIZED
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *block, size_t bytes);
void __libc_free(void *block);

static void note_heap_call(void)
{
	struct loop *loop = watched;

	if (loop && loop->thread_id == gettid() && counter_get(&loop->stats.cycles) > 0 &&
	    loop_state(loop) == LOOP_RUNS) {
		heap_calls++;
	}
}

void *malloc(size_t bytes)
{
	note_heap_call();
	return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
	note_heap_call();
	return __libc_calloc(count, bytes);
}

void *realloc(void *block, size_t bytes)
{
	note_heap_call();
	return __libc_realloc(block, bytes);
}

void free(void *block)
{
	note_heap_call();
	__libc_free(block);
}
#endif

/* --- a cycle thread that cannot begin -------------------------------------------------------- */

static bool has_no_pacer;

int __real_pacer_open(struct pacer *pacer, int kind, int64_t spin_ns, struct uring *ring,
		      struct err *err);
int __wrap_pacer_open(struct pacer *pacer, int kind, int64_t spin_ns, struct uring *ring,
		      struct err *err);
int __wrap_pacer_open(struct pacer *pacer, int kind, int64_t spin_ns, struct uring *ring,
		      struct err *err)
{
	return has_no_pacer ? err_set_errno(err, -EMFILE, "no pacer")
			    : __real_pacer_open(pacer, kind, spin_ns, ring, err);
}

/* --- a run, and its devices' other ends ------------------------------------------------------ */

struct bench {
	struct folder folder;
	struct diag diag;
	struct setup *setup;
	struct app *app;
	struct log_look look;
	char told[8][256]; /* what a person was told */
	_Atomic unsigned told_count;

	int master; /* of the terminal; -1: closed */
	char slave[64];
	int socket; /* to the UDP device */
	uint16_t port;
	pthread_t feeder;
	bool is_fed;
	_Atomic bool is_feeding;
	_Atomic unsigned lines;

	pthread_t watcher; /* ends the run when what it waits for has come about */
	bool (*awaited)(void *bench);
};

static void open_terminal(struct bench *bench)
{
	bench->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(bench->master >= 0);
	assert_int_equal(grantpt(bench->master), 0);
	assert_int_equal(unlockpt(bench->master), 0);
	assert_int_equal(ptsname_r(bench->master, bench->slave, sizeof(bench->slave)), 0);
}

/* A port that is free now: bound, asked for, and given back. */
static void find_port(struct bench *bench)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t bytes = sizeof(address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, bytes), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &bytes), 0);
	close(fd);
	bench->port = ntohs(address.sin_port);
	bench->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(bench->socket, (struct sockaddr *)&address, bytes), 0);
}

static int set_up(void **state)
{
	static struct bench bench;

	memset(&bench, 0, sizeof(bench));
	has_no_pacer = false;
	heap_calls = 0;
	signal(SIGPIPE, SIG_IGN);
	folder_init(&bench.folder);
	diag_init(&bench.diag, "f");
	open_terminal(&bench);
	find_port(&bench);
	*state = &bench;
	return 0;
}

static void stop_feeding(struct bench *bench)
{
	if (bench->is_fed) {
		bench->is_feeding = false;
		pthread_join(bench->feeder, NULL);
		bench->is_fed = false;
	}
}

static void close_master(struct bench *bench)
{
	if (bench->master >= 0) {
		close(bench->master);
		bench->master = -1;
	}
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	stop_feeding(bench);
	app_destroy(bench->app);
	setup_destroy(bench->setup);
	diag_fini(&bench->diag);
	close_master(bench);
	close(bench->socket);
	folder_fini(&bench->folder);
	munlockall();
	return 0;
}

/* A line and a datagram each two milliseconds, with a number that grows. */
static void *feed(void *arg)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	struct bench *bench = arg;
	char text[32];

	while (bench->is_feeding) {
		int length = snprintf(text, sizeof(text), "M,%u\n", bench->lines);

		if (write(bench->master, text, (size_t)length) == length) {
			bench->lines++;
		}
		(void)send(bench->socket, "U\x2a", 2, MSG_DONTWAIT);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

static void start_feeding(struct bench *bench)
{
	need_termios2();
	need_multicast_all();
	bench->is_feeding = true;
	bench->is_fed = true;
	assert_int_equal(pthread_create(&bench->feeder, NULL, feed, bench), 0);
}

static void take_told(void *context, const struct device *device, const char *text)
{
	struct bench *bench = context;

	if (bench->told_count < 8) {
		snprintf(bench->told[bench->told_count], sizeof(bench->told[0]), "%s: %s",
			 device ? device->spec->name : "", text);
		bench->told_count++;
	}
}

#define DEVICES_FORMAT                                                                   \
	"devices:\n"                                                                     \
	"  probe:\n"                                                                     \
	"    driver: serial\n"                                                           \
	"    path: probe.tty\n"                                                          \
	"    frame: { kind: line, match: \"M,\" }\n"                                     \
	"    max_age: 500ms\n"                                                           \
	"    in: { number: { column: 1, type: integer } }\n"                             \
	"  flow:\n"                                                                      \
	"    driver: udp\n"                                                              \
	"    listen: \"127.0.0.1:%u\"\n"                                                 \
	"    frame: { kind: raw, match: \"U\" }\n"                                       \
	"    in: { rate: { byte: 1, bytes: 1 } }\n"                                      \
	"  wave:\n"                                                                      \
	"    driver: sim\n"                                                              \
	"    in: { a: { wave: ramp, period: 1s }, b: { wave: square, period: 100ms, "    \
	"type: bool } }\n"                                                               \
	"  slow:\n"                                                                      \
	"    driver: sim\n"                                                              \
	"    lane: async\n"                                                              \
	"    in: { c: { wave: sine, period: 1s } }\n"

static void write_file(const char *path, const char *format, unsigned port,
		       const char *head)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(head, file);
	fprintf(file, DEVICES_FORMAT, port);
	assert_int_equal(fclose(file), 0);
}

/* A configuration of four devices; @head is what stands before them. */
static void create(struct bench *bench, const char *head)
{
	char path[128];
	struct err err = { "" };

	snprintf(path, sizeof(path), "%s", folder_file(&bench->folder, "oven.yaml"));
	write_file(path, DEVICES_FORMAT, bench->port, head);
	if (setup_load(path, &bench->setup, &bench->diag)) {
		diag_print(&bench->diag, stderr);
		fail_msg("the configuration of the test is wrong");
	}
	if (app_create(&bench->app, bench->setup, "rtloop test", &err)) {
		fail_msg("%s", err.text);
	}
	bench->app->super.tell = take_told;
	bench->app->super.context = bench;
}

static void plug_in(struct bench *bench)
{
	(void)unlink(folder_file(&bench->folder, "probe.tty"));
	assert_int_equal(symlink(bench->slave, folder_file(&bench->folder, "probe.tty")),
			 0);
}

static void start(struct bench *bench)
{
	struct err err = { "" };

	if (app_start(bench->app, false, &err)) {
		fail_msg("%s", err.text);
	}
	watched = &bench->app->loop;
}

static int run(struct bench *bench, struct err *err)
{
	int code = app_run(bench->app, err);

	watched = NULL;
	return code;
}

static void *watch(void *arg)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	struct bench *bench = arg;

	for (int i = 0; i < 10000 && !bench->awaited(bench); i++) {
		nanosleep(&pause, NULL);
	}
	/* loop_ask_stop() is the supervisor's: it sees this */
	atomic_store(&bench->app->loop.is_asked_to_stop, true);
	return NULL;
}

/* Run until that has come about; the test fails where it does not. */
static void run_until(struct bench *bench, bool (*awaited)(void *bench))
{
	struct err err = { "" };

	bench->awaited = awaited;
	assert_int_equal(pthread_create(&bench->watcher, NULL, watch, bench), 0);
	if (run(bench, &err)) {
		fail_msg("%s", err.text);
	}
	pthread_join(bench->watcher, NULL);
	assert_true(awaited(bench));
}

static void look(struct bench *bench)
{
	memset(&bench->look, 0, sizeof(bench->look));
	log_look_at(&bench->look, bench->app->logger.files.path);
	if (bench->look.problems > 0) {
		fail_msg("%s", bench->look.problem);
	}
}

/* The report, the counters and the log say the same. */
static void assert_accounted(const struct bench *bench)
{
	const struct app *app = bench->app;
	uint64_t cycles = counter_get(&app->loop.stats.cycles);
	uint64_t lost = counter_get(&app->logger.cycles_lost);

	assert_int_equal(app->loop.cycle, cycles);
	assert_int_equal(counter_get(&app->loop.stats.latency.count), cycles);
	assert_int_equal(counter_get(&app->loop.stats.busy.count), cycles);
	assert_int_equal(counter_get(&app->recorder.cycles) +
				 counter_get(&app->recorder.cycles_dropped),
			 cycles);
	assert_int_equal(bench->look.cycles.logged,
			 counter_get(&app->recorder.cycles) - lost);
	assert_int_equal(bench->look.cycles.logged + bench->look.cycles.in_gaps, cycles);
	assert_int_equal(bench->look.gap_count, counter_get(&app->logger.gaps));
	assert_int_equal(bench->look.cycles.missing, 0);
}

static uint64_t frames(const struct bench *bench, unsigned index)
{
	return counter_get(&bench->app->devices[index].counts[COUNT_FRAMES]);
}

/* With logic that has a state, meets with trouble, and changes a var in each cycle. */
#define PLAIN                                                                            \
	"loop: { period: 1ms, priority: 80, cycles: 400 }\n"                             \
	"log: { dir: logs }\n"                                                           \
	"params: { target: { value: 3.0 } }\n"                                           \
	"vars: { duty: 0.0, n: 0, zero: 0, late: false }\n"                              \
	"program: |\n"                                                                   \
	"  duty := pid(sp := target, pv := average(wave.a, 50), kp := 1, min := 0, "     \
	"max := 9)\n"                                                                    \
	"  n    := n + 1 + 1 div zero\n"                                                 \
	"  late := ton(wave.b, 20ms) and good(probe.number)\n"

static void run_plain(struct bench *bench)
{
	struct err err = { "" };

	create(bench, PLAIN);
	plug_in(bench);
	start_feeding(bench);
	start(bench);
	if (run(bench, &err)) {
		fail_msg("%s", err.text);
	}
	stop_feeding(bench);
	look(bench);
}

/* --- the tests ------------------------------------------------------------------------------- */

static void a_run_is_in_its_log_and_its_counters_agree(void **state)
{
	struct bench *bench = *state;
	const struct app *app;

	run_plain(bench);
	app = bench->app;
	assert_int_equal(loop_state(&app->loop), LOOP_ENDED_DONE);
	assert_int_equal(app->loop.cycle, 400);
	assert_accounted(bench);
	assert_true(app->end_ns > app->start_ns);
	assert_true(app->end_ns - app->start_ns >= 399 * NS_PER_MS);
	assert_int_equal(log_look_find(&bench->look, "run_ended")->value, 400);
	assert_int_equal(log_look_count(&bench->look, "run_started"), 1);
	assert_int_equal(log_look_count(&bench->look, "device_opened"), 4);
	/* each cycle is waited for */
	assert_true(app->loop.usage.voluntary_switches > 200);
}

static void every_frame_of_a_device_is_a_message_of_its_topic(void **state)
{
	struct bench *bench = *state;

	run_plain(bench);
	/* and one more where a message says that all is bad or stale */
	for (unsigned i = 0; i < 2; i++) {
		assert_true(frames(bench, i) > 0);
	}
	assert_in_range(log_look_messages(&bench->look, "/io/probe"), frames(bench, 0),
			frames(bench, 0) + 1);
	assert_in_range(log_look_messages(&bench->look, "/io/flow"), frames(bench, 1),
			frames(bench, 1) + 1);
	/* a ramp has another value in each cycle */
	assert_int_equal(log_look_messages(&bench->look, "/io/wave"),
			 bench->look.cycles.logged);
	assert_true(log_look_messages(&bench->look, "/io/slow") > 0);
}

static void logic_runs_once_in_each_cycle(void **state)
{
	struct bench *bench = *state;
	const struct app *app;

	run_plain(bench);
	app = bench->app;
	assert_int_equal(channel_value(&app->step.vars.channels[1]).as_int, 400);
	assert_int_equal(counter_get(&app->loop.stats.step.count), 400);
	assert_int_equal(
		counter_get(&program_trouble(app->step.program, TROUBLE_DIVISION)->count),
		400);
	assert_int_equal(log_look_messages(&bench->look, "/var"),
			 bench->look.cycles.logged);
	assert_int_equal(log_look_messages(&bench->look, "/param"), 1);
	/* told once a second, of 400 cycles: a machine that stands still takes longer than one for them */
	assert_in_range(log_look_count(&bench->look, "program_trouble"), 1, 40);
}

/* A sanitizer has the heap to itself, and its own memory is not locked. */
#if !IS_SANITIZED
static void the_cycle_thread_never_asks_the_heap(void **state)
{
	struct bench *bench = *state;

	run_plain(bench);
	assert_true(frames(bench, 0) > 0);
	assert_int_equal(heap_calls, 0);
}

static void the_cycle_thread_faults_no_page(void **state)
{
	struct bench *bench = *state;
	const struct realtime *realtime;

	run_plain(bench);
	realtime = &bench->app->realtime;
	if (!realtime->is_locked) {
		print_message("memory could not be locked\n");
		skip();
	}
	for (unsigned i = 0; i < realtime->problem_count; i++) {
		if (strstr(realtime->problems[i].why, "not locked")) {
			print_message("%s\n", realtime->problems[i].why);
			skip();
		}
	}
	assert_true(frames(bench, 0) > 0);
	assert_int_equal(bench->app->loop.usage.minor_faults, 0);
	assert_int_equal(bench->app->loop.usage.major_faults, 0);
}
#endif

static void without_a_log_it_runs_all_the_same(void **state)
{
	struct bench *bench = *state;
	struct err err = { "" };

	create(bench, "loop: { period: 1ms, cycles: 100 }\n");
	plug_in(bench);
	start(bench);
	assert_int_equal(run(bench, &err), 0);
	assert_int_equal(bench->app->loop.cycle, 100);
	assert_int_equal(counter_get(&bench->app->recorder.cycles), 0);
}

static bool has_frames(void *context)
{
	return frames(context, 0) > 20;
}

static void a_device_that_is_missing_is_tried_again_while_the_others_run(void **state)
{
	struct bench *bench = *state;
	const struct look_event *event;

	create(bench, "loop: { period: 1ms }\nlog: { dir: logs }\n");
	start_feeding(bench);
	start(bench);
	assert_int_equal(bench->told_count, 1);
	assert_non_null(strstr(bench->told[0], "probe: "));
	assert_non_null(strstr(bench->told[0], "No such file"));
	plug_in(bench);
	run_until(bench, has_frames);
	look(bench);
	assert_accounted(bench);
	event = log_look_find(&bench->look, "open_failed");
	assert_int_equal(event->value, ENOENT);
	assert_string_equal(event->device, "probe");
	assert_int_equal(log_look_count(&bench->look, "open_failed"), 1);
	assert_int_equal(bench->told_count, 2);
	assert_string_equal(bench->told[1], "probe: is open again");
	/* it was away for a back-off at least: the others did not wait for it */
	assert_true(log_look_messages(&bench->look, "/io/wave") > 0);
	assert_int_equal(log_look_messages(&bench->look, "/io/wave"),
			 bench->look.cycles.logged);
}

static bool was_told(const struct bench *bench, const char *text)
{
	unsigned count = bench->told_count;

	for (unsigned i = 0; i < count; i++) {
		if (strstr(bench->told[i], text)) {
			return true;
		}
	}
	return false;
}

/* When the terminal has gone, and opening it has failed once. */
static bool has_failed_to_open(void *context)
{
	struct bench *bench = context;

	if (has_frames(bench) && bench->is_feeding) {
		bench->is_feeding = false;
		pthread_join(bench->feeder, NULL);
		bench->is_fed = false;
		close_master(bench);
	}
	return was_told(bench, "probe.tty");
}

/* On a machine that stands still a person may be told of more than this. */
static void why_a_lost_device_stays_away_is_told_and_logged(void **state)
{
	struct bench *bench = *state;
	const struct look_event *lost, *failed;

	create(bench, "loop: { period: 1ms }\nlog: { dir: logs }\n");
	plug_in(bench);
	start_feeding(bench);
	start(bench);
	run_until(bench, has_failed_to_open);
	look(bench);
	assert_accounted(bench);
	lost = log_look_find(&bench->look, "device_lost");
	failed = log_look_find(&bench->look, "open_failed");
	assert_int_equal(log_look_count(&bench->look, "open_failed"), 1);
	assert_string_equal(failed->device, "probe");
	assert_true(failed->cycle > lost->cycle);
	assert_int_equal(failed->level, EVENT_WARNING);
	assert_true(was_told(bench, "probe: went away"));
	assert_false(bench->app->super.tended[0].is_open);
}

static void a_log_file_that_exists_is_a_clear_error_before_anything_runs(void **state)
{
	struct bench *bench = *state;
	struct err err = { "" };
	struct stat info;

	folder_put(&bench->folder, "old.mcap", 100);
	create(bench, "loop: { period: 1ms }\nlog: { file: old.mcap }\n");
	plug_in(bench);
	assert_int_equal(app_start(bench->app, false, &err), -EEXIST);
	assert_non_null(strstr(err.text, "old.mcap is already there"));
	assert_int_equal(bench->app->loop.thread_id, 0);
	assert_int_equal(stat(folder_file(&bench->folder, "old.mcap"), &info), 0);
	assert_int_equal(info.st_size, 100);
}

static void a_ring_that_is_too_small_is_refused_with_one_that_is_not(void **state)
{
	struct bench *bench = *state;
	const char *advice;
	struct err err = { "" };

	create(bench, "loop: { period: 1ms, cycles: 10 }\n"
		      "log: { dir: logs, ring: 1KiB }\n");
	plug_in(bench);
	assert_int_equal(app_start(bench->app, false, &err), -EINVAL);
	assert_non_null(strstr(err.text, "log: ring: 1 KiB is too small"));
	assert_false(folder_has(&bench->folder, "logs"));
	advice = strstr(err.text, "use at least ");
	assert_non_null(advice);
	bench->setup->log.ring_bytes = strtol(advice + strlen("use at least "), NULL, 10)
				       << 10;
	assert_true(bench->setup->log.ring_bytes > 1024);
	start(bench);
	assert_int_equal(run(bench, &err), 0);
	look(bench);
	assert_accounted(bench);
}

static void a_fast_loop_of_large_devices_gets_a_ring_that_there_can_be(void **state)
{
	struct bench *bench = *state;
	struct err err = { "" };
	struct device *device;
	uint32_t bytes;

	create(bench, "loop: { period: 20us, cycles: 5 }\nlog: { dir: logs }\n");
	plug_in(bench);
	device = &bench->app->devices[0];
	bytes = device->part.bytes;
	device->part.bytes = 100000; /* only looked at by what measures a cycle */
	if (app_start(bench->app, false, &err)) {
		fail_msg("%s", err.text);
	}
	device->part.bytes = bytes;
	assert_int_equal(run(bench, &err), 0);
	assert_in_range(bench->app->logger.ring.bytes, 128 << 20, 1 << 30);
}

static void a_cpu_that_is_not_there_ends_the_start_with_a_whole_log(void **state)
{
	struct bench *bench = *state;
	struct err err = { "" };
	int64_t before_ns = sys_now();
	const struct look_event *event;

	create(bench, "loop: { period: 1ms, cpu: 1000 }\nlog: { dir: logs }\n");
	plug_in(bench);
	assert_int_equal(app_start(bench->app, false, &err), -EINVAL);
	assert_string_not_equal(err.text, "");
	look(bench);
	assert_int_equal(bench->look.cycles.runs, 0);
	event = log_look_find(&bench->look, "run_started");
	assert_in_range(event->time_ns, before_ns, sys_now());
	event = log_look_find(&bench->look, "run_ended");
	assert_in_range(event->time_ns, before_ns, sys_now());
	assert_int_equal(event->value, 0);
}

static void a_cycle_thread_that_cannot_begin_is_an_error_with_its_words(void **state)
{
	struct bench *bench = *state;
	struct err err = { "" };

	create(bench, "loop: { period: 1ms }\nlog: { dir: logs }\n");
	plug_in(bench);
	has_no_pacer = true; /* that of the async lane is open already */
	start(bench);
	assert_int_equal(run(bench, &err), -EIO);
	assert_non_null(strstr(err.text, "no pacer"));
	assert_int_equal(loop_state(&bench->app->loop), LOOP_ENDED_FAILED);
	assert_true(bench->app->end_ns >= bench->app->start_ns);
	look(bench);
}

static void a_run_that_must_be_real_time_and_is_not_ends_with_a_whole_log(void **state)
{
	struct bench *bench = *state;
	struct err err = { "" };
	int code;

	create(bench, "loop: { period: 1ms, priority: 0 }\nlog: { dir: logs }\n");
	plug_in(bench);
	code = app_start(bench->app, true, &err);
	assert_int_equal(code, -EPERM);
	assert_non_null(strstr(err.text, "NOT REALTIME: "));
	assert_non_null(strstr(err.text, "mend it with: "));
	assert_int_equal(loop_state(&bench->app->loop), LOOP_ENDED_ASKED);
	look(bench);
	assert_accounted(bench);
}

static void a_disk_that_refuses_does_not_end_the_run_but_is_its_error(void **state)
{
	const struct rlimit tight = { 20 << 10, RLIM_INFINITY };
	struct bench *bench = *state;
	struct err err = { "" };
	struct rlimit before;
	int code;

	signal(SIGXFSZ, SIG_IGN);
	create(bench, "loop: { period: 1ms, cycles: 300 }\n"
		      "log: { dir: logs, chunk: 4KiB }\n");
	plug_in(bench);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	start(bench);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	code = run(bench, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(code, -EIO);
	assert_non_null(strstr(err.text, "not complete"));
	assert_int_equal(bench->app->loop.cycle, 300);
	assert_int_equal(loop_state(&bench->app->loop), LOOP_ENDED_DONE);
	assert_true(counter_get(&bench->app->logger.cycles_lost) > 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_run_is_in_its_log_and_its_counters_agree),
		TEST(logic_runs_once_in_each_cycle),
		TEST(every_frame_of_a_device_is_a_message_of_its_topic),
#if !IS_SANITIZED
		TEST(the_cycle_thread_never_asks_the_heap),
		TEST(the_cycle_thread_faults_no_page),
#endif
		TEST(without_a_log_it_runs_all_the_same),
		TEST(a_device_that_is_missing_is_tried_again_while_the_others_run),
		TEST(why_a_lost_device_stays_away_is_told_and_logged),
		TEST(a_log_file_that_exists_is_a_clear_error_before_anything_runs),
		TEST(a_ring_that_is_too_small_is_refused_with_one_that_is_not),
		TEST(a_fast_loop_of_large_devices_gets_a_ring_that_there_can_be),
		TEST(a_cpu_that_is_not_there_ends_the_start_with_a_whole_log),
		TEST(a_cycle_thread_that_cannot_begin_is_an_error_with_its_words),
		TEST(a_run_that_must_be_real_time_and_is_not_ends_with_a_whole_log),
		TEST(a_disk_that_refuses_does_not_end_the_run_but_is_its_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
