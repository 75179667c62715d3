#include <inttypes.h>
#include <stdio.h>

#include "rtloop/base/time.h"
#include "rtloop/cmd/replay.h"

bool replay_shows(struct replay_shown *shown)
{
	bool shows = shown->wants_all || shown->count < REPLAY_SHOWN_MAX;

	shown->count += shows;
	shown->left_out += !shows;
	return shows;
}

/* All digits of a float: what differs in the last bit is seen to differ. */
static void print_value(enum value_type type, union value value, enum quality quality)
{
	switch (type) {
	case VALUE_BOOL:
		printf("%s", value.as_bool ? "true" : "false");
		break;
	case VALUE_INT:
		printf("%" PRId64, value.as_int);
		break;
	case VALUE_FLOAT:
		printf("%.17g", value.as_float);
		break;
	}
	printf(" (%s)", quality_name(quality));
}

void replay_show_difference(const struct player_difference *difference)
{
	const struct channel *channel = difference->channel;
	const char *prefix = channel ? difference->part->prefix : "";

	printf("cycle %" PRIu64 ": ", difference->cycle);
	if (!channel) {
		printf("what the program remembers is not what the log says\n");
		return;
	}
	printf("%s%s%s: logged ", prefix, prefix[0] ? "." : "", channel->name);
	print_value(channel->type, difference->logged, difference->logged_quality);
	printf(", replayed ");
	print_value(channel->type, difference->played, difference->played_quality);
	printf("\n");
}

static void print_left_out(uint64_t cycles, const char *why)
{
	if (cycles > 0) {
		printf("not compared  %" PRIu64 " cycles %s\n", cycles, why);
	}
}

static void print_differences(const struct replay_shown *shown,
			      const struct player_counts *counts)
{
	if (shown->left_out > 0) {
		printf("... and %" PRIu64 " more; --all shows them\n", shown->left_out);
	}
	printf("compared      %" PRIu64 " cycles: ", counts->compared);
	if (counts->values == 0) {
		printf("all outputs and vars are the same\n");
	} else {
		printf("%" PRIu64 " differ, in %" PRIu64 " values\n", counts->different,
		       counts->values);
	}
}

void replay_show_summary(const struct replay_shown *shown,
			 const struct player_counts *counts, int64_t took_ns)
{
	double played_s = (double)counts->played_ns / (double)NS_PER_SEC;
	double took_s = (double)took_ns / (double)NS_PER_SEC;

	print_differences(shown, counts);
	print_left_out(counts->before_state, "before the first state in the log");
	print_left_out(counts->in_gaps, "in gaps of the log");
	print_left_out(counts->damaged, "where the log is damaged");
	if (counts->unlike > 0) {
		printf("state         the program is not that of the log: it began with "
		       "its "
		       "initial state%s\n",
		       counts->begun > 1 ? ", and kept its own over each gap" : "");
	}
	if (took_s > 0) {
		printf("speed         %.1f s of the loop in %.3f s: %.0f times real "
		       "time\n",
		       played_s, took_s, played_s / took_s);
	}
}
