# shellcheck shell=bash
# Sourced by scripts that people run: -h or --help as the first word prints the script's own first lines, which
# say what it is for and how it is called.

usage() {
	sed -n '2,${/^#/!q;s/^# \{0,1\}//p}' "$0"
}

case ${1:-} in
-h | --help)
	usage
	exit 0
	;;
esac
