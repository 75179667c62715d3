/*
 * A voter: three sensors measure the same, and this says what they measure together, although one of them
 * is wrong. Where all three can be used it is the one in the middle, where two can the mean of both.
 *
 * A sensor is left out while its quality is not good, and once it has been away from the result by more than
 * "tolerance" for longer than "patience"; it comes back when it has agreed for as long. Both are reported.
 *
 * See voter.yaml for its options, and docs/plugin.md for how a plugin works.
 */
#include <rtloop_plugin.h>

#include <errno.h>
#include <math.h>

#define SENSORS 3

/* Found out by init(); step() only reads it. */
struct voter {
	const struct rtloop_input *sensors[SENSORS];
	const struct rtloop_output *value;
	const struct rtloop_output *sensors_used;
	double tolerance;
	int64_t patience_ns;
};

/* Carried over from cycle to cycle: all of it, so that a replay can begin with it. */
struct voter_state {
	int64_t against_ns
		[SENSORS]; /* for how long it has said otherwise than its standing */
	uint8_t is_out[SENSORS];
	uint8_t unused[5];
	double value;
};

enum { REPORT_LEFT_OUT, REPORT_BACK, REPORTS };

static const char *const reports[REPORTS] = {
	[REPORT_LEFT_OUT] = "a sensor disagrees and is left out; value: which, from 1",
	[REPORT_BACK] = "a sensor agrees again; value: which, from 1",
};

static int voter_init(struct rtloop_host *host, void *instance)
{
	static const char *const options[SENSORS] = { "a", "b", "c" };
	struct voter *voter = instance;

	for (int i = 0; i < SENSORS; i++) {
		const char *name = rtloop_option_text(host, options[i], NULL);

		voter->sensors[i] =
			name ? rtloop_bind_input(host, name, RTLOOP_FLOAT, 0) : NULL;
	}
	voter->value = rtloop_bind_output(
		host, rtloop_option_text(host, "value", "value"), RTLOOP_FLOAT);
	voter->sensors_used = rtloop_bind_output(
		host, rtloop_option_text(host, "used", "sensors_used"), RTLOOP_INT);
	voter->tolerance = rtloop_option_float(host, "tolerance", 1.0, 0, 1e12);
	voter->patience_ns = rtloop_option_duration(host, "patience", 100000000,
						    host->period_ns, 3600000000000);
	/* what a call of the host missed it has told already: init() has failed then */
	return rtloop_state(host, sizeof(struct voter_state)) ? 0 : -ENOMEM;
}

/* The values that count, in order; returns how many. */
static int collect(const struct voter *voter, const struct voter_state *state,
		   double values[SENSORS])
{
	int count = 0;

	for (int i = 0; i < SENSORS; i++) {
		if (state->is_out[i] || !rtloop_is_good(voter->sensors[i])) {
			continue;
		}
		double value = rtloop_get_float(voter->sensors[i]);
		int at = count++;

		for (; at > 0 && values[at - 1] > value; at--) {
			values[at] = values[at - 1];
		}
		values[at] = value;
	}
	return count;
}

/* A sensor's standing changes when it has spoken against it for long enough. */
static void judge(const struct voter *voter, struct voter_state *state, int sensor,
		  const struct rtloop_now *now)
{
	double away = fabs(rtloop_get_float(voter->sensors[sensor]) - state->value);
	int is_wrong = !rtloop_is_good(voter->sensors[sensor]) || away > voter->tolerance;

	if (is_wrong == state->is_out[sensor]) {
		state->against_ns[sensor] = 0;
		return;
	}
	state->against_ns[sensor] += now->dt_ns;
	if (state->against_ns[sensor] > voter->patience_ns) {
		state->against_ns[sensor] = 0;
		state->is_out[sensor] = !state->is_out[sensor];
		rtloop_report(now, state->is_out[sensor] ? REPORT_LEFT_OUT : REPORT_BACK,
			      sensor + 1);
	}
}

static void voter_step(const void *instance, void *memory,
		       const struct rtloop_now *now) RTLOOP_RT_SAFE;
static void voter_step(const void *instance, void *memory, const struct rtloop_now *now)
{
	const struct voter *voter = instance;
	struct voter_state *state = memory;
	double values[SENSORS];
	int count = collect(voter, state, values);

	if (count == 3) {
		state->value = values[1];
	} else if (count == 2) {
		state->value = values[0] + (values[1] - values[0]) / 2;
	} else if (count == 1) {
		state->value = values[0];
	}
	rtloop_set_float(voter->value, state->value,
			 count > 0 ? RTLOOP_GOOD : RTLOOP_BAD);
	rtloop_set_int(voter->sensors_used, count, RTLOOP_GOOD);
	for (int i = 0; count > 0 && i < SENSORS; i++) {
		judge(voter, state, i, now);
	}
}

const struct rtloop_plugin rtloop_plugin = {
	.bytes = sizeof(rtloop_plugin),
	.abi = RTLOOP_PLUGIN_ABI,
	.name = "voter",
	.version = "1",
	.instance_bytes = sizeof(struct voter),
	.reports = reports,
	.report_count = REPORTS,
	.init = voter_init,
	.step = voter_step,
};
