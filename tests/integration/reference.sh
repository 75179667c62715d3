# Sourced by the tests that ask the MCAP reference library. It comes from npm, once, into a folder of the
# build.
# shellcheck shell=bash
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../reference" && pwd)
npm_folder=$BUILD/npm

# install_library: where it cannot, npm.why says why.
install_library() {
	local tool
	for tool in node npm; do
		command -v $tool >/dev/null || {
			echo "$tool is not installed" >"$TEST_TMP/npm.why"
			return 1
		}
	done
	mkdir -p "$npm_folder"
	cp "$source/read_log.mjs" "$npm_folder"
	if [ -d "$npm_folder/node_modules" ] && cmp -s "$source/package.json" "$npm_folder/installed.json"; then
		return 0
	fi
	cp "$source/package.json" "$npm_folder"
	# without a network, each package is tried twice: not 10 s apart, as npm does it by itself
	npm install --fetch-retries 1 --fetch-retry-mintimeout 1000 --fetch-timeout 20000 --prefix "$npm_folder" \
		--no-audit --no-fund --no-package-lock --ignore-scripts >"$TEST_TMP/npm.out" 2>&1 || {
		grep -m1 '^npm error' "$TEST_TMP/npm.out" >"$TEST_TMP/npm.why"
		return 1
	}
	cp "$source/package.json" "$npm_folder/installed.json"
}
