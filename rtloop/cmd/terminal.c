#include "rtloop/cmd/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rtloop/base/time.h"

bool terminal_is(FILE *out)
{
	const char *kind = getenv("TERM");

	return isatty(fileno(out)) && (kind == NULL || strcmp(kind, "dumb") != 0);
}

bool terminal_wants_colour(FILE *out)
{
	const char *no_colour = getenv("NO_COLOR");

	return terminal_is(out) && (no_colour == NULL || no_colour[0] == '\0');
}

void progress_init(struct progress *progress, FILE *out, const char *what, int64_t now_ns)
{
	*progress = (struct progress){
		.out = out,
		.what = what,
		.start_ns = now_ns,
		.shown_ns = now_ns,
		.is_wanted = terminal_is(out),
	};
}

int64_t progress_left_s(int64_t elapsed_ns, uint64_t done, uint64_t total)
{
	double left_s;

	if (done == 0 || done > total) {
		return -1;
	}
	left_s = (double)elapsed_ns / (double)NS_PER_SEC * (double)(total - done) /
		 (double)done;
	/* More than a year says only that nothing has happened yet. */
	return left_s < 365.0 * 86400.0 ? (int64_t)(left_s + 0.999) : -1;
}

void progress_show(struct progress *progress, uint64_t done, uint64_t total,
		   int64_t now_ns)
{
	int64_t elapsed_ns = now_ns - progress->start_ns;
	int64_t left_s;

	if (!progress->is_wanted || elapsed_ns < PROGRESS_QUIET_NS ||
	    now_ns - progress->shown_ns < PROGRESS_EVERY_NS) {
		return;
	}
	progress->shown_ns = now_ns;
	progress->is_shown = true;
	left_s = progress_left_s(elapsed_ns, done, total);
	fprintf(progress->out, "\r\033[K%s", progress->what);
	if (left_s >= 0) {
		fprintf(progress->out, "  %.0f %%, about %lld s left",
			100.0 * (double)done / (double)total, (long long)left_s);
	}
	fflush(progress->out);
}

void progress_end(struct progress *progress)
{
	if (progress->is_shown) {
		fputs("\r\033[K", progress->out);
		fflush(progress->out);
		progress->is_shown = false;
	}
}
