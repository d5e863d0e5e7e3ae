"""Hosts from ssh_config: each alias as a target, its jump hosts as logins."""

import getpass
import os
import re
import shlex
import socket
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..documents import suggestion
from . import ssh_config
from .host import HostTarget
from .login import Login, parted
from .ssh_config import Answer, Said, SshConfig

MOST_HOPS = 8
_SHELL = re.compile(r"[|&;<>()$`\\*?{}\n]")
_GLOBAL = "/etc/ssh/ssh_known_hosts"
_NONE = "none"


def aliases(config: SshConfig, wanted: Sequence[str] | None) -> Iterator[tuple[str, str]]:
    """The aliases that are meant, each with what is wrong about it; all of them when none is wanted."""
    if wanted is None:
        yield from ((name, "") for name in config.names)
        return
    for name in wanted:
        near = suggestion(name, config.names)
        known = near or (f"; expected one of {', '.join(config.names[:20])}" if config.names else "")
        yield name, "" if config.knows(name) else f"{config.path} has no Host {name!r}{known}"


def target(config: SshConfig, alias: str, template: HostTarget) -> HostTarget:
    """One alias as a target; what ssh_config does not say, the template does.

    Raises:
        ScannerError: what it says cannot be read or is not done here; with file and line.
    """
    login, hops = _Resolving(config, template).whole(alias)
    return replace(
        template,
        name=alias,
        address=login.address,
        port=login.port,
        user=login.user,
        identity=login.identity or None,
        certificate=login.certificate or None,
        known_hosts=login.known_hosts or None,
        known_as=login.known_as,
        program=login.program,
        connect_seconds=login.connect_seconds,
        jump=hops or None,
        group=template.name,
    )


@dataclass(frozen=True)
class _Resolving:
    config: SshConfig
    template: HostTarget

    def whole(
        self, alias: str, user: str = "", port: int | None = None, before: tuple[str, ...] = ()
    ) -> tuple[Login, tuple[Login, ...]]:
        """A login, and the hops that lead to it."""
        answer = self.config.lookup(alias, user or None)
        login = self._login(answer, user, port)
        jump = answer.first("proxyjump")
        if jump is None or jump.words == [_NONE]:
            return login, ()
        return login, self._hops(jump, answer, login, (*before, alias))

    def _hops(self, jump: Said, answer: Answer, login: Login, before: tuple[str, ...]) -> tuple[Login, ...]:
        hops: tuple[Login, ...] = ()
        tokens = {"h": login.address, "n": answer.alias, "p": str(login.port), "r": login.user}
        for at, written in enumerate(ssh_config.expanded(jump, ssh_config.one_word(jump), tokens).split(",")):
            try:
                user, name, port = parted(written)
            except ValueError as error:
                raise jump.wrong(f"ProxyJump: {error}") from None
            if name in before:
                raise jump.wrong(f"ProxyJump goes in a circle: {', '.join((*before, name))}")
            # Only the first of a list goes by its own ProxyJump: the others are reached from the one before.
            if at == 0:
                hop, leading = self.whole(name, user, port, before)
                hops = (*leading, hop)
            else:
                hop = replace(self._login(self.config.lookup(name, user or None), user, port), program=())
                hops = (*hops, hop)
            if len(hops) > MOST_HOPS:
                raise jump.wrong(f"ProxyJump leads through more than {MOST_HOPS} hosts")
        return hops

    def _login(self, answer: Answer, user: str, port: int | None) -> Login:
        shared, _ = replace(self.template, jump=None).logins()
        told, said_port = answer.first("user"), answer.first("port")
        name = user or (ssh_config.one_word(told) if told else "") or shared.user
        number = port or (_number(said_port, 65535) if said_port else shared.port)
        address = ssh_config.hostname(answer)
        tokens = _tokens(answer, address, number, name)
        timeout, alias = answer.first("connecttimeout"), answer.first("hostkeyalias")
        return replace(
            shared,
            address=address,
            port=number,
            user=name,
            identity=_keys(answer, tokens) or shared.identity,
            certificate=_files(answer, "certificatefile", tokens) or shared.certificate,
            known_hosts=_known_hosts(answer, tokens) or shared.known_hosts,
            known_as=ssh_config.one_word(alias) if alias else None,
            program=_program(answer, tokens),
            connect_seconds=_number(timeout, 3600)
            if timeout and timeout.raw.lower() != _NONE
            else shared.connect_seconds,
        )


def _tokens(answer: Answer, address: str, port: int, user: str) -> Mapping[str, str]:
    local = socket.gethostname()
    return {
        "d": str(Path.home()),
        "h": address,
        "i": str(os.getuid()),
        "L": local.partition(".")[0],
        "n": answer.alias,
        "p": str(port),
        "r": user,
        "u": getpass.getuser(),
    }


def _number(said: Said, most: int) -> int:
    word = ssh_config.one_word(said)
    if not (word.isascii() and word.isdecimal()) or not 0 < int(word) <= most:
        raise said.wrong(f"{said.keyword} {word!r}; expected a whole number from 1 to {most}")
    return int(word)


def _files(answer: Answer, keyword: str, tokens: Mapping[str, str]) -> tuple[str, ...]:
    """The files of a setting that may be made several times."""
    lines = answer.settings.get(keyword, ())
    words = ((said, ssh_config.one_word(said)) for said in lines)
    return tuple(ssh_config.path(said, word, tokens) for said, word in words if word.lower() != _NONE)


def _keys(answer: Answer, tokens: Mapping[str, str]) -> tuple[str, ...]:
    """Those that are there, as OpenSSH passes over others; all of them when none is, to be told about."""
    named = _files(answer, "identityfile", tokens)
    return tuple(each for each in named if Path(each).exists()) or named


def _known_hosts(answer: Answer, tokens: Mapping[str, str]) -> tuple[str, ...]:
    own = answer.first("userknownhostsfile")
    everyones = answer.first("globalknownhostsfile")
    if own is None and everyones is None:
        return ()
    users = [ssh_config.path(own, each, tokens) for each in own.words] if own else ["~/.ssh/known_hosts"]
    others = [ssh_config.path(everyones, each, {}) for each in everyones.words] if everyones else [_GLOBAL]
    there = [each for each in others if Path(each).exists()]
    return tuple(each for each in (*users, *there) if each.lower() != _NONE)


def _program(answer: Answer, tokens: Mapping[str, str]) -> tuple[str, ...]:
    """The words of a ProxyCommand; they are parted before anything is put in, and no shell reads them."""
    said = answer.first("proxycommand")
    if said is None or said.raw.strip('"').lower() == _NONE:
        return ()
    _hold_own(said)
    if found := _SHELL.search(said.raw):
        raise said.wrong(
            f"ProxyCommand has {found[0]!r}, which only a shell understands, and none is asked: "
            "expected a program and its arguments; write a script for more"
        )
    try:
        words = shlex.split(said.raw)
    except ValueError as error:
        raise said.wrong(f"ProxyCommand: {error}") from None
    words = words[1:] if words[:1] == ["exec"] else words
    if not words:
        raise said.wrong("ProxyCommand names no program; expected one and its arguments")
    return tuple(
        str(Path(each).expanduser()) if each.startswith("~/") else each
        for each in (ssh_config.expanded(said, word, tokens) for word in words)
    )


def _hold_own(said: Said) -> None:
    """Run only what the user's own files, or the machine's, say."""
    places = (Path("~/.ssh").expanduser().resolve(), Path("/etc/ssh"))
    real = said.file.resolve()
    if not any(real.is_relative_to(place) for place in places):
        raise said.wrong(
            "ProxyCommand runs a program, so it is only taken from files in ~/.ssh and /etc/ssh; "
            "expected ProxyJump, or that the file is there"
        )
    state = real.stat()
    if state.st_uid not in {0, os.getuid()} or state.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise said.wrong("ProxyCommand runs a program, and others than its owner can write to this file")
