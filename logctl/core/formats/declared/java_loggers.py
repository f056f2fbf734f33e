"""Formats of loggers for Java and other languages of its virtual machine: log4j, Logback, java.util.logging.

A thread's name can hold brackets, such as `Thread[main,5,main]`.
"""

from __future__ import annotations

from logctl.core.formats.declared.right_answers import line
from logctl.core.formats.reading import Format, Joins

# The name of a thread of HDFS contains the path of a file, and a block.
_THREAD = r"\[(?P<thread>(?:[^\[\]\n]|\[[^\[\]\n]{0,80}\]){0,250})\]"
_CLASS = r"[A-Za-z_$][\w$.\-/]{0,160}+(?:\[[\w.\-/\[\]]{0,80}\])?"
_PLACE = r"(?:\s*\((?P<file>[\w$\-]{1,80}\.\w{1,8}|Unknown\ Source|Native\ Method)(?::(?:[\w$<>]{1,80}\()?(?P<line>\d{1,6}|\?)\)?)?\))?"
# Trace ids and other context that applications add in brackets.
_CONTEXTS = r"(?:\[[^\[\]\n]{0,120}+\]\s++){0,4}"

FORMATS = (
    Format(
        "java libraries themselves",
        "log4j and SLF4J about themselves, and warnings of the Java virtual machine",
        r"(?:log4j:(?P<level>TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\ |SLF4J\((?P<level_>[DIWE])\):\ "
        r"|(?:OpenJDK|Java\ HotSpot\(TM\)|GraalVM)\ [\w ()-]{1,60}\ (?P<level__>warning):\ )",
        examples=(
            line(
                "log4j:WARN No appenders could be found for logger (shop.Main).",
                time=None,
                level="WARN",
                message="No appenders could be found for logger (shop.Main).",
            ),
            line(
                "SLF4J(W): No SLF4J providers were found.",
                time=None,
                level="WARN",
                message="No SLF4J providers were found.",
            ),
            line(
                "OpenJDK 64-Bit Server VM warning: Sharing is only supported for boot loader classes",
                time=None,
                level="WARN",
                message="Sharing is only supported for boot loader classes",
            ),
        ),
    ),
    Format(
        "spring boot",
        "Spring Boot's default output, to the console and to files, also with the ids of traces",
        r"<time>\s+<level>\s+(?:\[(?P<app_>[\w.\-]{0,80}),(?P<trace_id>\w{0,32}),(?P<span_id>\w{0,16})(?:,\w{0,5})?\]\s+)?"
        r"(?P<pid>\d{1,10})\s+---\s+(?:\[(?P<app>[^\]\n]{0,80})\]\s+(?=\[))?"
        rf"{_THREAD}\s+(?:\[(?:(?P<trace_id_>[0-9a-f]{{16,32}})-(?P<span_id_>[0-9a-f]{{16}})|\s*)\]\s+)?"
        r"(?P<logger>\S{1,160})\s*:(?:\ |$)",
        examples=(
            line(
                "2026-11-27 10:15:30.123  INFO 812 --- [           main] c.acme.shop.Application  : Started in 3.1 s",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="Started in 3.1 s",
                pid=812,
                thread="main",
                logger="c.acme.shop.Application",
            ),
            line(
                "2026-11-27T11:15:30.123+01:00  WARN 812 --- [shop] [           main] c.acme.shop.Application  : slow",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="slow",
                thread="main",
            ),
            line(
                "2026-11-27 10:15:31.000 ERROR 812 --- [nio-8080-exec-1] o.a.c.c.C.[.[.[/].[dispatcherServlet]    "
                ": Servlet.service() threw",
                time="2026-11-27T10:15:31Z",
                level="ERROR",
                message="Servlet.service() threw",
                thread="nio-8080-exec-1",
            ),
            line(
                "2026-11-27 10:15:31.000  INFO [shop,65d8f1c2a1b2c3d4,8f2e1a2b3c4d5e6f] 812 --- [           main] c.a.X : ok",
                time="2026-11-27T10:15:31Z",
                level="INFO",
                message="ok",
                trace_id="65d8f1c2a1b2c3d4",
            ),
        ),
    ),
    Format(
        "log4j",
        "log4j, Log4j 2 and Logback with time, level, thread, logger; Hadoop, HBase, Hive, Kafka Connect, Druid",
        rf"<time>\s+<level>\s+{_THREAD}\s+{_CONTEXTS}(?P<logger>{_CLASS}){_PLACE}(?:\s*:\ |\s+-{{1,2}}\s|\s+\|\s)",
        examples=(
            line(
                "2026-11-27 10:15:30,123 ERROR [main] com.acme.Shop (Shop.java:9) - payment failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="payment failed",
                thread="main",
                logger="com.acme.Shop",
                file="Shop.java",
                line=9,
            ),
            line(
                "2026-11-27 10:15:30,123 INFO [IPC Server handler 3 on 8020] org.apache.hadoop.ipc.Server: Starting",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="Starting",
                thread="IPC Server handler 3 on 8020",
                logger="org.apache.hadoop.ipc.Server",
            ),
        ),
    ),
    Format(
        "logback",
        "Logback and log4j with time, thread, level, logger; log4net; Micronaut, Pulsar",
        rf"<time>\s+{_THREAD}\s+{_CONTEXTS}<level>\s+{_CONTEXTS}(?P<logger>{_CLASS}){_PLACE}"
        r"(?:\s+\[[^\[\]\n]{0,120}\])?(?:\s+-[^\s\-][^\n]{0,300}-\s|\s*:\ |\s+-{1,2}\s|\s+\|\s)",
        examples=(
            line(
                "10:15:30.123 [main] ERROR com.acme.Shop -- payment failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="payment failed",
                thread="main",
                logger="com.acme.Shop",
            ),
            line(
                "2026-11-27 10:15:30,123 [http-nio-8080-exec-1] ERROR c.a.Shop - payment failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="payment failed",
                thread="http-nio-8080-exec-1",
            ),
            line(
                "2026-11-27 10:15:30,123 [1] ERROR Shop.Orders [(null)] - payment failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="payment failed",
                thread="1",
                logger="Shop.Orders",
            ),
        ),
    ),
    Format(
        "log4j with context",
        "Log4j 2 with the context stack after the logger; Apache Flink",
        rf"<time>\s+<level>\s+(?P<logger>{_CLASS})\s+\[[^\]\n]{{0,120}}\]\s+-\s",
        examples=(
            line(
                "2026-11-27 10:15:30,123 INFO  org.apache.flink.runtime.jobmaster.JobMaster                [] - Starting",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="Starting",
                logger="org.apache.flink.runtime.jobmaster.JobMaster",
            ),
        ),
    ),
    Format(
        "spark",
        "Apache Spark",
        r"<time>(?<=\d\d/\d\d/\d\d\ \d\d:\d\d:\d\d)(?<!\d\d\d/\d\d/\d\d\ \d\d:\d\d:\d\d)\ <level>\ (?P<logger>[\w.$\-]{1,160}+):\ ",
        examples=(
            line(
                "26/11/27 10:15:30 ERROR SparkContext: Error initializing",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="Error initializing",
                logger="SparkContext",
            ),
        ),
    ),
    Format(
        "hdfs old",
        "Hadoop before version 1: six digits of date, six of time, thread, level, logger",
        r"<time>(?<=\d{6}\ \d{6})\ (?P<thread>\d{1,10})\ <level>\ (?P<logger>[\w.$\-]{1,160}+):\ ",
        examples=(
            line(
                "081109 203615 148 INFO dfs.DataNode$PacketResponder: PacketResponder 1 terminating",
                time="2008-11-09T20:36:15Z",
                level="INFO",
                message="PacketResponder 1 terminating",
                thread="148",
                logger="dfs.DataNode$PacketResponder",
            ),
        ),
    ),
    Format(
        "log4j level first",
        "log4j with level, thread, time, class and line: Apache Cassandra before 2.1, Storm's workers",
        rf"<level>\s+{_THREAD}\s+<time>\s+(?!\w{{1,80}}\.java:)(?P<logger>[\w.$\-]{{1,160}})(?::(?P<line>\d{{1,6}}))?\s+-\s",
        examples=(
            line(
                "WARN  [main] 2026-11-27 10:15:30,123 c.a.Shop - slow",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="slow",
                thread="main",
                logger="c.a.Shop",
            ),
        ),
    ),
    Format(
        "log4j ttcc",
        "log4j's TTCC layout: milliseconds since the start, thread, level, logger",
        rf"\d{{1,10}}\s+{_THREAD}\s+<level>\s+(?P<logger>\S{{1,160}})\s+(?:[^\s\-]\S{{0,120}}\s+)?-\s",
        examples=(
            line(
                "812 [main] ERROR com.acme.Shop  - payment failed",
                time=None,
                level="ERROR",
                message="payment failed",
                thread="main",
                logger="com.acme.Shop",
            ),
        ),
    ),
    Format(
        "sling",
        "Apache Sling and Adobe Experience Manager",
        rf"<time>\ \*<level>\*\ {_THREAD}\ (?P<logger>[\w.$\-]{{1,160}})\ ",
        examples=(
            line(
                "27.11.2026 10:15:30.123 *ERROR* [qtp-1] org.apache.sling.engine.impl.Processor boom",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="boom",
                thread="qtp-1",
                logger="org.apache.sling.engine.impl.Processor",
            ),
        ),
    ),
    Format(
        "logback status",
        "Logback's messages about its own configuration",
        r"<time>\ \|-<level>\ in\ (?P<logger>\S{1,160})\ -\ ",
        examples=(
            line(
                "10:15:30,123 |-INFO in ch.qos.logback.classic.LoggerContext[default] - Found resource [logback.xml]",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="Found resource [logback.xml]",
                logger="ch.qos.logback.classic.LoggerContext[default]",
            ),
        ),
    ),
    Format(
        "dropwizard",
        "Dropwizard",
        rf"<level>\s+\[<time>\]\s+(?:{_THREAD}\s+)?(?P<logger>[\w.$\-]{{1,160}}):\ ",
        examples=(
            line(
                "INFO  [2026-11-27 10:15:30,123] com.acme.Shop: ok",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="ok",
                logger="com.acme.Shop",
            ),
        ),
    ),
    Format(
        "play",
        "Play Framework: level in brackets, `from` the logger, `in` a thread",
        r"<time>\s+\[<level>\]\s+(?:from\s+)?(?P<logger>[\w.$\-]{1,160}+)\s+in\s+(?P<thread>\S{1,120})\s+-\s",
        examples=(
            line(
                "2026-11-27 10:15:30,123 [INFO] from play.api.Play in main - Application started (Prod)",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="Application started (Prod)",
                logger="play.api.Play",
                thread="main",
            ),
        ),
    ),
    Format(
        "akka",
        "Akka's own logger",
        r"\[<level>\]\s+\[<time>\]\s+\[(?P<thread>[^\]\n]{1,120})\]\s+\[?(?P<logger>[^\]\s]{1,200})\]?\s+(?:-\s)?",
        examples=(
            line(
                "[WARN] [11/27/2026 10:15:30.123] [shop-akka.actor.default-dispatcher-3] [akka://shop/user/pay] slow",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="slow",
                thread="shop-akka.actor.default-dispatcher-3",
                logger="akka://shop/user/pay",
            ),
        ),
    ),
    Format(
        "helidon",
        "Helidon",
        r"<time>\s+<level>\s+(?P<logger>[\w.$]{1,160}+)\s++(?P<thread>(?:Virtual)?Thread\[[^\]\n]{0,120}\]\S{0,60})\s*:\ ",
        examples=(
            line(
                "2026.11.27 10:15:30 INFO io.helidon.common.LogConfig Thread[main,5,main]: Logging configured",
                time="2026-11-27T10:15:30Z",
                level="INFO",
                message="Logging configured",
                thread="Thread[main,5,main]",
            ),
        ),
    ),
    Format(
        "flume",
        "Apache Flume",
        r"<time>\s+\((?P<thread>[^)\n]{1,120})\)\s+\[<level>\s+-\s+(?P<logger>[\w.$<>]{1,160})"
        r"(?:\((?P<file>[\w$]{1,80}\.\w{1,8}):(?P<line>\d{1,6})\))?\]\s+",
        examples=(
            line(
                "2026-11-27 10:15:30,123 (lifecycleSupervisor-1-0) [INFO - org.apache.flume.X.start(X.java:61)] Starting",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="Starting",
                thread="lifecycleSupervisor-1-0",
                logger="org.apache.flume.X.start",
            ),
        ),
    ),
    Format(
        "storm",
        "Apache Storm",
        r"<time>\s+(?P<logger>[a-z][\w$]{0,40}\.[\w.$\-]{1,120}+)\s++(?P<thread>[\w.\-\[\]]{1,80}+)\s++\[<level>\]\s+",
        examples=(
            line(
                "2026-11-27 10:15:30.123 o.a.s.u.Utils main [INFO] Using storm.yaml",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="Using storm.yaml",
                logger="o.a.s.u.Utils",
                thread="main",
            ),
        ),
    ),
    Format(
        "trino",
        "Trino, Presto and other programs on Airlift",
        r"<time>\t<level>\t(?P<thread>[^\t\n]{1,120})\t(?P<logger>[\w$\-]{1,80}\.[\w.$\-]{1,120})\t",
        examples=(
            line(
                "2026-11-27T10:15:30.123Z\tINFO\tmain\tio.trino.server.Server\t======== SERVER STARTED ========",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="======== SERVER STARTED ========",
                thread="main",
                logger="io.trino.server.Server",
            ),
        ),
    ),
    Format(
        "jira",
        "Jira and Bitbucket: thread, level, user and request, the logger in brackets",
        r"<time>\s+(?P<thread>[\w\-.:\#/]{1,100}+)\s++(?=[A-Z]{4,8}\s)<level>\s+(?P<request>[^\[\]\n]{0,200})"
        r"\[(?P<logger>[a-z]\w{0,60}\.[\w.$\-]{1,120})\]\ ",
        examples=(
            line(
                "2026-11-27 10:15:30,123+0000 http-nio-8080-exec-5 ERROR ann 615x1x1 1abc 10.0.0.9 /browse/X "
                "[c.a.j.web.Filter] boom",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="boom",
                thread="http-nio-8080-exec-5",
                logger="c.a.j.web.Filter",
            ),
        ),
    ),
    Format(
        "nexus",
        "Sonatype Nexus",
        rf"<time>\s+<level>\s+{_THREAD}\s+(?P<user>\*?[\w.@\-]{{1,80}})\s+(?P<logger>\w{{1,60}}\.[\w.$\-]{{1,120}})\s+-\s",
        examples=(
            line(
                "2026-11-27 10:15:30,123+0000 INFO  [qtp123-45]  *UNKNOWN org.sonatype.nexus.Main - started",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="started",
                thread="qtp123-45",
                user="*UNKNOWN",
            ),
        ),
    ),
    Format(
        "teamcity",
        "TeamCity",
        r"\[<time>\]\s+<level>\s+-\s+(?P<logger>[\w.$\-]{1,160})\s+-\s",
        examples=(
            line(
                "[2026-11-27 10:15:30,123]   INFO -  jetbrains.buildServer.SERVER - started",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="started",
                logger="jetbrains.buildServer.SERVER",
            ),
        ),
    ),
    Format(
        "artifactory",
        "JFrog Artifactory and its services",
        r"<time>\s+\[(?P<process>\w{1,20})\s*\]\s+\[<level>\s*\]\s+\[(?P<trace_id>\w{0,40})\s*\]\s+"
        r"\[(?P<logger>[^\]:\n]{0,120}?)(?::(?P<line>\d{1,6}))?\s*\]\s+\[(?P<thread>[^\]\n]{0,120}?)\s*\]\s+-\s",
        examples=(
            line(
                "2026-11-27T10:15:30.123Z [jfrt ] [ERROR] [1a2b3c4d5e6f    ] [o.a.s.X:12              ] [http-nio-1     ] - boom",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="boom",
                process="jfrt",
                logger="o.a.s.X",
                thread="http-nio-1",
            ),
        ),
    ),
    Format(
        "karaf",
        "Apache Karaf, ServiceMix and openHAB",
        r"<time>\ \|\ <level>\s*\|\s(?P<thread>[^|\n]{1,120}?)\s*\|\s(?P<logger>[\w.$\-]{1,160})\s*\|\s[^|\n]{0,160}\|\s",
        examples=(
            line(
                "2026-11-27T10:15:30,123 | INFO  | FelixStartLevel  | o.a.k.f.Service       | 12 - bundle.name - 1.0 | started",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="started",
                thread="FelixStartLevel",
                logger="o.a.k.f.Service",
            ),
        ),
    ),
    Format(
        "openhab",
        "openHAB",
        r"<time>\s\[<level>\s*\]\s\[(?P<logger>[\w.$\-]{1,160})\s*\]\s-\s",
        examples=(
            line(
                "2026-11-27 10:15:30.123 [WARN ] [me.event.ThingUpdatedEvent           ] - slow",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="slow",
                logger="me.event.ThingUpdatedEvent",
            ),
        ),
    ),
    Format(
        "jvm uptime logging",
        "The virtual machine's own messages with the seconds since its start",
        r"\[\d{1,10}[.,]\d{3}s\]\[<level>\s*\]\[(?P<logger>[a-z][\w,+\ ]{0,60}?)\s*\]\ ",
        examples=(
            line(
                "[0.123s][info][gc,start     ] GC(0) Pause Young (Normal)",
                time=None,
                level="INFO",
                message="GC(0) Pause Young (Normal)",
                logger="gc,start",
            ),
        ),
    ),
    Format(
        "java.util.logging in one line",
        "java.util.logging with a format that has the level and the message in the line of the time",
        r"(?=[^\W\d]{3,10}\.?\ \d\d?,\ \d{4}[ ,])<time>\ (?P<logger>[A-Za-z_$][\w.$]{0,160}+)\ (?P<function>[\w$<>]{1,80})\ "
        r"<level>:\ ",
        examples=(
            line(
                "Nov 27, 2026 10:15:30 AM com.acme.Shop main SEVERE: payment failed",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="payment failed",
                logger="com.acme.Shop",
                function="main",
            ),
        ),
    ),
    Format(
        "java.util.logging",
        "java.util.logging's default: time and class in one line, level and message in the next",
        r"(?=[^\W\d]{3,10}\.?\ \d\d?,\ \d{4}[ ,])<time>\ (?P<logger>[A-Za-z_$][\w.$]{0,160})"
        r"(?:\ (?P<function>[\w$<>]{1,80}))?(?=\s{0,9}+(?:\n|$))",
        joins=Joins.UNTIL_HEAD,
        examples=(
            line(
                "Nov 27, 2026 10:15:30 AM com.acme.Shop main",
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message="",
                logger="com.acme.Shop",
            ),
        ),
    ),
)
