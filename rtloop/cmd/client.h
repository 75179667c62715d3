/* How commands talk to a run: find its socket by its name, send a request, take the reply. */
#ifndef RTLOOP_CMD_CLIENT_H
#define RTLOOP_CMD_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "config/tree.h"
#include "rtloop/base/attr.h"
#include "rtloop/cmd/cmd.h"
#include "rtloop/super/control_path.h"

/* What is looked for, by its sockets. */
struct client_kind {
	const char *suffix; /* of the sockets' names */
	const char *noun;   /* "run" */
	const char *none;   /* "nothing runs" */
};

struct client {
	const struct client_kind *kind; /* borrowed; NULL: runs */
	const struct command *command;	/* borrowed; stands before what goes wrong */
	char path[CONTROL_PATH_BYTES];	/* of the socket */
	bool is_quiet; /* what client_ask() finds wrong is kept in @said, not told on stderr */
	char said[256];
	int reply_limit_s; /* how long a reply may take; 0: a minute */
};

/**
 * client_find - the socket of a run.
 * @name: the run's; or a path, which has a '/'; NULL: of the only one that runs
 *
 * Returns EXIT_OK; EXIT_FAILED or EXIT_USAGE, and what is wrong was told on stderr. [init]
 */
int client_find(struct client *client, const char *name);

/** client_is_name - whether a word can only be a run's name: no channel, no assignment. [init] */
bool client_is_name(const char *word);

/**
 * client_is_no_run - a word that could be a run's name is not that of the only run that there is: it is
 * meant for that one. [init]
 */
bool client_is_no_run(const char *word);

/* A reply. */
struct client_reply {
	char *text; /* owned; a NUL follows it */
	size_t bytes;
	bool has_tree; /* it was an object: its members are in the tree */
	struct tree tree;
};

/**
 * client_ask - one request and its reply.
 * @words: that follow the verb; joined by spaces
 *
 * Returns EXIT_OK with the reply, which client_free() gives back; or the status to end with: what is
 * wrong, of the connection or in the run's own words, was told on stderr. [init]
 */
int client_ask(struct client *client, const char *verb, char *const *words,
	       unsigned word_count, struct client_reply *ret_reply);
void client_free(struct client_reply *reply);

/** client_print_change - what came of what the run was told, in a line on stdout. [init] */
void client_print_change(const struct client_reply *reply);

/** client_text - a member of an object; "" where it is not there. [init] */
const char *client_text(const struct node *object, const char *member);

/** client_number - likewise; 0 where it is not there, or not a number. [init] */
double client_number(const struct node *object, const char *member);

/** client_is - likewise: whether it is true. [init] */
bool client_is(const struct node *object, const char *member);

/**
 * client_run - a command that takes one NAME, and --json as its only option: find the run, then @ask it.
 *
 * Returns an exit_status, that of @ask where the run was found. [init]
 */
int client_run(const struct command *command, int argc, char **argv,
	       int (*ask)(struct client *client, bool wants_json));

#endif
