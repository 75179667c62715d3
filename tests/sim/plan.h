/* A scenario: the configuration that is run, and what is around it. All of it is drawn from the seed. */
#ifndef TESTS_SIM_PLAN_H
#define TESTS_SIM_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAN_DEVICES_MAX 6

enum plan_kind {
	PLAN_WAVE,   /* driver sim: nothing outside */
	PLAN_SERIAL, /* /dev/NAME */
	PLAN_UDP,
	PLAN_TCP,    /* it connects */
	PLAN_SERVER, /* it is connected to */
	PLAN_UNIX,   /* seqpacket; it connects */
	PLAN_GPIO,
	PLAN_KINDS,
};

struct plan_device {
	char name[16];
	enum plan_kind kind;
	int64_t every; /* cycles */
	int64_t max_age_ns;
	int64_t budget;
	int64_t request_ns; /* it asks so often; 0: the other side talks by itself */
	int64_t talk_ns;    /* so often */
	unsigned clients;   /* of a server */
	bool is_async;
	bool reads_all; /* of a chip: in one call */
	bool writes_all;

	bool has_out;
	int source; /* the device whose channel "a" drives it; -1: there is none */
	double safe;
	int64_t send_every_ns; /* 0: only on a change */
	bool sends_changes;
};

struct plan {
	int64_t period_ns;
	int policy; /* enum overrun_policy */
	int64_t catch_up_max;
	int64_t spin_ns;
	bool has_timerfd;
	int64_t hang_ns; /* the watchdog's limit, beyond all that goes wrong here; 0: there is none */
	int64_t overruns; /* more of them in within_ns end the run; 0: they do not */
	int64_t within_ns;
	uint64_t cycles;
	bool has_log;
	bool has_folder;
	int64_t rotate_bytes;
	int64_t sync_ns;
	int64_t ring_bytes;
	int64_t chunk_bytes;
	struct plan_device devices[PLAN_DEVICES_MAX];
	unsigned device_count;
	bool has_state; /* the program has a block with a state */

	/* around it */
	int64_t wake_max_ns;
	uint64_t preempt_calls;
	int64_t fault_ns; /* on average between two faults; 0: none */
	int64_t order_ns; /* between two orders; 0: none */
	bool is_privileged;
	size_t disk_bytes;
	char text[8192]; /* the configuration */
};

/** plan_draw - from the seed that was begun. */
void plan_draw(struct plan *plan);

/** plan_param_target - the param that the program adds, at the start. */
#define PLAN_TARGET 8.0

/* For so long a connection is waited for. */
#define PLAN_TIMEOUT_MS 500

#endif
