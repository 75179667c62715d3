#include "rtloop/cycle/overrun_limit.h"

#include <errno.h>
#include <stdlib.h>

int overrun_limit_init(struct overrun_limit *limit, uint64_t allowed, int64_t within_ns)
{
	*limit = (struct overrun_limit){ .allowed = allowed, .within_ns = within_ns };
	limit->times_ns = calloc((size_t)allowed + 1, sizeof(*limit->times_ns));
	return limit->times_ns ? 0 : -ENOMEM;
}

void overrun_limit_fini(struct overrun_limit *limit)
{
	free(limit->times_ns);
	limit->times_ns = NULL;
}

static bool count_one(struct overrun_limit *limit, int64_t now_ns)
{
	int64_t *oldest_ns = &limit->times_ns[limit->seen % limit->allowed];
	bool is_fault =
		limit->seen >= limit->allowed && now_ns - *oldest_ns <= limit->within_ns;

	*oldest_ns = now_ns;
	limit->seen++;
	return is_fault;
}

bool overrun_limit_count(struct overrun_limit *limit, int64_t now_ns, unsigned overruns)
{
	bool is_fault = false;

	while (limit->allowed > 0 && overruns-- > 0) {
		is_fault |= count_one(limit, now_ns);
	}
	return is_fault;
}
