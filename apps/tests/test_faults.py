# SPDX-License-Identifier: GPL-3.0-or-later
"""Access points and central unit on hosts of their own, while links and programs fail: the
estimates go on, none is wrong, and nothing has to be restarted by hand. What is measured is
printed (pytest -s)."""

import collections
import random
import time

import numpy as np
import pytest
from deployment import PERIOD_S, Deployment, expect_in_order, undisturbed
from network_hosts import KINDS, hosts, refusal

pytestmark = pytest.mark.alone

DEADLINE_S = 0.5
SLOW_MACHINE_S = 8.0  # on top of what is promised
MEMORY_BYTES = 16 << 20


@pytest.fixture(scope="module", params=KINDS)
def shared(request, tmp_path_factory):
    """A deployment of the whole module; `deployment` is for a test."""
    if request.param == "namespaces" and refusal():
        pytest.skip(f"there are no namespaces here ({refusal()})")
    with hosts(request.param, Deployment.HOSTS, seed=5) as network:
        made = Deployment(network, tmp_path_factory.mktemp("deployment"), DEADLINE_S)
        try:
            yield made
        finally:
            made.close()


@pytest.fixture
def deployment(shared):
    for host in Deployment.HOSTS:
        shared.network.set(host)
    shared.start_missing()
    shared.wait_for_estimates(5)
    return shared


def expect_right(deployment, estimates):
    """Each estimate is that of the same frame and access points without any network. Clocks of
    frames and seeds tell the scene, so that this is known for every frame."""
    groups = collections.defaultdict(list)
    for estimate in estimates:
        groups[estimate.access_points].append(estimate)
    for points, group in groups.items():
        absent = [m for m in Deployment.POINTS if m not in points]
        expected = undisturbed(deployment.scenario, [e.frame for e in group], absent)
        for estimate in group:
            np.testing.assert_allclose(estimate.values, expected[estimate.frame], rtol=1e-4,
                                       atol=1e-4, err_msg=str(estimate))


def tell(deployment, what, value, promised):
    print(f"\n{deployment.network.kind}: {what}: {value:.3f} s (promised {promised} s)")


def test_bad_links_cost_frames_and_never_make_a_wrong_one(deployment):
    for host in ("ap0", "ap1"):
        deployment.network.set(host, loss=0.05, delay_s=0.02, jitter_s=0.005, reordering=0.05,
                               duplication=0.05, rate_bps=256e3)
    place = deployment.here()
    deployment.wait_for("60 estimates", lambda: deployment.here() >= place + 60)
    estimates = deployment.since(place)
    expect_in_order(deployment.since(0))
    expect_right(deployment, estimates)
    complete = [estimate for estimate in estimates
                if estimate.access_points == Deployment.POINTS]
    # TCP repeats a lost packet after 0.2 s and more, by when the deadline may be over.
    assert len(complete) >= len(estimates) / 5
    print(f"\n{deployment.network.kind}: {len(complete)} of {len(estimates)} complete, "
          f"{estimates[-1].frame - estimates[0].frame + 1 - len(estimates)} without estimate")
    for name in ("corrupt", "foreign", "refused", "connections_refused"):
        assert deployment.central.count(name) == 0, deployment.central.text()
    for host in ("ap0", "ap1"):
        deployment.network.set(host)
    deployment.wait_for_estimates(10)


def test_dead_access_point_is_missed_for_a_deadline_and_taken_back(deployment):
    place = deployment.here()
    skipped = deployment.points[0].count("skipped")
    deployment.points[1].kill()
    alone = deployment.first_of(place, [0])
    before = [e for e in deployment.since(0) if e.frame < alone.frame][-1]
    gap_s = alone.arrived - before.arrived
    tell(deployment, "first estimate without a killed access point", gap_s,
         f"{DEADLINE_S} + {PERIOD_S}")
    assert gap_s < DEADLINE_S + PERIOD_S + SLOW_MACHINE_S
    deployment.wait_for_estimates(5, [0])
    place = deployment.here()
    deployment.start_point(1)
    ready = deployment.points[1].wait_until_ready()
    back = deployment.first_of(place, Deployment.POINTS)
    tell(deployment, "taken back after its return", back.arrived - ready, 2)
    assert back.arrived - ready < 2 + SLOW_MACHINE_S
    deployment.wait_for_estimates(5)
    # No frame was passed over, but for those that the other one could not make in time.
    estimates = [e for e in deployment.since(0) if e.frame >= before.frame]
    expect_in_order(deployment.since(0))
    frames = estimates[-1].frame - before.frame + 1
    deployment.wait_for("news of access point 0", lambda: (
        frames - len(estimates) <= deployment.points[0].count("skipped") - skipped))
    assert "receive access point 1 is missing from frame" in deployment.central.text()
    expect_right(deployment, estimates[:20])


def test_dead_central_unit_comes_back_and_nobody_else_is_restarted(deployment):
    points = dict(deployment.points)
    deployment.wait_for_estimates(3)
    place = deployment.here()
    deployment.central.kill()
    deployment.start_central()
    ready = deployment.central.wait_until_ready()
    back = deployment.first_of(place, Deployment.POINTS)
    tell(deployment, "all access points after a restart of the central unit",
         back.arrived - ready, 2)
    assert back.arrived - ready < 2 + SLOW_MACHINE_S
    deployment.wait_for_estimates(5)
    assert deployment.points == points
    assert all(program.running() for program in deployment.programs())
    expect_right(deployment, [e for e in deployment.since(place)
                  if e.access_points == Deployment.POINTS][:20])


def test_silent_link_is_missed_and_taken_back(deployment):
    place = deployment.here()
    deployment.network.set("ap1", silent=True)
    silent = time.monotonic()
    deployment.first_of(place, [0])
    deployment.wait_for("5 s of silence", lambda: time.monotonic() > silent + 5)
    place = deployment.here()
    deployment.wait_for_estimates(3, [0])
    deployment.network.set("ap1")
    heard = time.monotonic()
    back = deployment.first_of(place, Deployment.POINTS)
    tell(deployment, "taken back after 5 s of silence", back.arrived - heard, 2)
    assert back.arrived - heard < 5 + SLOW_MACHINE_S
    deployment.wait_for_estimates(5)
    expect_in_order(deployment.since(place))
    assert deployment.points[1].running()


def test_reset_connections_are_made_anew(deployment):
    if deployment.network.kind != "loopback":
        pytest.skip("only relays can reset connections")
    place = deployment.here()
    for _ in range(3):
        deployment.network.reset("ap0")
        deployment.network.reset("ap1")
        deployment.wait_for_estimates(5)
    expect_in_order(deployment.since(place))


def test_of_two_machines_with_one_key_the_second_is_heard(deployment):
    refused = deployment.central.count("refused")
    place = deployment.here()
    second = deployment.access_point(1, host="spare")
    deployment.others.append(second)
    second.wait_until_ready()
    deployment.wait_for("refused packets of the first",
                        lambda: deployment.central.count("refused") > refused + 5)
    deployment.wait_for_estimates(5)
    second.kill()
    deployment.wait_for_estimates(10)  # of the first again
    expect_in_order(deployment.since(place))
    expect_right(deployment, [e for e in deployment.since(place)
                  if e.access_points == Deployment.POINTS][:40])
    assert all(program.running() for program in deployment.programs())


def test_strangers_and_wrong_numbers_disturb_nobody_else(deployment):
    place = deployment.here()
    for key in ("stranger", "ap0"):  # that nobody knows, and that of another access point
        before = deployment.central.count("connections_refused")
        other = deployment.access_point(1, host="spare", key=key)
        deployment.others.append(other)
        other.wait_until_ready()
        deployment.wait_for("refused connection", lambda: (
            deployment.central.count("connections_refused") > before
            and other.count("connections_refused") > 0))
        assert other.count("sent") == 0
        other.kill()
    # The right key, and the number of another one: it passes for the machine of that key.
    before = deployment.central.count("refused")
    deployment.points[1].kill()
    other = deployment.access_point(1, host="spare", number=0)
    deployment.others.append(other)
    deployment.wait_for("refused packets",
                        lambda: deployment.central.count("refused") > before + 5)
    assert deployment.reader.estimates[-1].access_points == (0,)
    other.kill()
    deployment.start_missing()
    deployment.wait_for_estimates(5)
    expect_in_order(deployment.since(place))
    assert all(program.running() for program in deployment.programs())


def test_kill_9_of_every_role_at_random(deployment):
    if deployment.network.kind == "loopback" and not refusal():
        pytest.skip("is tried with namespaces")
    chance = random.Random(20261130)
    roles = ["central", 0, 1]
    memory = {}
    for round_ in range(8):
        victims = chance.sample(roles, chance.choice([1, 1, 1, 2, 3]))
        for role in victims:
            (deployment.central if role == "central" else deployment.points[role]).kill()
        time.sleep(chance.uniform(0.0, 0.5))  # how long they are gone
        for role in chance.sample(victims, len(victims)):
            if role == "central":
                deployment.start_central()
            else:
                deployment.start_point(role)
            time.sleep(chance.uniform(0.0, 0.5))
        if round_ % 2:  # else the next one comes while they are still about to return
            deployment.wait_for_estimates(3)
            for program in deployment.programs():
                memory.setdefault(program.process.pid, program.memory_bytes())
        else:
            for program in deployment.programs():
                program.wait_until_ready()
    deployment.wait_for_estimates(10)
    for program in deployment.programs():
        assert program.running(), program.text()
        assert program.memory_bytes() < memory[program.process.pid] + MEMORY_BYTES, program.name


def test_everything_ends_well(deployment):
    assert deployment.stop() == [0, 0, 0], deployment.report()
    assert all(program.told("end") for program in deployment.programs())
