#include "rtloop/super/threads.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/base/scan.h"
#include "rtloop/super/proc_file.h"

#define TEXT_BYTES 512
#define DEADLINE   6 /* SCHED_DEADLINE: not in every sched.h */

int threads_init(struct threads *threads, const char *root)
{
	*threads = (struct threads){
		.root = root,
		.capacity = THREADS_MAX,
		.times = calloc(THREADS_MAX, sizeof(*threads->times)),
		.next = calloc(THREADS_MAX, sizeof(*threads->next)),
	};
	return threads->times && threads->next ? 0 : -ENOMEM;
}

void threads_fini(struct threads *threads)
{
	free(threads->times);
	free(threads->next);
	*threads = (struct threads){ 0 };
}

/* The next entry of a folder that is a number; 0 past the last. */
static int next_number(DIR *dir)
{
	const struct dirent *entry;

	while ((entry = readdir(dir))) {
		const char *name = entry->d_name;
		int number;

		if (scan_int(&name, &number) && *name == '\0') {
			return number;
		}
	}
	return 0;
}

/* A thread that has just ended cannot be read. */
static void look_at_thread(struct threads *threads, int process, int id, unsigned *count)
{
	struct proc_sched sched;
	char text[TEXT_BYTES];

	if (proc_read_once(text, sizeof(text), "%s/proc/%d/task/%d/schedstat",
			   threads->root, process, id) <= 0 ||
	    proc_parse_sched(text, &sched)) {
		return;
	}
	if (*count == threads->capacity) {
		threads->is_cut = true;
		return;
	}
	threads->next[(*count)++] = (struct thread_time){ id, sched.run_ns };
}

static void look_at_process(struct threads *threads, int process, unsigned *count)
{
	char path[PATH_MAX];
	DIR *dir;
	int id;

	snprintf(path, sizeof(path), "%s/proc/%d/task", threads->root, process);
	dir = opendir(path);
	while (dir && (id = next_number(dir)) > 0) {
		look_at_thread(threads, process, id, count);
	}
	if (dir) {
		closedir(dir);
	}
}

static int by_id(const void *a, const void *b)
{
	const struct thread_time *first = a, *second = b;

	return (first->id > second->id) - (first->id < second->id);
}

/* Into next; returns how many. */
static unsigned take_times(struct threads *threads)
{
	char path[PATH_MAX];
	unsigned count = 0;
	int process;
	DIR *dir;

	threads->is_cut = false;
	snprintf(path, sizeof(path), "%s/proc", threads->root);
	dir = opendir(path);
	while (dir && !threads->is_cut && (process = next_number(dir)) > 0) {
		look_at_process(threads, process, &count);
	}
	if (dir) {
		closedir(dir);
	}
	qsort(threads->next, count, sizeof(*threads->next), by_id);
	return count;
}

static void turn_over(struct threads *threads, unsigned count)
{
	struct thread_time *times = threads->times;

	threads->times = threads->next;
	threads->next = times;
	threads->count = count;
}

void threads_look(struct threads *threads)
{
	turn_over(threads, take_times(threads));
}

static const struct thread_time *find(const struct thread_time *times, unsigned count,
				      const struct thread_time *key)
{
	return count ? bsearch(key, times, count, sizeof(*times), by_id) : NULL;
}

static bool is_before(const struct thread_ran *first, const struct thread_ran *second)
{
	return first->may_preempt != second->may_preempt ? first->may_preempt
							 : first->ran_ns > second->ran_ns;
}

static void leave_out(struct threads_ran *ran, const struct thread_ran *thread)
{
	ran->others_ns += thread->ran_ns;
	ran->others_preempt_ns += thread->may_preempt ? thread->ran_ns : 0;
}

/* The last one makes room. */
static void insert(struct threads_ran *ran, const struct thread_ran *thread)
{
	unsigned at = ran->count;

	if (ran->count < THREADS_RAN_MAX) {
		ran->count++;
	} else {
		at = THREADS_RAN_MAX - 1;
		if (!is_before(thread, &ran->list[at])) {
			leave_out(ran, thread);
			return;
		}
		leave_out(ran, &ran->list[at]);
	}
	while (at > 0 && is_before(thread, &ran->list[at - 1])) {
		ran->list[at] = ran->list[at - 1];
		at--;
	}
	ran->list[at] = *thread;
}

static bool read_thread(const struct threads *threads, int id,
			struct proc_thread *ret_thread)
{
	char text[TEXT_BYTES];

	/* any thread has a folder of its own there, though it is not listed */
	return proc_read_once(text, sizeof(text), "%s/proc/%d/stat", threads->root, id) >
		       0 &&
	       proc_parse_thread(text, ret_thread) == 0;
}

/* SCHED_DEADLINE goes before any SCHED_FIFO. */
static bool may_preempt(const struct proc_thread *thread, const struct threads_self *self)
{
	return self->priority == 0 || thread->policy == DEADLINE ||
	       thread->priority >= self->priority;
}

/* One that has run for less than before is another: its number was given out again. */
static uint64_t ran_since(const struct thread_time *then, const struct thread_time *now)
{
	return then && then->run_ns <= now->run_ns ? now->run_ns - then->run_ns
						   : now->run_ns;
}

void threads_compare(struct threads *threads, const struct threads_self *self,
		     struct threads_ran *ret_ran)
{
	bool was_cut = threads->is_cut;
	unsigned count = take_times(threads);

	*ret_ran = (struct threads_ran){ .is_cut = was_cut || threads->is_cut };
	for (unsigned i = 0; i < count; i++) {
		const struct thread_time *now = &threads->next[i];
		const struct thread_time *then =
			find(threads->times, threads->count, now);
		struct thread_ran ran = { .id = now->id, .ran_ns = ran_since(then, now) };

		if (now->id == self->id) {
			ret_ran->self_ns = ran.ran_ns;
		} else if (ran.ran_ns > 0 && read_thread(threads, now->id, &ran.thread) &&
			   ran.thread.cpu == self->cpu) {
			ran.may_preempt = may_preempt(&ran.thread, self);
			insert(ret_ran, &ran);
		}
	}
	turn_over(threads, count);
}
