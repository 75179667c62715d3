#include "tests/sim/judge.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "drivers/input.h"
#include "drivers/output.h"
#include "rtloop/base/time.h"
#include "tests/sim/chip.h"
#include "tests/sim/kernel.h"
#include "tests/sim/people.h"
#include "tests/sim/sched.h"
#include "tests/sim/sim.h"

#define QUEUE_MAX 2048

/* The supervisor tries a device again after at most so long, and looks each so often. */
#define BACK_OFF_NS (10 * NS_PER_SEC)
#define LOOK_NS	    (NS_PER_SEC / 2)

/* A value that has not changed for so long has reached the other side, where that takes it. */
#define STEADY_NS (200 * NS_PER_MS)

enum known { KNOWN_NONE, KNOWN_NUMBER, KNOWN_BAD_FIELD };

struct taken {
	struct wire_mark mark;
	int64_t read_ns; /* wake-up of the cycle that read it; 0: of the one that goes on */
};

/* What is known of one device. */
struct judged {
	struct taken queue[QUEUE_MAX]; /* read, and not decoded yet */
	unsigned first;
	unsigned count;
	bool is_vague; /* how many frames of the queue are decoded in a cycle cannot be told */
	bool is_sure; /* what it has said last is known for certain */
	enum known known;
	uint32_t number;     /* the last certain one */
	uint32_t number_max; /* the last one that can have been taken */
	int64_t read_ns; /* wake-up of the cycle that read something last; 0: not since it is there */
	int64_t sample_ns; /* of what was decoded last */
	bool has_read;	   /* in this cycle */
	bool was_there;	   /* at the edge before */
	uint64_t frames;   /* counted by the device */

	int64_t absent_ns; /* the supervisor has rested for so long when it went away; -1: it is there */
	int64_t opened_ns; /* when the supervisor had opened it last */

	double driven; /* at the edge before */
	int64_t steady_ns; /* since when it is that; the other side has taken all since then */
	uint64_t steady_edges;
	uint64_t refused;
};

static struct {
	struct app *app;
	const struct plan *plan;
	struct peer *peers;
	struct judged devices[PLAN_DEVICES_MAX];
	uint64_t cycles;
	uint64_t
		links; /* devices that came or went in this cycle, and what clients they had */
	uint64_t caught_up;
	int64_t burst;
	uint64_t mail_seen;
} judge;

void judge_begin(struct app *app, const struct plan *plan, struct peer *peers)
{
	memset(&judge, 0, sizeof(judge));
	judge.app = app;
	judge.plan = plan;
	judge.peers = peers;
	for (unsigned i = 0; i < PLAN_DEVICES_MAX; i++) {
		judge.devices[i].absent_ns = -1;
	}
}

static struct device *device_at(unsigned index)
{
	return &judge.app->devices[index];
}

static bool is_talker(unsigned index)
{
	enum plan_kind kind = judge.plan->devices[index].kind;

	return kind != PLAN_WAVE && kind != PLAN_GPIO;
}

/* --- what is heard of devices ------------------------------------------------------------------------ */

void judge_taken(const struct peer_line *line, const struct wire_mark *mark)
{
	struct judged *judged = &judge.devices[line->peer->index];

	/* behind the last cycle it only reads for the sake of what it sends */
	if (loop_state(&judge.app->loop) != LOOP_RUNS) {
		return;
	}
	judged->has_read = true;
	if (!mark) {
		return;
	}
	SIM_CHECK(judged->count < QUEUE_MAX, "%s: more is read than is ever decoded",
		  line->peer->plan->name);
	judged->queue[(judged->first + judged->count++) % QUEUE_MAX] =
		(struct taken){ .mark = *mark };
}

void judge_heard(const struct peer_line *line, double value)
{
	const struct plan_device *plan = line->peer->plan;

	/* clients of a server may come at any time */
	if (line->driven == 1 && line->wire.refused == 0 && plan->kind != PLAN_SERVER) {
		SIM_CHECK(value == plan->safe,
			  "%s: the first value after it was opened is %.1f, not the safe "
			  "%.1f",
			  plan->name, value, plan->safe);
	}
}

void judge_ended(const struct peer_line *line)
{
	(void)line;
}

void judge_closed(const struct peer_line *line)
{
	(void)line;
}

/* --- qualities --------------------------------------------------------------------------------------- */

static void forget(struct judged *judged)
{
	judged->count = 0;
	judged->is_vague = false;
	judged->is_sure = true;
	judged->known = KNOWN_NONE;
	judged->read_ns = 0;
	judged->number_max = judged->number;
}

static void decode(struct judged *judged, const struct taken *taken)
{
	const struct wire_mark *mark = &taken->mark;

	judged->sample_ns = mark->kind == MARK_GOOD || mark->kind == MARK_UNSURE
				    ? taken->read_ns
				    : judged->sample_ns;
	switch (mark->kind) {
	case MARK_GOOD:
		judged->known = KNOWN_NUMBER;
		judged->number = mark->number;
		judged->number_max = mark->number;
		judged->is_sure = true;
		break;
	case MARK_BAD_FIELD:
		judged->known = KNOWN_BAD_FIELD;
		judged->is_sure = true;
		break;
	case MARK_UNSURE:
		judged->number_max = mark->number;
		judged->is_sure = false;
		break;
	case MARK_DROPPED:
	case MARK_NOTHING:
		break;
	}
}

static void decode_queue(struct judged *judged, int64_t budget)
{
	for (; judged->count > 0; judged->count--) {
		const struct taken *taken = &judged->queue[judged->first];
		const struct wire_mark *mark = &taken->mark;

		judged->is_vague |=
			mark->kind == MARK_UNSURE || mark->kind == MARK_NOTHING;
		if (mark->kind != MARK_NOTHING && budget-- == 0) {
			break;
		}
		decode(judged, taken);
		judged->first = (judged->first + 1) % QUEUE_MAX;
	}
	judged->is_vague &= judged->count > 0;
}

/* What came in this cycle, at the end of the queue. */
static void note_time(struct judged *judged)
{
	for (unsigned i = judged->count; i > 0; i--) {
		struct taken *taken = &judged->queue[(judged->first + i - 1) % QUEUE_MAX];

		if (taken->read_ns) {
			break;
		}
		taken->read_ns = judged->read_ns;
	}
}

static bool is_due(const struct device *device, uint64_t cycle)
{
	return cycle % (uint64_t)device->spec->every == device->phase;
}

struct moment {
	uint64_t cycle;
	int64_t release_ns;
	int64_t wake_ns;
};

static enum quality age_quality(const struct plan_device *plan, int64_t sample_ns,
				const struct moment *now)
{
	return plan->max_age_ns > 0 && now->release_ns - sample_ns > plan->max_age_ns
		       ? QUALITY_STALE
		       : QUALITY_GOOD;
}

static enum quality expected_quality(const struct judged *judged,
				     const struct plan_device *plan,
				     const struct moment *now)
{
	return judged->known == KNOWN_NUMBER ? age_quality(plan, judged->sample_ns, now)
					     : QUALITY_BAD;
}

static void check_certain(unsigned index, const struct moment *now)
{
	const struct judged *judged = &judge.devices[index];
	const struct plan_device *plan = &judge.plan->devices[index];
	enum quality expected = expected_quality(judged, plan, now);

	for (unsigned i = 0; i < 2; i++) {
		const struct channel *channel = &device_at(index)->in[i];
		double value = i == 0 ? judged->number : 2.0 * judged->number + 1;

		if (device_at(index)->inputs[i].is_forced) {
			continue;
		}
		SIM_CHECK(*channel->quality == expected,
			  "%s.%s is %s, and must be %s: number %u, age %" PRId64 " ns",
			  plan->name, channel->name,
			  quality_name((enum quality) * channel->quality),
			  quality_name(expected), judged->number,
			  now->release_ns - judged->sample_ns);
		SIM_CHECK(judged->known != KNOWN_NUMBER ||
				  channel_value(channel).as_float == value,
			  "%s.%s is %.1f, and %.1f was sent", plan->name, channel->name,
			  channel_value(channel).as_float, value);
	}
}

/* What can have been taken, or not. */
static void check_possible(unsigned index, const struct moment *now)
{
	const struct judged *judged = &judge.devices[index];
	const struct plan_device *plan = &judge.plan->devices[index];
	const struct device *device = device_at(index);
	double value = channel_value(&device->in[0]).as_float;

	if (*device->in[0].quality != QUALITY_GOOD || device->inputs[0].is_forced) {
		return;
	}
	SIM_CHECK(value >= 1 && value <= judge.peers[index].number,
		  "%s.a is %.1f, which was never sent", plan->name, value);
	SIM_CHECK(device->inputs[1].is_forced ||
			  channel_value(&device->in[1]).as_float == 2 * value + 1,
		  "%s: a and b are of two frames: %.1f", plan->name, value);
	SIM_CHECK(judged->read_ns > 0 &&
			  age_quality(plan, judged->read_ns, now) == QUALITY_GOOD,
		  "%s is good, and nothing was read for longer than max_age", plan->name);
}

static void check_away(unsigned index)
{
	const struct device *device = device_at(index);

	for (unsigned i = 0; i < device->spec->in_count; i++) {
		SIM_CHECK(*device->in[i].quality == QUALITY_BAD ||
				  device->inputs[i].is_forced,
			  "%s is away, and its channel %u is %s", device->spec->name, i,
			  quality_name((enum quality) * device->in[i].quality));
	}
}

static void check_qualities(unsigned index, const struct moment *now)
{
	struct judged *judged = &judge.devices[index];
	const struct plan_device *plan = &judge.plan->devices[index];

	if (judged->has_read) {
		judged->read_ns = now->wake_ns;
		judged->has_read = false;
		note_time(judged);
	}
	if (!device_at(index)->link) {
		forget(judged);
		check_away(index);
		return;
	}
	if (is_due(device_at(index), now->cycle)) {
		decode_queue(judged, plan->budget);
	}
	if (judged->is_sure && !judged->is_vague && plan->kind != PLAN_SERVER) {
		check_certain(index, now);
	} else {
		check_possible(index, now);
	}
}

/* --- chips -------------------------------------------------------------------------------------------- */

static void check_channel(unsigned index, unsigned at, bool is_known, int64_t value)
{
	const struct channel *channel = &device_at(index)->in[at];
	union value now = channel_value(channel);
	int64_t seen = channel->type == VALUE_BOOL ? now.as_bool : now.as_int;

	if (device_at(index)->inputs[at].is_forced) {
		return;
	}
	SIM_CHECK(*channel->quality == (is_known ? QUALITY_GOOD : QUALITY_BAD),
		  "%s.%s is %s", judge.plan->devices[index].name, channel->name,
		  quality_name((enum quality) * channel->quality));
	SIM_CHECK(!is_known || seen == value,
		  "%s.%s is %" PRId64 ", and must be %" PRId64,
		  judge.plan->devices[index].name, channel->name, seen, value);
}

static void check_chip(unsigned index, const struct moment *now)
{
	const struct chip *chip = chip_of(&judge.peers[index]);
	struct judged *judged = &judge.devices[index];
	bool is_now = is_due(device_at(index), now->cycle);

	if (!device_at(index)->link) {
		judged->has_read = false;
		check_away(index);
		return;
	}
	judged->has_read |= is_now;
	check_channel(index, 0, chip->has_sampled, chip->sampled);
	if (is_now || !judged->has_read) {
		check_channel(index, 1, judged->has_read, chip_count(chip));
	}
	if (judge.plan->devices[index].has_out && is_now && !chip->has_failed) {
		SIM_CHECK(chip->levels[CHIP_OUT] ==
				  channel_value(&device_at(index)->out[0]).as_bool,
			  "%s: the line is %d, and is driven otherwise",
			  judge.plan->devices[index].name, chip->levels[CHIP_OUT]);
	}
}

/* --- outputs ----------------------------------------------------------------------------------------- */

static double target(void)
{
	return channel_value(&judge.app->step.params.channels[0]).as_float;
}

/* Lost after the step, the source is bad for the next one. */
static bool was_lost_now(unsigned index)
{
	return judge.devices[index].was_there && !device_at(index)->link;
}

static double number_of(const struct channel *channel, union value value)
{
	return channel->type == VALUE_BOOL ? value.as_bool : value.as_float;
}

static double safe_of(const struct plan_device *plan)
{
	return plan->kind == PLAN_GPIO ? plan->safe > 0 : plan->safe;
}

static void check_output(unsigned index)
{
	const struct plan_device *plan = &judge.plan->devices[index];
	const struct device *device = device_at(index);
	const struct channel *source = &device_at((unsigned)plan->source)->in[0];
	double driven = number_of(&device->out[0], channel_value(&device->out[0]));
	double expected = channel_value(source).as_float * 0.5 + target();

	if (device->outputs[0].is_forced) {
		SIM_CHECK(driven == number_of(&device->out[0], device->outputs[0].forced),
			  "%s.power is not what it is forced to", plan->name);
		return;
	}
	if (plan->kind == PLAN_GPIO) {
		expected = expected > 100;
	}
	if (was_lost_now((unsigned)plan->source)) {
		return;
	}
	if (*source->quality != QUALITY_GOOD) {
		expected = safe_of(plan);
	}
	SIM_CHECK(driven == expected,
		  "%s.power is %.1f, and must be %.1f: its source is %s", plan->name,
		  driven, expected, quality_name((enum quality) * source->quality));
}

static bool is_hearing(const struct peer_line *line)
{
	return line && !line->wire.is_stalled && line->wire.out_bytes < 256 &&
	       !line->wire.has_ended;
}

/* What is driven has come to the other side, some time after it was changed last. */
static void check_heard(unsigned index, const struct moment *now)
{
	const struct plan_device *plan = &judge.plan->devices[index];
	const struct peer_line *line = peer_line_of(&judge.peers[index]);
	struct judged *judged = &judge.devices[index];
	double driven = channel_value(&device_at(index)->out[0]).as_float;

	if (!device_at(index)->link || !is_hearing(line) || plan->kind == PLAN_SERVER ||
	    !judge.peers[index].is_there || driven != judged->driven ||
	    judged->refused != line->wire.refused || !judged->was_there) {
		judged->driven = driven;
		judged->refused = line ? line->wire.refused : 0;
		judged->steady_ns = now->wake_ns;
		judged->steady_edges = 0;
		return;
	}
	judged->steady_edges++;
	if (now->wake_ns - judged->steady_ns < STEADY_NS + 3 * plan->send_every_ns ||
	    judged->steady_edges < 1000) {
		return;
	}
	SIM_CHECK(line->driven > 0 && fabs(line->last - driven) < 0.06,
		  "%s.power is %.1f for long, and %.1f is what was sent last", plan->name,
		  driven, line->last);
}

/* --- work -------------------------------------------------------------------------------------------- */

/* By what each device may ask of the kernel in a cycle. */
static void count_allowed(unsigned index, unsigned *reads, unsigned *writes)
{
	const struct plan_device *plan = &judge.plan->devices[index];
	unsigned lines = plan->kind == PLAN_SERVER ? plan->clients : 1;

	if (plan->kind == PLAN_WAVE) {
		return;
	}
	if (plan->kind == PLAN_GPIO) {
		*reads += judge.links > 0 ? 4 : 3;
		return;
	}
	*reads += lines;
	*writes += (plan->has_out ? lines : 0) + (plan->request_ns > 0 ? 1 : 0);
	/* one that has just come is sent its safe values first */
	if (judge.links > 0) {
		*writes += 2 * lines;
	}
}

static void check_work(void)
{
	unsigned reads = 0, writes = 0;

	for (unsigned i = 0; i < judge.plan->device_count; i++) {
		count_allowed(i, &reads, &writes);
	}
	SIM_CHECK(kernel_calls(CALL_READ) <= reads, "%u reads in a cycle, %u are allowed",
		  kernel_calls(CALL_READ), reads);
	SIM_CHECK(kernel_calls(CALL_WRITE) <= writes,
		  "%u writes in a cycle, %u are allowed", kernel_calls(CALL_WRITE),
		  writes);
	SIM_CHECK(kernel_calls(CALL_SCAN) <= 1, "%u scans in a cycle",
		  kernel_calls(CALL_SCAN));
	SIM_CHECK(kernel_calls(CALL_WAKE) <= 1, "the logger is woken %u times in a cycle",
		  kernel_calls(CALL_WAKE));
	SIM_CHECK(kernel_calls(CALL_OTHER) == 0, "%u calls that are not the cycle's",
		  kernel_calls(CALL_OTHER));
	/* frames may wait behind the end of a stream: the device goes later */
	SIM_CHECK(judge.links > 0 || kernel_calls(CALL_WATCH) <= kernel_calls(CALL_END),
		  "epoll_ctl without a device that comes or goes");
}

static void check_frames(unsigned index)
{
	uint64_t frames = counter_get(&device_at(index)->counts[COUNT_FRAMES]);
	struct judged *judged = &judge.devices[index];

	SIM_CHECK(frames - judged->frames <= (uint64_t)judge.plan->devices[index].budget,
		  "%s: %" PRIu64 " frames in a cycle, over the budget",
		  judge.plan->devices[index].name, frames - judged->frames);
	judged->frames = frames;
}

/* --- releases ---------------------------------------------------------------------------------------- */

static void check_burst(const struct stats *stats)
{
	uint64_t caught_up = counter_get(&stats->caught_up);

	judge.burst = caught_up > judge.caught_up ? judge.burst + 1 : 0;
	judge.caught_up = caught_up;
	SIM_CHECK(judge.burst <= judge.plan->catch_up_max,
		  "%" PRId64 " cycles are caught up in a row", judge.burst);
}

static void check_releases(const struct moment *now)
{
	const struct loop *loop = &judge.app->loop;
	uint64_t cycles = counter_get(&loop->stats.cycles);
	uint64_t missed = counter_get(&loop->stats.missed);
	int64_t next_ns = grid_release_ns(&loop->grid, loop->grid.release);

	SIM_CHECK(cycles == loop->cycle && cycles == judge.cycles,
		  "%" PRIu64 " cycles are counted, %" PRIu64 " were run", cycles,
		  judge.cycles);
	SIM_CHECK(loop->grid.release == cycles + missed,
		  "release %" PRIu64 " is next; %" PRIu64 " were run and %" PRIu64
		  " missed",
		  loop->grid.release, cycles, missed);
	SIM_CHECK((next_ns - loop->grid.start_ns) % judge.plan->period_ns == 0,
		  "a release that is not on the grid");
	SIM_CHECK(next_ns <= sched_now() + judge.plan->period_ns,
		  "a release was passed over: the next one is %" PRId64 " ns away",
		  next_ns - sched_now());
	SIM_CHECK(judge.plan->policy != OVERRUN_SKIP || next_ns > now->wake_ns,
		  "the next release is past already, and the policy is to skip");
	check_burst(&loop->stats);
}

/* --- devices that come back -------------------------------------------------------------------------- */

static void check_not_stuck(unsigned index)
{
	struct judged *judged = &judge.devices[index];
	int64_t rested_ns = sched_rested_ns();
	int64_t opened_ns = judge.app->super.tended[index].opened_ns;
	/* and was lost again before the cycle had it */
	bool was_opened = opened_ns != judged->opened_ns;

	judged->opened_ns = opened_ns;
	/* what is sent first must be taken, for it to be open */
	if (was_opened || device_at(index)->link || !judge.peers[index].is_there ||
	    sched_now() < judge.peers[index].deaf_until_ns) {
		judged->absent_ns = -1;
		return;
	}
	if (judged->absent_ns < 0) {
		judged->absent_ns = rested_ns;
	}
	SIM_CHECK(rested_ns - judged->absent_ns <
			  BACK_OFF_NS + LOOK_NS + 2 * judge.plan->period_ns,
		  "%s is there again, and is not opened",
		  judge.plan->devices[index].name);
}

/* --- the edge between two cycles --------------------------------------------------------------------- */

static void count_links(void)
{
	const struct loop *loop = &judge.app->loop;

	judge.links = loop->mail_seen != judge.mail_seen;
	judge.mail_seen = loop->mail_seen;
	for (unsigned i = 0; i < judge.plan->device_count; i++) {
		judge.links += judge.devices[i].was_there != (device_at(i)->link != NULL);
		/* a client that leaves is no loss of the device */
		judge.links += judge.plan->devices[i].kind == PLAN_SERVER;
	}
}

static void check_device(unsigned index, const struct moment *now)
{
	const struct plan_device *plan = &judge.plan->devices[index];

	if (is_talker(index)) {
		check_qualities(index, now);
		check_frames(index);
	} else if (plan->kind == PLAN_GPIO) {
		check_chip(index, now);
	}
	if (plan->kind != PLAN_WAVE) {
		check_not_stuck(index);
	}
	if (plan->has_out) {
		check_output(index);
	}
	if (plan->has_out && is_talker(index)) {
		check_heard(index, now);
	}
}

static void check_cycle(void)
{
	const struct loop *loop = &judge.app->loop;
	const struct moment now = {
		.cycle = loop->cycle - 1,
		.release_ns = grid_release_ns(&loop->grid, loop->grid.previous),
		.wake_ns = judge.app->recorder.now_ns,
	};

	sim_note(NOTE_CYCLE, (int64_t)now.cycle, (int64_t)loop->grid.previous);
	count_links();
	people_check();
	check_work();
	check_releases(&now);
	for (unsigned i = 0; i < judge.plan->device_count; i++) {
		check_device(i, &now);
	}
	for (unsigned i = 0; i < judge.plan->device_count; i++) {
		judge.devices[i].was_there = device_at(i)->link != NULL;
	}
}

/* A wait may be begun more than once: where a signal ended it, and behind the last cycle, when all outputs are
 * being made safe. */
void judge_edge(void)
{
	const struct loop *loop = &judge.app->loop;

	if (loop->cycle == judge.cycles + 1) {
		judge.cycles++;
		sched_cycle_ended();
		if (loop_state(loop) == LOOP_RUNS) {
			check_cycle();
		}
	}
	kernel_forget_calls();
}

/* --- the end ----------------------------------------------------------------------------------------- */

static void check_chip_left_safe(unsigned index)
{
	const struct plan_device *plan = &judge.plan->devices[index];
	const struct chip *chip = chip_of(&judge.peers[index]);
	const struct device *device = device_at(index);

	SIM_CHECK(device->is_left_safe || !device->link || chip->has_failed ||
			  !judge.peers[index].is_there,
		  "%s is not left safe, and could have been", plan->name);
	SIM_CHECK(!device->is_left_safe || chip->levels[CHIP_OUT] == (safe_of(plan) > 0),
		  "%s was left safe, and its line is %d", plan->name,
		  chip->levels[CHIP_OUT]);
}

static void check_left_safe(unsigned index)
{
	const struct plan_device *plan = &judge.plan->devices[index];
	const struct device *device = device_at(index);
	const struct peer_line *line = peer_line_of(&judge.peers[index]);

	if (!device->is_left_safe) {
		SIM_CHECK(!device->link || !line || line->wire.is_stalled ||
				  line->wire.refused > 0 ||
				  !judge.peers[index].is_there || line->wire.has_ended,
			  "%s is not left safe, and could have been", plan->name);
		return;
	}
	if (line && plan->kind != PLAN_SERVER) {
		SIM_CHECK(line->driven > 0 && line->last == plan->safe,
			  "%s was left safe, and has heard %.1f last", plan->name,
			  line->last);
		SIM_CHECK(line->wire.out_bytes == 0, "%s: %zu bytes have not left",
			  plan->name, line->wire.out_bytes);
	}
}

/* What ended it was so. */
static void check_reason(void)
{
	const struct loop *loop = &judge.app->loop;
	uint64_t overruns = counter_get(&loop->stats.late_wakes) +
			    counter_get(&loop->stats.long_works);

	SIM_CHECK(loop_state(loop) != LOOP_ENDED_HUNG,
		  "it ended as one that hangs, and it has not hung");
	SIM_CHECK(loop_state(loop) != LOOP_ENDED_OVERRUN ||
			  (judge.plan->policy == OVERRUN_STOP && overruns > 0),
		  "it was ended by an overrun that there was none of");
	SIM_CHECK(loop_state(loop) != LOOP_ENDED_FAULT ||
			  (judge.plan->overruns > 0 &&
			   overruns > (uint64_t)judge.plan->overruns),
		  "it was ended after %" PRIu64 " overruns", overruns);
	SIM_CHECK(loop_state(loop) != LOOP_ENDED_DONE ||
			  loop->cycle == judge.plan->cycles,
		  "it was ended after %" PRIu64 " cycles", loop->cycle);
}

void judge_end(void)
{
	check_reason();
	for (unsigned i = 0; i < judge.plan->device_count; i++) {
		if (judge.plan->devices[i].has_out && is_talker(i)) {
			check_left_safe(i);
		} else if (judge.plan->devices[i].has_out) {
			check_chip_left_safe(i);
		}
	}
}
