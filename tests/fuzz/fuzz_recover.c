/* `rtloop recover`: what it makes is a whole log, or there is none; the first byte says whether CRCs are taken out. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "rtloop/mcap/recover.h"
#include "rtloop/mcap/verify.h"
#include "tests/fuzz/log_file.h"

static struct log_file file;
static char out[64];

static void leave(void)
{
	unlink(out);
	*strrchr(out, '/') = '\0';
	rmdir(out);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char folder[] = "/dev/shm/rtloop-fuzz-XXXXXX";

	(void)argc;
	(void)argv;
	log_file_init(&file);
	FUZZ_CHECK(mkdtemp(folder) != NULL);
	snprintf(out, sizeof(out), "%s/out", folder);
	atexit(leave);
	return 0;
}

static void ignore(void *context, uint64_t offset, const char *text)
{
	(void)context;
	(void)offset;
	FUZZ_CHECK(text[0] != '\0');
}

static struct mcap_verify_result verify(void)
{
	const struct mcap_verify_listener listener = { .problem = ignore };
	struct mcap_verify_result result;
	struct mcap_cycles cycles = { .runs = 0 };
	struct err err;

	FUZZ_CHECK(mcap_verify(out, &listener, &cycles, &result, &err) == 0);
	return result;
}

static int recover(const char *log, struct mcap_recover_result *ret_result)
{
	const struct mcap_recover_request request = { .log = log,
						      .out = out,
						      .replaces = true,
						      .version = "fuzz",
						      .problem = ignore };
	enum mcap_recover_failure failure;
	struct err err = { "" };
	int code = mcap_recover(&request, ret_result, &failure, &err);

	FUZZ_CHECK(code == 0 || code == -EBADMSG);
	FUZZ_CHECK(code == 0 || (failure == MCAP_RECOVER_LOG && err.text[0] != '\0'));
	return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input input = { data, bytes };
	bool mends = fuzz_byte(&input) & 1;
	struct mcap_recover_result result;
	struct mcap_verify_result verified;

	unlink(out);
	log_file_set(&file, input.data, input.bytes, mends);
	if (recover(file.path, &result)) {
		FUZZ_CHECK(access(out, F_OK) != 0);
		return 0;
	}
	verified = verify();
	FUZZ_CHECK(verified.problems == verified.cycle_problems);
	if (!result.is_intact) {
		FUZZ_CHECK(verified.messages == result.written_messages);
	}
	return 0;
}
