/*
 * What a run answers at its control socket: one function a verb. docs/control.md describes requests and
 * replies.
 */
#ifndef RTLOOP_CMD_LIVE_H
#define RTLOOP_CMD_LIVE_H

#include <stdio.h>

#include "rtloop/app.h"
#include "rtloop/base/err.h"
#include "rtloop/cmd/live_channels.h"
#include "rtloop/super/control.h"

struct live {
	struct app *app; /* borrowed */
	struct live_channels channels;

	/* the batch of orders that the cycle has, or had last */
	uint64_t ticket; /* counted from 1 */
	bool is_given;	 /* and not settled yet */
	struct ucred giver;
	struct live_channel *ordered[ORDERS_MAX];
};

/**
 * live_open - serve the control socket of a run that has not begun.
 *
 * -EADDRINUSE: a run of this name is served already; -ENOMEM, and what control_open() and
 * control_choose_path() say, with @err filled: then it is not served, and live_close() is right. [init]
 */
int live_open(struct live *live, struct app *app, struct err *err) MUST_CHECK;
void live_close(struct live *live);

/** A verb: see answer() in struct control_handler. */
typedef bool live_answer(struct live *live, struct control_request *request,
			 int64_t now_ns, FILE *reply);

live_answer live_answer_status;
live_answer live_answer_report;
live_answer live_answer_get;
live_answer live_answer_force;
live_answer live_answer_release;

/**
 * live_settle - if the cycle has taken the orders it was given, note what holds now, and tell the log.
 *
 * Whoever gave them may have gone meanwhile. [super]
 */
void live_settle(struct live *live);

/** live_put_forces - what is forced, as a member of an open object; _print: a line each. [super] */
void live_put_forces(struct json *json, const struct live *live);
void live_print_forces(const struct live *live, FILE *out);

/** live_refuse_name - the reply to a channel that is not there. [super] */
bool live_refuse_name(const struct live *live, const char *name, FILE *reply);

/** live_begin_reply - an object with "ok": true, to be ended by json_end(). [super] */
struct json live_begin_reply(FILE *reply);

/**
 * live_refuse - the reply to what cannot be done.
 * @exit_status: what a command that asked ends with
 *
 * Returns true: the reply is complete. [super]
 */
bool live_refuse(FILE *reply, int exit_status, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
