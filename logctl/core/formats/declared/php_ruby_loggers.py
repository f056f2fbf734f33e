"""Formats of loggers for PHP, Ruby, Perl, Swift and Julia."""

from __future__ import annotations

from logctl.core.formats.declared.right_answers import line
from logctl.core.formats.reading import Format

_PHP_LEVEL = (
    r"(?P<level>(?:Parse|Fatal|Recoverable\ fatal|Catchable\ fatal|Core|Compile)\ error"
    r"|(?:Core\ |Compile\ |User\ )?(?:[Ww]arning|[Nn]otice|[Dd]eprecated)|Strict\ Standards)"
)
_PHP_LEVELS = {
    "Parse error": "ERROR",
    "Fatal error": "FATAL",
    "Recoverable fatal error": "ERROR",
    "Catchable fatal error": "ERROR",
    "Core error": "FATAL",
    "Compile error": "FATAL",
    "Core warning": "WARN",
    "Compile warning": "WARN",
    "User warning": "WARN",
    "User notice": "NOTICE",
    "User deprecated": "WARN",
    "Deprecated": "WARN",
    "Strict Standards": "NOTICE",
}

FORMATS = (
    Format(
        "monolog",
        "Monolog's line formatter: Laravel, Symfony, Magento, Drupal",
        r"\[<time>\]\ (?P<logger>[\w.\-]{1,80})\.(?P<level>[A-Z]{4,9}):\ ?",
        examples=(
            line(
                '[2026-11-27 10:15:30] production.ERROR: payment failed {"userId":1}',
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message='payment failed {"userId":1}',
                logger="production",
            ),
            line(
                '[2026-11-27T11:15:30.123456+01:00] app.CRITICAL: payment failed {"id":17} []',
                time="2026-11-27T10:15:30.123Z",
                level="FATAL",
                message='payment failed {"id":17} []',
                logger="app",
            ),
        ),
    ),
    Format(
        "php error log",
        "PHP's error_log",
        rf"\[<time>\]\ PHP\ {_PHP_LEVEL}:\s+",
        levels=_PHP_LEVELS,
        examples=(
            line(
                "[27-Nov-2026 11:15:30 Europe/Berlin] PHP Warning:  Undefined variable $x in /var/www/x.php on line 5",
                time="2026-11-27T10:15:30Z",
                level="WARN",
                message="Undefined variable $x in /var/www/x.php on line 5",
            ),
            line(
                "[27-Nov-2026 10:15:30 UTC] PHP Fatal error:  Uncaught Exception: boom in /x.php:9",
                time="2026-11-27T10:15:30Z",
                level="FATAL",
                message="Uncaught Exception: boom in /x.php:9",
            ),
        ),
    ),
    Format(
        "php stderr",
        "PHP's errors on standard error",
        rf"PHP\ {_PHP_LEVEL}:\s+",
        levels=_PHP_LEVELS,
        examples=(
            line(
                "PHP Deprecated:  strlen(): Passing null in /x.php on line 5",
                time=None,
                level="WARN",
                message="strlen(): Passing null in /x.php on line 5",
            ),
        ),
    ),
    Format(
        "symfony console",
        "Symfony's console handler",
        r"<time>(?<=\d\d:\d\d:\d\d)(?<!\d[ T]\d\d:\d\d:\d\d)\ <level>\s+\[(?P<logger>[a-z][\w.\-]{0,60})\]\ ",
        examples=(
            line(
                '10:15:30 ERROR     [app] payment failed ["id" => 17]',
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message='payment failed ["id" => 17]',
                logger="app",
            ),
        ),
    ),
    Format(
        "codeigniter",
        "CodeIgniter",
        r"<level>\ -\ <time>\ -->\ ",
        examples=(
            line(
                "ERROR - 2026-11-27 10:15:30 --> Severity: Warning --> Undefined variable",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="Severity: Warning --> Undefined variable",
            ),
        ),
    ),
    Format(
        "yii",
        "Yii 2",
        r"<time>\ (?:\[[^\]\n]{0,120}\]){3}\[<level>\]\[(?P<logger>[^\]\n]{0,160})\]\ ",
        examples=(
            line(
                r"2026-11-27 10:15:30 [10.0.0.9][-][-][error][yii\web\HttpException:404] not found",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="not found",
                logger=r"yii\web\HttpException:404",
            ),
        ),
    ),
    Format(
        "craft",
        "Craft CMS",
        r"<time>\ \[(?P<process>[\w\-]{1,40})\.(?P<level>[A-Z]{4,9})\]\ (?:\[(?P<logger>[^\]\n]{1,160})\]\ )?",
        examples=(
            line(
                r"2026-11-27 10:15:30 [web.ERROR] [yii\db\Exception] boom",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="boom",
                process="web",
            ),
        ),
    ),
    Format(
        "laminas",
        "Laminas and Zend Framework",
        r"<time>\ <level>\ \(\d\):\ ",
        examples=(
            line(
                "2026-11-27T10:15:30+00:00 ERR (3): payment failed",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="payment failed",
            ),
        ),
    ),
    Format(
        "typo3",
        "TYPO3",
        r'<time>\ \[<level>\]\ request="(?P<request_id>[^"\n]{0,80})"\ component="(?P<logger>[^"\n]{0,160})":\ ',
        examples=(
            line(
                'Fri, 27 Nov 2026 10:15:30 +0000 [ERROR] request="abc" component="TYPO3.CMS.Core": boom',
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="boom",
                request_id="abc",
                logger="TYPO3.CMS.Core",
            ),
        ),
    ),
    Format(
        "ruby logger",
        "Ruby's Logger: Rails, Unicorn and many gems",
        r"[DIWEFA],\ \[<time>\ \#(?P<pid>\d{1,10})\]\s+<level>\ --\ (?P<logger>[^:\n]{0,80})(?:::[^:\n]{1,80}){0,6}:\ "
        r"(?:\[(?P<request_id>[0-9a-f]{8}-[0-9a-f\-]{27})\]\ )?",
        levels={"ANY": "UNKNOWN"},
        examples=(
            line(
                "E, [2026-11-27T10:15:30.123456 #812] ERROR -- : payment failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="payment failed",
                pid=812,
            ),
            line(
                "I, [2026-11-27T10:15:31.000000 #812]  INFO -- shop: ok",
                time="2026-11-27T10:15:31Z",
                level="INFO",
                message="ok",
                logger="shop",
            ),
        ),
    ),
    Format(
        "rails request",
        "The first line of a request in the log of a Rails application, also with the request's id before it",
        r"(?:\[(?P<request_id>[\w.-]{1,80}+)\]\ )?"
        r'(?P<message>Started\ (?P<method>[A-Z]{3,8})\ "(?P<path>[^"\n]{1,300}+)"\ for\ (?P<client>[\w.:]{2,50}))\ at\ <time>',
        examples=(
            line(
                '[8b1f1a7e-0b9d-4d4f-9f57-0a6a1c7f1d22] Started GET "/orders/17" for 10.0.0.9 at 2026-11-27 10:15:30 +0000',
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message='Started GET "/orders/17" for 10.0.0.9',
                request_id="8b1f1a7e-0b9d-4d4f-9f57-0a6a1c7f1d22",
                method="GET",
                path="/orders/17",
                client="10.0.0.9",
            ),
            line(
                'Started GET "/orders/17" for 127.0.0.1 at 2026-11-27 11:15:30 +0100',
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message='Started GET "/orders/17" for 127.0.0.1',
                method="GET",
                path="/orders/17",
                client="127.0.0.1",
            ),
        ),
    ),
    Format(
        "sidekiq",
        "Sidekiq's default output",
        r"<time>\ pid=(?P<pid>\d{1,10})\ tid=(?P<thread>\w{1,20})(?:\ class=(?P<logger>\S{1,100}))?(?:\ jid=(?P<jid>\w{1,40}))?"
        r"(?:\ [a-z_]{1,20}=\S{1,100}){0,6}\ <level>:\ ",
        examples=(
            line(
                "2026-11-27T10:15:30.123Z pid=812 tid=abc class=PayJob jid=9f8 elapsed=0.1 INFO: fail",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="fail",
                pid=812,
                logger="PayJob",
                jid="9f8",
            ),
        ),
    ),
    Format(
        "sidekiq old",
        "Sidekiq before version 6",
        r"<time>\ (?P<pid>\d{1,10})\ TID-(?P<thread>\w{1,20})\ (?:(?P<logger>[\w:]{1,100})\ JID-(?P<jid>\w{1,40})\ )?"
        r"(?:[A-Z]{2,10}-\w{1,40}\ )?<level>:\ ",
        examples=(
            line(
                "2026-11-27T10:15:30.123Z 812 TID-abc PayJob JID-9f8 INFO: start",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="start",
                pid=812,
                thread="abc",
            ),
        ),
    ),
    Format(
        "puppet",
        "Puppet's log file",
        r"<time>\ (?P<logger>/?[\w\[\]/:.\-]{1,200})\ \(<level>\):\ ",
        examples=(
            line(
                "2026-11-27 10:15:30 +0000 Puppet (err): Could not retrieve catalog",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="Could not retrieve catalog",
                logger="Puppet",
            ),
        ),
    ),
    Format(
        "fluentd",
        "Fluentd",
        r"<time>(?<=[\ ][+-]\d{4})\ \[<level>\]:\ (?:\#(?P<worker>\d{1,4})\ )?",
        examples=(
            line(
                "2026-11-27 10:15:30 +0000 [warn]: #0 [out_s3] failed to flush the buffer",
                time="2026-11-27T10:15:30Z",
                level="WARN",
                message="[out_s3] failed to flush the buffer",
            ),
        ),
    ),
    Format(
        "log4perl",
        "Log4perl's simple layouts",
        r"<time>\ <level>>\ (?:(?P<file>[\w./\-]{1,160}):(?P<line>\d{1,6})\ )?(?:(?P<logger>[\w:]{1,120})\ -\ )?",
        examples=(
            line(
                "2026/11/27 10:15:30 ERROR> shop.pl:12 main:: - payment failed",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="payment failed",
                file="shop.pl",
            ),
        ),
    ),
    Format(
        "swift-log",
        "swift-log's standard output",
        r"<time>\ <level>\ (?P<logger>[A-Za-z_][\w.\-/]{0,100}+)\ ?:(?:\ [\w.\-]{1,60}=\S{1,200}){0,16}\ (?:\[(?P<module>\w{1,60})\]\ )",
        examples=(
            line(
                "2026-11-27T10:15:30+0000 error com.acme.shop : id=17 [Shop] payment failed",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="payment failed",
                logger="com.acme.shop",
            ),
        ),
    ),
    Format(
        "julia",
        "Julia's console logger",
        r"[┌\[]\ <level>:\ ",
        examples=(
            line("[ Info: started", time=None, level="INFO", message="started"),
            line("┌ Warning: slow", time=None, level="WARN", message="slow"),
        ),
    ),
)
