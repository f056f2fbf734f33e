"""The pipeline's own tables and views: whether the catalog has them as it should, and bringing them back.

CloudFormation does not notice that a table was dropped past it: the same template changes nothing. Made by
Glue's API under the same name, a table is again the one that the stack knows.
"""

from __future__ import annotations

from dataclasses import dataclass

from botocore.exceptions import ClientError

from logctl.core.replies import Trouble
from logctl.core.tables import Fault, database_input, fault_of, lacking, table_inputs
from logctl.ops.deployment import Deployment
from logctl.pipeline.clients import trouble_of


@dataclass(frozen=True)
class Faults:
    """What the catalog lacks or has otherwise, by table, and whether even the database is missing."""

    database: str
    tables: dict[str, Fault]
    database_missing: bool = False

    def __bool__(self) -> bool:
        return bool(self.tables)

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(name for name, fault in self.tables.items() if fault is Fault.MISSING)

    @property
    def changed(self) -> tuple[str, ...]:
        return tuple(name for name, fault in self.tables.items() if fault is Fault.CHANGED)

    @property
    def told(self) -> str:
        """Part of a sentence: `logs_raw is missing, logs was changed`."""
        return lacking(self.missing, self.changed)


def faults(deployment: Deployment) -> Faults:
    """Compare the catalog with the definitions that the template has."""
    glue, names = deployment.aws.glue, deployment.names
    found: dict[str, Fault] = {}
    for name, wanted in _wanted(deployment).items():
        try:
            there = glue.get_table(DatabaseName=names.database, Name=name)["Table"]
        except ClientError as error:
            if trouble_of(error) is not Trouble.MISSING:
                raise
            there = None
        fault = fault_of(wanted, there)
        if fault is not None:
            found[name] = fault
    whole = len(found) == len(_wanted(deployment)) and set(found.values()) == {Fault.MISSING}
    return Faults(names.database, found, whole and not _has_database(deployment))


def _wanted(deployment: Deployment) -> dict[str, dict[str, object]]:
    return table_inputs(deployment.names, lambda prefix: f"s3://{deployment.bucket}/{prefix}")


def _has_database(deployment: Deployment) -> bool:
    try:
        deployment.aws.glue.get_database(Name=deployment.names.database)
    except ClientError as error:
        if trouble_of(error) is not Trouble.MISSING:
            raise
        return False
    return True


def restore(deployment: Deployment, found: Faults) -> None:
    """Make what is missing, and bring what was changed back to its definition.

    Partitions of a table that is made again are not there until `repair` has registered them.
    """
    glue, database = deployment.aws.glue, deployment.names.database
    if found.database_missing:
        glue.create_database(DatabaseInput=database_input(deployment.names))  # type: ignore[arg-type]
    wanted = _wanted(deployment)
    for name, fault in found.tables.items():
        if fault is Fault.MISSING:
            glue.create_table(DatabaseName=database, TableInput=wanted[name])  # type: ignore[arg-type]
        else:
            glue.update_table(DatabaseName=database, TableInput=wanted[name])  # type: ignore[arg-type]
