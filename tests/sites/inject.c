#include "tests/sites/inject.h"

#include <stddef.h>
#include <string.h>
#include <unwind.h>

/* A wrapper reaches nothing but statics. */
static struct trial *current;
static _Thread_local bool is_cycle_thread;

struct walk {
	unsigned skip;
	unsigned count;
	uintptr_t frames[SITE_FRAMES];
};

static _Unwind_Reason_Code take_frame(struct _Unwind_Context *context, void *arg)
{
	struct walk *walk = arg;

	if (walk->skip > 0) {
		walk->skip--;
		return _URC_NO_REASON;
	}
	walk->frames[walk->count++] = _Unwind_GetIP(context);
	return walk->count < SITE_FRAMES ? _URC_NO_REASON : _URC_NORMAL_STOP;
}

static uint64_t hash_of(const struct walk *walk)
{
	uint64_t hash = UINT64_C(1469598103934665603);

	for (unsigned i = 0; i < walk->count; i++) {
		hash = (hash ^ walk->frames[i]) * UINT64_C(1099511628211);
	}
	return hash;
}

static void record(struct trial *trial, unsigned function, uint64_t chain,
		   const struct walk *walk)
{
	unsigned i = 0;

	while (atomic_flag_test_and_set(&trial->lock)) {
	}
	while (i < trial->site_count && (trial->sites[i].function != (int)function ||
					 trial->sites[i].chain != chain)) {
		i++;
	}
	if (i < SITES_MAX) {
		struct site *site = &trial->sites[i];

		site->function = (int)function;
		site->chain = chain;
		site->calls = i == trial->site_count ? 1 : site->calls + 1;
		memcpy(site->frames, walk->frames, sizeof(site->frames));
		trial->site_count += i == trial->site_count;
	}
	atomic_flag_clear(&trial->lock);
}

/* The cycle's thread makes these before its first wait, and where a device comes or goes. */
static bool is_of_start(unsigned function)
{
	static const char *const names[] = { "timerfd_create", "epoll_ctl" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(site_functions[function].name, names[i]) == 0) {
			return true;
		}
	}
	return false;
}

int inject_error(unsigned function)
{
	struct trial *trial = current;
	/* this function and the wrapper */
	struct walk walk = { .skip = 2 };
	uint64_t chain;

	if (!trial || trial->is_off || (is_cycle_thread && !is_of_start(function)) ||
	    (!trial->is_recording &&
	     (trial->function != (int)function || trial->has_failed))) {
		return 0;
	}
	_Unwind_Backtrace(take_frame, &walk);
	chain = hash_of(&walk);
	if (trial->is_recording) {
		record(trial, function, chain, &walk);
		return 0;
	}
	if (chain != trial->chain || ++trial->seen != trial->occurrence) {
		return 0;
	}
	trial->has_failed = true;
	return trial->error;
}

void inject_begin(struct trial *trial)
{
	current = trial;
}

void inject_end(void)
{
	if (current) {
		current->is_off = true;
	}
}

void inject_exempt_thread(void)
{
	is_cycle_thread = true;
}
