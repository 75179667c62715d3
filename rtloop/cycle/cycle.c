#include "rtloop/cycle/cycle.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include "drivers/input.h"
#include "drivers/output.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/cycle/safe.h"
#include "rtloop/cycle/scope.h"

/* From the thread's start to its first release: time to take the devices into use and to reach the
 * first wait. */
#define START_DELAY_NS	      (5 * NS_PER_MS)
#define START_DELAY_DEVICE_NS (100 * NS_PER_US)

/* Links come and go only here, between two cycles. */
void cycle_take_mail(struct loop *loop, const struct cycle_time *now)
{
	uint64_t mail = atomic_load_explicit(&loop->mail, memory_order_acquire);

	if (mail == loop->mail_seen) {
		return;
	}
	loop->mail_seen = mail;
	for (unsigned i = 0; i < loop->device_count; i++) {
		if (!loop->lanes[i]) {
			blame_enter(&loop->blame, i, BLAME_EMIT);
			seat_attach(&loop->seats[i], &loop->poller, now);
		}
	}
	/* safe values of a device that came back: what the cycle drives must find room after them */
	poller_flush(&loop->poller, true);
}

/* What was forced is put back before anything is read, and laid over it again afterwards. */
static void lift_inputs(struct loop *loop)
{
	for (unsigned i = 0; loop->lays_inputs && i < loop->device_count; i++) {
		inputs_lift(&loop->devices[i]);
	}
}

static void lay_inputs(struct loop *loop, const struct cycle_time *now)
{
	for (unsigned i = 0; loop->lays_inputs && i < loop->device_count; i++) {
		inputs_lay(&loop->devices[i], now);
	}
	loop->lays_inputs = counter_get(&loop->forced) > 0;
}

static void give_back_lost(struct loop *loop, const struct cycle_time *now)
{
	if (!loop->any_lost) {
		return;
	}
	loop->any_lost = false;
	for (unsigned i = 0; i < loop->device_count; i++) {
		if (!loop->lanes[i]) {
			seat_detach_lost(&loop->seats[i], &loop->poller, now);
		}
	}
}

/* The same after the step: what a device has lost it has lost below what is forced. */
static void give_back_lost_late(struct loop *loop, const struct cycle_time *now)
{
	struct cycle_time next;

	if (loop->any_lost) {
		/* the step is over: it is the next one that sees these bad */
		next = *now;
		next.cycle++;
		lift_inputs(loop);
		give_back_lost(loop, &next);
		lay_inputs(loop, &next);
	}
}

static bool takes_part(const struct device *device, const struct cycle_time *now)
{
	return device->link && !device->is_lost && device_is_due(device, now);
}

/* As they were at the end of the cycle before: what changes in this one comes behind that. */
static RARE void record_inputs_again(struct loop *loop, const struct cycle_time *now)
{
	for (unsigned i = 0; i < loop->device_count; i++) {
		device_record_again(&loop->devices[i], now);
	}
}

static void read_phase(struct loop *loop, const struct cycle_time *now)
{
	blame_enter(&loop->blame, BLAME_NOBODY, BLAME_SCAN);
	loop->poller.ops->scan(&loop->poller, now);
	if (loop->sampled.count + loop->ticked.count > 0) {
		blame_mark(&loop->blame, BLAME_NOBODY, BLAME_SCAN);
	}
	for (unsigned i = 0; i < loop->sampled.count; i++) {
		struct device *device = loop->sampled.devices[i];

		if (takes_part(device, now)) {
			blame_enter(&loop->blame, device->index, BLAME_SAMPLE);
			device->driver->sample(device, now);
			if (!device->is_lost) {
				device_sampled(device, now);
			}
			blame_mark(&loop->blame, device->index, BLAME_SAMPLE);
		}
	}
	for (unsigned i = 0; i < loop->ticked.count; i++) {
		struct device *device = loop->ticked.devices[i];

		if (takes_part(device, now)) {
			blame_enter(&loop->blame, device->index, BLAME_TICK);
			device->driver->tick(device, now);
			blame_mark(&loop->blame, device->index, BLAME_TICK);
		}
	}
	for (unsigned i = 0; i < loop->mirrored.count; i++) {
		async_fetch(loop->lanes[loop->mirrored.devices[i]->index], now);
	}
	for (unsigned i = 0; i < loop->aging.count; i++) {
		device_age(loop->aging.devices[i], now);
	}
	if (loop->device_count > 0) {
		/* what a device dropped before it fell silent: one a cycle, in turn */
		device_report_drops(&loop->devices[now->cycle % loop->device_count], now);
	}
}

/* All is applied before anything is sent: a text may name the outputs of another device. */
static void write_phase(struct loop *loop, const struct cycle_time *now)
{
	for (unsigned i = 0; i < loop->driven.count; i++) {
		struct device *device = loop->driven.devices[i];

		outputs_apply(device);
		if (loop->lanes[device->index]) {
			async_drive(loop->lanes[device->index]);
		}
	}
	for (unsigned i = 0; i < loop->emitting.count; i++) {
		struct device *device = loop->emitting.devices[i];

		if (takes_part(device, now)) {
			blame_enter(&loop->blame, device->index, BLAME_EMIT);
			device->driver->emit(device, now);
			blame_mark(&loop->blame, device->index, BLAME_EMIT);
		}
	}
	poller_flush(&loop->poller, false);
	for (unsigned i = 0; i < loop->driven.count; i++) {
		outputs_record(loop->driven.devices[i], now);
	}
}

/* Returns how long the logic took; without any, nothing is timed. */
static int64_t step_phase(struct loop *loop, const struct cycle_time *now,
			  int64_t read_end_ns)
{
	blame_skip(&loop->blame, read_end_ns);
	if (!loop->step || !step_has_logic(loop->step)) {
		return 0;
	}
	return step_run_timed(loop->step, now, loop->recorder, &loop->blame) -
	       read_end_ns;
}

static uint32_t record_flags(const struct grid_step *step, bool is_catching_up,
			     bool is_over_budget)
{
	return (step->is_late_wake ? RECORD_LATE_WAKE : 0) |
	       (step->is_long_work ? RECORD_LONG_WORK : 0) |
	       (is_catching_up ? RECORD_CATCH_UP : 0) |
	       (is_over_budget ? RECORD_OVER_BUDGET : 0);
}

static void record_phase(struct loop *loop, const struct cycle_time *now,
			 const struct cycle_times *times, const struct grid_step *step,
			 bool is_catching_up)
{
	struct record_cycle *record;
	bool is_over_budget =
		loop->step && step_judge(loop->step, times->step_ns, now, loop->recorder);

	counter_add(&loop->stats.over_budget, is_over_budget);
	if (step->is_late_wake) {
		recorder_event(loop->recorder, EVENT_LATE_WAKE, EVENT_NO_DEVICE,
			       (int64_t)step->missed_late);
	}
	if (step->is_long_work) {
		recorder_event(loop->recorder, EVENT_LONG_WORK, EVENT_NO_DEVICE,
			       (int64_t)step->missed_long);
	}
	if (loop->step) {
		step_record(loop->step, now, loop->recorder);
	}
	record = recorder_add(loop->recorder, TOPIC_CYCLE, sizeof(*record));
	if (record) {
		*record = (struct record_cycle){
			.cycle = now->cycle,
			.release = now->release,
			.release_ns = now->release_ns,
			.latency_ns = times->latency_ns,
			.read_ns = times->read_ns,
			.step_ns = times->step_ns,
			.write_ns = times->write_ns,
			.record_ns = loop->record_ns,
			.missed = (uint32_t)(step->missed_late + step->missed_long),
			.flags = record_flags(step, is_catching_up, is_over_budget),
		};
	}
	recorder_end(loop->recorder);
}

static void count_overruns(struct stats *stats, const struct grid_step *step,
			   bool is_catching_up)
{
	counter_add(&stats->late_wakes, step->is_late_wake);
	counter_add(&stats->long_works, step->is_long_work);
	counter_add(&stats->missed, step->missed_late + step->missed_long);
	counter_add(&stats->caught_up, is_catching_up);
}

static void record_peak(struct loop *loop, const struct cycle_time *now,
			const struct cycle_times *times, const struct grid_step *step,
			bool is_catching_up)
{
	const struct peak peak = {
		.cycles = 1,
		.overruns = (uint64_t)step->is_late_wake + step->is_long_work,
		.latency_max_ns = is_catching_up ? 0 : (uint64_t)times->latency_ns,
		.busy_max_ns = (uint64_t)cycle_times_busy_ns(times),
	};

	peaks_record(&loop->peaks, now->release_ns - loop->grid.start_ns, &peak);
}

/* Whether it is one too many. */
static bool count_against_limit(struct loop *loop, const struct grid_step *step,
				int64_t now_ns)
{
	unsigned overruns = (unsigned)step->is_late_wake + step->is_long_work;
	bool is_fault = overruns > 0 &&
			overrun_limit_count(&loop->overrun_limit, now_ns, overruns);

	if (is_fault) {
		recorder_event(loop->recorder, EVENT_OVERRUN_FAULT, EVENT_NO_DEVICE,
			       (int64_t)loop->overrun_limit.allowed);
	}
	return is_fault;
}

static bool is_over(struct loop *loop, const struct grid_step *step, int64_t next_ns,
		    bool is_fault)
{
	const struct loop_options *options = loop->options;
	int64_t ran_ns = next_ns - loop->grid.start_ns;
	int end = LOOP_RUNS;

	if (is_fault) {
		end = LOOP_ENDED_FAULT;
	} else if (step->must_stop) {
		end = LOOP_ENDED_OVERRUN;
	} else if ((options->cycles > 0 && loop->cycle >= (uint64_t)options->cycles) ||
		   (options->duration_ns > 0 && ran_ns >= options->duration_ns)) {
		end = LOOP_ENDED_DONE;
	} else if (atomic_load_explicit(&loop->is_asked_to_stop, memory_order_relaxed)) {
		end = LOOP_ENDED_ASKED;
	}
	if (end != LOOP_RUNS) {
		atomic_store(&loop->end, end);
	}
	return end != LOOP_RUNS;
}

static void hand_over_overrun(struct loop *loop, const struct cycle_time *now,
			      const struct grid_step *step, int64_t end_ns)
{
	struct overrun overrun;

	if (!step->is_late_wake && !step->is_long_work) {
		return;
	}
	overrun = (struct overrun){ .cycle = now->cycle,
				    .release_ns = now->release_ns,
				    .wake_ns = now->wake_ns,
				    .end_ns = end_ns,
				    .record_ns = loop->record_ns,
				    .is_late_wake = step->is_late_wake,
				    .is_long_work = step->is_long_work,
				    .worst = loop->blame.worst };
	overruns_put(&loop->overruns, &overrun);
}

bool cycle_run(struct loop *loop, int64_t wake_ns)
{
	bool is_catching_up = grid_is_catching_up(&loop->grid);
	const struct cycle_time now = {
		.cycle = loop->cycle,
		.release = loop->grid.release,
		.release_ns = grid_release_ns(&loop->grid, loop->grid.release),
		.wake_ns = wake_ns,
		.dt_ns = grid_dt_ns(&loop->grid),
	};
	struct cycle_times times = { .latency_ns = wake_ns - now.release_ns };
	struct grid_step step;
	int64_t read_end_ns, write_end_ns, end_ns, next_ns;
	bool is_fault;

	recorder_begin(loop->recorder, now.cycle, wake_ns);
	state_record(&loop->state, loop->recorder, &now);
	if (loop->recorder->is_gap) {
		record_inputs_again(loop, &now);
	}
	blame_begin(&loop->blame, wake_ns);
	lift_inputs(loop);
	orders_take(loop, now.cycle);
	cycle_take_mail(loop, &now);
	read_phase(loop, &now);
	/* before anything is written: what is driven by a lost device must see it bad */
	give_back_lost(loop, &now);
	lay_inputs(loop, &now);
	sampled_record(&loop->sample_times, loop->recorder, &now);
	read_end_ns = sys_now();
	times.step_ns = step_phase(loop, &now, read_end_ns);
	if (heartbeat_owner(loop->heartbeat) != HEARTBEAT_NOBODY) {
		return false; /* it has come back too late: the outputs are another's */
	}
	write_phase(loop, &now);
	give_back_lost_late(loop, &now);
	write_end_ns = sys_now();
	times.read_ns = read_end_ns - wake_ns;
	times.write_ns = write_end_ns - read_end_ns - times.step_ns;
	step = grid_advance(&loop->grid, wake_ns, write_end_ns);
	hand_over_overrun(loop, &now, &step, write_end_ns);
	blame_enter(&loop->blame, BLAME_NOBODY, BLAME_WAIT);
	is_fault = count_against_limit(loop, &step, write_end_ns);
	record_phase(loop, &now, &times, &step, is_catching_up);
	end_ns = sys_now();
	times.record_ns = end_ns - write_end_ns;
	loop->record_ns = times.record_ns;
	stats_record(&loop->stats, now.cycle, &times, is_catching_up);
	count_overruns(&loop->stats, &step, is_catching_up);
	record_peak(loop, &now, &times, &step, is_catching_up);
	view_serve(&loop->view, now.cycle, end_ns);
	loop->cycle++;
	next_ns = grid_release_ns(&loop->grid, loop->grid.release);
	/* what is caught up was due long ago: it has until now, at least */
	heartbeat_beat(loop->heartbeat, next_ns > end_ns ? next_ns : end_ns);
	return !is_over(loop, &step, next_ns, is_fault);
}

static void read_usage(struct loop_usage *ret_usage)
{
	struct rusage usage = { 0 };

	getrusage(RUSAGE_THREAD, &usage);
	ret_usage->minor_faults = usage.ru_minflt;
	ret_usage->major_faults = usage.ru_majflt;
	ret_usage->voluntary_switches = usage.ru_nvcsw;
	ret_usage->involuntary_switches = usage.ru_nivcsw;
}

static void note_usage(struct loop *loop, const struct loop_usage *before)
{
	struct loop_usage after;

	read_usage(&after);
	loop->usage.minor_faults = after.minor_faults - before->minor_faults;
	loop->usage.major_faults = after.major_faults - before->major_faults;
	loop->usage.voluntary_switches =
		after.voluntary_switches - before->voluntary_switches;
	loop->usage.involuntary_switches =
		after.involuntary_switches - before->involuntary_switches;
}

/* Wait for the release; a signal that asks to stop ends the wait early. */
static int64_t wait_for_release(struct loop *loop)
{
	int64_t release_ns = grid_release_ns(&loop->grid, loop->grid.release);
	int64_t wake_ns = pacer_wait(&loop->pacer, release_ns);

	while (wake_ns < release_ns && !atomic_load(&loop->is_asked_to_stop)) {
		wake_ns = pacer_wait(&loop->pacer, release_ns);
	}
	return wake_ns < release_ns ? -1 : wake_ns;
}

/* Devices are in use, and their outputs at their safe values, before the first release. */
static void begin(struct loop *loop)
{
	int64_t now_ns = sys_now();
	struct cycle_time now = { .wake_ns = now_ns };

	grid_init(&loop->grid,
		  now_ns + START_DELAY_NS + loop->device_count * START_DELAY_DEVICE_NS,
		  loop->options);
	now.release_ns = grid_release_ns(&loop->grid, loop->grid.release);
	blame_enter(&loop->blame, BLAME_NOBODY, BLAME_WAIT);
	heartbeat_beat(loop->heartbeat, now.release_ns);
	heartbeat_note_outputs(loop->heartbeat, HEARTBEAT_OUTPUTS_DRIVEN);
	heartbeat_enter(loop->heartbeat, HEARTBEAT_RUNNING);
	cycle_take_mail(loop, &now);
	blame_enter(&loop->blame, BLAME_NOBODY, BLAME_WAIT);
}

void cycle_end(struct loop *loop)
{
	if (!heartbeat_claim(loop->heartbeat, HEARTBEAT_CYCLE)) {
		thread_park_here(&loop->thread);
	}
	/* what is left to do takes its own second, and then some */
	heartbeat_beat(loop->heartbeat, sys_now() + 2 * SAFE_END_NS);
	heartbeat_enter(loop->heartbeat, HEARTBEAT_ENDING);
	safe_end(loop);
	safe_note(loop);
	if (!heartbeat_settle(loop->heartbeat)) {
		thread_park_here(&loop->thread);
	}
}

static void run_cycles(struct loop *loop)
{
	struct loop_usage before;
	int64_t wake_ns;

	begin(loop);
	read_usage(&before);
	do {
		wake_ns = wait_for_release(loop);
		if (wake_ns < 0) {
			atomic_store(&loop->end, LOOP_ENDED_ASKED);
		}
	} while (wake_ns >= 0 && cycle_run(loop, wake_ns));
	loop->ended_ns = sys_now();
	note_usage(loop, &before);
	cycle_end(loop);
}

/* Without what was asked for nothing begins. */
static int put_seal_on(struct loop *loop)
{
	const struct filter_scope scope = scope_of(loop);

	return seal_put_on(&loop->seal, loop->options->seal, &scope, &loop->err);
}

/* An armed receive holds its file open until it is cancelled. */
void cycle_let_go(struct loop *loop)
{
	for (unsigned i = 0; i < loop->device_count; i++) {
		if (poller_ring(&loop->poller) && loop->seats[i].current) {
			poller_detach(&loop->poller, loop->seats[i].current);
		}
	}
}

/* In this thread: what it opens is its own. */
static int open_ways(struct loop *loop)
{
	struct uring *ring = poller_ring(&loop->poller);
	int code = pacer_open(&loop->pacer, loop->pacer_kind, loop->options->spin_ns,
			      ring, &loop->err);

	if (code) {
		return code;
	}
	code = poller_begin(&loop->poller);
	if (code) {
		pacer_close(&loop->pacer);
		return err_set_errno(&loop->err, code, "cannot use the poller");
	}
	poller_pace(&loop->poller, loop_reads_in_wait(loop));
	return 0;
}

void *cycle_main(void *arg)
{
	struct loop *loop = arg;

	atomic_store(&loop->thread_id, sys_thread_id());
	/* without SCHED_FIFO the kernel may wake it 50 us late to spare itself a timer */
	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
	if (open_ways(loop)) {
		atomic_store(&loop->end, LOOP_ENDED_FAILED);
		return NULL;
	}
	if (put_seal_on(loop)) {
		atomic_store(&loop->end, LOOP_ENDED_FAILED);
	} else {
		run_cycles(loop);
		cycle_let_go(loop);
	}
	pacer_close(&loop->pacer);
	return NULL;
}
