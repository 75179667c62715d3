#include "rtloop/report/told.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What follows "key=" at the beginning of a word; NULL where no word begins so. */
static const char *find_word(const char *line, const char *key)
{
	size_t length = strlen(key);

	for (const char *at = strchr(line, ' '); at; at = strchr(at + 1, ' ')) {
		if (strncmp(at + 1, key, length) == 0 && at[1 + length] == '=') {
			return at + length + 2;
		}
	}
	return NULL;
}

int64_t told_number(const char *line, const char *key, int64_t missing)
{
	const char *at = find_word(line, key);
	char *end = NULL;
	int64_t value = at ? strtoll(at, &end, 10) : missing;

	return at && end == at ? missing : value;
}

void told_word(const char *line, const char *key, char *value, size_t bytes)
{
	const char *at = find_word(line, key);

	snprintf(value, bytes, "%.*s", at ? (int)strcspn(at, " ") : 0, at ? at : "");
}

static bool is_subject(const char *line, const char *subject)
{
	size_t length = strlen(subject);

	return strncmp(line, subject, length) == 0 &&
	       (line[length] == ' ' || line[length] == '\0');
}

static void take_look(struct told_look *look, const char *line)
{
	look->all = (uint64_t)told_number(line, "overruns", 0);
	look->first = (uint64_t)told_number(line, "first", 0);
	look->last = (uint64_t)told_number(line, "last", 0);
	look->cpu = told_number(line, "cpu", -1);
	look->priority = told_number(line, "priority", 0);
}

static void take_overrun(struct told_look *look, const char *device, const char *line)
{
	struct told_overrun *overrun = &look->overruns[look->overrun_count];
	char kind[32];

	if (look->overrun_count == REPORT_TOLD_MAX) {
		return;
	}
	look->overrun_count++;
	told_word(line, "kind", kind, sizeof(kind));
	*overrun = (struct told_overrun){
		.cycle = (uint64_t)told_number(line, "cycle", 0),
		.is_late_wake = strstr(kind, "late_wake") != NULL,
		.is_long_work = strstr(kind, "long_work") != NULL,
		.release_ns = told_number(line, "release_ns", 0),
		.wake_ns = told_number(line, "wake_ns", 0),
		.end_ns = told_number(line, "end_ns", 0),
		.record_ns = told_number(line, "record_ns", 0),
		.call_ns = told_number(line, "call_ns", 0),
		.call_end_ns = told_number(line, "call_end_ns", 0),
	};
	told_word(line, "call", overrun->call, sizeof(overrun->call));
	snprintf(overrun->device, sizeof(overrun->device), "%s", device);
}

static void take_thread(struct told_look *look, const char *line)
{
	look->thread_from_ns = told_number(line, "from_ns", 0);
	look->thread_to_ns = told_number(line, "to_ns", 0);
	look->delay_ns = told_number(line, "delay_ns", -1);
	look->usual_delay_ns = told_number(line, "usual_delay_ns", -1);
	look->minor = told_number(line, "minor", 0);
	look->major = told_number(line, "major", 0);
}

static void take_continued(struct told_look *look, const char *line)
{
	look->alive_ns = told_number(line, "alive_ns", 0);
	look->continued_ns = told_number(line, "at_ns", 0);
	look->sender = told_number(line, "sender", 0);
}

static void take_fault(struct told_look *look, const char *line)
{
	char kind[16];

	if (look->fault_count < REPORT_FAULTS_MAX) {
		told_word(line, "kind", kind, sizeof(kind));
		look->faults[look->fault_count++] = (struct told_fault){
			.time_ns = told_number(line, "time_ns", 0),
			.is_major = strcmp(kind, "major") == 0,
		};
	}
}

static void take_cpu(struct told_look *look, const char *line)
{
	look->throttles = told_number(line, "thermal_throttles", 0) +
			  told_number(line, "group_throttles", 0);
	look->steal_ticks = told_number(line, "steal_ticks", 0);
}

static void keep(char kept[REPORT_LINE_BYTES], const char *line)
{
	snprintf(kept, REPORT_LINE_BYTES, "%s", line);
}

static void take_line(struct told_look *look, const char *device, const char *line)
{
	if (is_subject(line, "look")) {
		take_look(look, line);
	} else if (is_subject(line, "overrun")) {
		take_overrun(look, device, line);
	} else if (is_subject(line, "thread")) {
		take_thread(look, line);
	} else if (is_subject(line, "continued")) {
		take_continued(look, line);
	} else if (is_subject(line, "fault")) {
		take_fault(look, line);
	} else if (is_subject(line, "cpu")) {
		take_cpu(look, line);
	} else if (is_subject(line, "interrupts")) {
		keep(look->interrupts, line);
	} else if (is_subject(line, "ran")) {
		keep(look->ran, line);
	} else if (is_subject(line, "trace")) {
		keep(look->trace, line);
	}
}

static struct told_look *add_look(struct told *told, int64_t number)
{
	if (!told->looks || told->count == told->capacity) {
		unsigned capacity = told->capacity ? 2 * told->capacity : 16;
		struct told_look *looks =
			reallocarray(told->looks, capacity, sizeof(*looks));

		if (!looks) {
			return NULL;
		}
		told->looks = looks;
		told->capacity = capacity;
	}
	/* one whose first line was lost is of no cycle, and stays in order */
	told->looks[told->count] = (struct told_look){
		.number = number,
		.last = told->count ? told->looks[told->count - 1].last : 0,
		.cpu = -1,
		.delay_ns = -1,
		.usual_delay_ns = -1,
	};
	return &told->looks[told->count++];
}

/* The lines of a look stand together. */
int told_add(struct told *told, int64_t number, const char *device, const char *text)
{
	struct told_look *look = told->count ? &told->looks[told->count - 1] : NULL;

	if (!look || look->number != number) {
		if (told->count == REPORT_LOOKS_MAX) {
			told->more += is_subject(text, "look");
			return 0;
		}
		look = add_look(told, number);
	}
	if (!look) {
		return -ENOMEM;
	}
	take_line(look, device, text);
	return 0;
}

void told_fini(struct told *told)
{
	free(told->looks);
	*told = (struct told){ 0 };
}

/* Looks come in order, and there may be thousands of them, for as many overruns. */
const struct told_look *told_find(const struct told *told, uint64_t cycle)
{
	unsigned from = 0, to = told->count;
	const struct told_look *look;

	while (from < to) {
		unsigned middle = from + (to - from) / 2;

		if (told->looks[middle].last < cycle) {
			from = middle + 1;
		} else {
			to = middle;
		}
	}
	look = from < told->count ? &told->looks[from] : NULL;
	return look && look->all > 0 && look->first <= cycle ? look : NULL;
}

const struct told_overrun *told_overrun_of(const struct told_look *look, uint64_t cycle)
{
	for (unsigned i = 0; i < look->overrun_count; i++) {
		if (look->overruns[i].cycle == cycle) {
			return &look->overruns[i];
		}
	}
	return NULL;
}
