"""Customers, invoices and payments: what the practice company takes, refuses, and books."""

from decimal import Decimal

import pytest


def accounts(practice) -> dict[str, Decimal]:
    return practice.books.trial_balance()


async def test_a_paid_invoice_leaves_no_balance_and_books_that_add_up(practice):
    customer = await practice.customer()
    invoice = await practice.invoice(customer["Id"])
    assert (invoice["TotalAmt"], invoice["Balance"]) == (Decimal("113.00"), Decimal("113.00"))
    assert invoice["SyncToken"] == "0"
    owing = await practice.seen("Customer", customer["Id"])
    assert owing["Balance"] == Decimal("113.00")
    payment = await practice.payment(invoice, "113.00")
    assert payment["UnappliedAmt"] == 0
    settled = await practice.seen("Invoice", invoice["Id"])
    assert settled["Balance"] == 0
    assert settled["LinkedTxn"] == [{"TxnId": payment["Id"], "TxnType": "Payment"}]
    assert (await practice.seen("Customer", customer["Id"]))["Balance"] == 0
    assert accounts(practice) == {
        "Services": Decimal("-100.00"),
        "GST/HST Payable": Decimal("-13.00"),
        "Undeposited Funds": Decimal("113.00"),
    }
    assert sum(accounts(practice).values()) == 0


async def test_money_is_written_digit_for_digit(practice):
    customer = await practice.customer()
    response = await practice.post("invoice", practice.invoice_body(customer["Id"], "INV-1"))
    assert '"TotalAmt":113.00' in response.text


async def test_a_payment_raises_the_sync_token_of_its_invoice(practice, code_of):
    customer = await practice.customer()
    invoice = await practice.invoice(customer["Id"])
    await practice.payment(invoice, "50.00")
    bumped = await practice.seen("Invoice", invoice["Id"])
    assert (bumped["SyncToken"], bumped["Balance"]) == ("1", Decimal("63.00"))
    change = {"Id": invoice["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"}
    stale = await practice.post("invoice", change)
    assert (stale.status_code, code_of(stale)) == (400, "5010")
    changed = await practice.made("Invoice", {**change, "SyncToken": "1"})
    assert (changed["PrivateNote"], changed["Balance"]) == ("x", Decimal("63.00"))


async def test_a_deleted_payment_opens_its_invoice_again(practice):
    invoice = await practice.invoice((await practice.customer())["Id"])
    payment = await practice.payment(invoice, "113.00")
    body = {"Id": payment["Id"], "SyncToken": payment["SyncToken"]}
    deleted = await practice.made("Payment", body, operation="delete")
    assert deleted == {"status": "Deleted", "domain": "QBO", "Id": payment["Id"]}
    assert (await practice.seen("Invoice", invoice["Id"]))["Balance"] == Decimal("113.00")
    assert accounts(practice)["Accounts Receivable (A/R)"] == Decimal("113.00")


async def test_a_payment_is_voided_by_an_update_that_includes_it(practice):
    invoice = await practice.invoice((await practice.customer())["Id"])
    payment = await practice.payment(invoice, "113.00")
    body = {"Id": payment["Id"], "SyncToken": payment["SyncToken"], "sparse": True}
    voided = await practice.made("Payment", body, operation="update", include="void")
    assert (voided["TotalAmt"], voided["Line"], voided["PrivateNote"]) == (0, [], "Voided")
    assert (await practice.seen("Invoice", invoice["Id"]))["Balance"] == Decimal("113.00")


async def test_where_sparse_voids_are_refused_the_whole_payment_has_to_be_sent(practice, code_of):
    practice.switches.sparse_void = False
    invoice = await practice.invoice((await practice.customer())["Id"])
    payment = await practice.payment(invoice, "113.00")
    sparse = {"Id": payment["Id"], "SyncToken": payment["SyncToken"], "sparse": True}
    refused = await practice.post("payment", sparse, operation="update", include="void")
    assert code_of(refused) == "2020"
    voided = await practice.made("Payment", payment, operation="update", include="void")
    assert voided["TotalAmt"] == 0


async def test_a_voided_invoice_keeps_its_number_and_turns_its_payment_into_credit(practice):
    invoice = await practice.invoice((await practice.customer())["Id"])
    payment = await practice.payment(invoice, "113.00")
    body = {"Id": invoice["Id"], "SyncToken": "1"}
    voided = await practice.made("Invoice", body, operation="void")
    assert (voided["TotalAmt"], voided["DocNumber"]) == (0, "INV-1")
    assert voided["PrivateNote"] == "Voided"
    assert (await practice.seen("Payment", payment["Id"]))["UnappliedAmt"] == Decimal("113.00")
    assert sum(accounts(practice).values()) == 0


async def test_more_money_than_is_owed_stays_as_credit(practice):
    invoice = await practice.invoice((await practice.customer())["Id"])
    payment = await practice.payment(invoice, "150.00")
    assert payment["UnappliedAmt"] == Decimal("37.00")
    assert payment["Line"][0]["Amount"] == Decimal("113.00")


async def test_a_vendors_name_cannot_be_a_customers_too(practice, code_of):
    await practice.made("Vendor", {"DisplayName": "Acme Ltd"})
    taken = await practice.post("customer", {"DisplayName": "ACME LTD"})
    assert (taken.status_code, code_of(taken)) == (400, "6240")
    assert "customer, vendor or employee" in taken.json()["Fault"]["Error"][0]["Detail"]


async def test_a_customer_put_away_frees_its_name(practice):
    old = await practice.customer()
    body = {"Id": old["Id"], "SyncToken": "0", "sparse": True, "Active": False}
    assert (await practice.made("Customer", body))["DisplayName"] == "Acme Ltd (deleted)"
    assert (await practice.customer())["Id"] != old["Id"]


async def test_a_number_used_twice_is_refused_and_the_first_user_named(practice, code_of):
    customer = await practice.customer()
    first = await practice.invoice(customer["Id"])
    body = practice.invoice_body(customer["Id"], "INV-1")
    again = await practice.post("invoice", body)
    assert (again.status_code, code_of(again)) == (400, "6140")
    assert again.json()["Fault"]["Error"][0]["Detail"].endswith(f"with TxnId={first['Id']}")
    assert (await practice.made("Invoice", body, include="allowduplicatedocnum"))["Id"]


async def test_a_number_is_given_where_the_company_numbers_by_itself(practice):
    practice.switches.custom_numbers = False
    customer = await practice.customer()
    body = practice.invoice_body(customer["Id"], "")
    del body["DocNumber"]
    assert (await practice.made("Invoice", body))["DocNumber"] == "1001"


@pytest.mark.parametrize(
    ("body", "element"),
    [
        ({"DisplayName": "A", "Favourite": "blue"}, "Favourite"),
        ({"DisplayName": "A", "PrimaryEmailAddr": "a@x.test"}, "PrimaryEmailAddr"),
        ({"DisplayName": "A", "BillAddr": {"Street": "1 Main"}}, "Street"),
    ],
)
async def test_what_the_schema_does_not_know_is_2010(practice, code_of, body, element):
    refused = await practice.post("customer", body)
    assert (refused.status_code, code_of(refused)) == (400, "2010")
    assert refused.json()["Fault"]["Error"][0]["element"] == element


@pytest.mark.parametrize("content", [b"{", b"\xff", b'{"DisplayName":NaN}', b"[]", b'"x"'])
async def test_what_is_no_json_object_is_refused_without_harm(practice, code_of, content):
    address = f"/sandbox-quickbooks/v3/company/{practice.company.realm_id}/customer"
    answer = await practice.http.post(
        address, content=content, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 400
    assert code_of(answer) in ("2010", "500")
    assert not practice.books.entities["Customer"]


async def test_a_sparse_update_keeps_what_it_leaves_out_and_a_full_one_does_not(practice):
    customer = await practice.customer(Notes="pays late", CompanyName="Acme")
    body = {"Id": customer["Id"], "SyncToken": "0", "sparse": True, "Notes": "pays"}
    sparse = await practice.made("Customer", body)
    assert (sparse["CompanyName"], sparse["Notes"], sparse["SyncToken"]) == ("Acme", "pays", "1")
    body = {"Id": customer["Id"], "SyncToken": "1", "DisplayName": "Acme Ltd"}
    full = await practice.made("Customer", body)
    assert "Notes" not in full
    assert "CompanyName" not in full


@pytest.mark.parametrize(
    ("body", "operation", "code"),
    [
        ({"Id": "1"}, "", "2020"),
        ({"Id": "", "SyncToken": "0"}, "", "2030"),
        ({"Id": "77", "SyncToken": "0", "DisplayName": "A"}, "", "610"),
        ({"DisplayName": "A"}, "update", "2020"),
        ({"Id": "1", "SyncToken": "0"}, "delete", "500"),
        ({"Id": "1", "SyncToken": "0"}, "void", "500"),
        ({"DisplayName": "A"}, "explode", "500"),
    ],
)
async def test_a_change_has_to_name_what_it_changes(practice, code_of, body, operation, code):
    await practice.customer()
    refused = await practice.post("customer", body, operation=operation)
    assert (refused.status_code, code_of(refused)) == (400, code)


async def test_an_update_of_a_payments_amount_has_to_be_a_full_one(practice, code_of):
    invoice = await practice.invoice((await practice.customer())["Id"])
    payment = await practice.payment(invoice, "113.00")
    sparse = {"Id": payment["Id"], "SyncToken": "0", "sparse": True, "TotalAmt": 50}
    assert code_of(await practice.post("payment", sparse)) == "2020"


async def test_what_is_not_there_cannot_be_read(practice, code_of):
    missing = await practice.get("invoice/77")
    assert (missing.status_code, code_of(missing)) == (400, "610")
    assert code_of(await practice.get("invoice/INV-1")) == "2030"
    assert code_of(await practice.get("unicorn/1")) == "500"
    assert code_of(await practice.post("taxcode", {"Name": "Mine"})) == "500"


async def test_the_lists_a_posting_needs_can_be_made_over_the_wire(practice):
    account = await practice.made("Account", {"Name": "PayPal", "AccountType": "Bank"})
    item = {"Name": "Import", "Type": "Service", "IncomeAccountRef": {"value": "1"}}
    assert (await practice.made("Item", item))["Type"] == "Service"
    assert (await practice.made("PaymentMethod", {"Name": "E-transfer"}))["Active"] is True
    assert (await practice.made("Class", {"Name": "West"}))["FullyQualifiedName"] == "West"
    assert (await practice.made("Term", {"Name": "Net 7", "DueDays": 7}))["DueDays"] == 7
    invoice = await practice.invoice((await practice.customer())["Id"])
    deposit = {"value": account["Id"]}
    await practice.payment(invoice, "113.00", DepositToAccountRef=deposit)
    assert accounts(practice)["PayPal"] == Decimal("113.00")


async def test_a_closed_period_takes_nothing(practice, code_of):
    customer = await practice.customer()
    await practice.http.post("/practice/switches", json={"book_close_date": "2026-10-31"})
    refused = await practice.post("invoice", practice.invoice_body(customer["Id"], "INV-1"))
    assert (refused.status_code, code_of(refused)) == (400, "6200")


async def test_a_filed_period_takes_everything(practice):
    customer = await practice.customer()
    practice.switches.change({"last_file_date": "2026-10-31"})
    body = practice.invoice_body(customer["Id"], "INV-1") | {"TxnDate": "2026-10-31"}
    assert (await practice.post("invoice", body)).status_code == 200


async def test_an_ended_subscription_is_a_fault_with_http_200(practice, code_of):
    practice.switches.subscription_status = "EXPIRED"
    refused = await practice.post("customer", {"DisplayName": "Acme"})
    assert (refused.status_code, code_of(refused)) == (200, "6190")
    assert not practice.books.entities["Customer"]
    assert (await practice.get("preferences")).status_code == 200


async def test_a_french_company_refuses_in_french_with_the_same_codes(practice, code_of):
    practice.switches.language = "fr"
    customer = await practice.customer()
    await practice.invoice(customer["Id"])
    refused = await practice.post("invoice", practice.invoice_body(customer["Id"], "INV-1"))
    assert code_of(refused) == "6140"
    error = refused.json()["Fault"]["Error"][0]
    assert error["Message"] == "Numéro de document en double"
    assert "TxnType=Facture" in error["Detail"]


async def test_the_company_says_what_it_is_and_how_it_is_set_up(practice):
    realm = practice.company.realm_id
    info = (await practice.get(f"companyinfo/{realm}", minorversion="75")).json()["CompanyInfo"]
    assert (info["Country"], info["CompanyName"]) == ("CA", "Maple & Sons <Ltd>")
    preferences = (await practice.get("preferences")).json()["Preferences"]
    assert preferences["SalesFormsPrefs"]["CustomTxnNumbers"] is True


async def test_an_exchange_rate_is_answered_for_days_of_the_last_three_years(practice, code_of):
    practice.switches.multicurrency = True
    asked = {"sourcecurrencycode": "EUR", "asofdate": "2026-10-30"}
    answer = await practice.get("exchangerate", **asked)
    assert answer.json()["ExchangeRate"]["Rate"] == 1.49
    assert answer.json()["ExchangeRate"]["TargetCurrencyCode"] == "CAD"
    old = await practice.get("exchangerate", **{**asked, "asofdate": "2020-01-01"})
    assert code_of(old) == "610"
    assert code_of(await practice.get("exchangerate", sourcecurrencycode="XXX")) == "2220"
    practice.switches.multicurrency = False
    assert code_of(await practice.get("exchangerate", **asked)) == "6000"


async def test_drift_adds_a_field_nobody_documented(practice):
    practice.switches.drift = True
    assert "PracticeDrift" in await practice.customer()
    found = await practice.query("select * from Customer")
    assert "PracticeDrift" in found["Customer"][0]
    assert "PracticeDrift" not in practice.books.entities["Customer"]["1"]


async def test_an_invoice_has_a_page_that_a_person_can_open(practice):
    customer = await practice.customer()
    invoice = await practice.invoice(customer["Id"], PrivateNote="<b>not bold</b>")
    page = await practice.http.get(f"/sandbox/app/invoice?txnId={invoice['Id']}")
    assert page.status_code == 200
    assert "113.00" in page.text
    assert "&lt;b&gt;not bold" in page.text
    elsewhere = await practice.http.get(f"/qbo/app/invoice?txnId={invoice['Id']}")
    assert elsewhere.status_code == 400
