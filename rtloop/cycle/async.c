#include "rtloop/cycle/async.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/thread.h"
#include "rtloop/base/time.h"
#include "rtloop/cycle/pacer.h"
#include "rtloop/cycle/safe.h"

#define SLOTS	    3 /* of a triple buffer */
#define SLOT_MASK   3u
#define SLOT_FRESH  4u /* set in the middle's index while the cycle has not fetched it */
#define STACK_BYTES (256 << 10)

/* Between two interrupts of a worker that is to end: the one may miss the sleep that it is
 * to end. */
#define STOP_LOOK_NS (2 * NS_PER_MS)

/* Which of three slots is whose: one writes, one reads, and neither waits. */
struct triple {
	unsigned back;		 /* of the writer */
	unsigned front;		 /* of the reader */
	_Atomic unsigned middle; /* between them */
};

/* A snapshot of the worker. */
struct slot {
	uint8_t *block;	    /* like the device's part of the image */
	int64_t *sample_ns; /* one a channel */
	uint64_t opened;
	uint64_t lost;
	int lost_code;
	bool is_open;
};

struct async {
	struct device *mirror; /* borrowed; of the cycle */
	struct device worker;
	struct image *image; /* of the worker alone */
	struct seat seat;
	struct poller poller;
	struct pacer pacer;
	struct thread thread;
	int64_t period_ns;
	bool any_lost;
	struct slot slots[SLOTS]; /* from the worker to the cycle */
	struct triple read;
	uint8_t *driven
		[SLOTS]; /* like the part of the outputs: from the cycle to the worker */
	struct triple written;
	bool has_driven; /* something has come from the cycle */
	_Atomic bool is_asked_to_stop;
	_Atomic bool has_ended;

	/* of the cycle: what it has told of */
	uint64_t lost_told;
	uint64_t opened_told;
};

static const struct triple fresh_triple = { .front = 0, .middle = 1, .back = 2 };

/* Leave what was written in the middle and take what was there as the next back. */
static void triple_leave(struct triple *triple)
{
	/* acq_rel: the slot is written; the reader has let go of the other */
	triple->back = SLOT_MASK & atomic_exchange_explicit(&triple->middle,
							    triple->back | SLOT_FRESH,
							    memory_order_acq_rel);
}

/* Whether there is something newer, which is at the front, then. */
static bool triple_take(struct triple *triple)
{
	if (!(atomic_load_explicit(&triple->middle, memory_order_relaxed) & SLOT_FRESH)) {
		return false;
	}
	/* acq_rel: we have let go of the old front; the slot is written */
	triple->front =
		SLOT_MASK & atomic_exchange_explicit(&triple->middle, triple->front,
						     memory_order_acq_rel);
	return true;
}

static int make_slots(struct async *async)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		async->slots[i].block = calloc(1, async->worker.part.bytes);
		async->slots[i].sample_ns =
			calloc(async->worker.spec->in_count + 1, sizeof(int64_t));
		async->driven[i] = calloc(1, async->worker.out_part.bytes + 1);
		if (!async->slots[i].block || !async->slots[i].sample_ns ||
		    !async->driven[i]) {
			return -ENOMEM;
		}
	}
	async->read = fresh_triple;
	async->written = fresh_triple;
	return 0;
}

static int make_worker(struct async *async, struct err *err)
{
	struct device *worker = &async->worker;
	int code;

	async->image = image_create();
	if (!async->image) {
		return err_set(err, -ENOMEM, "no memory for device '%s'",
			       async->mirror->spec->name);
	}
	code = device_init_worker(worker, async->mirror, async->image, err);
	if (code) {
		return code;
	}
	if (image_seal(async->image) || make_slots(async)) {
		return err_set(err, -ENOMEM, "no memory for device '%s'",
			       worker->spec->name);
	}
	device_begin(worker);
	worker->any_lost = &async->any_lost;
	async->seat.device = worker;
	return 0;
}

int async_create(struct async **ret_async, struct device *mirror,
		 const struct loop_options *options, struct err *err)
{
	struct async *async = calloc(1, sizeof(*async));
	int code;

	if (!async) {
		return err_set(err, -ENOMEM, "no memory for device '%s'",
			       mirror->spec->name);
	}
	async->mirror = mirror;
	async->period_ns = options->period_ns * mirror->spec->every;
	code = make_worker(async, err);
	code = code ? code : poller_open(&async->poller, POLLER_EPOLL, err);
	code = code ? code : pacer_open(&async->pacer, PACER_NANOSLEEP, 0, NULL, err);
	if (code) {
		async_destroy(async);
		return code;
	}
	*ret_async = async;
	return 0;
}

void async_destroy(struct async *async)
{
	if (!async) {
		return;
	}
	if (async->seat.device) {
		seat_clear(&async->seat);
	}
	pacer_close(&async->pacer);
	poller_close(&async->poller);
	if (async->worker.spec) {
		device_fini(&async->worker);
	}
	for (unsigned i = 0; i < SLOTS; i++) {
		free(async->slots[i].block);
		free(async->slots[i].sample_ns);
		free(async->driven[i]);
	}
	image_destroy(async->image);
	free(async);
}

static void leave(struct async *async)
{
	const struct device *worker = &async->worker;
	struct slot *slot = &async->slots[async->read.back];

	memcpy(slot->block, worker->part.block, worker->part.bytes);
	for (unsigned i = 0; i < worker->spec->in_count; i++) {
		slot->sample_ns[i] = worker->in[i].sample_ns;
	}
	slot->opened = counter_get(&async->seat.opened);
	slot->lost = counter_get(&worker->counts[COUNT_LOST]);
	slot->lost_code = worker->lost_code;
	slot->is_open = worker->link != NULL;
	triple_leave(&async->read);
}

/* Until the cycle has driven something, the image's safe values stay. */
static void take_driven(struct async *async)
{
	struct image_part *part = &async->worker.out_part;

	async->has_driven = triple_take(&async->written) || async->has_driven;
	if (async->has_driven) {
		memcpy(part->block, async->driven[async->written.front], part->bytes);
	}
}

static void work_once(struct async *async, const struct cycle_time *now)
{
	struct device *worker = &async->worker;
	const struct driver *driver = worker->driver;

	seat_attach(&async->seat, &async->poller, now);
	async->poller.ops->scan(&async->poller, now);
	if (worker->link && !worker->is_lost && driver->sample) {
		driver->sample(worker, now);
		if (!worker->is_lost) {
			device_sampled(worker, now);
		}
	}
	if (worker->link && !worker->is_lost && driver->tick) {
		driver->tick(worker, now);
	}
	take_driven(async);
	if (worker->link && !worker->is_lost && driver->emit) {
		driver->emit(worker, now);
	}
	seat_detach_lost(&async->seat, &async->poller, now);
	leave(async);
}

/* A round that took longer than its period is followed by the next whole period: no
 * burst. */
static int64_t next_release(const struct async *async, int64_t release_ns)
{
	int64_t late_ns = sys_now() - release_ns;

	return release_ns +
	       (late_ns > 0 ? late_ns / async->period_ns + 1 : 1) * async->period_ns;
}

static struct cycle_time time_now(void)
{
	int64_t now_ns = sys_now();

	return (struct cycle_time){ .release_ns = now_ns, .wake_ns = now_ns };
}

/* The worker's last act: as that of the cycle. */
static void leave_safe(struct async *async)
{
	struct device *worker = &async->worker;
	struct cycle_time now = time_now();
	int64_t end_ns = now.wake_ns + SAFE_END_NS;

	if (worker->spec->out_count == 0 || worker->is_dry) {
		return;
	}
	seat_attach(&async->seat, &async->poller, &now);
	safe_begin_end(worker);
	worker->is_left_safe = safe_end_device(worker, &now);
	while (!worker->is_left_safe && worker->link && !worker->is_lost &&
	       now.wake_ns < end_ns) {
		(void)sys_sleep_until(now.wake_ns + STOP_LOOK_NS);
		now = time_now();
		async->poller.ops->scan(&async->poller, &now);
		worker->is_left_safe = safe_end_device(worker, &now);
	}
}

static void *async_main(void *arg)
{
	struct async *async = arg;
	int64_t release_ns = sys_now(), previous_ns = release_ns - async->period_ns;
	uint64_t round = 0;

	while (!atomic_load(&async->is_asked_to_stop)) {
		int64_t wake_ns = pacer_wait(&async->pacer, release_ns);
		const struct cycle_time now = {
			.cycle = round * (uint64_t)async->worker.spec->every,
			.release = round,
			.release_ns = release_ns,
			.wake_ns = wake_ns,
			.dt_ns = release_ns - previous_ns,
		};

		if (wake_ns < release_ns) {
			continue;
		}
		work_once(async, &now);
		previous_ns = release_ns;
		release_ns = next_release(async, release_ns);
		round++;
	}
	leave_safe(async);
	atomic_store(&async->has_ended, true);
	return NULL;
}

int async_start(struct async *async, struct err *err)
{
	const struct thread_options options = { .name = "rtloop-async",
						.stack_bytes = STACK_BYTES,
						.priority = 0,
						.cpu = -1 };

	return thread_start(&async->thread, &options, async_main, async, err);
}

void async_ask_stop(struct async *async)
{
	atomic_store(&async->is_asked_to_stop, true);
}

void async_stop(struct async *async, int64_t until_ns)
{
	if (!async || !async->thread.is_running) {
		return;
	}
	async_ask_stop(async);
	while (!atomic_load(&async->has_ended) && sys_now() < until_ns) {
		thread_interrupt(&async->thread);
		(void)sys_sleep_until(sys_now() + STOP_LOOK_NS);
	}
	if (atomic_load(&async->has_ended)) {
		thread_join(&async->thread);
		async->mirror->is_left_safe = async->worker.is_left_safe;
	}
}

struct seat *async_seat(struct async *async)
{
	return &async->seat;
}

static void tell_lost(struct async *async, const struct slot *slot)
{
	if (slot->lost != async->lost_told) {
		async->lost_told = slot->lost;
		device_event(async->mirror, EVENT_DEVICE_LOST, -slot->lost_code);
	}
}

/* The worker cannot record: the cycle tells what became of it, in the order in which it
 * happened. */
static void tell(struct async *async, const struct slot *slot)
{
	if (slot->is_open) {
		tell_lost(async, slot);
	}
	if (slot->opened != async->opened_told) {
		async->opened_told = slot->opened;
		device_event(async->mirror, EVENT_DEVICE_OPENED, (int64_t)slot->opened);
	}
	tell_lost(async, slot);
}

void async_fetch(struct async *async, const struct cycle_time *now)
{
	const struct slot *slot;

	if (!triple_take(&async->read)) {
		return;
	}
	slot = &async->slots[async->read.front];
	device_mirror(async->mirror, slot->block, slot->sample_ns, now);
	tell(async, slot);
	device_copy_counts(async->mirror, &async->worker);
	device_report_drops(async->mirror, now);
}

void async_drive(struct async *async)
{
	const struct image_part *part = &async->mirror->out_part;

	memcpy(async->driven[async->written.back], part->block, part->bytes);
	triple_leave(&async->written);
}
