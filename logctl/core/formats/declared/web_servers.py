"""Error logs and own logs of web servers, proxies and application servers."""

from __future__ import annotations

from logctl.core.formats.declared.right_answers import line
from logctl.core.formats.reading import Answer, Example, Format, Joins

FORMATS = (
    Format(
        name="nginx error",
        describes="Error log of nginx, OpenResty and Kong",
        head=r"""
            <time>\ \[<level>\]\ (?P<pid>\d{1,10})\#(?P<thread>\d{1,10}):\ (?:\*(?P<connection>\d{1,20})\ )?
        """,
        examples=(
            line(
                '2026/11/27 10:15:30 [error] 7#8: *1 open() "/x" failed (2: No such file), client: 10.0.0.9',
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message='open() "/x" failed (2: No such file), client: 10.0.0.9',
                pid=7,
                thread="8",
                connection="1",
            ),
            line(
                "2026/11/27 10:15:30 [notice] 1#1: nginx/1.27.0",
                time="2026-11-27T10:15:30Z",
                level="NOTICE",
                message="nginx/1.27.0",
            ),
            line(
                "2026/11/27 10:15:30 [emerg] 1#1: bind() to 0.0.0.0:80 failed (98: Address already in use)",
                time="2026-11-27T10:15:30Z",
                level="FATAL",
                message="bind() to 0.0.0.0:80 failed (98: Address already in use)",
            ),
            line(
                "2026/11/27 10:15:30 [crit] 1#1: *5 connect() to unix:/x.sock failed",
                time="2026-11-27T10:15:30Z",
                level="FATAL",
                message="connect() to unix:/x.sock failed",
            ),
        ),
    ),
    Format(
        name="apache error",
        describes="Error log of Apache httpd",
        head=r"""
            \[(?=[A-Z][a-z]{2}\ [A-Z])<time>\]\ \[(?:(?P<logger>[\w-]{0,40}):)?(?P<level>[a-z]{4,6}
            [1-8]?)\]\ (?:\[pid\ (?P<pid>\d{1,10})(?::tid\ (?P<thread>\d{1,20}))?\]\ )?(?=(?:\[
            (?:client|remote)\ (?P<client>[^\]\s]{1,100})\])?)
        """,
        levels={
            "trace1": "TRACE",
            "trace2": "TRACE",
            "trace3": "TRACE",
            "trace4": "TRACE",
            "trace5": "TRACE",
            "trace6": "TRACE",
            "trace7": "TRACE",
            "trace8": "TRACE",
        },
        examples=(
            line(
                "[Fri Nov 27 10:15:30.123456 2026] [core:error] [pid 812:tid 140] [client 10.0.0.9:5] "
                "AH00037: link not allowed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="[client 10.0.0.9:5] AH00037: link not allowed",
                pid=812,
                thread="140",
                client="10.0.0.9:5",
                logger="core",
            ),
            line(
                "[Fri Nov 27 10:15:30 2026] [error] [client 10.0.0.9] File does not exist: /x",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="[client 10.0.0.9] File does not exist: /x",
                client="10.0.0.9",
            ),
            line(
                "[Fri Nov 27 10:15:30.123456 2026] [mpm_event:notice] [pid 1:tid 1] AH00489: "
                "Apache/2.4.62 (Debian) configured -- resuming normal operations",
                time="2026-11-27T10:15:30.123Z",
                level="NOTICE",
                message="AH00489: Apache/2.4.62 (Debian) configured -- resuming normal operations",
            ),
            line(
                "[Fri Nov 27 10:15:30.123456 2026] [ssl:trace3] [pid 1:tid 1] ssl_engine_kernel.c(2231): "
                "OpenSSL: Loop",
                time="2026-11-27T10:15:30.123Z",
                level="TRACE",
                message="ssl_engine_kernel.c(2231): OpenSSL: Loop",
            ),
        ),
    ),
    Format(
        name="envoy",
        describes="Envoy's own log",
        head=r"""
            \[<time>\]\[(?P<thread>\d{1,12})\]\[<level>\]\[(?P<logger>[\w.-]{1,40})\]\ (?:\[(?P<place>[\w./-]{1,150}:\d+)\]\ )?
        """,
        examples=(
            line(
                "[2026-11-27 10:15:30.123][7][warning][config] [source/common/config/grpc.cc:163] gRPC "
                "config stream closed: 14",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="gRPC config stream closed: 14",
                thread="7",
                logger="config",
            ),
            line(
                "[2026-11-27 10:15:30.123][1][info][main] starting main dispatch loop",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="starting main dispatch loop",
            ),
            line(
                "[2026-11-27 10:15:30.123][1][critical][main] [source/server/server.cc:116] error "
                "initializing configuration",
                time="2026-11-27T10:15:30.123Z",
                level="FATAL",
                message="error initializing configuration",
            ),
        ),
    ),
    Format(
        name="haproxy process",
        describes="Lines of the HAProxy process about itself",
        head=r"\[<level>\]\ +(?:\d{3}/\d{6}\ )?\((?P<pid>\d{1,10})\)\ :[ ]",
        examples=(
            line(
                "[ALERT]    (812) : config : parsing error",
                time=None,
                level="FATAL",
                message="config : parsing error",
                pid=812,
            ),
            line(
                "[NOTICE]   (812) : haproxy version is 2.6.12",
                time=None,
                level="NOTICE",
                message="haproxy version is 2.6.12",
            ),
            line(
                "[WARNING] 330/101530 (812) : Server static/srv1 is DOWN",
                time=None,
                level="WARN",
                message="Server static/srv1 is DOWN",
            ),
        ),
    ),
    Format(
        name="tomcat",
        describes="catalina.log of Tomcat",
        head=r"""
            (?=\d\d?-[^\W\d])<time>\ <level>\ \[(?P<thread>(?:[^\[\]\n]|\[(?:[^\[\]\n]|\[
            [^\[\]\n]{0,80}\]){0,120}\]){1,200})\]\ (?P<logger>[\w$]{1,60}(?:\.[\w$<>]{1,100}){1,12})[ ]
        """,
        examples=(
            line(
                "27-Nov-2026 10:15:30.123 INFO [ContainerBackgroundProcessor[StandardEngine[Catalina]]] "
                "org.apache.catalina.core.StandardContext.backgroundProcess x",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="x",
                thread="ContainerBackgroundProcessor[StandardEngine[Catalina]]",
            ),
            line(
                "27-Nov-2026 10:15:30.123 SEVERE [main] org.apache.catalina.core.StandardService.startInter"
                "nal Failed to start connector",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="Failed to start connector",
                thread="main",
                logger="org.apache.catalina.core.StandardService.startInternal",
            ),
            line(
                "27-Nov-2026 10:15:30.123 INFO [main] org.apache.catalina.startup.Catalina.start Server "
                "startup in [912] milliseconds",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="Server startup in [912] milliseconds",
            ),
        ),
    ),
    Format(
        name="jetty",
        describes="Jetty's own logger",
        head=r"""
            <time>\ ?:(?P<level>[A-Z]{4,5})\ ?:(?P<logger>[\w.$-]{1,150}):(?P<thread>[^:\n]{0,100}):[ ]
        """,
        levels={"DBUG": "DEBUG"},
        examples=(
            line(
                "2026-11-27 10:15:30.123:WARN:oejs.HttpChannel:qtp1-18: /x java.lang.NullPointerException",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="/x java.lang.NullPointerException",
                logger="oejs.HttpChannel",
                thread="qtp1-18",
            ),
            line(
                "2026-11-27 10:15:30.123:INFO :oejs.Server:main: Started Server@1",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="Started Server@1",
            ),
        ),
    ),
    Format(
        name="wildfly",
        describes="WildFly, JBoss and Quarkus",
        head=r"""
            <time>\ (?:(?P<host>[\w.-]{1,100})\ (?P<process>\S{1,100})\[(?P<pid>\d{1,10})\]\ )?<level>
            \ +\[(?P<logger>[\w.$:-]{1,150})\]\ \((?P<thread>[^()\n]{1,150}(?:\([^()\n]{0,60}\)
            [^()\n]{0,60})?)\)[ ]
        """,
        examples=(
            line(
                "10:15:30,123 ERROR [org.jboss.as] (MSC service thread 1-2) WFLYSRV0026: failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="WFLYSRV0026: failed",
                logger="org.jboss.as",
                thread="MSC service thread 1-2",
            ),
            line(
                "2026-11-27 10:15:30,123 INFO  [io.quarkus] (main) shop 1.0 started in 0.9s",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="shop 1.0 started in 0.9s",
                logger="io.quarkus",
            ),
        ),
    ),
    Format(
        name="weblogic",
        describes="Oracle WebLogic Server",
        head=r"""
            (?:\#{4})?<<time>>\ <<level>>\ <(?P<logger>[^<>\n]{0,100})>\ (?:(?:<+[^<>\n]{0,200}>+
            \ ){0,12}<(?=BEA-\d+>|[A-Z]{2,10}-\d+>))?
        """,
        examples=(
            line(
                "<Nov 27, 2026 10:15:30 AM UTC> <Error> <HTTP> <BEA-101017> <Exception while processing>",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="BEA-101017> <Exception while processing>",
                logger="HTTP",
            ),
            line(
                "####<Nov 27, 2026 10:15:30 AM UTC> <Warning> <Socket> <host> <server> <main> <<WLS "
                "Kernel>> <> <> <1795774530123> <BEA-000449> <Closing the socket>",
                time="2026-11-27T10:15:30Z",
                level="WARN",
                message="BEA-000449> <Closing the socket>",
            ),
        ),
    ),
    Format(
        name="websphere",
        describes="IBM WebSphere and Liberty",
        head=r"""
            \[<time>\]\ (?P<thread>[0-9a-f]{8})\ (?P<logger>\S{1,150})\ +(?P<level>[FEWAICDRO123<>])
            \ (?=\S|\ )
        """,
        levels={
            "F": "FATAL",
            "A": "NOTICE",
            "C": "INFO",
            "R": "INFO",
            "O": "INFO",
            "1": "DEBUG",
            "2": "TRACE",
            "3": "TRACE",
            "<": "TRACE",
            ">": "TRACE",
        },
        examples=(
            line(
                "[11/27/26 10:15:30:123 UTC] 00000001 SystemOut     O started",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="started",
                logger="SystemOut",
                thread="00000001",
            ),
            line(
                "[11/27/26 10:15:30:123 UTC] 0000004c webapp        E SRVE0293E: [Servlet Error]-[boom]",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="SRVE0293E: [Servlet Error]-[boom]",
            ),
        ),
    ),
    Format(
        name="glassfish",
        describes="GlassFish and Payara",
        head=r"""
            \[<time>\]\ \[(?P<product>[^\]\n]{1,60})\]\ \[<level>\]\ \[(?P<code>[^\]\n]{0,60})\]\ \[
            (?P<logger>[^\]\n]{0,150})\]\ (?:\[tid:[^\]\n]{1,200}\]\ ){0,2}(?:\[\w{1,40}:[^\]\n]{0,100}\]
            \ ){0,6}
        """,
        joins=Joins.UNTIL_HEAD,
        examples=(
            Example(
                "[2026-11-27T10:15:30.123+0000] [Payara 6] [SEVERE] [] [javax.enterprise.web] [tid: "
                "_ThreadID=31 _ThreadName=main] [timeMillis: 1795774530123] [levelValue: 1000] [[\n  "
                "payment failed]]",
                (
                    Answer(
                        "2026-11-27T10:15:30.123Z",
                        "ERROR",
                        "[[\n  payment failed]]",
                        {"logger": "javax.enterprise.web"},
                    ),
                ),
            ),
        ),
    ),
    Format(
        name="hypercorn access",
        describes="The access log of hypercorn",
        head=r"""
            \[<time>\]\ \[(?P<pid>\d{1,10})\]\ \[<level>\]\ (?P<client>[^\s"]{1,100})\ -\ -\ \[[^\]\n]{10,40}\]
            \ (?="(?P<method>[A-Z]{2,20})\ (?P<path>[^\s"]{1,300}+)[^\s"]*+\ [\w./]{1,10}"\ (?P<status>\d{3})(?:\ (?P<bytes>\d{1,15}))?)
        """,
        joins=Joins.NONE,
        examples=(
            line(
                '[2026-11-27 10:15:30 +0000] [812] [INFO] 127.0.0.1:53502 - - [27/Nov/2026:10:15:30 +0000] "GET / 1.1" '
                '200 - "-" "curl/7.88.1"',
                time="2026-11-27T10:15:30Z",
                level="INFO",
                message='"GET / 1.1" 200 - "-" "curl/7.88.1"',
                client="127.0.0.1:53502",
                method="GET",
                path="/",
                status=200,
            ),
        ),
    ),
    Format(
        name="gunicorn",
        describes="gunicorn and hypercorn, and other programs with time, process and level in brackets",
        head=r"\[<time>\]\ \[(?P<pid>\d{1,10})\]\ \[<level>\][ ]",
        examples=(
            line(
                "[2026-11-27 10:15:30 +0000] [812] [ERROR] Exception in worker process",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="Exception in worker process",
                pid=812,
            ),
            line(
                "[2026-11-27 11:15:30 +0100] [1] [INFO] Listening at: http://0.0.0.0:8000 (1)",
                time="2026-11-27T10:15:30Z",
                level="INFO",
                message="Listening at: http://0.0.0.0:8000 (1)",
            ),
        ),
    ),
    Format(
        name="passenger",
        describes="Phusion Passenger",
        head=r"""
            \[\ (?P<level>[CEWNID]|D[23])\ <time>\ (?P<pid>\d{1,10})/(?P<thread>\w{1,20})
            \ (?P<logger>\S{1,150})\ \]:[ ]
        """,
        levels={"C": "FATAL", "N": "NOTICE", "D2": "TRACE", "D3": "TRACE"},
        examples=(
            line(
                "[ E 2026-11-27 10:15:30.1234 812/T1 age/Cor/App/Implementation.cpp:221 ]: Could not "
                "spawn process",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="Could not spawn process",
                pid=812,
            ),
            line(
                "[ N 2026-11-27 10:15:30.1234 812/T1 age/Cor/CoreMain.cpp:1147 ]: Passenger core online",
                time="2026-11-27T10:15:30.123Z",
                level="NOTICE",
                message="Passenger core online",
            ),
        ),
    ),
    Format(
        name="lighttpd error",
        describes="Error log of lighttpd",
        head=r"<time>:\ \((?P<place>[\w./-]{1,100}\.(?:c|\d{1,4})[.:]?\d{0,6})\)[ ]",
        examples=(
            line(
                "2026-11-27 10:15:30: (server.c.1976) server started (lighttpd/1.4.69)",
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message="server started (lighttpd/1.4.69)",
            ),
        ),
    ),
    Format(
        name="iis http error",
        describes="Error log of Windows' HTTP.sys, without its header lines",
        head=r"""
            <time>\ (?=(?P<client>[\da-fA-F.:%]{2,50})\ \d{1,5}\ [\da-fA-F.:%]{2,50}\ \d{1,5}\ (?:HTTP/
            [\d.]+|-)\ (?P<method>[A-Z]{1,20}|-)\ (?P<path>\S{1,300}+))
        """,
        joins=Joins.NONE,
        utc=True,
        examples=(
            line(
                "2026-11-27 10:15:30 10.0.0.9 51000 10.0.0.1 80 HTTP/1.1 GET /x - 503 1 AppOffline shop",
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message="10.0.0.9 51000 10.0.0.1 80 HTTP/1.1 GET /x - 503 1 AppOffline shop",
                client="10.0.0.9",
                method="GET",
                path="/x",
            ),
        ),
    ),
    Format(
        name="iis access",
        describes="Access log of IIS in its default columns, without its header lines",
        head=r"""
            <time>\ (?:W3SVC\d+\ )?(?=[\da-fA-F.:%]{2,50}\ (?P<method>[A-Z]{2,20})
            \ (?P<path>/\S{0,300}+)\S*+\ \S+\ \d{1,5}\ (?P<user>\S{1,100})\ (?P<client>[\da-fA-F.:%]{2,50})
            \ \S+(?:\ \S+)?\ (?P<status>\d{3})\ \d+\ \d+(?:\ (?P<duration>\d+))?\s*$)
        """,
        joins=Joins.NONE,
        utc=True,
        examples=(
            line(
                "2026-11-27 10:15:30 10.0.0.1 GET /x id=1 443 - 10.0.0.9 curl/8 - 500 0 0 15",
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message="10.0.0.1 GET /x id=1 443 - 10.0.0.9 curl/8 - 500 0 0 15",
                method="GET",
                path="/x",
                client="10.0.0.9",
                status=500,
                duration=15,
            ),
        ),
    ),
    Format(
        name="puma",
        describes="Puma's own lines in a cluster",
        head=r"\[(?P<pid>\d{1,10})\]\ (?=[*+!]\ |-\ (?:Worker|Gracefully|Goodbye|Master|Starting)\b|Puma\ )",
        examples=(
            line(
                "[812] - Worker 0 (PID: 813) booted in 0.1s, phase: 0",
                time=None,
                level="UNKNOWN",
                message="- Worker 0 (PID: 813) booted in 0.1s, phase: 0",
                pid=812,
            ),
            line(
                "[812] * Listening on http://0.0.0.0:3000",
                time=None,
                level="UNKNOWN",
                message="* Listening on http://0.0.0.0:3000",
            ),
        ),
    ),
)
