"""Which customer in QuickBooks an invoice belongs to (bookkeeping rules 5 to 8)."""

from collections.abc import Sequence

from qbdesk.sync.model import PaidInvoice
from qbdesk.sync.operations import StepKind
from qbdesk.sync.planner.decisions import Hold, Look, Post, Subject
from qbdesk.sync.planner.knowledge import Case, Knowledge, KnownCustomer
from qbdesk.sync.quickbooks import payloads
from qbdesk.sync.quickbooks.objects import CustomerObject
from qbdesk.sync.views import Choice

NAME_TAKEN = "6240"
LINK_PREFIX = "use:"
NEW = "new_customer"
MOST_NAMES = 9  # tried for one new customer; then a person has to look


def resolve(
    invoice: PaidInvoice, known: Knowledge, case: Case
) -> KnownCustomer | Hold | Look | Post:
    """The customer, or what has to happen first: look, ask a person, or create one.

    Rule 5: whom this client was posted for before, then the email, then a new customer.
    """
    remembered = known.customers.get((invoice.customer.id, invoice.currency))
    if remembered is not None:
        return remembered
    email = key_of(invoice)
    if email not in known.by_email:
        return Look(Subject.EMAIL, email)
    chosen = _chosen(invoice, known, case)
    if isinstance(chosen, KnownCustomer | Hold):
        return chosen
    return _create(invoice, known, case)


def key_of(invoice: PaidInvoice) -> str:
    """The e-mail address as it is compared: without case and blanks."""
    return (invoice.customer.email or "").strip().casefold()


def _chosen(invoice: PaidInvoice, known: Knowledge, case: Case) -> KnownCustomer | Hold | None:
    """An existing customer, a question, or None: a new one is to be made."""
    found = [
        customer
        for customer in known.by_email[key_of(invoice)]
        if customer.active and _currency(customer, known) == invoice.currency
    ]
    answer = case.answers.get("customer")
    if answer == NEW:
        return None
    if answer is not None and answer.startswith(LINK_PREFIX):
        linked = _by_id(known, invoice, answer.removeprefix(LINK_PREFIX))
        if linked is not None:
            return _known(linked)
    if not found:
        return _just_made(invoice, known)
    single = _single(found, invoice)
    if single is None:
        return _ask(found, "Several customers in QuickBooks have this client's email.")
    others = _others_of_that_email(invoice, known)
    if others and all(not _same_name(name, invoice.customer.name) for name in others.values()):
        return _ask([single], _shared_email(invoice, known, others))
    return _known(single)


def _others_of_that_email(invoice: PaidInvoice, known: Knowledge) -> dict[str, str]:
    owners = known.email_owners.get(key_of(invoice), {})
    return {owner: name for owner, name in owners.items() if owner != invoice.customer.id}


def _shared_email(invoice: PaidInvoice, known: Knowledge, others: dict[str, str]) -> str:
    """Rule 6. The first of them may have been posted before anybody could know of a second."""
    told = "Another client of a different name has the same email, as a property manager may have."
    posted = ((name, known.customers.get((key, invoice.currency))) for key, name in others.items())
    names = [f"“{name}” is customer “{there.name}”" for name, there in posted if there is not None]
    return f"{told} In QuickBooks {'; '.join(names[:3])}." if names else told


def _just_made(invoice: PaidInvoice, known: Knowledge) -> KnownCustomer | None:
    """The same client under another id of the source: a query may not find its customer yet."""
    for owner, name in known.email_owners.get(key_of(invoice), {}).items():
        customer = known.customers.get((owner, invoice.currency))
        if customer is not None and customer.made and _same_name(name, invoice.customer.name):
            return KnownCustomer(customer.id, customer.name, made=True)
    return None


def _by_id(known: Knowledge, invoice: PaidInvoice, customer_id: str) -> CustomerObject | None:
    named = known.by_name.get(display_name(invoice).casefold())
    candidates = [*known.by_email[key_of(invoice)], *([named] if named else [])]
    return next((entry for entry in candidates if entry.id == customer_id), None)


def _currency(customer: CustomerObject, known: Knowledge) -> str:
    return customer.currency_ref.value if customer.currency_ref else known.facts.home_currency


def _known(customer: CustomerObject) -> KnownCustomer:
    return KnownCustomer(customer.id, customer.display_name)


def _single(found: Sequence[CustomerObject], invoice: PaidInvoice) -> CustomerObject | None:
    """Rule 6: the only one; else the one whose name fits; else the parent if all are a family."""
    if len(found) == 1:
        return found[0]
    wanted = (invoice.customer.name, invoice.customer.company or invoice.customer.name)
    fitting = [c for c in found if any(_same_name(c.display_name, name) for name in wanted)]
    if len(fitting) == 1:
        return fitting[0]
    parents = [c for c in found if ":" not in (c.fully_qualified_name or "")]
    if len(parents) == 1:
        family = f"{parents[0].fully_qualified_name}:"
        if all(c is parents[0] or (c.fully_qualified_name or "").startswith(family) for c in found):
            return parents[0]
    return None


def _same_name(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _ask(found: Sequence[CustomerObject], why: str) -> Hold:
    choices = [
        Choice(f"{LINK_PREFIX}{customer.id}", f"Use “{customer.display_name}”")
        for customer in found[:5]
    ]
    choices.append(Choice(NEW, "Create a new customer"))
    return Hold("customer", f"{why} Choose whom the invoice belongs to.", tuple(choices))


# ---- a new customer ----


def operation(invoice: PaidInvoice) -> str:
    return f"customer:{invoice.customer.id}:{invoice.currency}"


def of_same_email(invoice: PaidInvoice, known: Knowledge) -> list[str]:
    """The customers that other clients of this e-mail may get: while one of them is in doubt, none
    is made for this client (rule 6)."""
    owners = known.email_owners.get(key_of(invoice), {})
    return [f"customer:{owner}:{invoice.currency}" for owner in owners]


def display_name(invoice: PaidInvoice) -> str:
    return payloads.display_name(invoice.customer.name)


def _create(
    invoice: PaidInvoice, known: Knowledge, case: Case
) -> KnownCustomer | Look | Hold | Post:
    """A new customer; what becomes of a name that is taken is rule 7."""
    name = display_name(invoice)
    step = case.steps.get(operation(invoice))
    if step is not None and step.fault_code == NAME_TAKEN:
        if name.casefold() not in known.by_name:
            return Look(Subject.NAME, name)
        holder = known.by_name[name.casefold()]
        if holder is not None and case.answers.get("customer") != NEW:
            if _is_the_client(holder, invoice, known):
                return _known(holder)
            if not holder.emails():
                return _ask_about_name(holder)
        name = _suffixed(name, invoice, holder, step.generation)
    elif other_currency(invoice, known):
        name = payloads.display_name(f"{name} ({invoice.currency})")
    return Post(
        StepKind.CUSTOMER,
        operation(invoice),
        payloads.customer(invoice.customer, name, _currency_ref(invoice, known)),
        shared=True,
        alone_with=key_of(invoice),
    )


def _is_the_client(holder: CustomerObject, invoice: PaidInvoice, known: Knowledge) -> bool:
    """It came to be after the e-mail was looked for: by hand, or by a request that was late."""
    fits = holder.active and _currency(holder, known) == invoice.currency
    return fits and key_of(invoice) in holder.emails()


def _ask_about_name(holder: CustomerObject) -> Hold:
    return Hold(
        "customer",
        "QuickBooks has a customer of this name without an email. Is it the same client?",
        (
            Choice(f"{LINK_PREFIX}{holder.id}", f"Yes, use “{holder.display_name}”"),
            Choice(NEW, "No, create a new customer"),
        ),
    )


def _suffixed(
    name: str, invoice: PaidInvoice, holder: CustomerObject | None, generation: int
) -> str:
    """A name nobody bears: with the e-mail where a customer has it, else marked as a customer."""
    suffix = key_of(invoice) if holder is not None else "customer"
    if generation > 0:
        suffix = f"{suffix} {min(generation + 1, MOST_NAMES)}"
    return payloads.display_name(f"{name[: 480 - len(suffix)]} ({suffix})")


def other_currency(invoice: PaidInvoice, known: Knowledge) -> bool:
    """The client is in QuickBooks, in a currency that a customer keeps for good (rule 8)."""
    return any(
        customer.active and _currency(customer, known) != invoice.currency
        for customer in known.by_email.get(key_of(invoice), ())
    )


def _currency_ref(invoice: PaidInvoice, known: Knowledge) -> str | None:
    return invoice.currency if known.facts.multicurrency else None
