#include "rtloop/super/trace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rtloop/base/scan.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/trace_line.h"

#define FILE_MODE 0640
#define PREFIX	  "rtloop-"

/* The namespace of all processes that are not in a container. */
#define FIRST_PID_NAMESPACE "pid:[4026531836]"

static const char *const places[] = { "/sys/kernel/tracing",
				      "/sys/kernel/debug/tracing" };

struct trace_event {
	const char *name;
	bool is_needed; /* the others are not of every architecture */
};

static const struct trace_event events[] = {
	{ "sched/sched_switch", true },
	{ "sched/sched_waking", true },
	{ "irq/irq_handler_entry", true },
	{ "irq/irq_handler_exit", true },
	{ "irq/softirq_entry", true },
	{ "irq/softirq_exit", true },
	{ "timer/hrtimer_expire_entry", true },
	{ "irq_vectors/local_timer_entry", false },
	{ "irq_vectors/local_timer_exit", false },
	{ "irq_vectors/call_function_entry", false },
	{ "irq_vectors/call_function_exit", false },
	{ "irq_vectors/call_function_single_entry", false },
	{ "irq_vectors/call_function_single_exit", false },
	{ "irq_vectors/reschedule_entry", false },
	{ "irq_vectors/reschedule_exit", false },
	{ "irq_vectors/irq_work_entry", false },
	{ "irq_vectors/irq_work_exit", false },
	{ "irq_vectors/thermal_apic_entry", false },
	{ "irq_vectors/thermal_apic_exit", false },
	{ "exceptions/page_fault_user", false },
	{ "exceptions/page_fault_kernel", false },
};

static int write_setting(const struct trace *trace, const char *file, const char *value)
{
	char path[PATH_MAX + 64];
	ssize_t written;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", trace->folder, file);
	fd = sys_open(path, O_WRONLY | O_TRUNC, 0);
	if (fd < 0) {
		return fd;
	}
	written = sys_write(fd, value, strlen(value));
	sys_close(fd);
	return written < 0 ? (int)written : 0;
}

static int find_place(const char *tracing, char *instances, size_t bytes, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct stat info;

		snprintf(instances, bytes, "%s/instances", tracing ? tracing : places[i]);
		if (stat(instances, &info) == 0) {
			return 0;
		}
		if (errno != ENOENT) {
			return err_set_errno(err, -errno, "%s", instances);
		}
	}
	return err_set(err, -ENOENT,
		       "there is no tracefs at %s; mount it with: sudo mount -t "
		       "tracefs tracefs /sys/kernel/tracing",
		       tracing ? tracing : places[0]);
}

/* What a run that was killed left behind traces on for ever. */
static void remove_orphans(const char *instances)
{
	char namespace[sizeof(FIRST_PID_NAMESPACE)] = "";
	const struct dirent *entry;
	DIR *dir;

	if (readlink("/proc/self/ns/pid", namespace, sizeof(namespace) - 1) < 0 ||
	    strcmp(namespace, FIRST_PID_NAMESPACE) != 0) {
		return;
	}
	dir = opendir(instances);
	while (dir && (entry = readdir(dir))) {
		const char *number = entry->d_name + strlen(PREFIX);
		int process;

		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0 ||
		    !scan_int(&number, &process) || *number != '\0') {
			continue;
		}
		if (process > 0 && kill(process, 0) && errno == ESRCH) {
			(void)unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
		}
	}
	if (dir) {
		closedir(dir);
	}
}

static int make_instance(struct trace *trace, const char *tracing, struct err *err)
{
	char instances[PATH_MAX - 64];
	int code = find_place(tracing, instances, sizeof(instances), err);

	if (code) {
		return code;
	}
	remove_orphans(instances);
	snprintf(trace->folder, sizeof(trace->folder), "%s/" PREFIX "%d", instances,
		 (int)getpid());
	if (mkdir(trace->folder, 0750) && errno != EEXIST) {
		code = err_set_errno(err, -errno, "cannot make %s", trace->folder);
		trace->folder[0] = '\0';
	}
	return code;
}

/* The instance has a buffer on each CPU; those that are not traced get the least there is. */
static int set_buffers(const struct trace *trace)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	char file[64], value[32];
	int code;

	snprintf(value, sizeof(value), "%ld",
		 trace->cpu < 0 ? TRACE_BUFFER_KIB / cpus + 8 : 8L);
	code = write_setting(trace, "buffer_size_kb", value);
	if (code || trace->cpu < 0) {
		return code;
	}
	snprintf(file, sizeof(file), "per_cpu/cpu%d/buffer_size_kb", trace->cpu);
	snprintf(value, sizeof(value), "%d", TRACE_BUFFER_KIB);
	return write_setting(trace, file, value);
}

/* A mask is hexadecimal, with a comma between groups of 32 CPUs. */
static int set_cpu(const struct trace *trace)
{
	char mask[512];
	size_t used;

	if (trace->cpu < 0) {
		return 0;
	}
	used = (size_t)snprintf(mask, sizeof(mask), "%x", 1u << (trace->cpu % 32));
	for (int i = 0; i < trace->cpu / 32 && used < sizeof(mask); i++) {
		used += (size_t)snprintf(mask + used, sizeof(mask) - used, ",00000000");
	}
	return write_setting(trace, "tracing_cpumask", mask);
}

static int set_event(const struct trace *trace, const struct trace_event *event)
{
	char file[96];
	int code;

	snprintf(file, sizeof(file), "events/%s/enable", event->name);
	code = write_setting(trace, file, "1");
	return event->is_needed ? code : 0;
}

static void filter_event(const struct trace *trace, const char *event, const char *field,
			 int thread)
{
	char file[96], filter[64];

	snprintf(file, sizeof(file), "events/%s/filter", event);
	snprintf(filter, sizeof(filter), "%s == %d", field, thread);
	(void)write_setting(trace, file, filter);
}

/* Of what is of a thread only the cycle's matters: the rest would fill the buffer. */
static void filter_thread(const struct trace *trace, int thread)
{
	filter_event(trace, "sched/sched_waking", "pid", thread);
	filter_event(trace, "exceptions/page_fault_user", "common_pid", thread);
	filter_event(trace, "exceptions/page_fault_kernel", "common_pid", thread);
}

static int set_up(const struct trace *trace, struct err *err)
{
	int code = write_setting(trace, "tracing_on", "0");

	code = code ? code : write_setting(trace, "trace_clock", "mono");
	code = code ? code : set_buffers(trace);
	code = code ? code : set_cpu(trace);
	if (code) {
		return err_set_errno(err, code, "cannot set up %s", trace->folder);
	}
	filter_thread(trace, sys_thread_id());
	for (size_t i = 0; i < ARRAY_SIZE(events) && code == 0; i++) {
		code = set_event(trace, &events[i]);
		if (code) {
			err_set_errno(err, code, "cannot trace %s", events[i].name);
		}
	}
	return code ? code : write_setting(trace, "tracing_on", "1");
}

int trace_open(struct trace *trace, const char *tracing, int cpu, struct err *err)
{
	int code;

	*trace = (struct trace){ .cpu = cpu };
	code = make_instance(trace, tracing, err);
	if (code) {
		return code;
	}
	code = set_up(trace, err);
	if (code) {
		trace_close(trace);
	}
	trace->since_ns = sys_now();
	return code;
}

void trace_watch(struct trace *trace, int thread)
{
	trace->thread = thread;
	if (trace_is_open(trace)) {
		filter_thread(trace, thread);
	}
}

void trace_close(struct trace *trace)
{
	if (trace_is_open(trace)) {
		(void)write_setting(trace, "tracing_on", "0");
		(void)rmdir(trace->folder);
		trace->folder[0] = '\0';
	}
}

bool trace_is_open(const struct trace *trace)
{
	return trace->folder[0] != '\0';
}

/* A copy of the trace being made. */
struct copy {
	const struct trace_window *window;
	FILE *out;
	char *before; /* the last line before the window: it tells who had the CPU */
	size_t before_capacity;
	size_t used;
	int lines;
};

static bool put_line(struct copy *copy, const char *line)
{
	copy->used += strlen(line);
	if (copy->used > TRACE_FILE_MAX - 1024) {
		fputs("# cut: there was more\n", copy->out);
		return false;
	}
	fputs(line, copy->out);
	copy->lines++;
	return true;
}

/* False where no more is wanted. */
static bool take_line(struct copy *copy, char **line, size_t *capacity)
{
	struct trace_line parsed;

	if (trace_line_parse(*line, &parsed)) {
		return true;
	}
	if (parsed.time_ns < copy->window->from_ns) {
		char *before = copy->before;
		size_t before_capacity = copy->before_capacity;

		copy->before = *line;
		copy->before_capacity = *capacity;
		*line = before;
		*capacity = before_capacity;
		return true;
	}
	if (parsed.time_ns > copy->window->to_ns) {
		return false;
	}
	if (copy->lines == 0 && copy->before) {
		put_line(copy, copy->before);
	}
	return put_line(copy, *line);
}

/* Lines of the window, as long as there is room; returns how many, or -errno. */
static int copy_window(FILE *in, FILE *out, const struct trace_window *window)
{
	struct copy copy = { .window = window, .out = out };
	size_t capacity = 0;
	char *line = NULL;

	while (getline(&line, &capacity, in) > 0 && take_line(&copy, &line, &capacity)) {
	}
	free(line);
	free(copy.before);
	return ferror(out) || fflush(out) ? -EIO : copy.lines;
}

static void write_head(const struct trace *trace, const struct trace_window *window,
		       FILE *out)
{
	fprintf(out,
		"# rtloop trace: cycle=%" PRIu64 " thread=%d cpu=%d release_ns=%" PRId64
		"\n"
		"# The kernel's trace of that CPU, in the time around the release; times "
		"are "
		"CLOCK_MONOTONIC.\n",
		window->cycle, trace->thread, trace->cpu, window->release_ns);
}

static int write_snapshot(const struct trace *trace, const struct trace_window *window,
			  int fd)
{
	char path[PATH_MAX + 64];
	FILE *in, *out;
	int lines = -EIO;

	if (trace->cpu >= 0) {
		snprintf(path, sizeof(path), "%s/per_cpu/cpu%d/trace", trace->folder,
			 trace->cpu);
	} else {
		snprintf(path, sizeof(path), "%s/trace", trace->folder);
	}
	in = fopen(path, "re");
	out = fdopen(fd, "w");
	if (in && out) {
		write_head(trace, window, out);
		lines = copy_window(in, out, window);
	}
	if (in) {
		fclose(in);
	}
	if (!out) {
		sys_close(fd);
	} else if (fclose(out)) {
		lines = -EIO;
	}
	return lines > 0 ? 0 : lines == 0 ? -ENODATA : lines;
}

int trace_freeze(struct trace *trace, const struct trace_window *window, const char *path)
{
	int code, fd;

	if (trace->snapshots >= TRACE_SNAPSHOTS_MAX) {
		return -EDQUOT;
	}
	fd = sys_open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, FILE_MODE);
	if (fd < 0) {
		return fd;
	}
	(void)write_setting(trace, "tracing_on", "0");
	code = write_snapshot(trace, window, fd);
	if (code) {
		unlink(path);
	} else {
		trace->snapshots++;
	}
	(void)write_setting(trace, "tracing_on", "1");
	trace->since_ns = sys_now();
	return code;
}
