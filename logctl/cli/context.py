"""The context of an invocation: settings from flags, variables and file, and AWS clients for them."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from logctl.aws.clock import wall_clock
from logctl.core.errors import UnreachableError, UsageError

if TYPE_CHECKING:
    import boto3

    from logctl.aws.clients import Aws
    from logctl.ops.deployment import Deployment
    from logctl.stack.settings import Settings

CONFIG_FILE = "logctl.toml"
_VARIABLE = "LOGCTL_"
_NOT_SETTINGS = {"LOGCTL_CONFIG", "LOGCTL_SANDBOX_HOME", "LOGCTL_STATE_HOME", "LOGCTL_LOGHUB"}

TARGET_SETTINGS = ("target", "env", "profile", "region")
"""Settings that say where a command goes; each is an option of every command (`options.TARGET_OPTIONS`)."""


@dataclass(frozen=True)
class CommandContext:
    """The context of one invocation; `flags` are the settings given on the command line."""

    flags: Mapping[str, Any] = field(default_factory=dict)
    config: str | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def with_flags(self, flags: Mapping[str, Any]) -> CommandContext:
        """Return a copy with more flags; a flag that is given again replaces the earlier value."""
        given = {name: value for name, value in flags.items() if value is not None}
        return CommandContext({**self.flags, **given}, self.config, self.environ)

    @cached_property
    def settings(self) -> Settings:
        """The settings: for each the flag, else the variable, else the file, else the default."""
        from logctl.stack.settings import Settings

        path, values = self._file()
        return Settings.build(
            ("command line", self.flags), ("environment", self._variables()), (str(path), values)
        )

    def origin(self, name: str) -> str:
        """Return where a setting was given: its flag, its variable or the file; "" if it was not."""
        if self.flags.get(name) is not None:
            return f"--{name}"
        if self.environ.get(variable := f"{_VARIABLE}{name.upper()}"):
            return variable
        path, values = self._file()
        return path.name if name in values else ""

    def _variables(self) -> dict[str, str]:
        from logctl.stack.settings import Settings

        known = {item.name for item in fields(Settings)}
        variables = {
            name.removeprefix(_VARIABLE).lower(): value
            for name, value in self.environ.items()
            if name.startswith(_VARIABLE) and name not in _NOT_SETTINGS and value
        }
        for name in sorted(set(variables) - known):
            import difflib

            close = difflib.get_close_matches(name, known, n=1)
            meant = f"; did you mean {_VARIABLE}{close[0].upper()}?" if close else "."
            print(
                f"logctl: warning: there is no setting for {_VARIABLE}{name.upper()}, it is ignored{meant}",
                file=sys.stderr,
            )
        return {name: value for name, value in variables.items() if name in known}

    def _file(self) -> tuple[Path, dict[str, Any]]:
        import tomllib

        named = self.config or self.environ.get("LOGCTL_CONFIG")
        path = Path(named or CONFIG_FILE)
        try:
            with path.open("rb") as file:
                return path, tomllib.load(file)
        except FileNotFoundError:
            if named:
                raise UsageError(f"There is no configuration file {path}.") from None
            return path, {}
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
            raise UsageError(f"{path} cannot be read: {problem}.") from None

    @property
    def sandbox_home(self) -> Path:
        """The folder of the sandbox."""
        from logctl.local.sandbox import default_home

        chosen = self.environ.get("LOGCTL_SANDBOX_HOME")
        return Path(chosen) if chosen else default_home()

    @property
    def state_home(self) -> Path:
        """The folder in which `send -f` stores its position in each file."""
        from platformdirs import user_state_path

        chosen = self.environ.get("LOGCTL_STATE_HOME")
        return Path(chosen) if chosen else user_state_path("logctl")

    @cached_property
    def aws(self) -> Aws:
        """The clients of the chosen target.

        Raises:
            UnreachableError: the target is the sandbox, and none is up.
            UsageError: no region is configured, or an endpoint is not a URL.
        """
        from logctl.aws.clients import Aws

        settings = self.settings
        if settings.target == "local":
            return self._sandbox()
        for name, url in self.environ.items():
            if name.startswith("AWS_ENDPOINT_URL") and url and not url.startswith(("http://", "https://")):
                raise UsageError(f"{name}: {url!r} is not an endpoint.", "Write http://… or https://…")
        session = self._session
        if not session.region_name:
            raise UsageError(
                "No AWS region is configured.",
                "Give --region eu-central-1, set AWS_REGION, or put region into logctl.toml.",
            )
        return Aws(session)

    @cached_property
    def _session(self) -> boto3.Session:
        from logctl.cli.aws_session import new_session

        settings = self.settings
        # boto3 reads only AWS_DEFAULT_REGION; the AWS CLI and other SDKs prefer AWS_REGION.
        region = settings.region or self.environ.get("AWS_REGION") or None
        return new_session(profile_name=settings.profile, region_name=region)

    @property
    def region(self) -> str | None:
        """The configured region, found without a call to AWS; None if there is none."""
        return self.settings.region or self._session.region_name

    def _sandbox(self) -> Aws:
        from logctl.aws.clients import Aws
        from logctl.cli.aws_session import new_session
        from logctl.local import sandbox

        running = sandbox.find(self.sandbox_home)
        if running is None:
            raise UnreachableError("No sandbox is up on this machine.", "Start one with: logctl local up")
        exports = sandbox.environment(running)
        session = new_session(
            aws_access_key_id=exports["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=exports["AWS_SECRET_ACCESS_KEY"],
            region_name=self.settings.region or exports["AWS_REGION"],
        )
        return Aws(session, exports["AWS_ENDPOINT_URL"], exports["AWS_ENDPOINT_URL_ATHENA"])

    @cached_property
    def deployment(self) -> Deployment:
        """The environment that the settings name, at the target."""
        from logctl.ops.deployment import Deployment

        return Deployment(self.aws, self.settings)

    @property
    def place(self) -> str:
        """The environment, account and region, for messages: asks AWS for the account."""
        if self.settings.target == "local":
            return f"environment {self.settings.env} in the sandbox ({self.aws.region})"
        return f"environment {self.settings.env} in account {self.aws.account}, {self.aws.region}"

    @property
    def target_flag(self) -> str:
        """The options that a suggested command needs to reach the same environment."""
        flag = " --target local" if "target" in self.flags and self.settings.target == "local" else ""
        return flag + (f" --env {self.settings.env}" if "env" in self.flags else "")


def now() -> int:
    """Return the current time in milliseconds, by this machine's clock."""
    return wall_clock()
