/* What is run with a failure in it: commands, what they work on, and who is there for them to talk to. */
#ifndef TESTS_SITES_SCENARIO_H
#define TESTS_SITES_SCENARIO_H

#include <stdbool.h>

#define SCENARIO_WORDS_MAX 12

struct scenario {
	const char *name;
	const char *words[SCENARIO_WORDS_MAX]; /* of the command line, after "rtloop" */
	bool is_asked;	/* it runs until it has been asked and told, and SIGINT */
	bool needs_run; /* another run, in which nothing fails, is there to be asked */
	bool is_stable; /* what it prints is the same each time */
	const char *
		output; /* a file that it writes, which is whole or not there; NULL: none */
	const char *
		fresh; /* shell pattern of what is removed before each run; NULL: nothing */
};

extern const struct scenario scenarios[];
extern const unsigned scenario_count;

/* The other ends of the devices of a worker's configuration. */
struct peers {
	int master;   /* of the serial line */
	int listener; /* of the Modbus server, which never answers */
	int manager;  /* where NOTIFY_SOCKET leads */
};

/** peers_open - in the current folder, with the configuration all.yaml; ends the process where that fails. */
void peers_open(struct peers *peers, unsigned worker, const char *plugin);

/** peers_drain - take in what was sent, so that the next run finds room. */
void peers_drain(struct peers *peers);

void peers_close(struct peers *peers);

#endif
