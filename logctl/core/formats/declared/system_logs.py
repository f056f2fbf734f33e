"""Logs of operating systems and their package managers: Linux, Windows, macOS."""

from __future__ import annotations

from logctl.core.formats.declared.level_words import NO_LEVEL
from logctl.core.formats.declared.right_answers import line
from logctl.core.formats.reading import Answer, Example, Format, Joins

FORMATS = (
    Format(
        name="seconds and level",
        describes="Programs that write the seconds since their start, and a level",
        head=r"\[\ *(?P<uptime>\d{1,7}\.\d{1,6})\]\ \[?<level>(?:\]:?|:|\ \|)?\ +",
        examples=(
            line(
                "[   12.345] INFO started",
                time=None,
                level="INFO",
                message="started",
                uptime="12.345",
            ),
            line(
                "[0.123456] [ERROR] payment failed",
                time=None,
                level="ERROR",
                message="payment failed",
            ),
        ),
    ),
    Format(
        name="solaris",
        describes="What Solaris and illumos put before messages in syslog",
        head=r"""
            \[ID\ \d{1,10}\ (?P<facility>[a-z]\w{2,9})\.
            (?P<level>emerg|alert|crit|err|error|warning|notice|info|debug)\][ ]
        """,
        examples=(
            line(
                "[ID 702911 user.error] partition health measures for /var did not suffice",
                time=None,
                level="ERROR",
                message="partition health measures for /var did not suffice",
                facility="user",
            ),
        ),
    ),
    Format(
        name="esxi",
        describes="VMware ESXi since 7: two letters for the severity",
        head=r"""
            <time>\ (?P<level>Em|Al|Cr|Er|Wa|No|In|Db)\(\d{1,3}\)(?:\[\+\])?\ (?:(?P<process>[\w.-]{1,60})
            (?:\[(?P<pid>\d{1,12})\])?:\ )?
        """,
        levels={
            "Em": "FATAL",
            "Al": "FATAL",
            "Cr": "FATAL",
            "Er": "ERROR",
            "Wa": "WARN",
            "No": "NOTICE",
            "In": "INFO",
            "Db": "DEBUG",
        },
        examples=(
            line(
                "2026-11-27T10:15:30.123Z In(14) hostd[1001430319]: mode is disabled",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="mode is disabled",
                process="hostd",
                pid=1001430319,
            ),
            line(
                "2026-11-27T10:15:30.123Z Wa(180) vmkwarning: cpu7:35233)WARNING: x",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="cpu7:35233)WARNING: x",
            ),
            line(
                "2026-11-27T10:15:30Z Er(11)[+] backup.sh[812]: failed",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="failed",
            ),
        ),
    ),
    Format(
        name="vmkernel",
        describes="vmkernel.log of VMware ESXi",
        head=r"<time>\ cpu\d{1,4}:(?P<world>\d{1,12})(?:\ opID=\w{1,20})?\)(?:(?P<level>WARNING|ALERT|ERROR):\ )?",
        examples=(
            line(
                "2026-11-27T10:15:30.123Z cpu7:35233)VC: 2002: Device rescan time 704 msec",
                time="2026-11-27T10:15:30.123Z",
                level="UNKNOWN",
                message="VC: 2002: Device rescan time 704 msec",
                world="35233",
            ),
            line(
                "2026-11-27T10:15:30.123Z cpu7:35233)WARNING: LinNet: netdev_watchdog: transmit timed out",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="LinNet: netdev_watchdog: transmit timed out",
            ),
        ),
    ),
    Format(
        name="busybox syslog",
        describes="Syslog of BusyBox, Alpine, OpenWrt and UniFi: facility and level before the program",
        head=r"""
            <time>\ (?:(?P<host>[^\s:\[\]]{1,255})\ )?
            (?P<facility>kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|authpriv|ftp|local[0-7])\.
            (?P<level>emerg|alert|crit|err|error|warn|warning|notice|info|debug|panic)\ (?:(?P<process>[^\s:\[\]]{1,100})(?:\[(?P<pid>\d{1,10})\])?:\ )?
        """,
        examples=(
            line(
                "Nov 27 10:15:30 ap1 daemon.err dnsmasq[812]: failed to bind",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="failed to bind",
                host="ap1",
                process="dnsmasq",
                pid=812,
            ),
            line(
                "Nov 27 10:15:30 gw user.warn kernel: [ 1225.134675] conntrack: x",
                time="2026-11-27T10:15:30Z",
                level="WARN",
                message="[ 1225.134675] conntrack: x",
                process="kernel",
            ),
            line(
                "Fri Nov 27 10:15:30 2026 daemon.info dnsmasq-dhcp[812]: DHCPACK(br-lan) 10.0.0.9",
                time="2026-11-27T10:15:30Z",
                level="INFO",
                message="DHCPACK(br-lan) 10.0.0.9",
            ),
        ),
    ),
    Format(
        name="sssd",
        describes="SSSD: a mask of bits for the level",
        head=r"""
            \(<time>\):?\ \[(?P<process>[\w.-]{1,60}(?:\[[^\[\]\n]{0,100}(?:\[[^\[\]\n]{0,100}\])?\])?)\]
            \ \[(?P<function>\w{1,100})\]\ \((?P<level>0x[0-9a-f]{4,5})\):[ ]
        """,
        levels={
            "0x0010": "FATAL",
            "0x0020": "ERROR",
            "0x0040": "ERROR",
            "0x0080": "WARN",
            "0x0100": "INFO",
            "0x0200": "DEBUG",
            "0x0400": "DEBUG",
            "0x1000": "TRACE",
            "0x2000": "TRACE",
            "0x4000": "TRACE",
            "0x3f7c0": "UNKNOWN",
            "0xf7c0": "UNKNOWN",
            "0x10000": "TRACE",
            "0x20000": "TRACE",
        },
        examples=(
            line(
                "(2026-11-27 10:15:30): [be[shop.example]] [sysdb_add_user] (0x0040): [RID#3] already exists",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="[RID#3] already exists",
                process="be[shop.example]",
                function="sysdb_add_user",
            ),
            line(
                "(Fri Nov 27 10:15:30 2026) [sssd[be[default]]] [sysdb_search_by_name] (0x0400): No such "
                "entry",
                time="2026-11-27T10:15:30Z",
                level="DEBUG",
                message="No such entry",
            ),
        ),
    ),
    Format(
        name="strace",
        describes="strace with times",
        head=r"""
            (?:\[pid\ +(?P<pid>\d{1,10})\]\ |(?P<process_id>\d{1,10})\ +)<time>
            \ (?=\w{1,40}\(|<\.\.\.|-{3}\ |\+{3}\ )
        """,
        joins=Joins.NONE,
        examples=(
            line(
                '10000 1795774530.123456 execve("./web", ["./web"], 0x7ffd /* 42 vars */) = 0 <0.000421>',
                time="2026-11-27T10:15:30.123Z",
                level="UNKNOWN",
                message='execve("./web", ["./web"], 0x7ffd /* 42 vars */) = 0 <0.000421>',
            ),
            line(
                '[pid  812] 10:15:30.123456 openat(AT_FDCWD, "/etc/ld.so.cache", O_RDONLY) = 3',
                time="2026-11-27T10:15:30.123Z",
                level="UNKNOWN",
                message='openat(AT_FDCWD, "/etc/ld.so.cache", O_RDONLY) = 3',
                pid=812,
            ),
        ),
    ),
    Format(
        name="auditd",
        describes="audit.log of Linux",
        head=r"""
            (?:node=(?P<host>\S{1,255})\ )?type=(?P<type>[\w\[\]]{1,60})\ msg=audit\(<time>:
            (?P<event>\d{1,20})\)\ ?:\ ?
        """,
        joins=Joins.NONE,
        examples=(
            line(
                "type=SYSCALL msg=audit(1795774530.123:456): arch=c000003e syscall=59 success=yes "
                'exe="/bin/ls"',
                time="2026-11-27T10:15:30.123Z",
                level="UNKNOWN",
                message='arch=c000003e syscall=59 success=yes exe="/bin/ls"',
                type="SYSCALL",
                event="456",
            ),
            line(
                "node=web1 type=USER_LOGIN msg=audit(1795774530.123:457): pid=812 uid=0 msg='op=login "
                'acct="ann" res=failed\'',
                time="2026-11-27T10:15:30.123Z",
                level="UNKNOWN",
                message="pid=812 uid=0 msg='op=login acct=\"ann\" res=failed'",
                host="web1",
            ),
        ),
    ),
    Format(
        name="dmesg",
        describes="The kernel's messages with seconds since the start of the machine, and Xorg.log",
        head=rf"""
            \[\ *(?P<uptime>\d{{1,7}}\.\d{{3,6}})\](?:\[\ *[TC]\d{{1,10}}\])?\ {NO_LEVEL}
            (?:\((?P<level>II|WW|EE|NI|--|\*\*|==|\+\+|!!|\?\?)\)\ )?
        """,
        levels={
            "II": "INFO",
            "WW": "WARN",
            "EE": "ERROR",
            "NI": "UNKNOWN",
            "--": "UNKNOWN",
            "**": "UNKNOWN",
            "==": "UNKNOWN",
            "++": "UNKNOWN",
            "!!": "NOTICE",
            "??": "UNKNOWN",
        },
        examples=(
            line(
                "[   12.345678] usb 1-1: new high-speed USB device number 2",
                time=None,
                level="UNKNOWN",
                message="usb 1-1: new high-speed USB device number 2",
                uptime="12.345678",
            ),
            line(
                "[  100.123456][  T812] EXT4-fs error (device sda1): ext4_find_entry",
                time=None,
                level="UNKNOWN",
                message="EXT4-fs error (device sda1): ext4_find_entry",
            ),
            line(
                '[    12.345] (EE) Failed to load module "nv"',
                time=None,
                level="ERROR",
                message='Failed to load module "nv"',
            ),
        ),
    ),
    Format(
        name="dmesg with level",
        describes="dmesg -x: facility and level before the message",
        head=r"""
            (?P<facility>kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|authpriv|ftp|local\d)\ *:
            (?P<level>emerg|alert|crit|err|warn|notice|info|debug)\ *:\ \[\ *(?P<uptime>[\d.]{1,20})\][ ]
        """,
        examples=(
            line(
                "kern  :err   : [   12.345678] EXT4-fs error (device sda1)",
                time=None,
                level="ERROR",
                message="EXT4-fs error (device sda1)",
                facility="kern",
            ),
        ),
    ),
    Format(
        name="cbs",
        describes="CBS.log, DISM and setup logs of Windows",
        head=r"""
            <time>,\ <level>\ {2,}(?:\[0x[0-9a-f]{1,16}\]\ +)?(?:(?P<logger>[A-Z][A-Za-z]{1,19})(?:
            \ {2,}|\t))?
        """,
        levels={"Perf": "DEBUG"},
        examples=(
            line(
                "2016-09-28 04:30:30, Info                  CBS    Loaded Servicing Stack v6.1.7601.23505 "
                "with Core: C:\\Windows\\winsxs\\cbscore.dll",
                time="2016-09-28T04:30:30Z",
                level="INFO",
                message="Loaded Servicing Stack v6.1.7601.23505 with Core: C:\\Windows\\winsxs\\cbscore.dll",
                logger="CBS",
            ),
            line(
                "2016-09-28 04:30:31, Info                  CSI    00000001@2016/9/27:20:30:31.455 "
                "WcpInitialize (wcp.dll version 0.0.0.6) called",
                time="2016-09-28T04:30:31Z",
                level="INFO",
                message="00000001@2016/9/27:20:30:31.455 WcpInitialize (wcp.dll version 0.0.0.6) called",
                logger="CSI",
            ),
            line(
                "2026-11-27 10:15:30, Error                 CBS    Failed to resolve package [HRESULT = "
                "0x800f0805]",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="Failed to resolve package [HRESULT = 0x800f0805]",
            ),
            line(
                "2026-11-27 10:15:30, Warning    [0x0803b0] MIG    Failure while calling IDiscovery",
                time="2026-11-27T10:15:30Z",
                level="WARN",
                message="Failure while calling IDiscovery",
                logger="MIG",
            ),
        ),
    ),
    Format(
        name="windows update",
        describes="WindowsUpdate.log of Windows",
        head=r"""
            (?=\d{4}/\d\d/\d\d\ \d\d:\d\d:\d\d\.\d{7}\ \d|\d{4}-\d\d-\d\d\t)<time>\s+(?P<pid>\d{1,10})\s+
            (?P<thread>[0-9a-f]{1,10})\s+(?P<logger>[A-Z]\w{1,30})\s+
        """,
        examples=(
            line(
                "2026/11/27 10:15:30.1234567 812   9876  Agent           WU client version 10.0",
                time="2026-11-27T10:15:30.123Z",
                level="UNKNOWN",
                message="WU client version 10.0",
                pid=812,
                thread="9876",
                logger="Agent",
            ),
        ),
    ),
    Format(
        name="windows event",
        describes="Events of Windows, exported from the Event Viewer without their header line",
        head=r"""
            (?P<level>Information|Warning|Error|Critical|Verbose|Audit\ (?:Success|Failure))[\t,]<time>
            [\t,](?P<logger>[^\t,\n]{1,150})[\t,](?P<event>\d{1,10})[\t,](?P<task>[^\t,\n]{0,150})[\t,]
        """,
        levels={"Audit Success": "INFO", "Audit Failure": "WARN"},
        examples=(
            line(
                "Error\t11/27/2026 10:15:30 AM\tService Control Manager\t7031\tNone\tThe Shop service "
                "terminated unexpectedly.",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="The Shop service terminated unexpectedly.",
                logger="Service Control Manager",
                event="7031",
            ),
        ),
    ),
    Format(
        name="macos log",
        describes="log show of macOS",
        head=r"""
            <time>\ +0x(?P<thread>[0-9a-f]{1,16})\ +(?P<level>Default|Info|Debug|Error|Fault|Activity)
            \ +0x[0-9a-f]{1,16}\ +(?P<pid>\d{1,10})\ +\d{1,10}\ +(?P<process>[^:\n]{1,100}):[ ]
        """,
        levels={"Default": "NOTICE", "Fault": "ERROR", "Activity": "INFO"},
        examples=(
            line(
                "2026-11-27 10:15:30.123456+0000 0x1a2b     Error       0x0                  812    0    "
                "kernel: (AppleACPIPlatform) failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="(AppleACPIPlatform) failed",
                pid=812,
                process="kernel",
            ),
            line(
                "2026-11-27 10:15:30.123456+0000 0x1a2b     Default     0x0                  0      0    "
                "kernel: started",
                time="2026-11-27T10:15:30.123Z",
                level="NOTICE",
                message="started",
            ),
        ),
    ),
    Format(
        name="nslog",
        describes="NSLog of Apple's systems, and log show --style compact",
        head=r"""
            <time>\ +(?:(?P<level>Df|Db|I|A|E|F)\ +)?(?P<process>[A-Za-z][\w.()\ -]{0,80}+)\[
            (?P<pid>\d{1,10}):(?P<thread>[0-9a-fx]{1,16})\][ ]
        """,
        levels={"Df": "NOTICE", "Db": "DEBUG", "A": "INFO", "F": "ERROR"},
        examples=(
            line(
                "2026-11-27 10:15:30.123 Shop[812:4711] payment failed",
                time="2026-11-27T10:15:30.123Z",
                level="UNKNOWN",
                message="payment failed",
                process="Shop",
                pid=812,
                thread="4711",
            ),
            line(
                "2026-11-27 10:15:30.123 E  Shop Helper[812:1a2b] [com.acme.shop:net] refused",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="[com.acme.shop:net] refused",
                process="Shop Helper",
            ),
        ),
    ),
    Format(
        name="apple syslog",
        describes="system.log of macOS and iOS with a level",
        head=r"""
            <time>(?=[^<\n]{5,400}+<(?<=\ <)[A-Z])\ (?P<host>[^\s\[\]:]{1,255})
            \ (?P<process>[^\s\[\]:][^\[\]:\n]{0,100}?)\[(?P<pid>\d{1,10})\]
            (?:\ \((?P<sender>[^()\n]{1,150}(?:\([^()\n]{0,60}\))?[^()\n]{0,60})\))?\ <<level>>:[ ]
        """,
        examples=(
            line(
                "Nov 27 10:15:30 iPhone SpringBoard(FrontBoard)[812] <Notice>: [app<com.acme>:1] Setting "
                "visibility",
                time="2026-11-27T10:15:30Z",
                level="NOTICE",
                message="[app<com.acme>:1] Setting visibility",
                host="iPhone",
                pid=812,
            ),
            line(
                "Nov 27 10:15:30 mac com.apple.xpc.launchd[1] (com.acme.shop[812]) <Warning>: Service "
                "exited with abnormal code: 1",
                time="2026-11-27T10:15:30Z",
                level="WARN",
                message="Service exited with abnormal code: 1",
            ),
        ),
    ),
    Format(
        name="apt history",
        describes="history.log of apt: the lines from Start-Date to End-Date",
        head=r"Start-Date:\ <time>",
        joins=Joins.UNTIL_HEAD,
        examples=(
            Example(
                "Start-Date: 2026-11-27  10:15:30\nCommandline: apt install nginx\nInstall: nginx:amd64 "
                "(1.22.1)\nEnd-Date: 2026-11-27  10:15:31",
                (
                    Answer(
                        "2026-11-27T10:15:30Z",
                        "UNKNOWN",
                        "Commandline: apt install nginx\nInstall: nginx:amd64 (1.22.1)\nEnd-Date: "
                        "2026-11-27  10:15:31",
                    ),
                ),
            ),
        ),
    ),
    Format(
        name="apt term",
        describes="term.log of apt: when its output begins and ends",
        head=r"(?=(?P<message>Log\ (?:started|ended)))Log\ (?:started|ended):\ <time>$",
        joins=Joins.NONE,
        examples=(
            line(
                "Log started: 2026-11-27  10:15:30",
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message="Log started",
            ),
        ),
    ),
    Format(
        name="dnf",
        describes="dnf.log with its own words for levels",
        head=r"<time>\ (?P<level>SUBDEBUG|DDEBUG)[ ]",
        levels={"SUBDEBUG": "TRACE", "DDEBUG": "DEBUG"},
        examples=(
            line(
                "2026-11-27T10:15:30+0000 SUBDEBUG Installed: nginx-1:1.22.1-1.x86_64",
                time="2026-11-27T10:15:30Z",
                level="TRACE",
                message="Installed: nginx-1:1.22.1-1.x86_64",
            ),
            line(
                "2026-11-27T10:15:30Z DDEBUG Base command: install",
                time="2026-11-27T10:15:30Z",
                level="DEBUG",
                message="Base command: install",
            ),
        ),
    ),
    Format(
        name="yum",
        describes="yum.log",
        head=r"""
            <time>\ (?=(?:Installed|Updated|Erased|Obsoleted|Dep-Installed|Reinstalled|Downgraded|Cleanup):\ )
        """,
        joins=Joins.NONE,
        examples=(
            line(
                "Nov 27 10:15:30 Installed: nginx-1.22.1-1.x86_64",
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message="Installed: nginx-1.22.1-1.x86_64",
            ),
        ),
    ),
    Format(
        name="zypper",
        describes="zypper.log",
        head=r"""
            <time>\ <(?P<level>[0-9]|-?\d)>\ (?P<host>[\w.-]{1,255})\((?P<pid>\d{1,10})\)\ \[(?P<logger>[^\]\n]{1,60})\]\ (?P<place>\S{1,100}):\d{1,6}[ ]
        """,
        levels={"0": "DEBUG", "1": "INFO", "2": "WARN", "3": "ERROR", "4": "ERROR", "5": "DEBUG"},
        examples=(
            line(
                "2026-11-27 10:15:30 <3> web1(812) [zypp] Exception.cc(log):137 failed",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="failed",
                pid=812,
                host="web1",
            ),
        ),
    ),
)
