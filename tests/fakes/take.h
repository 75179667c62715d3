/*
 * A take: the log of a run that never was. A scene stands for the run: the test sets its inputs, and each
 * cycle lets the logic run and writes what a run would have written, or what the test wants instead.
 */
#ifndef TESTS_FAKES_TAKE_H
#define TESTS_FAKES_TAKE_H

#include "rtloop/replay/player.h"
#include "tests/fakes/fake_log.h"

#define TAKE_PERIOD_NS	INT64_C(1000000)
#define TAKE_START_NS	INT64_C(5000000000) /* release 0, CLOCK_MONOTONIC */
#define TAKE_LATENCY_NS INT64_C(20000)

struct take {
	struct setup *setup;
	struct diag diag;
	struct scene *run;
	struct fake_sink sink;
	struct fake_file file;
	struct mcap_writer *mcap;
	struct ring ring;
	struct recorder recorder; /* of states */
	struct origin origin;
	uint64_t cycle; /* the next one */
	uint64_t release;
	uint64_t previous_release;
};

/** take_scene - the logic of a text; the test fails where it is wrong. */
struct scene *take_scene(const char *text, struct setup **ret_setup, struct diag *diag);

/** take_init - the log of a run of that configuration, empty so far. */
void take_init(struct take *take, const char *text);
void take_fini(struct take *take);

/** take_channel - of the run: "panel.on", "sum". */
struct channel *take_channel(struct take *take, const char *name);

/** take_set - an input is sampled: a number, good, at the release of the next cycle or @late_ns after it. */
void take_set(struct take *take, const char *name, double value, int64_t late_ns);

/** take_put - a message of that topic, with the values of the run and @cycle as its cycle. */
void take_put(struct take *take, const char *topic, uint64_t cycle);

/** take_put_raw - a message of any bytes. */
void take_put_raw(struct take *take, const char *topic, const void *body, size_t bytes);

/** take_force - an output of the run is forced from the next cycle on, or with @value NULL no longer. */
void take_force(struct take *take, const char *name, const union value *value);

/** take_state - the state before the next cycle. */
void take_state(struct take *take);

/** take_step - the logic runs, and its outputs and vars are written; the cycle is not. */
void take_step(struct take *take);

/** take_end - the end of the cycle is written. take_cycle - take_step(), then this. */
void take_end(struct take *take);
void take_cycle(struct take *take);

/** take_gap - the logic runs for @count cycles of which nothing is written but that they were. */
void take_gap(struct take *take, unsigned count);

/** take_lose - likewise, and nothing at all is written. */
void take_lose(struct take *take, unsigned count);

/** take_finish - the file is whole; its path is take->file.path. */
void take_finish(struct take *take);

#endif
