/* The configuration's file, read again while the run goes on: what of it takes effect without a restart. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config/compare.h"
#include "config/describe.h"
#include "rtloop/base/sys.h"
#include "rtloop/cmd/cmd.h"
#include "rtloop/cmd/live.h"

static const struct setup *current(const struct live *live)
{
	return live->loaded ? live->loaded : live->app->setup;
}

/* --- what is different ---------------------------------------------------------------------------- */

struct comparison {
	struct diag *diag;
	const struct setup *before;
	const struct setup *after;
};

/* "value", "min" or "max" of a param. */
static bool is_of_param(const struct node *node)
{
	const struct node *param = node->parent;
	const struct node *params = param ? param->parent : NULL;

	return node->key && params && params->key && params->parent &&
	       !params->parent->parent && strcmp(params->key, "params") == 0 &&
	       (strcmp(node->key, "value") == 0 || strcmp(node->key, "min") == 0 ||
		strcmp(node->key, "max") == 0);
}

/* Only its comments or its layout are others. */
static bool is_same_program(const struct comparison *comparison, const struct node *node)
{
	const struct program *before = comparison->before->logic->program;
	const struct program *after = comparison->after->logic->program;

	return node->key && node->parent && !node->parent->parent &&
	       strcmp(node->key, "program") == 0 && before && after &&
	       program_hash(before) == program_hash(after);
}

static bool is_short(const struct node *node)
{
	return node->kind == NODE_SCALAR && !strchr(node->text, '\n');
}

static void describe(struct words *words, const struct node *before,
		     const struct node *after)
{
	words_add(words, "'");
	compare_path(words, after ? after : before);
	words_add(words, "' ");
	if (!before) {
		words_add(words, "is new");
	} else if (!after) {
		words_add(words, "is gone");
	} else if (is_short(before) && is_short(after)) {
		words_add(words, "was ");
		describe_node(words, before);
		words_add(words, " and is ");
		describe_node(words, after);
	} else {
		words_add(words, "has changed");
	}
}

static void differs(void *context, const struct node *before, const struct node *after,
		    const struct node *parent)
{
	struct comparison *comparison = context;
	struct words words = { .length = 0 };
	const struct node *place = after ? after : parent;

	if (is_of_param(after ? after : before) ||
	    is_same_program(comparison, after ? after : before)) {
		return;
	}
	describe(&words, before, after);
	node_error(place, comparison->diag, "%s; only a restart applies that",
		   words.text);
}

/* --- params --------------------------------------------------------------------------------------- */

static const struct logic_value *find_param(const struct setup *setup, const char *name)
{
	const struct logic_list *params = &setup->logic->params;

	for (unsigned i = 0; i < params->count; i++) {
		if (strcmp(params->values[i].name, name) == 0) {
			return &params->values[i];
		}
	}
	return NULL;
}

static void param_error(const struct comparison *comparison, const char *name,
			const char *format, ...) PRINTF_LIKE(3, 4);
static void param_error(const struct comparison *comparison, const char *name,
			const char *format, ...)
{
	const struct node *params = node_child(comparison->after->tree.root, "params");
	const struct node *param = params ? node_child(params, name) : NULL;
	const struct node *value = param ? node_child(param, "value") : NULL;
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (value) {
		node_error(value, comparison->diag, "%s", text);
	}
}

/* What was set meanwhile stays, where the file says of it what it said before. */
static void compare_param(const struct comparison *comparison,
			  struct live_channel *channel, struct live_batch *batch)
{
	const struct logic_value *before = find_param(comparison->before, channel->name);
	const struct logic_value *after = find_param(comparison->after, channel->name);
	char value[LIVE_VALUE_BYTES], range[3 * LIVE_VALUE_BYTES];

	if (!before || !after) {
		return;
	}
	if (before->type != after->type) {
		param_error(comparison, channel->name,
			    "'%s' was a %s and is a %s; only a restart applies that",
			    channel->name, program_type_name(before->type),
			    program_type_name(after->type));
	} else if (live_value_compare(after->type, before->value, after->value) != 0) {
		live_batch_add(batch, channel, ORDER_SET, after->value);
	} else if (!live_value_is_within(after, channel->value)) {
		param_error(comparison, channel->name,
			    "'%s' was set to %s, which is out of its new range; expected "
			    "%s: set it first",
			    channel->name,
			    live_value_print(value, channel->type, channel->value),
			    live_range_print(range, after));
	}
}

static void compare(struct live *live, const struct setup *after, struct diag *diag,
		    struct live_batch *batch)
{
	struct comparison comparison = { .diag = diag,
					 .before = current(live),
					 .after = after };
	const struct compare how = { .context = &comparison, .differs = differs };
	struct live_channel *params = live->channels.list + live->channels.first_param;

	compare_trees(comparison.before->tree.root, after->tree.root, &how);
	for (unsigned i = 0; i < live->channels.param_count; i++) {
		compare_param(&comparison, &params[i], batch);
	}
}

/* --- the file ------------------------------------------------------------------------------------- */

static void strip_end(char *text)
{
	size_t bytes = text ? strlen(text) : 0;

	if (bytes > 0 && text[bytes - 1] == '\n') {
		text[bytes - 1] = '\0';
	}
}

/*
 * Read it, and find what is to be set. -EINVAL: @ret_why, to be freed, says why it cannot take effect; then
 * nothing is kept.
 */
static int read_file(struct live *live, struct setup **ret_setup,
		     struct live_batch *batch, char **ret_why)
{
	struct setup *setup = NULL;
	size_t bytes = 0;
	struct diag diag;
	FILE *why;
	int code;

	diag_init(&diag, live->path);
	code = setup_load(live->path, &setup, &diag);
	if (code == 0) {
		compare(live, setup, &diag, batch);
		code = diag_total(&diag) > 0 ? -EINVAL : 0;
	}
	if (code == 0) {
		*ret_setup = setup;
	} else {
		setup_destroy(setup);
		why = open_memstream(ret_why, &bytes);
		if (why) {
			diag_print(&diag, why);
			fclose(why);
			strip_end(*ret_why);
		}
	}
	diag_fini(&diag);
	return code;
}

void live_adopt(struct live *live, struct setup *setup)
{
	struct live_channel *params = live->channels.list + live->channels.first_param;

	for (unsigned i = 0; i < live->channels.param_count; i++) {
		params[i].limits = find_param(setup, params[i].name);
	}
	/* without memory for it, later files of the log have the text before */
	(void)!logger_replace_config(&live->app->logger, setup->tree.raw,
				     setup->tree.raw_bytes);
	setup_destroy(live->loaded);
	live->loaded = setup;
	live->looked_at = (struct stat){ .st_ino = 0 };
	live_look_at_file(live);
}

/* Whether the file holds what was loaded. */
static bool is_same_text(const struct live *live)
{
	const struct tree *tree = &current(live)->tree;
	char *text = malloc(tree->raw_bytes + 1);
	FILE *file = text ? fopen(live->path, "re") : NULL;
	bool is_same = file &&
		       fread(text, 1, tree->raw_bytes + 1, file) == tree->raw_bytes &&
		       memcmp(text, tree->raw, tree->raw_bytes) == 0;

	if (file) {
		fclose(file);
	}
	free(text);
	return is_same;
}

static bool is_same_stat(const struct stat *one, const struct stat *other)
{
	return one->st_ino == other->st_ino && one->st_dev == other->st_dev &&
	       one->st_size == other->st_size &&
	       one->st_mtim.tv_sec == other->st_mtim.tv_sec &&
	       one->st_mtim.tv_nsec == other->st_mtim.tv_nsec;
}

void live_look_at_file(struct live *live)
{
	struct stat info = { .st_ino = 0 };
	bool had_changed = live->has_changed;
	char text[512];

	/* one that was loaded is the one that counts as soon as its params are taken */
	if (live->pending) {
		return;
	}
	if (stat(live->path, &info) == 0 && is_same_stat(&info, &live->looked_at)) {
		return;
	}
	live->looked_at = info;
	live->has_changed = !is_same_text(live);
	if (live->has_changed && !had_changed && live->say) {
		snprintf(text, sizeof(text),
			 "%s has changed; 'rtloop reload %s', or a restart, applies it",
			 live->path, live->app->setup->name);
		live->say(live->context, text);
	}
}

/* --- reload --------------------------------------------------------------------------------------- */

/* The same, with what a service manager and the log are told. */
static int begin(struct live *live, const struct ucred *who, struct live_batch *batch,
		 char **ret_why)
{
	struct service *service = &live->app->super.service;
	uint64_t cycle = counter_get(&live->app->loop.stats.cycles);
	struct setup *setup = NULL;
	int code;

	service_reloading(service, sys_now());
	code = read_file(live, &setup, batch, ret_why);
	service_reloaded(service);
	live->giver = *who;
	if (code) {
		live_tell_log(live, cycle, EVENT_NO_DEVICE, "reload is refused: %.150s",
			      *ret_why ? *ret_why : "no memory");
		return code;
	}
	if (batch->count == 0) {
		live_tell_log(live, cycle, EVENT_NO_DEVICE,
			      "reload, without a new value");
		live_adopt(live, setup);
		return 0;
	}
	live->pending = setup;
	return 0;
}

bool live_answer_reload(struct live *live, struct control_request *request,
			int64_t now_ns, FILE *reply)
{
	struct live_batch batch = { .count = 0 };
	char *why = NULL;

	(void)now_ns;
	if (request->word_count > 1) {
		return live_refuse(reply, EXIT_USAGE,
				   "'reload' takes no words; expected it alone");
	}
	if (request->stage == LIVE_NEW && !live->is_given) {
		if (begin(live, &request->peer, &batch, &why)) {
			live_refuse_text(reply, EXIT_FAILED, why ? why : "no memory");
			free(why);
			return true;
		}
		request->ticket =
			batch.count ? live_give(live, &batch, &request->peer, "reload")
				    : 0;
		request->changed = batch.count;
		request->stage = LIVE_GIVEN;
	}
	if (request->stage == LIVE_GIVEN && live_is_taken(live, request->ticket)) {
		return live_confirm(live, request, reply);
	}
	return live_is_late(live, request) &&
	       live_refuse(
		       reply, EXIT_FAILED,
		       request->stage == LIVE_GIVEN
			       ? "the cycle does not come round: it is changed when "
				 "it does"
			       : "the cycle does not come round: nothing was changed");
}

static void say_lines(struct live *live, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n"))) {
		if (*line) {
			live->say(live->context, line);
		}
	}
}

/* Where orders are on their way, a second later. */
static void reload_by_signal(struct live *live)
{
	const struct ucred signal = { .pid = 0 };
	struct live_batch batch = { .count = 0 };
	char *why = NULL;
	char text[64];

	live->is_hung_up = false;
	if (begin(live, &signal, &batch, &why)) {
		if (live->say) {
			live->say(live->context, "SIGHUP: the file is refused:");
			say_lines(live, why);
		}
		free(why);
		return;
	}
	if (batch.count > 0) {
		(void)live_give(live, &batch, &signal, "reload");
	}
	if (live->say) {
		snprintf(text, sizeof(text), "SIGHUP: loaded, %u new values",
			 batch.count);
		live->say(live->context, text);
	}
}

void live_hang_up(struct live *live)
{
	live->is_hung_up = true;
	live_each_second(live);
}

void live_each_second(struct live *live)
{
	if (!live->app) {
		return;
	}
	live_settle(live);
	if (live->is_hung_up && !live->is_given) {
		reload_by_signal(live);
	}
	live_look_at_file(live);
}
