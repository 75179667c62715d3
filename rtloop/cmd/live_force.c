/* What a run is told to do: force, release, set. */
#include <errno.h>
#include <string.h>

#include "rtloop/cmd/cmd.h"
#include "rtloop/cmd/live.h"

/* Give a batch, or wait for the one that was given. Whether the reply is complete. */
static bool carry_out(struct live *live, struct control_request *request,
		      const struct live_batch *batch, FILE *reply)
{
	if (request->stage == LIVE_NEW) {
		request->ticket =
			live_give(live, batch, &request->peer, request->words[0]);
		if (request->ticket == 0) {
			return live_is_late(live, request) &&
			       live_refuse(reply, EXIT_FAILED,
					   "the cycle does not come round: nothing was "
					   "changed");
		}
		request->changed += batch->count;
		request->stage = LIVE_GIVEN;
		return false;
	}
	if (live_is_taken(live, request->ticket)) {
		return live_confirm(live, request, reply);
	}
	return live_is_late(live, request) &&
	       live_refuse(reply, EXIT_FAILED,
			   "the cycle does not come round: it is changed when it does");
}

/* --- one assignment ------------------------------------------------------------------------------ */

static bool refuse_value(const struct live_channel *channel, const char *text, int code,
			 FILE *reply)
{
	static const char *const expected[] = { "true or false", "a whole number",
						"a number", "a duration, such as 250ms" };
	char range[3 * LIVE_VALUE_BYTES] = "";

	if (channel->limits) {
		live_range_print(range, channel->limits);
	}
	return live_refuse(reply, EXIT_USAGE, "'%s' cannot be '%.64s'%s; expected %s%s%s",
			   channel->name, text,
			   code == -ERANGE ? ", which does not fit" : "",
			   expected[channel->type], *range ? ", " : "", range);
}

static bool refuse_no_value(const struct live_channel *channel, FILE *reply)
{
	return live_refuse(reply, EXIT_USAGE,
			   "no value for '%s'; expected '%s=VALUE'%s%s%s", channel->name,
			   channel->name, channel->limits ? "" : ", or '",
			   channel->limits ? "" : channel->name,
			   channel->limits ? "" : "=' to release it");
}

/* "probe.temp=20" into a channel and the text of the value. False: it is refused. */
static bool read_assignment(struct live *live, const char *word, bool params,
			    struct live_channel **ret_channel, const char **ret_text,
			    FILE *reply)
{
	size_t length = strcspn(word, "=");
	char name[2 * VALUE_NAME_MAX + 2];

	snprintf(name, sizeof(name), "%.*s", (int)length, word);
	*ret_channel = live_channels_find(&live->channels, name);
	if (!*ret_channel) {
		(void)live_refuse_name(live, name, params, reply);
		return false;
	}
	if (word[length] == '\0' || (params && word[length + 1] == '\0')) {
		(void)refuse_no_value(*ret_channel, reply);
		return false;
	}
	*ret_text = word + length + 1;
	return true;
}

typedef bool read_word(struct live *live, const char *word, struct live_batch *batch,
		       FILE *reply);

/* All words, or none. */
static bool answer_words(struct live *live, struct control_request *request,
			 unsigned count_max, read_word *read, FILE *reply)
{
	struct live_batch batch = { .count = 0 };

	if (request->word_count < 2) {
		return live_refuse(reply, EXIT_USAGE,
				   "nothing is given; expected NAME=VALUE...");
	}
	if (request->word_count - 1 > count_max) {
		return live_refuse(reply, EXIT_USAGE,
				   "too many at once; expected at most %u", count_max);
	}
	for (unsigned i = 1; request->stage == LIVE_NEW && i < request->word_count; i++) {
		if (!read(live, request->words[i], &batch, reply)) {
			return true;
		}
	}
	/* while orders are on their way it is not known what is forced */
	if (request->stage == LIVE_NEW && batch.count == 0 && !live->is_given) {
		return live_confirm(live, request, reply);
	}
	return carry_out(live, request, &batch, reply);
}

/* --- force --------------------------------------------------------------------------------------- */

/* Once the orders before are carried out. */
static bool will_be_forced(const struct live_batch *batch,
			   const struct live_channel *channel)
{
	for (unsigned i = batch->count; i-- > 0;) {
		if (batch->channels[i] == channel) {
			return batch->list[i].kind == ORDER_FORCE;
		}
	}
	return channel->is_forced;
}

/* "probe.temp=20", or "probe.temp=" to release it. */
static bool read_force(struct live *live, const char *word, struct live_batch *batch,
		       FILE *reply)
{
	struct live_channel *channel;
	union value value = { .as_int = 0 };
	const char *text;
	int code;

	if (!read_assignment(live, word, false, &channel, &text, reply)) {
		return false;
	}
	if (channel->device == EVENT_NO_DEVICE) {
		return !live_refuse(reply, EXIT_USAGE, "'%s' is no input and no output%s",
				    channel->name,
				    channel->kind == LIVE_PARAM ? "; use 'rtloop set'"
								: "");
	}
	if (*text == '\0') {
		if (will_be_forced(batch, channel)) {
			live_batch_add(batch, channel, ORDER_RELEASE, value);
		}
		return true;
	}
	code = live_value_parse(text, channel->type, &value);
	if (code) {
		(void)refuse_value(channel, text, code, reply);
		return false;
	}
	live_batch_add(batch, channel, ORDER_FORCE, value);
	return true;
}

bool live_answer_force(struct live *live, struct control_request *request, int64_t now_ns,
		       FILE *reply)
{
	(void)now_ns;
	return answer_words(live, request, ORDER_FORCES_MAX, read_force, reply);
}

/* --- release ------------------------------------------------------------------------------------- */

static bool is_named(const struct control_request *request,
		     const struct live_channel *channel)
{
	for (unsigned i = 1; i < request->word_count; i++) {
		if (strcmp(request->words[i], "all") == 0 ||
		    strcmp(request->words[i], channel->name) == 0) {
			return true;
		}
	}
	return false;
}

/* What is not forced need not be released; more than fits into one batch goes into the next. */
static void read_release(struct live *live, const struct control_request *request,
			 struct live_batch *batch)
{
	for (unsigned i = 0; i < live->channels.count && batch->count < ORDER_FORCES_MAX;
	     i++) {
		struct live_channel *channel = &live->channels.list[i];

		if (channel->is_forced && is_named(request, channel)) {
			live_batch_add(batch, channel, ORDER_RELEASE,
				       (union value){ .as_int = 0 });
		}
	}
}

static const char *unknown_name(const struct live *live,
				const struct control_request *request)
{
	for (unsigned i = 1; i < request->word_count; i++) {
		if (strcmp(request->words[i], "all") != 0 &&
		    !live_channels_find(&live->channels, request->words[i])) {
			return request->words[i];
		}
	}
	return NULL;
}

bool live_answer_release(struct live *live, struct control_request *request,
			 int64_t now_ns, FILE *reply)
{
	const char *unknown = unknown_name(live, request);
	struct live_batch batch = { .count = 0 };

	(void)now_ns;
	if (request->word_count < 2) {
		return live_refuse(reply, EXIT_USAGE,
				   "nothing is named; expected CHANNEL..., or all");
	}
	if (unknown) {
		return live_refuse_name(live, unknown, false, reply);
	}
	/* while orders are on their way it is not known what is forced */
	if (live->is_given) {
		return carry_out(live, request, &batch, reply);
	}
	read_release(live, request, &batch);
	if (batch.count == 0) {
		return live_confirm(live, request, reply);
	}
	request->stage = LIVE_NEW;
	return carry_out(live, request, &batch, reply);
}

/* --- set ----------------------------------------------------------------------------------------- */

static bool read_set(struct live *live, const char *word, struct live_batch *batch,
		     FILE *reply)
{
	struct live_channel *channel;
	union value value = { .as_int = 0 };
	const char *text;
	int code;

	if (!read_assignment(live, word, true, &channel, &text, reply)) {
		return false;
	}
	if (channel->kind != LIVE_PARAM) {
		return !live_refuse(reply, EXIT_USAGE, "'%s' is no param%s",
				    channel->name,
				    channel->kind == LIVE_VAR ? ": the program sets it"
							      : "; use 'rtloop force'");
	}
	code = live_value_parse(text, channel->type, &value);
	if (code) {
		(void)refuse_value(channel, text, code, reply);
		return false;
	}
	if (!live_value_is_within(channel->limits, value)) {
		char range[3 * LIVE_VALUE_BYTES];

		return !live_refuse(reply, EXIT_USAGE,
				    "'%s' cannot be %.64s, which is out of range; "
				    "expected %s",
				    channel->name, text,
				    live_range_print(range, channel->limits));
	}
	live_batch_add(batch, channel, ORDER_SET, value);
	return true;
}

bool live_answer_set(struct live *live, struct control_request *request, int64_t now_ns,
		     FILE *reply)
{
	(void)now_ns;
	return answer_words(live, request, CONTROL_WORDS_MAX - 1, read_set, reply);
}
