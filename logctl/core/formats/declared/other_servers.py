"""Servers that build software or run at home, and heads that programs of many kinds share."""

from __future__ import annotations

from logctl.core.formats.declared.level_words import NO_LEVEL
from logctl.core.formats.declared.right_answers import line
from logctl.core.formats.reading import Format

FORMATS = (
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
)
