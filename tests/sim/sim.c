#include "tests/sim/sim.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "rtloop/base/time.h"
#include "tests/sim/kernel.h"
#include "tests/sim/sched.h"

/* Of the processor's time. The longest scenario takes a few seconds. */
#define SCENARIO_MAX_S 60

REAL(int, sigaction, int signal, const struct sigaction *action,
     struct sigaction *before);

static const char *const note_names[SIM_NOTES] = {
	[NOTE_CYCLE] = "cycle", [NOTE_SWITCH] = "switch", [NOTE_CALL] = "call",
	[NOTE_OPEN] = "open",	[NOTE_FAULT] = "fault",	  [NOTE_MEND] = "mend",
	[NOTE_SAID] = "said",	[NOTE_HEARD] = "heard",	  [NOTE_DISK] = "disk",
	[NOTE_ORDER] = "order", [NOTE_STOPPED] = "stop",  [NOTE_CLOCK_SET] = "set",
	[NOTE_END] = "end",
};

static struct {
	struct sim_options options;
	uint64_t seed;
	uint64_t hash;
	struct rng streams[SIM_STREAMS];
} sim;

static void watch_scenario(void)
{
	const struct itimerval limit = { .it_value = { .tv_sec = SCENARIO_MAX_S } };

	setitimer(ITIMER_VIRTUAL, &limit, NULL);
}

void sim_begin(uint64_t seed, const struct sim_options *options)
{
	sim.options = *options;
	sim.seed = seed;
	sim.hash = rng_mix(seed);
	for (uint64_t i = 0; i < SIM_STREAMS; i++) {
		sim.streams[i] = rng_seed(seed, i);
	}
	watch_scenario();
}

uint64_t sim_seed(void)
{
	return sim.seed;
}

struct rng *sim_rng(enum sim_stream stream)
{
	return &sim.streams[stream];
}

bool sim_is_traced(void)
{
	return sim.options.is_traced;
}

void sim_note(enum sim_note note, int64_t a, int64_t b)
{
	uint64_t hash = sim.hash;

	hash = (hash ^ (uint64_t)note ^ ((uint64_t)sched_now() << 8)) *
	       UINT64_C(0x100000001b3);
	hash = (hash ^ (uint64_t)a) * UINT64_C(0xd6e8feb86659fd93);
	hash = (hash ^ (uint64_t)b) * UINT64_C(0xd6e8feb86659fd93);
	sim.hash = hash ^ hash >> 32;
	if (sim.options.is_traced) {
		sim_say("%s %" PRId64 " %" PRId64, note_names[note], a, b);
	}
}

uint64_t sim_hash(void)
{
	return sim.hash;
}

static void print_place(FILE *out)
{
	int64_t now_ns = sched_now();

	fprintf(out, "%6" PRId64 ".%09" PRId64 " %-8s ", now_ns / NS_PER_SEC,
		now_ns % NS_PER_SEC, sched_name());
}

void sim_say(const char *format, ...)
{
	va_list args;

	if (!sim.options.is_traced) {
		return;
	}
	print_place(stdout);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

void sim_fail(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "\nseed %" PRIu64 ", after %" PRIu64 " cycles: ", sim.seed,
		sched_cycles());
	print_place(stderr);
	fputc('\n', stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nto see it again: %s --seed %" PRIu64 " --cycles 1 --trace\n",
		sim.options.program, sim.seed);
	exit(1);
}

/* Whatever has happened, nothing after it matters any more but the seed. */
static void crash(int signal)
{
	if (signal == SIGVTALRM) {
		sim_fail("it does not come to an end");
	}
	sim_fail("the program has crashed: %s", strsignal(signal));
}

void sim_catch_crashes(void)
{
	static const int signals[] = {
		SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGVTALRM
	};
	static char stack[64 << 10];
	const stack_t own = { .ss_sp = stack, .ss_size = sizeof(stack) };
	const struct sigaction action = { .sa_handler = crash,
					  .sa_flags = (int)SA_RESETHAND | SA_ONSTACK };

	sigaltstack(&own, NULL);
	for (unsigned i = 0; i < ARRAY_SIZE(signals); i++) {
		__real_sigaction(signals[i], &action, NULL);
	}
}
