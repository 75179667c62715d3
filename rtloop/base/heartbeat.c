#include "rtloop/base/heartbeat.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>

int heartbeat_create(struct heartbeat **ret_heartbeat)
{
	void *page = mmap(NULL, sizeof(struct heartbeat), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (page == MAP_FAILED) {
		return -ENOMEM;
	}
	*ret_heartbeat = page;
	return 0;
}

void heartbeat_destroy(struct heartbeat *heartbeat)
{
	if (heartbeat) {
		munmap(heartbeat, sizeof(*heartbeat));
	}
}

bool heartbeat_is_judged(const struct heartbeat *heartbeat)
{
	enum heartbeat_state state = heartbeat_state(heartbeat);

	return heartbeat->limit_ns > 0 &&
	       (state == HEARTBEAT_RUNNING || state == HEARTBEAT_ENDING);
}

bool heartbeat_is_overdue(const struct heartbeat *heartbeat, int64_t now_ns)
{
	return heartbeat_is_judged(heartbeat) &&
	       now_ns - heartbeat_due_ns(heartbeat) > heartbeat->limit_ns;
}

void heartbeat_enter(struct heartbeat *heartbeat, enum heartbeat_state state)
{
	/* pairs with the acquire in heartbeat_state(): the beat that goes with it is seen */
	atomic_store_explicit(&heartbeat->state, (int)state, memory_order_release);
}

enum heartbeat_state heartbeat_state(const struct heartbeat *heartbeat)
{
	return (enum heartbeat_state)atomic_load_explicit(&heartbeat->state,
							  memory_order_acquire);
}

void heartbeat_note_outputs(struct heartbeat *heartbeat, enum heartbeat_outputs outputs)
{
	atomic_store_explicit(&heartbeat->outputs, (int)outputs, memory_order_release);
}

enum heartbeat_outputs heartbeat_outputs(const struct heartbeat *heartbeat)
{
	return (enum heartbeat_outputs)atomic_load_explicit(&heartbeat->outputs,
							    memory_order_acquire);
}

bool heartbeat_claim(struct heartbeat *heartbeat, enum heartbeat_owner owner)
{
	int now = atomic_load_explicit(&heartbeat->owner, memory_order_relaxed);

	/* no more rounds than there are owners: each that is lost to another one leaves a later one */
	while (now < (int)owner) {
		if (atomic_compare_exchange_strong(&heartbeat->owner, &now, (int)owner)) {
			return true;
		}
	}
	return false;
}

bool heartbeat_settle(struct heartbeat *heartbeat)
{
	int now = HEARTBEAT_CYCLE;

	if (!atomic_compare_exchange_strong(&heartbeat->owner, &now, HEARTBEAT_SETTLED)) {
		return false;
	}
	heartbeat_enter(heartbeat, HEARTBEAT_ENDED);
	return true;
}
