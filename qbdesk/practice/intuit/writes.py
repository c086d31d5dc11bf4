"""One write to the company, alone or in a batch: allowed at all, carried out, written as JSON."""

from typing import Any

from qbdesk.practice import wire
from qbdesk.practice.intuit import entities, shapes
from qbdesk.practice.intuit.company import PracticeCompany
from qbdesk.practice.intuit.profile import READ_ONLY_STATES
from qbdesk.practice.intuit.refusals import no_subscription


def perform_write(
    company: PracticeCompany, kind: str, body: Any, operation: str, include: frozenset[str]
) -> str:
    """The answer as `"Kind":{...}`. Raises RefusedError; 6190 once the subscription ended."""
    if company.switches.subscription_status in READ_ONLY_STATES:
        raise no_subscription()
    entity = entities.write(company.books, kind, body, operation, include)
    return f'"{kind}":{wire.dumps(shapes.as_answered(company.switches, entity))}'
