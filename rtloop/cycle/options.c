#include "rtloop/cycle/options.h"

#include <math.h>

#include "rtloop/base/time.h"
#include "rtloop/cycle/overrun_limit.h"

static const char *const overrun_names[] = { "skip", "catch-up", "stop", NULL };
const char *const loop_pacer_names[] = { "nanosleep", "timerfd", "uring", NULL };
const char *const loop_poller_names[] = { "epoll", "uring", NULL };
static const char *const seal_names[] = { "off", "log", "kill", NULL };
static const char *const trace_names[] = { "off", "on-overrun", NULL };
static const char *const guard_names[] = { "auto", "on", "off", NULL };

static const struct option fault_rows[] = {
	{
		.name = "overruns",
		.type = OPTION_INT,
		.offset = offsetof(struct fault_options, overruns),
		.fallback = "0",
		.min = 0,
		.max = OVERRUN_LIMIT_MAX,
		.help = "more overruns than this within 'within' are a fault; 0: any "
			"number is "
			"allowed",
	},
	{
		.name = "within",
		.type = OPTION_DURATION,
		.offset = offsetof(struct fault_options, within_ns),
		.fallback = "1s",
		.min = NS_PER_MS,
		.max = INFINITY,
		.is_given_offset = offsetof(struct fault_options, has_within),
		.help = "the time in which the overruns are counted",
	},
	{
		.name = "hang",
		.type = OPTION_DURATION,
		.offset = offsetof(struct fault_options, hang_ns),
		.fallback = "1s",
		.max = INFINITY,
		.help = "a cycle that has not ended so long after its release is a "
			"fault: 10ms or more; without the right to SCHED_FIFO ten times "
			"as long; 0s: nobody looks",
	},
	{ .name = NULL },
};

const struct option loop_rows[] = {
	{
		.name = "period",
		.type = OPTION_DURATION,
		.offset = offsetof(struct loop_options, period_ns),
		.fallback = "1ms",
		.min = LOOP_PERIOD_MIN_NS,
		.max = LOOP_PERIOD_MAX_NS,
		.help = "time from one release to the next",
	},
	{
		.name = "cpu",
		.type = OPTION_INT,
		.offset = offsetof(struct loop_options, cpu),
		.fallback = "-1",
		.min = -1,
		.max = 1023,
		.help = "the CPU that the cycle thread stays on; -1: any",
	},
	{
		.name = "priority",
		.type = OPTION_INT,
		.offset = offsetof(struct loop_options, priority),
		.fallback = "80",
		.min = 0,
		.max = 98,
		.help = "SCHED_FIFO priority of the cycle thread; 0: an ordinary thread",
	},
	{
		.name = "overrun",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct loop_options, overrun),
		.fallback = "skip",
		.choices = overrun_names,
		.help = "missed releases are dropped, run back to back, or end the run",
	},
	{
		.name = "catch_up_max",
		.type = OPTION_INT,
		.offset = offsetof(struct loop_options, catch_up_max),
		.fallback = "10",
		.min = 1,
		.max = 1000,
		.help = "with catch-up: most missed releases run back to back; more are "
			"dropped",
	},
	{
		.name = "fault",
		.type = OPTION_GROUP,
		.offset = offsetof(struct loop_options, fault),
		.rows = fault_rows,
		.help = "what ends the run as a fault: safe outputs, an event, exit "
			"status 6",
	},
	{
		.name = "spin",
		.type = OPTION_DURATION,
		.offset = offsetof(struct loop_options, spin_ns),
		.fallback = "0s",
		.max = NS_PER_MS,
		.help = "wake up this much early and spin until the release; shorter "
			"than the period. With pacer and poller uring what has come by "
			"then is read in the wait",
	},
	{
		.name = "pacer",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct loop_options, pacer),
		.fallback = "nanosleep",
		.choices = loop_pacer_names,
		.help = "how the cycle thread waits for a release",
	},
	{
		.name = "poller",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct loop_options, poller),
		.fallback = "epoll",
		.choices = loop_poller_names,
		.help = "how devices with something to read are found and read",
	},
	{
		.name = "trace",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct loop_options, trace),
		.fallback = "off",
		.choices = trace_names,
		.help = "on-overrun: the kernel traces the cycle's CPU, and what it did "
			"around an overrun is kept beside the log",
	},
	{
		.name = "seal",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct loop_options, seal),
		.fallback = "off",
		.choices = seal_names,
		.help = "system calls of the cycle thread that the configuration does "
			"not "
			"need are told of (log), or end the process (kill)",
	},
	{
		.name = "stack",
		.type = OPTION_SIZE,
		.offset = offsetof(struct loop_options, stack_bytes),
		.fallback = "256KiB",
		.min = 64 * 1024,
		.max = 8 * 1024 * 1024,
		.help = "stack of the cycle thread, locked in memory",
	},
	{
		.name = "cycles",
		.type = OPTION_INT,
		.offset = offsetof(struct loop_options, cycles),
		.fallback = "0",
		.min = 0,
		.max = INFINITY,
		.help = "end the run after so many cycles; 0: when stopped",
	},
	{
		.name = "duration",
		.type = OPTION_DURATION,
		.offset = offsetof(struct loop_options, duration_ns),
		.fallback = "0s",
		.max = INFINITY,
		.help = "end the run after this time; 0s: when stopped",
	},
	{
		.name = "budget",
		.type = OPTION_DURATION,
		.offset = offsetof(struct loop_options, budget_ns),
		.fallback = "0s",
		.max = LOOP_PERIOD_MAX_NS,
		.help = "most time that the logic should take in a cycle; more is "
			"counted and reported; 0s: not judged",
	},
	{
		.name = "guard",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct loop_options, guard),
		.fallback = "auto",
		.choices = guard_names,
		.help = "a process that makes driven GPIO lines safe, and holds them, "
			"when this one dies or freezes: auto: where GPIO lines are "
			"driven; on: or the run does not start",
	},
	{
		.name = "guard_limit",
		.type = OPTION_DURATION,
		.offset = offsetof(struct loop_options, guard_limit_ns),
		.fallback = "2s",
		.min = LOOP_GUARD_LIMIT_MIN_NS,
		.max = LOOP_GUARD_LIMIT_MAX_NS,
		.help = "a cycle that is overdue for longer has stopped: the guardian "
			"kills the process and writes the safe values; a quarter "
			"longer than 'hang', which ends the run in order, at least",
	},
	{
		.name = "watchdog",
		.type = OPTION_PATH,
		.offset = offsetof(struct loop_options, watchdog),
		.help = "a hardware watchdog such as /dev/watchdog, which the guardian "
			"feeds while cycles go by; absent: none",
	},
	{
		.name = "watchdog_timeout",
		.type = OPTION_DURATION,
		.offset = offsetof(struct loop_options, watchdog_timeout_ns),
		.fallback = "10s",
		.min = NS_PER_SEC,
		.max = LOOP_WATCHDOG_MAX_NS,
		.help = "that long after its last meal the watchdog starts the machine "
			"anew; whole seconds",
	},
	{ .name = NULL },
};
