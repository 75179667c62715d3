#include "tests/sim/kernel.h"

#include <string.h>

#include "tests/sim/sched.h"
#include "tests/sim/sim.h"

/* What a call takes, where nothing is in its way. */
#define CALL_MIN_NS 100
#define CALL_MAX_NS 1000

static struct {
	unsigned calls[CALL_KINDS];
	bool is_privileged;
	int64_t call_delay_ns;
} kernel;

void (*kernel_at_edge)(void);
void (*kernel_at_rest)(void);

void kernel_begin(void)
{
	memset(&kernel, 0, sizeof(kernel));
}

void kernel_note_call(enum kernel_call call)
{
	kernel.calls[call] += sched_is_cycle();
}

void kernel_call(enum kernel_call call)
{
	int64_t cost_ns = rng_between(sim_rng(STREAM_SCHEDULE), CALL_MIN_NS, CALL_MAX_NS);

	kernel_note_call(call);
	if (sched_is_cycle()) {
		if (kernel.call_delay_ns > 0) {
			int64_t delay_ns = kernel.call_delay_ns;

			kernel.call_delay_ns = 0;
			sched_busy(delay_ns);
		}
	}
	sched_call(cost_ns);
}

void kernel_delay_call(int64_t ns)
{
	kernel.call_delay_ns = ns;
}

unsigned kernel_calls(enum kernel_call call)
{
	return kernel.calls[call];
}

void kernel_forget_calls(void)
{
	memset(kernel.calls, 0, sizeof(kernel.calls));
}

ssize_t kernel_result(ssize_t result)
{
	if (result < 0) {
		errno = (int)-result;
		return -1;
	}
	return result;
}

void kernel_set_privileged(bool is_privileged)
{
	kernel.is_privileged = is_privileged;
}

bool kernel_is_privileged(void)
{
	return kernel.is_privileged;
}
