"""DNS, mail, storage, cloud, build and home servers."""

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
        name="program and level",
        describes="Lines of programs on the standard error: their name, a level and the message",
        head=rf"{NO_LEVEL}(?P<process>[a-z][\w.-]{{1,40}}):\ (?P<level>fatal\ error|fatal|error|warning|debug|info):[ ]",
        levels={"fatal error": "ERROR"},
        examples=(
            line(
                "slurmctld: error: slurm_receive_msg failed",
                time=None,
                level="ERROR",
                message="slurm_receive_msg failed",
                process="slurmctld",
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
        name="lxc",
        describes="LXC's logs of containers",
        head=r"""
            lxc[ ](?P<container>[\w.-]{1,64})[ ]<time>[ ]<level>[ ]{1,8}(?P<logger>\w{1,60})[ ]-[ ]
            (?P<file>[\w./-]{1,100}):(?P<function>\w{1,80}):(?P<line>\d{1,6})[ ]-[ ]
        """,
        examples=(
            line(
                "lxc c1 20261127101530.123 ERROR    start - start.c:__lxc_start:2027 - Failed to spawn container",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="Failed to spawn container",
                container="c1",
                logger="start",
            ),
        ),
    ),
    Format(
        name="libvirt",
        describes="libvirt's daemons",
        head=r"""
            <time>:[ ](?P<pid>\d{1,10}):[ ](?P<level>error|warning|info|debug)[ ]:[ ]
            (?P<function>\w{1,80}):(?P<line>\d{1,6})[ ]:[ ]
        """,
        examples=(
            line(
                "2026-11-27 10:15:30.123+0000: 812: error : virNetSocketReadWire:1792 : End of file while reading data",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="End of file while reading data",
                pid=812,
            ),
        ),
    ),
    Format(
        name="open vswitch",
        describes="Open vSwitch and OVN, with bars between the columns",
        head=r"""
            <time>\|(?P<sequence>\d{5,8})\|(?P<logger>[\w()-]{1,60})\|(?P<level>EMER|ERR|WARN|INFO|DBG)\|
        """,
        levels={"EMER": "FATAL"},
        examples=(
            line(
                "2026-11-27T10:15:30.123Z|00002|bridge|WARN|could not open network device eth9",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="could not open network device eth9",
                logger="bridge",
            ),
        ),
    ),
    Format(
        name="open vswitch in syslog",
        describes="Open vSwitch's messages in syslog",
        head=r"""
            ovs\|(?P<sequence>\d{5,8})\|(?P<logger>[\w()-]{1,60})\|(?P<level>EMER|ERR|WARN|INFO|DBG)\|
        """,
        levels={"EMER": "FATAL"},
        examples=(
            line(
                "ovs|00001|vlog|ERR|opened log file",
                time=None,
                level="ERROR",
                message="opened log file",
                logger="vlog",
            ),
        ),
    ),
    Format(
        name="absl before its start",
        describes="Google's logger before it is initialised: TensorFlow, XLA, gRPC",
        head=r"""
            (?P<level>[IWEF])0000\ 00:00:<time>\ +(?P<pid>\d{1,10})\ (?P<logger>[\w.@/-]{1,150}:\d{1,6})\]
            [ ]
        """,
        examples=(
            line(
                "W0000 00:00:1795774530.123456     812 cpu_feature_guard.cc:210] This binary is optimized",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="This binary is optimized",
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
        name="vmware old",
        describes="VMware vCenter and ESX before 6: thread, level and logger after the time",
        head=r"""
            <time>\ \[?(?P<thread>[0-9A-F]{8,12})\ (?P<level>trivia|verbose|info|warning|error|panic)\ '
            (?P<logger>[^'\n]{1,200})'(?:\ (?:opID|user)=[\w.-]{1,60}){0,2}\]?[ ]
        """,
        levels={"trivia": "TRACE"},
        examples=(
            line(
                "2026-11-27T10:15:30.123Z F5A5AB90 info 'vm:/vmfs/volumes/x.vmx' opID=8b1f State "
                "Transition (VM_STATE_OFF)",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="State Transition (VM_STATE_OFF)",
                thread="F5A5AB90",
            ),
            line(
                "2026-11-27T10:15:30.123Z [7F03ECE76700 error 'Default' opID=2140bc71] [VpxVmomi] failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="[VpxVmomi] failed",
                logger="Default",
            ),
        ),
    ),
    Format(
        name="vdsm",
        describes="VDSM of oVirt, with two colons between the columns",
        head=r"""
            (?P<thread>[^\s:]{1,100})::<level>::<time>::(?P<module>\w{1,60})::(?P<line>\d{1,6})::
            (?P<logger>[\w.-]{1,100})::\((?P<function>[^()\n]{1,60})\)[ ]
        """,
        examples=(
            line(
                "MainThread::ERROR::2026-11-27 10:15:30,123::vdsm::71::vds::(run) failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="failed",
                thread="MainThread",
                logger="vds",
                line=71,
            ),
        ),
    ),
    Format(
        name="foreman installer",
        describes="Installer of Foreman and Katello",
        head=r"\[\ {0,2}<level>\ <time>\ (?P<logger>[\w.-]{1,60})\]\ +",
        examples=(
            line(
                "[ INFO 2026-11-27 10:15:30 main] Running validation checks",
                time="2026-11-27T10:15:30Z",
                level="INFO",
                message="Running validation checks",
                logger="main",
            ),
            line(
                "[ERROR 2026-11-27T10:15:30 verbose]  Failed to call refresh",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="Failed to call refresh",
            ),
        ),
    ),
    Format(
        name="java service wrapper",
        describes="Java Service Wrapper: level, process and time between bars, and a line of the program",
        head=r"<level>\ +\|\ (?P<process>\w{1,20}(?:\ \d{1,3})?)\ +\|\ <time>\ \|[ ]",
        levels={"STATUS": "INFO"},
        examples=(
            line(
                "INFO   | jvm 1    | 2026/11/27 10:15:30 | Server started",
                time="2026-11-27T10:15:30Z",
                level="INFO",
                message="Server started",
                process="jvm 1",
            ),
            line(
                "STATUS | wrapper  | 2026/11/27 10:15:30 | Launching a JVM...",
                time="2026-11-27T10:15:30Z",
                level="INFO",
                message="Launching a JVM...",
            ),
        ),
    ),
    Format(
        name="thread before level",
        describes="Java loggers with time, thread, level and logger, such as VMware vCenter's services",
        head=r"""
            <time>\ +\[?(?P<thread>[A-Za-z][\w.:-]{0,100}(?:\ [\w.=-]{1,80}|\ \[[^\]\s]{0,60}\]?\]?)?)\ +
            (?P<level>TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\ {1,5}(?P<logger>[a-z]\w{0,60}(?:\.
            [\w$]{1,100}){2,12})\ +
        """,
        examples=(
            line(
                "2026-11-27T10:15:30.123Z tomcat-http--188  ERROR com.acme.shop.Payment  payment failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="payment failed",
                thread="tomcat-http--188",
                logger="com.acme.shop.Payment",
            ),
            line(
                "2026-11-27T10:15:30.123Z [main null INFO  com.acme.shop.util.PerfLog  opId=] Requesting",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="opId=] Requesting",
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
        name="logger in round brackets",
        describes="Python loggers that begin with the name in round brackets",
        head=r"\((?P<logger>[\w.]{1,150})\):\ <time>\ <level>[ ]",
        examples=(
            line(
                "(sqlalchemy.pool.QueuePool): 2026-11-27 10:15:30,123 DEBUG Connection checked out",
                time="2026-11-27T10:15:30.123Z",
                level="DEBUG",
                message="Connection checked out",
                logger="sqlalchemy.pool.QueuePool",
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
        name="ceph",
        describes="Daemons of Ceph",
        head=r"<time>\ (?P<thread>(?=\d{0,15}[a-f])[0-9a-f]{8,16})\ +(?:(?P<level>-1)|\d{1,2})[ ]",
        levels={"-1": "ERROR"},
        examples=(
            line(
                "2026-11-27T10:15:30.123+0000 7f1a2b3c4d5e  0 osd.1 123 crush map has features "
                "288514051259236352",
                time="2026-11-27T10:15:30.123Z",
                level="UNKNOWN",
                message="osd.1 123 crush map has features 288514051259236352",
                thread="7f1a2b3c4d5e",
            ),
            line(
                "2026-11-27 10:15:30.123456 7f1a2b3c4d5e -1 osd.1 123 heartbeat_check: no reply from "
                "10.0.0.2",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="osd.1 123 heartbeat_check: no reply from 10.0.0.2",
            ),
        ),
    ),
    Format(
        name="ceph cluster",
        describes="Cluster log of Ceph",
        head=r"""
            <time>\ (?P<logger>\S{1,100})\ (?:\([\w.-]{1,100}\)|[\da-fA-F.:/\[\]]{4,60})\ \d{1,20}\ :
            \ (?P<channel>cluster|audit|cephadm)\ \[(?P<level>DBG|INF|WRN|ERR|SEC)\][ ]
        """,
        levels={"SEC": "WARN"},
        examples=(
            line(
                "2026-11-27T10:15:30.123456+0000 mon.a (mon.0) 123 : cluster [WRN] Health check failed: 1 "
                "osds down (OSD_DOWN)",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="Health check failed: 1 osds down (OSD_DOWN)",
                logger="mon.a",
                channel="cluster",
            ),
        ),
    ),
    Format(
        name="openstack",
        describes="OpenStack and other programs with oslo.log, also behind the name of the file",
        head=r"""
            (?:(?=[\w.:-]{5,120}\ \d{4}-)(?P<file>[a-z][\w.:-]{4,119})\ )?<time>\ (?P<pid>\d{1,10})
            \ (?P<level>AUDIT|TRACE|DEBUG|INFO|WARNING|ERROR|CRITICAL)\ (?P<logger>[\w.-]{1,200})\ \[(?:None
            \ )?(?:(?P<request_id>req-[\w-]{1,60})|-)[^\]\n]{0,300}\][ ]
        """,
        levels={"AUDIT": "INFO"},
        examples=(
            line(
                "nova-api.log.1.2017-05-16_13:53:08 2017-05-16 00:00:00.008 25746 INFO "
                "nova.osapi_compute.wsgi.server [req-38101a0b-2096-447d-96ea-a692162415ae 113d3a99 "
                '54fadb41 - - -] 10.11.10.1 "GET /v2/54fadb41/servers/detail HTTP/1.1" status: 200 len: '
                "1893 time: 0.2477829",
                time="2017-05-16T00:00:00.008Z",
                level="INFO",
                message='10.11.10.1 "GET /v2/54fadb41/servers/detail HTTP/1.1" status: 200 len: 1893 '
                "time: 0.2477829",
                pid=25746,
                logger="nova.osapi_compute.wsgi.server",
                request_id="req-38101a0b-2096-447d-96ea-a692162415ae",
            ),
            line(
                "2026-11-27 10:15:30.123 7 ERROR nova.compute.manager [None "
                "req-8b1f1a7e-0b9d-4d4f-9f57-0a6a1c7f1d22 ann shop - - default default] [instance: 5f1c] "
                "Instance failed to spawn",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="[instance: 5f1c] Instance failed to spawn",
            ),
            line(
                "2026-11-27 10:15:30.123 7 WARNING oslo.messaging._drivers.impl_rabbit [-] Unexpected "
                "error during heartbeat",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="Unexpected error during heartbeat",
                pid=7,
            ),
        ),
    ),
    Format(
        name="klog",
        describes="Kubernetes' and Google's loggers: klog, glog, absl",
        head=r"""
            (?P<level>[IWEF])(?=(?:\d{4}){1,2}\ )<time>\ +(?:(?P<pid>\d{1,10})|(?P<thread>\d{11,20}))\ (?P<logger>[\w.@/-]{1,150}:\d{1,6})\][ ]
        """,
        examples=(
            line(
                "W1127 10:15:30.123456 139705746070400 train.py:17] slow step",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="slow step",
                thread="139705746070400",
                logger="train.py:17",
            ),
            line(
                "E1127 10:15:30.123456       1 controller.go:123] Failed to list *v1.Pod: timeout",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="Failed to list *v1.Pod: timeout",
                pid=1,
                logger="controller.go:123",
            ),
            line(
                'I1127 10:15:30.123456   12345 server.go:77] "Starting" version="v1.31"',
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message='"Starting" version="v1.31"',
            ),
        ),
    ),
    Format(
        name="docker build",
        describes="Docker's BuildKit with plain progress: errors and warnings of a step, and of the programs in it",
        head=r"\#(?P<step>\d{1,4})\ (?:\d{1,6}\.\d{1,3}\ )?(?P<level>ERROR|WARNING|WARN|E|W):\ ",
        examples=(
            line(
                '#5 ERROR: process "/bin/sh -c make" did not complete successfully: exit code: 2',
                time=None,
                level="ERROR",
                message='process "/bin/sh -c make" did not complete successfully: exit code: 2',
                step="5",
            ),
            line(
                "#5 1.204 E: Unable to locate package nosuch",
                time=None,
                level="ERROR",
                message="Unable to locate package nosuch",
            ),
        ),
    ),
    Format(
        name="jenkins",
        describes="Jenkins",
        head=r"""
            <time>\ \[id=(?P<thread>\d{1,10})\]\t<level>\t(?P<logger>[\w.$/-]{1,200}(?:\#
            [\w$<>]{1,100})?):\ ?
        """,
        examples=(
            line(
                "2026-11-27 10:15:30.123+0000 [id=1]\tINFO\thudson.WebAppMain$3#run: Jenkins is fully up "
                "and running",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="Jenkins is fully up and running",
                thread="1",
                logger="hudson.WebAppMain$3#run",
            ),
            line(
                "2026-11-27 10:15:30.123+0000 [id=77]\tSEVERE\thudson.util.BootFailure#publish: Failed to "
                "initialize Jenkins",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="Failed to initialize Jenkins",
            ),
        ),
    ),
    Format(
        name="gitea",
        describes="Gitea and Forgejo",
        head=r"""
            (?:\[(?P<request_id>[0-9a-f]{8}(?:-\d+)?)\]\ )?<time>\ (?:(?P<logger>[\w./-]{1,200}\.go:\d{1,6}:[\w.()*]{1,100})\ )?\[(?P<level>[TDIWECF])\]\ (?:\[[0-9a-f]{8}
            (?:-\d+)?\]\ )?
        """,
        levels={"C": "FATAL"},
        examples=(
            line(
                "2026/11/27 10:15:30 ...eb/routing/logger.go:102:func1() [I] router: completed GET / for "
                "10.0.0.9:0, 200 OK in 1.2ms @ home.go:32(Home)",
                time="2026-11-27T10:15:30Z",
                level="INFO",
                message="router: completed GET / for 10.0.0.9:0, 200 OK in 1.2ms @ home.go:32(Home)",
                logger="...eb/routing/logger.go:102:func1()",
            ),
            line(
                "2026/11/27 10:15:30 [E] [8b1f1a7e] failed to open repository",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="failed to open repository",
            ),
        ),
    ),
    Format(
        name="sonarqube",
        describes="SonarQube",
        head=r"""
            <time>\ <level>\ +(?P<process>app|web|ce|es)\[(?P<request_id>[^\]\n]{0,60})\]\[(?P<logger>[^\]\n]{0,150})\][ ]
        """,
        examples=(
            line(
                "2026.11.27 10:15:30 ERROR app[][o.s.a.SchedulerImpl] failed",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="failed",
                process="app",
                logger="o.s.a.SchedulerImpl",
            ),
            line(
                "2026.11.27 10:15:30 WARN  web[8b1f][o.s.s.p.Platform] slow",
                time="2026-11-27T10:15:30Z",
                level="WARN",
                message="slow",
                request_id="8b1f",
            ),
        ),
    ),
    Format(
        name="minecraft",
        describes="Minecraft servers: Vanilla, Forge, Fabric, Paper",
        head=r"""
            \[<time>\]?\ \[?(?:(?P<thread>[^\]/\n]{1,100})/)?<level>\](?:\ \[(?P<logger>[^\]\n]{1,150})\])?:[ ]
        """,
        examples=(
            line(
                "[10:15:30] [Server thread/WARN]: Can't keep up! Is the server overloaded?",
                time="2026-11-27T10:15:30Z",
                level="WARN",
                message="Can't keep up! Is the server overloaded?",
                thread="Server thread",
            ),
            line(
                "[27Nov2026 10:15:30.123] [Server thread/INFO] "
                "[net.minecraft.server.dedicated.DedicatedServer/]: Done (9.1s)!",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="Done (9.1s)!",
                logger="net.minecraft.server.dedicated.DedicatedServer/",
            ),
            line(
                "[10:15:30 ERROR]: Could not load plugin",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="Could not load plugin",
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
        name="home assistant",
        describes="Home Assistant",
        head=r"<time>\ <level>\ \((?P<thread>[^()\n]{1,100})\)\ \[(?P<logger>[\w.-]{1,200})\][ ]",
        examples=(
            line(
                "2026-11-27 10:15:30.123 ERROR (MainThread) [homeassistant.core] boom",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="boom",
                thread="MainThread",
                logger="homeassistant.core",
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
