"""SQL databases."""

from __future__ import annotations

from logctl.core.formats.declared.right_answers import line
from logctl.core.formats.reading import Answer, Example, Format, Joins

FORMATS = (
    Format(
        name="postgres in syslog",
        describes="PostgreSQL's messages in syslog: a number for the message and its part before them",
        head=r"""
            \[\d{1,8}-\d{1,4}\]\ (?:[^\s:]{1,160}\ ){0,4}(?:(?=
            (?:DETAIL|HINT|STATEMENT|CONTEXT|QUERY|LOCATION):\ \ )|(?P<level>DEBUG
            [1-5]?|INFO|NOTICE|WARNING|LOG|ERROR|FATAL|PANIC):\ \ )
        """,
        examples=(
            line(
                '[3-1] ERROR:  relation "x" does not exist at character 15',
                time=None,
                level="ERROR",
                message='relation "x" does not exist at character 15',
            ),
            line(
                "[3-2] shop@shopdb STATEMENT:  select 1",
                time=None,
                level="UNKNOWN",
                message="STATEMENT:  select 1",
            ),
        ),
    ),
    Format(
        name="postgres",
        describes="PostgreSQL with the usual forms of log_line_prefix, also of Amazon RDS, pgpool and "
        "pgbouncer",
        head=r"""
            (?:<[ ]?)?<time>(?=[\ :>-])(?=[^:\n]*+(?::(?!\ \ )[^:\n]*+){0,12}:\ \ )
            (?:(?:\ \[|:\ pid\ )(?P<pid>\d{1,10})(?:-\d+)?\]?)?
            (?:(?:[\ :,>-]|\[[\w-]{1,40}\]|(?:user|db|app|client|host|session|remote|xid|query_id)=
            [^\s,\]]{0,100})*+
            |[^\n]{0,160}?(?<![A-Za-z]))
            (?:(?=(?:DETAIL|HINT|STATEMENT|CONTEXT|QUERY|LOCATION):\ \ )
            |(?P<level>DEBUG[1-5]?|INFO|NOTICE|WARNING|LOG|ERROR|FATAL|PANIC):\ \ )
        """,
        levels={"LOG": "INFO"},
        examples=(
            line(
                '2026-11-27 10:15:30.123 UTC [812] ERROR:  relation "x" does not exist at character 15',
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message='relation "x" does not exist at character 15',
                pid=812,
            ),
            Example(
                "2026-11-27 10:15:30.123 UTC [812] STATEMENT:  select *\n\tfrom x\n2026-11-27 "
                "10:15:31.000 UTC [1] LOG:  checkpoint starting",
                (
                    Answer("2026-11-27T10:15:30.123Z", "UNKNOWN", "STATEMENT:  select *\n\tfrom x"),
                    Answer("2026-11-27T10:15:31Z", "INFO", "checkpoint starting"),
                ),
            ),
            line(
                "2026-11-27 10:15:30.123 UTC [812] shop@shopdb LOG:  duration: 912.4 ms",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="duration: 912.4 ms",
                pid=812,
            ),
            line(
                '2026-11-27 10:15:30 UTC:10.0.0.9(51000):shop@shopdb:[812]:ERROR:  relation "x" does not '
                "exist",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message='relation "x" does not exist',
            ),
            line(
                "2026-11-27 10:15:30 UTC [812]: [3-1] user=shop,db=shopdb,app=psql,client=10.0.0.9 FATAL: "
                " too many clients",
                time="2026-11-27T10:15:30Z",
                level="FATAL",
                message="too many clients",
                pid=812,
            ),
            line(
                "< 2026-11-27 10:15:30.123 UTC >WARNING:  there is already a transaction in progress",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="there is already a transaction in progress",
            ),
            line(
                "2026-11-27 10:15:30.123 UTC [812] [unknown]@[unknown] LOG:  connection received: "
                "host=10.0.0.9 port=51000",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="connection received: host=10.0.0.9 port=51000",
            ),
            line(
                "2026-11-27 10:15:30.123 UTC [812] HINT:  See server log for query details.",
                time="2026-11-27T10:15:30.123Z",
                level="UNKNOWN",
                message="HINT:  See server log for query details.",
            ),
            line(
                "2026-11-27 10:15:30: pid 812: LOG:  Backend status file does not exist",
                time="2026-11-27T10:15:30Z",
                level="INFO",
                message="Backend status file does not exist",
            ),
        ),
    ),
    Format(
        name="postgres csv",
        describes="PostgreSQL's log in CSV (log_destination = csvlog)",
        head=r"""
            <time>,(?:"(?P<user>[^"\n]{0,100})")?,(?:"(?P<database>[^"\n]{0,100})")?,(?P<pid>\d{1,10}),
            (?:"(?P<client>[^"\n]{0,100})")?,
            [\w.]{0,40},\d{0,20},(?:"[^"\n]{0,60}")?,[^,\n]{0,60},[^,\n]{0,40},\d{0,20},<level>,
            (?P<sqlstate>\w{5}),
        """,
        joins=Joins.UNTIL_HEAD,
        examples=(
            line(
                '2026-11-27 10:15:30.123 UTC,"shop","shopdb",812,"10.0.0.9:51000",6556,1,"SELECT",2026-11-2'
                '7 10:00:00 UTC,3/0,0,ERROR,42P01,"relation ""x"" does not exist",,,,,,"select '
                '1",15,,"psql","client backend",,0',
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message='"relation ""x"" does not exist",,,,,,"select 1",15,,"psql","client backend",,0',
                user="shop",
                database="shopdb",
                pid=812,
                client="10.0.0.9:51000",
                sqlstate="42P01",
            ),
            line(
                '2026-11-27 10:15:30.123 UTC,,,1,,6a1.1,4,,2026-11-27 10:00:00 UTC,,0,LOG,00000,"database '
                'system is ready",,,,,,,,,"","postmaster",,0',
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message='"database system is ready",,,,,,,,,"","postmaster",,0',
                pid=1,
            ),
        ),
    ),
    Format(
        name="pgbouncer",
        describes="PgBouncer",
        head=r"<time>\ \[(?P<pid>\d{1,10})\]\ <level>\ (?=[CS]-0x|[a-z@])",
        levels={"LOG": "INFO", "NOISE": "TRACE"},
        examples=(
            line(
                "2026-11-27 10:15:30.123 UTC [812] LOG C-0x55d1: shopdb/shop@10.0.0.9:51000 login "
                "attempt: db=shopdb user=shop tls=no",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="C-0x55d1: shopdb/shop@10.0.0.9:51000 login attempt: db=shopdb user=shop tls=no",
                pid=812,
            ),
        ),
    ),
    Format(
        name="mysql",
        describes="Error log of MySQL 5.7 and later, and of MariaDB",
        head=r"""
            <time>\ +(?P<thread>\d{1,20})\ \[(?P<level>System|Note|Warning|ERROR|Error)\][ ]
            (?:\[(?P<code>MY-\d{1,7})\]\ )?(?:\[(?P<logger>[A-Z]\w{1,30})\]\ )?
        """,
        levels={"System": "INFO"},
        examples=(
            line(
                "2026-11-27T10:15:30.123456Z 0 [ERROR] [MY-010259] [Server] Another process with pid 1 is "
                "using unix socket file.",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="Another process with pid 1 is using unix socket file.",
                code="MY-010259",
                logger="Server",
            ),
            line(
                "2026-11-27T10:15:31.000000Z 0 [System] [MY-010931] [Server] /usr/sbin/mysqld: ready for "
                "connections.",
                time="2026-11-27T10:15:31Z",
                level="INFO",
                message="/usr/sbin/mysqld: ready for connections.",
            ),
            line(
                "2026-11-27 10:15:30 0 [ERROR] InnoDB: Unable to lock ./ibdata1 error: 11",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="InnoDB: Unable to lock ./ibdata1 error: 11",
                thread="0",
            ),
            line(
                "2026-11-27  9:15:31 12 [Warning] Aborted connection 12 to db: 'shop'",
                time="2026-11-27T09:15:31Z",
                level="WARN",
                message="Aborted connection 12 to db: 'shop'",
            ),
            line(
                "2026-11-27T10:15:30.123456Z 0 [Note] mysqld (mysqld 5.7.44) starting as process 1 ...",
                time="2026-11-27T10:15:30.123Z",
                level="NOTICE",
                message="mysqld (mysqld 5.7.44) starting as process 1 ...",
            ),
        ),
    ),
    Format(
        name="mysql old",
        describes="Error log of MySQL before 5.7",
        head=r"(?=\d{6}\ )<time>\ +\[(?P<level>Note|Warning|ERROR|Error)\][ ]",
        examples=(
            line(
                "261127 10:15:30 [Note] Plugin 'FEDERATED' is disabled.",
                time="2026-11-27T10:15:30Z",
                level="NOTICE",
                message="Plugin 'FEDERATED' is disabled.",
            ),
            line(
                "261127  9:15:30 [ERROR] Can't open the mysql.plugin table.",
                time="2026-11-27T09:15:30Z",
                level="ERROR",
                message="Can't open the mysql.plugin table.",
            ),
        ),
    ),
    Format(
        name="mysql slow",
        describes="Slow query log of MySQL and MariaDB",
        head=r"\#\ Time:\ +<time>",
        joins=Joins.UNTIL_HEAD,
        examples=(
            Example(
                "# Time: 2026-11-27T10:15:30.123456Z\n# User@Host: shop[shop] @ localhost []  Id: 2\n# "
                "Query_time: 5.01  Lock_time: 0.01 Rows_sent: 1  Rows_examined: 9\nSET "
                "timestamp=1795774530;\nselect sleep(5);\n# Time: 2026-11-27T10:15:40.000000Z\n# "
                "User@Host: shop[shop] @ localhost []  Id: 2\nselect 1;",
                (
                    Answer(
                        "2026-11-27T10:15:30.123Z",
                        "UNKNOWN",
                        "# User@Host: shop[shop] @ localhost []  Id: 2\n# Query_time: 5.01  Lock_time: "
                        "0.01 Rows_sent: 1  Rows_examined: 9\nSET timestamp=1795774530;\nselect sleep(5);",
                    ),
                    Answer(
                        "2026-11-27T10:15:40Z",
                        "UNKNOWN",
                        "# User@Host: shop[shop] @ localhost []  Id: 2\nselect 1;",
                    ),
                ),
            ),
            Example(
                "# Time: 261127 10:15:30\n# User@Host: shop[shop] @ localhost []\nselect 1;",
                (
                    Answer(
                        "2026-11-27T10:15:30Z", "UNKNOWN", "# User@Host: shop[shop] @ localhost []\nselect 1;"
                    ),
                ),
            ),
        ),
    ),
    Format(
        name="clickhouse",
        describes="ClickHouse",
        head=r"""
            <time>\ \[\ (?P<thread>\d{1,12})\ \]\ \{(?P<query_id>[^}\n]{0,100})\}\ <<level>>\ (?:
            (?P<logger>[\w.-]{1,100}(?:\ \([^()\n]{1,200}\))?):\ )?
        """,
        levels={"Test": "TRACE"},
        examples=(
            line(
                "2026.11.27 10:15:30.123456 [ 812 ] {} <Error> Application: Listen [::]:9000 failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="Listen [::]:9000 failed",
                thread="812",
                logger="Application",
            ),
            line(
                "2026.11.27 10:15:30.123456 [ 812 ] {5f1c-8b1f} <Debug> executeQuery: (from "
                "10.0.0.9:51000) SELECT 1",
                time="2026-11-27T10:15:30.123Z",
                level="DEBUG",
                message="(from 10.0.0.9:51000) SELECT 1",
                query_id="5f1c-8b1f",
            ),
            line(
                "2026.11.27 10:15:30.123456 [ 812 ] {} <Information> ContextAccess (default): Access granted",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="Access granted",
                logger="ContextAccess (default)",
            ),
        ),
    ),
    Format(
        name="cockroachdb",
        describes="CockroachDB",
        head=r"""
            (?P<level>[IWEF])(?=\d{6}\ )<time>\ (?P<thread>\d{1,12})\ (?:\d+@)?(?P<logger>[\w./-]{1,150}:\d+)\ (?:⋮\ )?(?P<tags>\[[^\]\n]{0,200}\]\ )?(?:\d{1,12}\ {1,2})?
        """,
        examples=(
            line(
                "I261127 10:15:30.123456 1 server/server.go:123 ⋮ [n1,client=10.0.0.9] 41  node connected "
                "via gossip",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="node connected via gossip",
                thread="1",
                logger="server/server.go:123",
            ),
            line(
                "W261127 10:15:30.123456 77 2@gossip/gossip.go:55 ⋮ [-] 3  no addresses",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="no addresses",
            ),
        ),
    ),
    Format(
        name="tidb",
        describes="TiDB, TiKV and PD",
        head=r"\[<time>\]\ \[<level>\]\ \[(?P<logger>[\w.-]{1,100}:\d+)\][ ]",
        examples=(
            line(
                '[2026/11/27 10:15:30.123 +00:00] [WARN] [server.go:412] ["connection failed"] [conn=5] '
                "[error=EOF]",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message='["connection failed"] [conn=5] [error=EOF]',
                logger="server.go:412",
            ),
        ),
    ),
    Format(
        name="sql server",
        describes="ERRORLOG of Microsoft SQL Server and its agent",
        head=r"<time>\ (?P<process>spid\d{1,6}s?(?=\ )|(?:Server|Logon|Backup|Clustering)(?=\ {2}))\ +",
        examples=(
            line(
                "2026-11-27 10:15:30.12 Logon       Error: 18456, Severity: 14, State: 5.",
                time="2026-11-27T10:15:30.120Z",
                level="UNKNOWN",
                message="Error: 18456, Severity: 14, State: 5.",
                process="Logon",
            ),
            line(
                "2026-11-27 10:15:30.12 spid51      Starting up database 'shop'.",
                time="2026-11-27T10:15:30.120Z",
                level="UNKNOWN",
                message="Starting up database 'shop'.",
                process="spid51",
            ),
        ),
    ),
    Format(
        name="oracle alert",
        describes="Alert log of Oracle: a time alone on a line, and the lines until the next one",
        head=r"""
            (?=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d$|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\ [A-Z]
            [a-z]{2}\ [\ \d]\d\ \d\d:\d\d:\d\d\ \d{4}(?:\ [+-]\d\d:\d\d)?$)<time>$
        """,
        joins=Joins.UNTIL_HEAD,
        examples=(
            Example(
                "Fri Nov 27 11:15:30 2026 +01:00\nLENGTH : '623'",
                (Answer("2026-11-27T10:15:30Z", "UNKNOWN", "LENGTH : '623'"),),
            ),
            Example(
                "2026-11-27T10:15:30.123456+00:00\nORA-00600: internal error code\n"
                "2026-11-27T10:15:31.000000+00:00\nThread 1 opened",
                (
                    Answer("2026-11-27T10:15:30.123Z", "UNKNOWN", "ORA-00600: internal error code"),
                    Answer("2026-11-27T10:15:31Z", "UNKNOWN", "Thread 1 opened"),
                ),
            ),
            Example(
                "Fri Nov 27 10:15:30 2026\nStarting ORACLE instance (normal)",
                (Answer("2026-11-27T10:15:30Z", "UNKNOWN", "Starting ORACLE instance (normal)"),),
            ),
        ),
    ),
    Format(
        name="sql server agent",
        describes="SQLAGENT.OUT of Microsoft SQL Server",
        head=r"<time>\ -\ (?P<level>[!?+])\ \[(?P<code>\d{1,5})\]\ ",
        levels={"!": "ERROR", "+": "WARN", "?": "INFO"},
        examples=(
            line(
                "2026-11-27 10:15:30 - ! [298] SQLServer Error: 18456, Login failed for user 'shop'.",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="SQLServer Error: 18456, Login failed for user 'shop'.",
                code="298",
            ),
        ),
    ),
    Format(
        name="pgbackrest",
        describes="pgBackRest",
        head=r"<time>\ (?P<process>P\d\d)\ +<level>:\ ",
        levels={"DETAIL": "DEBUG", "ASSERT": "FATAL"},
        examples=(
            line(
                "2026-11-27 10:15:30.123 P00   INFO: backup command begin 2.50: --log-level-console=info",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="backup command begin 2.50: --log-level-console=info",
                process="P00",
            ),
        ),
    ),
    Format(
        name="sybase",
        describes="SAP ASE (Sybase)",
        head=r"\d\d:\d{4,6}:(?:\d{4,6}:)?(?:\d{4,6}:)?<time>\ (?P<process>server|kernel|backup)\ +",
        examples=(
            line(
                "00:0000:00000:00001:2026/11/27 10:15:30.12 server  Database 'shop' is now online.",
                time="2026-11-27T10:15:30.120Z",
                level="UNKNOWN",
                message="Database 'shop' is now online.",
            ),
        ),
    ),
    Format(
        name="sap hana",
        describes="SAP HANA traces",
        head=r"""
            \[(?P<thread>\d{1,10})\]\{[^}\n]{1,20}\}\[[^\]\n]{1,40}\]\ <time>\ (?P<level>[diwef])
            \ (?P<logger>\S{1,60})\ +(?P<place>\S{1,100})\ :[ ]
        """,
        examples=(
            line(
                "[12345]{-1}[-1/-1] 2026-11-27 10:15:30.123456 e Backup           "
                "BackupMgr_Manager.cpp(00718) : backup failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="backup failed",
                logger="Backup",
            ),
        ),
    ),
)
