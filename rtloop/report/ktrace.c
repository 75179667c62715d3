#include "rtloop/report/ktrace.h"

#include <stdlib.h>
#include <string.h>

#include "rtloop/base/trace_line.h"

#define UNKNOWN_PRIORITY 140
#define NO_OWNER	 UINT32_MAX

/* What the cycle thread is about. */
enum self_state { SELF_ON, SELF_READY, SELF_ASLEEP, SELF_BLOCKED, SELF_STOPPED };

struct reader {
	struct ktrace *trace;
	int64_t last_ns; /* 0: no line so far */
	enum self_state self;
	unsigned task; /* owners: who has the CPU ... */
	unsigned softirq;
	unsigned interrupts[KTRACE_DEPTH]; /* ... and what interrupts it */
	unsigned depth;
};

static unsigned find_owner(struct ktrace *trace, enum ktrace_kind kind, int number,
			   const char *name, size_t length)
{
	struct ktrace_owner *owner;

	length = length < KTRACE_NAME_BYTES ? length : KTRACE_NAME_BYTES - 1;
	for (unsigned i = 0; i < trace->owner_count; i++) {
		owner = &trace->owners[i];
		if (owner->kind == kind && owner->number == number &&
		    (kind == KTRACE_THREAD || (strncmp(owner->name, name, length) == 0 &&
					       owner->name[length] == '\0'))) {
			return i;
		}
	}
	if (trace->owner_count == KTRACE_OWNERS_MAX) {
		return NO_OWNER;
	}
	owner = &trace->owners[trace->owner_count];
	*owner = (struct ktrace_owner){ .kind = kind,
					.number = number,
					.priority = UNKNOWN_PRIORITY };
	memcpy(owner->name, name, length);
	return trace->owner_count++;
}

static unsigned task_owner(struct ktrace *trace, int task, const char *name,
			   size_t length)
{
	enum ktrace_kind kind = task == 0		? KTRACE_IDLE
				: task == trace->thread ? KTRACE_SELF
							: KTRACE_THREAD;

	return find_owner(trace, kind, task, kind == KTRACE_IDLE ? "" : name,
			  kind == KTRACE_IDLE ? 0 : length);
}

static unsigned innermost(const struct reader *reader)
{
	if (reader->depth > KTRACE_DEPTH) {
		return reader->interrupts[KTRACE_DEPTH - 1];
	}
	if (reader->depth > 0) {
		return reader->interrupts[reader->depth - 1];
	}
	return reader->softirq != NO_OWNER ? reader->softirq : reader->task;
}

/* The time up to a line belongs to whoever was innermost. */
static void charge(struct reader *reader, int64_t ns)
{
	struct ktrace *trace = reader->trace;
	unsigned at = innermost(reader);
	bool is_interrupt = reader->depth > 0 || reader->softirq != NO_OWNER;

	trace->seen_ns += ns;
	trace->stopped_ns += reader->self == SELF_STOPPED ? ns : 0;
	trace->blocked_ns += reader->self == SELF_BLOCKED ? ns : 0;
	if (reader->self == SELF_ASLEEP || reader->self == SELF_BLOCKED) {
		trace->asleep_ns += ns;
	}
	if (at == NO_OWNER || trace->owners[at].kind == KTRACE_SELF ||
	    reader->self == SELF_STOPPED) {
		return;
	}
	/* an interrupt is in the way of a timer's as well, which would wake the thread */
	if (is_interrupt || reader->self == SELF_READY) {
		trace->owners[at].in_way_ns += ns;
	} else {
		trace->owners[at].before_ns += ns;
	}
}

static void pass(struct reader *reader, int64_t now_ns)
{
	const struct ktrace *trace = reader->trace;
	int64_t from_ns =
		reader->last_ns > trace->from_ns ? reader->last_ns : trace->from_ns;
	int64_t to_ns = now_ns < trace->to_ns ? now_ns : trace->to_ns;

	if (reader->last_ns > 0 && to_ns > from_ns) {
		charge(reader, to_ns - from_ns);
	}
	reader->last_ns = now_ns;
}

static bool is_in_window(const struct reader *reader, int64_t ns)
{
	return ns >= reader->trace->from_ns && ns <= reader->trace->to_ns;
}

static void enter(struct reader *reader, const struct trace_line *line, unsigned owner)
{
	if (reader->depth < KTRACE_DEPTH) {
		reader->interrupts[reader->depth] = owner;
	}
	reader->depth++;
	if (owner != NO_OWNER && is_in_window(reader, line->time_ns)) {
		reader->trace->owners[owner].times++;
	}
}

static void leave(struct reader *reader)
{
	reader->depth -= reader->depth > 0;
}

static void enter_interrupt(struct reader *reader, const struct trace_line *line)
{
	const char *name = strstr(line->arguments, "name=");
	int number = (int)trace_line_number(line, " irq=", -1);

	name = name ? name + 5 : "";
	enter(reader, line,
	      find_owner(reader->trace, KTRACE_INTERRUPT, number, name,
			 strcspn(name, "\n")));
}

/* "local_timer_entry" is "local timer". */
static void enter_vector(struct reader *reader, const struct trace_line *line)
{
	char name[KTRACE_NAME_BYTES] = "";
	size_t length = line->event_length - strlen("_entry");

	length = length < sizeof(name) ? length : sizeof(name) - 1;
	for (size_t i = 0; i < length; i++) {
		name[i] = line->event[i] == '_' ? ' ' : line->event[i];
	}
	enter(reader, line, find_owner(reader->trace, KTRACE_VECTOR, 0, name, length));
}

/* "vec=3 [action=NET_RX]" */
static void enter_softirq(struct reader *reader, const struct trace_line *line)
{
	const char *name = strstr(line->arguments, "action=");

	name = name ? name + 7 : "";
	reader->softirq =
		find_owner(reader->trace, KTRACE_SOFTIRQ, 0, name, strcspn(name, "]\n"));
	if (reader->softirq != NO_OWNER && is_in_window(reader, line->time_ns)) {
		reader->trace->owners[reader->softirq].times++;
	}
}

static enum self_state state_when_off(const struct trace_line *line)
{
	const char *state = strstr(line->arguments, " prev_state=");

	switch (state ? state[12] : 'S') {
	case 'R':
		return SELF_READY;
	case 'D':
		return SELF_BLOCKED;
	case 'T':
	case 't':
		return SELF_STOPPED;
	}
	return SELF_ASLEEP;
}

/* A softirq that is preempted, as on PREEMPT_RT it can be, is its thread's from here on. */
static void switch_task(struct reader *reader, const struct trace_line *line)
{
	struct ktrace *trace = reader->trace;
	int next = (int)trace_line_number(line, " next_pid=", -1);
	const char *name = strstr(line->arguments, " next_comm=");
	const char *end = name ? strstr(name, " next_pid=") : NULL;

	if (trace_line_number(line, " prev_pid=", -1) == trace->thread) {
		reader->self = state_when_off(line);
	}
	if (next == trace->thread) {
		reader->self = SELF_ON;
	}
	reader->softirq = NO_OWNER;
	reader->task = NO_OWNER;
	if (end) {
		name += strlen(" next_comm=");
		reader->task = task_owner(trace, next, name, (size_t)(end - name));
	}
	if (reader->task != NO_OWNER) {
		struct ktrace_owner *owner = &trace->owners[reader->task];

		owner->priority =
			(int)trace_line_number(line, " next_prio=", UNKNOWN_PRIORITY);
		owner->times += is_in_window(reader, line->time_ns);
	}
}

static bool ends_with(const struct trace_line *line, const char *end)
{
	size_t length = strlen(end);

	return line->event_length > length &&
	       memcmp(line->event + line->event_length - length, end, length) == 0;
}

static void take_entry(struct reader *reader, const struct trace_line *line)
{
	if (trace_line_is(line, "irq_handler_entry")) {
		enter_interrupt(reader, line);
	} else if (trace_line_is(line, "softirq_entry")) {
		enter_softirq(reader, line);
	} else if (trace_line_is(line, "hrtimer_expire_entry")) {
		reader->trace->timers += is_in_window(reader, line->time_ns);
	} else {
		enter_vector(reader, line);
	}
}

static void take_exit(struct reader *reader, const struct trace_line *line)
{
	if (trace_line_is(line, "softirq_exit")) {
		reader->softirq = NO_OWNER;
	} else if (!trace_line_is(line, "hrtimer_expire_exit")) {
		leave(reader);
	}
}

static void take_line(struct reader *reader, const struct trace_line *line)
{
	struct ktrace *trace = reader->trace;

	if (reader->last_ns == 0) {
		/* who runs is told by any line; a thread that does not is taken to sleep */
		reader->task =
			task_owner(trace, line->task, line->name, line->name_length);
		reader->self = line->task == trace->thread ? SELF_ON : SELF_ASLEEP;
	}
	pass(reader, line->time_ns);
	if (trace_line_is(line, "sched_switch")) {
		switch_task(reader, line);
	} else if (trace_line_is(line, "sched_waking")) {
		if (trace_line_number(line, " pid=", -1) == trace->thread &&
		    reader->self != SELF_ON) {
			reader->self = SELF_READY;
		}
	} else if (ends_with(line, "_entry")) {
		take_entry(reader, line);
	} else if (ends_with(line, "_exit")) {
		take_exit(reader, line);
	} else if (line->task == trace->thread && line->event_length > 11 &&
		   memcmp(line->event, "page_fault_", 11) == 0) {
		trace->faults += is_in_window(reader, line->time_ns);
	}
}

/* Whether it is the cycle thread that runs on the line's CPU, or will next. */
static bool is_of_thread(const struct ktrace *trace, const struct trace_line *line)
{
	return line->task == trace->thread ||
	       (trace_line_is(line, "sched_switch") &&
		trace_line_number(line, " next_pid=", -1) == trace->thread);
}

int ktrace_find_cpu(const struct ktrace *trace, FILE *in)
{
	size_t capacity = 0;
	bool has_moved = false;
	char *text = NULL;
	int cpu = -1;

	while (getline(&text, &capacity, in) > 0) {
		struct trace_line line;

		if (trace_line_parse(text, &line) || line.time_ns > trace->to_ns ||
		    !is_of_thread(trace, &line)) {
			continue;
		}
		has_moved = has_moved || (cpu >= 0 && cpu != line.cpu &&
					  line.time_ns >= trace->from_ns);
		cpu = line.cpu;
	}
	free(text);
	return has_moved ? -1 : cpu;
}

void ktrace_read(struct ktrace *trace, FILE *in)
{
	struct reader reader = { .trace = trace, .task = NO_OWNER, .softirq = NO_OWNER };
	size_t capacity = 0;
	char *text = NULL;

	while (getline(&text, &capacity, in) > 0) {
		struct trace_line line;

		if (trace_line_parse(text, &line) == 0 && line.cpu == trace->cpu) {
			take_line(&reader, &line);
		}
	}
	free(text);
}

const struct ktrace_owner *ktrace_worst(const struct ktrace *trace)
{
	const struct ktrace_owner *worst = NULL;

	for (unsigned i = 0; i < trace->owner_count; i++) {
		const struct ktrace_owner *owner = &trace->owners[i];

		if (owner->in_way_ns > (worst ? worst->in_way_ns : 0)) {
			worst = owner;
		}
	}
	return worst;
}

static enum ktrace_kind class_of(enum ktrace_kind kind)
{
	return kind == KTRACE_VECTOR ? KTRACE_INTERRUPT : kind;
}

int64_t ktrace_in_way(const struct ktrace *trace, enum ktrace_kind kind)
{
	int64_t ns = 0;

	for (unsigned i = 0; i < trace->owner_count; i++) {
		if (class_of(trace->owners[i].kind) == class_of(kind)) {
			ns += trace->owners[i].in_way_ns;
		}
	}
	return ns;
}

const struct ktrace_owner *ktrace_before(const struct ktrace *trace)
{
	const struct ktrace_owner *worst = NULL;

	for (unsigned i = 0; i < trace->owner_count; i++) {
		const struct ktrace_owner *owner = &trace->owners[i];

		if (owner->before_ns > (worst ? worst->before_ns : 0)) {
			worst = owner;
		}
	}
	return worst;
}
