/*
 * The simulator: the program itself, with all of its threads, on a kernel that is made up. What time it is, what
 * comes from devices, what the disk does and which thread goes on next is drawn from a seed, so that a seed that
 * shows a mistake shows it again.
 *
 * There is one simulated machine in a process: the calls that the program makes of the C library say nothing of
 * which one they mean.
 */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "rtloop/base/attr.h"
#include "tests/sim/rng.h"

/* A stream of random numbers for each part that draws. */
enum sim_stream {
	STREAM_SCENARIO, /* the configuration, and what kinds of faults there are */
	STREAM_SCHEDULE, /* which thread goes on, how long a call takes */
	STREAM_WORLD,	 /* devices and what they say */
	STREAM_DISK,
	STREAM_FAULTS, /* when what goes wrong */
	STREAM_PEOPLE, /* who sets and forces */
	SIM_STREAMS,
};

/* What happened, as the trace tells it. Those in brackets are the two numbers beside it. */
enum sim_note {
	NOTE_CYCLE,	/* a cycle is over [its number, its release] */
	NOTE_SWITCH,	/* another thread goes on [its index, 0] */
	NOTE_CALL,	/* of the kernel [enum-like code, its result] */
	NOTE_OPEN,	/* of a device [index, 0 or -errno] */
	NOTE_FAULT,	/* something goes wrong [enum fault, of what] */
	NOTE_MEND,	/* it is right again [enum fault, of what] */
	NOTE_SAID,	/* a device has said something [index, number] */
	NOTE_HEARD,	/* a device was told something [index, value * 1000] */
	NOTE_DISK,	/* bytes written [bytes, 0 or -errno] */
	NOTE_ORDER,	/* a person gives orders [how many, 0] */
	NOTE_STOPPED,	/* the whole process stands still [ns, 0] */
	NOTE_CLOCK_SET, /* CLOCK_REALTIME is set [by so many ns, 0] */
	NOTE_END,	/* the run has ended [its cycles, its end] */
	SIM_NOTES,
};

struct sim_options {
	bool is_traced;	     /* each note is printed */
	const char *program; /* to say how a seed is run again */
};

/** sim_catch_crashes - a signal that ends the process, and a scenario that does not end, are told with their seed. */
void sim_catch_crashes(void);

/** sim_begin - from here on all is drawn from this seed; the trace begins anew. */
void sim_begin(uint64_t seed, const struct sim_options *options);

uint64_t sim_seed(void);

/** sim_rng - the stream of one part. */
struct rng *sim_rng(enum sim_stream stream);

/** sim_note - what happened, into the hash of the trace; and printed, where that is asked for. */
void sim_note(enum sim_note note, int64_t a, int64_t b);

/** sim_hash - of all notes so far: two runs with the same one have done the same. */
uint64_t sim_hash(void);

/** sim_is_traced - whether notes are printed: for what would be dear to put into words. */
bool sim_is_traced(void);

/** sim_say - a line of the trace that is no note; nothing where it is not printed. */
void sim_say(const char *format, ...) PRINTF_LIKE(1, 2);

/** sim_fail - something is wrong that must never be: says what, and how to see it again, and ends the process. */
_Noreturn void sim_fail(const char *format, ...) PRINTF_LIKE(1, 2);

#define SIM_CHECK(condition, ...)                                                        \
	do {                                                                             \
		if (!(condition)) {                                                      \
			sim_fail(__VA_ARGS__);                                           \
			abort(); /* as cppcheck knows it */                              \
		}                                                                        \
	} while (0)

#endif
