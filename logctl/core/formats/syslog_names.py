"""Severities, and the names of programs in syslog."""

from __future__ import annotations

from functools import lru_cache

from logctl.core.levels import DEBUG, ERROR, FATAL, INFO, NOTICE, WARN

SEVERITIES = (FATAL, FATAL, FATAL, ERROR, WARN, NOTICE, INFO, DEBUG)
"""RFC 5424, section 6.2.1: emergency, alert, critical, error, warning, notice, informational, debug."""

# Not every word that can be a level somewhere: there are programs called audit, config and log.
_LEVELS = frozenset((
    "trace", "debug", "dbg", "verbose", "fine", "finer", "finest", "info", "inf", "information",
    "informational", "notice", "warn", "wrn", "warning", "error", "err", "erro", "severe", "fail", "fatal",
    "ftl", "ddebug", "subdebug", "critical", "crit", "alert", "emerg", "emergency", "panic", "success",
))  # fmt: skip


@lru_cache(maxsize=4096)
def is_level(word: str) -> bool:
    """Return whether a word is a level and not the name of a host or program."""
    return word.lower() in _LEVELS


@lru_cache(maxsize=4096)
def program(process: str) -> str:
    """Return the program of a tag: postfix of `postfix/smtpd`, cron of `/usr/sbin/cron`, su of `su(pam)`."""
    if process.startswith(("/", "docker/")):
        process = process.rpartition("/")[2]
    if process.startswith("k8s_") and process.count("_") > 3:  # the kubelet's names of Docker's containers
        return process.split("_")[1]
    name = process.strip("()").partition("(")[0].partition("/")[0]
    return name.removesuffix(".service").partition("@")[0]
