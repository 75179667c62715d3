/* What the parts of "rtloop replay" share: what was asked for, and how the answer is shown. */
#ifndef RTLOOP_CMD_REPLAY_H
#define RTLOOP_CMD_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/replay/player.h"

struct replay_request {
	const char *config; /* NULL: the log's own */
	const char *out;    /* NULL: nothing is written */
	bool wants_all;
	bool loads_plugins; /* those of the log's own configuration, too */
	char **files;
	unsigned file_count;
};

#define REPLAY_SHOWN_MAX 10

/* How many differences were shown. */
struct replay_shown {
	bool wants_all;
	bool loads_plugins; /* those of the log's own configuration, too */
	uint64_t count;
	uint64_t left_out;
};

/** replay_shows - whether one more difference is to be shown. [init] */
bool replay_shows(struct replay_shown *shown);

/** replay_show_difference - one line on stdout. [init] */
void replay_show_difference(const struct player_difference *difference);

/** replay_show_summary - on stdout: what was compared, what was not and why, how fast. [init] */
void replay_show_summary(const struct replay_shown *shown,
			 const struct player_counts *counts, int64_t took_ns);

#endif
