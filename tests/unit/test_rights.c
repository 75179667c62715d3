#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rtloop/base/rights.h"

/* What is given up does not come back: each in a process of its own, whose exit status is 0 where all is right. */
static void assert_in_child(int (*deed)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		_exit(deed());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* A line of /proc, such as "CapEff". */
static uint64_t own(const char *name)
{
	FILE *file = fopen("/proc/thread-self/status", "re");
	unsigned long long value = 0;
	char line[256], format[32];

	snprintf(format, sizeof(format), "%s: %%llx", name);
	while (file && fgets(line, sizeof(line), file) &&
	       sscanf(line, format, &value) != 1) {
	}
	if (file) {
		fclose(file);
	}
	return value;
}

static uint64_t memory_right(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY
		       ? 0
		       : UINT64_C(1) << CAP_IPC_LOCK;
}

static int begin(void)
{
	if (rights_begin()) {
		return 1;
	}
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 2;
}

static int keep_none(void)
{
	uint64_t had = own("CapPrm");

	if (rights_begin() || rights_keep(0)) {
		return 1;
	}
	return own("CapEff") != (had & memory_right()) ||
	       own("CapPrm") != (had & memory_right()) || own("CapInh") != 0 ||
	       own("CapAmb") != 0;
}

static int keep_some(void)
{
	const uint64_t kept =
		UINT64_C(1) << CAP_DAC_OVERRIDE | UINT64_C(1) << CAP_NET_BIND_SERVICE;
	uint64_t had = own("CapPrm");

	if (rights_begin() || rights_keep(RIGHT_FILES | RIGHT_PORTS)) {
		return 1;
	}
	if (own("CapEff") != (had & (kept | memory_right()))) {
		return 2;
	}
	/* nor does more come back */
	return rights_keep(RIGHT_FILES | RIGHT_PORTS | RIGHT_BUFFERS | RIGHT_QUEUES) ||
	       own("CapEff") != (had & (kept | memory_right()));
}

static int keep_all(void)
{
	uint64_t had = own("CapEff"), bound = own("CapBnd");

	return rights_keep(RIGHT_ALL) || own("CapEff") != had || own("CapBnd") != bound;
}

static int lower_the_bound(void)
{
	/* who may not lower it has no_new_privs all the same */
	bool may = own("CapEff") & UINT64_C(1) << CAP_SETPCAP;

	if (rights_begin() || rights_keep(RIGHT_FILES)) {
		return 1;
	}
	return may &&
	       (own("CapBnd") & ~(memory_right() | UINT64_C(1) << CAP_DAC_OVERRIDE)) != 0;
}

static int keep_memory_right_under_a_limit(void)
{
	const struct rlimit limit = { 1 << 20, 1 << 20 };
	uint64_t had = own("CapPrm");

	if (setrlimit(RLIMIT_MEMLOCK, &limit) || rights_keep(0)) {
		return 1;
	}
	return own("CapEff") != (had & UINT64_C(1) << CAP_IPC_LOCK);
}

static void no_program_gets_new_privileges_from_the_beginning(void **state)
{
	assert_in_child(begin);
}

static void a_thread_keeps_just_what_it_asks_for(void **state)
{
	assert_in_child(keep_none);
	assert_in_child(keep_some);
	assert_in_child(keep_all);
}

static void what_a_program_could_get_back_is_given_up_too(void **state)
{
	assert_in_child(lower_the_bound);
}

static void memory_can_still_be_locked_where_it_has_a_limit(void **state)
{
	assert_in_child(keep_memory_right_under_a_limit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_program_gets_new_privileges_from_the_beginning),
		cmocka_unit_test(a_thread_keeps_just_what_it_asks_for),
		cmocka_unit_test(what_a_program_could_get_back_is_given_up_too),
		cmocka_unit_test(memory_can_still_be_locked_where_it_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
