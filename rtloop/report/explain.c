#include "rtloop/report/explain.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rtloop/base/scan.h"
#include "rtloop/base/time.h"
#include "rtloop/report/ktrace.h"

/* After SIGCONT the supervisor, an ordinary thread, may take so long to see it. */
#define CONTINUE_LATE_NS (200 * NS_PER_MS)

/* In so short a time what the cycle thread waits in other cycles cannot amount to much. */
#define UNKNOWN_USUAL_NS (200 * NS_PER_MS)

/* The part of an overrun that has to be accounted for. */
struct part {
	const struct told_look *look;
	const struct told_overrun *overrun;
	bool is_late; /* from the release to the wake-up; otherwise from there to the last write */
	int64_t from_ns;
	int64_t to_ns;
	const char *folder;
	struct explanation *answer;
};

static int64_t length(const struct part *part)
{
	return part->to_ns - part->from_ns;
}

/* What accounts for at least half of it explains it. */
static bool is_enough(const struct part *part, int64_t ns)
{
	return ns > 0 && 2 * ns >= length(part);
}

static void say(struct part *part, const char *format, ...) PRINTF_LIKE(2, 3);

static void say(struct part *part, const char *format, ...)
{
	char *text = part->answer->text;
	size_t used = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + used, EXPLAIN_BYTES - used, format, args);
	va_end(args);
}

/* "212 µs", "3.1 ms", "1.0 s" */
static const char *print_time(char text[32], int64_t ns)
{
	if (ns < NS_PER_MS) {
		snprintf(text, 32, "%" PRId64 " \xc2\xb5s",
			 (ns + NS_PER_US / 2) / NS_PER_US);
	} else if (ns < NS_PER_SEC) {
		snprintf(text, 32, "%.1f ms", (double)ns / (double)NS_PER_MS);
	} else {
		snprintf(text, 32, "%.1f s", (double)ns / (double)NS_PER_SEC);
	}
	return text;
}

static void say_time(struct part *part, const char *before, int64_t ns, const char *after)
{
	char text[32];

	say(part, "%s%s%s", before, print_time(text, ns), after);
}

/* Names come from a file. */
static void say_name(struct part *part, const char *name, size_t length_max)
{
	for (size_t i = 0; i < length_max && name[i]; i++) {
		say(part, "%c", isprint((unsigned char)name[i]) ? name[i] : '?');
	}
}

/* --- the process was stopped -------------------------------------------------------------------- */

static void say_stopped(struct part *part)
{
	say_time(part, "the process was stopped for ", length(part), "");
	if (part->look->sender > 0 && part->look->continued_ns >= part->from_ns) {
		say(part, " (process %" PRId64 " let it go on)", part->look->sender);
	}
}

/* Cycle thread and supervisor were silent together, and SIGCONT came at the end of it. */
static bool explain_stop(struct part *part)
{
	const struct told_look *look = part->look;

	if (look->continued_ns < part->from_ns ||
	    look->continued_ns > part->to_ns + CONTINUE_LATE_NS ||
	    !is_enough(part, look->continued_ns - look->alive_ns) ||
	    !is_enough(part, look->continued_ns - part->from_ns)) {
		return false;
	}
	say_stopped(part);
	return true;
}

/* --- the kernel's trace ------------------------------------------------------------------------- */

/* "124(hog,fifo,90)=3100000" of the line "ran", by its id; false without it. */
struct ran_thread {
	int64_t id;
	char name[32];
	char policy[16];
	int64_t priority;
	int64_t ns;
};

/* The text up to a character, which is passed over; false where it does not fit or does not come. */
static bool take_text(const char **at, char end, char *text, size_t bytes)
{
	const char *found = strchr(*at, end);
	size_t length = found ? (size_t)(found - *at) : bytes;

	if (length >= bytes) {
		return false;
	}
	memcpy(text, *at, length);
	text[length] = '\0';
	*at = found + 1;
	return true;
}

static bool parse_ran(const char *word, struct ran_thread *ret_thread)
{
	uint64_t id, priority, ns;

	if (!scan_number(&word, &id) || !scan_char(&word, '(') ||
	    !take_text(&word, ',', ret_thread->name, sizeof(ret_thread->name)) ||
	    !take_text(&word, ',', ret_thread->policy, sizeof(ret_thread->policy)) ||
	    !scan_number(&word, &priority) || !scan_char(&word, ')') ||
	    !scan_char(&word, '=') || !scan_number(&word, &ns)) {
		return false;
	}
	ret_thread->id = (int64_t)id;
	ret_thread->priority = (int64_t)priority;
	ret_thread->ns = (int64_t)ns;
	return true;
}

/* The next thread of the line; false behind the last. */
static bool next_ran(const char **at, struct ran_thread *ret_thread)
{
	while ((*at = strchr(*at, ' '))) {
		if (parse_ran(*at, ret_thread)) {
			(*at)++;
			return true;
		}
		(*at)++;
	}
	return false;
}

static void say_policy(struct part *part, const char *policy, int64_t priority)
{
	char upper[16];
	size_t i;

	for (i = 0; policy[i] && i + 1 < sizeof(upper); i++) {
		upper[i] = (char)toupper((unsigned char)policy[i]);
	}
	upper[i] = '\0';
	say(part, "SCHED_%s", upper);
	if (priority > 0) {
		say(part, " %" PRId64, priority);
	}
}

/* The trace does not tell SCHED_FIFO from SCHED_RR: the look may know. */
static void say_traced_policy(struct part *part, const struct ktrace_owner *owner)
{
	const char *at = part->look->ran;
	struct ran_thread ran;

	while (next_ran(&at, &ran)) {
		if (ran.id == owner->number) {
			say(part, ", ");
			say_policy(part, ran.policy, ran.priority);
			return;
		}
	}
	if (owner->priority < 0) {
		say(part, ", SCHED_DEADLINE");
	} else if (owner->priority < 100) {
		say(part, ", real-time priority %d", 99 - owner->priority);
	} else if (owner->priority < 140) {
		say(part, ", SCHED_OTHER");
	}
}

static void say_times(struct part *part, unsigned times, const char *what)
{
	if (times > 1) {
		say(part, " (%u %s)", times, what);
	}
}

static void say_thread(struct part *part, const struct ktrace_owner *owner)
{
	say(part, "program '");
	say_name(part, owner->name, sizeof(owner->name));
	say(part, "' (pid %d", owner->number);
	say_traced_policy(part, owner);
	say(part, ")");
}

static void say_owner(struct part *part, const struct ktrace *trace,
		      const struct ktrace_owner *owner)
{
	char ns[32];

	print_time(ns, owner->in_way_ns);
	switch (owner->kind) {
	case KTRACE_INTERRUPT:
		say(part, "interrupt %d (", owner->number);
		say_name(part, owner->name, sizeof(owner->name));
		say(part, ") on CPU %d, %s", trace->cpu, ns);
		say_times(part, owner->times, "times");
		break;
	case KTRACE_VECTOR:
		say(part, "%s interrupt on CPU %d, %s", owner->name, trace->cpu, ns);
		say_times(part, trace->timers, "timers expired");
		break;
	case KTRACE_SOFTIRQ:
		say(part, "softirq ");
		say_name(part, owner->name, sizeof(owner->name));
		say(part, " on CPU %d, %s", trace->cpu, ns);
		say_times(part, owner->times, "times");
		break;
	case KTRACE_THREAD:
		say_thread(part, owner);
		say(part, " ran %s on CPU %d", ns, trace->cpu);
		break;
	case KTRACE_IDLE:
		say(part, "CPU %d took %s to leave its sleep", trace->cpu, ns);
		break;
	case KTRACE_SELF:
		break;
	}
}

/* Beside the log and nowhere else: the name comes from a file. */
static FILE *open_trace(const struct part *part)
{
	char name[REPORT_LINE_BYTES], path[PATH_MAX];
	struct stat info;
	int fd;

	if ((uint64_t)told_number(part->look->trace, "cycle", -1) !=
	    part->overrun->cycle) {
		return NULL;
	}
	told_word(part->look->trace, "file", name, sizeof(name));
	if (!name[0] || strchr(name, '/')) {
		return NULL;
	}
	snprintf(path, sizeof(path), "%s/%s", part->folder, name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		return NULL;
	}
	if (fstat(fd, &info) || !S_ISREG(info.st_mode)) {
		close(fd);
		return NULL;
	}
	return fdopen(fd, "r");
}

/* The head of the file: "# rtloop trace: cycle=8123 thread=93 cpu=1 release_ns=..." */
static bool read_head(const struct part *part, struct ktrace *trace, FILE *in)
{
	char head[REPORT_LINE_BYTES];

	if (!fgets(head, sizeof(head), in) || strncmp(head, "# rtloop trace:", 15) != 0) {
		return false;
	}
	trace->thread = (int)told_number(head, "thread", 0);
	trace->cpu = (int)told_number(head, "cpu", -1);
	trace->from_ns = part->from_ns;
	trace->to_ns = part->to_ns;
	if (trace->thread <= 0 ||
	    told_number(head, "release_ns", 0) != part->overrun->release_ns) {
		return false;
	}
	if (trace->cpu < 0) {
		trace->cpu = ktrace_find_cpu(trace, in);
		rewind(in);
	}
	return trace->cpu >= 0;
}

static bool read_trace(const struct part *part, struct ktrace *trace)
{
	FILE *in = open_trace(part);
	bool is_good;

	if (!in) {
		return false;
	}
	*trace = (struct ktrace){ 0 };
	is_good = read_head(part, trace, in);
	if (is_good) {
		ktrace_read(trace, in);
	}
	fclose(in);
	return is_good && trace->seen_ns > 0;
}

/* None of them alone for long enough, but all of a kind together. */
static bool explain_by_kind(struct part *part, const struct ktrace *trace,
			    const struct ktrace_owner *worst)
{
	static const char *const names[] = {
		[KTRACE_INTERRUPT] = "interrupts",
		[KTRACE_VECTOR] = "interrupts",
		[KTRACE_SOFTIRQ] = "softirqs",
		[KTRACE_THREAD] = "programs",
		[KTRACE_IDLE] = "",
		[KTRACE_SELF] = "",
	};
	int64_t ns = ktrace_in_way(trace, worst->kind);

	if (!is_enough(part, ns) || !names[worst->kind][0]) {
		return false;
	}
	say(part, "%s on CPU %d, ", names[worst->kind], trace->cpu);
	say_time(part, "", ns, " together, most of it: ");
	say_owner(part, trace, worst);
	return true;
}

static bool explain_by_trace(struct part *part, const struct ktrace *trace)
{
	const struct ktrace_owner *worst = ktrace_worst(trace);

	if (is_enough(part, trace->stopped_ns)) {
		say_stopped(part);
		return true;
	}
	if (worst && is_enough(part, worst->in_way_ns)) {
		say_owner(part, trace, worst);
		return true;
	}
	if (worst && explain_by_kind(part, trace, worst)) {
		return true;
	}
	if (!part->is_late && trace->faults > 0 && is_enough(part, trace->asleep_ns)) {
		say_time(part, "page fault in the step: it waited ", trace->asleep_ns,
			 "");
		return true;
	}
	return false;
}

/* --- what the counts prove ---------------------------------------------------------------------- */

/* Whether this thread, of that policy and priority, goes before the cycle thread. */
static bool may_preempt(const struct told_look *look, const struct ran_thread *thread)
{
	return look->priority == 0 || strcmp(thread->policy, "deadline") == 0 ||
	       thread->priority >= look->priority;
}

/*
 * How long it waited for others in this overrun, at least: what it waits in other cycles, too, twice over, is
 * taken off. Where that is not known the time looked at has to be short.
 */
static int64_t least_delay(const struct told_look *look)
{
	if (look->usual_delay_ns >= 0) {
		return look->delay_ns / 2 > look->usual_delay_ns
			       ? look->delay_ns - 2 * look->usual_delay_ns
			       : 0;
	}
	return look->thread_to_ns - look->thread_from_ns <= UNKNOWN_USUAL_NS
		       ? look->delay_ns
		       : 0;
}

/*
 * While the cycle thread was ready and others ran on its CPU, only those could run that go before it. Where
 * one of them ran for long enough, and all others together, those included that have ended since, did not
 * run for so long that the rest would be too little, it was that one.
 */
static bool explain_hog(struct part *part)
{
	const struct told_look *look = part->look;
	int64_t unseen_ns = told_number(look->ran, "unseen_ns", INT64_MIN);
	int64_t others_ns = told_number(look->ran, "others_preempt_ns", 0);
	struct ran_thread thread, worst = { .ns = 0 };
	int64_t delay_ns = least_delay(look);
	const char *at = look->ran;
	char delay[32];

	if (look->all != 1 || unseen_ns == INT64_MIN ||
	    told_number(look->ran, "cut", 0) != 0 || !is_enough(part, delay_ns)) {
		return false;
	}
	while (next_ran(&at, &thread)) {
		if (!may_preempt(look, &thread)) {
			continue;
		}
		others_ns += thread.ns > worst.ns ? worst.ns : thread.ns;
		worst = thread.ns > worst.ns ? thread : worst;
	}
	others_ns += unseen_ns > 0 ? unseen_ns : -unseen_ns;
	if (!is_enough(part, worst.ns) || !is_enough(part, delay_ns - others_ns)) {
		return false;
	}
	say(part, "program '");
	say_name(part, worst.name, sizeof(worst.name));
	say(part, "' (pid %" PRId64 ", ", worst.id);
	say_policy(part, worst.policy, worst.priority);
	say_time(part, ") ran ", worst.ns, "");
	say(part, " on CPU %" PRId64 "; the cycle thread was ready meanwhile, for %s",
	    look->cpu, print_time(delay, look->delay_ns));
	return true;
}

static unsigned count_faults(const struct part *part, bool of_major)
{
	unsigned count = 0;

	for (unsigned i = 0; i < part->look->fault_count; i++) {
		const struct told_fault *fault = &part->look->faults[i];

		count += fault->is_major == of_major && fault->time_ns >= part->from_ns &&
			 fault->time_ns <= part->to_ns;
	}
	return count;
}

/* One that had to be read from a disk: a minor one is over in a microsecond, and explains nothing. */
static bool explain_fault(struct part *part)
{
	unsigned count = count_faults(part, true);

	if (count == 0) {
		return false;
	}
	say(part, "page fault in the %s", part->is_late ? "wake-up" : "step");
	if (count > 1) {
		say(part, " (%u of them)", count);
	}
	say(part, ": a page had to be read from a disk");
	return true;
}

static bool explain_device(struct part *part)
{
	const struct told_overrun *overrun = part->overrun;

	bool is_step = strcmp(overrun->call, "step") == 0;
	bool is_plugin = strcmp(overrun->call, "plugin") == 0;
	unsigned major = 0;

	for (unsigned i = 0; i < part->look->fault_count; i++) {
		major += part->look->faults[i].is_major;
	}
	/* a page fault that one does not know the time of may have been in it */
	if (part->is_late || !is_enough(part, overrun->call_ns) ||
	    (!overrun->device[0] && !is_step) || part->look->major > major ||
	    (part->look->delay_ns > 0 && 2 * part->look->delay_ns >= overrun->call_ns)) {
		return false;
	}
	say(part, is_step ? "the program" : is_plugin ? "plugin " : "device ");
	say_name(part, overrun->device, sizeof(overrun->device));
	say_time(part, " took ", overrun->call_ns, "");
	say(part, " (%s)", is_plugin ? "step" : overrun->call);
	return true;
}

static bool explain_record(struct part *part)
{
	if (!part->is_late || !is_enough(part, part->overrun->record_ns)) {
		return false;
	}
	say_time(part, "handing the records of the cycle before to the logger took ",
		 part->overrun->record_ns, "");
	return true;
}

/* --- what is not explained ---------------------------------------------------------------------- */

static void say_not_traced(struct part *part, const struct ktrace *trace)
{
	const struct ktrace_owner *before = ktrace_before(trace);

	if (!part->is_late || !is_enough(part, trace->asleep_ns)) {
		return;
	}
	say_time(part, "; its timer came ", trace->asleep_ns, " late");
	if (before && before->kind == KTRACE_THREAD) {
		say(part, ", while ");
		say_thread(part, before);
		say(part, " had CPU %d", trace->cpu);
	} else if (before) {
		say(part, ", while CPU %d was idle", trace->cpu);
	}
}

/* The interrupt that came most, but for the timer's: "37(eth0)=1204". */
static void say_interrupts(struct part *part)
{
	const char *at = part->look->interrupts;
	int64_t from_ns = told_number(at, "from_ns", 0);
	int64_t to_ns = told_number(at, "to_ns", 0);
	char name[64], window[32];
	uint64_t count;

	for (at = strchr(at, ' '); at; at = strchr(at, ' ')) {
		const char *word = ++at;

		if (take_text(&word, '=', name, sizeof(name)) && !strchr(name, ' ') &&
		    strchr(name, '(') && !strstr(name, "imer") &&
		    scan_number(&word, &count)) {
			say(part, "; interrupt %s came %" PRIu64 " times in %s", name,
			    count, print_time(window, to_ns - from_ns));
			return;
		}
	}
}

static void say_seen(struct part *part)
{
	const struct told_look *look = part->look;
	unsigned minor = count_faults(part, false);
	char window[32];

	if (look->delay_ns >= 0 && is_enough(part, look->delay_ns)) {
		say_time(part, "; it was ready to run for ", look->delay_ns,
			 " while others ran");
		say_time(part, ", within ", look->thread_to_ns - look->thread_from_ns,
			 "");
	}
	if (minor > 0) {
		say(part, "; %u minor page fault%s in it", minor, minor > 1 ? "s" : "");
	} else if (look->minor + look->major > 0 && look->fault_count == 0) {
		say(part,
		    "; %" PRId64 " page faults, %" PRId64 " of them major, within %s",
		    look->minor + look->major, look->major,
		    print_time(window, look->thread_to_ns - look->thread_from_ns));
	}
	if (look->throttles > 0) {
		say(part, "; the CPU was throttled %" PRId64 " time%s", look->throttles,
		    look->throttles > 1 ? "s" : "");
	}
	if (look->steal_ticks > 0) {
		say(part, "; the hypervisor took %" PRId64 " tick%s", look->steal_ticks,
		    look->steal_ticks > 1 ? "s" : "");
	}
	say_interrupts(part);
}

static bool explain_part(struct part *part)
{
	struct ktrace trace;
	bool is_traced = read_trace(part, &trace);
	bool is_explained = explain_stop(part) ||
			    (is_traced && explain_by_trace(part, &trace)) ||
			    (!is_traced && explain_hog(part)) || explain_fault(part) ||
			    explain_device(part) || explain_record(part);

	if (!is_explained) {
		say(part, "not explained");
		if (is_traced) {
			say_not_traced(part, &trace);
		}
		say_seen(part);
	}
	return is_explained;
}

/* A cycle that woke late and worked for long has two parts: the greater one is asked for. */
static void choose_part(struct part *part)
{
	const struct told_overrun *overrun = part->overrun;
	int64_t late_ns = overrun->wake_ns - overrun->release_ns;
	int64_t busy_ns = overrun->end_ns - overrun->wake_ns;

	part->is_late =
		overrun->is_late_wake && (!overrun->is_long_work || late_ns >= busy_ns);
	part->from_ns = part->is_late ? overrun->release_ns : overrun->wake_ns;
	part->to_ns = part->is_late ? overrun->wake_ns : overrun->end_ns;
}

bool explain_overrun(const struct told *told, const char *folder, uint64_t cycle,
		     struct explanation *ret_explanation)
{
	struct part part = { .look = told_find(told, cycle),
			     .folder = folder,
			     .answer = ret_explanation };

	*ret_explanation = (struct explanation){ .is_explained = false };
	if (!part.look) {
		return false;
	}
	part.overrun = told_overrun_of(part.look, cycle);
	if (!part.overrun) {
		say(&part,
		    "not explained: one of a burst of %" PRIu64
		    " overruns, of which the first %u were looked at one by one",
		    part.look->all, part.look->overrun_count);
		return true;
	}
	choose_part(&part);
	ret_explanation->is_explained = explain_part(&part);
	return true;
}
