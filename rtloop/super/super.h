/*
 * The supervisor: the main thread while the loop runs. It takes signals, opens devices, takes back the
 * links of those that were lost, opens them again with back-off, answers who asks at the control socket, tells
 * the service manager how it goes, and sees the loop end. All that can block is done here.
 */
#ifndef RTLOOP_SUPER_SUPER_H
#define RTLOOP_SUPER_SUPER_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/cycle/loop.h"
#include "rtloop/guard/guard.h"
#include "rtloop/log/logger.h"
#include "rtloop/super/control.h"
#include "rtloop/super/evidence.h"
#include "rtloop/super/log_watch.h"
#include "rtloop/super/service.h"
#include "rtloop/super/timeline.h"

/* For outputs to be left safe, before another signal ends the process: a cycle, its second, and that of a lane. */
#define SUPER_PATIENCE_NS (INT64_C(3) * 1000000000)

/* For peers that answer, to be connected before the first cycle. */
#define SUPER_AWAIT_NS (INT64_C(250) * 1000000)

/* What the supervisor knows of one device. */
struct tended {
	bool is_open;		/* a link is offered to the loop, or in force */
	struct poll_link *link; /* the last one offered; owned by the loop */
	bool is_opening;	/* a peer has yet to answer: */
	struct link opening;	/* what its driver has so far */
	int64_t opened_ns;	/* when that began */
	int64_t retry_ns;	/* when it is tried again */
	int64_t back_off_ns; /* doubled at each failure, and each loss soon after an opening */
	unsigned failures;  /* to open it, since it was last open */
	bool was_told_away; /* and not yet that it is open again */
	bool is_guarded; /* the guardian was given a descriptor of it, and not told to let go */
	struct err err; /* why it is away */
};

struct supervisor {
	struct loop *loop;	  /* borrowed */
	struct logger *logger;	  /* borrowed */
	struct tended *tended;	  /* one a device */
	struct timeline timeline; /* complete once the loop has ended */
	struct service service;	  /* opened by whoever wants the manager to be told */
	struct control control;	  /* opened by whoever answers */
	struct evidence evidence; /* on overruns */
	struct guard *guard;	  /* borrowed: the guardian, or none */
	struct log_watch log_watch;
	int64_t alive_ns; /* when it looked about last */
	bool was_told_no_trace;
	unsigned caught_told; /* calls that the seal caught */
	/* told of what a person should see at once, of a device or (NULL) of the run; may be NULL. [super] */
	void (*tell)(void *context, const struct device *device, const char *text);
	/* once a second while the loop runs; may be NULL. [super] */
	void (*each_second)(void *context);
	/* once, when the loop has ended and the log has not; may be NULL. [super] */
	void (*at_end)(void *context);
	/* SIGHUP came; may be NULL. [super] */
	void (*hung_up)(void *context);
	void *context;
};

/** super_init - -ENOMEM; super_fini() is right after a failure too. [init] */
int super_init(struct supervisor *super, struct loop *loop, struct logger *logger,
	       struct guard *guard) MUST_CHECK;
void super_fini(struct supervisor *super);

/**
 * super_take_signals - from now on SIGINT and SIGTERM ask the run to end; a second one ends the process
 * at once, with the status 128 + its number, but not before the loop has left its outputs at their safe values,
 * for which it gets SUPER_PATIENCE_NS from the first one on. SIGHUP is told to whoever wants to know; one that comes because
 * the terminal has gone away asks the run to end. It stays ignored where it was, as nohup(1) has it.
 * SIGPIPE is ignored. [init]
 */
void super_take_signals(void);

/**
 * super_open_devices - try each once; those that fail are tried again while the loop runs. Peers that have
 * yet to answer get SUPER_AWAIT_NS, all together; then they too are looked after while it runs.
 * @heritage: what an earlier run has left, for this first time; NULL: nothing
 *
 * [init]
 */
void super_open_devices(struct supervisor *super, struct heritage *heritage);

/** super_run - until the loop has ended and is joined. [super] */
void super_run(struct supervisor *super);

#endif
