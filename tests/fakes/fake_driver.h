/* A driver that reads nothing: one option of each kind, for tests of the configuration. */
#ifndef TESTS_FAKES_FAKE_DRIVER_H
#define TESTS_FAKES_FAKE_DRIVER_H

#include "drivers/driver.h"

struct fake_inner {
	bool is_on;
	int64_t level;
};

struct fake_group {
	const char *word; /* required */
	struct fake_inner inner;
	bool has_inner;
};

struct fake_options {
	bool flag;
	int64_t number;
	double ratio;
	int64_t wait_ns;
	int64_t room_bytes;
	const char *text;
	struct option_bytes data;
	const char *path;
	int mode; /* 0 slow, 1 fast */
	struct fake_group group;
	bool has_group;
	bool has_number;
};

struct fake_in_options {
	int64_t column; /* required */
};

/* Channels of this column are bools where their type is not stated. */
#define FAKE_BOOL_COLUMN 64

extern const struct option fake_rows[];

/* Its check() refuses a number of 13, at its own place. */
extern const struct driver fake_driver;

/* The same without channels, but with a thread of its own if one likes. */
extern const struct driver fake_output_driver;

/* The same again, built without its library. */
extern const struct driver fake_lacking_driver;

#endif
