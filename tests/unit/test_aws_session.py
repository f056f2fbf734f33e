"""Sessions of the command line read botocore's models in their own way, and find the same in them."""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ProfileNotFound, UnknownServiceError
from botocore.loaders import Loader

from logctl.cli.aws_session import ModelFiles, ModelLoader, new_session

SERVICES = (
    *("athena", "cloudformation", "cloudwatch", "cognito-idp", "dynamodb", "events", "glue", "lambda"),
    *("logs", "s3", "sns", "sqs", "sts"),
)


@pytest.fixture(scope="module")
def theirs():
    # A loader of its own: clients change the models that their loader keeps.
    return Loader()


@pytest.fixture
def ours():
    return ModelLoader([], ModelFiles())


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("kind", ["service-2", "endpoint-rule-set-1", "paginators-1"])
def test_a_model_is_the_same_with_its_members_in_the_same_order(ours, theirs, service, kind):
    assert json.dumps(ours.load_service_model(service, kind)) == json.dumps(
        theirs.load_service_model(service, kind)
    )


@pytest.mark.parametrize("name", ["endpoints", "partitions", "sdk-default-configuration", "_retry"])
def test_what_all_services_share_is_the_same(ours, theirs, name):
    assert json.dumps(ours.load_data(name)) == json.dumps(theirs.load_data(name))


def test_the_services_are_the_same_when_they_are_listed(ours, theirs):
    services = ours.list_available_services("waiters-2")
    assert list(services) == theirs.list_available_services("waiters-2")
    assert len(services) > 50


def test_a_client_is_made_without_a_look_at_the_other_services(monkeypatch):
    monkeypatch.setattr(ModelLoader, "list_all", lambda self, type_name: pytest.fail(f"listed {type_name}"))
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    client = new_session(region_name="eu-central-1").client("dynamodb")
    assert client.meta.endpoint_url == "https://dynamodb.eu-central-1.amazonaws.com"
    assert client.can_paginate("query")


def test_a_service_that_is_none_is_refused_as_boto3_does():
    with pytest.raises(UnknownServiceError) as theirs:
        boto3.Session(region_name="eu-central-1").client("dynamo")
    with pytest.raises(UnknownServiceError) as ours:
        new_session(region_name="eu-central-1").client("dynamo")
    assert str(ours.value) == str(theirs.value)


def test_models_of_ones_own_are_found_where_aws_data_path_says(tmp_path, monkeypatch):
    model = tmp_path / "models" / "mine" / "2020-01-01" / "service-2.json"
    model.parent.mkdir(parents=True)
    model.write_text('{"metadata": {"endpointPrefix": "mine", "serviceId": NaN}}')
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path / "models"))
    loader = new_session()._session.get_component("data_loader")
    assert loader.load_service_model("mine", "service-2")["metadata"]["endpointPrefix"] == "mine"


@pytest.mark.parametrize("environ", [{}, {"AWS_PROFILE": "nobody"}], ids=["argument", "variable"])
def test_a_profile_that_is_none_is_refused_at_once(monkeypatch, environ):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ProfileNotFound):
        new_session(profile_name=None if environ else "nobody")
