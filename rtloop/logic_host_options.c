/* The options of a plugin, as its init() asks for them. */
#include <errno.h>
#include <string.h>

#include "config/suggest.h"
#include "rtloop/logic_host_parts.h"

/* NULL: it is not given. */
static const struct node *ask(struct binding *binding, const char *name)
{
	if (binding->asked_count < ASKED_MAX) {
		char *copy = arena_copy(binding->source->arena, name, strlen(name));

		if (!copy) {
			binding_out_of_memory(binding);
			return NULL;
		}
		binding->asked[binding->asked_count++] = copy;
	}
	return binding->spec->options ? node_child(binding->spec->options, name) : NULL;
}

/* @member keeps what it is where the option is not given, or wrong. */
static void take_option(struct rtloop_host *host, const struct option *row, void *member)
{
	struct binding *binding = binding_of(host);
	const struct binder binder = { .arena = binding->source->arena,
				       .folder = "/",
				       .diag = &binding->diag };
	const struct node *node = ask(binding, row->name);
	int code = node ? bind_value(&binder, node, row, member) : 0;

	if (code == -ENOMEM) {
		binding_out_of_memory(binding);
	} else if (code) {
		binding->has_failed = true;
	}
}

static bool host_option_is_given(struct rtloop_host *host, const char *name)
{
	return ask(binding_of(host), name) != NULL;
}

static bool host_option_bool(struct rtloop_host *host, const char *name, bool fallback)
{
	const struct option row = { .name = name, .type = OPTION_BOOL };

	take_option(host, &row, &fallback);
	return fallback;
}

/* A row's limits are doubles, which do not hold every whole number. */
static void check_range(struct rtloop_host *host, const char *name, int64_t *value,
			const int64_t range[2], int64_t fallback)
{
	struct binding *binding = binding_of(host);

	if (*value != fallback && (*value < range[0] || *value > range[1])) {
		binding->has_failed = true;
		node_error(node_child(binding->spec->options, name), &binding->diag,
			   "'%s' is out of range; expected %lld to %lld", name,
			   (long long)range[0], (long long)range[1]);
		*value = fallback;
	}
}

static int64_t host_option_int(struct rtloop_host *host, const char *name,
			       int64_t fallback, int64_t min, int64_t max)
{
	const struct option row = { .name = name, .type = OPTION_INT };
	const int64_t range[2] = { min, max };
	int64_t value = fallback;

	take_option(host, &row, &value);
	check_range(host, name, &value, range, fallback);
	return value;
}

static double host_option_float(struct rtloop_host *host, const char *name,
				double fallback, double min, double max)
{
	struct binding *binding = binding_of(host);
	const struct option row = { .name = name, .type = OPTION_FLOAT };
	double value = fallback;

	take_option(host, &row, &value);
	if (value != fallback && (value < min || value > max)) {
		binding->has_failed = true;
		node_error(node_child(binding->spec->options, name), &binding->diag,
			   "'%s' is out of range; expected %.15g to %.15g", name, min,
			   max);
		value = fallback;
	}
	return value;
}

static int64_t host_option_duration(struct rtloop_host *host, const char *name,
				    int64_t fallback_ns, int64_t min_ns, int64_t max_ns)
{
	const struct option row = { .name = name,
				    .type = OPTION_DURATION,
				    .min = (double)min_ns,
				    .max = (double)max_ns };

	take_option(host, &row, &fallback_ns);
	return fallback_ns;
}

static const char *host_option_text(struct rtloop_host *host, const char *name,
				    const char *fallback)
{
	struct binding *binding = binding_of(host);
	const struct option row = { .name = name, .type = OPTION_TEXT };
	const char *value = fallback;

	take_option(host, &row, &value);
	if (!value && !binding->has_failed) {
		const struct node *options = binding->spec->options;

		binding->has_failed = true;
		node_key_error(options ? options : binding->spec->node, &binding->diag,
			       "missing option '%s' of plugin '%s'; expected a text",
			       name, binding->spec->name);
	}
	return value;
}

void binding_check_unasked(struct binding *binding)
{
	const struct node *options = binding->spec->options;
	const struct node *node = options ? options->first : NULL;

	for (; node; node = node->next) {
		struct suggest suggest;
		bool is_asked = binding->asked_count == ASKED_MAX;

		suggest_init(&suggest, node->key);
		for (unsigned i = 0; i < binding->asked_count; i++) {
			suggest_offer(&suggest, binding->asked[i]);
			is_asked |= strcmp(binding->asked[i], node->key) == 0;
		}
		if (!is_asked) {
			binding->has_failed = true;
			node_key_error(node, &binding->diag,
				       "plugin '%s' knows no option '%s'; %s%s%s",
				       binding->spec->name, node->key,
				       suggest.best ? "did you mean '"
						    : "expected one that it asks for",
				       suggest.best ? suggest.best : "",
				       suggest.best ? "'?" : "");
		}
	}
}

void binding_add_options(struct binding *binding)
{
	struct rtloop_host *host = &binding->host;

	host->option_is_given = host_option_is_given;
	host->option_bool = host_option_bool;
	host->option_int = host_option_int;
	host->option_float = host_option_float;
	host->option_duration = host_option_duration;
	host->option_text = host_option_text;
}
