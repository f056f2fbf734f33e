"""Message brokers, coordination services and key-value stores."""

from __future__ import annotations

from logctl.core.formats.declared.right_answers import line
from logctl.core.formats.reading import Answer, Example, Format, Joins

FORMATS = (
    Format(
        name="rabbitmq",
        describes="RabbitMQ since 3.7, and other programs on Erlang",
        head=r"<time>\ \[(?P<level>[a-z]{4,9})\]\ <(?P<erlang_process>\d{1,6}\.\d{1,9}\.\d{1,6})>(?:@(?P<logger>[\w:/]{1,100}))?\ ?",
        levels={
            "erro": "ERROR",
            "noti": "NOTICE",
            "debu": "DEBUG",
            "crit": "FATAL",
            "aler": "FATAL",
            "emer": "FATAL",
        },
        examples=(
            line(
                "2026-11-27 10:15:30.123456+00:00 [error] <0.222.0> Error on AMQP connection <0.222.0>: "
                "closed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="Error on AMQP connection <0.222.0>: closed",
                erlang_process="0.222.0",
            ),
            line(
                "2026-11-27 10:15:30.123 [warning] <0.222.0> closing AMQP connection",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="closing AMQP connection",
            ),
            line(
                "2026-11-27 10:15:30.123456+00:00 [erro] <0.222.0> Channel error",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="Channel error",
            ),
            line(
                "2026-11-27 10:15:30.123456+00:00 [noti] <0.44.0> Logging: configured log handlers are "
                "now ACTIVE",
                time="2026-11-27T10:15:30.123Z",
                level="NOTICE",
                message="Logging: configured log handlers are now ACTIVE",
            ),
        ),
    ),
    Format(
        name="erlang report",
        describes="Reports of Erlang programs: RabbitMQ before 3.7, ejabberd",
        head=r"""
            =(?P<level>INFO|ERROR|WARNING|NOTICE|CRASH|SUPERVISOR|PROGRESS)\ REPORT=+\ (?:<[\d.]{3,30}>
            \ )?<time>(?:\ UTC)?\ =+
        """,
        levels={"CRASH": "ERROR", "SUPERVISOR": "ERROR", "PROGRESS": "INFO"},
        joins=Joins.UNTIL_HEAD,
        examples=(
            Example(
                "=ERROR REPORT==== 27-Nov-2026::10:15:30 ===\nclosing AMQP connection <0.222.0> "
                "(10.0.0.9:51000 -> 10.0.0.1:5672):\n{handshake_timeout,frame_header}\n=INFO REPORT==== "
                "27-Nov-2026::10:15:31 ===\nServer startup complete",
                (
                    Answer(
                        "2026-11-27T10:15:30Z",
                        "ERROR",
                        "closing AMQP connection <0.222.0> (10.0.0.9:51000 -> 10.0.0.1:5672):\n"
                        "{handshake_timeout,frame_header}",
                    ),
                    Answer("2026-11-27T10:15:31Z", "INFO", "Server startup complete"),
                ),
            ),
        ),
    ),
    Format(
        name="erlang report without time",
        describes="Reports of Erlang programs whose first line has no time",
        head=r"(?==(?P<level>INFO|ERROR|WARNING|NOTICE|CRASH|SUPERVISOR|PROGRESS)\ REPORT=+\s*$)",
        first="=",
        levels={"CRASH": "ERROR", "SUPERVISOR": "ERROR", "PROGRESS": "INFO"},
        examples=(line("=ERROR REPORT====", time=None, level="ERROR", message="=ERROR REPORT===="),),
    ),
    Format(
        name="kafka",
        describes="Kafka, and other programs whose logger stands in brackets at the end",
        head=r"\[<time>\]\ <level>\ (?=[^\n]*\((?P<logger>[a-z]\w{0,60}(?:\.[\w$]{1,100}){1,12}(?::\d{1,6})?)\)$)",
        examples=(
            line(
                "[2026-11-27 10:15:30,123] INFO [KafkaServer id=0] started (kafka.server.KafkaServer)",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="[KafkaServer id=0] started (kafka.server.KafkaServer)",
                logger="kafka.server.KafkaServer",
            ),
            line(
                "[2026-11-27 10:15:30,123] ERROR [ReplicaManager broker=1] Error processing append "
                "operation (kafka.server.ReplicaManager)",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="[ReplicaManager broker=1] Error processing append operation "
                "(kafka.server.ReplicaManager)",
            ),
        ),
    ),
    Format(
        name="zookeeper",
        describes="ZooKeeper",
        head=r"""
            <time>\ (?:\[myid:\d{0,10}\]\ )?-\ <level>\ +\[(?P<thread>(?:[^\[\]\n]|\[
            [^\[\]\n]{0,100}\]){1,200}):(?P<logger>[\w$.]{1,150})@(?P<line>\d{1,6})\]\ -[ ]
        """,
        examples=(
            line(
                "2015-07-29 17:41:44,747 - INFO  [QuorumPeer[myid=1]/0:0:0:0:0:0:0:0:2181:FastLeaderElectio"
                "n@774] - Notification time out: 3200",
                time="2015-07-29T17:41:44.747Z",
                level="INFO",
                message="Notification time out: 3200",
                logger="FastLeaderElection",
                line=774,
            ),
            line(
                "2015-07-29 19:04:29,071 - WARN  [SendWorker:188978561024:QuorumCnxManager$SendWorker@688] "
                "- Send worker leaving thread",
                time="2015-07-29T19:04:29.071Z",
                level="WARN",
                message="Send worker leaving thread",
                thread="SendWorker:188978561024",
            ),
            line(
                "2026-11-27 10:15:30,123 [myid:1] - INFO  [main:o.a.z.s.q.QuorumPeerConfig@177] - Reading "
                "configuration from: /conf/zoo.cfg",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="Reading configuration from: /conf/zoo.cfg",
                logger="o.a.z.s.q.QuorumPeerConfig",
            ),
        ),
    ),
    Format(
        name="nats",
        describes="NATS server",
        head=r"\[(?P<pid>\d{1,10})\]\ <time>\ \[<level>\][ ]",
        examples=(
            line(
                "[812] 2026/11/27 10:15:30.123456 [ERR] Error trying to connect to route",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="Error trying to connect to route",
                pid=812,
            ),
            line(
                "[1] 2026/11/27 10:15:30.123456 [INF] Server is ready",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="Server is ready",
            ),
            line(
                "[1] 2026/11/27 10:15:30.123456 [FTL] Can't listen",
                time="2026-11-27T10:15:30.123Z",
                level="FATAL",
                message="Can't listen",
            ),
        ),
    ),
    Format(
        name="nats without time",
        describes="NATS server that logs no time",
        head=r"\[(?P<pid>\d{1,10})\]\ \[<level>\]\ ",
        examples=(
            line(
                "[1] [INF] Starting nats-server",
                time=None,
                level="INFO",
                message="Starting nats-server",
                pid=1,
            ),
        ),
    ),
    Format(
        name="etcd old",
        describes="etcd before 3.5, and other programs with capnslog",
        head=r"<time>\ (?P<level>[CEWNIDT])\ \|\ (?P<logger>[\w/.-]{1,100}):[ ]",
        levels={"C": "FATAL", "N": "NOTICE"},
        examples=(
            line(
                "2026-11-27 10:15:30.123456 N | etcdserver/membership: set the initial cluster version to "
                "3.4",
                time="2026-11-27T10:15:30.123Z",
                level="NOTICE",
                message="set the initial cluster version to 3.4",
                logger="etcdserver/membership",
            ),
            line(
                "2026-11-27 10:15:30.123456 C | etcdmain: listen tcp 10.0.0.1:2380: bind: address already "
                "in use",
                time="2026-11-27T10:15:30.123Z",
                level="FATAL",
                message="listen tcp 10.0.0.1:2380: bind: address already in use",
            ),
        ),
    ),
    Format(
        name="influxdb old",
        describes="InfluxDB before 1.4",
        head=r"\[(?P<level>[DIWEF])\]\ <time>\ (?=\S)",
        examples=(
            line(
                "[I] 2026-11-27T10:15:30Z Listening on HTTP: [::]:8086 service=httpd",
                time="2026-11-27T10:15:30Z",
                level="INFO",
                message="Listening on HTTP: [::]:8086 service=httpd",
            ),
        ),
    ),
    Format(
        name="influxdb access",
        describes="Access log of InfluxDB 1",
        head=r"""
            \[httpd\]\ (?P<client>[^\s,\["]{1,100})(?:,[^\s\["]{1,200})?\ \S{1,20}\ (?P<user>\S{1,100})
            \ \[<time>\]\ (?="(?P<method>[A-Z]{1,20})\ (?P<path>[^\s"]{1,300}+)[^"]*+"\ (?P<status>\d{3})
            \ (?P<bytes>\d+))
        """,
        joins=Joins.NONE,
        examples=(
            line(
                '[httpd] 10.0.0.9 - ann [27/Nov/2026:10:15:30 +0000] "POST /write?db=shop HTTP/1.1" 204 0 '
                '"-" "telegraf" 8b1f 1234',
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message='"POST /write?db=shop HTTP/1.1" 204 0 "-" "telegraf" 8b1f 1234',
                user="ann",
                status=204,
                method="POST",
            ),
        ),
    ),
    Format(
        name="activemq",
        describes="ActiveMQ, with bars between the columns",
        head=r"""
            <time>\ \|\ <level>\ +\|\ (?P<message>[^\n]*\S)\ +\|\ (?P<logger>[\w$]{1,80}\.[\w.$-]{1,150})
            \ +\|\ (?P<thread>[^|\n]{1,200})$
        """,
        examples=(
            line(
                "2026-11-27 10:15:30,123 | ERROR | Could not accept connection | "
                "org.apache.activemq.broker.TransportConnector | ActiveMQ Transport",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="Could not accept connection",
                logger="org.apache.activemq.broker.TransportConnector",
                thread="ActiveMQ Transport",
            ),
        ),
    ),
)
