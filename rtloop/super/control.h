/*
 * The control socket of a run: requests of one line each, answered by whoever knows the answers. It is
 * served by the supervisor, between its looks: nothing here ever waits, whatever its peers do.
 *
 * A peer sends one line, to its newline, and gets one reply; then the connection is closed. The number of peers, the length
 * of a line and the time that each may take are bounded; a peer beyond them is told so, or dropped.
 */
#ifndef RTLOOP_SUPER_CONTROL_H
#define RTLOOP_SUPER_CONTROL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/super/control_path.h"

#define CONTROL_PEERS_MAX 16
#define CONTROL_LINE_MAX  8192 /* its end included */
#define CONTROL_WORDS_MAX 256

/* To send a whole line, and to take the whole reply. Where others wait for a place, who has sent no line
 * within CONTROL_GRACE_NS makes room for them. */
#define CONTROL_READ_NS	 (INT64_C(2) * 1000000000)
#define CONTROL_GRACE_NS (INT64_C(100) * 1000000)
#define CONTROL_WRITE_NS (INT64_C(5) * 1000000000)

/* One request, for as long as it takes to answer it. */
struct control_request {
	const char *words[CONTROL_WORDS_MAX]; /* of the line, without its spaces */
	unsigned word_count;
	struct ucred peer; /* who asks */
	int64_t came_ns;   /* when the line was whole */
	unsigned stage;	   /* of whoever answers; 0 the first time */
	uint64_t ticket;   /* likewise, */
	unsigned changed;  /* and this */
};

/* Answers requests. */
struct control_handler {
	void *context;
	/**
	 * answer - write the reply to a request, or say that it will take some more time.
	 *
	 * Returns whether the reply is complete. If not, nothing of it is kept, and it is called
	 * again about a millisecond later. [super]
	 */
	bool (*answer)(void *context, struct control_request *request, int64_t now_ns,
		       FILE *reply);
	/** refuse - write the reply to what is no request. [super] */
	void (*refuse)(void *context, const char *why, FILE *reply);
};

enum peer_state { PEER_NONE, PEER_READS, PEER_WAITS, PEER_WRITES };

struct control_peer {
	enum peer_state state;
	int fd;
	int64_t deadline_ns; /* it is dropped then; none while it waits for an answer */
	char line[CONTROL_LINE_MAX];
	size_t line_bytes;
	struct control_request request;
	char *reply; /* owned */
	size_t reply_bytes;
	size_t sent_bytes;
};

struct control {
	int listen_fd;	   /* -1: not open */
	int64_t accept_ns; /* nobody is taken in before */
	char path[CONTROL_PATH_BYTES];
	struct control_handler handler;
	struct control_peer peers[CONTROL_PEERS_MAX];
};

/** control_init - not open yet. [init] */
void control_init(struct control *control);

/**
 * control_open - listen at a path, with mode 0660. One that a run has left behind is taken over.
 *
 * -EADDRINUSE: a run serves it; -EEXIST: something else is there; what socket(2), bind(2), flock(2) say, with @err filled. [init]
 */
int control_open(struct control *control, const char *path,
		 const struct control_handler *handler, struct err *err) MUST_CHECK;

/** control_close - drop all peers and take the socket away; a second time is a no-op. [init] */
void control_close(struct control *control);

/**
 * control_serve - wait up to @limit_ns for peers, and serve those that want something. A signal ends
 * the wait early; so does a request whose answer takes some more time, after a millisecond.
 *
 * Not open: only waits. [super]
 */
void control_serve(struct control *control, int64_t limit_ns);

#endif
