"""Access logs of web servers, proxies and application servers.

The level of an access line is unknown: a status of 500 says that a request failed, not how serious that is. The
message is what follows the time and the client. Method, path, status, bytes and duration are also fields.
"""

from __future__ import annotations

from logctl.core.formats.declared.level_words import NO_LEVEL
from logctl.core.formats.declared.right_answers import line
from logctl.core.formats.reading import Format, Joins

_COLUMN = r'[^\s\[\]"|=,]{1,255}'
# Most lines have no bracket after a few columns: they are recognised in one step.
_BEFORE_BRACKET = rf'{NO_LEVEL}(?=[^\[\]"|=\n]{{3,500}}+\[[\dA-Z])'
_USER = rf"(?:-(?=\ )|(?P<user>{_COLUMN}))"

# `"GET /x HTTP/1.1"`; a proxy logs a whole URL, a broken client anything. Fields hold the first 300 characters.
_PATH = r'(?:[^\s"\\]|\\.)'
_REQUEST = rf'"(?:(?P<method>[A-Z]{{2,20}})\ (?P<path>{_PATH}{{1,300}}+){_PATH}*+(?:\ [A-Z]+/?[\d.]+)?|(?:[^"\\]|\\.)*+)"'
_STATUS_BYTES = r"(?:\ (?:(?P<status>\d{3})|-)(?:\ (?:-|(?P<bytes>\d+)))?)?"

# Referer and user agent come before it. A Traefik line has a count, a router and a server there as well, and one of
# nginx ingress the length of the request.
_DURATION = (
    r'(?:\ "[^"]*+"\ "(?:[^"\\]|\\.)*+"(?:\ "[^"]*+")?'
    r'(?:\ \d+\ "[^"]*+"\ "[^"]*+"(?=\ \d+ms)|\ \d+(?=\ [\d.]+\ \[))?)?'
    r"(?:\ (?:[a-z_]{1,20}[=:])?\"?(?P<duration>\d+(?:\.\d+)?(?:m?s|us|µs)?)\"?(?=[\s,]|$))?"
)

FORMATS = (
    Format(
        name="level and access",
        describes="Access lines behind a level and a logger: werkzeug through logging.basicConfig",
        head=rf"""
            <level>(?::(?P<logger>[\w.]{{1,100}}):|:?\s+)(?P<client>{_COLUMN})(?:\ {_COLUMN})?(?:\ {_USER})?\ \[<time>\]
            \ (?={_REQUEST}{_STATUS_BYTES})
        """,
        joins=Joins.NONE,
        examples=(
            line(
                'ERROR 10.0.0.9 - ann [27/Nov/2026:10:15:30 +0000] "GET /x HTTP/1.1" 500 1',
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message='"GET /x HTTP/1.1" 500 1',
                client="10.0.0.9",
                user="ann",
                status=500,
            ),
            line(
                'INFO:werkzeug:127.0.0.1 - - [27/Nov/2026 10:15:30] "GET / HTTP/1.1" 200 -',
                time="2026-11-27T10:15:30Z",
                level="INFO",
                message='"GET / HTTP/1.1" 200 -',
                logger="werkzeug",
                client="127.0.0.1",
                status=200,
            ),
        ),
    ),
    Format(
        name="uvicorn access",
        describes="Access lines of uvicorn",
        head=rf"""
            <level>:\ +(?P<client>[\da-fA-F.:\[\]]{{2,50}}:\d{{1,5}})\ -\ (?={_REQUEST}{_STATUS_BYTES})
        """,
        joins=Joins.NONE,
        examples=(
            line(
                'INFO:     127.0.0.1:51234 - "GET /x HTTP/1.1" 500 Internal Server Error',
                time=None,
                level="INFO",
                message='"GET /x HTTP/1.1" 500 Internal Server Error',
                client="127.0.0.1:51234",
                status=500,
                path="/x",
            ),
        ),
    ),
    Format(
        name="haproxy",
        describes="HTTP and TCP log of HAProxy",
        head=r"""
            (?:haproxy\[(?P<pid>\d{1,10})\]:\ )?
            (?P<client>[\da-fA-F.:\[\]]{2,50}:\d{1,5}|unix:\d+)\ \[<time>\]
            \ (?=(?P<frontend>\S{1,100})\ (?P<backend>[^\s/]{1,100})/(?P<server>\S{1,100})\ [-+\d]+(?:/
            [-+\d]+){1,4}
               \ (?:(?P<status>-?\d{1,3})\ )?\+?(?P<bytes>\d+)
               \ (?:[^"\n]{1,400}\ "(?P<method>[A-Z]{2,20})\ (?P<path>[^\s"]{1,300}+))?)
        """,
        joins=Joins.NONE,
        examples=(
            line(
                "10.0.0.9:33317 [27/Nov/2026:10:15:29.655] http-in static/srv1 10/0/30/69/109 200 2750 - - ---- "
                '1/1/1/1/0 0/0 "GET /i HTTP/1.1"',
                time="2026-11-27T10:15:29.655Z",
                level="UNKNOWN",
                message="http-in static/srv1 10/0/30/69/109 200 2750 - - ---- "
                '1/1/1/1/0 0/0 "GET /i HTTP/1.1"',
                client="10.0.0.9:33317",
                status=200,
                bytes=2750,
                method="GET",
                path="/i",
                backend="static",
            ),
            line(
                "10.0.0.9:33313 [27/Nov/2026:10:15:29.443] fnt bck/srv1 0/0/5007 212 -- 0/0/0/0/3 0/0",
                time="2026-11-27T10:15:29.443Z",
                level="UNKNOWN",
                message="fnt bck/srv1 0/0/5007 212 -- 0/0/0/0/3 0/0",
                bytes=212,
            ),
            line(
                "10.0.0.9:33313 [27/Nov/2026:10:15:29.443] https-in~ https-in/<NOSRV> -1/-1/-1/-1/0 400 0 - - PR-- "
                '1/1/0/0/0 0/0 "<BADREQ>"',
                time="2026-11-27T10:15:29.443Z",
                level="UNKNOWN",
                message='https-in~ https-in/<NOSRV> -1/-1/-1/-1/0 400 0 - - PR-- 1/1/0/0/0 0/0 "<BADREQ>"',
                status=400,
            ),
        ),
    ),
    Format(
        name="haproxy error",
        describes="Failures of connections that HAProxy logs",
        head=r"""
            (?:haproxy\[(?P<pid>\d{1,10})\]:\ )?
            (?P<client>[\da-fA-F.:\[\]]{2,50}:\d{1,5}|unix:\d+)\ \[<time>\]\ (?=(?P<frontend>[\w.-]{1,100}~?)/\S{1,100}:\ )
        """,
        joins=Joins.NONE,
        examples=(
            line(
                "10.0.0.9:56224 [27/Nov/2026:10:15:30.123] http-in/1: SSL handshake failure",
                time="2026-11-27T10:15:30.123Z",
                level="UNKNOWN",
                message="http-in/1: SSL handshake failure",
                client="10.0.0.9:56224",
            ),
        ),
    ),
    Format(
        name="access",
        describes="Common and combined log format of Apache, nginx, Tomcat, Traefik, gunicorn, Python and many others",
        head=rf"""
            {_BEFORE_BRACKET}(?:(?P<vhost>{_COLUMN})\ (?=(?:{_COLUMN}\ ){{3}}\[))?
            (?P<client>{_COLUMN})(?:,\ ?[\da-fA-F.:]{{2,45}}){{0,10}}
            (?:\ {_COLUMN})?(?:\ {{1,2}}{_USER})?\ \[<time>\]\ (?={_REQUEST}{_STATUS_BYTES}{_DURATION})
        """,
        joins=Joins.NONE,
        examples=(
            line(
                '10.0.0.9 - - [27/Nov/2026:11:15:30 +0100] "GET /x HTTP/1.1" 500 12 "-" "curl/8"',
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message='"GET /x HTTP/1.1" 500 12 "-" "curl/8"',
                client="10.0.0.9",
                method="GET",
                path="/x",
                status=500,
                bytes=12,
            ),
            line(
                'shop.example:443 10.0.0.9 - ann [27/Nov/2026:11:15:30 +0100] "GET /x HTTP/1.1" 200 12 "-" "curl/8"',
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message='"GET /x HTTP/1.1" 200 12 "-" "curl/8"',
                vhost="shop.example:443",
                client="10.0.0.9",
                user="ann",
            ),
            line(
                '127.0.0.1 - - [27/Nov/2026 10:15:31] "GET /boom HTTP/1.1" 500 -',
                time="2026-11-27T10:15:31Z",
                level="UNKNOWN",
                message='"GET /boom HTTP/1.1" 500 -',
                status=500,
            ),
            line(
                '10.0.0.9, 10.1.0.1 - - [27/Nov/2026:10:15:30 +0000] "POST /pay HTTP/2.0" 201 5 "-" "curl/8" 0.123',
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message='"POST /pay HTTP/2.0" 201 5 "-" "curl/8" 0.123',
                client="10.0.0.9",
                duration=0.123,
            ),
            line(
                "10.0.0.9 - - [27/Nov/2026:10:15:30 +0000] "
                '"GET /x HTTP/1.1" 200 12 "-" "curl/8" 1 "shop@docker" "http://172.18.0.3:80" 3ms',
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message='"GET /x HTTP/1.1" 200 12 "-" "curl/8" 1 "shop@docker" "http://172.18.0.3:80" 3ms',
                duration="3ms",
            ),
            line(
                '10.0.0.9 - - [27/Nov/2026:10:15:30 +0000] "GET /x HTTP/1.1" 200 12 "-" "curl/8" 85 0.004 '
                "[default-shop-80] [] 10.1.0.1:8080 12 0.004 200 5f1c",
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message='"GET /x HTTP/1.1" 200 12 "-" "curl/8" 85 0.004 [default-shop-80] [] 10.1.0.1:8080 12 0.004 200 5f1c',
                duration=0.004,
            ),
            line(
                '::1 - - [27/Nov/2026:10:15:30 +0000] "GET / HTTP/1.1" 200 12 0.0123',
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message='"GET / HTTP/1.1" 200 12 0.0123',
                client="::1",
                duration=0.0123,
            ),
            line(
                r'10.0.0.9 - - [27/Nov/2026:10:15:30 +0000] "\x16\x03\x01" 400 150 "-" "-"',
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message=r'"\x16\x03\x01" 400 150 "-" "-"',
                status=400,
                bytes=150,
            ),
        ),
    ),
    Format(
        name="access without brackets",
        describes="Access logs without brackets around the time: PHP-FPM",
        head=rf"""
            {NO_LEVEL}(?P<client>{_COLUMN})\ (?:{_COLUMN})?\ {{1,2}}(?:(?!\d\d?/){_USER}\ {{1,2}})?
            (?=\d{{1,2}}/[A-Z][a-z]{{2}}/\d{{4}}:)<time>\ (?={_REQUEST}{_STATUS_BYTES})
        """,
        joins=Joins.NONE,
        examples=(
            line(
                '127.0.0.1 -  27/Nov/2026:10:15:30 +0000 "GET /index.php" 200',
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message='"GET /index.php" 200',
                client="127.0.0.1",
                method="GET",
                path="/index.php",
                status=200,
            ),
            line(
                '10.0.0.9 - ann 27/Nov/2026:11:15:30 +0100 "POST /index.php" 500',
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message='"POST /index.php" 500',
                user="ann",
                status=500,
            ),
        ),
    ),
    Format(
        name="iis comma",
        describes="Access log of IIS in its own format, with commas",
        head=r"""
            (?P<client>[\da-fA-F.:%]{2,50}),\ (?P<user>[^,\n]{1,100}),\ <time>
            ,\ (?=(?P<service>\w{1,40}),\ (?P<host>[^,\n]{1,100}),\ [^,\n]{1,60},\ (?P<duration>\d{1,10}),\ \d+
            ,\ (?P<bytes>\d{1,15}),\ (?P<status>\d{3}),\ \d+,\ (?P<method>[A-Z]{1,20}),\ (?P<path>[^,\n]{1,300}+))
        """,
        joins=Joins.NONE,
        examples=(
            line(
                "10.0.0.9, ann, 11/27/2026, 10:15:30, W3SVC1, WEB1, 10.0.0.1, 15, 1, 2, 200, 0, GET, /x, -,",
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message="W3SVC1, WEB1, 10.0.0.1, 15, 1, 2, 200, 0, GET, /x, -,",
                client="10.0.0.9",
                user="ann",
                status=200,
                bytes=2,
                duration=15,
                path="/x",
            ),
        ),
    ),
    Format(
        name="access without request",
        describes="Lines of access logs that have a client and a time in brackets, but no request: Python's http.server",
        head=rf"""
            {_BEFORE_BRACKET}(?P<client>{_COLUMN})(?:\ {_COLUMN})?(?:\ {_USER})?
            \ \[(?=\d{{1,2}}/[A-Z][a-z]{{2}}/)<time>\]\ (?!")
        """,
        joins=Joins.NONE,
        examples=(
            line(
                "10.0.0.9 - - [27/Nov/2026 10:15:30] code 404, message File not found",
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message="code 404, message File not found",
                client="10.0.0.9",
            ),
        ),
    ),
    Format(
        name="access with other columns",
        describes="Access logs with any columns before a time in brackets",
        head=rf"{NO_LEVEL}(?P<columns>[^\[\n=]{{2,200}}+)\[(?=\d{{1,2}}/[A-Z][a-z]{{2}}/\d{{4}}[:\ ])<time>\]\ ",
        joins=Joins.NONE,
        examples=(
            line(
                '"10.0.0.9, 10.1.0.1" - - [27/Nov/2026:10:15:30 +0000] "GET /x HTTP/1.1" 200 1',
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message='"GET /x HTTP/1.1" 200 1',
                columns='"10.0.0.9, 10.1.0.1" - -',
            ),
        ),
    ),
    Format(
        name="envoy access",
        describes="Access log of Envoy and Istio; requests of Django's development server",
        head=r"""
            \[<time>\]\ (?="(?:(?P<method>[A-Z]{2,20})\ (?P<path>[^\s"]{1,300}+)|-)[^"]*+"
            \ (?P<status>\d{1,3})
            (?:\ (?P<flags>-|[A-Z]{2,5}(?:(?=,[A-Z][A-Z]),[A-Z]{2,5}+)*+)
               (?:\ [\w:()\[\]{},._'~|-]+\ \S+\ "[^"]*+")?\ \d+\ (?P<bytes>\d+)\ (?P<duration>\d+)
             \ |\ (?P<bytes_>\d+)$)?)
        """,
        joins=Joins.NONE,
        examples=(
            line(
                '[2026-11-27T10:15:30.123Z] "GET /x HTTP/1.1" 503 UF 0 91 5 - "-" "curl/8" "r1" "shop" "10.0.0.1:80"',
                time="2026-11-27T10:15:30.123Z",
                level="UNKNOWN",
                message='"GET /x HTTP/1.1" 503 UF 0 91 5 - "-" "curl/8" "r1" "shop" "10.0.0.1:80"',
                method="GET",
                path="/x",
                status=503,
                bytes=91,
                duration=5,
            ),
            line(
                '[2026-11-27T10:15:30.123Z] "GET /x HTTP/1.1" 200 - via_upstream - "-" 0 615 7 6 "-" "curl/8" '
                '"8b1f" "shop" "10.0.0.1:80" inbound|80|| 127.0.0.6:1 10.0.0.1:80 10.0.0.9:5 - default',
                time="2026-11-27T10:15:30.123Z",
                level="UNKNOWN",
                message='"GET /x HTTP/1.1" 200 - via_upstream - "-" 0 615 7 6 "-" "curl/8" '
                '"8b1f" "shop" "10.0.0.1:80" inbound|80|| 127.0.0.6:1 10.0.0.1:80 10.0.0.9:5 - default',
                bytes=615,
                duration=7,
            ),
            line(
                '[2026-11-27T10:15:30.123Z] "- - -" 0 - - - "-" 1024 2048 90 - "-" "-" "-" "-" "10.0.0.1:5432"',
                time="2026-11-27T10:15:30.123Z",
                level="UNKNOWN",
                message='"- - -" 0 - - - "-" 1024 2048 90 - "-" "-" "-" "-" "10.0.0.1:5432"',
                bytes=2048,
            ),
            line(
                '[27/Nov/2026 10:15:31] "GET /boom HTTP/1.1" 500 145',
                time="2026-11-27T10:15:31Z",
                level="UNKNOWN",
                message='"GET /boom HTTP/1.1" 500 145',
                path="/boom",
                status=500,
            ),
        ),
    ),
    Format(
        name="squid",
        describes="Access log of squid",
        head=r"""
            (?=\d{10}\.\d{3}\ )<time>\ +(?P<duration>\d{1,10})\ (?P<client>\S{1,255})
            \ (?=[A-Z_]+/(?P<status>\d{3})\ (?P<bytes>\d+)\ (?P<method>[A-Z]+|-)\ (?P<path>\S{1,300}+))
        """,
        joins=Joins.NONE,
        examples=(
            line(
                "1795774530.123     45 10.0.0.9 TCP_MISS/200 1134 GET http://x/ - HIER_DIRECT/10.0.0.1 text/html",
                time="2026-11-27T10:15:30.123Z",
                level="UNKNOWN",
                message="TCP_MISS/200 1134 GET http://x/ - HIER_DIRECT/10.0.0.1 text/html",
                duration=45,
                client="10.0.0.9",
                status=200,
                bytes=1134,
                method="GET",
                path="http://x/",
            ),
        ),
    ),
    Format(
        name="uwsgi",
        describes="Requests of uWSGI",
        head=r"""
            (?:\{[^}]{1,200}\}\ )?\[pid:\ (?P<pid>\d{1,10})\|app:\ [-\d]+\|req:\ [-\d/]+\]
            \ (?P<client>\S{0,255})
            \ \((?P<user>[^)]{0,100})\)\ \{[^}]{1,100}\}\ \[<time>\]
            \ (?=(?P<method>[A-Z]+)\ (?P<path>\S{1,300}+)\S*+\ =>\ generated\ (?P<bytes>\d+)\ bytes\ in
            \ (?P<duration>\d+)
               \ (?:msecs|micros)\ \(\S+\ (?P<status>\d{3})\))
        """,
        joins=Joins.NONE,
        examples=(
            line(
                "[pid: 812|app: 0|req: 1/1] 10.0.0.9 () {32 vars in 400 bytes} [Fri Nov 27 10:15:30 2026] GET /x => "
                "generated 12 bytes in 3 msecs (HTTP/1.1 200) 2 headers in 79 bytes (1 switches on core 0)",
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message="GET /x => generated 12 bytes in 3 msecs (HTTP/1.1 200) "
                "2 headers in 79 bytes (1 switches on core 0)",
                pid=812,
                client="10.0.0.9",
                method="GET",
                path="/x",
                bytes=12,
                duration=3,
                status=200,
            ),
        ),
    ),
    Format(
        name="gin",
        describes="Requests of Gin, and of Fiber and Echo with columns between bars",
        head=r"""
            (?:\[(?:GIN|HTTP|Fiber|echo)\]\ )?<time>\ \|\ *
            (?=(?P<status>\d{3})\ *\|\ *(?P<duration>[\d.]+[a-zµ]{1,2})\ *\|\ *(?P<client>[\da-fA-F.:]{2,50})\ *\|\ *
               (?P<method>[A-Z]{2,20})\ *+\|?\ *+"?(?P<path>[^\s"|]{1,300}+))
        """,
        joins=Joins.NONE,
        examples=(
            line(
                '[GIN] 2026/11/27 - 10:15:30 | 500 |     123.4µs |        10.0.0.9 | GET      "/x"',
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message='500 |     123.4µs |        10.0.0.9 | GET      "/x"',
                status=500,
                duration="123.4µs",
                client="10.0.0.9",
                method="GET",
                path="/x",
            ),
            line(
                "10:15:30 | 200 |   1.2ms | 10.0.0.9 | GET | /x | -",
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message="200 |   1.2ms | 10.0.0.9 | GET | /x | -",
                status=200,
                path="/x",
            ),
        ),
    ),
    Format(
        name="request without time",
        describes="Requests without a time: morgan's forms `dev`, `tiny` and `short`, and the access log of php-fpm "
        "without its date",
        head=r"""
            (?=(?:(?P<client>[\da-fA-F.:]{2,45})\ (?:-|(?P<user>\S{1,80}))\ )?
               (?P<method>GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)\ (?P<path>/\S{0,300}+)\S*+(?:\ HTTP/[\d.]{1,3})?
               \ (?P<status>[1-5]\d\d)(?:\ (?:-|(?P<bytes>\d{1,15}))\ -)?\ (?P<duration>\d+(?:\.\d+)?)\ ?ms\b)
        """,
        first="0123456789abcdefABCDEF:GHPDO",
        joins=Joins.NONE,
        examples=(
            line(
                "POST /orders 201 950 - 12.345 ms",
                time=None,
                level="UNKNOWN",
                message="POST /orders 201 950 - 12.345 ms",
                method="POST",
                path="/orders",
                status=201,
                bytes=950,
                duration=12.345,
            ),
            line(
                "::1 - GET /x HTTP/1.1 304 - - 1.452 ms",
                time=None,
                level="UNKNOWN",
                message="::1 - GET /x HTTP/1.1 304 - - 1.452 ms",
                client="::1",
                method="GET",
                path="/x",
                status=304,
                duration=1.452,
            ),
            line(
                "GET /x?id=1 500 12.345 ms - 5",
                time=None,
                level="UNKNOWN",
                message="GET /x?id=1 500 12.345 ms - 5",
                method="GET",
                path="/x?id=1",
                status=500,
                duration=12.345,
            ),
        ),
    ),
)
