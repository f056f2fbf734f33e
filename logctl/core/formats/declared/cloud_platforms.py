"""Virtual machines, containers, storage and clusters."""

from __future__ import annotations

from logctl.core.formats.declared.right_answers import line
from logctl.core.formats.reading import Format

FORMATS = (
    Format(
        name="lxc",
        describes="LXC's logs of containers",
        head=r"""
            lxc[ ](?P<container>[\w.-]{1,64})[ ]<time>[ ]<level>[ ]{1,8}(?P<logger>\w{1,60})[ ]-[ ]
            (?P<file>[\w./-]{1,100}):(?P<function>\w{1,80}):(?P<line>\d{1,6})[ ]-[ ]
        """,
        examples=(
            line(
                "lxc c1 20261127101530.123 ERROR    start - start.c:__lxc_start:2027 - Failed to spawn container",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="Failed to spawn container",
                container="c1",
                logger="start",
            ),
        ),
    ),
    Format(
        name="libvirt",
        describes="libvirt's daemons",
        head=r"""
            <time>:[ ](?P<pid>\d{1,10}):[ ](?P<level>error|warning|info|debug)[ ]:[ ]
            (?P<function>\w{1,80}):(?P<line>\d{1,6})[ ]:[ ]
        """,
        examples=(
            line(
                "2026-11-27 10:15:30.123+0000: 812: error : virNetSocketReadWire:1792 : End of file while reading data",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="End of file while reading data",
                pid=812,
            ),
        ),
    ),
    Format(
        name="open vswitch",
        describes="Open vSwitch and OVN, with bars between the columns",
        head=r"""
            <time>\|(?P<sequence>\d{5,8})\|(?P<logger>[\w()-]{1,60})\|(?P<level>EMER|ERR|WARN|INFO|DBG)\|
        """,
        levels={"EMER": "FATAL"},
        examples=(
            line(
                "2026-11-27T10:15:30.123Z|00002|bridge|WARN|could not open network device eth9",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="could not open network device eth9",
                logger="bridge",
            ),
        ),
    ),
    Format(
        name="open vswitch in syslog",
        describes="Open vSwitch's messages in syslog",
        head=r"""
            ovs\|(?P<sequence>\d{5,8})\|(?P<logger>[\w()-]{1,60})\|(?P<level>EMER|ERR|WARN|INFO|DBG)\|
        """,
        levels={"EMER": "FATAL"},
        examples=(
            line(
                "ovs|00001|vlog|ERR|opened log file",
                time=None,
                level="ERROR",
                message="opened log file",
                logger="vlog",
            ),
        ),
    ),
    Format(
        name="vmware old",
        describes="VMware vCenter and ESX before 6: thread, level and logger after the time",
        head=r"""
            <time>\ \[?(?P<thread>[0-9A-F]{8,12})\ (?P<level>trivia|verbose|info|warning|error|panic)\ '
            (?P<logger>[^'\n]{1,200})'(?:\ (?:opID|user)=[\w.-]{1,60}){0,2}\]?[ ]
        """,
        levels={"trivia": "TRACE"},
        examples=(
            line(
                "2026-11-27T10:15:30.123Z F5A5AB90 info 'vm:/vmfs/volumes/x.vmx' opID=8b1f State "
                "Transition (VM_STATE_OFF)",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="State Transition (VM_STATE_OFF)",
                thread="F5A5AB90",
            ),
            line(
                "2026-11-27T10:15:30.123Z [7F03ECE76700 error 'Default' opID=2140bc71] [VpxVmomi] failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="[VpxVmomi] failed",
                logger="Default",
            ),
        ),
    ),
    Format(
        name="vdsm",
        describes="VDSM of oVirt, with two colons between the columns",
        head=r"""
            (?P<thread>[^\s:]{1,100})::<level>::<time>::(?P<module>\w{1,60})::(?P<line>\d{1,6})::
            (?P<logger>[\w.-]{1,100})::\((?P<function>[^()\n]{1,60})\)[ ]
        """,
        examples=(
            line(
                "MainThread::ERROR::2026-11-27 10:15:30,123::vdsm::71::vds::(run) failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="failed",
                thread="MainThread",
                logger="vds",
                line=71,
            ),
        ),
    ),
    Format(
        name="foreman installer",
        describes="Installer of Foreman and Katello",
        head=r"\[\ {0,2}<level>\ <time>\ (?P<logger>[\w.-]{1,60})\]\ +",
        examples=(
            line(
                "[ INFO 2026-11-27 10:15:30 main] Running validation checks",
                time="2026-11-27T10:15:30Z",
                level="INFO",
                message="Running validation checks",
                logger="main",
            ),
            line(
                "[ERROR 2026-11-27T10:15:30 verbose]  Failed to call refresh",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="Failed to call refresh",
            ),
        ),
    ),
    Format(
        name="ceph",
        describes="Daemons of Ceph",
        head=r"<time>\ (?P<thread>(?=\d{0,15}[a-f])[0-9a-f]{8,16})\ +(?:(?P<level>-1)|\d{1,2})[ ]",
        levels={"-1": "ERROR"},
        examples=(
            line(
                "2026-11-27T10:15:30.123+0000 7f1a2b3c4d5e  0 osd.1 123 crush map has features "
                "288514051259236352",
                time="2026-11-27T10:15:30.123Z",
                level="UNKNOWN",
                message="osd.1 123 crush map has features 288514051259236352",
                thread="7f1a2b3c4d5e",
            ),
            line(
                "2026-11-27 10:15:30.123456 7f1a2b3c4d5e -1 osd.1 123 heartbeat_check: no reply from "
                "10.0.0.2",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="osd.1 123 heartbeat_check: no reply from 10.0.0.2",
            ),
        ),
    ),
    Format(
        name="ceph cluster",
        describes="Cluster log of Ceph",
        head=r"""
            <time>\ (?P<logger>\S{1,100})\ (?:\([\w.-]{1,100}\)|[\da-fA-F.:/\[\]]{4,60})\ \d{1,20}\ :
            \ (?P<channel>cluster|audit|cephadm)\ \[(?P<level>DBG|INF|WRN|ERR|SEC)\][ ]
        """,
        levels={"SEC": "WARN"},
        examples=(
            line(
                "2026-11-27T10:15:30.123456+0000 mon.a (mon.0) 123 : cluster [WRN] Health check failed: 1 "
                "osds down (OSD_DOWN)",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="Health check failed: 1 osds down (OSD_DOWN)",
                logger="mon.a",
                channel="cluster",
            ),
        ),
    ),
    Format(
        name="openstack",
        describes="OpenStack and other programs with oslo.log, also behind the name of the file",
        head=r"""
            (?:(?=[\w.:-]{5,120}\ \d{4}-)(?P<file>[a-z][\w.:-]{4,119})\ )?<time>\ (?P<pid>\d{1,10})
            \ (?P<level>AUDIT|TRACE|DEBUG|INFO|WARNING|ERROR|CRITICAL)\ (?P<logger>[\w.-]{1,200})\ \[(?:None
            \ )?(?:(?P<request_id>req-[\w-]{1,60})|-)[^\]\n]{0,300}\][ ]
        """,
        levels={"AUDIT": "INFO"},
        examples=(
            line(
                "nova-api.log.1.2017-05-16_13:53:08 2017-05-16 00:00:00.008 25746 INFO "
                "nova.osapi_compute.wsgi.server [req-38101a0b-2096-447d-96ea-a692162415ae 113d3a99 "
                '54fadb41 - - -] 10.11.10.1 "GET /v2/54fadb41/servers/detail HTTP/1.1" status: 200 len: '
                "1893 time: 0.2477829",
                time="2017-05-16T00:00:00.008Z",
                level="INFO",
                message='10.11.10.1 "GET /v2/54fadb41/servers/detail HTTP/1.1" status: 200 len: 1893 '
                "time: 0.2477829",
                pid=25746,
                logger="nova.osapi_compute.wsgi.server",
                request_id="req-38101a0b-2096-447d-96ea-a692162415ae",
            ),
            line(
                "2026-11-27 10:15:30.123 7 ERROR nova.compute.manager [None "
                "req-8b1f1a7e-0b9d-4d4f-9f57-0a6a1c7f1d22 ann shop - - default default] [instance: 5f1c] "
                "Instance failed to spawn",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="[instance: 5f1c] Instance failed to spawn",
            ),
            line(
                "2026-11-27 10:15:30.123 7 WARNING oslo.messaging._drivers.impl_rabbit [-] Unexpected "
                "error during heartbeat",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="Unexpected error during heartbeat",
                pid=7,
            ),
        ),
    ),
    Format(
        name="klog",
        describes="Kubernetes' and Google's loggers: klog, glog, absl",
        head=r"""
            (?P<level>[IWEF])(?=(?:\d{4}){1,2}\ )<time>\ +(?:(?P<pid>\d{1,10})|(?P<thread>\d{11,20}))\ (?P<logger>[\w.@/-]{1,150}:\d{1,6})\][ ]
        """,
        examples=(
            line(
                "W1127 10:15:30.123456 139705746070400 train.py:17] slow step",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="slow step",
                thread="139705746070400",
                logger="train.py:17",
            ),
            line(
                "E1127 10:15:30.123456       1 controller.go:123] Failed to list *v1.Pod: timeout",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="Failed to list *v1.Pod: timeout",
                pid=1,
                logger="controller.go:123",
            ),
            line(
                'I1127 10:15:30.123456   12345 server.go:77] "Starting" version="v1.31"',
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message='"Starting" version="v1.31"',
            ),
        ),
    ),
    Format(
        name="docker build",
        describes="Docker's BuildKit with plain progress: errors and warnings of a step, and of the programs in it",
        head=r"\#(?P<step>\d{1,4})\ (?:\d{1,6}\.\d{1,3}\ )?(?P<level>ERROR|WARNING|WARN|E|W):\ ",
        examples=(
            line(
                '#5 ERROR: process "/bin/sh -c make" did not complete successfully: exit code: 2',
                time=None,
                level="ERROR",
                message='process "/bin/sh -c make" did not complete successfully: exit code: 2',
                step="5",
            ),
            line(
                "#5 1.204 E: Unable to locate package nosuch",
                time=None,
                level="ERROR",
                message="Unable to locate package nosuch",
            ),
        ),
    ),
)
