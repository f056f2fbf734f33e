"""Servers of a network: names, mail, telephony, sign-in, files, printing, and what watches them."""

from __future__ import annotations

from logctl.core.formats.declared.level_words import NO_LEVEL
from logctl.core.formats.declared.right_answers import line
from logctl.core.formats.reading import Answer, Example, Format, Joins

FORMATS = (
    Format(
        name="icinga",
        describes="Icinga 2",
        head=r"""
            \[<time>\]\ (?P<level>debug|notice|information|warning|critical)/(?P<logger>\w{1,60}):[ ]
        """,
        examples=(
            line(
                "[2026-11-27 10:15:30 +0000] warning/cli: could not load module",
                time="2026-11-27T10:15:30Z",
                level="WARN",
                message="could not load module",
                logger="cli",
            ),
        ),
    ),
    Format(
        name="kerberos",
        describes="MIT Kerberos, with the level in round brackets after the process",
        head=r"""
            <time>\ (?P<host>[^\s\[\]:]{1,255})\ (?P<process>[\w.-]{1,60})\[(?P<pid>\d{1,10})\]\(
            (?P<level>[A-Za-z]{4,7})\):[ ]
        """,
        examples=(
            line(
                "Nov 27 10:15:30 kdc krb5kdc[812](info): AS_REQ (8 etypes {18 17 16})",
                time="2026-11-27T10:15:30Z",
                level="INFO",
                message="AS_REQ (8 etypes {18 17 16})",
                host="kdc",
                pid=812,
            ),
        ),
    ),
    Format(
        name="freeswitch",
        describes="FreeSWITCH, with the share of idle time",
        head=r"<time>\ \d{1,3}\.\d{1,2}%\ \[<level>\]\ (?P<logger>[\w.-]{1,100}:\d{1,6})[ ]",
        examples=(
            line(
                "2026-11-27 10:15:30.123456 99.50% [ERR] mod_sofia.c:1234 failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="failed",
                logger="mod_sofia.c:1234",
            ),
        ),
    ),
    Format(
        name="corosync",
        describes="Corosync and Pacemaker with a log file of their own",
        head=r"""
            <time>\ \[(?P<pid>\d{1,10})\]\ (?P<host>[\w.-]{1,255})\ (?P<process>[\w-]{1,60})\s+<level>\s+\[(?P<logger>\w{1,40})\s*\][ ]
        """,
        examples=(
            line(
                "Nov 27 10:15:30 [812] web1 corosync notice  [TOTEM ] A new membership was formed",
                time="2026-11-27T10:15:30Z",
                level="NOTICE",
                message="A new membership was formed",
                process="corosync",
                host="web1",
                pid=812,
            ),
        ),
    ),
    Format(
        name="prosody",
        describes="Prosody",
        head=r"<time>\ (?P<logger>[\w.:/-]{1,100})\t<level>\t",
        examples=(
            line(
                "Nov 27 10:15:30 c2s55d0\tinfo\tClient connected",
                time="2026-11-27T10:15:30Z",
                level="INFO",
                message="Client connected",
                logger="c2s55d0",
            ),
        ),
    ),
    Format(
        name="coturn",
        describes="coturn: seconds since its start, thread and level",
        head=r"\d{1,10}:\ \((?P<thread>\d{1,20})\):\ <level>:[ ]",
        examples=(
            line(
                "12: (812): ERROR: cannot bind",
                time=None,
                level="ERROR",
                message="cannot bind",
                thread="812",
            ),
        ),
    ),
    Format(
        name="clamav",
        describes="ClamAV: a sign for errors and warnings",
        head=r"<time>\ ->\ (?P<level>[!^])?",
        levels={"!": "ERROR", "^": "WARN"},
        examples=(
            line(
                "Fri Nov 27 10:15:30 2026 -> !Can't connect to clamd",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="Can't connect to clamd",
            ),
            line(
                "Fri Nov 27 10:15:30 2026 -> daily.cvd updated",
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message="daily.cvd updated",
            ),
        ),
    ),
    Format(
        name="asterisk without time",
        describes="Asterisk in syslog and on its console",
        head=r"""
            (?P<level>ERROR|WARNING|NOTICE|VERBOSE|DEBUG|DTMF|SECURITY|FAX)\[(?P<thread>\d{1,10})\](?:\[
            (?P<call>C-[0-9a-f]{4,12})\])?:?\ (?P<logger>[\w./-]{1,100}\.c(?:pp)?)(?::\d{1,6})?(?:\ (?:in
            \ )?\w{1,60})?:[ ]
        """,
        levels={"DTMF": "DEBUG", "SECURITY": "NOTICE", "FAX": "INFO"},
        examples=(
            line(
                "WARNING[812]: chan_sip.c:4112 in retrans_pkt: Retransmission timeout reached",
                time=None,
                level="WARN",
                message="Retransmission timeout reached",
                thread="812",
                logger="chan_sip.c",
            ),
        ),
    ),
    Format(
        name="unbound in syslog",
        describes="Unbound's messages in syslog",
        head=r"""
            \[(?P<pid>\d{1,10}):(?P<thread>[0-9a-f]{1,8})\]
            \ (?P<level>fatal|error|warning|notice|info|debug|verbose):[ ]
        """,
        examples=(
            line(
                "[812:0] info: start of service (unbound 1.17.1).",
                time=None,
                level="INFO",
                message="start of service (unbound 1.17.1).",
                pid=812,
            ),
        ),
    ),
    Format(
        name="nagios",
        describes="Nagios, Icinga and Naemon: the state of a service is not a level",
        head=r"\[(?=\d{10}\]\ [A-Z]+(?:\ [A-Z]+){1,4}:\ [^;\n]{1,200};)<time>\][ ]",
        joins=Joins.NONE,
        examples=(
            line(
                "[1795774530] SERVICE ALERT: web1;HTTP;CRITICAL;SOFT;1;connect to 10.0.0.9 port 80: refused",
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message="SERVICE ALERT: web1;HTTP;CRITICAL;SOFT;1;connect to 10.0.0.9 port 80: refused",
            ),
            line(
                "[1795774530] CURRENT HOST STATE: web1;UP;HARD;1;PING OK - Packet loss = 0%",
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message="CURRENT HOST STATE: web1;UP;HARD;1;PING OK - Packet loss = 0%",
            ),
        ),
    ),
    Format(
        name="openam",
        describes="Debug logs of OpenAM and ForgeRock: a head, and the lines until the next one",
        head=r"(?P<logger>[A-Za-z]\w{1,60}):<time>:\ (?=Thread\[)",
        joins=Joins.UNTIL_HEAD,
        examples=(
            Example(
                "amLog:11/27/2026 10:15:30:123 AM UTC: Thread[http-80-8,5,main]\nERROR: failed",
                (Answer("2026-11-27T10:15:30.123Z", "UNKNOWN", "Thread[http-80-8,5,main]\nERROR: failed"),),
            ),
        ),
    ),
    Format(
        name="dovecot",
        describes="Dovecot with a log file of its own",
        head=rf"""
            <time>\ {NO_LEVEL}(?P<process>[a-z][\w-]{{1,40}})(?:\((?P<user>[^()\s]{{1,100}})\))?(?:\([^()\s]{{1,100}}\)|<
            [^<>\s]{{0,60}}>){{0,4}}:\ (?P<level>Debug|Info|Warning|Error|Fatal|Panic):[ ]
        """,
        examples=(
            line(
                "Nov 27 10:15:30 imap-login: Info: Login: user=<ann>, method=PLAIN, rip=10.0.0.9",
                time="2026-11-27T10:15:30Z",
                level="INFO",
                message="Login: user=<ann>, method=PLAIN, rip=10.0.0.9",
                process="imap-login",
            ),
            line(
                "2026-11-27 10:15:30 imap(ann)<812><8b1f>: Error: Mailbox INBOX: stat failed",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="Mailbox INBOX: stat failed",
                user="ann",
            ),
        ),
    ),
    Format(
        name="bind",
        describes="BIND, with category and severity",
        head=rf"<time>\ {NO_LEVEL}(?P<logger>[a-z][\w-]{{1,40}}):\ <level>(?:\ \d{{1,2}})?:[ ]",
        examples=(
            line(
                "27-Nov-2026 10:15:30.123 queries: error: client @0x7f 10.0.0.9#51000: refused",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="client @0x7f 10.0.0.9#51000: refused",
                logger="queries",
            ),
            line(
                "27-Nov-2026 10:15:30.123 resolver: debug 3: fctx 0x7f: done",
                time="2026-11-27T10:15:30.123Z",
                level="DEBUG",
                message="fctx 0x7f: done",
            ),
            line(
                "27-Nov-2026 10:15:30.123 general: notice: running",
                time="2026-11-27T10:15:30.123Z",
                level="NOTICE",
                message="running",
            ),
        ),
    ),
    Format(
        name="unbound",
        describes="Unbound",
        head=r"""
            \[?<time>\]?\ (?P<process>unbound|nsd)\[(?P<pid>\d{1,10})(?::(?P<thread>[0-9a-f]{1,8}))?\]:?
            \ <level>:[ ]
        """,
        examples=(
            line(
                "[1795774530] unbound[812:0] info: start of service (unbound 1.17.1).",
                time="2026-11-27T10:15:30Z",
                level="INFO",
                message="start of service (unbound 1.17.1).",
                pid=812,
                thread="0",
            ),
            line(
                "[1795774530] unbound[812:1] error: can't bind socket: Address already in use for 0.0.0.0 "
                "port 53",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="can't bind socket: Address already in use for 0.0.0.0 port 53",
            ),
        ),
    ),
    Format(
        name="coredns query",
        describes="Queries that CoreDNS logs",
        head=r"""
            (?:\[(?P<level>INFO)\]\ )?(?P<client>[\da-fA-F.:\[\]]{2,50}:\d{1,5})\ -\ (?=\d{1,5}\ "
            [A-Z0-9]{1,10}\ IN\ (?P<name>\S{1,255})\ )
        """,
        joins=Joins.NONE,
        examples=(
            line(
                '[INFO] 10.0.0.9:51000 - 12345 "A IN shop.example. udp 40 false 512" NOERROR qr,rd,ra 106 '
                "0.0001s",
                time=None,
                level="INFO",
                message='12345 "A IN shop.example. udp 40 false 512" NOERROR qr,rd,ra 106 0.0001s',
                client="10.0.0.9:51000",
                name="shop.example.",
            ),
        ),
    ),
    Format(
        name="samba",
        describes="Samba: a head and indented lines",
        head=r"""
            \[<time>,\ +\d{1,3}(?:,\ pid=(?P<pid>\d{1,10})[^\]\n]{0,200})?\]\ (?=
            (?P<place>\S{1,200}:\d{1,6})\()
        """,
        joins=Joins.UNTIL_HEAD,
        examples=(
            Example(
                "[2026/11/27 10:15:30.123456,  0] ../source3/smbd/server.c:1234(main)\n  smbd version 4 "
                "started.\n[2026/11/27 10:15:31.000000,  0, pid=812, effective(0, 0), real(0, 0)] "
                "../source3/smbd/server.c:9(x)\n  failed",
                (
                    Answer(
                        "2026-11-27T10:15:30.123Z",
                        "UNKNOWN",
                        "../source3/smbd/server.c:1234(main)\n  smbd version 4 started.",
                    ),
                    Answer("2026-11-27T10:15:31Z", "UNKNOWN", "../source3/smbd/server.c:9(x)\n  failed"),
                ),
            ),
        ),
    ),
    Format(
        name="cups",
        describes="Error log of CUPS",
        head=r"(?P<level>[XAEWNIDd])\ \[(?=\d\d?/[A-Z][a-z]{2}/\d{4}:)<time>\][ ]",
        levels={"X": "FATAL", "A": "FATAL", "N": "NOTICE"},
        examples=(
            line(
                'E [27/Nov/2026:10:15:30 +0000] [Job 17] Unable to queue job for destination "office"',
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message='[Job 17] Unable to queue job for destination "office"',
            ),
            line(
                "W [27/Nov/2026:10:15:30 +0000] Notifier for subscription 1 went away",
                time="2026-11-27T10:15:30Z",
                level="WARN",
                message="Notifier for subscription 1 went away",
            ),
        ),
    ),
    Format(
        name="asterisk",
        describes="Asterisk",
        head=r"""
            \[<time>\]\ (?P<level>ERROR|WARNING|NOTICE|VERBOSE|DEBUG|DTMF|SECURITY|FAX)\[
            (?P<thread>\d{1,10})\](?:\[(?P<call>C-[0-9a-f]{4,12})\])?:?\ (?:(?P<logger>[\w./-]{1,100}\.c
            (?:pp)?)(?::\d{1,6})?(?:\ \w{1,60})?:\ )?
        """,
        levels={"DTMF": "DEBUG", "SECURITY": "NOTICE", "FAX": "INFO"},
        examples=(
            line(
                "[Nov 27 10:15:30] WARNING[812][C-00000001] chan_sip.c:4112 retrans_pkt: Retransmission "
                "timeout reached",
                time="2026-11-27T10:15:30Z",
                level="WARN",
                message="Retransmission timeout reached",
                thread="812",
                logger="chan_sip.c",
            ),
            line(
                "[2026-11-27 10:15:30] NOTICE[812] chan_sip.c: Registration from '<sip:100@10.0.0.1>' "
                "failed for '10.0.0.9' - Wrong password",
                time="2026-11-27T10:15:30Z",
                level="NOTICE",
                message="Registration from '<sip:100@10.0.0.1>' failed for '10.0.0.9' - Wrong password",
            ),
            line(
                '[Nov 27 10:15:30] VERBOSE[812][C-00000001] pbx.c: Executing [100@default:1] Dial("SIP/100")',
                time="2026-11-27T10:15:30Z",
                level="TRACE",
                message='Executing [100@default:1] Dial("SIP/100")',
            ),
        ),
    ),
    Format(
        name="fail2ban",
        describes="fail2ban",
        head=r"<time>\ (?P<logger>fail2ban[\w.]{0,60})\ *(?::\ )?\[(?P<pid>\d{1,10})\]:\ <level>\ +",
        examples=(
            line(
                "2026-11-27 10:15:30,123 fail2ban.actions        [812]: NOTICE  [sshd] Ban 10.0.0.9",
                time="2026-11-27T10:15:30.123Z",
                level="NOTICE",
                message="[sshd] Ban 10.0.0.9",
                pid=812,
                logger="fail2ban.actions",
            ),
            line(
                "2026-11-27 10:15:30,123 fail2ban.filter         [812]: INFO    [sshd] Found 10.0.0.9 - "
                "2026-11-27 10:15:30",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="[sshd] Found 10.0.0.9 - 2026-11-27 10:15:30",
            ),
        ),
    ),
    Format(
        name="monit",
        describes="Monit",
        head=r"\[(?:UTC\ |GMT\ )?<time>\]\ <level>\ +:[ ]",
        examples=(
            line(
                "[2026-11-27T10:15:30+0000] error    : 'nginx' process is not running",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="'nginx' process is not running",
            ),
            line(
                "[UTC Nov 27 10:15:30] info     : 'nginx' start: '/etc/init.d/nginx start'",
                time="2026-11-27T10:15:30Z",
                level="INFO",
                message="'nginx' start: '/etc/init.d/nginx start'",
            ),
        ),
    ),
    Format(
        name="suricata",
        describes="Suricata's own log, and others with angle brackets around the level between dashes",
        head=r"""
            (?:\[(?P<pid>\d{1,10})(?:\ -\ [\w#-]{1,40})?\]\ )?<time>\ -\ (?:\((?P<place>[^()\n]{1,100})\)
            \ )?<<level>>\ (?:\((?P<thread>[^()\n]{1,60})\)\ )?-{1,2}[ ]
        """,
        examples=(
            line(
                "27/11/2026 -- 10:15:30 - <Notice> - This is Suricata version 6.0.10 RELEASE running in "
                "SYSTEM mode",
                time="2026-11-27T10:15:30Z",
                level="NOTICE",
                message="This is Suricata version 6.0.10 RELEASE running in SYSTEM mode",
            ),
            line(
                "[812] 27/11/2026 -- 10:15:30 - (suricata.c:1142) <Error> (main) -- [ERRCODE: "
                "SC_ERR_FOPEN(44)] - failed",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="[ERRCODE: SC_ERR_FOPEN(44)] - failed",
                pid=812,
            ),
        ),
    ),
)
