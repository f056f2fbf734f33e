"""The names that loggers give to time, level, message and application in JSON objects.

Names are compared in lower case. A name's place in its list is its preference: the first that holds something
usable wins. To support another logger, add its names here and an object of it to
`tests/cases/json_objects.jsonl`.
"""

from __future__ import annotations

from enum import IntEnum, auto, unique
from typing import NamedTuple


@unique
class Kind(IntEnum):
    """What a member of an object can hold. `TRAIT` only tells which program wrote the object."""

    TIME = 0
    LEVEL = auto()
    MESSAGE = auto()
    APP = auto()
    PLACE = auto()
    TRAIT = auto()


class Trait:
    """Bits for programs and forms, told by the members of their objects.

    They decide what the number of a level means. They are plain numbers, because every object is searched
    for them.
    """

    JOURNALD = 1
    GELF = 1 << 1
    SYSLOG = 1 << 2
    PYTHON = 1 << 3
    MONOLOG = 1 << 4
    SERILOG = 1 << 5
    DOTNET = 1 << 6
    WINDOWS = 1 << 7
    NEXTCLOUD = 1 << 8
    MONGODB = 1 << 9
    APPLICATION_INSIGHTS = 1 << 10
    DATADOG = 1 << 11
    OTEL = 1 << 12
    ECS = 1 << 13
    GOOGLE = 1 << 14
    KUBERNETES_EVENT = 1 << 15
    COLLECTOR = 1 << 16
    """A collector read the line of another program, and put it into the message as it was."""


class Role(NamedTuple):
    """What a name stands for, its rank (the least is preferred), and what it tells of the program."""

    kind: Kind
    rank: int
    trait: int = 0


def _words(text: str) -> list[str]:
    return text.split()


# Java, Logstash, Python, Serilog, MongoDB, PHP, nginx, API Gateway, systemd, OpenTelemetry, log4j2, Google,
# Kubernetes, Envoy, Traefik, Cloudflare, Splunk, VictoriaLogs, Windows, Azure, Okta. Times of receipt come
# last.
_TIMES = _words("""
    timestamp @timestamp time ts asctime datetime @t t timestamp_utc timestamputc time_iso8601 iso_time
    isotime isodate r_isodate eventtime event_time eventtimestamp event_timestamp event.created eventdate
    logtime log_time log.time logtimestamp log_timestamp logged_at loggedat logdate log_date timemillis
    timestamp_ms timestampms time_ms ts_ms epochmillis epoch_ms epochms epoch unixtime unix_time
    unix_timestamp timestampseconds instant timeunixnano time_unix_nano timestamp_ns timestampns
    __realtime_timestamp _source_realtime_timestamp requesttime requesttimeepoch time_local localtime msec
    ibm_datetime time_stamp datetime_utc date_time date dt _time _timestamp @ts timegenerated timecreated
    systemtime utctime query_timestamp edgestarttimestamp edgeendtimestamp stagetimestamp
    requestreceivedtimestamp lasttimestamp eventseriestime firsttimestamp published activitydatetime
    createddatetime creationtime creation_time createtime create_time created_at createdat created
    start_time starttime started_at starttimeunixnano startutc startlocal start observedtimeunixnano
    observed_time_unix_nano observedtimestamp approximatearrivaltimestamp publishtime senttimestamp
    ingestiontime eventreceivedtime _received_at received_at receivetimestamp when
""")

_LEVELS = _words("""
    level severity detected_level levelname @l @level lvl log.level loglevel log_level severitytext
    severity_text level_name levelname severity_label severity_name error_severity priorityname
    priority_name syslog_severity syslog_level log.syslog.severity.name loglevelname log_level_name
    levellabel level_label leveldisplayname level_str levelstr severitylevel severity_level logger.level
    event.level sev messagetype priority pri syslog_pri log.syslog.priority log.syslog.severity.code
    severitynumber severity_number syslog.severity severity_code syslog_severity_code levelno level_number
    level_value levelvalue levelint level_int level_no @severity s L
""")

_MESSAGES = _words("""
    formattedmessage formatted_message message msg @m renderedmessage rendered_message short_message
    @message _msg eventmessage log_msg log_message logmessage M
""")
_LATER_MESSAGES = _words("""
    event body text log textpayload message_text msgtext logline log_line line _raw rawmessage @mt
    messagetemplate syslog_message content output full_message event.original
""")
_LAST_MESSAGES = _words("""
    eventname event_name event.name error.message exception.message errormessage error_message
    resultdescription displaymessage display_message summary title description detail-type reason details
    status_message statusmessage errmsg payload info err error exception data
""")
_NAMES = _words("methodname operationname event_type eventtype event.action action type")
"""Names of events, used as the message of an object that has no other text; they stay fields as well."""

LINES = frozenset(_words("line log logline log_line raw _raw rawmessage @message event.original"))
"""Names of members that hold the line of another program as it was."""

LATER = 100
"""The rank from which messages in known nested places are preferred to those at the top."""
LAST = 300
"""The rank of texts that are a message only where there is nothing else."""
NAMES = 400
"""The rank of an event's name."""

_APPS = _words("""
    service.name service service_name servicename application app app_name appname application_name
    applicationname syslog_identifier _systemd_unit unit container_name container.name
    kubernetes_container_name container program programname
""")

# Objects within which time, level and message are found too, and how they rank against each other.
_PLACES = _words("""
    record fields @fields log jsonpayload protopayload event body _source result detail attributes properties
    data payload syslog winlog system labels metadata extra error err exception resource kubernetes k8s
    alert status
""")

_TRAITS: dict[int, str] = {
    Trait.JOURNALD: "__cursor __realtime_timestamp __monotonic_timestamp _boot_id _transport _machine_id",
    Trait.GELF: "short_message full_message",
    Trait.SYSLOG: """
        facility syslogtag syslog_identifier syslog_facility facility_label facility_code programname procid
        syslog_severity log.syslog.facility.code syslog_pid ident __realtime_timestamp _transport _pid
        """,
    Trait.PYTHON: """
        levelno levelname lineno funcname pathname processname threadname exc_info asctime msecs taskname
        relativecreated level_number
        """,
    Trait.MONOLOG: "channel context extra level_name",
    Trait.SERILOG: "@t @mt @m @i @r @x @tr @sp",
    Trait.DOTNET: "eventid category scopes state loglevel",
    Trait.WINDOWS: "eventid providername sourcename providerguid recordnumber eventrecordid",
    Trait.NEXTCLOUD: "reqid",
    Trait.MONGODB: "ctx c svc",
    Trait.APPLICATION_INSIGHTS: "itemtype ikey operation_id cloud_rolename",
    Trait.DATADOG: "ddsource ddtags dd.trace_id dd.service",
    Trait.OTEL: "severitynumber severity_number observedtimeunixnano timeunixnano severitytext",
    Trait.ECS: "ecs ecs.version",
    Trait.GOOGLE: "insertid logname receivetimestamp jsonpayload textpayload protopayload",
    Trait.KUBERNETES_EVENT: "involvedobject reportingcomponent",
    Trait.COLLECTOR: """
        kubernetes kubernetes.pod_name kubernetes.namespace_name loggroup logstream loggroupname logstreamname
        @logstream @log @ptr container_id container_name source_type agent input stream log.file.path log_file
        sourcetype topicarn eventsourcearn subscription deliverystreamarn senttimestamp recordid
        __realtime_timestamp labels ingestiontime
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
    for trait, names in _TRAITS.items():
        for name in names.split():
            role = roles.get(name, Role(Kind.TRAIT, 0))
            roles[name] = role._replace(trait=role.trait | trait)
    return roles


ROLES = _roles()
"""What each known name stands for, by the name in lower case."""
PLACES = {name: rank for rank, name in enumerate(_PLACES)}
"""The rank of each object within which the members of a record are found too."""
