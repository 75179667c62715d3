# In which context each timer that a thread starts expires, from the kernel's trace of hrtimer_start and
# hrtimer_expire_entry. Lines: how often, hard or soft, the function, the mode that it was armed in, and the task that
# the softirq ran in.
#
# usage: awk -v thread=TID -f timer_context.awk TRACE
#
# The trace's columns are COMM-PID [CPU] FLAGS TIME: EVENT: ... . The third letter of the flags
# is h or H in a hard interrupt, s in a softirq.
#
# Of each timer that the thread starts, the first expiration after it is what ends that wait.
function field(name) { # hrtimer=00000000abcd
	if (match($0, name "=[^ ]+")) {
		return substr($0, RSTART + length(name) + 1, RLENGTH - length(name) - 1)
	}
}
/^#/ { next }
/ hrtimer_start: / {
	if ($1 ~ "-" thread "$") {
		armed[field("hrtimer")] = field("mode")
		starts++
	}
	next
}
/ hrtimer_expire_entry: / && field("hrtimer") in armed {
	timer = field("hrtimer")
	letter = substr($3, 3, 1)
	where = letter ~ /[hHzZ]/ ? "hard" : "soft"
	task = $1
	sub(/-[0-9]+$/, "", task)
	count[where " " field("function") " " armed[timer] \
		(where == "soft" ? " " task : "")]++
	delete armed[timer]
}
END {
	for (kind in count) {
		print count[kind], kind
	}
}
