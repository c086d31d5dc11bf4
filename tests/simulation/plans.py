"""What a seed makes of a world before it begins."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Any

from desk import SETTLE
from network import Weather

DAY = 86_400.0
STEPS = (1.0, 5.0, 40.0, 310.0, 310.0, 1200.0, 7200.0)  # seconds between two things that happen
SHORT_STEPS = STEPS[:-1]  # where a schedule makes passes of its own meanwhile


@dataclass(frozen=True)
class Plan:
    """What the seed makes of a world."""

    switches: dict[str, Any]
    weather: Weather
    at_first: int
    things: int
    mode: str
    kills: int
    clock_jumps: bool
    corrections: bool
    schedule: timedelta | None
    page: int | None
    namesakes: bool
    steps: tuple[float, ...]
    pauses: int = 1  # how often, against 8 passes, a person pauses the company or goes on


Lean = Callable[[Plan], Plan]


def as_it_comes(plan: Plan) -> Plan:
    return plan


def beyond_reach(plan: Plan) -> Plan:
    """QuickBooks ignores request ids; besides, writes come later than the settle time, or two desks
    post the same at once."""
    switches = plan.switches | {"request_ids": "ignored", "request_id_ttl": None}
    plan = replace(plan, switches=switches, namesakes=False)
    if plan.mode == "one":
        return replace(plan, weather=replace(plan.weather, latest=7200.0))
    return replace(plan, mode="two desks")


def plan_of(random: Random) -> Plan:
    memory = random.choices(("ever", "a day", "none"), (3, 3, 5))[0]
    modes = (("one", 10), ("two programs", 4), ("backup", 3), ("reinstall", 2))
    if memory != "none":
        modes = (*modes, ("two desks", 3))
    mode = random.choices([m for m, _ in modes], [w for _, w in modes])[0]
    many = mode != "two desks" and random.random() < 0.12
    corrections = random.random() < 0.3
    lag = random.choice((0.0, 0.0, 5.0, 60.0))
    late = random.uniform(10.0, 200.0)
    if memory != "none" and not corrections and random.random() < 0.5:
        late = random.uniform(200.0, 7200.0)  # beyond the settle time: the request id protects
    switches: dict[str, Any] = {
        "environment": "production",
        "custom_numbers": random.random() < 0.5,
        "refuse_duplicate_numbers": random.random() < 0.3,
        "request_ids": "ignored" if memory == "none" else "honoured",
        "request_id_ttl": DAY if memory == "a day" else None,
        "remember_refusals": random.random() < 0.2,
        "query_lag": lag,
        "auto_apply_credit": random.random() < 0.1,
        "limits": random.random() < 0.4,
        "retry_after": random.choice((None, None, 5)),
        "throttled_in_json": random.random() < 0.3,
        "most_in_flight": random.choice((None, None, 2)),
        "access_lifetime": random.choice((3600.0, 3600.0, 600.0)),
        "rotation": random.choice((DAY, 3600.0, 0.0)),
        "old_refresh_lifetime": random.choice((0.0, 0.0, DAY)),
        "reuse_revokes": random.random() < 0.2,
        "feed_duplicates": random.random() < 0.3,
        "feed_shuffled": random.random() < 0.3,
    }
    schedule = timedelta(minutes=random.choice((5, 30))) if random.random() < 0.1 else None
    return Plan(
        switches=switches,
        weather=Weather(random.choice((0.02, 0.1, 0.25, 0.5)), late, random.choice((0.5, 5, 40))),
        at_first=random.randint(10, 14) if many else random.randint(0, 4),
        things=random.randint(3, 10),
        mode=mode,
        kills=random.choice((0, 1, 1, 2, 4)),
        clock_jumps=random.random() < 0.25,
        corrections=corrections,
        schedule=schedule,
        steps=STEPS if schedule is None else SHORT_STEPS,
        page=random.choice((None, None, 2)),
        # One client under two ids has two request ids: only looking keeps them apart.
        namesakes=mode != "two desks" and late + lag < SETTLE.total_seconds(),
    )
