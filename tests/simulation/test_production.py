"""What one app does to the others, with functions that have limits and clocks that differ."""

from __future__ import annotations

import pytest

from logctl.core.times import HOUR, MINUTE, SECOND
from tests.simulation.bodies import BODIES
from tests.simulation.production import APPS, Production, counting_memory


def steady(world: Production) -> None:
    """Three apps that send every half minute, and an error of each every two minutes."""
    for number, app in enumerate(APPS):
        world.every(30 * SECOND, lambda app=app: world.send(app, 3, level="INFO"), first=number * SECOND)
        world.every(2 * MINUTE, lambda app=app: world.send(app, 1), first=number * SECOND)
    world.start()


@pytest.mark.parametrize("name", BODIES)
def test_a_message_that_asks_for_much_work_delays_no_other_app(name):
    world = Production()
    body = BODIES[name]("noisy")
    with counting_memory():
        steady(world)
        for number in range(3):
            world.at(world.now + number * MINUTE, lambda: world.send_poison("noisy", body))
        world.run_for(45 * MINUTE)
    assert not world.deaths
