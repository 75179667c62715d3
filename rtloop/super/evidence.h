/*
 * Evidence on overruns: what changed on the cycle's CPU since the last look, recorded as events of the
 * log. docs/log.md states the words, and what each of them proves.
 *
 * Two kinds of look. The counters of the cycle thread itself are read at each pass of the supervisor, some
 * twenty times a second; those of its CPU and of all threads of the machine once a second, and at an
 * overrun. Overruns that come within EVIDENCE_PAUSE_NS of the last evidence wait, and are told of
 * together: so a burst costs no more than one look a second.
 *
 * Without a log nothing is looked at.
 */
#ifndef RTLOOP_SUPER_EVIDENCE_H
#define RTLOOP_SUPER_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/base/time.h"
#include "rtloop/cycle/loop.h"
#include "rtloop/log/logger.h"
#include "rtloop/super/faults.h"
#include "rtloop/super/look.h"
#include "rtloop/super/proc_file.h"
#include "rtloop/super/threads.h"
#include "rtloop/super/trace.h"

#define EVIDENCE_PAUSE_NS NS_PER_SEC
#define EVIDENCE_FAULTS	  8u /* newest page faults that are kept */
#define EVIDENCE_TOLD_MAX 8u /* overruns of one look that are told of one by one */

/* The cycle thread, at one moment. */
struct self_look {
	int64_t at_ns; /* 0: none was taken */
	bool has_sched;
	struct proc_sched sched;
	struct proc_thread thread;
	struct proc_switches switches;
};

/* The process was continued by SIGCONT. */
struct continued {
	int64_t alive_ns; /* when the supervisor ran last before it */
	int64_t at_ns;	  /* when the signal came; 0: none did */
	int sender;	  /* its process; 0: the kernel, for the terminal */
};

struct evidence {
	struct loop *loop;     /* borrowed */
	struct logger *logger; /* borrowed */
	const char *root;      /* borrowed: put before each path; "" */
	const char *tracing;   /* borrowed: where tracefs is; NULL: where it usually is */

	bool is_prepared;
	bool is_open;  /* the files of the cycle thread are */
	int thread_id; /* of the cycle */
	struct proc_file stat;
	struct proc_file schedstat;
	struct proc_file status;
	struct self_look earlier; /* before self, without an overrun since */
	struct self_look self;
	struct look_files files;
	struct look *before; /* two of them; owned */
	struct look *now;
	struct threads threads;
	struct faults faults;
	struct fault kept[EVIDENCE_FAULTS]; /* round */
	uint64_t faults_seen;
	bool has_lost_faults;
	struct continued continued;
	struct trace trace;
	struct err trace_err; /* why there is no trace that was asked for; "" */

	int64_t told_ns;      /* of the last evidence; 0: none so far */
	uint64_t told;	      /* overruns told of, or counted, so far */
	uint64_t look_number; /* of the last evidence */
	uint64_t cycles;      /* when they rose last ... */
	int64_t cycles_ns;    /* ... and when that was */
};

/** evidence_init - -ENOMEM; evidence_fini() is right after a failure too. [init] */
int evidence_init(struct evidence *evidence, struct loop *loop,
		  struct logger *logger) MUST_CHECK;
void evidence_fini(struct evidence *evidence);

/**
 * evidence_prepare - before the cycle begins: what costs it something to switch on. Why a trace that was
 * asked for is not there is in trace_err. A no-op without a log. [init]
 */
void evidence_prepare(struct evidence *evidence);

/** evidence_look - one pass; the first ones wait until the cycle thread runs. [super] */
void evidence_look(struct evidence *evidence, int64_t now_ns);

/** evidence_continue - SIGCONT came. [super] */
void evidence_continue(struct evidence *evidence, const struct continued *continued);

/** evidence_end - the loop has ended: tell what is left, and remove the trace. [super] */
void evidence_end(struct evidence *evidence, int64_t now_ns);

#endif
