/*
 * What a run answers at its control socket: one function a verb. docs/control.md describes requests and
 * replies.
 */
#ifndef RTLOOP_CMD_LIVE_H
#define RTLOOP_CMD_LIVE_H

#include <stdio.h>
#include <sys/stat.h>

#include "rtloop/app.h"
#include "rtloop/base/err.h"
#include "rtloop/cmd/live_channels.h"
#include "rtloop/super/control.h"

/* A batch of orders before it is given: nothing of it is, before all of it is right. */
struct live_batch {
	struct order list[ORDERS_MAX];
	struct live_channel *channels[ORDERS_MAX];
	unsigned count;
};

struct live {
	struct app *app; /* borrowed */
	struct live_channels channels;

	/* the batch that the cycle has, or had last */
	struct live_batch given;
	uint64_t ticket; /* counted from 1 */
	/* in which cycle the last ones were taken, by ticket: of as many as can be asked for */
	uint64_t cycles[CONTROL_PEERS_MAX];
	bool is_given;	      /* and not settled yet */
	struct ucred giver;   /* pid 0: SIGHUP */
	const char *give_why; /* borrowed: "set", "reload" */

	/* the configuration's file */
	const char *path;      /* borrowed, as the user wrote it */
	struct setup *loaded;  /* owned: by the last reload; NULL: app->setup still */
	struct setup *pending; /* owned: its params are on their way to the cycle */
	struct stat looked_at; /* when it was last compared */
	bool has_changed;      /* it is not what was loaded */
	bool is_hung_up;       /* SIGHUP came: to be loaded as soon as that can be */

	/* told of what a person should see at once; may be NULL. [super] */
	void (*say)(void *context, const char *text);
	void *context;
};

/**
 * live_open - serve the control socket of a run that has not begun.
 * @live: zeroed, but for what is told
 * @path: of the configuration's file; borrowed
 *
 * -EADDRINUSE: a run of this name is served already; -ENOMEM, and what control_open() and
 * control_choose_path() say, with @err filled: then it is not served, and live_close() is right. [init]
 */
int live_open(struct live *live, struct app *app, const char *path,
	      struct err *err) MUST_CHECK;
void live_close(struct live *live);

/** live_each_second - orders that were taken, a file that has changed. Nothing if never opened. [super] */
void live_each_second(struct live *live);

/** live_hang_up - SIGHUP came: load the file. Nothing if never opened. [super] */
void live_hang_up(struct live *live);

/**
 * live_settle - if the cycle has taken the orders it was given, note what holds now, and tell the log.
 *
 * Whoever gave them may have gone meanwhile, and the loop may have ended. Nothing if never opened. [super]
 */
void live_settle(struct live *live);

/* --- for its own files -------------------------------------------------------------------------- */

/* Of a request. */
enum { LIVE_NEW, LIVE_GIVEN };

/** A verb: see answer() in struct control_handler. */
typedef bool live_answer(struct live *live, struct control_request *request,
			 int64_t now_ns, FILE *reply);

live_answer live_answer_status;
live_answer live_answer_report;
live_answer live_answer_get;
live_answer live_answer_force;
live_answer live_answer_release;
live_answer live_answer_set;
live_answer live_answer_reload;

/** live_batch_add - [super] */
void live_batch_add(struct live_batch *batch, struct live_channel *channel,
		    enum order_kind kind, union value value);

/**
 * live_give - leave a batch for the cycle.
 * @why: a word for the log; borrowed
 *
 * Returns its ticket; 0: an earlier one is still on its way. [super]
 */
uint64_t live_give(struct live *live, const struct live_batch *batch,
		   const struct ucred *giver, const char *why);

/** live_is_taken - whether the cycle has taken the batch of a ticket. [super] */
bool live_is_taken(const struct live *live, uint64_t ticket);

/** live_is_late - whether a request has waited for longer than a cycle may take to come round. [super] */
bool live_is_late(const struct live *live, const struct control_request *request);

/** live_tell_log - an event of who has told the run what. [super] */
void live_tell_log(struct live *live, uint64_t cycle, uint32_t device, const char *format,
		   ...) PRINTF_LIKE(4, 5);

/** live_confirm - the reply to orders that were taken, or to none. Returns true. [super] */
bool live_confirm(const struct live *live, const struct control_request *request,
		  FILE *reply);

/** live_adopt - the file that was loaded is the one that counts: its limits, its text. [super] */
void live_adopt(struct live *live, struct setup *setup);

/** live_look_at_file - whether it is what was loaded, if that has to be looked at anew. [super] */
void live_look_at_file(struct live *live);

/** live_put_changes - what is forced and whether the file has changed, as members of an open object;
 * _print: a line each. [super] */
void live_put_changes(struct json *json, const struct live *live);
void live_print_changes(const struct live *live, FILE *out);

/** live_refuse_name - the reply to a channel, or param, that is not there. Returns true. [super] */
bool live_refuse_name(const struct live *live, const char *name, bool params,
		      FILE *reply);

/** live_begin_reply - an object with "ok": true, to be ended by json_end(). [super] */
struct json live_begin_reply(FILE *reply);

/**
 * live_refuse - the reply to what cannot be done; live_refuse_text: of any length.
 * @exit_status: what a command that asked ends with
 *
 * Returns true: the reply is complete. [super]
 */
bool live_refuse(FILE *reply, int exit_status, const char *format, ...) PRINTF_LIKE(3, 4);
bool live_refuse_text(FILE *reply, int exit_status, const char *text);

#endif
