#!/bin/bash
# rtloop, but each run has the pacer and the poller of WAYS=PACER+POLLER: what tests/run.sh calls RTLOOP where
# WAYS is given. A test that counts calls, or looks at the pacer by name, gives WAYS= to its own runs.
if [ "${1:-}" = run ] && [ -n "${WAYS:-}" ]; then
	shift
	exec "$BUILD/rtloop" run "--pacer=${WAYS%+*}" "--poller=${WAYS#*+}" "$@"
fi
exec "$BUILD/rtloop" "$@"
