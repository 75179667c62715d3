/*
 * wraps: pthread_create pthread_join pthread_kill pthread_setname_np pthread_mutex_lock
 * wraps: pthread_cond_wait pthread_cond_broadcast gettid pthread_tryjoin_np pthread_setschedparam
 */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "tests/sim/kernel.h"
#include "tests/sim/sched.h"
#include "tests/sim/sim.h"

/* A thread is known by its place, which is never 0. */
static pthread_t id_of(unsigned index)
{
	return (pthread_t)index;
}

static unsigned index_of(pthread_t id)
{
	return (unsigned)id;
}

WRAP(int, pthread_create, pthread_t *ret_id, const pthread_attr_t *attr,
     void *(*main)(void *), void *arg)
{
	struct sched_param param = { .sched_priority = 0 };
	int index;

	kernel_call(CALL_OTHER);
	pthread_attr_getschedparam(attr, &param);
	if (param.sched_priority > 0 && !kernel_is_privileged()) {
		return EPERM;
	}
	index = sched_create(main, arg, param.sched_priority);
	if (index < 0) {
		return -index;
	}
	*ret_id = id_of((unsigned)index);
	return 0;
}

WRAP(int, pthread_setname_np, pthread_t id, const char *name)
{
	sched_set_name(index_of(id), name);
	return 0;
}

WRAP(int, pthread_kill, pthread_t id, int signal)
{
	(void)signal;
	kernel_call(CALL_OTHER);
	sched_interrupt(index_of(id));
	return 0;
}

static bool has_ended(void *arg)
{
	return sched_has_ended(*(const unsigned *)arg);
}

WRAP(int, pthread_join, pthread_t id, void **ret_value)
{
	unsigned index = index_of(id);
	const struct sched_wait wait = { .until_ns = SCHED_NEVER,
					 .is_ready = has_ended,
					 .arg = &index };

	(void)ret_value;
	kernel_call(CALL_OTHER);
	sched_wait(&wait);
	sched_forget(index);
	return 0;
}

WRAP(int, pthread_tryjoin_np, pthread_t id, void **ret_value)
{
	(void)ret_value;
	kernel_call(CALL_OTHER);
	if (!sched_has_ended(index_of(id))) {
		return EBUSY;
	}
	sched_forget(index_of(id));
	return 0;
}

WRAP(int, pthread_setschedparam, pthread_t id, int policy,
     const struct sched_param *param)
{
	(void)id;
	(void)policy;
	(void)param;
	kernel_call(CALL_OTHER);
	return 0;
}

/* Held by another thread, it is waited for. Nobody holds one for longer than a few calls. */
static bool can_lock(void *mutex)
{
	if (pthread_mutex_trylock(mutex)) {
		return false;
	}
	pthread_mutex_unlock(mutex);
	return true;
}

WRAP(int, pthread_mutex_lock, pthread_mutex_t *mutex)
{
	const struct sched_wait wait = { .until_ns = SCHED_NEVER,
					 .is_ready = can_lock,
					 .arg = mutex };

	SIM_CHECK(!sched_is_cycle(), "the cycle's thread takes a lock");
	while (pthread_mutex_trylock(mutex)) {
		sched_wait(&wait);
	}
	return 0;
}

/* Each broadcast of any condition; whoever wakes for nothing looks again, as POSIX allows. */
static uint64_t broadcasts;

static bool has_changed(void *arg)
{
	return broadcasts != *(const uint64_t *)arg;
}

WRAP(int, pthread_cond_wait, pthread_cond_t *cond, pthread_mutex_t *mutex)
{
	uint64_t seen = broadcasts;
	const struct sched_wait wait = { .until_ns = SCHED_NEVER,
					 .is_ready = has_changed,
					 .arg = &seen };

	(void)cond;
	pthread_mutex_unlock(mutex);
	sched_wait(&wait);
	return __wrap_pthread_mutex_lock(mutex);
}

WRAP(int, pthread_cond_broadcast, pthread_cond_t *cond)
{
	(void)cond;
	broadcasts++;
	return 0;
}

WRAP(pid_t, gettid, void)
{
	return (pid_t)(1000 + sched_index());
}
