#include "rtloop/bench/sender.h"

#include <errno.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"

#define STACK_BYTES  (128 << 10) /* the least on arm64 */
#define WAIT_LOOK_NS (50 * NS_PER_US)

static void *sender_main(void *arg)
{
	struct sender *sender = arg;

	for (;;) {
		while (sem_wait(&sender->asked)) {
		}
		if (atomic_load(&sender->is_to_end)) {
			return NULL;
		}
		atomic_store(&sender->code,
			     sources_send(sender->sources, sender->ready, sender->first));
		atomic_fetch_add(&sender->sent_count, 1);
	}
}

int sender_start(struct sender *sender, struct err *err)
{
	const struct thread_options options = { .name = "bench-sender",
						.stack_bytes = STACK_BYTES,
						.cpu = -1 };
	int code;

	*sender = (struct sender){ .ready = 0 };
	if (sem_init(&sender->asked, 0, 0)) {
		return err_set_errno(err, -errno, "sem_init");
	}
	code = thread_start(&sender->thread, &options, sender_main, sender, err);
	if (code) {
		sem_destroy(&sender->asked);
	}
	return code;
}

void sender_stop(struct sender *sender)
{
	atomic_store(&sender->is_to_end, true);
	sem_post(&sender->asked);
	thread_join(&sender->thread);
	sem_destroy(&sender->asked);
}

void sender_ask(struct sender *sender, struct sources *sources, unsigned ready,
		unsigned first)
{
	sender->sources = sources;
	sender->ready = ready;
	sender->first = first;
	atomic_fetch_add(&sender->asked_count, 1);
	sem_post(&sender->asked);
}

int sender_wait(struct sender *sender)
{
	while (atomic_load(&sender->sent_count) != atomic_load(&sender->asked_count)) {
		(void)sys_sleep_until(sys_now() + WAIT_LOOK_NS);
	}
	return atomic_load(&sender->code);
}
