"""Logs of supercomputers, in columns: a label, the time as seconds since 1970, a node."""

from __future__ import annotations

from logctl.core.formats.declared.right_answers import line
from logctl.core.formats.reading import Format, Joins

FORMATS = (
    Format(
        name="ras",
        describes="Blue Gene's RAS events: a label, the time in two forms, the place, the facility, the "
        "level. The seconds since 1970 are used, because the other time has no zone",
        head=r"""
            (?=\S{1,40}\ \d{9,10}\ \d{4}\.\d\d\.\d\d\ )(?:-|[A-Z][A-Z0-9_]{1,30})\ <time>
            \ \d{4}\.\d\d\.\d\d\ (?P<host>\S{1,100})\ \d{4}-\d\d-\d\d-[\d.]{8,15}\ \S{1,100}\ (?P<type>[A-Z]{2,20})\ (?P<logger>[A-Z]\w{1,30})\ <level>(?:[ ]|$)
        """,
        joins=Joins.NONE,
        examples=(
            line(
                "- 1117838570 2005.06.03 R02-M1-N0-C:J12-U11 2005-06-03-15.42.50.675872 "
                "R02-M1-N0-C:J12-U11 RAS KERNEL INFO instruction cache parity error corrected",
                time="2005-06-03T22:42:50Z",
                level="INFO",
                message="instruction cache parity error corrected",
                host="R02-M1-N0-C:J12-U11",
                logger="KERNEL",
            ),
            line(
                "APPREAD 1117869872 2005.06.04 R04-M1-N4-I:J18-U11 2005-06-04-00.24.32.432192 "
                "R04-M1-N4-I:J18-U11 RAS APP FATAL ciod: failed to read message prefix on control stream",
                time="2005-06-04T07:24:32Z",
                level="FATAL",
                message="ciod: failed to read message prefix on control stream",
            ),
            line(
                "- 1118769853 2005.06.14 UNKNOWN_LOCATION 2005-06-14-10.24.13.848482 UNKNOWN_LOCATION "
                "NULL DISCOVERY WARNING Node card is not fully functional",
                time="2005-06-14T17:24:13Z",
                level="WARN",
                message="Node card is not fully functional",
            ),
            line(
                "- 1118769853 2005.06.14 R16 2005-06-14-10.24.13.848482 R16 NULL MMCS FAILURE ciodb exited",
                time="2005-06-14T17:24:13Z",
                level="ERROR",
                message="ciodb exited",
            ),
        ),
    ),
    Format(
        name="ras syslog",
        describes="Syslog of clusters with a label, the time in two forms and the node before it",
        head=r"""
            (?=\S{1,40}\ \d{9,10}\ \d{4}\.\d\d\.\d\d\ )(?:-|[A-Z][A-Z0-9_]{1,30})\ <time>
            \ \d{4}\.\d\d\.\d\d\ (?P<host>\S{1,100})\ [A-Z][a-z]{2}\ {1,2}\d{1,2}\ \d\d:\d\d:\d\d
            \ \S{1,150}\ (?:(?P<process>[^\s:\[\]][^:\[\]\n]{0,120}?)(?:\[(?P<pid>[^\]\s]{1,20})\])?:\ )?
        """,
        joins=Joins.NONE,
        examples=(
            line(
                "- 1131566461 2005.11.09 dn228 Nov 9 12:01:01 dn228/dn228 crond(pam_unix)[2915]: session "
                "closed for user root",
                time="2005-11-09T20:01:01Z",
                level="UNKNOWN",
                message="session closed for user root",
                host="dn228",
                process="crond(pam_unix)",
                pid=2915,
            ),
            line(
                "- 1131566461 2005.11.09 aadmin1 Nov 9 12:01:01 src@aadmin1 postfix/postdrop[10896]: "
                "warning: unable to look up public/pickup: No such file or directory",
                time="2005-11-09T20:01:01Z",
                level="UNKNOWN",
                message="warning: unable to look up public/pickup: No such file or directory",
            ),
            line(
                "- 1131566461 2005.11.09 tbird-sm1 Nov 9 12:01:01 src@tbird-sm1 ib_sm.x[24904]: "
                "[ib_sm_sweep.c:1455]: No topology change",
                time="2005-11-09T20:01:01Z",
                level="UNKNOWN",
                message="[ib_sm_sweep.c:1455]: No topology change",
            ),
            line(
                "ECC 1131566461 2005.11.09 en257 Nov 9 12:01:01 en257/en257 Server Administrator: "
                "Instrumentation Service EventID: 1404",
                time="2005-11-09T20:01:01Z",
                level="UNKNOWN",
                message="Instrumentation Service EventID: 1404",
                process="Server Administrator",
            ),
        ),
    ),
    Format(
        name="hpc events",
        describes="Events of clusters with the time in the fifth column: number, node, component, state, "
        "time, flag",
        head=r"""
            (?=\d{1,10}\ \S{1,60}\ \S{1,60}\ \S{1,60}\ \d{9,10}\ \d\ )\d{1,10}\ (?P<host>\S{1,60})
            \ (?P<logger>\S{1,60})\ (?P<state>\S{1,60})\ <time>\ \d[ ]
        """,
        joins=Joins.NONE,
        examples=(
            line(
                "134681 node-246 unix.hw state_change.unavailable 1077804742 1 Component State Change: "
                "Component \\042alt0\\042 is in the unavailable state (HWID=4088)",
                time="2004-02-26T14:12:22Z",
                level="UNKNOWN",
                message="Component State Change: Component \\042alt0\\042 is in the unavailable state "
                "(HWID=4088)",
                host="node-246",
                logger="unix.hw",
                state="state_change.unavailable",
            ),
            line(
                "460903 Interconnect-0T00 switch_module error 1104188350 1 Linkerror event interval expired",
                time="2004-12-27T22:59:10Z",
                level="UNKNOWN",
                message="Linkerror event interval expired",
            ),
        ),
    ),
)
