/*
 * DBC files: the signals of CAN messages by name, as makers of vehicles and machines hand
 * them out.
 *
 * Read are BO_ (messages), SG_ (signals), SIG_VALTYPE_ (which of them are floats) and
 * SG_MUL_VAL_ (multiplexors of multiplexors); every other statement is passed over. What a
 * signal says is judged when it is asked for: a file may hold others that make no sense.
 * Texts are UTF-8 or Latin-1.
 */
#ifndef DRIVERS_DBC_H
#define DRIVERS_DBC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/arena.h"
#include "drivers/can_signal.h"
#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

#define DBC_FILE_BYTES_MAX (16 << 20)
#define DBC_ITEMS_MAX	   65536 /* of each kind */
#define DBC_SWITCHES_MAX   8	 /* multiplexors above one signal */

/* BO_ */
struct dbc_message {
	const char *name;
	uint32_t id; /* as the file has it: bit 31 tells an extended one */
	uint32_t bytes;
	unsigned line;
	uint32_t first_signal;
	uint32_t signal_count;
};

/* SG_ */
struct dbc_signal {
	const char *name;
	const char *unit; /* as the file has it, not yet UTF-8 */
	uint32_t start;
	uint32_t length;
	double scale;
	double offset;
	uint64_t switch_value; /* m7: 7 */
	unsigned line;
	bool is_big;
	bool is_signed;
	bool is_switch;	     /* M */
	bool is_multiplexed; /* m7; with M behind it, both */
};

/* SIG_VALTYPE_ */
struct dbc_float {
	const char *signal;
	uint32_t id;
	uint32_t bytes; /* 4 or 8 */
};

/* SG_MUL_VAL_ */
struct dbc_switch {
	const char *signal;
	const char *by; /* the multiplexor, in the same message */
	uint32_t id;
	uint32_t first_range;
	uint32_t range_count;
};

struct dbc_list {
	void *items; /* owned */
	uint32_t count;
	uint32_t capacity;
};

struct dbc {
	struct arena arena; /* owns all text */
	const char *path;   /* for errors */
	struct dbc_list messages;
	struct dbc_list signals; /* those of a message in a row */
	struct dbc_list floats;
	struct dbc_list switches;
	struct dbc_list ranges; /* struct can_range */
};

/* One signal, as it can be read. */
struct dbc_found {
	struct can_signal signal;
	const char *unit;	/* UTF-8; NULL: none */
	uint32_t message_bytes; /* of its message, as stated; 0: not stated */
};

/**
 * dbc_load - read the file.
 *
 * With @err filled as "PATH:LINE: what is wrong": what open(2) or read(2) returned; -EFBIG;
 * -EINVAL; -ENOMEM. [init]
 */
int dbc_load(const char *path, struct dbc **ret_dbc, struct err *err) MUST_CHECK;

/** dbc_parse - the same from memory; @path: for errors. [init] */
int dbc_parse(const char *path, const char *text, size_t bytes, struct dbc **ret_dbc,
	      struct err *err) MUST_CHECK;
void dbc_destroy(struct dbc *dbc);

/**
 * dbc_find - a signal by its name.
 * @name: "MESSAGE.SIGNAL"
 * @arena: keeps the unit and the multiplexors
 *
 * -ENOENT: there is none, and @err says which name may have been meant; -EINVAL: it, or
 * a multiplexor of it, makes no sense; -ENOMEM. [init]
 */
int dbc_find(const struct dbc *dbc, const char *name, struct arena *arena,
	     struct dbc_found *ret_found, struct err *err) MUST_CHECK;

#endif
