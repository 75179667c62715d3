/* The channels of a run by their names, as people and scripts know them: "probe.temp"; params and vars, too. */
#ifndef RTLOOP_CMD_LIVE_CHANNELS_H
#define RTLOOP_CMD_LIVE_CHANNELS_H

#include <sys/socket.h>

#include "config/value.h"
#include "rtloop/app.h"
#include "rtloop/base/attr.h"
#include "rtloop/base/image.h"
#include "rtloop/cmd/json.h"

enum live_kind { LIVE_INPUT, LIVE_OUTPUT, LIVE_PARAM, LIVE_VAR };

struct live_channel {
	enum live_kind kind;
	char name[2 * VALUE_NAME_MAX + 2];
	const struct channel *channel; /* borrowed from the run */
	enum program_type type;
	unsigned device; /* its index; EVENT_NO_DEVICE of params and vars */
	unsigned index; /* among the device's inputs, or outputs; among params, or vars */

	/* of a param: its range, as the file has it that was loaded last */
	const struct logic_value *limits;

	/* of a param: its value; of others: what they are forced to be; as far as the cycle has taken the
	 * order */
	bool is_forced;
	union value value;
	int64_t since_ns; /* forced, or set, since then, CLOCK_MONOTONIC; 0: not set yet */
	struct ucred giver; /* who it was */
};

struct live_channels {
	struct live_channel *list; /* owned; in the order of the file */
	unsigned count;
	unsigned first_param; /* as many as there are follow it */
	unsigned param_count;
};

/** live_channels_init - all that a run has. -ENOMEM. [init] */
int live_channels_init(struct live_channels *channels, const struct app *app) MUST_CHECK;
void live_channels_fini(struct live_channels *channels);

/** live_channels_find - NULL where there is none of this name. [super] */
struct live_channel *live_channels_find(const struct live_channels *channels,
					const char *name);

/** live_channels_nearest - to a misspelt name; NULL: none is near. @params: of params only. [super] */
const char *live_channels_nearest(const struct live_channels *channels, const char *name,
				  bool params);

/** live_channels_is_device - whether channels have this name before their point. [super] */
bool live_channels_is_device(const struct live_channels *channels, const char *name);

/** live_channel_is_of - whether a name means this channel: its own, or its device's. [super] */
bool live_channel_is_of(const struct live_channel *channel, const char *name);

/** live_channel_put - as docs/control.md describes it, from the run's newest view. [super] */
void live_channel_put(struct json *json, const struct app *app,
		      const struct live_channel *channel);

/** live_value_parse - a value as a file would have it: 0, -EINVAL, -ERANGE. [super] */
int live_value_parse(const char *text, enum program_type type,
		     union value *ret_value) MUST_CHECK;

#define LIVE_VALUE_BYTES 32

/** live_value_print - as live_value_parse() reads it. Returns @text. [super] */
const char *live_value_print(char text[LIVE_VALUE_BYTES], enum program_type type,
			     union value value);

/** live_value_put - a value by its type, as a member. [super] */
void live_value_put(struct json *json, const char *name, enum program_type type,
		    union value value);

/** live_value_compare - below 0, 0, above 0, as of two numbers. [super] */
int live_value_compare(enum program_type type, union value one, union value other);

/** live_value_is_within - the limits of a param. [super] */
bool live_value_is_within(const struct logic_value *limits, union value value);

/** live_range_print - "20 to 250", "20 or more"; "" where there are no limits. Returns @text. [super] */
const char *live_range_print(char text[3 * LIVE_VALUE_BYTES],
			     const struct logic_value *limits);

#endif
