/* A whole configuration: read and checked as `rtloop check` does it, and compared with itself as a reload does. */
#include <string.h>

#include "config/compare.h"
#include "rtloop/setup.h"
#include "tests/fuzz/fuzz.h"

static void never_differs(void *context, const struct node *before,
			  const struct node *after, const struct node *parent)
{
	(void)context;
	(void)parent;
	FUZZ_CHECK(!before && !after);
}

static void print_nowhere(struct diag *diag)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *stream = open_memstream(&text, &bytes);

	FUZZ_CHECK(stream != NULL);
	diag_print(diag, stream);
	fclose(stream);
	FUZZ_CHECK((bytes > 0) == (diag->count + diag->dropped > 0));
	FUZZ_CHECK(strlen(text) == bytes);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	const struct compare compare = { .differs = never_differs };
	struct setup *setup = NULL;
	struct diag diag;
	int code;

	diag_init(&diag, "fuzz.yaml");
	code = setup_parse((const char *)data, bytes, "/nonexistent", &setup, &diag);
	FUZZ_CHECK((code == 0) == (diag.count + diag.dropped == 0));
	FUZZ_CHECK((code == 0) == (setup != NULL));
	print_nowhere(&diag);
	if (setup) {
		compare_trees(setup->tree.root, setup->tree.root, &compare);
		setup_destroy(setup);
	}
	diag_fini(&diag);
	return 0;
}
