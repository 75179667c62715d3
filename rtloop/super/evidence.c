#include "rtloop/super/evidence.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/base/sys.h"
#include "rtloop/super/evidence_text.h"

/* Kept of a trace before the release that was missed, and after the cycle. */
#define TRACE_BEFORE_NS (5 * NS_PER_MS)
#define TRACE_AFTER_NS	NS_PER_MS

int evidence_init(struct evidence *evidence, struct loop *loop, struct logger *logger)
{
	*evidence = (struct evidence){
		.loop = loop,
		.logger = logger,
		.root = "",
		.before = calloc(1, sizeof(*evidence->before)),
		.now = calloc(1, sizeof(*evidence->now)),
	};
	return evidence->before && evidence->now ? 0 : -ENOMEM;
}

static void close_all(struct evidence *evidence)
{
	proc_file_close(&evidence->stat);
	proc_file_close(&evidence->schedstat);
	proc_file_close(&evidence->status);
	look_close(&evidence->files);
	threads_fini(&evidence->threads);
	faults_close(&evidence->faults);
	trace_close(&evidence->trace);
	evidence->is_prepared = false;
	evidence->is_open = false;
}

void evidence_fini(struct evidence *evidence)
{
	close_all(evidence);
	free(evidence->before);
	free(evidence->now);
	evidence->before = NULL;
	evidence->now = NULL;
}

static void open_thread_file(const struct evidence *evidence, struct proc_file *file,
			     const char *name)
{
	proc_file_open(file, "%s/proc/self/task/%d/%s", evidence->root,
		       evidence->thread_id, name);
}

/* False where the thread has ended. */
static bool look_at_self(struct evidence *evidence, int64_t now_ns,
			 struct self_look *ret_self)
{
	const char *text = proc_file_read(&evidence->stat);

	*ret_self = (struct self_look){ .at_ns = now_ns };
	if (!text || proc_parse_thread(text, &ret_self->thread)) {
		ret_self->at_ns = 0;
		return false;
	}
	text = proc_file_read(&evidence->schedstat);
	ret_self->has_sched = text && proc_parse_sched(text, &ret_self->sched) == 0;
	text = proc_file_read(&evidence->status);
	if (!text || proc_parse_switches(text, &ret_self->switches)) {
		ret_self->switches = (struct proc_switches){ 0 };
	}
	return true;
}

static void begin_trace(struct evidence *evidence)
{
	const struct loop_options *options = evidence->loop->options;

	if (options->trace == TRACE_ON_OVERRUN &&
	    trace_open(&evidence->trace, evidence->tracing, (int)options->cpu,
		       &evidence->trace_err) == 0) {
		evidence->trace_err.text[0] = '\0';
	}
}

void evidence_prepare(struct evidence *evidence)
{
	int cpu = (int)evidence->loop->options->cpu;

	if (!evidence->logger->options) {
		return;
	}
	look_open(&evidence->files, evidence->root);
	evidence->is_prepared = threads_init(&evidence->threads, evidence->root) == 0;
	if (cpu >= 0 && faults_open(&evidence->faults, cpu)) {
		evidence->faults = (struct faults){ 0 };
	}
	begin_trace(evidence);
}

/* The cycle thread runs: what is of it can be opened. */
static bool begin(struct evidence *evidence)
{
	evidence->thread_id = atomic_load(&evidence->loop->thread_id);
	if (!evidence->is_prepared || evidence->thread_id == 0) {
		return false;
	}
	open_thread_file(evidence, &evidence->stat, "stat");
	open_thread_file(evidence, &evidence->schedstat, "schedstat");
	open_thread_file(evidence, &evidence->status, "status");
	evidence->faults.thread = evidence->thread_id;
	trace_watch(&evidence->trace, evidence->thread_id);
	evidence->is_open = true;
	return true;
}

static void take_baseline(struct evidence *evidence, int64_t now_ns)
{
	if (evidence->before->at_ns == 0 ||
	    now_ns - evidence->before->at_ns >= EVIDENCE_PAUSE_NS) {
		look_take(&evidence->files, evidence->self.thread.cpu, now_ns,
			  evidence->before);
		threads_look(&evidence->threads);
	}
}

/* They are kept before it is known whether their cycle overruns. */
static void take_faults(struct evidence *evidence)
{
	struct fault list[EVIDENCE_FAULTS];
	unsigned count = faults_take(&evidence->faults, list, EVIDENCE_FAULTS);

	for (unsigned i = 0; i < count && i < EVIDENCE_FAULTS; i++) {
		evidence->kept[(evidence->faults_seen + i) % EVIDENCE_FAULTS] = list[i];
	}
	evidence->faults_seen += count < EVIDENCE_FAULTS ? count : EVIDENCE_FAULTS;
}

static void tell(const struct evidence *evidence, const struct overrun *overrun,
		 const char *text)
{
	const struct record_event event = { .code = EVENT_EVIDENCE,
					    .device = EVENT_NO_DEVICE,
					    .cycle = overrun->cycle,
					    .value = (int64_t)evidence->look_number };

	if (text) {
		logger_tell(evidence->logger, &event, text);
	}
}

static void tell_overrun(const struct evidence *evidence, const struct overrun *overrun)
{
	const struct record_event event = { .code = EVENT_EVIDENCE,
					    .device = overrun->worst.device,
					    .cycle = overrun->cycle,
					    .value = (int64_t)evidence->look_number };
	struct line line;

	logger_tell(evidence->logger, &event, text_overrun(&line, overrun));
}

static void tell_faults(const struct evidence *evidence,
			const struct overrun_list *overruns)
{
	uint64_t first = evidence->faults_seen > EVIDENCE_FAULTS
				 ? evidence->faults_seen - EVIDENCE_FAULTS
				 : 0;
	struct line line;

	for (uint64_t i = first; i < evidence->faults_seen; i++) {
		const struct fault *fault = &evidence->kept[i % EVIDENCE_FAULTS];

		if (fault->time_ns >= overruns->list[0].release_ns) {
			tell(evidence, &overruns->last, text_fault(&line, fault));
		}
	}
}

/* A thread that moved has left its counts on the other CPU: those of one CPU tell nothing, then. */
static void tell_cpu(struct evidence *evidence, const struct overrun *last,
		     const struct threads_ran *ran)
{
	const struct look *before = evidence->before, *now = evidence->now;
	struct line line;

	if (before->at_ns == 0 || before->cpu != now->cpu) {
		return;
	}
	tell(evidence, last, text_counts(&line, "interrupts", before, now));
	tell(evidence, last, text_counts(&line, "softirqs", before, now));
	tell(evidence, last,
	     text_cpu(&line, before, now, look_frequency(&evidence->files, now->cpu)));
	if (ran->count > 0) {
		tell(evidence, last, text_ran(&line, before, now, ran));
	}
}

static void tell_all(struct evidence *evidence, const struct overrun_list *overruns,
		     const struct self_look *self, const struct threads_ran *ran)
{
	const struct overrun *last = &overruns->last;
	struct line line;

	tell(evidence, last, text_look(&line, overruns, self));
	for (unsigned i = 0; i < overruns->count; i++) {
		tell_overrun(evidence, &overruns->list[i]);
	}
	if (self->at_ns > 0 && evidence->self.at_ns > 0) {
		tell(evidence, last,
		     text_thread(&line, &evidence->earlier, &evidence->self, self));
	}
	if (evidence->continued.at_ns >= overruns->list[0].release_ns) {
		tell(evidence, last, text_stopped(&line, &evidence->continued));
	}
	tell_faults(evidence, overruns);
	if (self->at_ns > 0) {
		tell_cpu(evidence, last, ran);
	}
}

/* The longest of those that the trace reaches back to; NULL: it reaches to none. */
static const struct overrun *find_longest(const struct evidence *evidence,
					  const struct overrun_list *overruns)
{
	const struct overrun *longest = NULL;

	for (unsigned i = 0; i < overruns->count; i++) {
		const struct overrun *overrun = &overruns->list[i];

		if (overrun->release_ns >= evidence->trace.since_ns &&
		    (!longest || overrun->end_ns - overrun->release_ns >
					 longest->end_ns - longest->release_ns)) {
			longest = overrun;
		}
	}
	return longest;
}

static void freeze(struct evidence *evidence, const struct overrun *overrun,
		   struct line *line)
{
	const struct trace_window window = {
		.cycle = overrun->cycle,
		.release_ns = overrun->release_ns,
		.from_ns = overrun->release_ns - TRACE_BEFORE_NS,
		.to_ns = overrun->end_ns + TRACE_AFTER_NS,
	};
	char log[PATH_MAX], path[PATH_MAX + 64];
	int code;

	logger_path(evidence->logger, log);
	files_name_trace(log, overrun->cycle, path, sizeof(path));
	code = trace_freeze(&evidence->trace, &window, path);
	line_begin(line, "trace");
	line_add(line, "cycle=%" PRIu64, overrun->cycle);
	if (code) {
		line_add(line, "error=%d", -code);
	} else {
		const char *slash = strrchr(path, '/');

		line_add(line, "file=%s", slash ? slash + 1 : path);
	}
}

static void freeze_trace(struct evidence *evidence, const struct overrun_list *overruns)
{
	const struct overrun *longest = find_longest(evidence, overruns);
	struct line line;

	if (trace_is_open(&evidence->trace) && longest) {
		freeze(evidence, longest, &line);
		tell(evidence, longest, line_end(&line));
	}
	if (evidence->trace.snapshots == TRACE_SNAPSHOTS_MAX) {
		/* no more will be written: nor need the kernel trace for it */
		trace_close(&evidence->trace);
	}
}

/* False where there is none. */
static bool take_overruns(struct evidence *evidence, struct overrun_list *ret_overruns)
{
	uint64_t seen = overruns_seen(&evidence->loop->overruns);
	uint64_t cycles = counter_get(&evidence->loop->stats.cycles);
	unsigned taken = 0;
	struct overrun overrun;

	*ret_overruns = (struct overrun_list){ .count = 0 };
	while (overruns_take(&evidence->loop->overruns, &overrun)) {
		if (ret_overruns->count < EVIDENCE_TOLD_MAX) {
			ret_overruns->list[ret_overruns->count++] = overrun;
		}
		ret_overruns->last = overrun;
		taken++;
	}
	ret_overruns->all = seen > evidence->told + taken ? seen - evidence->told : taken;
	ret_overruns->until = ret_overruns->last.cycle;
	if (ret_overruns->all > taken && cycles > ret_overruns->until) {
		ret_overruns->until = cycles - 1;
	}
	/* one that came meanwhile was taken, and is not among those seen */
	evidence->told += ret_overruns->all;
	return taken > 0;
}

static void turn_over(struct evidence *evidence, const struct self_look *self)
{
	struct look *before = evidence->before;

	if (self->at_ns > 0) {
		evidence->before = evidence->now;
		evidence->now = before;
		evidence->earlier = (struct self_look){ 0 };
		evidence->self = *self;
	}
}

static void take_evidence(struct evidence *evidence, int64_t now_ns)
{
	struct overrun_list overruns;
	struct threads_ran ran = { 0 };
	struct self_look self;

	if (!take_overruns(evidence, &overruns)) {
		return;
	}
	evidence->look_number++;
	evidence->told_ns = now_ns;
	/* first what time overwrites */
	freeze_trace(evidence, &overruns);
	if (look_at_self(evidence, now_ns, &self)) {
		const struct threads_self cycle = { .id = evidence->thread_id,
						    .cpu = self.thread.cpu,
						    .priority = self.thread.priority };

		look_take(&evidence->files, self.thread.cpu, now_ns, evidence->now);
		threads_compare(&evidence->threads, &cycle, &ran);
		/* it may have been on another CPU meanwhile */
		ran.is_cut = ran.is_cut || evidence->loop->options->cpu < 0;
	}
	tell_all(evidence, &overruns, &self, &ran);
	turn_over(evidence, &self);
}

static bool is_pending(const struct evidence *evidence)
{
	return overruns_seen(&evidence->loop->overruns) > evidence->told;
}

/*
 * A cycle that is still in its overrun: what is counted from here on would be only the rest of it. So a
 * baseline is always older than the release of the overrun that it is held against.
 */
static bool is_overdue(struct evidence *evidence, int64_t now_ns)
{
	uint64_t cycles = counter_get(&evidence->loop->stats.cycles);

	if (cycles != evidence->cycles || evidence->cycles_ns == 0) {
		evidence->cycles = cycles;
		evidence->cycles_ns = now_ns;
	}
	return now_ns - evidence->cycles_ns > evidence->loop->options->period_ns;
}

void evidence_look(struct evidence *evidence, int64_t now_ns)
{
	struct self_look self;

	if (!evidence->is_open && !begin(evidence)) {
		return;
	}
	take_faults(evidence);
	if (!is_pending(evidence)) {
		if (is_overdue(evidence, now_ns)) {
			return;
		}
		if (look_at_self(evidence, now_ns, &self)) {
			evidence->earlier = evidence->self;
			evidence->self = self;
		}
		take_baseline(evidence, now_ns);
	} else if (evidence->told_ns == 0 ||
		   now_ns - evidence->told_ns >= EVIDENCE_PAUSE_NS) {
		take_evidence(evidence, now_ns);
	}
}

void evidence_continue(struct evidence *evidence, const struct continued *continued)
{
	evidence->continued = *continued;
}

void evidence_end(struct evidence *evidence, int64_t now_ns)
{
	if (evidence->is_open) {
		take_faults(evidence);
		take_evidence(evidence, now_ns);
	}
	close_all(evidence);
}
