#include "tests/sim/faults.h"

#include <errno.h>

#include "rtloop/base/time.h"
#include "rtloop/cycle/options.h"
#include "tests/sim/crash.h"
#include "tests/sim/disk.h"
#include "tests/sim/kernel.h"
#include "tests/sim/sched.h"
#include "tests/sim/sim.h"

/* Beside those of peers. */
enum fault {
	FAULT_LATE_WAKE = PEER_FAULTS,
	FAULT_LONG_CALL,
	FAULT_STOP,
	FAULT_CLOCK,
	FAULT_POWER,
	FAULT_DISK_STALL,
	FAULT_DISK_SLOW,
	FAULT_DISK_FULL,
	FAULT_DISK_ERROR,
	FAULT_DISK_SYNC,
	FAULT_DISK_SHORT,
	FAULT_DISK_TORN,
	FAULT_DISK_GONE,
	FAULTS,
};

/* The last part of a run: 1/10 of its cycles. */
#define END_PART 10

static struct {
	struct world_actor actor;
	struct world_actor mender; /* of the disk */
	const struct plan *plan;
	struct peer *peers;
	uint64_t count;
	bool has_ended; /* is_for_the_end() */
	bool has_spoiled;
	bool has_removed;
} faults;

static struct rng *rng(void)
{
	return sim_rng(STREAM_FAULTS);
}

/* As long as some periods; seldom as long as a second and more. */
static int64_t draw_delay(void)
{
	int64_t period_ns = faults.plan->period_ns;

	return rng_span(rng(), period_ns / 4 + 1,
			rng_one_in(rng(), 8) ? 64 * period_ns + NS_PER_SEC
					     : 16 * period_ns);
}

static void step_clock(void)
{
	int64_t ns = rng_span(rng(), NS_PER_MS, 4000 * NS_PER_SEC);

	kernel_step_clock(rng_one_in(rng(), 2) ? ns : -ns);
}

static void mend_disk(struct world_actor *actor)
{
	struct disk_faults *disk = disk_faults();

	actor->next_ns = SCHED_NEVER;
	*disk = (struct disk_faults){ .stall_ns = disk->stall_ns };
	disk_set_room(faults.plan->disk_bytes);
	/* whoever has removed the folder makes it again */
	(void)disk_make_folder("/log");
	sim_note(NOTE_MEND, FAULT_DISK_ERROR, 0);
}

static void spoil_disk(enum fault fault)
{
	struct disk_faults *disk = disk_faults();

	switch (fault) {
	case FAULT_DISK_STALL:
		disk->stall_ns =
			rng_span(rng(), NS_PER_MS,
				 rng_one_in(rng(), 8) ? 5 * NS_PER_SEC : NS_PER_SEC / 4);
		break;
	case FAULT_DISK_SLOW:
		disk->slow_ns = rng_span(rng(), 10 * NS_PER_US, 20 * NS_PER_MS);
		break;
	case FAULT_DISK_FULL:
		disk_set_room(disk_used() + (size_t)rng_below(rng(), 20000));
		break;
	case FAULT_DISK_ERROR:
		disk->code = rng_one_in(rng(), 2) ? -EIO : -EROFS;
		break;
	case FAULT_DISK_SYNC:
		disk->loses_syncs = true;
		faults.has_spoiled = true;
		break;
	case FAULT_DISK_TORN:
		disk->is_torn = true;
		break;
	case FAULT_DISK_SHORT:
		disk->is_short = true;
		break;
	default:
		disk_remove_folder("/log");
		faults.has_removed = true;
		break;
	}
	world_plan(&faults.mender,
		   sched_now() + rng_span(rng(), NS_PER_MS,
					  rng_one_in(rng(), 8) ? 10 * NS_PER_SEC
							       : NS_PER_SEC / 2));
}

static void do_fault(enum fault fault)
{
	switch (fault) {
	case FAULT_LATE_WAKE:
		kernel_delay_wake(draw_delay());
		break;
	case FAULT_LONG_CALL:
		kernel_delay_call(draw_delay());
		break;
	case FAULT_STOP:
		sched_stop_process(draw_delay());
		break;
	case FAULT_CLOCK:
		step_clock();
		break;
	case FAULT_POWER:
		crash_take();
		break;
	default:
		spoil_disk(fault);
		break;
	}
}

/* Most are of devices; a whole folder is seldom removed. */
static enum fault draw_fault(void)
{
	enum fault fault = (enum fault)rng_below(rng(), FAULTS);

	if (fault >= FAULT_DISK_STALL && rng_one_in(rng(), 2)) {
		fault = (enum fault)rng_below(rng(), FAULT_DISK_STALL);
	}
	if (fault == FAULT_DISK_GONE && !rng_one_in(rng(), 20)) {
		fault = FAULT_LATE_WAKE;
	}
	if (fault == FAULT_DISK_SYNC && !rng_one_in(rng(), 10)) {
		fault = FAULT_LONG_CALL;
	}
	return fault;
}

/* A run that ends with its first overrun is not to be made late at once. */
static bool is_possible(enum fault fault)
{
	bool is_late = fault == FAULT_LATE_WAKE || fault == FAULT_LONG_CALL ||
		       fault == FAULT_STOP;

	return !is_late || faults.plan->policy != OVERRUN_STOP || rng_one_in(rng(), 50);
}

/* A disk that stalls while the run ends: what the ring had no room for is to be told all the same. */
static bool is_for_the_end(void)
{
	bool is_near =
		sched_cycles() > faults.plan->cycles - faults.plan->cycles / END_PART;

	if (!is_near || faults.has_ended) {
		return false;
	}
	faults.has_ended = true;
	disk_faults()->stall_ns = rng_between(rng(), 1, 2 * END_PART * NS_PER_SEC);
	return true;
}

static void act(struct world_actor *actor)
{
	enum fault fault = draw_fault();

	faults.count++;
	actor->next_ns = sched_now() + rng_between(rng(), 1, 2 * faults.plan->fault_ns);
	if (is_for_the_end()) {
		sim_note(NOTE_FAULT, FAULT_DISK_STALL, 0);
	} else if (fault < (enum fault)PEER_FAULTS) {
		peer_do(&faults.peers[rng_below(rng(), faults.plan->device_count)],
			(enum peer_fault)fault);
	} else if (is_possible(fault)) {
		sim_note(NOTE_FAULT, fault, 0);
		do_fault(fault);
	}
}

void faults_begin(const struct plan *plan, struct peer *peers)
{
	faults.actor = (struct world_actor){ .next_ns = SCHED_NEVER, .act = act };
	faults.mender = (struct world_actor){ .next_ns = SCHED_NEVER, .act = mend_disk };
	faults.plan = plan;
	faults.peers = peers;
	faults.count = 0;
	faults.has_ended = false;
	faults.has_spoiled = false;
	faults.has_removed = false;
	if (plan->fault_ns > 0) {
		faults.actor.next_ns = sched_now() + plan->fault_ns;
	}
	world_add(&faults.actor);
	world_add(&faults.mender);
}

bool faults_spoiled_log(void)
{
	return faults.has_spoiled;
}

bool faults_removed_log(void)
{
	return faults.has_removed;
}

uint64_t faults_count(void)
{
	return faults.count;
}
