/* The lines of evidence, each an event of the log. Private to the evidence. */
#ifndef RTLOOP_SUPER_EVIDENCE_TEXT_H
#define RTLOOP_SUPER_EVIDENCE_TEXT_H

#include "rtloop/super/evidence.h"
#include "rtloop/super/line.h"

/* Overruns of one look: the first ones, and how many there were. */
struct overrun_list {
	struct overrun list[EVIDENCE_TOLD_MAX];
	unsigned count;
	uint64_t all; /* those that found no place are only counted */
	struct overrun last;
	uint64_t until; /* the last cycle that may be one of them */
};

/** text_look - what this evidence is of. [super] */
const char *text_look(struct line *line, const struct overrun_list *overruns,
		      const struct self_look *self);

/** text_overrun - one of them. [super] */
const char *text_overrun(struct line *line, const struct overrun *overrun);

/**
 * text_thread - what changed of the cycle thread.
 * @earlier: a look before @before, without an overrun between the two; or none
 *
 * [super]
 */
const char *text_thread(struct line *line, const struct self_look *earlier,
			const struct self_look *before, const struct self_look *now);

/** text_fault - a page fault of the cycle thread. [super] */
const char *text_fault(struct line *line, const struct fault *fault);

/** text_counts - which counts of one CPU rose, the greatest first; NULL where none did. [super] */
const char *text_counts(struct line *line, const char *subject, const struct look *before,
			const struct look *now);

/** text_cpu - switches, throttling, frequency; 0 kHz: not known. [super] */
const char *text_cpu(struct line *line, const struct look *before, const struct look *now,
		     uint64_t khz);

/** text_ran - who ran there. [super] */
const char *text_ran(struct line *line, const struct look *before, const struct look *now,
		     const struct threads_ran *ran);

/** text_stopped - the process was continued. [super] */
const char *text_stopped(struct line *line, const struct continued *continued);

#endif
