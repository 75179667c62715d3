#include "rtloop/super/super.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"

#define LOOK_NS		(50 * NS_PER_MS)
#define BACK_OFF_MIN_NS (250 * NS_PER_MS)
#define BACK_OFF_MAX_NS (10 * NS_PER_SEC)

/* A handler reaches nothing but statics: the one piece of global state in the program. */
static volatile sig_atomic_t signals_taken;
static volatile sig_atomic_t hang_ups_taken;
static volatile sig_atomic_t
	drives_outputs; /* or leaves them safe: until the loop is joined */
static _Atomic int64_t first_signal_ns;

static void ask_for_end(void)
{
	if (signals_taken == 0) {
		atomic_store(&first_signal_ns, sys_now());
		signals_taken = 1;
	}
}

/* Two may come in a row: timeout(1) sends one to its child, and one to the group of processes. */
static void take_signal(int signal)
{
	if (signals_taken > 0 &&
	    (!drives_outputs ||
	     sys_now() - atomic_load(&first_signal_ns) >= SUPER_PATIENCE_NS)) {
		_exit(128 + signal);
	}
	ask_for_end();
}

static void take_hang_up(int signal)
{
	(void)signal;
	hang_ups_taken = 1;
}

static void take_hang_ups(void)
{
	struct sigaction take = { .sa_handler = take_hang_up };
	struct sigaction before;

	hang_ups_taken = 0;
	sigaction(SIGHUP, NULL, &before);
	if (before.sa_handler != SIG_IGN) {
		sigaction(SIGHUP, &take, NULL);
	}
}

/* When SIGCONT came last, and from whom: the kernel lets it through to a process that it continues. */
static _Atomic int64_t continued_ns;
static volatile sig_atomic_t continued_by;

static void take_continue(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	continued_by = info->si_pid;
	atomic_store(&continued_ns, sys_now());
}

void super_take_signals(void)
{
	struct sigaction resume = { .sa_sigaction = take_continue,
				    .sa_flags = SA_SIGINFO | SA_RESTART };
	struct sigaction take = { .sa_handler = take_signal };
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	signals_taken = 0;
	drives_outputs = 0;
	sigaction(SIGINT, &take, NULL);
	sigaction(SIGTERM, &take, NULL);
	sigaction(SIGCONT, &resume, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	take_hang_ups();
}

int super_init(struct supervisor *super, struct loop *loop, struct logger *logger,
	       struct guard *guard)
{
	memset(super, 0, sizeof(*super));
	super->loop = loop;
	super->logger = logger;
	super->guard = guard;
	control_init(&super->control);
	service_init(&super->service, loop->options->period_ns);
	super->tended = calloc(loop->device_count + 1, sizeof(*super->tended));
	if (!super->tended) {
		return -ENOMEM;
	}
	return evidence_init(&super->evidence, loop, logger);
}

/* Of a peer that has yet to answer. */
static void give_up_opening(struct supervisor *super, unsigned index)
{
	struct tended *tended = &super->tended[index];
	struct device *device = loop_worker(super->loop, index);

	if (tended->is_opening) {
		tended->is_opening = false;
		device->driver->close(device, &tended->opening);
	}
}

void super_fini(struct supervisor *super)
{
	service_close(&super->service);
	control_close(&super->control);
	evidence_fini(&super->evidence);
	for (unsigned i = 0; super->tended && i < super->loop->device_count; i++) {
		give_up_opening(super, i);
	}
	free(super->tended);
	super->tended = NULL;
}

static void tell(struct supervisor *super, unsigned index, const char *text)
{
	if (super->tell) {
		super->tell(super->context, &super->loop->devices[index], text);
	}
}

static void note(struct supervisor *super, unsigned index, enum event_code code,
		 int64_t value)
{
	const struct record_event event = { .code = code,
					    .device = index,
					    .cycle = counter_get(
						    &super->loop->stats.cycles),
					    .value = value };

	logger_note(super->logger, &event);
}

static void put_off(struct tended *tended, bool is_first)
{
	if (is_first) {
		tended->back_off_ns = BACK_OFF_MIN_NS;
	} else if (tended->back_off_ns < BACK_OFF_MAX_NS / 2) {
		tended->back_off_ns *= 2;
	} else {
		tended->back_off_ns = BACK_OFF_MAX_NS;
	}
	tended->retry_ns = sys_now() + tended->back_off_ns;
}

static void fail_to_open(struct supervisor *super, unsigned index, int code)
{
	struct tended *tended = &super->tended[index];

	if (tended->failures++ == 0) {
		tell(super, index, tended->err.text);
		note(super, index, EVENT_OPEN_FAILED, -code);
		tended->was_told_away = true;
	}
	put_off(tended, tended->back_off_ns == 0);
}

/* A link that there is no memory for is closed again. */
static struct poll_link *make_poll_link(struct supervisor *super, unsigned index,
					struct link *link, struct err *err)
{
	struct device *device = loop_worker(super->loop, index);
	struct poll_link *made = poll_link_create(device, link);

	if (made && loop_equip(super->loop, index, made)) {
		err_set(err, -ENOMEM, "no memory for the buffers of device '%s'",
			device->spec->name);
		poll_link_destroy(made);
		return NULL;
	}
	if (!made) {
		err_set(err, -ENOMEM, "no memory for the buffers of device '%s'",
			device->spec->name);
		if (device->driver->close) {
			device->driver->close(device, link);
		}
	}
	return made;
}

/* Before the cycle gets it: nothing is driven that nobody would make safe. */
static void guard_link(struct supervisor *super, unsigned index,
		       const struct poll_link *link)
{
	const struct device *device = loop_worker(super->loop, index);
	struct guarded guarded;
	int fd = device->driver->guarded
			 ? device->driver->guarded(device, &link->link, &guarded)
			 : -1;

	if (fd >= 0) {
		guard_hold(super->guard, index, &guarded, fd);
		super->tended[index].is_guarded = true;
	}
}

/* A line that the guardian holds cannot be requested anew. */
static void unguard(struct supervisor *super, unsigned index)
{
	if (super->tended[index].is_guarded) {
		guard_drop(super->guard, index);
		super->tended[index].is_guarded = false;
	}
}

static void use_device(struct supervisor *super, unsigned index, struct poll_link *link)
{
	struct tended *tended = &super->tended[index];

	if (tended->was_told_away) {
		tell(super, index, "is open again");
	}
	tended->was_told_away = false;
	tended->failures = 0;
	tended->is_open = true;
	tended->opened_ns = sys_now();
	tended->link = link;
	guard_link(super, index, link);
	loop_offer(super->loop, index, link);
}

/* @code: what open() or proceed() said of tended->opening. */
static void go_on_opening(struct supervisor *super, unsigned index, int code)
{
	struct tended *tended = &super->tended[index];
	struct poll_link *link;

	if (code == -EINPROGRESS) {
		tended->is_opening = true;
		err_set(&tended->err, 0, "the peer has not answered yet");
		return;
	}
	if (code) {
		give_up_opening(super, index);
		fail_to_open(super, index, code);
		return;
	}
	tended->is_opening = false;
	link = make_poll_link(super, index, &tended->opening, &tended->err);
	if (link) {
		use_device(super, index, link);
	} else {
		fail_to_open(super, index, -ENOMEM);
	}
}

static void open_device(struct supervisor *super, unsigned index)
{
	struct tended *tended = &super->tended[index];
	struct device *device = loop_worker(super->loop, index);

	unguard(super, index);
	tended->opening = (struct link){ .endpoints = NULL };
	go_on_opening(
		super, index,
		device->driver->open
			? device->driver->open(device, &tended->opening, &tended->err)
			: 0);
}

static void proceed(struct supervisor *super, unsigned index)
{
	struct tended *tended = &super->tended[index];
	struct device *device = loop_worker(super->loop, index);

	go_on_opening(super, index,
		      device->driver->proceed(device, &tended->opening, &tended->err));
}

/* Returns how many have yet to be opened. */
static unsigned proceed_all(struct supervisor *super)
{
	unsigned left = 0;

	for (unsigned i = 0; i < super->loop->device_count; i++) {
		if (super->tended[i].is_opening) {
			proceed(super, i);
		}
		left += super->tended[i].is_opening;
	}
	return left;
}

void super_open_devices(struct supervisor *super, struct heritage *heritage)
{
	int64_t until_ns;

	for (unsigned i = 0; i < super->loop->device_count; i++) {
		struct device *device = loop_worker(super->loop, i);

		device->heritage = heritage;
		open_device(super, i);
		device->heritage = NULL;
	}
	until_ns = sys_now() + SUPER_AWAIT_NS;
	while (proceed_all(super) > 0 && signals_taken == 0 && sys_now() < until_ns) {
		sys_sleep_until(sys_now() + NS_PER_MS);
	}
	drives_outputs = 1;
}

/* One that goes away as soon as it is open is not opened four times a second for ever. */
static void note_loss(struct supervisor *super, unsigned index, int code)
{
	struct tended *tended = &super->tended[index];

	tended->is_open = false;
	tended->link = NULL;
	if (code) {
		err_set_errno(&tended->err, code, "went away");
	} else {
		err_set(&tended->err, 0, "went away: end of file");
	}
	tell(super, index, tended->err.text);
	tended->was_told_away = true;
	put_off(tended, tended->back_off_ns == 0 ||
				sys_now() - tended->opened_ns > BACK_OFF_MAX_NS);
}

static void take_back(struct supervisor *super, unsigned index)
{
	struct poll_link *link;

	if (loop_may_be_rescued(super->loop)) {
		return;
	}
	link = loop_take_back(super->loop, index);
	while (link) {
		struct poll_link *next = link->next_given_back;

		/* one whose successor is offered or in force is no loss of the device */
		if (link->was_lost && link == super->tended[index].link) {
			note_loss(super, index, link->lost_code);
		}
		if (loop_may_be_rescued(super->loop)) {
			loop_keep(super->loop, index, link);
		} else {
			poll_link_destroy(link);
		}
		link = next;
	}
}

static void tend_link(struct supervisor *super, unsigned index)
{
	struct tended *tended = &super->tended[index];
	struct device *device = loop_worker(super->loop, index);
	struct link next = { 0 };
	struct poll_link *link;

	if (!tended->is_open || !device->driver->tend ||
	    loop_has_offer(super->loop, index) ||
	    device->driver->tend(device, &tended->link->link, &next, &tended->err) <= 0) {
		return;
	}
	link = make_poll_link(super, index, &next, &tended->err);
	if (link) {
		tended->link = link;
		loop_offer(super->loop, index, link);
	}
}

static void tend_devices(struct supervisor *super)
{
	for (unsigned i = 0; i < super->loop->device_count; i++) {
		take_back(super, i);
		if (super->tended[i].is_opening) {
			proceed(super, i);
		} else if (!super->tended[i].is_open && signals_taken == 0 &&
			   sys_now() >= super->tended[i].retry_ns) {
			open_device(super, i);
		}
		tend_link(super, i);
	}
}

static void take_peaks(struct supervisor *super)
{
	struct peak peak;

	while (peaks_take(&super->loop->peaks, &peak)) {
		timeline_add(&super->timeline, &peak);
	}
}

static void take_last_peaks(struct supervisor *super)
{
	struct peak peak;

	take_peaks(super);
	if (peaks_take_last(&super->loop->peaks, &peak)) {
		timeline_add(&super->timeline, &peak);
	}
}

static void look_for_service(struct supervisor *super)
{
	service_look(&super->service, counter_get(&super->loop->stats.cycles), sys_now());
}

/* A terminal that was hung up has nothing more to say: its settings cannot even be asked for. */
static bool has_lost_terminal(void)
{
	struct termios settings;

	return tcgetattr(STDIN_FILENO, &settings) && errno == EIO;
}

static void look_at_signals(struct supervisor *super)
{
	if (hang_ups_taken > 0) {
		hang_ups_taken = 0;
		if (has_lost_terminal()) {
			ask_for_end();
		} else if (super->hung_up) {
			super->hung_up(super->context);
		}
	}
	/* again and again: an interrupt may come just before the sleep that it is to end */
	if (signals_taken > 0 || atomic_load(&super->loop->is_asked_to_stop)) {
		service_stopping(&super->service);
		loop_ask_stop(super->loop);
	}
}

static void tell_no_trace(struct supervisor *super)
{
	const char *why = super->evidence.trace_err.text;

	if (why[0] && !super->was_told_no_trace) {
		super->was_told_no_trace = true;
		if (super->tell) {
			struct err err;

			err_set(&err, 0, "loop: trace: no traces: %s", why);
			super->tell(super->context, NULL, err.text);
		}
	}
}

/* What the seal has caught is told once for each place in the code that it came from. */
static void look_at_seal(struct supervisor *super)
{
	const struct seal *seal = &super->loop->seal;
	const struct seal_call *call;

	while ((call = seal_next(seal, super->caught_told)) != NULL) {
		char text[SEAL_TEXT_BYTES];
		struct err err;

		super->caught_told++;
		note(super, EVENT_NO_DEVICE, EVENT_CALL_CAUGHT, call->number);
		seal_describe(call, text);
		err_set(&err, 0,
			"loop: seal: the cycle thread called %s, which its "
			"configuration does not need",
			text);
		if (super->tell) {
			super->tell(super->context, NULL, err.text);
		}
	}
}

static void look_for_evidence(struct supervisor *super)
{
	const struct continued continued = { .alive_ns = super->alive_ns,
					     .at_ns = atomic_exchange(&continued_ns, 0),
					     .sender = continued_by };

	if (continued.at_ns > 0) {
		evidence_continue(&super->evidence, &continued);
	}
	evidence_look(&super->evidence, sys_now());
	tell_no_trace(super);
}

static void look_at_guard(struct supervisor *super)
{
	static const char lost[] =
		"the guardian has died: if this process dies or freezes, its GPIO lines "
		"stay as they are; it comes back with a restart";

	if (!guard_look(super->guard)) {
		return;
	}
	note(super, EVENT_NO_DEVICE, EVENT_GUARDIAN_LOST, super->guard->pid);
	if (super->tell) {
		super->tell(super->context, NULL, lost);
	}
}

static void look_at_log(struct supervisor *super)
{
	struct err text;

	while (log_watch_look(&super->log_watch, super->logger, &text) != LOG_NEWS_NONE) {
		if (super->tell) {
			super->tell(super->context, NULL, text.text);
		}
	}
}

static void look(struct supervisor *super)
{
	look_for_service(super);
	look_at_guard(super);
	look_at_log(super);
	tend_devices(super);
	take_peaks(super);
	look_at_seal(super);
	look_for_evidence(super);
	/* whoever asks between two of its cycles need not wait for the next one */
	if (super->loop->options->period_ns > LOOK_NS) {
		view_ask(&super->loop->view);
	}
}

/* Where SIGCONT has come, what is told with it is when it ran last before. */
static void note_alive(struct supervisor *super, int64_t now_ns)
{
	if (atomic_load(&continued_ns) == 0) {
		super->alive_ns = now_ns;
	}
}

/* Until it is time to look again, those are served who ask. A signal ends the rest early. */
static void rest(struct supervisor *super, int64_t until_ns)
{
	int64_t now_ns = sys_now();

	do {
		note_alive(super, now_ns);
		control_serve(&super->control, until_ns - now_ns);
		now_ns = sys_now();
	} while (now_ns < until_ns && signals_taken == 0 && hang_ups_taken == 0 &&
		 loop_state(super->loop) == LOOP_RUNS);
}

/* Of those that the guardian could make safe. */
static bool is_left_safe(const struct supervisor *super)
{
	for (unsigned i = 0; i < super->loop->device_count; i++) {
		if (super->tended[i].is_guarded &&
		    !super->loop->devices[i].is_left_safe) {
			return false;
		}
	}
	return true;
}

void super_run(struct supervisor *super)
{
	int64_t second_ns = sys_now() + NS_PER_SEC;

	while (loop_state(super->loop) == LOOP_RUNS) {
		look_at_signals(super);
		look(super);
		if (super->each_second && sys_now() >= second_ns) {
			super->each_second(super->context);
			second_ns += NS_PER_SEC;
		}
		rest(super, sys_now() + LOOK_NS);
	}
	look_at_log(super);
	/* one that lasted no longer than a look was ready all the same */
	look_for_service(super);
	service_stopping(&super->service);
	look_at_seal(super);
	look_for_evidence(super);
	evidence_end(&super->evidence, sys_now());
	loop_join(super->loop);
	if (super->at_end) {
		super->at_end(super->context);
	}
	/* what may still write behind it is watched until the process is gone */
	if (loop_state(super->loop) != LOOP_ENDED_HUNG || is_left_safe(super)) {
		guard_end(super->guard, is_left_safe(super));
	}
	drives_outputs = 0;
	take_last_peaks(super);
}
