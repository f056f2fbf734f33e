"""Formats of Python's logging and of the frameworks and tools that are written in Python."""

from __future__ import annotations

from logctl.core.formats.declared.level_words import NO_LEVEL
from logctl.core.formats.declared.right_answers import line
from logctl.core.formats.reading import Format

_MODULE = r"[\w.\-]{1,120}"

FORMATS = (
    Format(
        "aiohttp access",
        "The access log of aiohttp with Python's logging.basicConfig",
        r"<level>:(?P<logger>aiohttp\.access):(?P<client>\S{1,100})\ \[<time>\]\ "
        r"(?=\"(?P<method>[A-Z]{2,20})\ (?P<path>[^\s\"]{1,300}+)[^\"]*+\"\ (?P<status>\d{3})\ (?P<bytes>\d{1,15}))",
        examples=(
            line(
                'INFO:aiohttp.access:127.0.0.1 [27/Nov/2026:10:15:30 +0000] "GET /x HTTP/1.1" 200 153 "-" "curl/7.88.1"',
                time="2026-11-27T10:15:30Z",
                level="INFO",
                message='"GET /x HTTP/1.1" 200 153 "-" "curl/7.88.1"',
                client="127.0.0.1",
                path="/x",
                status=200,
                bytes=153,
            ),
        ),
    ),
    Format(
        "python basic",
        "Python's logging.basicConfig: level, logger and message with colons between them",
        rf"(?P<level>DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|FATAL|NOTSET):(?P<logger>{_MODULE}):(?!\S{{1,80}}\ -\ \S{{1,80}}\ \[\d)",
        levels={"NOTSET": "UNKNOWN"},
        examples=(
            line(
                "ERROR:shop.orders:payment failed",
                time=None,
                level="ERROR",
                message="payment failed",
                logger="shop.orders",
            ),
            line("INFO:root: ok", time=None, level="INFO", message="ok", logger="root"),
        ),
    ),
    Format(
        "python basic with time",
        "Python's logging.basicConfig with a time before the level: `%(asctime)s %(levelname)s:%(name)s:%(message)s`",
        rf"<time>\ <level>:(?P<logger>[A-Za-z_]{_MODULE}):(?=[^\s/:])",
        examples=(
            line(
                "2026-11-27 10:15:30,123 ERROR:shop.orders:payment failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="payment failed",
                logger="shop.orders",
            ),
        ),
    ),
    Format(
        "huey",
        "The consumer of Huey",
        rf"\[<time>\]\ <level>:(?P<logger>{_MODULE}):(?P<thread>[\w.\-]{{1,60}}):(?=[^\s/:])",
        examples=(
            line(
                "[2026-11-27 10:15:30,123] INFO:huey.consumer:MainThread:Scheduler runs every 1 second(s).",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="Scheduler runs every 1 second(s).",
                logger="huey.consumer",
                thread="MainThread",
            ),
        ),
    ),
    Format(
        "python dashes",
        "Python's logging with the format of its documentation, time - logger - level - message; Matrix Synapse",
        rf"<time>\ -\ (?P<logger>{_MODULE})\ -\ (?:(?P<line>\d{{1,9}})\ -\ )?<level>\ -\ "
        r"(?:(?P<request_id>(?:GET|PUT|POST|DELETE|HEAD|OPTIONS|PATCH|PROCESS)?-\d*)\ ?-\ )?"
        r"(?:(?P<file>[\w./\-]{1,100}\.py):(?P<line_>\d{1,6})\ -\ )?",
        examples=(
            line(
                "2026-11-27 10:15:30,123 - shop.orders - ERROR - payment failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="payment failed",
                logger="shop.orders",
            ),
            line(
                "2026-11-27 10:15:30,123 - synapse.http.server - 471 - INFO - GET-5- Processed request",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="Processed request",
                logger="synapse.http.server",
                line=471,
            ),
        ),
    ),
    Format(
        "python dashes without time",
        "Python's logging with logger - level - message, as services write it whose lines get a time from others",
        rf"(?P<logger>[A-Za-z_]{_MODULE})\ -\ (?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL)\ -\ ",
        examples=(
            line(
                "shop.orders - ERROR - payment failed",
                time=None,
                level="ERROR",
                message="payment failed",
                logger="shop.orders",
            ),
            line("root - INFO - a - b", time=None, level="INFO", message="a - b", logger="root"),
        ),
    ),
    Format(
        "certbot",
        "Python's logging with colons between time, level, logger and message; certbot",
        rf"<time>(?<=,\d{{3}}):<level>:(?P<logger>{_MODULE}):",
        examples=(
            line(
                "2026-11-27 10:15:30,123:ERROR:certbot._internal.log:boom",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="boom",
                logger="certbot._internal.log",
            ),
        ),
    ),
    Format(
        "django verbose",
        "Django with the verbose formatter of its documentation: level, time, module, process, thread, message",
        rf"<level>\ +<time>\ (?P<logger>{_MODULE})\ (?P<pid>\d{{1,10}})\ (?P<thread>\d{{1,20}})\ ",
        examples=(
            line(
                "ERROR 2026-11-27 10:15:30,123 views 812 140735 payment failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="payment failed",
                logger="views",
                pid=812,
                thread="140735",
            ),
        ),
    ),
    Format(
        "flask",
        "Flask's default handler",
        rf"\[<time>\]\ <level>\ in\ (?P<logger>{_MODULE}):\ ",
        examples=(
            line(
                "[2026-11-27 10:15:30,887] WARNING in app: low stock",
                time="2026-11-27T10:15:30.887Z",
                level="WARN",
                message="low stock",
                logger="app",
            ),
        ),
    ),
    Format(
        "celery",
        "Celery's workers and beat",
        r"\[<time>:\ <level>/(?P<process>[\w\-:.]{1,100})\]\ "
        rf"(?:(?P<logger>{_MODULE})\[(?P<task_id>[0-9a-f\-]{{36}})\]:\ )?",
        examples=(
            line(
                "[2026-11-27 10:15:30,123: ERROR/ForkPoolWorker-2] Task shop.pay[8b1f] raised unexpected: ValueError()",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="Task shop.pay[8b1f] raised unexpected: ValueError()",
                process="ForkPoolWorker-2",
            ),
            line(
                "[2026-11-27 10:15:30,123: INFO/MainProcess] shop.pay[8b1f1a7e-0b9d-4d4f-9f57-0a6a1c7f1d22]: charged",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="charged",
                logger="shop.pay",
                task_id="8b1f1a7e-0b9d-4d4f-9f57-0a6a1c7f1d22",
            ),
        ),
    ),
    Format(
        "multiprocessing",
        "Python's multiprocessing.log_to_stderr",
        r"\[<level>/(?P<process>[\w\-:.]{1,100})\]\ ",
        examples=(
            line(
                "[INFO/ForkPoolWorker-2] process shutting down",
                time=None,
                level="INFO",
                message="process shutting down",
                process="ForkPoolWorker-2",
            ),
        ),
    ),
    Format(
        "airflow",
        "Apache Airflow's task and scheduler logs",
        r"\[<time>\]\ \{\{?(?P<file>[\w.\-/]{1,120}):(?P<line>\d{1,6})\}\}?\ <level>\ -\ ",
        examples=(
            line(
                "[2026-11-27T11:15:30.123+0100] {taskinstance.py:1206} ERROR - Task failed with exception",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="Task failed with exception",
                file="taskinstance.py",
                line=1206,
            ),
        ),
    ),
    Format(
        "loguru",
        "Loguru's default handler",
        rf"<time>\ \|\ <level>\s*\|\ (?P<logger>{_MODULE}):(?P<function>[\w.<>\-]{{1,120}}):(?P<line>\d{{1,6}})\ -\ ",
        levels={"SUCCESS": "INFO"},
        examples=(
            line(
                "2026-11-27 10:15:30.123 | WARNING  | shop.orders:pay:12 - slow",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="slow",
                logger="shop.orders",
                line=12,
            ),
            line(
                "2026-11-27 10:15:30.123 | SUCCESS  | __main__:<module>:3 - done",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="done",
            ),
        ),
    ),
    Format(
        "tornado",
        "Tornado, Jupyter and JupyterHub",
        r"\[(?P<level>[CEWIDF])\ <time>\ (?P<logger>[\w.\-]{1,100}(?:\ [\w.\-]{1,100})?)(?::(?P<line>\d{1,6}))?\]\ ?",
        examples=(
            line(
                "[E 261127 10:15:30 web:1789] Uncaught exception",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="Uncaught exception",
                logger="web",
                line=1789,
            ),
            line(
                "[I 2026-11-27 10:15:31.123 ServerApp] Serving notebooks",
                time="2026-11-27T10:15:31.123Z",
                level="INFO",
                message="Serving notebooks",
                logger="ServerApp",
            ),
            line(
                "[W 2026-11-27 10:15:31.123 JupyterHub app:2859] slow",
                time="2026-11-27T10:15:31.123Z",
                level="WARN",
                message="slow",
                logger="JupyterHub app",
            ),
        ),
    ),
    Format(
        "cloud-init",
        "cloud-init",
        r"<time>\ -\ (?P<logger>[\w.\-]{1,80})\[(?P<level>[A-Z]{4,8})\]:\ ",
        examples=(
            line(
                "2026-11-27 10:15:30,123 - util.py[WARNING]: Failed running /x",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="Failed running /x",
                logger="util.py",
            ),
        ),
    ),
    Format(
        "odoo",
        "Odoo",
        rf"<time>\ (?P<pid>\d{{1,10}})\ <level>\ (?P<database>[\w.\-?]{{1,80}})\ (?P<logger>{_MODULE}):\ ",
        examples=(
            line(
                "2026-11-27 10:15:30,123 812 INFO shopdb odoo.modules.loading: Modules loaded.",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="Modules loaded.",
                pid=812,
                database="shopdb",
                logger="odoo.modules.loading",
            ),
        ),
    ),
    Format(
        "ansible",
        "Ansible's log_path",
        r"<time>\ p=(?P<pid>\d{1,10})\ u=(?P<user>\S{1,80})(?:\ n=(?P<logger>[\w.\-]{1,80}))?(?:\ <level>)?\s*\|\ ",
        examples=(
            line(
                "2026-11-27 10:15:30,123 p=812 u=ann n=ansible | TASK [Gathering Facts] ***",
                time="2026-11-27T10:15:30.123Z",
                level="UNKNOWN",
                message="TASK [Gathering Facts] ***",
                pid=812,
                user="ann",
            ),
            line(
                "2026-11-27 10:15:30,123 p=812 u=ann n=ansible INFO| ok: [web1]",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="ok: [web1]",
            ),
        ),
    ),
    Format(
        "ansible playbook",
        "What ansible-playbook prints: tasks that failed, and its warnings",
        r"(?:(?P<level>fatal):\ (?=\[[^\]\n]{1,253}\]:\ )|\[(?:DEPRECATION\ )?(?P<level_>WARNING|ERROR)\]:\ )",
        levels={"fatal": "ERROR"},
        examples=(
            line(
                'fatal: [web3]: UNREACHABLE! => {"changed": false, "unreachable": true}',
                time=None,
                level="ERROR",
                message='[web3]: UNREACHABLE! => {"changed": false, "unreachable": true}',
            ),
            line(
                "[DEPRECATION WARNING]: The connection plugin is old.",
                time=None,
                level="WARN",
                message="The connection plugin is old.",
            ),
        ),
    ),
    Format(
        "python with trace ids",
        "Python's logging as OpenTelemetry and Datadog set it up: logger, place and the ids of the trace in brackets",
        rf"<time>\ <level>\ \[(?P<logger>{_MODULE})\]\ \[(?P<file>[\w./\-]{{1,120}}):(?P<line>\d{{1,6}})\]\ "
        r"\[(?P<pairs>[\w.]{1,40}=[^\]\n]{0,400})\]\ -\ ",
        examples=(
            line(
                "2026-11-27 10:15:30,123 ERROR [shop] [pay.py:12] [trace_id=4bf92f3577b34da6a3ce929d0e0e4736 "
                "span_id=00f067aa0ba902b7 resource.service.name=shop trace_sampled=True] - payment failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="payment failed",
                logger="shop",
                line=12,
                trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
                span_id="00f067aa0ba902b7",
            ),
            line(
                "2026-11-27 10:15:30,123 INFO [shop.pay] [pay.py:12] [dd.service=shop dd.env=prod dd.version=1.2 "
                "dd.trace_id=17 dd.span_id=18] - paid",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="paid",
                trace_id="17",
                span_id="18",
            ),
        ),
    ),
    Format(
        "python logger in brackets",
        "Python's logging with the logger in brackets before the level; Scrapy",
        rf"<time>\ {NO_LEVEL}\[(?P<logger>[A-Za-z_]{_MODULE})\]\ <level>:\ ",
        examples=(
            line(
                "2026-11-27 10:15:30 [scrapy.core.engine] INFO: Spider opened",
                time="2026-11-27T10:15:30Z",
                level="INFO",
                message="Spider opened",
                logger="scrapy.core.engine",
            ),
        ),
    ),
    Format(
        "salt",
        "Salt's master and minion",
        rf"<time>\ \[(?P<logger>{_MODULE})\s*:(?P<line>\d{{1,6}})\s*\]\[<level>\s*\](?:\[(?P<pid>\d{{1,10}})\])?\ ",
        examples=(
            line(
                "2026-11-27 10:15:30,123 [salt.minion      :1234][ERROR   ][812] Returned: boom",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="Returned: boom",
                logger="salt.minion",
                line=1234,
                pid=812,
            ),
        ),
    ),
    Format(
        "pyramid",
        "Pyramid's and other Pylons applications' generated configuration",
        rf"<time>\ <level>\s+\[(?P<logger>{_MODULE}):(?P<line>\d{{1,6}})\]\[(?P<thread>[^\]\n]{{1,80}})\]\ ",
        examples=(
            line(
                "2026-11-27 10:15:30,123 INFO  [waitress:486][MainThread] Serving on http://0.0.0.0:6543",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="Serving on http://0.0.0.0:6543",
                logger="waitress",
                thread="MainThread",
            ),
        ),
    ),
    Format(
        "structlog",
        "structlog's console renderer: the event, at least two spaces, and its context",
        r"<time>\s+\[(?P<level>(?:debug|info|notset|warning|error|critical|exception|warn|fatal|notice)\ *)\]\s+"
        r"(?P<message>(?:\S|(?=\ [^\ ])\ )++)\s\s+(?:\[(?P<logger>[\w.\-]{1,120})\]\s*)?(?P<pairs>[\w.\-]{1,60}=.*)$",
        levels={"exception": "ERROR", "notset": "UNKNOWN"},
        examples=(
            line(
                "2026-11-27 10:15:30 [error    ] payment failed                 id=17 user='ann lee'",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="payment failed",
                id="17",
                user="ann lee",
            ),
            line(
                "2026-11-27T10:15:30.123Z [info     ] started                        [shop.main] port=80",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="started",
                logger="shop.main",
                port="80",
            ),
        ),
    ),
    Format(
        "tensorflow",
        "TensorFlow's native part",
        r"<time>:\ (?P<level>[IWEF])\ (?P<file>[\w./\-]{1,160}):(?P<line>\d{1,6})\]\ ",
        examples=(
            line(
                "2026-11-27 10:15:30.123456: W tensorflow/core/framework/op_kernel.cc:1830] OP_REQUIRES failed",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="OP_REQUIRES failed",
                file="tensorflow/core/framework/op_kernel.cc",
                line=1830,
            ),
        ),
    ),
    Format(
        "ray",
        "Ray's native processes",
        r"\[<time>\ (?P<level>[DIWEFC])\ (?P<pid>\d{1,10})\ (?P<thread>\d{1,20})\]\ "
        r"(?:\((?P<process>[\w.\-]{1,60})\)\ )?(?P<file>[\w./\-]{1,120}):(?P<line>\d{1,6}):\ ",
        examples=(
            line(
                "[2026-11-27 10:15:30,123 E 812 900] (raylet) node_manager.cc:3022: worker died",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="worker died",
                pid=812,
                process="raylet",
            ),
        ),
    ),
    Format(
        "ray python",
        "Ray's Python part",
        r"<time>\t<level>\ (?P<file>[\w.\-/]{1,120}\.py):(?P<line>\d{1,6})\ --\ ",
        examples=(
            line(
                "2026-11-27 10:15:30,123\tINFO worker.py:1749 -- Connecting to existing Ray cluster",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="Connecting to existing Ray cluster",
                file="worker.py",
                line=1749,
            ),
        ),
    ),
    Format(
        "ros",
        "The Robot Operating System, versions 1 and 2",
        r"\[\ *<level>\ *\]\ \[(?:WallTime:\ )?(?=\d{10})<time>(?:,\ [\d.]{1,20})?\](?:\ \[(?P<logger>[\w./\-]{1,120})\])?:?\ ",
        examples=(
            line(
                "[INFO] [1795774530.123456789] [talker]: Publishing: 'Hello'",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="Publishing: 'Hello'",
                logger="talker",
            ),
            line(
                "[ WARN] [1795774530.123456789]: slow",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="slow",
            ),
        ),
    ),
    Format(
        "twisted",
        "Twisted and Buildbot",
        r"<time>\ \[(?:-|(?P<logger>[\w.\-]{1,120})\#<level>)\]\ ",
        examples=(
            line(
                "2026-11-27T10:15:30+0000 [twisted.web.server#error] Unhandled Error",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="Unhandled Error",
                logger="twisted.web.server",
            ),
            line(
                "2026-11-27 10:15:30+0000 [-] Starting factory",
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message="Starting factory",
            ),
        ),
    ),
)
