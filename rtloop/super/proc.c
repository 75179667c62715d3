#include "rtloop/super/proc.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/base/scan.h"

/* Three numbers of /proc/PID/schedstat, or the last three of a CPU's line in /proc/schedstat. */
static int scan_sched(const char *text, struct proc_sched *ret_sched)
{
	struct proc_sched sched;

	if (!scan_number(&text, &sched.run_ns) || !scan_number(&text, &sched.delay_ns) ||
	    !scan_number(&text, &sched.slices)) {
		return -EBADMSG;
	}
	*ret_sched = sched;
	return 0;
}

int proc_parse_sched(const char *text, struct proc_sched *ret_sched)
{
	return scan_sched(text, ret_sched);
}

/* What follows "KEY " at the beginning of a line; NULL where there is no such line. */
static const char *find_line(const char *text, const char *key)
{
	size_t length = strlen(key);

	while (text) {
		if (strncmp(text, key, length) == 0 &&
		    (text[length] == ' ' || text[length] == '\t')) {
			return text + length;
		}
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return NULL;
}

static const char *find_cpu(const char *text, int cpu)
{
	char key[16];

	snprintf(key, sizeof(key), "cpu%d", cpu);
	return find_line(text, key);
}

/* Six counters, which may have to be switched on, stand before the three that always count. */
int proc_parse_cpu_sched(const char *text, int cpu, struct proc_sched *ret_sched)
{
	const char *line = find_cpu(text, cpu);

	if (!line) {
		return -ENOENT;
	}
	return scan_skip(&line, 6) ? scan_sched(line, ret_sched) : -EBADMSG;
}

static void copy_name(struct proc_thread *thread, const char *from, const char *to)
{
	size_t length = (size_t)(to - from);

	length = length < sizeof(thread->name) ? length : sizeof(thread->name) - 1;
	memcpy(thread->name, from, length);
	thread->name[length] = '\0';
}

/* Fields are counted from the last parenthesis: a name may hold parentheses and blanks. */
int proc_parse_thread(const char *text, struct proc_thread *ret_thread)
{
	const char *begin = strchr(text, '(');
	const char *end = strrchr(text, ')');
	const char *at = end ? end + 1 : NULL;
	struct proc_thread thread;

	/* fields 10, 12, 39, 40 and 41 of proc(5); behind the name comes the third */
	if (!begin || !end || end < begin || !scan_skip(&at, 7) ||
	    !scan_number(&at, &thread.minor_faults) || !scan_skip(&at, 1) ||
	    !scan_number(&at, &thread.major_faults) || !scan_skip(&at, 26) ||
	    !scan_int(&at, &thread.cpu) || !scan_int(&at, &thread.priority) ||
	    !scan_int(&at, &thread.policy)) {
		return -EBADMSG;
	}
	copy_name(&thread, begin + 1, end);
	*ret_thread = thread;
	return 0;
}

static int parse_number(const char *text, uint64_t *ret_value)
{
	return scan_number(&text, ret_value) ? 0 : -EBADMSG;
}

int proc_parse_value(const char *text, const char *key, uint64_t *ret_value)
{
	const char *line = find_line(text, key);

	return line ? parse_number(line, ret_value) : -ENOENT;
}

int proc_parse_switches(const char *text, struct proc_switches *ret_switches)
{
	struct proc_switches switches;

	if (proc_parse_value(text, "voluntary_ctxt_switches:", &switches.voluntary) ||
	    proc_parse_value(text,
			     "nonvoluntary_ctxt_switches:", &switches.involuntary)) {
		return -EBADMSG;
	}
	*ret_switches = switches;
	return 0;
}

int proc_parse_steal(const char *text, int cpu, uint64_t *ret_ticks)
{
	const char *line = find_cpu(text, cpu);

	if (!line) {
		return -ENOENT;
	}
	return scan_skip(&line, 7) && scan_number(&line, ret_ticks) ? 0 : -EBADMSG;
}

void proc_clean_name(char *name)
{
	for (; *name; name++) {
		if (!isalnum((unsigned char)*name) && !strchr("_-./:", *name)) {
			*name = '_';
		}
	}
}

/* Where one CPU's numbers stand. */
struct column {
	unsigned index;
	unsigned count; /* of columns */
};

static bool find_column(const char *text, int cpu, struct column *ret_column)
{
	bool is_found = false;
	int number;

	*ret_column = (struct column){ 0 };
	for (text += strspn(text, " "); strncmp(text, "CPU", 3) == 0;
	     text += strspn(text, " ")) {
		text += 3;
		if (!scan_int(&text, &number)) {
			return is_found;
		}
		if (number == cpu) {
			ret_column->index = ret_column->count;
			is_found = true;
		}
		ret_column->count++;
	}
	return is_found;
}

/* The names of who asked for the interrupt stand last, behind two blanks or more. */
static void add_names(char *name, const char *at, const char *end)
{
	size_t used = strlen(name), length;
	const char *names = at;

	while (end > at && isspace((unsigned char)end[-1])) {
		end--;
	}
	for (const char *c = at; c + 1 < end; c++) {
		if (c[0] == ' ' && c[1] == ' ') {
			names = c + 2;
		}
	}
	while (names < end && *names == ' ') {
		names++;
	}
	length = (size_t)(end - names);
	if (length == 0 || used + 3 >= PROC_NAME_BYTES) {
		return;
	}
	if (length > PROC_NAME_BYTES - used - 3) {
		length = PROC_NAME_BYTES - used - 3;
	}
	memcpy(name + used + 1, names, length);
	name[used + 1 + length] = '\0';
	proc_clean_name(name + used + 1);
	name[used] = '(';
	memcpy(name + used + 1 + length, ")", 2);
}

/* "37:  12  0   PCI-MSI  524288-edge  eth0"; false where a number is missing. */
static bool parse_count(const char *line, const char *end, const struct column *column,
			struct proc_count *ret_count)
{
	const char *colon = memchr(line, ':', (size_t)(end - line));

	while (line < end && *line == ' ') {
		line++;
	}
	if (!colon || colon == line || colon - line >= PROC_NAME_BYTES) {
		return false;
	}
	memcpy(ret_count->name, line, (size_t)(colon - line));
	ret_count->name[colon - line] = '\0';
	line = colon + 1;
	for (unsigned i = 0; i < column->count; i++) {
		uint64_t value;

		if (!scan_number(&line, &value)) {
			return false;
		}
		ret_count->value = i == column->index ? value : ret_count->value;
	}
	proc_clean_name(ret_count->name);
	add_names(ret_count->name, line, end);
	return true;
}

int proc_parse_counts(const char *text, int cpu, struct proc_counts *ret_counts)
{
	struct column column;
	const char *line = strchr(text, '\n');

	if (!line || !find_column(text, cpu, &column)) {
		return -ENOENT;
	}
	ret_counts->count = 0;
	while (line && ret_counts->count < PROC_COUNTS_MAX) {
		const char *end = strchr(line + 1, '\n');

		if (end && parse_count(line + 1, end, &column,
				       &ret_counts->list[ret_counts->count])) {
			ret_counts->count++;
		}
		line = end;
	}
	return 0;
}

/* Its number, without who asked for it: drivers come and go, and the count goes on. */
static bool is_same_count(const char *first, const char *second)
{
	size_t length = strcspn(first, "(");

	return length == strcspn(second, "(") && strncmp(first, second, length) == 0;
}

bool proc_count_before(const struct proc_counts *before, const struct proc_count *now,
		       unsigned hint, uint64_t *ret_value)
{
	*ret_value = 0;
	if (hint < before->count && is_same_count(before->list[hint].name, now->name)) {
		*ret_value = before->list[hint].value;
		return true;
	}
	for (unsigned i = 0; i < before->count; i++) {
		if (is_same_count(before->list[i].name, now->name)) {
			*ret_value = before->list[i].value;
			return true;
		}
	}
	return before->count < PROC_COUNTS_MAX;
}
