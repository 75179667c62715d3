/* A log, by all commands that read one: the first byte picks the command and whether its CRCs are taken out. */
#include <string.h>

#include "rtloop/cmd/cmd.h"
#include "tests/fuzz/log_file.h"

#define WORDS_MAX 8
#define MENDS	  0x80

static struct log_file file;

/* A line of each: NULL stands for the log. */
static char *const lines[][WORDS_MAX] = {
	{ "dump", "--check" },
	{ "dump" },
	{ "dump", "--csv", "-c", "*" },
	{ "dump", "--jsonl", "--from", "0.001", "--every", "2" },
	{ "dump", "--csv", "-c", "probe", "--quality" },
	{ "dump", "--attachment", "oven.yaml" },
	{ "report", "--json", "-" },
	{ "report", "--overruns", "all" },
	{ "replay" },
};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_file_init(&file);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input input = { data, bytes };
	uint8_t picked = fuzz_byte(&input);
	char *words[WORDS_MAX + 1];
	const struct command *command;
	int count = 0, status;

	memcpy(words, lines[(picked & ~MENDS) % ARRAY_SIZE(lines)], sizeof(lines[0]));
	while (words[count]) {
		count++;
	}
	words[count++] = file.path;
	words[count] = NULL;
	log_file_set(&file, input.data, input.bytes, picked & MENDS);
	command = command_find(words[0]);
	FUZZ_CHECK(command != NULL);
	status = command->run(command, count, words);
	FUZZ_CHECK(status == EXIT_OK || status == EXIT_FAILED || status == EXIT_USAGE ||
		   status == EXIT_REPAIRED);
	return 0;
}
