"""Text that AWS services deliver: load balancers, S3, CloudFront, VPC flow logs, DNS queries, Lambda, Redshift.

A record whose time is a column among others keeps the whole line as its message.
"""

from __future__ import annotations

from logctl.core.formats.declared.level_words import NO_LEVEL
from logctl.core.formats.declared.right_answers import line
from logctl.core.formats.reading import Format, Joins

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_REQUEST = r'"(?:(?P<method>[A-Z]{2,20}|-)\ (?P<path>[^\s"]{1,300}+)[^"]*+|[^"]*+)"'
_REPORT = r"""
    (?:(?:Init\ |Restore\ )?Duration:\ (?P<duration>[\d.]+)\ ms\s*)?(?:Billed\ Duration:\ (?P<billed_duration>[\d.]+)\ ms\s*)?
    (?:Memory\ Size:\ (?P<memory>\d+)\ MB\s*)?(?:Max\ Memory\ Used:\ (?P<max_memory>\d+)\ MB\s*)?
"""

FORMATS = (
    Format(
        name="alb",
        describes="Access and connection logs of AWS Application Load Balancers",
        head=rf"""
            (?:https?|h2|wss?|grpcs?)\ <time>\ (?=(?P<elb>\S{{1,100}})\ (?P<client>\S{{1,60}})\ \S+\ -?
            [\d.]+
            \ (?:-1|(?P<duration>[\d.]+))\ -?[\d.]+\ (?P<status>\d{{3}}|-)\ \S+\ \d+\ (?P<bytes>\d+)
            \ {_REQUEST})
        """,
        joins=Joins.NONE,
        examples=(
            line(
                "https 2026-11-27T10:15:30.123456Z app/shop/50dc 10.0.0.9:5123 10.0.1.1:80 0.0 0.1 0.0 500 500 34 366 "
                '"GET https://shop:443/ HTTP/1.1" "curl/8" - -',
                time="2026-11-27T10:15:30.123Z",
                level="UNKNOWN",
                message="app/shop/50dc 10.0.0.9:5123 10.0.1.1:80 0.0 0.1 0.0 500 500 34 366 "
                '"GET https://shop:443/ HTTP/1.1" "curl/8" - -',
                client="10.0.0.9:5123",
                method="GET",
                path="https://shop:443/",
                status=500,
                bytes=366,
                duration=0.1,
            ),
        ),
    ),
    Format(
        name="nlb",
        describes="Access logs of AWS Network Load Balancers",
        head=r"""
            tls\ \d\.\d\ <time>\ (?=(?P<elb>\S{1,100})\ \S+\ (?P<client>\S{1,60})\ \S+\ (?P<duration>\d+)
            \ \S+
            \ \d+\ (?P<bytes>\d+)\ )
        """,
        joins=Joins.NONE,
        utc=True,
        examples=(
            line(
                "tls 2.0 2026-11-27T10:15:30 net/shop/c6e7 g3d4b5e8bb84 10.0.0.9:51341 10.0.1.1:443 5 2 98 246 - "
                "arn:aws:acm:eu-west-1:123456789012:certificate/2a10 - TLS_AES_128_GCM_SHA256 tlsv13 - shop.example - - -",
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message="net/shop/c6e7 g3d4b5e8bb84 10.0.0.9:51341 10.0.1.1:443 5 2 98 246 - "
                "arn:aws:acm:eu-west-1:123456789012:certificate/2a10 - TLS_AES_128_GCM_SHA256 tlsv13 - shop.example - - -",
                client="10.0.0.9:51341",
                bytes=246,
            ),
        ),
    ),
    Format(
        name="elb",
        describes="Access logs of AWS Classic Load Balancers",
        head=rf"""
            <time>\ (?=(?P<elb>[\w-]{{1,32}})\ (?P<client>[\da-fA-F.:]{{2,50}}:\d{{1,5}})
            \ (?:\S{{1,60}}:\d{{1,5}}|-)
            \ -?[\d.]+\ (?:-1|(?P<duration>[\d.]+))\ -?[\d.]+\ (?P<status>\d{{3}}|-)\ \S+\ \d+
            \ (?P<bytes>\d+)\ {_REQUEST})
        """,
        joins=Joins.NONE,
        examples=(
            line(
                "2026-11-27T10:15:30.123456Z my-lb 10.0.0.9:2817 10.0.1.1:80 0.00 0.1 0.0 200 200 0 29 "
                '"GET http://x:80/ HTTP/1.1" "curl/8" - -',
                time="2026-11-27T10:15:30.123Z",
                level="UNKNOWN",
                message="my-lb 10.0.0.9:2817 10.0.1.1:80 0.00 0.1 0.0 200 200 0 29 "
                '"GET http://x:80/ HTTP/1.1" "curl/8" - -',
                client="10.0.0.9:2817",
                status=200,
                bytes=29,
            ),
            line(
                '2026-11-27T10:15:30.123456Z my-lb 10.0.0.9:2817 - -1 -1 -1 503 0 0 0 "GET http://x:80/ HTTP/1.1" '
                '"curl/8" - -',
                time="2026-11-27T10:15:30.123Z",
                level="UNKNOWN",
                message='my-lb 10.0.0.9:2817 - -1 -1 -1 503 0 0 0 "GET http://x:80/ HTTP/1.1" "curl/8" - -',
                status=503,
            ),
        ),
    ),
    Format(
        name="s3 access",
        describes="Server access logs of Amazon S3",
        head=r"""
            (?P<owner>[0-9a-f]{6,64}|-)\ (?P<bucket>[A-Za-z0-9][\w.-]{2,254})\ \[<time>\]
            \ (?=(?P<client>\S{1,60})\ (?P<user>\S{1,255})\ (?P<request_id>\w{1,64})\ [A-Z0-9]+\.
            [A-Z0-9_.]+\ (?P<key>\S{1,300})
              (?:\S*+\ (?:"(?P<method>[A-Z]{2,20})\ (?P<path>[^\s"]{1,300}+)[^"]*+"|"?-"?)
              \ (?P<status>\d{3}|-)\ \S+\ (?P<bytes>\d+|-)\ \S+\ (?P<duration>\d+|-))?)
        """,
        joins=Joins.NONE,
        examples=(
            line(
                "79a59df9 shop-bucket [27/Nov/2026:10:15:30 +0000] 10.0.0.9 arn:aws:iam::123456789012:user/ann 3E57427F "
                'REST.GET.OBJECT k.txt "GET /k.txt HTTP/1.1" 200 - 113 - 7 - "-" "S3Console/0.4" -',
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message="10.0.0.9 arn:aws:iam::123456789012:user/ann 3E57427F "
                'REST.GET.OBJECT k.txt "GET /k.txt HTTP/1.1" 200 - 113 - 7 - "-" "S3Console/0.4" -',
                bucket="shop-bucket",
                client="10.0.0.9",
                user="arn:aws:iam::123456789012:user/ann",
                request_id="3E57427F",
                method="GET",
                path="/k.txt",
                status=200,
                bytes=113,
                duration=7,
            ),
        ),
    ),
    Format(
        name="cloudfront",
        describes="Standard access logs of Amazon CloudFront, without their header lines",
        head=r"""
            (?=\d{4}-\d\d-\d\d\t\d\d:\d\d:\d\d\t)<time>\t
            (?=(?P<edge>[A-Z]{3}\d*-[A-Z]\d+)\t(?P<bytes>\d+)\t(?P<client>\S+)\t(?P<method>[A-Z]+)\t
            (?P<host>\S+)
              \t(?P<path>\S{1,300}+)\S*+\t(?P<status>\d{3})\t)
        """,
        joins=Joins.NONE,
        utc=True,
        examples=(
            line(
                "2026-11-27\t10:15:30\tFRA56-P1\t2390\t10.0.0.9\tGET\td111.cloudfront.net\t/index.html\t200\t-\tcurl/8\t-\t-\tHit",
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message="FRA56-P1\t2390\t10.0.0.9\tGET\td111.cloudfront.net\t/index.html\t200\t-\tcurl/8\t-\t-\tHit",
                client="10.0.0.9",
                method="GET",
                path="/index.html",
                status=200,
                bytes=2390,
            ),
        ),
    ),
    Format(
        name="vpc flow",
        describes="VPC flow logs in the default columns",
        head=r"""
            (?=(?P<message>\d\ (?:\d{12}|unknown)\ (?:eni-|-\ )[^\n]{1,400}))
            \d\ (?P<account>\d{12}|unknown)\ (?P<interface>\S{1,40})\ (?P<client>\S{1,45})
            \ (?P<destination>\S{1,45})
            \ \S{1,5}\ (?P<port>\S{1,5})\ \S{1,3}\ \S{1,20}\ (?P<bytes>\d{1,20}|-)\ <time>\ \d{10}
            \ (?P<action>ACCEPT|REJECT|-)\ (?:OK|NODATA|SKIPDATA)
        """,
        joins=Joins.NONE,
        examples=(
            line(
                "2 123456789012 eni-0a1b 10.0.0.9 10.0.0.1 51000 443 6 20 4249 1795774530 1795774590 REJECT OK",
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message="2 123456789012 eni-0a1b 10.0.0.9 10.0.0.1 51000 443 6 20 4249 1795774530 1795774590 REJECT OK",
                client="10.0.0.9",
                interface="eni-0a1b",
                bytes=4249,
                action="REJECT",
            ),
            line(
                "2 123456789012 eni-0a1b - - - - - - - 1795774530 1795774590 - NODATA",
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message="2 123456789012 eni-0a1b - - - - - - - 1795774530 1795774590 - NODATA",
            ),
        ),
    ),
    Format(
        name="route 53 queries",
        describes="DNS query logs of Amazon Route 53",
        head=r"\d\.\d\ <time>\ (?=(?P<zone>Z[A-Z0-9]{5,40})\ (?P<name>\S{1,255})\ (?P<type>[A-Z0-9]+)\ (?P<answer>[A-Z0-9]+)\ )",
        joins=Joins.NONE,
        examples=(
            line(
                "1.0 2026-11-27T10:15:30Z Z123412341234 shop.example A NOERROR UDP FRA6 10.0.0.9 -",
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message="Z123412341234 shop.example A NOERROR UDP FRA6 10.0.0.9 -",
                name="shop.example",
                type="A",
            ),
        ),
    ),
    Format(
        name="lambda platform",
        describes="Lines that the AWS Lambda platform writes: START, END, REPORT, INIT_START, EXTENSION and others",
        head=rf"""
            (?=(?:START|END|REPORT|RESTORE_START|RESTORE_REPORT|INIT_START|INIT_REPORT|INIT_RUNTIME_DONE|XRAY|EXTENSION
                 |TELEMETRY|LOGS)\s(?=(?:RequestId|Runtime\ Version|(?:Init|Restore)
                 \ Duration|TraceId|Name|Phase):)
               (?:RequestId:\ (?P<request_id>\S{{1,60}})\s*)?
               (?:XRAY\ )?(?:TraceId:\ (?P<trace_id>\S{{1,80}})\s*)?{_REPORT})
        """,
        joins=Joins.NONE,
        examples=(
            line(
                "START RequestId: 8b1f1a7e-0b9d-4d4f-9f57-0a6a1c7f1d22 Version: $LATEST",
                time=None,
                level="UNKNOWN",
                message="START RequestId: 8b1f1a7e-0b9d-4d4f-9f57-0a6a1c7f1d22 Version: $LATEST",
                request_id="8b1f1a7e-0b9d-4d4f-9f57-0a6a1c7f1d22",
            ),
            line(
                "END RequestId: 8b1f1a7e-0b9d-4d4f-9f57-0a6a1c7f1d22",
                time=None,
                level="UNKNOWN",
                message="END RequestId: 8b1f1a7e-0b9d-4d4f-9f57-0a6a1c7f1d22",
                request_id="8b1f1a7e-0b9d-4d4f-9f57-0a6a1c7f1d22",
            ),
            line(
                "REPORT RequestId: 8b1f1a7e-0b9d-4d4f-9f57-0a6a1c7f1d22\tDuration: 12.34 ms\tBilled Duration: 13 ms\t"
                "Memory Size: 128 MB\tMax Memory Used: 70 MB\tInit Duration: 100.50 ms\t",
                time=None,
                level="UNKNOWN",
                message="REPORT RequestId: 8b1f1a7e-0b9d-4d4f-9f57-0a6a1c7f1d22\tDuration: 12.34 ms\tBilled Duration: 13 ms\t"
                "Memory Size: 128 MB\tMax Memory Used: 70 MB\tInit Duration: 100.50 ms",
                request_id="8b1f1a7e-0b9d-4d4f-9f57-0a6a1c7f1d22",
                duration=12.34,
                memory=128,
                max_memory=70,
            ),
            line(
                "INIT_START Runtime Version: python:3.12.v16\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:5f1c",
                time=None,
                level="UNKNOWN",
                message="INIT_START Runtime Version: python:3.12.v16\t"
                "Runtime Version ARN: arn:aws:lambda:eu-west-1::runtime:5f1c",
            ),
            line(
                "INIT_REPORT Init Duration: 10008.42 ms\tPhase: init\tStatus: timeout",
                time=None,
                level="UNKNOWN",
                message="INIT_REPORT Init Duration: 10008.42 ms\tPhase: init\tStatus: timeout",
                duration=10008.42,
            ),
        ),
    ),
    Format(
        name="lambda timeout",
        describes="The line of AWS Lambda about an invocation that took too long, which is an error",
        head=rf"<time>\ (?P<request_id>{_UUID})\ (?=(?P<level>Task)\ timed\ out\ after\ (?P<duration>[\d.]+)\ seconds)",
        levels={"Task": "ERROR"},
        joins=Joins.NONE,
        examples=(
            line(
                "2026-11-27T10:15:30.123Z 8b1f1a7e-0b9d-4d4f-9f57-0a6a1c7f1d22 Task timed out after 3.00 seconds",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="Task timed out after 3.00 seconds",
                request_id="8b1f1a7e-0b9d-4d4f-9f57-0a6a1c7f1d22",
                duration=3.0,
            ),
        ),
    ),
    Format(
        name="lambda python",
        describes="Python's logging in AWS Lambda",
        head=r"\[<level>\]\t<time>\t(?P<request_id>[^\s]{1,100})?\t",
        examples=(
            line(
                "[ERROR]\t2026-11-27T10:15:30.123Z\tlocal-1\tpayment failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="payment failed",
                request_id="local-1",
            ),
            line(
                "[ERROR]\t2026-11-27T10:15:30.123Z\t8b1f1a7e-0b9d-4d4f-9f57-0a6a1c7f1d22\tpayment failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="payment failed",
                request_id="8b1f1a7e-0b9d-4d4f-9f57-0a6a1c7f1d22",
            ),
            line(
                "[WARNING]\t2026-11-27T10:15:30.123Z\t\tcold start",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="cold start",
            ),
        ),
    ),
    Format(
        name="lambda node",
        describes="console.log in AWS Lambda, and loggers of Java with the request",
        head=rf"<time>\s<?(?P<request_id>{_UUID}|undefined|N/A|(?<=[.,]\d\d\dZ\t){NO_LEVEL}[^\s<>]{{1,100}}(?=\t))>?\s<level>\s\s*",
        examples=(
            line(
                "2026-11-27T10:15:30.123Z\tlocal-1\tERROR\tpayment failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="payment failed",
                request_id="local-1",
            ),
            line(
                "2026-11-27T10:15:30.123Z\t8b1f1a7e-0b9d-4d4f-9f57-0a6a1c7f1d22\tERROR\tpayment failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="payment failed",
                request_id="8b1f1a7e-0b9d-4d4f-9f57-0a6a1c7f1d22",
            ),
            line(
                "2026-11-27T10:15:30.123Z\tundefined\tINFO\tloading",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="loading",
            ),
        ),
    ),
    Format(
        name="lambda runtime error",
        describes="The line of AWS Lambda about a runtime that ended",
        head=rf"RequestId:\ (?P<request_id>{_UUID})\ (?:(?P<level>Error|Warning):\ )?",
        examples=(
            line(
                "RequestId: 8b1f1a7e-0b9d-4d4f-9f57-0a6a1c7f1d22 Error: Runtime exited with error: exit status 1",
                time=None,
                level="ERROR",
                message="Runtime exited with error: exit status 1",
                request_id="8b1f1a7e-0b9d-4d4f-9f57-0a6a1c7f1d22",
            ),
        ),
    ),
    Format(
        name="api gateway execution",
        describes="Execution logs of Amazon API Gateway",
        head=rf"\((?P<request_id>{_UUID})\)\ {NO_LEVEL}",
        joins=Joins.NONE,
        examples=(
            line(
                "(8b1f1a7e-0b9d-4d4f-9f57-0a6a1c7f1d22) Method completed with status: 200",
                time=None,
                level="UNKNOWN",
                message="Method completed with status: 200",
                request_id="8b1f1a7e-0b9d-4d4f-9f57-0a6a1c7f1d22",
            ),
        ),
    ),
    Format(
        name="redshift",
        describes="User activity log of Amazon Redshift",
        head=r"""
            '<time>(?:\ UTC)?\ \[\ db=(?P<database>\S{1,128})\ user=(?P<user>\S{1,128})\ pid=
            (?P<pid>\d{1,10})[^\]]{0,200}\]'
            \ <level>:[ ]
        """,
        utc=True,
        examples=(
            line(
                "'2026-11-27T10:15:30Z UTC [ db=dev user=rdsdb pid=812 userid=1 xid=123 ]' LOG: select 1",
                time="2026-11-27T10:15:30Z",
                level="INFO",
                message="select 1",
                pid=812,
                database="dev",
            ),
        ),
    ),
    Format(
        name="codebuild",
        describes="Output of AWS CodeBuild",
        head=r"\[Container\]\ <time>\ ",
        joins=Joins.NONE,
        utc=True,
        examples=(
            line(
                "[Container] 2026/11/27 10:15:30.123456 Entering phase BUILD",
                time="2026-11-27T10:15:30.123Z",
                level="UNKNOWN",
                message="Entering phase BUILD",
            ),
        ),
    ),
)
