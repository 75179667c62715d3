#!/bin/bash
# From what a script says with --help, on standard input: its manual page, or its completion for bash.
#
# usage: SCRIPT --help | help-to.sh man NAME SUMMARY DATE VERSION
#        SCRIPT --help | help-to.sh bash NAME
#
# The help is made of "Usage:", paragraphs, and lists: a line that ends with a colon, then entries after two
# to six blanks, each with its text after two more, and further lines of it after seven or more. Of "Options",
# "Exit status" and "Examples" the page makes sections; entries of "Examples" stay as they are.
set -eu

to_man() {
	awk -v name="$1" -v summary="$2" -v date="$3" -v version="$4" '
		function escaped(text) {
			gsub(/\\/, "\\e", text)
			gsub(/-/, "\\-", text)
			return text ~ /^[.\x27]/ ? "\\&" text : text
		}
		# In lines that are no longer than manual pages have them.
		function say(text,  at) {
			while (length(text) > 72) {
				for (at = 72; at > 1 && substr(text, at, 1) != " "; at--);
				if (at <= 1) break
				print escaped(substr(text, 1, at - 1))
				text = substr(text, at + 1)
			}
			print escaped(text)
		}
		function section(title) {
			printf ".SH %s\n", toupper(title)
			is_example = title == "Examples"
			if (is_example) print ".nf"
			was_blank = 0
		}
		BEGIN {
			printf ".TH %s 1 %s \"rtloop %s\" \"User Commands\"\n", toupper(escaped(name)), date, version
			printf ".SH NAME\n%s \\- %s\n.SH SYNOPSIS\n", escaped(name), escaped(summary)
		}
		/^Usage: / || (in_usage && /^ /) {
			if (in_usage) print ".br"
			in_usage = 1
			sub(/^(Usage:)? +/, "")
			command = $1
			sub(/^[^ ]+/, "")
			printf ".B %s\n%s", escaped(command), $0 == "" ? "" : substr(escaped($0), 2) "\n"
			next
		}
		in_usage { in_usage = 0; print ".SH DESCRIPTION"; next }
		/^$/ { was_blank = 1; next }
		/^(Options|Exit status|Examples):$/ { section(substr($0, 1, length($0) - 1)); next }
		is_example { sub(/^ +/, ""); print escaped($0); next }
		/^ ? ? ? ? ?  [^ ]/ {
			match($0, /^ +/)
			line = substr($0, RLENGTH + 1)
			at = match(line, /   */)
			print ".TP"
			print ".B " escaped(at ? substr(line, 1, at - 1) : line)
			if (at) {
				text = substr(line, at)
				sub(/^ +/, "", text)
				say(text)
			}
			was_blank = 0
			next
		}
		{
			if (was_blank && !/^ /) print ".PP"
			was_blank = 0
			sub(/^ +/, "")
			say($0)
		}
		END {
			if (is_example) print ".fi"
			print ".SH SEE ALSO\n.BR rtloop (1),\n.BR cyclictest (8)"
		}'
}

# After an option whose argument is no path there is nothing to offer; paths are what bash offers by itself.
to_bash() {
	awk -v name="$1" '
		/^ +(-[A-Za-z], )?--[a-z-]+( [A-Z]+)?(  |$)/ {
			match($0, /--[a-z-]+/)
			option = substr($0, RSTART, RLENGTH)
			options = options " " option
			rest = substr($0, RSTART + RLENGTH)
			if (rest ~ /^ [A-Z]/ && rest !~ /^ (FILE|DIR|OLD)/) {
				valued = valued " " option
				if (match($0, /-[A-Za-z],/)) valued = valued " " substr($0, RSTART, 2)
			}
		}
		END {
			called = name
			gsub(/-/, "_", called)
			printf "# bash completion for %s, made from its --help\n_%s()\n{\n", name, called
			print "\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}"
			printf "\tlocal options=\x27%s\x27\n\tlocal valued=\x27%s \x27\n\n", substr(options, 2), valued
			print "\tCOMPREPLY=()\n\tif [[ $valued == *\" $before \"* ]]; then\n\t\tcompopt +o default"
			print "\telif [[ $word == -* ]]; then\n\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n\tfi\n}"
			printf "complete -o default -F _%s %s\n", called, name
		}'
}

case ${1:-} in
man) shift && to_man "$@" ;;
bash) shift && to_bash "$@" ;;
*)
	sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2
	exit 2
	;;
esac
