#include "rtloop/super/evidence_text.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

static void add_window(struct line *line, int64_t from_ns, int64_t to_ns)
{
	line_add(line, "from_ns=%" PRId64, from_ns);
	line_add(line, "to_ns=%" PRId64, to_ns);
}

static const char *policy_name(int policy)
{
	switch (policy) {
	case SCHED_OTHER:
		return "other";
	case SCHED_FIFO:
		return "fifo";
	case SCHED_RR:
		return "rr";
	case SCHED_BATCH:
		return "batch";
	case SCHED_IDLE:
		return "idle";
	case 6: /* SCHED_DEADLINE: not in every sched.h */
		return "deadline";
	}
	return "unknown";
}

const char *text_look(struct line *line, const struct overrun_list *overruns,
		      const struct self_look *self)
{
	line_begin(line, "look");
	line_add(line, "overruns=%" PRIu64, overruns->all);
	line_add(line, "told=%u", overruns->count);
	line_add(line, "first=%" PRIu64, overruns->list[0].cycle);
	line_add(line, "last=%" PRIu64, overruns->until);
	if (self->at_ns > 0) {
		line_add(line, "cpu=%d", self->thread.cpu);
		line_add(line, "policy=%s", policy_name(self->thread.policy));
		line_add(line, "priority=%d", self->thread.priority);
	}
	return line_end(line);
}

const char *text_overrun(struct line *line, const struct overrun *overrun)
{
	const struct blame_worst *worst = &overrun->worst;

	line_begin(line, "overrun");
	line_add(line, "cycle=%" PRIu64, overrun->cycle);
	line_add(line, "kind=%s%s%s", overrun->is_late_wake ? "late_wake" : "",
		 overrun->is_late_wake && overrun->is_long_work ? "," : "",
		 overrun->is_long_work ? "long_work" : "");
	line_add(line, "release_ns=%" PRId64, overrun->release_ns);
	line_add(line, "wake_ns=%" PRId64, overrun->wake_ns);
	line_add(line, "end_ns=%" PRId64, overrun->end_ns);
	line_add(line, "record_ns=%" PRId64, overrun->record_ns);
	if (worst->ns > 0) {
		line_add(line, "call=%s", blame_call_name((enum blame_call)worst->call));
		line_add(line, "call_ns=%" PRId64, worst->ns);
		line_add(line, "call_end_ns=%" PRId64, worst->end_ns);
	}
	return line_end(line);
}

/* How long it waited where it did not overrun, in as long a time; -1: not known. */
static int64_t usual_delay(const struct self_look *earlier,
			   const struct self_look *before, const struct self_look *now)
{
	int64_t window_ns = before->at_ns - earlier->at_ns;

	if (earlier->at_ns == 0 || !earlier->has_sched || window_ns <= 0) {
		return -1;
	}
	return (int64_t)((double)(before->sched.delay_ns - earlier->sched.delay_ns) *
			 (double)(now->at_ns - before->at_ns) / (double)window_ns);
}

const char *text_thread(struct line *line, const struct self_look *earlier,
			const struct self_look *before, const struct self_look *now)
{
	int64_t usual_ns = usual_delay(earlier, before, now);
	const struct proc_thread *then = &before->thread;
	const struct proc_thread *thread = &now->thread;

	line_begin(line, "thread");
	add_window(line, before->at_ns, now->at_ns);
	if (before->has_sched && now->has_sched) {
		line_add(line, "run_ns=%" PRIu64,
			 now->sched.run_ns - before->sched.run_ns);
		line_add(line, "delay_ns=%" PRIu64,
			 now->sched.delay_ns - before->sched.delay_ns);
		if (usual_ns >= 0) {
			line_add(line, "usual_delay_ns=%" PRId64, usual_ns);
		}
	}
	line_add(line, "voluntary=%" PRIu64,
		 now->switches.voluntary - before->switches.voluntary);
	line_add(line, "involuntary=%" PRIu64,
		 now->switches.involuntary - before->switches.involuntary);
	line_add(line, "minor=%" PRIu64, thread->minor_faults - then->minor_faults);
	line_add(line, "major=%" PRIu64, thread->major_faults - then->major_faults);
	return line_end(line);
}

const char *text_fault(struct line *line, const struct fault *fault)
{
	line_begin(line, "fault");
	line_add(line, "time_ns=%" PRId64, fault->time_ns);
	line_add(line, "kind=%s", fault->is_major ? "major" : "minor");
	line_add(line, "address=0x%" PRIx64, fault->address);
	line_add(line, "ip=0x%" PRIx64, fault->ip);
	return line_end(line);
}

/* Those that rose most, as many as a line can hold; the rest is only counted. */
#define TOP_MAX 16

struct top {
	const char *names[TOP_MAX];
	uint64_t rises[TOP_MAX];
	unsigned count;
	unsigned left_out;
};

static void insert(struct top *top, const char *name, uint64_t rise)
{
	unsigned at = top->count;

	if (top->count < TOP_MAX) {
		top->count++;
	} else {
		top->left_out++;
		at--;
		if (rise <= top->rises[at]) {
			return;
		}
	}
	for (; at > 0 && top->rises[at - 1] < rise; at--) {
		top->rises[at] = top->rises[at - 1];
		top->names[at] = top->names[at - 1];
	}
	top->rises[at] = rise;
	top->names[at] = name;
}

static void find_top(struct top *top, const struct proc_counts *before,
		     const struct proc_counts *now)
{
	*top = (struct top){ .count = 0 };
	for (unsigned i = 0; i < now->count; i++) {
		const struct proc_count *count = &now->list[i];
		uint64_t then;

		if (proc_count_before(before, count, i, &then) && count->value > then) {
			insert(top, count->name, count->value - then);
		}
	}
}

const char *text_counts(struct line *line, const char *subject, const struct look *before,
			const struct look *now)
{
	bool is_interrupts = strcmp(subject, "interrupts") == 0;
	struct top top;

	find_top(&top, is_interrupts ? &before->interrupts : &before->softirqs,
		 is_interrupts ? &now->interrupts : &now->softirqs);
	if (top.count == 0) {
		return NULL;
	}
	line_begin(line, subject);
	add_window(line, before->at_ns, now->at_ns);
	line_add(line, "cpu=%d", now->cpu);
	for (unsigned i = 0; i < top.count; i++) {
		line_add(line, "%s=%" PRIu64, top.names[i], top.rises[i]);
	}
	line->left_out += top.left_out;
	return line_end(line);
}

const char *text_cpu(struct line *line, const struct look *before, const struct look *now,
		     uint64_t khz)
{
	line_begin(line, "cpu");
	add_window(line, before->at_ns, now->at_ns);
	line_add(line, "cpu=%d", now->cpu);
	if (before->has_sched && now->has_sched) {
		line_add(line, "busy_ns=%" PRIu64,
			 now->sched.run_ns - before->sched.run_ns);
		line_add(line, "switches=%" PRIu64,
			 now->sched.slices - before->sched.slices);
	}
	if (before->has_steal && now->has_steal) {
		line_add(line, "steal_ticks=%" PRIu64,
			 now->steal_ticks - before->steal_ticks);
	}
	line_add(line, "thermal_throttles=%" PRIu64,
		 now->thermal_throttles - before->thermal_throttles);
	line_add(line, "group_throttles=%" PRIu64,
		 now->group_throttles - before->group_throttles);
	if (khz > 0) {
		line_add(line, "khz=%" PRIu64, khz);
	}
	return line_end(line);
}

/* So many threads fit into a line in any case. */
#define RAN_TOLD_MAX 5u

/*
 * What the others ran: all of them, and those of them that may preempt; and what the CPU ran besides all
 * that, which was of threads that have ended, or moved.
 */
static void add_others(struct line *line, const struct look *before,
		       const struct look *now, const struct threads_ran *ran)
{
	uint64_t others_ns = ran->others_ns, preempt_ns = ran->others_preempt_ns;
	uint64_t seen_ns = ran->self_ns + others_ns;

	for (unsigned i = 0; i < ran->count; i++) {
		const struct thread_ran *thread = &ran->list[i];

		seen_ns += thread->ran_ns;
		if (i >= RAN_TOLD_MAX) {
			others_ns += thread->ran_ns;
			preempt_ns += thread->may_preempt ? thread->ran_ns : 0;
		}
	}
	line_add(line, "others_ns=%" PRIu64, others_ns);
	line_add(line, "others_preempt_ns=%" PRIu64, preempt_ns);
	if (before->has_sched && now->has_sched && !ran->is_cut) {
		uint64_t busy_ns = now->sched.run_ns - before->sched.run_ns;

		/* less than nothing: some of what is seen ran on another CPU */
		line_add(line, "unseen_ns=%" PRId64, (int64_t)(busy_ns - seen_ns));
	}
}

static void add_thread(struct line *line, const struct thread_ran *ran)
{
	char name[sizeof(ran->thread.name)];

	memcpy(name, ran->thread.name, sizeof(name));
	proc_clean_name(name);
	line_add(line, "%d(%s,%s,%d)=%" PRIu64, ran->id, name,
		 policy_name(ran->thread.policy), ran->thread.priority, ran->ran_ns);
}

const char *text_ran(struct line *line, const struct look *before, const struct look *now,
		     const struct threads_ran *ran)
{
	line_begin(line, "ran");
	line_add(line, "ms=%" PRId64, (now->at_ns - before->at_ns) / NS_PER_MS);
	line_add(line, "cpu=%d", now->cpu);
	add_others(line, before, now, ran);
	for (unsigned i = 0; i < ran->count && i < RAN_TOLD_MAX; i++) {
		add_thread(line, &ran->list[i]);
	}
	return line_end(line);
}

const char *text_stopped(struct line *line, const struct continued *continued)
{
	line_begin(line, "continued");
	line_add(line, "alive_ns=%" PRId64, continued->alive_ns);
	line_add(line, "at_ns=%" PRId64, continued->at_ns);
	line_add(line, "sender=%d", continued->sender);
	return line_end(line);
}
