"""Formats of supercomputers, network devices and desktop programs."""

from __future__ import annotations

from logctl.core.formats.declared.right_answers import line
from logctl.core.formats.reading import Format, Joins

_SYSLOG_NUMBERS = {
    "0": "FATAL",
    "1": "FATAL",
    "2": "FATAL",
    "3": "ERROR",
    "4": "WARN",
    "5": "NOTICE",
    "6": "INFO",
    "7": "DEBUG",
}

FORMATS = (
    Format(
        "blue gene",
        "The reliability messages of Blue Gene computers: label, epoch, date, node, time, node, type, component, level",
        r"(?:-|[A-Z][A-Z\d_]{1,20})\ <time>\ \d{4}\.\d\d\.\d\d\ (?P<host>\S{1,80})\ \S{1,40}\ \S{1,80}\ (?P<process>\w{1,40})\ "
        r"(?P<logger>\w{1,40})\ <level>\ ?",
        joins=Joins.NONE,
        examples=(
            line(
                "- 1795774530 2026.11.27 R02-M1-N0-C:J12-U11 2026-11-27-02.15.30.363779 R02-M1-N0-C:J12-U11 RAS KERNEL INFO "
                "instruction cache parity error corrected",
                time="2026-11-27T10:15:30Z",
                level="INFO",
                message="instruction cache parity error corrected",
                host="R02-M1-N0-C:J12-U11",
                process="RAS",
                logger="KERNEL",
            ),
        ),
    ),
    Format(
        "cluster syslog",
        "Syslog that was collected on clusters: label, epoch, date, node, syslog's time, location, process",
        r"(?:-|[A-Z][A-Z\d_]{1,20})\ <time>\ \d{4}\.\d\d\.\d\d\ (?P<host>\S{1,80})\ [A-Z][a-z]{2}\ {1,2}\d{1,2}\ [\d:]{8}\ \S{1,120}\ "
        r"(?:(?P<process>[^\s\[\]:][^\[\]:\n]{0,60})(?:\[(?P<pid>\d{1,10})\])?:\ ?)?",
        joins=Joins.NONE,
        examples=(
            line(
                "- 1795774530 2026.11.27 dn228 Nov 27 02:15:30 dn228/dn228 crond(pam_unix)[2915]: session closed",
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message="session closed",
                host="dn228",
                process="crond(pam_unix)",
                pid=2915,
            ),
        ),
    ),
    Format(
        "hpc state",
        "State changes of cluster nodes: number, node, component, state, epoch, flag",
        r"\d{1,12}\ (?P<host>[A-Za-z][\w\-]{0,60})\ (?P<logger>[\w.\-]{1,60})\ (?P<state>[\w.\-]{1,60})\ <time>\ \d{1,3}\ ",
        joins=Joins.NONE,
        examples=(
            line(
                r"134681 node-246 unix.hw state_change.unavailable 1795774530 1 Component State Change: Component is unavailable",
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message="Component State Change: Component is unavailable",
                host="node-246",
                logger="unix.hw",
            ),
        ),
    ),
    Format(
        "proxifier",
        "Proxifier",
        r"\[(?=\d\d\.\d\d\ )<time>\]\ (?P<process>[^\n]{1,60}?)\ -\ ",
        examples=(
            line(
                "[11.27 10:15:30] chrome.exe - proxy.example:5070 open through proxy proxy.example:5070 HTTPS",
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message="proxy.example:5070 open through proxy proxy.example:5070 HTTPS",
                process="chrome.exe",
            ),
        ),
    ),
    Format(
        "cisco",
        "Messages of Cisco devices: facility, severity and mnemonic after a percent sign",
        r"%(?P<logger>[A-Z][\w\-]{1,40})-(?P<level>[0-7])-(?P<event>\w{1,40}):\ ",
        levels=_SYSLOG_NUMBERS,
        joins=Joins.NONE,
        examples=(
            line(
                "%ASA-3-302013: Built outbound TCP connection",
                time=None,
                level="ERROR",
                message="Built outbound TCP connection",
                logger="ASA",
                event="302013",
            ),
        ),
    ),
    Format(
        "cisco with time",
        "Messages of Cisco devices with their time",
        r"(?:\d{1,10}:\ )?[*.]?<time>\ ?:?\ (?:[\w.\-]{1,80}\ )?(?::\ )?%(?P<logger>[A-Z][\w\-]{1,40})-(?P<level>[0-7])-(?P<event>\w{1,40}):\ ",
        levels=_SYSLOG_NUMBERS,
        joins=Joins.NONE,
        examples=(
            line(
                "*Nov 27 10:15:30.123: %LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to down",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="Interface GigabitEthernet0/1, changed state to down",
                logger="LINK",
            ),
            line(
                "Nov 27 2026 10:15:30 fw1 : %ASA-6-302013: Built outbound TCP connection",
                time="2026-11-27T10:15:30Z",
                level="INFO",
                message="Built outbound TCP connection",
            ),
        ),
    ),
    Format(
        "julia",
        "Julia's console logger",
        r"[┌\[]\ <level>:\ ",
        examples=(
            line("[ Info: started", time=None, level="INFO", message="started"),
            line("┌ Warning: slow", time=None, level="WARN", message="slow"),
        ),
    ),
)
