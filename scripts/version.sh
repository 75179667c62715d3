#!/bin/sh
# The version of this tree: a tag's name, or the coming release and the commit; from a tarball, which
# has no .git, the release alone.
#
# usage: version.sh RELEASE            0.1.0, or before its tag 0.1.0+g6c7a22b1d
#        version.sh --debian RELEASE   the same for a package: 0.1.0, or before its tag, and sorted before
#                                      it, 0.1.0~20261125174500.g6c7a22b1d
#        version.sh --date             of the commit, as 2026-11-25; SOURCE_DATE_EPOCH goes first
set -eu
cd "$(dirname "$0")/.."

# A CI often checks out as another user than the one who builds.
git() {
	command git -c safe.directory='*' "$@"
}

has_commit() {
	[ -e .git ] && git rev-parse --quiet --verify HEAD >/dev/null 2>&1
}

commit_time() { # format of strftime
	TZ=UTC0 git log -1 --format=%cd --date="format-local:$1"
}

print_date() {
	if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then
		date --utc --date="@$SOURCE_DATE_EPOCH" +%F
	elif has_commit; then
		commit_time %F
	else
		date --utc +%F
	fi
}

print_version() { # release, what parts it from the commit, what says that files were changed since
	if ! has_commit; then
		echo "$1"
		return
	fi
	dirty=
	git diff --quiet HEAD -- 2>/dev/null || dirty=$3
	if tag=$(git describe --tags --exact-match --match 'v*' 2>/dev/null); then
		echo "${tag#v}$dirty"
	else
		echo "$1$2$(git rev-parse --short=9 HEAD)$dirty"
	fi
}

case $1 in
--date) print_date ;;
--debian)
	between=
	! has_commit || between="~$(commit_time %Y%m%d%H%M%S).g"
	print_version "$2" "$between" +dirty
	;;
*) print_version "$1" +g -dirty ;;
esac
