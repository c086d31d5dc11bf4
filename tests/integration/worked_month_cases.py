"""What any company's month may meet: the same questions, whatever the country."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from invoices import Document, Rate, line
from office import Office
from worked_month import ACCOUNTS, ZERO, Entered, Question, Shown, client, received, sale

CLOSED_DAY = "2026-08-31"
FILED_DAY = "2026-09-12"


@dataclass(frozen=True)
class Home:
    """Where most of a company's clients live, and how they are taxed there.

    Attributes:
        whole: 100.00 and its tax.
    """

    currency: str
    place: Document
    rates: tuple[Rate, ...]
    code: str
    whole: Decimal

    def one(
        self,
        key: str,
        name: str,
        price: str = "100.00",
        *,
        who: Document | None = None,
        **more: Any,
    ) -> Document:
        """A sale of one line."""
        rows = [line("1", price, rates=self.rates)]
        who = who or client(key, name, self.place)
        return sale(key, who, rows, **{"currency": self.currency, **more})

    def shown(self, *rules: int, shown: Document, **more: Any) -> Shown:
        return Shown(shown, rules, codes=(self.code,), **more)

    def received(self, amount: Decimal | str, method: str, day: int = 20, **more: Any) -> Document:
        return received(amount, method, day, currency=self.currency, **more)


# Neither an invoice of it nor its money is put into QuickBooks.
ONLY_LISTED: dict[str, Any] = {"codes": (), "invoice": False, "paid": False}


def asked_anywhere(home: Home) -> Iterator[Shown]:
    """All of these."""
    for cases in (dates, customers, existing, money, late, revisions):
        yield from cases(home)


def dates(home: Home) -> Iterator[Shown]:
    told = Question(f"closed up to {CLOSED_DAY}", "Date it 2026-09-01")
    early = home.received("30.00", "cheque", 1) | {"id": "a", "paid_at": "2026-08-30T15:00:00Z"}
    late = home.received(home.whole - 30, "cash", 6) | {"id": "b"}
    issued = {"issue_date": "2026-08-28", "due_date": "2026-09-27"}
    yield home.shown(
        1,
        2,
        shown=home.one("closed", "Closed Period Inc", payments=[early, late], **issued),
        questions=(told,),
        issued="2026-09-01",
        received=("2026-09-01", "2026-10-06"),
    )
    # US automated tax does not tell whose it is, so nothing but the issue date is offered there.
    answer, issued_on, said = (
        ("Keep the issue date", FILED_DAY, "in a tax period that may have been filed")
        if home.code == "TAX"
        else ("Date it the first day", "2026-09-13", "dated 2026-09-13 instead")
    )
    yield home.shown(
        4,
        shown=home.one("filed", "Filed Period Inc", issue_date=FILED_DAY, due_date="2026-10-12"),
        questions=(Question(f"Sales tax is filed up to {FILED_DAY}", answer),),
        issued=issued_on,
        said=said,
    )
    told = Question("may already be in your opening receivables", "It is another one")
    issued = {"issue_date": "2026-09-15", "due_date": "2026-10-15"}
    whole = home.one("opening", "Lakeside Dental", "300.00", **issued)
    yield home.shown(3, shown=whole, questions=(told,))
    told = Question(told.words, "Pay invoice OPENING with it")
    yield Shown(
        home.one(
            "opening-2",
            "Lakeside Dental",
            who=client("opening", "Lakeside Dental", home.place),
            **issued,
        ),
        (3,),
        (told,),
        invoice=False,
        number="OPENING",
    )
    yield Shown(
        home.one("early", "Too Early Ltd", paid_at="2026-09-30T16:00:00Z"), (3,), **ONLY_LISTED
    )


def customers(home: Home) -> Iterator[Shown]:
    moved = client("moved", "Moved House Ltd", home.place)
    yield home.shown(5, shown=home.one("moved-1", "", who=moved))
    moved = {**moved, "email": "new@moved.example.com"}
    yield home.shown(5, shown=home.one("moved-2", "", who=moved))
    yield home.shown(6, shown=home.one("fits", "North Bakery"), customer="North Bakery")
    yield home.shown(6, shown=home.one("family", "Any Tower"), customer="Head Office")
    several = Question("Several customers in QuickBooks have this client's email")
    chosen = Question(several.words, "Use “Beta Rentals”")
    who = client("several", "Gamma Rentals", home.place)
    yield home.shown(
        6, shown=home.one("several-1", "", who=who), questions=(chosen,), customer="Beta Rentals"
    )
    yield home.shown(
        6, shown=home.one("several-2", "", who=who), questions=(several,), customer="Beta Rentals"
    )
    for n, owner in enumerate(("Owner One", "Owner Two", "Owner Three")):
        who = {**client(f"owner-{n}", owner, home.place), "email": "manager@property.example.com"}
        told = Question("Another client of a different name has the same email", "Create a new")
        # The first has its own name and nobody with that email beside it: nothing to ask.
        asked = (told,) if n else ()
        yield home.shown(
            6, shown=home.one(f"owner-{n}", "", who=who), questions=asked, customer=owner
        )
    yield home.shown(
        7, shown=home.one("vendor", "Maple Plumbing"), customer="Maple Plumbing (customer)"
    )
    yield home.shown(7, shown=home.one("employee", "Jo Field"), customer="Jo Field (customer)")
    yield home.shown(
        7, shown=home.one("taken", "Cedar Café"), customer="Cedar Café (taken@example.com)"
    )
    words = "has a customer of this name without an email"
    told = Question(words, "Yes, use “Birch Studio”")
    yield home.shown(7, shown=home.one("nameless-1", "Birch Studio"), questions=(told,))
    told = Question(words, "No, create a new customer")
    yield home.shown(
        7,
        shown=home.one("nameless-2", "Elm Studio"),
        questions=(told,),
        customer="Elm Studio (nameless-2@example.com)",
    )
    yield home.shown(7, shown=home.one("put-away", "New Oak"), said="was put away in QuickBooks")
    told = Question("Could not find customer email")
    who = {**client("no-email", "Nobody", home.place), "email": None}
    yield Shown(home.one("no-email", "", who=who), (5,), (told,), **ONLY_LISTED)


def existing(home: Home) -> Iterator[Shown]:
    yield Shown(home.one("same-paid", "Already Paid Ltd"), (9,), **ONLY_LISTED)
    yield Shown(home.one("same-open", "Already There Ltd"), (9,), invoice=False)
    words = f"so is a payment of {home.whole} {home.currency} that no invoice has taken"
    told = Question(words, "Try again", mended=partial(_link, "N-same-unlinked"))
    yield Shown(home.one("same-unlinked", "Unlinked Ltd"), (9,), (told,), **ONLY_LISTED)
    told = Question("QuickBooks has an invoice N-same-other already", "It is the same invoice")
    yield Shown(home.one("same-other", "Other Sum Ltd", "90.00"), (9,), (told,), **ONLY_LISTED)
    words = "Looks entered by hand"
    told = Question(words, "It is invoice 1007")
    by_hand = home.one("by-hand-1", "By Hand Ltd")
    yield Shown(by_hand, (10,), (told,), invoice=False, number="1007")
    told = Question(words, "It is another one")
    yield home.shown(10, shown=home.one("by-hand-2", "By Hand Too Ltd"), questions=(told,))


def money(home: Home) -> Iterator[Shown]:
    parts = [
        home.received("200.00", "cheque", 3) | {"id": "a"},
        home.received("300.50", "card", 10) | {"id": "b"},
        home.received(5 * home.whole - Decimal("500.50"), "cash", 10) | {"id": "c"},
    ]
    whole = home.one(
        "parts", "In Parts Ltd", "500.00", payments=parts, paid_at="2026-10-11T03:30:00Z"
    )
    yield home.shown(23, 25, 26, shown=whole)
    found = home.one("intuit-1", "Paid By Intuit Ltd", payments="qb_payments")
    yield Shown(found, (25,), **ONLY_LISTED)
    told = Question(
        "no such invoice was found in QuickBooks",
        "It is not in QuickBooks: post it to “Undeposited Funds”",
    )
    lost = home.one("intuit-2", "Not By Intuit Ltd", payments="qb_payments")
    yield home.shown(25, shown=lost, questions=(told,))
    barter = home.one("barter", "Barter Ltd", payments="barter")
    yield home.shown(25, shown=barter, said="The payment method “barter” is not known")
    words = "of the total was settled from the client's credit"
    told = Question(f"20.00 {home.currency} {words}")
    payments = [home.received(home.whole - 20, "cash")]
    whole = home.one("credit", "Credit Ltd", payments=payments, credit_applied="20.00")
    yield Shown(whole, (27,), (told,), **ONLY_LISTED)
    words = "was given back before qbdesk first saw the invoice"
    told = Question(f"13.00 {home.currency} {words}")
    payments = [home.received(home.whole, "cash", refunded_amount="13.00")]
    left = {"amount_paid": f"{home.whole - 13}", "balance_due": "13.00"}
    more = {"status": "partially_refunded", **left}
    whole = home.one("refunded", "Refunded Ltd", payments=payments, **more)
    yield Shown(whole, (27,), (told,), **ONLY_LISTED)


def late(home: Home) -> Iterator[Shown]:
    """Shown when QuickBooks has been told to apply credits by itself."""
    told = Question(f"QuickBooks applied 50.00 {home.currency} of the client's credit")
    whole = home.one("auto-credit", "Auto Credit Ltd")
    yield home.shown(24, shown=whole, questions=(told,), paid=False, late=True)


def revisions(home: Home) -> Iterator[Shown]:
    dearer = home.whole * 12 / 10
    words = f"the total was {home.whole} {home.currency}, now {dearer:.2f} {home.currency}"
    told = Question(words, "Leave QuickBooks as it is")
    whole, revised = (home.one("revised", "Revised Ltd", price) for price in ("100.00", "120.00"))
    yield home.shown(28, shown=whole, questions=(told,), revised=revised)


def _link(number: str, office: Office) -> None:
    """Somebody links the payment that lies there to the invoice."""
    (invoice,) = [entry for entry in office.entities("Invoice") if entry["DocNumber"] == number]
    customer = invoice["CustomerRef"]["value"]
    (payment,) = [p for p in office.entities("Payment") if p["CustomerRef"]["value"] == customer]
    amount = float(payment["TotalAmt"])
    link = [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]
    names = ("Id", "SyncToken", "CustomerRef", "DepositToAccountRef")
    body = {name: payment[name] for name in names} | {"TotalAmt": amount}
    office.enter("payment", {**body, "Line": [{"Amount": amount, "LinkedTxn": link}]})


# ---- what stands in QuickBooks before qbdesk comes ----

# The client's key, and what was entered for it.
ENTERED = {
    "Lakeside Dental": ("opening", "OPENING", 10),
    "Already Paid Ltd": ("same-paid", "N-same-paid", 1),
    "Already There Ltd": ("same-open", "N-same-open", 1),
    "Unlinked Ltd": ("same-unlinked", "N-same-unlinked", 1),
    "Other Sum Ltd": ("same-other", "N-same-other", 1),
    "By Hand Ltd": ("by-hand-1", "1007", 1),
    "By Hand Too Ltd": ("by-hand-2", "1008", 1),
    "Paid By Intuit Ltd": ("intuit-1", "N-intuit-1", 1),
    "Auto Credit Ltd": ("auto-credit", "", 0),
}
PAID_THERE = ("N-same-paid", "N-same-other", "N-intuit-1")


def entered(home: Home) -> tuple[Entered, ...]:
    return tuple(_entered(home, name, number, n) for name, (_, number, n) in ENTERED.items())


def _entered(home: Home, name: str, number: str, hundreds: int) -> Entered:
    net = Decimal(100 * hundreds)
    paid = home.whole if number in PAID_THERE else ZERO
    unapplied = home.whole if number == "N-same-unlinked" else ZERO
    unapplied += 0 if number else 50
    return Entered(number, name, net, home.whole * hundreds - net, paid, unapplied)


def left_open(home: Home) -> dict[str, Decimal]:
    return {
        # Entered by hand, and by their bookkeeper's word not what was paid.
        "OPENING": home.whole * 9,
        "1008": home.whole,
        # Held.
        "N-auto-credit": home.whole - 50,
    }


def arranged(home: Home, office: Office) -> None:
    for name in ACCOUNTS.values():
        if office.books.named("Account", name) is None:
            office.enter("account", {"Name": name, "AccountType": "Bank"})
    for entry in entered(home):
        key = ENTERED[entry.customer][0]
        customer = office.enter_customer(entry.customer, f"{key}@example.com")
        made = _invoice(home, office, customer, entry) if entry.net else ""
        if entry.paid:
            office.enter_payment(customer, float(entry.paid), made)
        if entry.unapplied:
            office.enter_payment(customer, float(entry.unapplied))
    _clients(office)
    office.world.switches.change({"book_close_date": CLOSED_DAY, "last_file_date": FILED_DAY})


def _invoice(home: Home, office: Office, customer: str, entry: Entered) -> str:
    code = home.code if home.code == "TAX" else office.tax_code(home.code)
    detail = {"TaxCodeRef": {"value": code}}
    row = {"Amount": float(entry.net), "DetailType": "SalesItemLineDetail"}
    body = {
        "CustomerRef": {"value": customer},
        "DocNumber": entry.number,
        "TxnDate": "2026-09-10",
        "ShipAddr": {"CountrySubDivisionCode": home.place["region"]},
        "Line": [{**row, "SalesItemLineDetail": detail}],
    }
    if home.code != "TAX":
        body["GlobalTaxCalculation"] = "TaxExcluded"
    return str(office.enter("invoice", body)["Id"])


def _clients(office: Office) -> None:
    """Names and addresses that make a client doubtful."""
    for name in ("Somebody Else", "North Bakery"):
        office.enter_customer(name, "fits@example.com")
    head = office.enter_customer("Head Office", "family@example.com")
    for name in ("Tower 1", "Tower 2"):
        more = {"Job": True, "ParentRef": {"value": head}}
        office.enter_customer(name, "family@example.com", **more)
    for name in ("Alpha Rentals", "Beta Rentals"):
        office.enter_customer(name, "several@example.com")
    office.enter("vendor", {"DisplayName": "Maple Plumbing"})
    office.enter("employee", {"DisplayName": "Jo Field", "GivenName": "Jo", "FamilyName": "Field"})
    office.enter_customer("Cedar Café", "somebody@cedar.example.com")
    office.enter_customer("Birch Studio")
    office.enter_customer("Elm Studio")
    oak = office.enter_customer("Old Oak", "put-away@example.com")
    office.enter("customer", {"Id": oak, "SyncToken": "0", "sparse": True, "Active": False})
