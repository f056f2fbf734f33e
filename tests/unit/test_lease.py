"""The lease in S3: one holder at a time, and who lost it learns of it."""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from logctl.core.times import SECOND, iso
from logctl.pipeline.stores.lease import DURATION, Lease, LeaseHeld, LeaseLost
from tests.helpers.pipeline import NOON, Clock

KEY = "compacted/_lease"


@pytest.fixture
def s3():
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="bucket")
        yield client


def lease(s3, owner, clock):
    return Lease(s3, "bucket", KEY, owner=owner, clock=clock)


def held(s3):
    return json.loads(s3.get_object(Bucket="bucket", Key=KEY)["Body"].read())


def test_the_second_is_refused_and_told_by_whom_and_until_when(s3):
    clock = Clock()
    with lease(s3, "anna", clock):
        assert held(s3) == {"owner": "anna", "until": NOON + DURATION}
        clock.advance(DURATION - 1)
        with pytest.raises(LeaseHeld) as refused, lease(s3, "ben", clock):
            pass
        assert "anna" in refused.value.message and iso(NOON + DURATION) in refused.value.hint
        assert held(s3)["owner"] == "anna"
    with pytest.raises(ClientError):
        held(s3)


def test_an_expired_one_is_taken_over_and_the_one_before_learns_of_it(s3):
    clock = Clock()
    first = lease(s3, "anna", clock)
    first.__enter__()
    clock.advance(DURATION)
    with lease(s3, "ben", clock) as second:
        assert held(s3) == {"owner": "ben", "until": clock.now + DURATION}
        with pytest.raises(LeaseLost) as lost:
            first.keep()
        assert "Run it again" in lost.value.hint
        second.confirm()
        # Leaving does not delete what somebody else holds.
        first.__exit__(None, None, None)
        assert held(s3)["owner"] == "ben"


def test_it_is_renewed_when_half_of_it_is_over_and_not_before(s3):
    clock = Clock()
    with lease(s3, "anna", clock) as mine:
        clock.advance(DURATION // 2 - 1)
        mine.keep()
        assert held(s3)["until"] == NOON + DURATION
        clock.advance(1)
        mine.keep()
        assert held(s3)["until"] == NOON + DURATION // 2 + DURATION
        clock.advance(DURATION // 2 - SECOND)
        mine.keep()
        assert held(s3)["until"] == NOON + DURATION // 2 + DURATION


def test_what_was_released_meanwhile_is_taken(s3):
    clock = Clock()
    other = lease(s3, "anna", clock)
    other.__enter__()
    mine = lease(s3, "ben", clock)
    put, calls = s3.put_object, []

    def put_object(**given):
        calls.append(given)
        try:
            return put(**given)
        except ClientError:
            if len(calls) == 1:
                s3.delete_object(Bucket="bucket", Key=KEY)
            raise

    s3.put_object = put_object
    with mine:
        assert held(s3)["owner"] == "ben"
    assert len(calls) == 2


def test_two_that_take_over_at_once_are_one(s3):
    clock = Clock()
    lease(s3, "anna", clock).__enter__()
    clock.advance(DURATION)
    read = s3.get_object

    def get_object(**given):
        reply = read(**given)
        s3.put_object(Bucket="bucket", Key=KEY, Body=b'{"owner": "carl", "until": 0}')
        return reply

    s3.get_object = get_object
    with pytest.raises(LeaseHeld), lease(s3, "ben", clock):
        pass
    assert json.loads(read(Bucket="bucket", Key=KEY)["Body"].read())["owner"] == "carl"


@pytest.mark.parametrize("action", ["put_object", "get_object"])
def test_what_is_no_refusal_is_raised(s3, action):
    clock = Clock()
    lease(s3, "anna", clock).__enter__()

    def broken(**given):
        raise ClientError({"Error": {"Code": "InternalError", "Message": "m"}}, action)

    setattr(s3, action, broken)
    with pytest.raises(ClientError), lease(s3, "ben", clock):
        pass
