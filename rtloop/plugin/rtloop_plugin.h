/*
 * A step of your own in C for rtloop, as a shared object. This header is all it takes: C99 and later, C++,
 * no other header of rtloop, and no library to link with. docs/plugin.md is the guide.
 *
 *   init   once, before the loop starts: channels are bound by name, options are read, memory is asked for
 *   step   in every cycle, between reading and writing, in the order that "logic:" of the configuration states
 *   exit   once, after the loop has ended
 *
 * Threads, as tags at the end of each description: [init] the main thread, before the loop starts or after
 * it has ended; [rt] the cycle thread. What is [rt] must not allocate, take a lock, wait, make a system call
 * or read a clock: it is given all that it may know.
 *
 * A shared object holds one symbol, rtloop_plugin:
 *
 *   static void mean_step(const void *instance, void *state, const struct rtloop_now *now) RTLOOP_RT_SAFE;
 *
 *   const struct rtloop_plugin rtloop_plugin = {
 *           RTLOOP_PLUGIN_HEAD, "mean", "1", sizeof(struct mean), NULL, 0, mean_init, mean_step, NULL
 *   };
 *
 * Every struct that crosses the border begins with its size as the one who made it knows it; later versions
 * of the same ABI add members at the end only, so that old plugins run in a newer rtloop unchanged. A newer
 * plugin looks at that size before it uses a member that an older rtloop may lack.
 */
#ifndef RTLOOP_PLUGIN_H
#define RTLOOP_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Changes when an old plugin cannot run any more; rtloop refuses one of another ABI. */
#define RTLOOP_PLUGIN_ABI 1

/*
 * Marks a function that the cycle thread calls. clang 20 and later checks it (-Wfunction-effects); a static
 * function needs a declaration of its own that carries it, as above. Empty elsewhere.
 */
#if defined(__clang__) && __clang_major__ >= 20
#define RTLOOP_RT_SAFE __attribute__((nonblocking))
#else
#define RTLOOP_RT_SAFE
#endif

/* The types of values, and the C type of each. */
enum rtloop_type {
	RTLOOP_BOOL,	/* bool */
	RTLOOP_INT,	/* int64_t */
	RTLOOP_FLOAT,	/* double; of an input also infinite */
	RTLOOP_DURATION /* int64_t, ns */
};

/* Ordered by how bad it is: the worse of two is the greater one. */
enum rtloop_quality {
	RTLOOP_GOOD,
	RTLOOP_STALE, /* older than max_age */
	RTLOOP_BAD    /* never sampled, not decodable, or the device is gone */
};

/*
 * A value that a plugin reads: an input, an output as it is asked for, a param or a var. Made by rtloop, and
 * there until exit() has returned. To be looked at by the functions below only.
 */
struct rtloop_input {
	uint32_t bytes; /* of this struct */
	uint32_t type;	/* enum rtloop_type */
	const void *cell;
	const uint8_t *quality;
	const int64_t *sample_ns; /* NULL: bound without RTLOOP_WITH_AGE */
};

/* An output or a var that a plugin writes; likewise. */
struct rtloop_output {
	uint32_t bytes; /* of this struct */
	uint32_t type;	/* enum rtloop_type */
	void *cell;
	uint8_t *quality;
};

/* What a step may know of its cycle. */
struct rtloop_now {
	uint32_t bytes; /* of this struct */
	uint32_t unused;
	uint64_t cycle;	    /* cycles run before this one */
	int64_t release_ns; /* of this cycle, CLOCK_MONOTONIC */
	int64_t dt_ns;	    /* since the release before: missed releases included */
	/* rtloop_report() */
	void (*report)(const struct rtloop_now *now, uint32_t code,
		       int64_t value) RTLOOP_RT_SAFE;
};

#define RTLOOP_WITH_AGE 1u /* rtloop_age_ns() will be asked of it */

/* What init() asks rtloop for, through the functions below. Not to be kept: it is gone after init(). */
struct rtloop_host {
	uint32_t bytes;	   /* of this struct */
	uint32_t abi;	   /* of the rtloop that runs */
	const char *name;  /* of the plugin in the configuration; stays until exit() */
	int64_t period_ns; /* of the loop */
	const struct rtloop_input *(*input)(struct rtloop_host *host, const char *name,
					    enum rtloop_type type, unsigned flags);
	const struct rtloop_output *(*output)(struct rtloop_host *host, const char *name,
					      enum rtloop_type type);
	void *(*state)(struct rtloop_host *host, size_t bytes);
	bool (*option_is_given)(struct rtloop_host *host, const char *name);
	bool (*option_bool)(struct rtloop_host *host, const char *name, bool fallback);
	int64_t (*option_int)(struct rtloop_host *host, const char *name,
			      int64_t fallback, int64_t min, int64_t max);
	double (*option_float)(struct rtloop_host *host, const char *name,
			       double fallback, double min, double max);
	int64_t (*option_duration)(struct rtloop_host *host, const char *name,
				   int64_t fallback_ns, int64_t min_ns, int64_t max_ns);
	const char *(*option_text)(struct rtloop_host *host, const char *name,
				   const char *fallback);
	void (*refuse)(struct rtloop_host *host, const char *text);
};

/*
 * What a shared object is to rtloop. Two entries of "plugins:" may name the same file: each has an instance
 * and a state of its own, so nothing may be kept in variables of the file.
 */
struct rtloop_plugin {
	uint32_t bytes;	  /* of this struct, and */
	uint32_t abi;	  /* RTLOOP_PLUGIN_ABI: both by RTLOOP_PLUGIN_HEAD */
	const char *name; /* of what it does: "median" */
	const char *
		version; /* to be changed when what step() does, or its state, is another */
	/* Zeroed memory for what init() finds out and step() only reads: handles, options. No part of the
	 * state: a replay makes it anew with init(). May be 0. */
	size_t instance_bytes;
	/* What codes of rtloop_report() mean, in the log: phrases, the code is the index. May be NULL. */
	const char *const *reports;
	uint32_t report_count;
	/**
	 * init - bind and prepare. May allocate and open; exit() gives it back.
	 *
	 * 0, or -errno: then the run does not start, and exit() is not called. A call of the host that
	 * failed fails init() whatever it returns, with the host's own words. [init]
	 */
	int (*init)(struct rtloop_host *host, void *instance);
	/**
	 * step - what is done in one cycle.
	 * @instance: as init() left it; must not be changed, nor anything that it points to
	 * @state: of rtloop_state(); NULL where none was asked for. All that is carried over from one
	 *         cycle to the next is in it: it is recorded in the log, and a replay begins with it
	 *
	 * The same inputs, state and time must give the same outputs and state, bit for bit. [rt]
	 */
	void (*step)(const void *instance, void *state,
		     const struct rtloop_now *now) RTLOOP_RT_SAFE;
	/** exit - give back what init() took; NULL: nothing. [init] */
	void (*exit)(void *instance);
};

#define RTLOOP_PLUGIN_HEAD (uint32_t)sizeof(struct rtloop_plugin), RTLOOP_PLUGIN_ABI

/* The one symbol that is looked for: defined by the plugin. */
extern const struct rtloop_plugin rtloop_plugin __attribute__((visibility("default")));

/* --- in init() --------------------------------------------------------------------------------------- */

/**
 * rtloop_bind_input - a value to read, by its name.
 * @name: "device.channel" of an input or an output, or the name of a param or a var
 * @type: that it must have
 * @flags: 0, or RTLOOP_WITH_AGE for an input channel whose age matters
 *
 * NULL where there is none, or of another type: init() has failed then, and the error that is shown names
 * what is near. [init]
 */
static inline const struct rtloop_input *rtloop_bind_input(struct rtloop_host *host,
							   const char *name,
							   enum rtloop_type type,
							   unsigned flags)
{
	return host->input(host, name, type, flags);
}

/**
 * rtloop_bind_output - an output or a var to write, by its name. Each has one writer: the program, or one
 * plugin.
 *
 * NULL as above. [init]
 */
static inline const struct rtloop_output *
rtloop_bind_output(struct rtloop_host *host, const char *name, enum rtloop_type type)
{
	return host->output(host, name, type);
}

/**
 * rtloop_state - the memory that step() gets as @state: zeroed, aligned to 64 bytes, locked, and recorded
 * in the log. Once; at most 1 MiB. What is in it must mean the same in another process: no pointers.
 *
 * NULL without memory, or where it is asked for a second time: init() has failed then. [init]
 */
static inline void *rtloop_state(struct rtloop_host *host, size_t bytes)
{
	return host->state(host, bytes);
}

/*
 * Options are the scalars below "options:" of the plugin in the configuration. One that is written as
 * something else, or out of @min to @max (both inclusive), fails init() with an error at its place in the
 * file, and gives @fallback. An option that is given and was not asked for is an error too, so that a
 * misspelt name is found. All [init].
 */

static inline bool rtloop_option_is_given(struct rtloop_host *host, const char *name)
{
	return host->option_is_given(host, name);
}

static inline bool rtloop_option_bool(struct rtloop_host *host, const char *name,
				      bool fallback)
{
	return host->option_bool(host, name, fallback);
}

static inline int64_t rtloop_option_int(struct rtloop_host *host, const char *name,
					int64_t fallback, int64_t min, int64_t max)
{
	return host->option_int(host, name, fallback, min, max);
}

static inline double rtloop_option_float(struct rtloop_host *host, const char *name,
					 double fallback, double min, double max)
{
	return host->option_float(host, name, fallback, min, max);
}

/** rtloop_option_duration - written with its unit, as 250us or 2s; in ns. */
static inline int64_t rtloop_option_duration(struct rtloop_host *host, const char *name,
					     int64_t fallback_ns, int64_t min_ns,
					     int64_t max_ns)
{
	return host->option_duration(host, name, fallback_ns, min_ns, max_ns);
}

/**
 * rtloop_option_text - stays until exit() has returned.
 * @fallback: NULL: it must be given
 */
static inline const char *rtloop_option_text(struct rtloop_host *host, const char *name,
					     const char *fallback)
{
	return host->option_text(host, name, fallback);
}

/** rtloop_fail - init() has failed, for this reason: what is wrong; what is expected. [init] */
static inline void rtloop_fail(struct rtloop_host *host, const char *text)
{
	host->refuse(host, text);
}

/* --- in step() --------------------------------------------------------------------------------------- */

/* Each of a handle of that type. [rt] */

static inline bool rtloop_get_bool(const struct rtloop_input *input)
{
	return *(const uint8_t *)input->cell != 0;
}

/** rtloop_get_int - of a duration: ns. */
static inline int64_t rtloop_get_int(const struct rtloop_input *input)
{
	return *(const int64_t *)input->cell;
}

static inline double rtloop_get_float(const struct rtloop_input *input)
{
	return *(const double *)input->cell;
}

static inline enum rtloop_quality rtloop_quality(const struct rtloop_input *input)
{
	return (enum rtloop_quality) * input->quality;
}

static inline bool rtloop_is_good(const struct rtloop_input *input)
{
	return *input->quality == RTLOOP_GOOD;
}

/**
 * rtloop_age_ns - since the last sample, at this release; 0 where it came within this cycle, INT64_MAX
 * where there was none. Of an input that was bound with RTLOOP_WITH_AGE.
 */
static inline int64_t rtloop_age_ns(const struct rtloop_input *input,
				    const struct rtloop_now *now)
{
	int64_t sample_ns = input->sample_ns ? *input->sample_ns : 0;

	return sample_ns == 0		     ? INT64_MAX
	       : sample_ns > now->release_ns ? 0
					     : now->release_ns - sample_ns;
}

/*
 * Setting a value. An output whose quality is not good is driven with its "safe" value. What is not set in
 * a cycle stays as it was. [rt]
 */

static inline void rtloop_set_quality(const struct rtloop_output *output,
				      enum rtloop_quality quality)
{
	*output->quality =
		(uint8_t)((unsigned)quality > RTLOOP_BAD ? RTLOOP_BAD : quality);
}

static inline void rtloop_set_bool(const struct rtloop_output *output, bool value,
				   enum rtloop_quality quality)
{
	*(uint8_t *)output->cell = value;
	rtloop_set_quality(output, quality);
}

/** rtloop_set_int - of a duration: ns. */
static inline void rtloop_set_int(const struct rtloop_output *output, int64_t value,
				  enum rtloop_quality quality)
{
	*(int64_t *)output->cell = value;
	rtloop_set_quality(output, quality);
}

/** rtloop_set_float - what is infinite or not a number leaves the value as it was, and makes it bad. */
static inline void rtloop_set_float(const struct rtloop_output *output, double value,
				    enum rtloop_quality quality)
{
	uint64_t bits;

	/* by its bits: a compiler told -ffast-math takes every number for a finite one */
	memcpy(&bits, &value, sizeof(bits));
	if ((bits >> 52 & 0x7ff) == 0x7ff) {
		rtloop_set_quality(output, RTLOOP_BAD);
		return;
	}
	*(double *)output->cell = value;
	rtloop_set_quality(output, quality);
}

/**
 * rtloop_report - an event of the log, with the name of the plugin.
 * @code: what happened: its phrase in the log is reports[code] of struct rtloop_plugin; at most 65535
 *
 * A plugin may report eight times a second; what is beyond is counted in the run's report. [rt]
 */
static inline void rtloop_report(const struct rtloop_now *now, uint32_t code,
				 int64_t value)
{
	now->report(now, code, value);
}

#ifdef __cplusplus
}
#endif

#endif
