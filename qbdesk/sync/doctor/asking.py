"""The probes themselves: each does one small thing in a sandbox company and says what it saw."""

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any

from qbdesk.sync.doctor.bench import PREFIX, Bench, NotMade, confirmed, told
from qbdesk.sync.doctor.probes import Probe
from qbdesk.sync.money import ZERO
from qbdesk.sync.quickbooks.client import Confirmed, QuickBooksError, Unreachable
from qbdesk.sync.quickbooks.objects import CustomerObject, InvoiceObject
from qbdesk.sync.quickbooks.queries import Condition, query

CENT = Decimal("0.01")
LONGEST_NOTE = 4000  # Intuit: Invoice.PrivateNote
LAG_PAUSES = (0.2, 0.3, 0.5, 1.0, 2.0, 4.0, 8.0, 14.0)  # seconds between looks, 30 in all
NO_TAX = "not asked: this company has no sales tax that the program could name"


async def run(probe: Probe, bench: Bench) -> str:
    """What was seen; a probe that cannot go on says why. Raises what the token source raises."""
    try:
        return await _ASK[probe](bench)
    except NotMade as seen:
        return f"could not be asked: {seen}"
    except QuickBooksError as error:
        fault = error.fault
        return f"refused with code {fault.code or 'none'}, HTTP {fault.http_status}"
    except Unreachable as error:
        return f"could not be asked: {error}"


async def token_lengths(bench: Bench) -> str:
    access, refresh = await bench.tokens()
    return f"access token {len(access)}, refresh token {len(refresh)} characters"


# ---- requestid ----


async def requestid_twice(bench: Bench) -> str:
    body, request_id = {"DisplayName": bench.new_name()}, bench.new_request_id()
    first = confirmed(await bench.send("customer", body, request_id))
    again = await bench.send("customer", body, request_id)
    if not isinstance(again, Confirmed):
        return f"the second was {told(again)}"
    if again.entity["Id"] != first["Id"]:
        return "two customers were made"
    same = "the same answer" if again.entity == first else "another answer"
    return f"one customer, {same} both times"


async def requestid_other_body(bench: Bench) -> str:
    request_id = bench.new_request_id()
    first = confirmed(await bench.send("customer", {"DisplayName": bench.new_name()}, request_id))
    other = await bench.send("customer", {"DisplayName": bench.new_name()}, request_id)
    if isinstance(other, Confirmed) and other.entity["Id"] == first["Id"]:
        return "the first answer came once more; the other body was not looked at"
    return f"the other body was {told(other)}"


async def requestid_after_fault(bench: Bench) -> str:
    """A name that is taken (6240), then free: the very same bytes both times."""
    name, request_id = bench.new_name(), bench.new_request_id()
    holder = confirmed(await bench.send("customer", {"DisplayName": name}))
    refused = await bench.send("customer", {"DisplayName": name}, request_id)
    if isinstance(refused, Confirmed):
        return "a name that is taken was not refused"
    renamed = {
        "Id": holder["Id"],
        "SyncToken": holder["SyncToken"],
        "sparse": True,
        "DisplayName": bench.new_name(),
    }
    confirmed(await bench.send("customer", renamed))
    again = await bench.send("customer", {"DisplayName": name}, request_id)
    return f"first {told(refused)}; once the name was free {told(again)}"


# ---- queries ----


async def query_lag(bench: Bench) -> str:
    name = bench.new_name()
    await bench.make("customer", {"DisplayName": name})
    start = bench.elapsed()
    statement = query("Customer", [Condition("DisplayName", "=", name)])
    for pause in (*LAG_PAUSES, None):
        if await bench.quickbooks.query(statement, CustomerObject, "Customer"):
            return f"found after {bench.elapsed() - start:.1f} seconds"
        if pause is not None:
            await bench.sleep(pause)
    return f"not found within {sum(LAG_PAUSES):.0f} seconds"


async def email_in(bench: Bench) -> str:
    address = f"{bench.new_request_id()}@example.com"
    body = {"DisplayName": bench.new_name(), "PrimaryEmailAddr": {"Address": address}}
    await bench.make("customer", body)
    statement = (
        f"SELECT * FROM Customer WHERE PrimaryEmailAddr IN ('{address}', 'nobody@example.com') "
        "STARTPOSITION 1 MAXRESULTS 10"
    )
    found = await bench.quickbooks.query(statement, CustomerObject, "Customer")
    return f"accepted; {len(found)} of 1 customer found"


async def order_by_id(bench: Bench) -> str:
    for _ in range(3):
        await bench.make("customer", {"DisplayName": bench.new_name()})
    statement = (
        f"SELECT * FROM Customer WHERE DisplayName LIKE '{PREFIX} %' "
        "ORDERBY Id DESC STARTPOSITION 1 MAXRESULTS 100"
    )
    found = await bench.quickbooks.query(statement, CustomerObject, "Customer")
    ids = [int(entry.id) for entry in found if entry.id.isdigit()]
    if len(ids) < 2:
        return "too few customers were found to tell"
    return "obeyed" if ids == sorted(ids, reverse=True) else "accepted and not obeyed"


# ---- invoices ----


async def duplicate_number(bench: Bench) -> str:
    body = await bench.invoice_body()
    await bench.make("invoice", body)
    second = await bench.send("invoice", body)
    custom = "on" if bench.facts.custom_numbers else "off"
    return f"custom transaction numbers are {custom}; the second was {told(second)}"


async def private_note(bench: Bench) -> str:
    text = "First line é — ✓\nsecond line\n"
    whole = text + "x" * (LONGEST_NOTE - len(text))
    answer = await bench.make("invoice", await bench.invoice_body(PrivateNote=whole))
    kept = await bench.read("invoice", str(answer["Id"]))
    assert isinstance(kept, InvoiceObject)
    same = "as it was sent" if kept.private_note == whole else "changed"
    seen = f"{len(kept.private_note)} of {LONGEST_NOTE} characters came back {same}"
    longer = await bench.send("invoice", await bench.invoice_body(PrivateNote=f"{whole}x"))
    return f"{seen}; one with {LONGEST_NOTE + 1} was {told(longer)}"


async def discount_tax_after(bench: Bench) -> str:
    return await _discount_tax(bench, after=True)


async def discount_tax_before(bench: Bench) -> str:
    return await _discount_tax(bench, after=False)


async def _discount_tax(bench: Bench, *, after: bool) -> str:
    if not bench.facts.using_sales_tax:
        return NO_TAX
    body = await bench.invoice_body(taxed=True, ApplyTaxAfterDiscount=after)
    discount = {
        "Amount": 10,
        "DetailType": "DiscountLineDetail",
        "DiscountLineDetail": {"PercentBased": False},
    }
    kept = await _posted(bench, {**body, "Line": [*body["Line"], discount]})
    lines = kept.txn_tax_detail.tax_line
    bases = {line.tax_line_detail.net_amount_taxable for line in lines}
    on = ", ".join(f"{base:.2f}" for base in bases if base is not None) or "an amount not told"
    return f"tax of {kept.txn_tax_detail.total_tax:.2f} on {on}; total {kept.total_amt:.2f}"


async def tax_inclusive(bench: Bench) -> str:
    """A line of 100.00 net whose gross is given as TaxInclusiveAmt, as invoices are posted."""
    code = bench.tax_code(taxed=True)
    if bench.facts.country == "US" or not bench.facts.using_sales_tax or code is None:
        return "not asked: only companies outside the US with sales tax know such prices"
    body = await bench.invoice_body(taxed=True, GlobalTaxCalculation="TaxInclusive")
    gross = (100 + sum(code.percents, ZERO)).quantize(CENT)
    body["Line"][0]["SalesItemLineDetail"]["TaxInclusiveAmt"] = gross
    kept = await _posted(bench, body)
    verdict = "taken" if kept.total_amt == gross else "not taken"
    return f"{verdict}: gross {gross:.2f} was sent, the total is {kept.total_amt:.2f}"


async def tax_line(bench: Bench) -> str:
    if not bench.facts.using_sales_tax:
        return NO_TAX
    body = await bench.invoice_body(taxed=True)
    usual = (await _posted(bench, body)).txn_tax_detail
    wanted = usual.total_tax + CENT
    detail: dict[str, Any] = {**body.get("TxnTaxDetail", {}), "TotalTax": wanted}
    if bench.facts.country != "US" and usual.tax_line:
        first = usual.tax_line[0]
        rates = first.tax_line_detail
        others = sum((line.amount for line in usual.tax_line[1:]), ZERO)
        rate = {
            "TaxRateRef": {"value": rates.tax_rate_ref.value if rates.tax_rate_ref else ""},
            "PercentBased": True,
            "TaxPercent": rates.tax_percent,
            "NetAmountTaxable": rates.net_amount_taxable,
        }
        line = {
            "Amount": wanted - others,
            "DetailType": "TaxLineDetail",
            "TaxLineDetail": {name: value for name, value in rate.items() if value is not None},
        }
        detail["TaxLine"] = [line]
    again = await bench.invoice_body(taxed=True, TxnTaxDetail=detail)
    came = (await _posted(bench, again)).txn_tax_detail.total_tax
    verdict = "taken as sent" if came == wanted else "not taken"
    return f"{verdict}: {wanted:.2f} was sent in place of {usual.total_tax:.2f}, {came:.2f} is kept"


async def _posted(bench: Bench, body: Mapping[str, Any]) -> InvoiceObject:
    """The invoice as QuickBooks keeps it. Raises NotMade."""
    answer = await bench.make("invoice", body)
    kept = await bench.read("invoice", str(answer["Id"]))
    assert isinstance(kept, InvoiceObject)
    return kept


_ASK: Mapping[Probe, Callable[[Bench], Awaitable[str]]] = {
    Probe.TOKEN_LENGTHS: token_lengths,
    Probe.REQUESTID_TWICE: requestid_twice,
    Probe.REQUESTID_OTHER_BODY: requestid_other_body,
    Probe.REQUESTID_AFTER_FAULT: requestid_after_fault,
    Probe.QUERY_LAG: query_lag,
    Probe.EMAIL_IN: email_in,
    Probe.ORDER_BY_ID: order_by_id,
    Probe.DUPLICATE_NUMBER: duplicate_number,
    Probe.PRIVATE_NOTE: private_note,
    Probe.DISCOUNT_TAX_AFTER: discount_tax_after,
    Probe.DISCOUNT_TAX_BEFORE: discount_tax_before,
    Probe.TAX_INCLUSIVE: tax_inclusive,
    Probe.TAX_LINE: tax_line,
}
