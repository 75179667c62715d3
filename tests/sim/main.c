/* sim: the simulator's command line. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/kernel.h"
#include "tests/sim/scene.h"

REAL(int, clock_gettime, clockid_t clock, struct timespec *ret_time);
REAL(int, isatty, int fd);

static const char usage[] =
	"usage: sim [--seed N] [--cycles N] [--seconds N] [--trace]\n"
	"\n"
	"Runs the program on a simulated machine, in one scenario after the other: seed "
	"N, N + 1 and\n"
	"so on, until so many cycles were run, or so many seconds are over. With "
	"neither, for ever.\n"
	"\n"
	"  --seed N     the first scenario (1)\n"
	"  --cycles N   end behind the scenario in which the N-th cycle is run\n"
	"  --seconds N  end behind the scenario that goes on then\n"
	"  --trace      print all that happens\n"
	"  --hash       print the hash of each scenario: the same seed has the same "
	"one\n";

struct request {
	uint64_t seed;
	uint64_t cycles;
	double seconds;
	bool prints_hashes;
	struct sim_options options;
};

static double seconds_now(void)
{
	struct timespec now;

	__real_clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int parse(int argc, char **argv, struct request *request)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "cycles", required_argument, NULL, 'c' },
		{ "seconds", required_argument, NULL, 't' },
		{ "trace", no_argument, NULL, 'v' },
		{ "hash", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 's':
			request->seed = strtoull(optarg, NULL, 10);
			break;
		case 'c':
			request->cycles = strtoull(optarg, NULL, 10);
			break;
		case 't':
			request->seconds = strtod(optarg, NULL);
			break;
		case 'v':
			request->options.is_traced = true;
			break;
		case 'h':
			request->prints_hashes = true;
			break;
		default:
			return -1;
		}
	}
	return optind == argc ? 0 : -1;
}

static void add(struct scene_result *all, const struct scene_result *one)
{
	all->cycles += one->cycles;
	all->faults += one->faults;
	all->overruns += one->overruns;
	all->missed += one->missed;
	all->lost += one->lost;
	all->in_gaps += one->in_gaps;
	all->log_failures += one->log_failures;
}

static void show_progress(const struct scene_result *all, uint64_t seeds, double seconds)
{
	fprintf(stderr,
		"\r%" PRIu64 " seeds, %.2f million cycles, %" PRIu64 " faults, %.0f s ",
		seeds, (double)all->cycles * 1e-6, all->faults, seconds);
}

static void report(const struct request *request, const struct scene_result *all,
		   uint64_t last_seed, double seconds)
{
	printf("seeds %" PRIu64 " to %" PRIu64 ": %" PRIu64
	       " cycles in %.1f s, nothing wrong\n",
	       request->seed, last_seed, all->cycles, seconds);
	printf("in them: %" PRIu64 " faults, %" PRIu64 " overruns, %" PRIu64
	       " releases missed, %" PRIu64 " devices lost, %" PRIu64
	       " cycles in gaps, the log refused %" PRIu64 " times\n",
	       all->faults, all->overruns, all->missed, all->lost, all->in_gaps,
	       all->log_failures);
}

static bool is_over(const struct request *request, uint64_t cycles, double seconds)
{
	return (request->cycles > 0 && cycles >= request->cycles) ||
	       (request->seconds > 0 && seconds >= request->seconds);
}

static void run_all(const struct request *request)
{
	bool shows = __real_isatty(STDERR_FILENO) && !request->options.is_traced;
	double start = seconds_now(), seconds = 0;
	struct scene_result all = { .cycles = 0 };
	uint64_t seed = request->seed;

	do {
		struct scene_result one = scene_run(seed, &request->options);

		if (request->prints_hashes) {
			printf("seed %" PRIu64 ": %" PRIu64 " cycles, %016" PRIx64 "\n",
			       seed, one.cycles, one.hash);
		}
		add(&all, &one);
		seconds = seconds_now() - start;
		seed++;
		if (shows) {
			show_progress(&all, seed - request->seed, seconds);
		}
	} while (!is_over(request, all.cycles, seconds));
	if (shows) {
		fputc('\n', stderr);
	}
	report(request, &all, seed - 1, seconds);
}

int main(int argc, char **argv)
{
	struct request request = { .seed = 1, .options = { .program = argv[0] } };

	if (parse(argc, argv, &request)) {
		fputs(usage, stderr);
		return 2;
	}
	sim_catch_crashes();
	run_all(&request);
	return 0;
}
