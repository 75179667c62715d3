#!/bin/bash
# Run a command on the testbed's PREEMPT_RT kernel, in a virtual machine, and end with its exit status; or
# without a command, have a shell there. docs/testbed.md says what the guest has.
#
# usage: boot.sh [OPTION]... [--] [COMMAND [ARGUMENT]...]
#   -w, --writable FOLDER  what the guest writes into FOLDER stays; all else is gone at the end
#   -r, --ram PATH         the guest has of the host only such files, folders and programs, with the libraries that
#                          they take, and has them in its memory: for one that is to sleep, which 9p does not survive
#   -t, --timeout SECONDS  end the guest after so long (300); exit status 124
#   -c, --cpus N           (2)
#   -m, --memory MIB       (1024)
#   -i, --icount           one CPU, and a clock that counts instructions: 2 ns each
#   -a, --append WORDS     more for the kernel's command line
#   -k, --console FILE     keep what the guest's console said
#
# The guest sees the host's files where they are, and starts in the same folder as root. What the command
# prints, on both streams, is printed here as it comes. Exit status 125: the guest ended without a status.
. "$(dirname "$0")/../usage.sh"
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)

die() {
	echo "boot.sh: $*" >&2
	exit 125
}

writable=()
ram=()
timeout_s=300
cpus=2
memory_mib=1024
accel=(-accel 'tcg,thread=multi')
append=
keep_console=

while [ $# -gt 0 ]; do
	case $1 in
	-w | --writable | -r | --ram | -t | --timeout | -c | --cpus | -m | --memory | -a | --append | -k | --console)
		[ $# -ge 2 ] || die "$1 needs a value"
		;;
	esac
	case $1 in
	-w | --writable) writable+=("$2") && shift ;;
	-r | --ram) ram+=("$2") && shift ;;
	-t | --timeout) timeout_s=$2 && shift ;;
	-c | --cpus) cpus=$2 && shift ;;
	-m | --memory) memory_mib=$2 && shift ;;
	-a | --append) append=" $2" && shift ;;
	-k | --console) keep_console=$2 && shift ;;
	-i | --icount)
		cpus=1
		accel=(-accel 'tcg,thread=single' -icount 'shift=1,sleep=off,align=off')
		;;
	-h | --help)
		usage
		exit 0
		;;
	--)
		shift
		break
		;;
	-*) die "unknown option $1; -h says which there are" ;;
	*) break ;;
	esac
	shift
done

command -v qemu-system-x86_64 >/dev/null || die "qemu is not installed: scripts/deps.sh rt installs it"
image=$("$here/kernel.sh") || exit 125
if [ ${#ram[@]} -gt 0 ]; then
	[ ${#writable[@]} -eq 0 ] || die "what is in the guest's memory cannot stay: --ram and --writable exclude each other"
	[ $# -gt 0 ] || die "--ram needs a command"
fi

# --- what host and guest tell each other through -------------------------------------------------------

exchange=$(mktemp -d) || exit 125
children=()
# shellcheck disable=SC2317,SC2329 # called by the trap
clean_up() {
	if [ ${#children[@]} -gt 0 ]; then
		kill "${children[@]}" 2>/dev/null
	fi
	if [ -n "$keep_console" ] && [ -e "$exchange/console" ]; then
		cp "$exchange/console" "$keep_console"
	fi
	rm -rf "$exchange"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

: >"$exchange/output"
: >"$exchange/writable"
pwd >"$exchange/folder"
declare -p PATH >"$exchange/environment"
for name in CI LC_ALL NO_COLOR TERM TESTS; do
	if [ -n "${!name:-}" ]; then
		export "${name?}"
		declare -p "$name" >>"$exchange/environment"
	fi
done
if [ $# -gt 0 ]; then
	printf '%q ' "$@" >"$exchange/command"
fi

# The guest's kernel would measure its time stamp counter, which is the host's, while it boots; on a busy host it was
# wrong by a factor of eight, and with it every clock. Instructions that are counted are another counter.
tsc_words() {
	local khz
	if [[ " ${accel[*]} " != *" -icount "* ]] && ${CC:-cc} -O1 -o "$exchange/tsc_khz" "$here/tsc_khz.c" 2>/dev/null; then
		khz=$("$exchange/tsc_khz")
		[ -z "$khz" ] || echo " tsc_early_khz=$khz"
	fi
}

# Commas are doubled in QEMU's options.
root=()
at_reboot=(-no-reboot)
share() { # tag folder
	root+=(-virtfs "local,path=${2//,/,,},mount_tag=$1,security_model=none,multidevs=remap")
}
share_all() {
	root=(-virtfs 'local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap')
	root_words="root=root rootfstype=9p rootflags=trans=virtio,version=9p2000.L,msize=512000,cache=loose ro \
init=$here/guest-init.sh"
	share exchange "$exchange"
	for i in "${!writable[@]}"; do
		folder=$(cd "${writable[i]}" 2>/dev/null && pwd) || die "no folder ${writable[i]}"
		share "writable$i" "$folder"
		echo "writable$i $folder" >>"$exchange/writable"
	done
}

# keep PATH: where the host has it. Of links on the way the guest has only those of the root's own folders.
keep() {
	local path
	path=$(realpath -e "$(dirname "$1")")/$(basename "$1") && cp -RL --parents "$path" "$exchange/root"
}

keep_all() {
	local item path link
	mkdir "$exchange/root" && mkdir "$exchange/root/usr" || die "no folder for the guest's root"
	for link in /bin /sbin /lib /lib64; do
		[ ! -L $link ] || { mkdir -p "$exchange/root$(realpath $link)" && cp -P $link "$exchange/root"; } || die "no $link"
	done
	for item in bash busybox "${ram[@]}"; do
		[[ $item == */* ]] && path=$item || path=$(type -P "$item") || die "no program $item"
		keep "$path" || die "no $item"
	done
	find "$exchange/root" -type f \( -perm -u+x -o -name '*.so' \) -exec ldd {} + 2>/dev/null |
		sed -n 's/^\t\(.* => \)\{0,1\}\(\/[^ ]*\) (0x.*/\2/p' | sort -u >"$exchange/libraries"
	while read -r path; do
		keep "$path" || die "no $path"
	done <"$exchange/libraries"
	mkdir "$exchange/root/in-memory" && cp "$exchange"/{folder,environment,command} "$exchange/root/in-memory" &&
		cp "$here/guest-init.sh" "$exchange/root/init" || die "no guest's root"
	(cd "$exchange/root" && find . | busybox cpio -o -H newc | gzip -1) >"$exchange/initrd" 2>"$exchange/packed" ||
		die "$(cat "$exchange/packed")"
	rm -rf "$exchange/root"
	# The fourth serial port stands for the output. To wake up from S3 is a reboot to qemu, so a panic is to wait for the end.
	at_reboot=()
	root=(-initrd "$exchange/initrd" -serial "file:$exchange/output")
	root_words="rdinit=/init panic=0"
}

if [ ${#ram[@]} -gt 0 ]; then
	keep_all
else
	share_all
fi

# The second and third serial port are wired to each other, in a loop through a socket.
wire=(
	-chardev "socket,id=one,path=$exchange/wire,server=on,wait=off"
	-chardev "socket,id=other,path=$exchange/wire"
	-serial chardev:one -serial chardev:other
)

machine=(
	qemu-system-x86_64 "${accel[@]}" -cpu max -smp "$cpus" -m "$memory_mib" "${at_reboot[@]}" -nodefaults
	-no-user-config -kernel "$image"
	-append "console=ttyS0 quiet panic=-1 no_timer_check norandmaps tsc=reliable $root_words$(tsc_words)$append"
)

# --- a shell --------------------------------------------------------------------------------------------

if [ $# -eq 0 ]; then
	[ -t 0 ] || die "a shell needs a terminal; or give a command"
	echo "boot.sh: the shell's end ends the guest, and so does Ctrl-A x" >&2
	"${machine[@]}" -nographic -serial mon:stdio "${wire[@]}" "${root[@]}"
	exit "$(cat "$exchange/status" 2>/dev/null || echo 125)"
fi

# --- a command ------------------------------------------------------------------------------------------

timeout --kill-after=5 "$timeout_s" "${machine[@]}" -display none -monitor none \
	-serial "file:$exchange/console" "${wire[@]}" "${root[@]}" </dev/null >"$exchange/qemu" 2>&1 &
guest=$!
children=("$guest")
tail -n +1 -s 0.2 -f --pid=$guest "$exchange/output" 2>/dev/null &
follower=$!
children+=("$follower")
wait $guest
qemu_status=$?
children=("$follower")
wait $follower
children=()
if [ ${#ram[@]} -gt 0 ]; then
	sed -n 's/^guest-init.sh: status \([0-9]*\).*/\1/p' "$exchange/console" >"$exchange/status"
fi

if [ $qemu_status -eq 124 ] || [ $qemu_status -eq 137 ]; then
	status=124
	why="no end after $timeout_s s"
elif [ -s "$exchange/status" ]; then
	exit "$(cat "$exchange/status")"
else
	status=125
	why="the guest ended without a status"
fi
{
	echo "boot.sh: $why; its console:"
	cat "$exchange/qemu" 2>/dev/null
	tail -n 40 "$exchange/console" 2>/dev/null
} >&2
exit $status
