#include "rtloop/cmd/tty.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "rtloop/base/time.h"

#define TAKE "\033[?1049h\033[?25l\033[2J"
#define GIVE "\033[?25h\033[?1049l"

/* A handler reaches nothing but statics, and a terminal is one to a process anyway. */
static struct termios before;
static volatile sig_atomic_t is_taken;
static volatile sig_atomic_t must_quit;

static void put(const char *sequence)
{
	(void)!write(STDOUT_FILENO, sequence, strlen(sequence));
}

static void quit(int signal)
{
	(void)signal;
	must_quit = 1;
}

static void wake(int signal)
{
	(void)signal;
}

static int enter(void)
{
	struct termios raw = before;

	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw)) {
		return -errno;
	}
	is_taken = 1;
	put(TAKE);
	return 0;
}

void tty_give_back(void)
{
	if (is_taken) {
		is_taken = 0;
		put(GIVE);
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	}
}

/* Ctrl-Z: the shell gets its terminal back; fg brings us here again. All of this may be done in a handler. */
static void suspend(int signal)
{
	int error = errno;

	(void)signal;
	tty_give_back();
	kill(getpid(), SIGSTOP);
	(void)enter();
	errno = error;
}

static void take_signal(int signal, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler };

	sigaction(signal, &action, NULL);
}

int tty_take(void)
{
	if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &before)) {
		return -ENOTTY;
	}
	take_signal(SIGINT, quit);
	take_signal(SIGTERM, quit);
	take_signal(SIGHUP, quit);
	take_signal(SIGQUIT, quit);
	take_signal(SIGWINCH, wake);
	take_signal(SIGTSTP, suspend);
	take_signal(SIGPIPE, SIG_IGN);
	return enter();
}

void tty_size(unsigned *ret_width, unsigned *ret_rows)
{
	struct winsize size = { 0 };

	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	*ret_width = size.ws_col ? size.ws_col : 80;
	*ret_rows = size.ws_row ? size.ws_row : 24;
}

static const struct {
	const char *sequence;
	enum tty_key key;
} keys[] = {
	{ "q", TTY_QUIT },
	{ "Q", TTY_QUIT },
	{ "\033[A", TTY_UP },
	{ "\033OA", TTY_UP },
	{ "k", TTY_UP },
	{ "\033[B", TTY_DOWN },
	{ "\033OB", TTY_DOWN },
	{ "j", TTY_DOWN },
	{ "\033[5~", TTY_PAGE_UP },
	{ "b", TTY_PAGE_UP },
	{ "\033[6~", TTY_PAGE_DOWN },
	{ " ", TTY_PAGE_DOWN },
	{ "\033[H", TTY_HOME },
	{ "\033[1~", TTY_HOME },
	{ "g", TTY_HOME },
	{ "\033[F", TTY_END },
	{ "\033[4~", TTY_END },
	{ "G", TTY_END },
};

/* A key that is held down sends many: what came at once is one. */
static enum tty_key read_key(void)
{
	char text[32];
	ssize_t bytes = read(STDIN_FILENO, text, sizeof(text));

	if (bytes <= 0) {
		return bytes < 0 && errno == EINTR ? TTY_NONE : TTY_QUIT;
	}
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		size_t length = strlen(keys[i].sequence);

		if ((size_t)bytes >= length &&
		    memcmp(text, keys[i].sequence, length) == 0) {
			return keys[i].key;
		}
	}
	return TTY_OTHER;
}

enum tty_key tty_wait_key(int64_t limit_ns)
{
	struct pollfd entry = { .fd = STDIN_FILENO, .events = POLLIN };
	struct timespec limit = time_to_timespec(limit_ns > 0 ? limit_ns : 0);
	int count = must_quit ? 0 : ppoll(&entry, 1, &limit, NULL);

	if (must_quit) {
		return TTY_QUIT;
	}
	return count > 0 ? read_key() : TTY_NONE;
}
