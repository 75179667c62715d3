/*
 * How long a logger is held up that puts 16 MB/s on a disk, and lets no more than a second be lost: the time that it takes to
 * be rid of each piece of 64 KiB. Beside each of the writers, a loop with write(2) and fdatasync(2) in the same thread.
 *
 * They take turns, each with a file of its own for some seconds. Pieces come by the clock, whether the one before has been taken or
 * not. Only the time inside the calls counts, and that without room: not for how long the machine did not run the thread while it
 * slept; where it may, it runs with SCHED_FIFO, so that others do not count inside the calls either.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "rtloop/log/writer.h"
#include "tests/bench/bench.h"

#define PIECE_BYTES   ((size_t)64 << 10)
#define CHUNK_BYTES   ((size_t)256 << 10)
#define RATE_MB	      16.0
#define FLUSH_NS      INT64_C(500000000) /* of sync: 1s, as the logger does it */
#define WAIT_NS	      INT64_C(10000000)
#define ROUNDS_MAX    10
#define PIECES_MAX    100000
#define FIFO_PRIORITY 10

/* The writers in the order of enum writer_kind. */
enum { INLINE = WRITER_AIO + 1, KINDS };

static const char *const keys[KINDS] = { "write", "uring", "aio", "inline" };

struct run {
	int kind;
	int fd;
	struct syncer syncer;
	struct writer writer;
	int64_t flushed_ns;
};

static int put_inline(struct run *run, const void *piece, bool is_due)
{
	if (write(run->fd, piece, PIECE_BYTES) != (ssize_t)PIECE_BYTES) {
		return -EIO;
	}
	return is_due && fdatasync(run->fd) ? -errno : 0;
}

static int put_queued(struct run *run, const void *piece, bool is_due)
{
	const struct syncer_file file = { .fd = run->fd, .number = 1 };
	struct writer *writer = &run->writer;
	int code;

	writer_poll(writer);
	while (!writer_has_room(writer) && writer->code == 0) {
		writer_wait(writer, WAIT_NS);
	}
	code = writer_put(writer, piece, PIECE_BYTES);
	if (is_due) {
		writer_sync(writer, file);
	}
	return code;
}

/* How long it took, ns; negative: it failed. */
static int64_t put(struct run *run, const void *piece)
{
	int64_t begin_ns = bench_now();
	bool is_due = begin_ns - run->flushed_ns >= FLUSH_NS;
	int code;

	if (is_due) {
		run->flushed_ns = begin_ns;
	}
	code = run->kind == INLINE ? put_inline(run, piece, is_due)
				   : put_queued(run, piece, is_due);
	return code ? code : bench_now() - begin_ns;
}

static int begin(struct run *run, const char *path)
{
	struct err err = { "" };

	run->fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	run->flushed_ns = bench_now();
	if (run->kind == INLINE || run->fd < 0) {
		return run->fd < 0 ? -errno : 0;
	}
	if (syncer_start(&run->syncer, &err) ||
	    writer_open(&run->writer, run->kind, CHUNK_BYTES, &run->syncer, &err) ||
	    writer_begin(&run->writer, &err)) {
		fprintf(stderr, "stall: %s\n", err.text);
		return -EIO;
	}
	if (run->writer.note.text[0]) {
		fprintf(stderr, "stall: %s\n", run->writer.note.text);
		return -ENOTSUP;
	}
	writer_set_file(&run->writer, run->fd);
	writer_queue(&run->writer);
	return 0;
}

static void end(struct run *run, const char *path)
{
	if (run->kind != INLINE) {
		(void)writer_settle(&run->writer);
		writer_end(&run->writer);
		writer_close(&run->writer);
		syncer_stop(&run->syncer);
	}
	close(run->fd);
	unlink(path);
}

static void sleep_until(int64_t until_ns)
{
	const struct timespec until = { .tv_sec = until_ns / 1000000000,
					.tv_nsec = until_ns % 1000000000 };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

struct figures {
	double p999_us;
	double longest_us;
};

/* Through the file of one turn. */
static int take_turn(struct run *run, const char *path, double seconds, const void *piece,
		     struct figures *ret_figures)
{
	static double lengths_us[PIECES_MAX];
	const int64_t every_ns = (int64_t)((double)PIECE_BYTES / RATE_MB * 1e3);
	size_t count = (size_t)(seconds * 1e9 / (double)every_ns), i;
	int code = begin(run, path);
	int64_t start_ns = bench_now();

	count = count < PIECES_MAX ? count : PIECES_MAX;
	for (i = 0; i < count && code == 0; i++) {
		int64_t took_ns;

		sleep_until(start_ns + (int64_t)i * every_ns);
		took_ns = put(run, piece);
		lengths_us[i] = (double)took_ns / 1e3;
		code = took_ns < 0 ? (int)took_ns : 0;
	}
	end(run, path);
	qsort(lengths_us, count, sizeof(*lengths_us), bench_compare);
	ret_figures->p999_us = lengths_us[count - 1 - count / 1000];
	ret_figures->longest_us = lengths_us[count - 1];
	return code;
}

static void print_kind(int kind, const struct figures (*figures)[KINDS], size_t rounds)
{
	double p999_us[ROUNDS_MAX], longest_us[ROUNDS_MAX], ratios[ROUNDS_MAX];

	for (size_t i = 0; i < rounds; i++) {
		p999_us[i] = figures[i][kind].p999_us;
		longest_us[i] = figures[i][kind].longest_us;
		ratios[i] = figures[i][kind].longest_us / figures[i][INLINE].longest_us;
	}
	printf(",\"%s\":{\"p999_us\":%.0f,\"longest_us\":%.0f,\"ratio\":%.3f}",
	       keys[kind], bench_median(p999_us, rounds),
	       bench_median(longest_us, rounds), bench_median(ratios, rounds));
}

int main(int argc, char **argv)
{
	static struct figures figures[ROUNDS_MAX][KINDS];
	static uint8_t piece[PIECE_BYTES];
	static struct run run;
	const struct sched_param fifo = { .sched_priority = FIFO_PRIORITY };
	const char *path = argc > 1 ? argv[1] : "bench-stall.tmp";
	double seconds = bench_seconds(60.0) / 3 / KINDS;
	size_t rounds = 3;

	for (size_t i = 0; i < PIECE_BYTES; i++) {
		piece[i] = (uint8_t)(i * 31 % 251);
	}
	unlink(path);
	for (size_t i = 0; i < rounds * KINDS; i++) {
		int code;

		run = (struct run){ .kind = (int)((i + i / KINDS) % KINDS) };
		(void)sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &fifo);
		code = take_turn(&run, path, seconds, piece,
				 &figures[i / KINDS][run.kind]);
		if (code) {
			fprintf(stderr, "stall: %s: %s\n", keys[run.kind],
				strerror(-code));
			return code == -ENOTSUP ? 77 : bench_fail("stall");
		}
	}
	printf("{\"rounds\":%zu,\"seconds\":%.1f", rounds, seconds);
	for (int kind = 0; kind < KINDS; kind++) {
		print_kind(kind, figures, rounds);
	}
	printf("}\n");
	return 0;
}
