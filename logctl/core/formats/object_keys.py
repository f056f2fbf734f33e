"""The names that loggers give to time, level, message and application in JSON objects.

Names are compared in lower case. A name's place in its list is its preference: the first that holds something
usable wins. To support another logger, add its names here and an object of it to
`tests/cases/json_objects.jsonl`.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag, auto, unique
from typing import NamedTuple


@unique
class Kind(IntEnum):
    """What a member of an object can hold. `MARK` only tells which program wrote the object."""

    TIME = 0
    LEVEL = auto()
    MESSAGE = auto()
    APP = auto()
    PLACE = auto()
    MARK = auto()


class Mark(IntFlag):
    """Programs and forms, told by the members of their objects: they decide what the number of a level means."""

    NOTHING = 0
    JOURNALD = auto()
    GELF = auto()
    SYSLOG = auto()
    PYTHON = auto()
    PINO = auto()
    MONOLOG = auto()
    SERILOG = auto()
    DOTNET = auto()
    WINDOWS = auto()
    NEXTCLOUD = auto()
    MONGODB = auto()
    APPLICATION_INSIGHTS = auto()
    DATADOG = auto()
    OTEL = auto()
    ECS = auto()
    GOOGLE = auto()
    KUBERNETES_EVENT = auto()
    COLLECTOR = auto()
    """A collector read the line of another program, and put it into the message as it was."""


class Role(NamedTuple):
    """What a name stands for, how much it is preferred (the least first), and what it tells of the program."""

    kind: Kind
    rank: int
    mark: Mark = Mark.NOTHING


# Java, Logstash, Python, Serilog, MongoDB, PHP, nginx, API Gateway, systemd, OpenTelemetry, log4j2, Google,
# Kubernetes, Envoy, Traefik, Cloudflare, Splunk, VictoriaLogs, Windows, Azure, Okta. Times of receipt come last.
_TIMES = """
    timestamp @timestamp time ts asctime datetime @t t timestamp_utc timestamputc time_iso8601 iso_time isotime
    eventtime event_time eventtimestamp event_timestamp event.created eventdate logtime log_time log.time
    logtimestamp log_timestamp logged_at loggedat logdate log_date timemillis timestamp_ms timestampms time_ms
    ts_ms epochmillis epoch_ms epochms epoch unixtime unix_time unix_timestamp timestampseconds instant
    timeunixnano time_unix_nano timestamp_ns timestampns __realtime_timestamp _source_realtime_timestamp
    requesttime requesttimeepoch time_local localtime time_stamp datetime_utc date_time date dt _time _timestamp
    @ts timegenerated timecreated systemtime utctime query_timestamp edgestarttimestamp edgeendtimestamp
    stagetimestamp requestreceivedtimestamp lasttimestamp eventseriestime firsttimestamp published
    activitydatetime createddatetime creationtime creation_time createtime create_time created_at createdat
    created start_time starttime starttimeunixnano startutc startlocal start observedtimeunixnano
    observed_time_unix_nano observedtimestamp approximatearrivaltimestamp publishtime ingestiontime
    eventreceivedtime _received_at received_at receivetimestamp when
""".split()

_LEVELS = """
    level severity levelname @l @level lvl log.level loglevel log_level severitytext severity_text level_name
    levelname severity_label severity_name priorityname priority_name syslog_severity syslog_level
    log.syslog.severity.name loglevelname log_level_name levellabel level_label leveldisplayname level_str
    levelstr severitylevel severity_level logger.level event.level sev priority log.syslog.severity.code
    severitynumber severity_number syslog.severity severity_code syslog_severity_code levelno level_number
    level_value levelvalue levelint level_int level_no @severity s
""".split()

_MESSAGES = """
    message msg @m formattedmessage formatted_message renderedmessage rendered_message short_message @message
    _msg log_message logmessage
""".split()
_LATER_MESSAGES = """
    event body text log textpayload message_text msgtext logline log_line line _raw rawmessage
    @mt messagetemplate syslog_message content output full_message event.original
""".split()
_LAST_MESSAGES = """
    error.message exception.message errormessage error_message summary title description detail-type reason
    eventname event_name event.name
""".split()
_NAMES = "methodname operationname event_type eventtype event.action action type".split()
"""Names of events, used as the message of an object that has no other text; they stay fields as well."""

LATER = 100
"""The rank from which messages in known nested places are preferred to those at the top."""
LAST = 300
"""The rank of texts that are a message only where there is nothing else."""
NAMES = 400
"""The rank of an event's name."""

_APPS = """
    service.name service service_name servicename application app app_name appname application_name
    applicationname syslog_identifier _systemd_unit unit container_name container.name kubernetes_container_name
    container program programname
""".split()
_APP_PLACES = ("resource", "kubernetes", "k8s")

# Objects within which time, level and message are found too, and how they rank against each other.
_PLACES = """
    record fields log jsonpayload protopayload event body _source result detail attributes properties data payload
    syslog winlog system labels metadata extra error err exception resource kubernetes k8s alert status
""".split()

_MARKS = {
    Mark.JOURNALD: "__cursor __realtime_timestamp __monotonic_timestamp _boot_id _transport _machine_id",
    Mark.GELF: "short_message full_message",
    Mark.SYSLOG: """
        facility syslogtag syslog_identifier syslog_facility facility_label facility_code programname procid
        syslog_severity log.syslog.facility.code syslog_pid ident __realtime_timestamp _transport _pid
        """,
    Mark.PYTHON: """
        levelno levelname lineno funcname pathname processname threadname exc_info asctime msecs relativecreated
        taskname level_number
        """,
    Mark.PINO: "hostname pid v",
    Mark.MONOLOG: "channel context extra level_name",
    Mark.SERILOG: "@t @mt @m @i @r @x @tr @sp",
    Mark.DOTNET: "eventid category scopes state loglevel",
    Mark.WINDOWS: "eventid providername sourcename providerguid recordnumber eventrecordid",
    Mark.NEXTCLOUD: "reqid",
    Mark.MONGODB: "ctx c svc",
    Mark.APPLICATION_INSIGHTS: "itemtype ikey operation_id cloud_rolename",
    Mark.DATADOG: "ddsource ddtags dd.trace_id dd.service",
    Mark.OTEL: "severitynumber severity_number observedtimeunixnano timeunixnano severitytext",
    Mark.ECS: "ecs ecs.version",
    Mark.GOOGLE: "insertid logname receivetimestamp jsonpayload textpayload protopayload",
    Mark.KUBERNETES_EVENT: "involvedobject reportingcomponent",
    Mark.COLLECTOR: """
        kubernetes kubernetes.pod_name kubernetes.namespace_name loggroup logstream loggroupname logstreamname
        @logstream @log @ptr container_id container_name source_type agent input stream log.file.path log_file
        sourcetype topicarn __realtime_timestamp labels
        """,
}  # fmt: skip


def _roles() -> dict[str, Role]:
    roles: dict[str, Role] = {}

    def add(kind: Kind, names: list[str], first: int = 0) -> None:
        for rank, name in enumerate(names, first):
            roles.setdefault(name, Role(kind, rank))

    add(Kind.TIME, _TIMES)
    add(Kind.LEVEL, _LEVELS)
    add(Kind.MESSAGE, _MESSAGES)
    add(Kind.MESSAGE, _LATER_MESSAGES, LATER + 100)
    add(Kind.MESSAGE, _LAST_MESSAGES, LAST)
    add(Kind.MESSAGE, _NAMES, NAMES)
    add(Kind.APP, _APPS)
    add(Kind.PLACE, _PLACES)
    for mark, names in _MARKS.items():
        for name in names.split():
            role = roles.get(name, Role(Kind.MARK, 0))
            roles[name] = role._replace(mark=role.mark | mark)
    return roles


ROLES = _roles()
"""What each known name stands for, by the name in lower case."""
PLACES = {name: rank for rank, name in enumerate(_PLACES)}
"""The rank of each object within which the members of a record are found too."""
