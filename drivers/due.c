#include "drivers/due.h"

bool due_take(int64_t *next_ns, int64_t every_ns, int64_t release_ns)
{
	if (release_ns < *next_ns) {
		return false;
	}
	*next_ns += every_ns * (1 + (release_ns - *next_ns) / every_ns);
	return true;
}
