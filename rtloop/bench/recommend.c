#include "rtloop/bench/recommend.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rtloop/base/time.h"
#include "rtloop/cycle/options.h"
#include "rtloop/log/options.h"

/* Less than a tenth is no difference: a second run may say the opposite. */
#define CLEARLY 0.9
#define ABOUT	1.1

/* p99 of fewer is hardly more than the worst of them; and that of two runs differs more than a median does. */
#define P99_SAMPLES 200
#define P99_GAIN    0.5

/* A tail is worth it where the latency is a hundredth of the period or more, and half of it goes for a tenth of a CPU. So
 * it is with the time until all is read. */
#define LATENCY_SHARE 0.01
#define TAIL_GAIN     0.5
#define TAIL_CPU      0.10

/* Half of the least time that the ring bridges. */
#define STALL_MAX_NS (125.0 * (double)NS_PER_MS)

/* What is left of a period for logic and outputs, when all is read. */
#define READ_SHARE 0.5

static void say(struct advice *advice, const char *value, const char *format, ...)
	PRINTF_LIKE(3, 4);

static void say(struct advice *advice, const char *value, const char *format, ...)
{
	va_list args;

	snprintf(advice->value, sizeof(advice->value), "%s", value);
	va_start(args, format);
	vsnprintf(advice->reason, sizeof(advice->reason), format, args);
	va_end(args);
}

static double us(double ns)
{
	return ns / (double)NS_PER_US;
}

static bool has_kind(const char *const *kinds, const char *name)
{
	for (; *kinds; kinds++) {
		if (strcmp(*kinds, name) == 0) {
			return true;
		}
	}
	return false;
}

/* --- what this program has ---------------------------------------------------------------------------- */

static const char *const *choices_of(const struct option *rows, const char *name)
{
	static const char *const none[] = { NULL };

	for (; rows->name; rows++) {
		if (strcmp(rows->name, name) == 0) {
			return rows->choices;
		}
	}
	return none;
}

struct recommend_kinds recommend_kinds(void)
{
	return (struct recommend_kinds){
		.pacers = choices_of(loop_rows, "pacer"),
		.pollers = choices_of(loop_rows, "poller"),
		.writers = choices_of(log_rows, "writer"),
	};
}

/* --- pacer and poller --------------------------------------------------------------------------------- */

/* A pair, with nothing to read and with everything. */
struct pair_rows {
	const struct row *idle;
	const struct row *full;
};

static const struct row *idle_of(const struct table *cycles, const struct row *full)
{
	for (unsigned i = 0; i < cycles->count; i++) {
		const struct row *row = &cycles->rows[i];

		if (row->ready == 0 && row->tail_ns == full->tail_ns &&
		    strcmp(row->pacer, full->pacer) == 0 &&
		    strcmp(row->poller, full->poller) == 0) {
			return row;
		}
	}
	return NULL;
}

/* Clearly less time when all have something to read; or about as much, and half of it at p99, or clearly less when nothing
 * has. Never a longer p99. */
static bool pair_beats(const struct pair_rows *pair, const struct pair_rows *other)
{
	const struct figure *full = &pair->full->figure, *than = &other->full->figure;

	if (full->p99_ns > ABOUT * than->p99_ns) {
		return false;
	}
	if (full->median_ns < CLEARLY * than->median_ns) {
		return true;
	}
	if (full->median_ns > ABOUT * than->median_ns) {
		return false;
	}
	return (full->samples >= P99_SAMPLES && than->samples >= P99_SAMPLES &&
		full->p99_ns < P99_GAIN * than->p99_ns) ||
	       pair->idle->figure.median_ns < CLEARLY * other->idle->figure.median_ns;
}

static bool has_pair(const struct recommend_kinds *kinds, const struct row *row)
{
	return has_kind(kinds->pacers, row->pacer) &&
	       has_kind(kinds->pollers, row->poller);
}

/* @kinds: of which both are; NULL: any. In the order of the table, which is that of preference. */
static struct pair_rows best_pair(const struct table *cycles,
				  const struct recommend_kinds *kinds, bool has_tail)
{
	struct pair_rows best = { .full = NULL };

	for (unsigned i = 0; i < cycles->count; i++) {
		const struct row *row = &cycles->rows[i];
		struct pair_rows pair = { .full = row };

		if (row->ready == 0 || !row_is_measured(row) ||
		    (row->tail_ns > 0) != has_tail || (kinds && !has_pair(kinds, row))) {
			continue;
		}
		pair.idle = idle_of(cycles, row);
		if (pair.idle && row_is_measured(pair.idle) &&
		    (!best.full || pair_beats(&pair, &best))) {
			best = pair;
		}
	}
	return best;
}

/* The next best but one, for the reason. */
static const struct row *runner_up(const struct table *cycles, const struct row *best)
{
	const struct row *other = NULL;

	for (unsigned i = 0; i < cycles->count; i++) {
		const struct row *row = &cycles->rows[i];

		if (row->ready > 0 && row->tail_ns == 0 && row != best &&
		    row_is_measured(row) &&
		    (!other || row->figure.median_ns < other->figure.median_ns)) {
			other = row;
		}
	}
	return other;
}

static bool advise_pair(const struct table *cycles, const struct recommend_kinds *kinds,
			struct recommendation *advice)
{
	struct pair_rows best = best_pair(cycles, kinds, false);
	struct pair_rows any = best_pair(cycles, NULL, false);
	const struct row *other;
	char more[200] = "";

	if (!best.full) {
		return false;
	}
	other = runner_up(cycles, best.full);
	if (any.full != best.full) {
		snprintf(more, sizeof(more),
			 "; %s takes %.1f us, but is not in this build", any.full->name,
			 us(any.full->figure.median_ns));
	} else if (other) {
		snprintf(more, sizeof(more), "; %s takes %.1f and %.1f us", other->name,
			 us(other->figure.median_ns),
			 us(idle_of(cycles, other)->figure.median_ns));
	}
	say(&advice->poller, best.full->poller,
	    "%s has read %u of %u endpoints %.1f us after the release (p99 %.1f), and "
	    "none of them after %.1f us%s",
	    best.full->name, best.full->ready, best.full->endpoints,
	    us(best.full->figure.median_ns), us(best.full->figure.p99_ns),
	    us(best.idle->figure.median_ns), more);
	say(&advice->pacer, best.full->pacer, "it is the one of that pair");
	return true;
}

static const struct row *pacer_row(const struct table *pacers, const char *name,
				   int64_t tail_ns)
{
	for (unsigned i = 0; i < pacers->count; i++) {
		const struct row *row = &pacers->rows[i];

		if (strcmp(row->name, name) == 0 && row->tail_ns == tail_ns &&
		    row_is_measured(row)) {
			return row;
		}
	}
	return NULL;
}

/* By the wake-up alone. */
static void advise_pacer(const struct table *pacers, const struct recommend_kinds *kinds,
			 struct recommendation *advice)
{
	const struct row *best = NULL;

	for (const char *const *name = kinds->pacers; *name; name++) {
		const struct row *row = pacer_row(pacers, *name, 0);

		if (row &&
		    (!best || (row->figure.median_ns < CLEARLY * best->figure.median_ns &&
			       row->figure.p99_ns <= ABOUT * best->figure.p99_ns))) {
			best = row;
		}
	}
	if (best) {
		say(&advice->pacer, best->name,
		    "it wakes %.1f us after the release, %.1f us at p99",
		    us(best->figure.median_ns), us(best->figure.p99_ns));
	} else {
		say(&advice->pacer, "", "no pacer could be measured");
	}
}

/* --- the tail ----------------------------------------------------------------------------------------- */

static const struct row *best_tail(const struct table *pacers, const struct row *base)
{
	const struct row *best = NULL;

	for (unsigned i = 0; i < pacers->count; i++) {
		const struct row *row = &pacers->rows[i];

		if (strcmp(row->name, base->name) != 0 || row->tail_ns == 0 ||
		    !row_is_measured(row) ||
		    row->figure.p99_ns > TAIL_GAIN * base->figure.p99_ns ||
		    row_cpu_share(row) - row_cpu_share(base) > TAIL_CPU) {
			continue;
		}
		if (!best || row->tail_ns < best->tail_ns) {
			best = row;
		}
	}
	return best;
}

static bool may_spin(const struct conditions *conditions, long cpus)
{
	return conditions->priority > 0 && cpus > 1;
}

/* What io_uring reads before the tail begins is there at the release: the tail is judged with the reading. */
static bool advise_tailed_pair(const struct conditions *conditions,
			       const struct table *cycles,
			       const struct recommend_kinds *kinds,
			       struct recommendation *advice)
{
	struct pair_rows plain = best_pair(cycles, kinds, false);
	struct pair_rows tailed = best_pair(cycles, kinds, true);
	double interval_ns = (double)conditions_interval_ns(conditions);
	const struct figure *with, *without;
	char length[32], title[ROW_TITLE_BYTES];

	if (!plain.full || !tailed.full) {
		return false;
	}
	with = &tailed.full->figure;
	without = &plain.full->figure;
	if (without->p99_ns < LATENCY_SHARE * interval_ns ||
	    with->median_ns > TAIL_GAIN * without->median_ns ||
	    with->p99_ns > ABOUT * without->p99_ns ||
	    (double)tailed.full->tail_ns > TAIL_CPU * interval_ns) {
		return false;
	}
	say(&advice->poller, tailed.full->poller,
	    "%s has read %u of %u endpoints %.1f us after the release (p99 %.1f); "
	    "without a "
	    "tail %s takes %.1f us (p99 %.1f)",
	    row_title(tailed.full, title, sizeof(title)), tailed.full->ready,
	    tailed.full->endpoints, us(with->median_ns), us(with->p99_ns),
	    plain.full->name, us(without->median_ns), us(without->p99_ns));
	say(&advice->pacer, tailed.full->pacer, "it is the one of that pair");
	say(&advice->spin,
	    time_print_duration(length, sizeof(length), tailed.full->tail_ns),
	    "it is the one of that pair, for up to %.1f %% of a CPU",
	    100.0 * (double)tailed.full->tail_ns / interval_ns);
	return true;
}

static void advise_tail(const struct conditions *conditions, const struct table *pacers,
			long cpus, struct recommendation *advice)
{
	const struct row *base = pacer_row(pacers, advice->pacer.value, 0);
	const struct row *tail = base ? best_tail(pacers, base) : NULL;
	char length[32];

	if (!base) {
		say(&advice->spin, "", "the pacer could not be measured by itself");
	} else if (conditions->priority == 0) {
		say(&advice->spin, "0s",
		    "without SCHED_FIFO a thread that spins is set aside like any other");
	} else if (cpus < 2) {
		say(&advice->spin, "0s", "the only CPU is needed by all the others");
	} else if (base->figure.p99_ns <
		   LATENCY_SHARE * (double)conditions_interval_ns(conditions)) {
		say(&advice->spin, "0s",
		    "p99 of the wake-up latency is %.1f us, less than a hundredth of the "
		    "period",
		    us(base->figure.p99_ns));
	} else if (tail) {
		say(&advice->spin,
		    time_print_duration(length, sizeof(length), tail->tail_ns),
		    "p99 of the wake-up latency is %.2f us with it and %.2f us without, "
		    "for %.1f %% of a CPU",
		    us(tail->figure.p99_ns), us(base->figure.p99_ns),
		    100.0 * (row_cpu_share(tail) - row_cpu_share(base)));
	} else {
		say(&advice->spin, "0s",
		    "no tail that takes a tenth of a CPU or less halves p99 of the "
		    "wake-up latency, %.1f us",
		    us(base->figure.p99_ns));
	}
}

/* --- the log ------------------------------------------------------------------------------------------ */

static bool writer_beats(const struct row *row, const struct row *other)
{
	bool is_short = row->figure.worst_ns <= STALL_MAX_NS;
	bool is_other_short = other->figure.worst_ns <= STALL_MAX_NS;

	if (is_short != is_other_short) {
		return is_short;
	}
	if (!is_short) {
		return row->figure.worst_ns < CLEARLY * other->figure.worst_ns;
	}
	return row_cpu_us_per_mb(row) < CLEARLY * row_cpu_us_per_mb(other);
}

/* Made durable by whoever hands the blocks over: how long that takes. */
static const struct row *inline_row(const struct table *writers)
{
	for (unsigned i = 0; i < writers->count; i++) {
		const struct row *row = &writers->rows[i];

		if (!row->writer && strcmp(row->name, "write") == 0 &&
		    strcmp(row->sync, "none") != 0 && row_is_measured(row)) {
			return row;
		}
	}
	return NULL;
}

static void advise_writer(const struct table *writers,
			  const struct recommend_kinds *kinds,
			  struct recommendation *advice)
{
	const struct row *in_place = inline_row(writers);
	const struct row *best = NULL;
	char beside[100] = "";

	for (unsigned i = 0; i < writers->count; i++) {
		const struct row *row = &writers->rows[i];

		if (row->writer && row_is_measured(row) &&
		    has_kind(kinds->writers, row->writer) &&
		    (!best || writer_beats(row, best))) {
			best = row;
		}
	}
	if (!best) {
		say(&advice->writer, "", "no writer could be measured");
		return;
	}
	if (in_place) {
		snprintf(beside, sizeof(beside), "; fdatasync in place: up to %.1f ms",
			 in_place->figure.worst_ns / (double)NS_PER_MS);
	}
	say(&advice->writer, best->writer,
	    "%.0f us of CPU for a megabyte, and it keeps the logger up to %.1f ms, of "
	    "250 ms that the ring holds at least%s",
	    row_cpu_us_per_mb(best), best->figure.worst_ns / (double)NS_PER_MS, beside);
}

static void advise_sync(const struct conditions *conditions, const struct table *writers,
			struct recommendation *advice)
{
	static const int64_t steps_s[] = { 1, 2, 5, 10, 30, 60 };
	const struct row *row = inline_row(writers);
	int64_t sync_ns = conditions->sync_ns;
	char length[32];
	double took_ns;

	if (!row) {
		say(&advice->sync, "", "no fdatasync could be measured");
		return;
	}
	took_ns = row->figure.worst_ns;
	for (unsigned i = 0; i < ARRAY_SIZE(steps_s) && 2.0 * took_ns > (double)sync_ns;
	     i++) {
		if (steps_s[i] * NS_PER_SEC > sync_ns) {
			sync_ns = steps_s[i] * NS_PER_SEC;
		}
	}
	time_print_duration(length, sizeof(length), sync_ns);
	say(&advice->sync, length, "fdatasync of the log took up to %.1f ms%s",
	    took_ns / (double)NS_PER_MS,
	    sync_ns > conditions->sync_ns ? ", more than half of what was asked for"
					  : "");
}

/* --- all of it ---------------------------------------------------------------------------------------- */

static void warn(const struct conditions *conditions, const struct table *cycles,
		 const struct recommend_kinds *kinds, struct recommendation *advice)
{
	struct pair_rows best = best_pair(cycles, kinds, false);
	char period[32];

	if (best.full && best.full->figure.samples >= P99_SAMPLES &&
	    best.full->figure.p99_ns > READ_SHARE * (double)conditions->period_ns) {
		snprintf(advice->warning, sizeof(advice->warning),
			 "the period of %s is too short for this machine: of %s, until "
			 "everything is read takes %.1f us at p99",
			 time_print_duration(period, sizeof(period),
					     conditions->period_ns),
			 best.full->name, us(best.full->figure.p99_ns));
	}
}

void recommend(const struct conditions *conditions, const struct table *tables,
	       const struct recommend_kinds *kinds, long cpus,
	       struct recommendation *ret_recommendation)
{
	struct recommendation advice = { .warning = "" };

	if (conditions->has_file && source_set_count(&conditions->file) == 0) {
		advise_pacer(&tables[PART_PACERS], kinds, &advice);
		say(&advice.poller, kinds->pollers[0] ? kinds->pollers[0] : "",
		    "no device has an endpoint that is polled");
	} else if (!advise_pair(&tables[PART_CYCLES], kinds, &advice)) {
		advise_pacer(&tables[PART_PACERS], kinds, &advice);
		say(&advice.poller, "", "no cycle could be measured");
	}
	if (!may_spin(conditions, cpus) ||
	    !advise_tailed_pair(conditions, &tables[PART_CYCLES], kinds, &advice)) {
		advise_tail(conditions, &tables[PART_PACERS], cpus, &advice);
	}
	advise_writer(&tables[PART_WRITERS], kinds, &advice);
	advise_sync(conditions, &tables[PART_WRITERS], &advice);
	warn(conditions, &tables[PART_CYCLES], kinds, &advice);
	*ret_recommendation = advice;
}
