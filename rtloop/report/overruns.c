#include "rtloop/report/overruns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/base/event.h"
#include "rtloop/base/record.h"
#include "rtloop/base/time.h"

/*
 * Overruns wait until what comes after them has been seen, in a queue; past its length the oldest are
 * handed on with what there is. Events are kept in a ring for as long as a waiting overrun may want them.
 */
#define WAITING_MAX 256
#define EVENTS_MAX  512
/* What the supervisor saw of an overrun's cycle it tells later. */
#define WAIT_NS (3 * NS_PER_SEC / 2)

struct waiting {
	struct report_overrun overrun;
	uint64_t event_at[REPORT_NEAR_MAX]; /* which of all events */
};

struct gatherer {
	report_overrun_taker *take;
	void *take_context;
	const struct report_summary *summary;
	struct report_reading
		reading; /* of this pass: its phases may be found in another order */
	struct report_cycle before[REPORT_AROUND];
	uint64_t before_ns[REPORT_AROUND];
	uint64_t before_count; /* all that came; the newest are there */
	struct waiting queue[WAITING_MAX];
	unsigned first; /* of the queue */
	unsigned count;
	struct report_event events[EVENTS_MAX];
	uint64_t event_count; /* all that came; the newest EVENTS_MAX are there */
};

static struct waiting *waiting_at(struct gatherer *gatherer, unsigned i)
{
	return &gatherer->queue[(gatherer->first + i) % WAITING_MAX];
}

/* Whether it has not been written over since. */
static bool is_kept(const struct gatherer *gatherer, uint64_t event)
{
	return gatherer->event_count - event <= EVENTS_MAX;
}

static int hand_on_first(struct gatherer *gatherer)
{
	struct waiting *waiting = waiting_at(gatherer, 0);
	struct report_overrun *overrun = &waiting->overrun;
	unsigned kept = 0;

	overrun->phases = &gatherer->reading.phases;
	for (unsigned i = 0; i < overrun->event_count; i++) {
		if (is_kept(gatherer, waiting->event_at[i])) {
			overrun->events[kept++] =
				&gatherer->events[waiting->event_at[i] % EVENTS_MAX];
		} else {
			overrun->events_more++;
		}
	}
	overrun->event_count = kept;
	gatherer->first = (gatherer->first + 1) % WAITING_MAX;
	gatherer->count--;
	return gatherer->take(gatherer->take_context, overrun);
}

static int64_t distance(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b);
}

static bool is_around(uint64_t cycle, uint64_t of)
{
	int64_t cycles = distance(cycle, of);

	return cycles >= -REPORT_AROUND && cycles <= REPORT_AROUND;
}

static bool is_near(const struct report_event *event, const struct report_cycle *cycle)
{
	int64_t after_ns =
		distance((uint64_t)event->time_ns, (uint64_t)cycle->release_ns);

	return is_around(event->cycle, cycle->cycle) ||
	       (after_ns >= -REPORT_BEFORE_NS && after_ns <= REPORT_AFTER_NS);
}

static void add_event(struct waiting *waiting, uint64_t at)
{
	struct report_overrun *overrun = &waiting->overrun;

	if (overrun->event_count < REPORT_NEAR_MAX) {
		waiting->event_at[overrun->event_count++] = at;
	} else {
		overrun->events_more++;
	}
}

/* What says only that there was an overrun would crowd out what may tell why. */
static bool is_overrun_event(const struct report_event *event)
{
	return strcmp(event->kind, event_kind(EVENT_LATE_WAKE)->name) == 0 ||
	       strcmp(event->kind, event_kind(EVENT_LONG_WORK)->name) == 0;
}

static int take_event(void *context, const struct report_event *event)
{
	struct gatherer *gatherer = context;
	uint64_t at = gatherer->event_count;

	if (is_overrun_event(event)) {
		return 0;
	}
	gatherer->events[gatherer->event_count++ % EVENTS_MAX] = *event;
	for (unsigned i = 0; i < gatherer->count; i++) {
		struct waiting *waiting = waiting_at(gatherer, i);

		if (is_near(event, report_overrun_cycle(&waiting->overrun))) {
			add_event(waiting, at);
		}
	}
	return 0;
}

static void add_cycle(struct report_overrun *overrun, const struct report_cycle *cycle,
		      uint64_t log_time_ns)
{
	if (overrun->count == ARRAY_SIZE(overrun->cycles)) {
		return; /* only where cycle numbers overflow */
	}
	overrun->cycles[overrun->count] = *cycle;
	overrun->log_time_ns[overrun->count] = log_time_ns;
	overrun->count++;
}

static void add_before(const struct gatherer *gatherer, struct report_overrun *overrun,
		       uint64_t cycle)
{
	uint64_t end = gatherer->before_count;

	for (uint64_t i = end < REPORT_AROUND ? 0 : end - REPORT_AROUND; i < end; i++) {
		unsigned at = (unsigned)(i % REPORT_AROUND);

		if (is_around(gatherer->before[at].cycle, cycle)) {
			add_cycle(overrun, &gatherer->before[at],
				  gatherer->before_ns[at]);
		}
	}
}

static void add_events(const struct gatherer *gatherer, struct waiting *waiting,
		       const struct report_cycle *cycle)
{
	uint64_t end = gatherer->event_count;

	for (uint64_t i = end < EVENTS_MAX ? 0 : end - EVENTS_MAX; i < end; i++) {
		if (is_near(&gatherer->events[i % EVENTS_MAX], cycle)) {
			add_event(waiting, i);
		}
	}
}

static void begin(struct gatherer *gatherer, const struct report_cycle *cycle,
		  uint64_t log_time_ns)
{
	struct waiting *waiting = waiting_at(gatherer, gatherer->count++);
	struct report_overrun *overrun = &waiting->overrun;

	memset(waiting, 0, sizeof(*waiting));
	add_before(gatherer, overrun, cycle->cycle);
	overrun->at = overrun->count;
	add_cycle(overrun, cycle, log_time_ns);
	add_events(gatherer, waiting, cycle);
}

static void remember(struct gatherer *gatherer, const struct report_cycle *cycle,
		     uint64_t log_time_ns)
{
	unsigned at = (unsigned)(gatherer->before_count++ % REPORT_AROUND);

	gatherer->before[at] = *cycle;
	gatherer->before_ns[at] = log_time_ns;
}

/* All that may be told of the first that waits has come. */
static bool is_over(struct gatherer *gatherer, uint64_t log_time_ns)
{
	const struct report_overrun *overrun = &waiting_at(gatherer, 0)->overrun;

	return distance(log_time_ns, overrun->log_time_ns[overrun->at]) > WAIT_NS;
}

static int take_cycle(void *context, const struct report_cycle *cycle,
		      uint64_t log_time_ns)
{
	struct gatherer *gatherer = context;
	int code = 0;

	while (!code && gatherer->count > 0 && is_over(gatherer, log_time_ns)) {
		code = hand_on_first(gatherer);
	}
	/* from the newest back: those that it is no neighbour of are all older */
	for (unsigned i = gatherer->count; i-- > 0;) {
		struct report_overrun *overrun = &waiting_at(gatherer, i)->overrun;

		if (!is_around(cycle->cycle, report_overrun_cycle(overrun)->cycle)) {
			break;
		}
		add_cycle(overrun, cycle, log_time_ns);
	}
	if (!code && cycle->flags & (RECORD_LATE_WAKE | RECORD_LONG_WORK)) {
		code = gatherer->count == WAITING_MAX ? hand_on_first(gatherer) : 0;
		begin(gatherer, cycle, log_time_ns);
	}
	remember(gatherer, cycle, log_time_ns);
	return code;
}

static uint64_t earlier(uint64_t time_ns, uint64_t by_ns)
{
	return time_ns > by_ns ? time_ns - by_ns : 0;
}

/* A chunk can hold what is near an overrun that is in another one. */
static bool wants_chunk(void *context, uint64_t start_ns, uint64_t end_ns)
{
	const struct gatherer *gatherer = context;
	const struct report_run_files *run = gatherer->summary->run;
	uint64_t around_ns = REPORT_AROUND * (uint64_t)run->files[0].period_ns;

	return report_timeline_has_overruns(&gatherer->summary->timeline,
					    earlier(start_ns, WAIT_NS + around_ns),
					    end_ns + REPORT_BEFORE_NS + around_ns);
}

int report_overruns_read(const struct report_summary *summary, report_overrun_taker *take,
			 void *context, const struct report_listener *listener,
			 struct err *err)
{
	const struct report_listener quiet = {
		.progress = listener ? listener->progress : NULL,
		.context = listener ? listener->context : NULL,
	};
	struct gatherer *gatherer;
	struct report_handler handler = {
		.cycle = take_cycle,
		.event = take_event,
		.wants = wants_chunk,
	};
	int code;

	if (summary->overruns == 0) {
		return 0;
	}
	gatherer = calloc(1, sizeof(*gatherer));
	if (!gatherer) {
		return err_set_errno(err, -ENOMEM, "the overruns");
	}
	gatherer->take = take;
	gatherer->take_context = context;
	gatherer->summary = summary;
	handler.context = gatherer;
	code = report_read(&gatherer->reading, summary->run, &summary->span, &handler,
			   &quiet, err);
	while (!code && gatherer->count > 0) {
		code = hand_on_first(gatherer);
	}
	free(gatherer);
	return code;
}
