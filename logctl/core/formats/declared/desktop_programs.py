"""Programs on desktops and phones that write logs of their own."""

from __future__ import annotations

from logctl.core.formats.declared.right_answers import line
from logctl.core.formats.reading import Format

FORMATS = (
    Format(
        name="proxifier",
        describes="Proxifier",
        head=r"""
            \[(?=\d\d\.\d\d\ \d\d:)<time>\]\ (?P<process>[^\[\]:"'(\n]{1,80}?\.exe(?:\ \*\d\d)?|[^\s\[\]:"'(]{1,80})\ -[ ]
        """,
        examples=(
            line(
                "[10.30 16:49:06] chrome.exe - proxy.example:5070 open through proxy proxy.example:5070 "
                "HTTPS",
                time="2026-10-30T16:49:06Z",
                level="UNKNOWN",
                message="proxy.example:5070 open through proxy proxy.example:5070 HTTPS",
                process="chrome.exe",
            ),
            line(
                "[10.30 16:49:07] chrome.exe *64 - proxy.example:5070 close, 403 bytes sent, 426 bytes "
                "received, lifetime <1 sec",
                time="2026-10-30T16:49:07Z",
                level="UNKNOWN",
                message="proxy.example:5070 close, 403 bytes sent, 426 bytes received, lifetime <1 sec",
                process="chrome.exe *64",
            ),
        ),
    ),
    Format(
        name="step counter",
        describes="Time, component and process between bars, without a level: Huawei's step counter",
        head=r"(?=\d{8}-\d{1,2}:)<time>\|(?P<logger>[\w.-]{1,100})\|(?P<pid>\d{1,12})\|",
        examples=(
            line(
                "20171223-22:15:29:606|Step_LSC|30002312|onStandStepChanged 3579",
                time="2017-12-23T22:15:29.606Z",
                level="UNKNOWN",
                message="onStandStepChanged 3579",
                logger="Step_LSC",
                pid=30002312,
            ),
            line(
                "20171224-0:7:20:42|Step_SPUtils|30002312|getTodayTotalDetailSteps = 1514038440000##7007",
                time="2017-12-24T00:07:20.042Z",
                level="UNKNOWN",
                message="getTodayTotalDetailSteps = 1514038440000##7007",
            ),
        ),
    ),
)
