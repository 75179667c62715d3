/*
 * A wire: what is on its way between the program and one thing outside of it, in both directions. What goes to
 * the program is a stream of bytes, or messages; marks say what is to be made of each part once it has been read.
 */
#ifndef TESTS_SIM_WIRE_H
#define TESTS_SIM_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define WIRE_BYTES     4096
#define WIRE_MARKS     512
#define WIRE_OUT_BYTES 2048

/* What the program must make of a part. */
enum mark_kind {
	MARK_GOOD,	/* a frame with @number */
	MARK_BAD_FIELD, /* a frame that is whole, and says no number */
	MARK_DROPPED, /* no frame: nothing comes of it, but it takes a place in the budget */
	MARK_NOTHING, /* likewise, and it may not even take that */
	MARK_UNSURE, /* a frame with @number that may be taken, or fall to what came before it */
};

struct wire_mark {
	uint64_t end; /* the part ends before this byte of all that was ever sent */
	uint32_t number;
	enum mark_kind kind;
};

struct wire {
	/* what is told of what passes, NULL: a read of something; owner is the caller's own */
	void (*taken)(struct wire *wire, const struct wire_mark *mark);
	void (*told)(struct wire *wire, const uint8_t *data, size_t bytes);
	void *owner;

	bool is_messages;
	bool is_up;    /* there is a program at its end */
	uint64_t sent; /* bytes that were ever put in for the program */
	uint64_t read; /* and taken by it */
	uint8_t in[WIRE_BYTES];
	struct wire_mark marks[WIRE_MARKS];
	unsigned mark_first;
	unsigned mark_count;
	bool has_ended; /* after what is still in it, it ends ... */
	int end_code;	/* with 0, the end, or -errno */
	int error;	/* the next read says this -errno, once */

	uint8_t out[WIRE_OUT_BYTES]; /* the program's, on their way */
	size_t out_bytes;
	size_t out_room;  /* how much it holds; less than that is taken in part */
	bool is_buffered; /* what is written waits for wire_drain() */
	bool is_stalled;  /* and nothing of it passes */
	bool is_choked;	  /* of a stream: a write is taken in part */
	uint64_t refused; /* writes that were not taken, or not wholly */
};

/** wire_begin - empty, and up. */
void wire_begin(struct wire *wire, bool is_messages);

/** wire_put - for the program to read: a part with its mark. False: there is no room for all of it. */
bool wire_put(struct wire *wire, const void *data, size_t bytes, enum mark_kind kind,
	      uint32_t number);

/** wire_put_piece - the beginning of a part whose rest comes later: no mark yet. */
bool wire_put_piece(struct wire *wire, const void *data, size_t bytes);

/** wire_has_input - whether a read has something to say. */
bool wire_has_input(const struct wire *wire);

/** wire_read - up to so many bytes of a stream, or one message; -EAGAIN, 0 or -errno at its end. */
ssize_t wire_read(struct wire *wire, void *data, size_t bytes, bool *ret_is_cut);

/** wire_flush_input - what was not read is thrown away. */
void wire_flush_input(struct wire *wire);

/** wire_write - how much was taken; -EAGAIN; -errno where it has ended. */
ssize_t wire_write(struct wire *wire, const void *data, size_t bytes);

/** wire_drain - so many bytes of what waits reach the other side. */
void wire_drain(struct wire *wire, size_t bytes);

/** wire_flush_output - what waits is thrown away. */
void wire_flush_output(struct wire *wire);

/** wire_end - no more comes; @code as in struct wire. */
void wire_end(struct wire *wire, int code);

#endif
