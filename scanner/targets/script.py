"""The script: what /bin/sh on a host is given to run, and what a host that runs nothing else may keep.

Both forms are one body, and take one request: the first line of what is sent. To an ordinary /bin/sh that
line is a comment before the script. A forced command reads that line alone, in a strict grammar, and looks at
nothing else of what is sent.

Several lanes take the commands from one list, so that a slow one delays nobody, and one that hangs costs
itself and a lane. Lock and list are anonymous pipes: each is opened again through /proc/self/fd, to be read
and written by every lane, for POSIX shells know no other way to make a lock without a file. Where that does
not work there is one lane. Whoever takes the one line out of the lock's pipe holds the lock, writes alone.

A host learns from the end of standard input that nobody listens any more; then, as after the last answer, the
script ends whatever it started.
"""

import hashlib
import re
import shlex
from collections.abc import Collection
from functools import lru_cache

SUDO = "sudo "
"""Before a command that must be root to answer: `sudo nft --json list ruleset`."""

MAX_OUTPUT = 4 * 1024 * 1024
"""Bytes of standard output that one command may answer; more is a refusal."""

MAX_ERRORS = 16 * 1024
"""Bytes kept of a command's standard error; the rest is drained and dropped."""

EXEC = "exec /bin/sh -s"
"""What is run over SSH: the login shell is replaced, whichever it is, so none stays to wait."""

WORD = "wardround-probe-1"
"""What a request begins with; another number when a forced command that is kept could not answer any more."""

LANES = 4
LINGER_SECONDS = 5
"""How long after its time the script waits for whoever listens to say that all was heard."""

_SLOW = tuple(
    re.compile(words)
    for words in (
        # Every file of every package is read.
        r"(dpkg|rpm) --verify( --\S+)*$",
        # Package managers, wherever in a command: they read their lists, and work out what follows.
        r"(?<![\w/.-])(apt-get|debsecan|debsums|dnf5?|needs-restarting|pro|yum|zypper) ",
        r"(?<![\w/.-])find ",
        r"(dpkg|rpm|apk) (--verify|audit)\b",
        r"(?<![\w/.-])systemctl list-",
        r"(?<![\w/.-])(dpkg|rpm|systemctl|systemd-analyze) ",
    )
)
"""Commands that take tenths of seconds and more, where others take hundredths: the longest come first."""


def program_of(need: str) -> str:
    """The program that a declared command starts with."""
    return command_of(need).split(maxsplit=1)[0]


def command_of(need: str) -> str:
    """A need without the word that it must be root."""
    return need.removeprefix(SUDO).strip()


@lru_cache(maxsize=4096)
def id_of(need: str) -> str:
    """What a need is called between us and the script."""
    return hashlib.sha256(need.encode()).hexdigest()[:16]


@lru_cache(maxsize=64)
def order(needs: tuple[str, ...]) -> str:
    """The ids of needs, in the order in which they are best begun."""
    return " ".join(map(id_of, sorted(needs, key=lambda need: (_rank(need), need))))


def _rank(need: str) -> int:
    return next((rank for rank, words in enumerate(_SLOW) if words.search(need)), len(_SLOW))


@lru_cache(maxsize=64)
def programs(needs: tuple[str, ...]) -> tuple[str, ...]:
    """Each program that needs start with, once, sorted."""
    return tuple(sorted({program_of(need) for need in needs}))


def ordinary(request: str, needs: tuple[str, ...], *, runas: str = "root", password: str = "") -> bytes:
    """The script that is sent to a host; it stands in braces, so that a shell that gets half runs nothing."""
    told = "\n".join(
        (
            _CLEAN,
            f"set -- {request}",
            f"runas={shlex.quote(runas)}",
            # Never exported, and no command's argument.
            f"password={shlex.quote(password)}",
            "tail=:$PATH",
        )
    )
    return f"# {request}\n{{\n{told}\n{_body(needs)}\n}}\n".encode()


def forced(needs: Collection[str]) -> str:
    """The script that a host may keep as a forced command: it runs these commands, and nothing else."""
    asked = tuple(sorted(set(needs)))
    gate = _FORCED.replace("<CLEAN>", _CLEAN).replace("<EXEC>", shlex.quote(EXEC))
    return f"#!/bin/sh\n{_KEEP}{{\n{gate}\n{_body(asked)}\n}}\n"


@lru_cache(maxsize=64)
def _body(needs: tuple[str, ...]) -> str:
    cases = "\n".join(
        f'  {id_of(need)}) {"root" if need.startswith(SUDO) else "plain"} "$1" '
        f"{shlex.quote(command_of(need))} ;;"
        for need in needs
    )
    found = " ".join(shlex.quote(program) for program in programs(needs))
    replaced = {
        "MAX_OUTPUT": str(MAX_OUTPUT + 1),
        "MAX_ERRORS": str(MAX_ERRORS),
        "LINGER": str(LINGER_SECONDS),
        "LANES": " ".join(["lane &"] * LANES),
        "WORD": WORD,
        "CASES": cases,
        "PROGRAMS": found,
    }
    body = _BODY
    for word, value in replaced.items():
        body = body.replace(f"<{word}>", value)
    return body


_CLEAN = """\
set +x
set +a
unset password answer told asked stat fields listed line inner"""
"""What was exported before it is set stays exported: a password, or more than a program can start with."""

_KEEP = """\
# What wardround may run here over SSH, and nothing else: each command as it stands in the list below.
# Keep it as /usr/local/libexec/wardround-probe, owned by root and with mode 0755, and name it before
# the key in the authorized_keys of the login:
#   restrict,command="/usr/local/libexec/wardround-probe" ssh-ed25519 AAAA...
"""

_FORCED = r"""
<CLEAN>
set -f
runas=root password= tail=
case $SSH_ORIGINAL_COMMAND in
  <EXEC>) ;;
  *) echo 'this key may be used by wardround only' >&2; exit 126 ;;
esac
IFS=' ' read -r hash request || exit 126
case $request in
  *[!0-9a-z\ -]*) echo 'this is not a request by wardround' >&2; exit 126 ;;
esac
unset IFS
set -- $request
"""

_BODY = r"""
set -f
refuse() { echo "this is not a request by wardround: $1" >&2; exit 126; }
[ "$1" = <WORD> ] || refuse version
nonce=$2 seconds=$3 command_seconds=$4 by=$5
case $nonce in *[!0-9a-f]*) refuse nonce ;; esac
[ "${#nonce}" = 32 ] || refuse nonce
case $seconds$command_seconds in *[!0-9]*) refuse seconds ;; esac
case ${#seconds}${#command_seconds} in [1-6][1-6]) ;; *) refuse seconds ;; esac
case $by in sudo|plain) ;; *) refuse sudo ;; esac
shift 5
asked=$*
count=$#
case $asked in *[!0-9a-f\ ]*) refuse commands ;; esac

PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin$tail LC_ALL=C
export PATH LC_ALL
unset ENV BASH_ENV CDPATH COLUMNS LINES LANGUAGE GREP_OPTIONS SUDO_ASKPASS SUDO_PROMPT
umask 077
ulimit -c 0 2>/dev/null
cd /
exec 5>&1 9<&0 </dev/null
over=$(($(date +%s) + $seconds))
line='
'

say() { echo "$line@$nonce $*" >&5; }
works() { [ "$("$@" 2>/dev/null)" = "$expected" ]; }
first() { echo abc | head -c 2; }
sixtyfour() { echo wardround | head -c 9 | base64; }
hex() { echo ab | od -A n -v -t x1 -N 2 | tr -d ' \n'; }

expected=ab; works first && expected=d2FyZHJvdW5k
if works sixtyfour; then
  encoding=base64
  packed() { head -c <MAX_OUTPUT> | base64; }
  clipped() { head -c <MAX_ERRORS> | base64; cat >/dev/null; }
elif expected=6162; works hex; then
  encoding=hex
  packed() { od -A n -v -t x1 -N <MAX_OUTPUT>; }
  clipped() { od -A n -v -t x1 -N <MAX_ERRORS>; cat >/dev/null; }
else
  say lost neither base64 nor od works
  exit
fi

# Whatever is written by printf here is no argument of a program only where printf is none.
if [ "$(command -v printf)" = printf ]; then feed() { printf '%s\n' "$password"; }
elif [ -n "$KSH_VERSION" ]; then feed() { print -r -- "$password"; }
else feed() { :; }
fi

# A shell that ended at the first signal would let timeout(1) think that all had ended.
inner='trap : TERM; (eval "$1") 4>&-; echo ":$?:" >&4'
if timeout -k 1 1 true 2>/dev/null; then limit=1; limited() { timeout -k 1 "$1" /bin/sh -c "$inner" sh "$2"; }
elif timeout 1 true 2>/dev/null; then limit=1; limited() { timeout "$1" /bin/sh -c "$inner" sh "$2"; }
else limit=; limited() { /bin/sh -c "$inner" sh "$2"; }
fi

ran() { limited "$@" 2>&3 3>&- 5>&- 6>&- 7>&- 8>&- 9>&- || echo ":over $?:" >&4; }
fed() {
  if [ -n "$3" ]; then feed 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- | ran "$1" "$2"; else ran "$1" "$2"; fi
}
frame() {
  left=$(($over - $(date +%s)))
  if [ "$left" -le 0 ]; then take; say late "$1"; give; return 1; fi
  [ "$left" -lt "$command_seconds" ] || left=$command_seconds
  answer=$(
    exec 6>&1
    told=$(
      {
        { fed "$left" "$2" "$3" | packed 2>/dev/null 3>&- 4>&- >&6; } 3>&1 >/dev/null |
          clipped 2>/dev/null 6>&-
      } 4>&1
    )
    echo "|$told"
  )
  take; say answer "$1" "$left"; echo "$answer" >&5; say end "$1"; give
}

take() { :; }
give() { :; }
uid=$(id -u)
way=$by
if [ "$uid" = 0 ]; then way=root
elif [ "$way" = sudo ] && ! command -v sudo >/dev/null && command -v doas >/dev/null; then way=doas
fi
plain() { frame "$1" "$2" ''; }
root() {
  case $way in
    root) frame "$1" "$2" '' ;;
    sudo) frame "$1" "sudo -n -u $runas -- $2" '' ;;
    password) frame "$1" "sudo -S -k -p '' -u $runas -- $2" yes ;;
    doas) frame "$1" "doas -n -u $runas -- $2" '' ;;
  esac
}
ask() {
  case $1 in
<CASES>
  *) take; say absent "$1"; give ;;
  esac
}
lane() {
  set -- $asked
  mine=0
  while take; counted; [ "$next" -lt "$count" ]; do
    shift $(($next - $mine))
    mine=$next
    say begin "$1"
    give
    ask "$1" || return
  done
  give
}
asking() {
  if echo | (exec 7<>/proc/self/fd/0) 2>/dev/null; then
    take() { read -r _ <&7; }
    give() { echo >&7; }
    counted() { read -r next <&8; echo $(($next + 1)) >&8; }
    echo | { exec 7<>/proc/self/fd/0; echo 0 | { exec 8<>/proc/self/fd/0 </dev/null; <LANES> wait; }; }
  else
    next=-1
    counted() { next=$(($next + 1)); }
    lane
  fi
  say done
}
# Every process of this session but this shell: none of them has anybody left to tell.
reap() {
  { IFS= read -r stat </proc/self/stat; } 2>/dev/null || { trap '' TERM; kill 0; return; }
  own=${stat%% *}
  set -- ${stat##*) }
  session=$4
  set +f
  listed=$(echo /proc/[0-9]*/stat)
  set -f
  for stat in $listed; do
    { IFS= read -r fields <"$stat"; } 2>/dev/null || continue
    set -- ${fields##*) }
    [ "$4" = "$session" ] || continue
    pid=${stat#/proc/}
    pid=${pid%/stat}
    [ "$pid" = "$own" ] || kill -9 "$pid"
  done 2>/dev/null
}

say hello "$encoding" "$uid" "$way" "$(id -un | packed)"
present() { for program in <PROGRAMS>; do
  where=$(command -v "$program" 2>/dev/null) && echo "$program $where"
done; }
say answer programs; present | packed >&5; echo '|:0:' >&5; say end programs
if [ "$way" = sudo ] && [ -n "$password" ]; then
  way=password
  frame vouch "sudo -S -k -p '' -u $runas -v" yes
  case $answer in *:0:*) ;; *) way=refused ;; esac
fi
asking &
if [ -n "$limit" ]; then timeout $(($seconds + <LINGER>)) cat <&9 >/dev/null; else cat <&9 >/dev/null; fi
reap
reap
exit
"""
