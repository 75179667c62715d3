#include "rtloop/super/log_watch.h"

#include <limits.h>

static enum log_news tell_degraded(struct log_watch *watch, struct logger *logger,
				   struct err *ret_text)
{
	struct err why;

	logger_failure(logger, &why);
	watch->was_told_degraded = true;
	err_set(ret_text, 0,
		"the log is degraded: %s; the cycle goes on, and the log when it can",
		why.text);
	return LOG_NEWS_DEGRADED;
}

static enum log_news tell_failure(struct logger *logger, struct err *ret_text)
{
	struct err why;

	logger_failure(logger, &why);
	err_set(ret_text, 0, "the log: %s", why.text);
	return LOG_NEWS_FAILED;
}

static enum log_news tell_goes_on(struct log_watch *watch, struct logger *logger,
				  struct err *ret_text)
{
	char path[PATH_MAX];

	logger_path(logger, path);
	watch->was_told_degraded = false;
	err_set(ret_text, 0, "the log goes on in %s", path);
	return LOG_NEWS_GOES_ON;
}

enum log_news log_watch_look(struct log_watch *watch, struct logger *logger,
			     struct err *ret_text)
{
	uint64_t failures = counter_get(&logger->failures);
	uint64_t degradations = counter_get(&logger->degradations);
	bool is_degraded = atomic_load(&logger->is_degraded);
	bool was_degraded =
		degradations != watch->degradations; /* meanwhile, if not now */
	bool has_failed = failures != watch->failures;

	watch->failures = failures;
	watch->degradations = degradations;
	if (watch->was_told_degraded) {
		return is_degraded ? LOG_NEWS_NONE
				   : tell_goes_on(watch, logger, ret_text);
	}
	if (is_degraded || was_degraded) {
		return tell_degraded(watch, logger, ret_text);
	}
	return has_failed ? tell_failure(logger, ret_text) : LOG_NEWS_NONE;
}
