"""Document, key-value and column stores, and search engines."""

from __future__ import annotations

from logctl.core.formats.declared.right_answers import line
from logctl.core.formats.reading import Format

FORMATS = (
    Format(
        name="mongodb",
        describes="MongoDB before 4.4",
        head=r"""
            <time>\ (?P<level>[FEWID])[1-5]?\ +(?P<logger>[A-Z_]{2,20}|-)\ +(?:\[(?P<thread>[^\]\n]{1,100})\]\ |(?<=\ \ ))
        """,
        examples=(
            line(
                "2026-11-27T10:15:30.123+0000 I CONTROL  Ctrl-C signal",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="Ctrl-C signal",
            ),
            line(
                "2026-11-27T10:15:30.123+0000 I NETWORK  [conn1] connection accepted from 10.0.0.9:51000 #1",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="connection accepted from 10.0.0.9:51000 #1",
                logger="NETWORK",
                thread="conn1",
            ),
            line(
                "2026-11-27T10:15:30.123+0000 E STORAGE  [initandlisten] WiredTiger error (13)",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="WiredTiger error (13)",
            ),
            line(
                "2026-11-27T10:15:30.123+0000 I  -        [conn5] end connection 10.0.0.9:51000",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="end connection 10.0.0.9:51000",
            ),
            line(
                "2026-11-27T10:15:30.123+0000 D2 COMMAND  [conn5] run command admin.$cmd",
                time="2026-11-27T10:15:30.123Z",
                level="DEBUG",
                message="run command admin.$cmd",
            ),
        ),
    ),
    Format(
        name="redis",
        describes="Redis, Valkey, KeyDB and Sentinel",
        head=r"""
            \[?(?P<pid>\d{1,10})(?:\]|:(?:\d{1,10}:)?(?P<role>[MSCX])\]?)\ (?=\d{1,2}\ [A-Z])<time>
            \ (?P<level>[-.*\#])[ ]
        """,
        levels={".": "DEBUG", "-": "INFO", "*": "NOTICE", "#": "WARN"},
        examples=(
            line(
                "[1:C] 27 Nov 2026 10:15:30.123 * Starting Redis Server",
                time="2026-11-27T10:15:30.123Z",
                level="NOTICE",
                message="Starting Redis Server",
                pid=1,
                role="C",
            ),
            line(
                "812:C 27 Nov 2026 10:15:30.123 # WARNING Memory overcommit must be enabled!",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="WARNING Memory overcommit must be enabled!",
                pid=812,
                role="C",
            ),
            line(
                "812:M 27 Nov 2026 10:15:31.000 * Ready to accept connections",
                time="2026-11-27T10:15:31Z",
                level="NOTICE",
                message="Ready to accept connections",
            ),
            line(
                "812:M 27 Nov 2026 10:15:32.000 - DB 0: 1 keys (0 volatile) in 4 slots HT.",
                time="2026-11-27T10:15:32Z",
                level="INFO",
                message="DB 0: 1 keys (0 volatile) in 4 slots HT.",
            ),
            line(
                "812:S 27 Nov 2026 10:15:32.000 . Delta",
                time="2026-11-27T10:15:32Z",
                level="DEBUG",
                message="Delta",
            ),
            line(
                "[812] 27 Nov 10:15:30.123 * The server is now ready to accept connections on port 6379",
                time="2026-11-27T10:15:30.123Z",
                level="NOTICE",
                message="The server is now ready to accept connections on port 6379",
            ),
        ),
    ),
    Format(
        name="cassandra",
        describes="Cassandra, and other programs with Logback's level, thread and date",
        head=r"""
            <level>\ +\[(?P<thread>[^\]\n]{1,200})\]\ <time>\ (?P<logger>[\w$]{1,100}\.(?:java|scala|kt))
            (?::(?P<line>\d{1,6})\ -\ |\ \(line\ \d+\)\ )
        """,
        examples=(
            line(
                "ERROR [main] 2026-11-27 10:15:30,123 CassandraDaemon.java:687 - Starting failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="Starting failed",
                thread="main",
                logger="CassandraDaemon.java",
                line=687,
            ),
            line(
                "INFO  [Native-Transport-Requests-1] 2026-11-27 10:15:30,123 AuditManager.java:1 - ok",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="ok",
            ),
            line(
                "WARN [ScheduledTasks:1] 2026-11-27 10:15:30,123 GCInspector.java (line 142) Heap is 0.9 "
                "full.",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="Heap is 0.9 full.",
            ),
        ),
    ),
    Format(
        name="scylla",
        describes="ScyllaDB and other programs on Seastar",
        head=r"<level>\ +<time>\ \[shard\ +(?P<shard>[^\]\n]{1,40})\]\ (?P<logger>[\w-]{1,100})\ -[ ]",
        examples=(
            line(
                "WARN  2026-11-27 10:15:30,123 [shard 0:main] gossip - failed to connect",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="failed to connect",
                logger="gossip",
            ),
        ),
    ),
    Format(
        name="redis signal",
        describes="What Redis says about a signal, with the time as seconds since 1970",
        head=r"(?P<pid>\d{1,10}):signal-handler\ \(<time>\)\ ",
        examples=(
            line(
                "1:signal-handler (1795774530) Received SIGTERM scheduling shutdown...",
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message="Received SIGTERM scheduling shutdown...",
                pid=1,
            ),
        ),
    ),
    Format(
        name="elasticsearch",
        describes="Elasticsearch, OpenSearch and Logstash",
        head=r"""
            \[<time>\]\ ?\[<level>\ *\]\[(?P<logger>[^\]\s]{1,150})\ *\]\ ?(?:\[(?P<node>[\w.-]{1,100})\]
            \ ?(?!\[))?
        """,
        levels={"DEPRECATION": "WARN"},
        examples=(
            line(
                "[2026-11-27T10:15:30,123][INFO ][o.e.n.Node               ] [node-1] started",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="started",
                logger="o.e.n.Node",
                node="node-1",
            ),
            line(
                "[2026-11-27T10:15:30,123][WARN ][o.e.i.c.IndicesClusterStateService] [node-1] [shop][0] "
                "marking and sending shard failed",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="[shop][0] marking and sending shard failed",
            ),
            line(
                "[2026-11-27T10:15:30,123][INFO ][logstash.javapipeline    ][main] Pipeline started "
                '{"pipeline.id"=>"main"}',
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message='Pipeline started {"pipeline.id"=>"main"}',
                node="main",
            ),
            line(
                "[2026-11-27 10:15:30,123][ERROR][bootstrap                ] Exception",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="Exception",
                logger="bootstrap",
            ),
        ),
    ),
    Format(
        name="solr",
        describes="Apache Solr",
        head=r"""
            <time>\ <level>\ +\((?P<thread>[^()\n]{1,200})\)\ \[(?P<core>[^\]\n]{0,200})\]\ (?P<logger>[a-zA-Z]\w{0,60}\.[\w.$]{1,150})[ ]
        """,
        examples=(
            line(
                "2026-11-27 10:15:30.123 ERROR (qtp1-18) [c:shop s:shard1 r:core_node2 x:shop_shard1] "
                "o.a.s.h.RequestHandlerBase Server exception",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="Server exception",
                thread="qtp1-18",
                logger="o.a.s.h.RequestHandlerBase",
            ),
            line(
                "2026-11-27 10:15:30.123 INFO  (main) [   ] o.a.s.c.CoreContainer Creating cores",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="Creating cores",
            ),
        ),
    ),
    Format(
        name="couchdb",
        describes="CouchDB",
        head=r"""
            \[<level>\]\ <time>\ (?P<node>\S{1,100}@\S{1,100})\ (?:<[\d.]{3,30}>|\w{1,40})
            \ (?P<request_id>\S{1,40})[ ]
        """,
        examples=(
            line(
                "[error] 2026-11-27T10:15:30.123456Z couchdb@127.0.0.1 <0.9.0> 8b1f1a7e Request to create "
                "N=3 DB but only 1 node(s)",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="Request to create N=3 DB but only 1 node(s)",
                request_id="8b1f1a7e",
            ),
        ),
    ),
    Format(
        name="couchbase",
        describes="Couchbase Server's Erlang part",
        head=r"""
            \[(?P<logger>[\w-]{1,60}):<level>,<time>,(?P<node>[^:,\]\n]{1,200}@[^:,\]\n]{1,200}):
            (?P<place>[^\]\n]{1,300})\]
        """,
        examples=(
            line(
                "[ns_server:info,2026-11-27T10:15:30.123Z,n_1@127.0.0.1:<0.1.0>:ns_cluster:add_node:123]Add"
                "ing node",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="Adding node",
                logger="ns_server",
            ),
        ),
    ),
    Format(
        name="aerospike",
        describes="Aerospike",
        head=r"<time>:\ <level>\ \((?P<logger>[\w-]{1,40})\):\ (?:\((?P<place>[\w.]{1,60}:\d+)\)\ )?",
        examples=(
            line(
                "Nov 27 2026 10:15:30 GMT: WARNING (info): (ticker.c:123) cluster is alone",
                time="2026-11-27T10:15:30Z",
                level="WARN",
                message="cluster is alone",
                logger="info",
            ),
        ),
    ),
)
