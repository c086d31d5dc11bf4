"""QuickBooks' objects as read: exact, tolerant of news, silent about their content."""

import logging
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from qbdesk.sync.quickbooks.json_reader import NotJson, read_json
from qbdesk.sync.quickbooks.objects import (
    AccountObject,
    CompanyInfo,
    CustomerObject,
    InvoiceObject,
    ItemObject,
    PaymentMethodObject,
    PaymentObject,
    Preferences,
    TaxAgencyObject,
    TaxCodeObject,
    TaxRateObject,
)

INVOICE = b"""{
 "domain": "QBO", "sparse": false, "Id": "145", "SyncToken": "4", "DocNumber": "INV-1001",
 "TxnDate": "2026-01-02", "DueDate": "2026-02-01", "NewIn2027": {"a": [1]},
 "CustomerRef": {"value": "58", "name": "Fischer GmbH"}, "CurrencyRef": {"value": "CAD"},
 "TotalAmt": 565.10, "Balance": 0, "PrivateNote": "for Fischer",
 "LinkedTxn": [{"TxnId": "146", "TxnType": "Payment"}],
 "Line": [
  {"Id": "1", "LineNum": 1, "Amount": 500.10, "DetailType": "SalesItemLineDetail",
   "SalesItemLineDetail": {"ItemRef": {"value": "19"}, "Qty": 3, "UnitPrice": 166.7,
                           "TaxCodeRef": {"value": "5"}}},
  {"Amount": 500.10, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
  {"Description": "thanks", "DetailType": "DescriptionOnly"}],
 "TxnTaxDetail": {"TotalTax": 65.00, "TaxLine": [
  {"Amount": 65.00, "DetailType": "TaxLineDetail", "TaxLineDetail": {"TaxRateRef": {"value": "9"},
   "PercentBased": true, "TaxPercent": 13, "NetAmountTaxable": 500.10}}]},
 "MetaData": {"CreateTime": "2026-01-05T10:00:00-08:00",
              "LastUpdatedTime": "2026-01-05T10:00:00-08:00"}}"""


def invoice() -> InvoiceObject:
    return InvoiceObject.model_validate(read_json(INVOICE))


def test_an_invoice_is_read_to_the_cent() -> None:
    read = invoice()
    assert (read.id, read.sync_token, read.doc_number) == ("145", "4", "INV-1001")
    assert (read.txn_date, read.due_date) == (date(2026, 1, 2), date(2026, 2, 1))
    assert (str(read.total_amt), read.balance) == ("565.10", Decimal(0))
    assert read.customer_ref.value == "58"
    assert [(each.txn_id, each.txn_type) for each in read.linked_txn] == [("146", "Payment")]
    line = read.line[0]
    assert str(line.amount) == "500.10"
    assert line.sales_item_line_detail is not None
    assert line.sales_item_line_detail.unit_price == Decimal("166.7")
    assert read.line[2].amount is None
    tax = read.txn_tax_detail.tax_line[0]
    assert (tax.amount, tax.tax_line_detail.tax_percent) == (Decimal("65.00"), Decimal(13))
    assert tax.tax_line_detail.tax_rate_ref is not None
    assert tax.tax_line_detail.tax_rate_ref.value == "9"
    assert tax.tax_line_detail.net_amount_taxable == Decimal("500.10")
    assert read.meta_data.create_time is not None
    assert read.meta_data.create_time.utcoffset() is not None


def test_an_object_can_not_be_changed() -> None:
    with pytest.raises(ValidationError):
        invoice().balance = Decimal(1)  # type: ignore[misc]


def test_an_object_that_is_printed_or_logged_tells_its_id_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    read = invoice()
    logging.getLogger("qbdesk").error("read %s %r %s", read, read, [read.customer_ref, read.line])
    assert "InvoiceObject(id='145')" in caplog.text
    for private in ("Fischer", "565", "500.1", "INV-1001", "thanks"):
        assert private not in caplog.text


@pytest.mark.parametrize("missing", ["TotalAmt", "Balance", "Id", "CustomerRef"])
def test_an_invoice_without_its_amounts_is_refused_rather_than_read_as_zero(missing: str) -> None:
    answer = read_json(INVOICE)
    answer[missing] = None
    with pytest.raises(ValidationError) as refusal:
        InvoiceObject.model_validate(answer)
    assert "Fischer" not in str(refusal.value)


def test_a_float_is_no_amount() -> None:
    answer = {**read_json(INVOICE), "TotalAmt": 565.1}
    with pytest.raises(ValidationError):
        InvoiceObject.model_validate(answer)


@pytest.mark.parametrize(
    ("address", "emails"),
    [
        ("A@X.test", ("a@x.test",)),
        (" a@x.test , B@x.test,, ", ("a@x.test", "b@x.test")),
        ("", ()),
    ],
)
def test_one_field_may_hold_several_email_addresses(address: str, emails: tuple[str, ...]) -> None:
    answer = {"Id": "1", "PrimaryEmailAddr": {"Address": address}}
    assert CustomerObject.model_validate(answer).emails() == emails


def test_a_customer_without_anything_but_an_id_is_one() -> None:
    customer = CustomerObject.model_validate({"Id": "1", "PrimaryEmailAddr": None})
    assert customer.emails() == ()
    assert (customer.active, customer.parent_ref, customer.balance) == (True, None, None)


def test_a_payment_shows_what_it_paid_and_what_is_left_over() -> None:
    payment = PaymentObject.model_validate(
        read_json(
            b'{"Id":"146","SyncToken":"0","TotalAmt":30,"UnappliedAmt":25.00,"PaymentRefNum":"ch_1",'
            b'"CustomerRef":{"value":"58"},"TxnDate":"2026-01-05","DepositToAccountRef":'
            b'{"value":"4"},"Line":[{"Amount":5.00,"LinkedTxn":[{"TxnId":"145","TxnType":"Invoice"'
            b"}]}]}"
        )
    )
    assert (payment.total_amt, payment.unapplied_amt) == (Decimal(30), Decimal("25.00"))
    assert payment.line[0].linked_txn[0].txn_id == "145"
    assert payment.deposit_to_account_ref is not None
    assert payment.deposit_to_account_ref.value == "4"


def test_a_tax_code_is_a_group_of_rates() -> None:
    code = TaxCodeObject.model_validate(
        {
            "Id": "7",
            "Name": "HST BC",
            "Taxable": True,
            "SalesTaxRateList": {
                "TaxRateDetail": [{"TaxRateRef": {"value": "11"}}, {"TaxRateRef": {"value": "12"}}]
            },
        }
    )
    assert code.rate_ids() == ("11", "12")
    assert (code.active, code.hidden) == (True, False)
    assert TaxCodeObject.model_validate({"Id": "8"}).rate_ids() == ()


@pytest.mark.parametrize(
    ("kind", "answer", "attribute", "value"),
    [
        (ItemObject, {"Id": "1", "IncomeAccountRef": {"value": "79"}, "Type": "Service"}, "type",
         "Service"),
        (AccountObject, {"Id": "1", "AccountSubType": "UndepositedFunds"}, "account_sub_type",
         "UndepositedFunds"),
        (PaymentMethodObject, {"Id": 1, "Name": "Cheque"}, "id", "1"),
        (TaxRateObject, {"Id": "1", "RateValue": Decimal("9.975")}, "rate_value",
         Decimal("9.975")),
    ],
)  # fmt: skip
def test_the_smaller_objects_are_read_by_intuits_names(
    kind: Any, answer: dict[str, Any], attribute: str, value: Any
) -> None:
    assert getattr(kind.model_validate(answer), attribute) == value


def test_a_company_tells_its_plan_and_whether_it_may_be_written_to() -> None:
    company = CompanyInfo.model_validate(
        {
            "CompanyName": "Maple",
            "Country": "CA",
            "NameValue": [
                {"Name": "OfferingSku", "Value": "QuickBooks Online Plus"},
                {"Name": "SubscriptionStatus", "Value": "SUBSCRIBED"},
            ],
        }
    )
    assert company.offering() == "QuickBooks Online Plus"
    assert company.subscription_status() == "SUBSCRIBED"
    assert CompanyInfo.model_validate({"CompanyName": "Maple"}).subscription_status() is None


def test_preferences_tell_how_this_company_works() -> None:
    preferences = Preferences.model_validate(
        {
            "CurrencyPrefs": {"MultiCurrencyEnabled": True, "HomeCurrency": {"value": "CAD"}},
            "SalesFormsPrefs": {"CustomTxnNumbers": True, "AutoApplyCredit": True},
            "TaxPrefs": {"UsingSalesTax": True, "PartnerTaxEnabled": False},
            "AccountingInfoPrefs": {"BookCloseDate": "2025-12-31"},
            "OtherPrefs": {"NameValue": [{"Name": "SalesFormsPrefs.DefaultItem", "Value": "19"}]},
        }
    )
    assert preferences.currency_prefs.home_currency is not None
    assert preferences.currency_prefs.home_currency.value == "CAD"
    assert preferences.sales_forms_prefs.custom_txn_numbers
    assert preferences.tax_prefs.partner_tax_enabled is False
    assert preferences.accounting_info_prefs.book_close_date == date(2025, 12, 31)
    assert preferences.default_item() == "19"


def test_missing_preferences_count_as_switched_off() -> None:
    preferences = Preferences.model_validate({"SalesFormsPrefs": None})
    assert not preferences.currency_prefs.multi_currency_enabled
    assert not preferences.sales_forms_prefs.allow_discount
    assert preferences.tax_prefs.partner_tax_enabled is None
    assert preferences.accounting_info_prefs.book_close_date is None
    assert preferences.default_item() is None


def test_numbers_in_json_stay_what_they_are() -> None:
    assert read_json(b'{"a":0.1,"b":7,"c":-0.10}') == {
        "a": Decimal("0.1"),
        "b": 7,
        "c": Decimal("-0.10"),
    }


def test_half_a_character_is_replaced_and_a_whole_one_kept() -> None:
    assert read_json(b'{"\\ud83d":["\\uD83D\\uDE00","a\\udc00b",1,null]}') == {
        "\ufffd": ["😀", "a\ufffdb", 1, None]
    }


def test_bytes_that_are_no_unicode_are_replaced_only_where_that_is_asked_for() -> None:
    for damaged in (b"\xe9", b"\xed\xa0\xbd", b"\xed\xa0\xbd\xed\xb9\x82"):
        body = b'{"a":"Caf' + damaged + b'","b":"Caf\xc3\xa9"}'
        with pytest.raises(NotJson):
            read_json(body)
        mended = read_json(body, mend=True)
        assert (mended["a"].rstrip("\ufffd"), mended["b"]) == ("Caf", "Café")
        assert mended["a"] != "Caf"


@pytest.mark.parametrize("body", [b'{"a":NaN}', b'{"a":-Infinity}', b"{'Fischer'", b"\xff"])
def test_what_is_no_json_is_refused_without_being_quoted(body: bytes) -> None:
    with pytest.raises(NotJson) as refusal:
        read_json(body)
    assert str(refusal.value) == "The answer is not readable JSON"
    assert refusal.value.__context__ is None


@pytest.mark.parametrize(
    ("told", "day"),
    [
        ("2026-03-31", date(2026, 3, 31)),
        ("2026-03-31T00:00:00-07:00", date(2026, 3, 31)),
        ("soon", None),
        ("", None),
        (0, None),
        (None, None),
    ],
)
def test_a_day_up_to_which_tax_is_filed_that_cannot_be_read_is_none(
    told: object, day: date | None
) -> None:
    agency = {"Id": "1", "DisplayName": "CRA", "TaxTrackedOnSales": True, "LastFileDate": told}
    assert TaxAgencyObject.model_validate(agency).last_file_date == day
