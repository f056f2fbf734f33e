"""Phones, network devices and intrusion detection."""

from __future__ import annotations

from logctl.core.formats.declared.right_answers import line
from logctl.core.formats.reading import Answer, Example, Format, Joins
from logctl.core.formats.syslog_names import SEVERITIES

_SEVERITIES = {str(number): level for number, level in enumerate(SEVERITIES)}

FORMATS = (
    Format(
        name="logcat",
        describes="Android's logcat -v threadtime, also with year, zone and user",
        head=r"""
            <time>\ +(?:(?P<user>[a-z]\w{1,20}|\d{1,10})\ +)?(?P<pid>\d{1,10})\ +(?P<thread>\d{1,10})
            \ (?P<level>[VDIWEFA])\ (?P<logger>[^\n]{0,150}?):(?:\ |$)
        """,
        levels={"V": "TRACE", "A": "FATAL"},
        examples=(
            line(
                "11-27 10:15:30.123  1702  2395 E PaymentService: payment failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="payment failed",
                pid=1702,
                thread="2395",
                logger="PaymentService",
            ),
            line(
                "11-27 10:15:30.123  1702  2395 D WindowManager: printFreezingDisplayLogsopening app "
                "wtoken = AppWindowToken{9f4ef63 token=Token{a64f992}}, allDrawn= false",
                time="2026-11-27T10:15:30.123Z",
                level="DEBUG",
                message="printFreezingDisplayLogsopening app wtoken = AppWindowToken{9f4ef63 "
                "token=Token{a64f992}}, allDrawn= false",
            ),
            line(
                "11-27 10:15:30.123  1702  2395 I chatty  : uid=1000(system) expire 3 lines",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="uid=1000(system) expire 3 lines",
                logger="chatty",
            ),
            line(
                "2026-11-27 10:15:30.123 +0000  1000  1702  2395 V Sensors: x",
                time="2026-11-27T10:15:30.123Z",
                level="TRACE",
                message="x",
            ),
        ),
    ),
    Format(
        name="logcat time",
        describes="Android's logcat -v time",
        head=r"<time>\ +(?P<level>[VDIWEFA])/(?P<logger>[^(\n]{0,150}+)\(\ *(?P<pid>\d{1,10})\):\ ?",
        levels={"V": "TRACE", "A": "FATAL"},
        examples=(
            line(
                "11-27 10:15:30.123 E/PaymentService( 1702): payment failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="payment failed",
                pid=1702,
                logger="PaymentService",
            ),
        ),
    ),
    Format(
        name="logcat brief",
        describes="Android's logcat -v brief, process, tag and thread: lines without a time",
        head=r"""
            (?P<level>[VDIWEFA])(?:/(?P<logger>[^(:\n]{1,150}+)(?:\(\ *(?P<pid>\d{1,10})\))?|\(\ *
            (?P<process_id>\d{1,10})(?::\ *(?P<thread>\d{1,10}))?\))(?::\ |\ (?=\S))
        """,
        levels={"V": "TRACE", "A": "FATAL"},
        examples=(
            line(
                "E/PaymentService( 1702): payment failed",
                time=None,
                level="ERROR",
                message="payment failed",
                pid=1702,
            ),
            line(
                "D/WindowManager: x",
                time=None,
                level="DEBUG",
                message="x",
                logger="WindowManager",
            ),
        ),
    ),
    Format(
        name="android studio",
        describes="Logcat of Android Studio in columns",
        head=r"""
            <time>\ +(?P<pid>\d{1,10})-(?P<thread>\d{1,10})\ +(?P<logger>\S{1,150})\ +(?P<process>\S{1,150})
            \ +(?P<level>[VDIWEFA])\ +
        """,
        levels={"V": "TRACE", "A": "FATAL"},
        examples=(
            line(
                "2026-11-27 10:15:30.123  1702-2395  PaymentService          com.acme.shop     E  payment failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="payment failed",
                pid=1702,
                logger="PaymentService",
                process="com.acme.shop",
            ),
        ),
    ),
    Format(
        name="android studio old",
        describes="Logcat of Android Studio before 2022",
        head=r"""
            <time>\ +(?P<pid>\d{1,10})-(?P<thread>\d{1,10})/(?P<process>[\w.:?-]{1,150})
            \ (?P<level>[VDIWEFA])/(?P<logger>[^:\n]{0,150}):[ ]
        """,
        levels={"V": "TRACE", "A": "FATAL"},
        examples=(
            line(
                "2026-11-27 10:15:30.123 1702-2395/com.acme.shop E/PaymentService: payment failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="payment failed",
                pid=1702,
                process="com.acme.shop",
                logger="PaymentService",
            ),
        ),
    ),
    Format(
        name="logcat long",
        describes="Android's logcat -v long: a head, and the lines until the next one",
        head=r"""
            \[\ <time>\ +(?P<pid>\d{1,10}):\ *(?P<thread>\d{1,10})\ (?P<level>[VDIWEFA])/(?P<logger>[^\]\n]{0,150}+)\]$
        """,
        levels={"V": "TRACE", "A": "FATAL"},
        joins=Joins.UNTIL_HEAD,
        examples=(
            Example(
                "[ 11-27 10:15:30.123  1702: 2395 E/PaymentService ]\npayment failed",
                (Answer("2026-11-27T10:15:30.123Z", "ERROR", "payment failed", {"pid": 1702}),),
            ),
        ),
    ),
    Format(
        name="cisco",
        describes="Cisco IOS, NX-OS and ASA: the digit in the code is a severity of syslog",
        head=r"""
            (?:\d{1,10}:\ )?(?:(?P<host>[\w.-]{1,100}):\ )?[*.]?<time>(?:\ (?P<device>[\w.-]{1,255}))?
            \ ?:?\ (?=%[A-Z][A-Z0-9_]*(?:-[A-Z0-9_]+){0,4}?-(?P<level>[0-7])-\w+:)
        """,
        levels=_SEVERITIES,
        examples=(
            line(
                "Nov 27 2026 10:15:30 fw1 : %ASA-3-302013: Built outbound TCP connection",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="%ASA-3-302013: Built outbound TCP connection",
                device="fw1",
            ),
            line(
                "*Nov 27 10:15:30.123: %LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to down",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="%LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to down",
            ),
            line(
                "000123: Nov 27 10:15:30.123 UTC: %SYS-5-CONFIG_I: Configured from console by ann on vty0 "
                "(10.0.0.9)",
                time="2026-11-27T10:15:30.123Z",
                level="NOTICE",
                message="%SYS-5-CONFIG_I: Configured from console by ann on vty0 (10.0.0.9)",
            ),
            line(
                "2026 Nov 27 10:15:30 sw1 %ETHPORT-5-IF_UP: Interface Ethernet1/1 is up",
                time="2026-11-27T10:15:30Z",
                level="NOTICE",
                message="%ETHPORT-5-IF_UP: Interface Ethernet1/1 is up",
                device="sw1",
            ),
        ),
    ),
    Format(
        name="cisco code",
        describes="Messages of Cisco devices without a time",
        head=r"(?=%[A-Z][A-Z0-9_]*(?:-[A-Z0-9_]+){0,4}?-(?P<level>[0-7])-\w+:)",
        levels=_SEVERITIES,
        examples=(
            line(
                "%ASA-4-106023: Deny tcp src outside:10.0.0.9/51000 dst inside:10.0.0.1/22",
                time=None,
                level="WARN",
                message="%ASA-4-106023: Deny tcp src outside:10.0.0.9/51000 dst inside:10.0.0.1/22",
            ),
        ),
    ),
    Format(
        name="fortinet",
        describes="FortiGate and other devices of Fortinet",
        head=r"""
            (?=(?P<message>date=[^\n]*))(?=(?:[^\n]{0,500}?\ level="?(?P<level>[a-z]{4,12})"?)?)
            (?=[^\n]{0,500}?\ eventtime=\d{10})(?:[^\n]{0,500}?)\ eventtime=<time>
        """,
        levels={"information": "INFO"},
        joins=Joins.NONE,
        examples=(
            line(
                'date=2026-11-27 time=11:15:30 devname="FG" devid="FG1" eventtime=1795774530123456789 '
                'tz="+0100" logid="0000000013" type="traffic" level="notice" srcip=10.0.0.9',
                time="2026-11-27T10:15:30.123Z",
                level="NOTICE",
                message='date=2026-11-27 time=11:15:30 devname="FG" devid="FG1" '
                'eventtime=1795774530123456789 tz="+0100" logid="0000000013" type="traffic" '
                'level="notice" srcip=10.0.0.9',
            ),
        ),
    ),
    Format(
        name="fortinet old",
        describes="Devices of Fortinet that do not log eventtime",
        head=r"""
            date="?(?=\d{4}-\d\d-\d\d"?,?\ time=)<time>"?,?\ (?=(?:[^\n]{0,500}?[ ,]level="?(?P<level>[a-z]{4,12})"?)?)
        """,
        joins=Joins.NONE,
        examples=(
            line(
                'date=2026-11-27 time=10:15:30 devname=FG level=warning srcip=10.0.0.9 msg="x"',
                time="2026-11-27T10:15:30Z",
                level="WARN",
                message='devname=FG level=warning srcip=10.0.0.9 msg="x"',
            ),
        ),
    ),
    Format(
        name="palo alto",
        describes="Palo Alto Networks' firewalls, in CSV",
        head=r"(?:\d{1,3})?,<time>,(?=(?P<serial>\w{1,20}),(?P<type>[A-Z]{4,20}),)",
        joins=Joins.NONE,
        examples=(
            line(
                "1,2026/11/27 10:15:30,001801000000,TRAFFIC,end,2305,2026/11/27 "
                "10:15:30,10.0.0.9,10.0.0.1,allow",
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message="001801000000,TRAFFIC,end,2305,2026/11/27 10:15:30,10.0.0.9,10.0.0.1,allow",
                type="TRAFFIC",
            ),
        ),
    ),
    Format(
        name="snort",
        describes="Alerts of Snort and Suricata, in one line",
        head=r"<time>\ +(?:\[(?P<action>[A-Za-z]{1,20})\]\ )?(?=\[\*\*\]\ )",
        joins=Joins.NONE,
        examples=(
            line(
                "11/27/2026-10:15:30.123456  [**] [1:2100498:7] GPL ATTACK_RESPONSE id check returned "
                "root [**] [Priority: 2] {TCP} 10.0.0.9:80 -> 10.0.0.1:51000",
                time="2026-11-27T10:15:30.123Z",
                level="UNKNOWN",
                message="[**] [1:2100498:7] GPL ATTACK_RESPONSE id check returned root [**] [Priority: 2] "
                "{TCP} 10.0.0.9:80 -> 10.0.0.1:51000",
            ),
            line(
                "11/27-10:15:30.123456  [**] [1:469:3] ICMP PING NMAP [**] {ICMP} 10.0.0.9 -> 10.0.0.1",
                time="2026-11-27T10:15:30.123Z",
                level="UNKNOWN",
                message="[**] [1:469:3] ICMP PING NMAP [**] {ICMP} 10.0.0.9 -> 10.0.0.1",
            ),
        ),
    ),
    Format(
        name="cef",
        describes="CEF (ArcSight) with its own time in rt, end or start",
        head=r"""
            (?=(?P<message>CEF:\d[^\n]*))CEF:\d\|(?P<vendor>[^|\n]{0,60})\|(?P<product>[^|\n]{0,60})\|
            [^\n]{0,500}?[|\ ](?:rt|end|start)=<time>
        """,
        joins=Joins.NONE,
        examples=(
            line(
                "CEF:0|Acme|FW|1.0|100|blocked|8|rt=1795774530123 src=10.0.0.9 dst=10.0.0.1",
                time="2026-11-27T10:15:30.123Z",
                level="UNKNOWN",
                message="CEF:0|Acme|FW|1.0|100|blocked|8|rt=1795774530123 src=10.0.0.9 dst=10.0.0.1",
                vendor="Acme",
            ),
            line(
                "CEF:0|Acme|FW|1.0|100|blocked|8|src=10.0.0.9 rt=Nov 27 2026 10:15:30 dst=10.0.0.1",
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message="CEF:0|Acme|FW|1.0|100|blocked|8|src=10.0.0.9 rt=Nov 27 2026 10:15:30 dst=10.0.0.1",
            ),
        ),
    ),
    Format(
        name="leef",
        describes="LEEF (QRadar) with its own time in devTime",
        head=r"""
            (?=(?P<message>LEEF:\d[^\n]*))LEEF:\d\.\d\|(?P<vendor>[^|\n]{0,60})\|(?P<product>[^|\n]{0,60})\|[^\n]{0,500}?[|\s]devTime=<time>
        """,
        joins=Joins.NONE,
        examples=(
            line(
                "LEEF:1.0|Acme|FW|1.0|100|devTime=Nov 27 2026 10:15:30\tsrc=10.0.0.9\tsev=5",
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message="LEEF:1.0|Acme|FW|1.0|100|devTime=Nov 27 2026 10:15:30\tsrc=10.0.0.9\tsev=5",
            ),
        ),
    ),
)
