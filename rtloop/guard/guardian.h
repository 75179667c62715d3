/*
 * The guardian of a run: what it does, turn by turn. The process around it is process.c.
 *
 *   watches   the run is there: its packets are taken, its heartbeat is judged, the hardware watchdog is fed
 *   acts      the run died, or its cycle stopped: what is left of it is killed, the safe values are written, and
 *             written again until the last of its threads is gone, which may have been in the middle of a call
 *   holds     until a later run, or a person, takes the lines from it
 *
 * It allocates nothing, and waits for nobody but in the one place where it sleeps, and in a chip's own calls.
 */
#ifndef RTLOOP_GUARD_GUARDIAN_H
#define RTLOOP_GUARD_GUARDIAN_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/heartbeat.h"
#include "rtloop/guard/feeder.h"
#include "rtloop/guard/held.h"
#include "rtloop/guard/judge.h"
#include "rtloop/guard/packet.h"

#define GUARD_PEERS_MAX 4

/* Who connects has this long for all that it asks. */
#define GUARD_PEER_NS (INT64_C(30) * 1000000000)

/* Where one that connects cannot be let in, for want of descriptors, nobody is for so long. */
#define GUARD_DEAF_NS (INT64_C(1) * 1000000000)

struct guard_peer {
	int fd; /* -1: none */
	int64_t deadline_ns;
};

/* Whom it watches. */
struct guard_run {
	pid_t pid;
	int fd;			     /* becomes the guardian's */
	int process_fd;		     /* likewise; -1: none */
	struct heartbeat *heartbeat; /* borrowed */
	int64_t limit_ns; /* silence of the cycle that is too long: judge_limit_ns() */
};

/* What it does to other processes, and to the person who reads: a test has its own. */
struct guard_ways {
	/** is_dumping - whether the kernel is writing the run's core, in which it runs no more. [guard] */
	bool (*is_dumping)(pid_t pid);
	/** kill - SIGKILL, to no other process than this one. [guard] */
	void (*kill)(int process_fd, pid_t pid);
	/** say - a sentence for whoever reads the machine's messages. [guard] */
	void (*say)(const char *text);
};

struct guardian {
	const struct guard_ways *ways; /* borrowed */
	struct guard_run run;	       /* run.fd is -1 when it has closed its end */
	struct held held;
	struct judge judge;
	int64_t read_ns; /* when it has read the clock last, awake */
	struct feeder feeder;
	struct guard_state state;
	int64_t again_ns; /* when the safe values are written again; JUDGE_NEVER: no more */
	int64_t again_step_ns;
	int listen_fd; /* -1: nobody can connect */
	int64_t deaf_until_ns;
	char path[GUARD_PATH_BYTES];
	uint64_t inode; /* of the socket's file: another one is another guardian's */
	struct guard_peer peers[GUARD_PEERS_MAX];
	volatile sig_atomic_t is_asked_to_end; /* by SIGTERM: heard when it holds */
	bool is_over;
};

/** guardian_init - watch a run; it holds nothing yet. [guard] */
void guardian_init(struct guardian *guardian, const struct guard_ways *ways,
		   const struct guard_run *run);

/** guardian_fini - close all; lines that are held are let go of. [guard] */
void guardian_fini(struct guardian *guardian);

/**
 * guardian_turn - sleep until there is something to do, and do it.
 *
 * Returns whether there is more to come: false when the run has ended in order, or all was taken over or let go of.
 * [guard]
 */
bool guardian_turn(struct guardian *guardian);

/* --- for its own files -------------------------------------------------------------------------- */

/** guardian_act - the run is to end: kill what is left of it, and write the safe values. [guard] */
void guardian_act(struct guardian *guardian, enum guard_cause cause, int64_t now_ns);

/** guardian_go_on - after guardian_act(): write again what is due, and look whether the run is gone. [guard] */
void guardian_go_on(struct guardian *guardian, bool is_gone, int64_t now_ns);

/** guardian_state - as it is now. [guard] */
struct guard_packet guardian_state(const struct guardian *guardian);

/** guardian_serve_run - the packets of the run; false: it has closed its end. [guard] */
bool guardian_serve_run(struct guardian *guardian);

/** guardian_end - take the socket away, let go of all, and be over. [guard] */
void guardian_end(struct guardian *guardian);

/** guardian_inode_of - of the file at a path itself; 0: there is none. [guard] */
uint64_t guardian_inode_of(const char *path);

/** guardian_take_in - who wants to connect; guardian_serve_peer: answer, or drop, this one. [guard] */
void guardian_take_in(struct guardian *guardian, int64_t now_ns);
void guardian_serve_peer(struct guardian *guardian, struct guard_peer *peer,
			 bool has_news, int64_t now_ns);

#endif
