#!/bin/bash
# Build the Debian package of this tree, as it is now, in a copy of it; and hold it against lintian. What it
# needs is there (scripts/deps.sh deb), and nothing is fetched. `make deb` calls this.
#
# usage: BUILD=<absolute build folder> scripts/deb.sh VERSION
#
# The packages are in BUILD/deb, with what the build said (build.log).
. "$(dirname "$0")/usage.sh"
set -eu
export LC_ALL=C
cd "$(dirname "$0")/.."
version=$1
result=${BUILD:-$PWD/build}/deb
tree=$result/rtloop-$version

list_files() {
	if [ -e .git ]; then
		git -c safe.directory='*' ls-files --cached --others --exclude-standard
	else
		find . -path ./build -prune -o -type f -print
	fi
}

# Files that were deleted, but are still under version control, are not there to be copied.
copy_tree() {
	local file
	list_files | while IFS= read -r file; do
		[ ! -e "$file" ] || echo "$file"
	done | tar -c -T - | tar -x -C "$tree"
	cp -R packaging/debian "$tree/debian"
}

write_changelog() {
	local date=${SOURCE_DATE_EPOCH:-}
	if [ -z "$date" ] && [ -e .git ]; then
		date=$(git -c safe.directory='*' log -1 --format=%ct)
	fi
	cat >"$tree/debian/changelog" <<-END
		rtloop ($version) unstable; urgency=medium

		  * Built from its sources by "make deb".

		 -- $(sed -n 's/^Maintainer: //p' packaging/debian/control)  $(date -R --utc ${date:+--date="@$date"})
	END
}

# What make was told of this tree is not meant for its copy.
unset BUILD MAKEFLAGS MFLAGS MAKELEVEL

started=$SECONDS
rm -rf "$result"
mkdir -p "$tree"
copy_tree
write_changelog
if ! (cd "$tree" && DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS:-nocheck} parallel=$(nproc)" \
	dpkg-buildpackage --unsigned-source --unsigned-changes --build=binary) >"$result/build.log" 2>&1; then
	tail -n 40 "$result/build.log" >&2
	echo "deb.sh: the package could not be built; all of it: $result/build.log" >&2
	exit 1
fi
rm -rf "$tree"
if ! lintian --fail-on error,warning --tag-display-limit 0 --allow-root "$result"/*.changes; then
	echo "deb.sh: lintian objects" >&2
	exit 1
fi
echo "deb.sh: built and looked at in $((SECONDS - started)) s:"
ls -s --block-size=KiB "$result"/*.deb
