#!/bin/sh
# The version of this tree: a tag's name, or the coming release and the commit; from a tarball, which
# has no .git, the release alone.
# usage: version.sh RELEASE
set -eu
cd "$(dirname "$0")/.."
release=$1

# A CI often checks out as another user than the one who builds.
git() {
	command git -c safe.directory='*' "$@"
}

if [ ! -e .git ] || ! commit=$(git rev-parse --short=9 HEAD 2>/dev/null); then
	echo "$release"
	exit 0
fi
dirty=
git diff --quiet HEAD -- 2>/dev/null || dirty=-dirty
if tag=$(git describe --tags --exact-match --match 'v*' 2>/dev/null); then
	echo "${tag#v}$dirty"
else
	echo "$release+g$commit$dirty"
fi
