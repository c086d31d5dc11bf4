"""A product of the source stands on the product or service that was chosen for it."""

import pytest
from invoices import document, line, payment
from office import NAME, PATIENCE, Office, OpenOffice

from qbdesk.sync.errors import Refusal
from qbdesk.sync.views import Status


def _item(office: Office, name: str, account: str = "Services", **more: object) -> str:
    reference = {"value": office.account(account)}
    body = {"Name": name, "Type": "Service", "IncomeAccountRef": reference, **more}
    return str(office.enter("item", body)["Id"])


def _product(name: str) -> dict[str, object]:
    return {"id": f"prod_{name[:3].lower()}", "name": name, "sku": None}


def _posted_on(office: Office) -> list[str]:
    (entry,) = office.entities("Invoice")
    details = [each.get("SalesItemLineDetail") for each in entry["Line"]]
    return [detail["ItemRef"]["value"] for detail in details if detail]


def test_a_mapped_product_stands_on_its_item_and_all_else_on_the_usual_one(office: Office) -> None:
    consulting = _item(office, "Consulting", "Sales of Product Income")
    office.set("item.Advice", "Consulting")
    lines = [line("1", "100.00", product=_product("ADVICE")), line("2", "50.00", id="line-2")]
    assert office.post(document(lines=lines)).synced == 1
    first, second = _posted_on(office)
    assert first == consulting
    assert second != consulting
    assert office.trial_balance()["Sales of Product Income"] == -100


@pytest.mark.parametrize("key", ["item.prod_adv", "item.A  whole\ttext"])
def test_a_line_is_known_by_the_products_id_and_by_its_whole_text_too(
    office: Office, key: str
) -> None:
    consulting = _item(office, "Consulting")
    office.set(key, "consulting")
    product = _product("Advice") if "prod" in key else None
    lines = [line("1", "100.00", description="A whole text", product=product)]
    assert office.post(document(lines=lines)).synced == 1
    assert _posted_on(office) == [consulting]


def test_the_choice_is_shown_by_name_and_can_be_taken_back(office: Office) -> None:
    consulting = _item(office, "Consulting")
    office.set("item.Advice", "Consulting")
    shown = {setting.key: setting for setting in office.service.settings(NAME).result(PATIENCE)}
    assert shown["item.advice"].value == consulting
    assert [choice.label for choice in shown["item.advice"].choices] == [
        "The usual service",
        "Consulting",
    ]
    office.set("item.Advice", "")
    office.post(document(lines=[line("1", "100.00", product=_product("Advice"))]))
    assert _posted_on(office) != [consulting]


def test_an_item_within_another_is_found_by_its_short_name_and_by_its_id(office: Office) -> None:
    parent = _item(office, "Work")
    child = _item(office, "Advice", SubItem=True, ParentRef={"value": parent})
    office.set("item.One", "Advice")
    office.set("item.Two", "Work:Advice")
    office.set("item.Three", child)
    chosen = office.settings()
    assert [chosen[f"item.{name}"] for name in ("one", "two", "three")] == [child] * 3


def test_a_number_is_a_name_first_and_an_id_where_nothing_bears_that_name(office: Office) -> None:
    advice = _item(office, "Advice")
    named = _item(office, advice)
    office.set("item.One", advice)
    office.set("item.Two", named)
    assert office.settings()["item.one"] == named
    assert office.settings()["item.two"] == named


def test_what_is_picked_from_the_list_is_that_item_whatever_another_is_called(
    office: Office,
) -> None:
    advice = _item(office, "Advice")
    office.set("item.One", "Advice")
    _item(office, advice)
    picked = office.service.change_setting(NAME, "item.Two", advice, "Ann", offered=True)
    picked.result(PATIENCE)
    assert office.settings()["item.two"] == advice
    gone = office.service.change_setting(NAME, "item.Two", "999", "Ann", offered=True)
    assert isinstance(gone.exception(PATIENCE), Refusal)


def test_a_name_that_went_over_to_another_item_means_that_one(office: Office) -> None:
    first = office.enter(
        "item",
        {
            "Name": "Consulting",
            "Type": "Service",
            "IncomeAccountRef": {"value": office.account("Services")},
        },
    )
    office.set("item.Advice", "Consulting")
    version = {key: first[key] for key in ("Id", "SyncToken")}
    office.enter("item", {**version, "sparse": True, "Name": "Consulting before"})
    second = _item(office, "Consulting")
    office.set("item.Advice", "Consulting")
    assert office.settings()["item.advice"] == second


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("item.Advice", "Nowhere", "no active product or service called “Nowhere”"),
        ("item.Advice", "' OR Name LIKE '%", "no active product or service"),
        ("item. ", "Consulting", "Name the product"),
        ("item.\udcff", "Consulting", "Name the product"),
        ("item." + "x" * 201, "Consulting", "at most 200 characters"),
    ],
)
def test_what_cannot_be_mapped_is_refused_in_words(
    office: Office, key: str, value: str, told: str
) -> None:
    _item(office, "Consulting")
    refusal = office.service.change_setting(NAME, key, value).exception(PATIENCE)
    assert isinstance(refusal, Refusal)
    assert told in str(refusal)


def _change(office: Office, name: str, **changes: object) -> None:
    """Somebody changes an item in QuickBooks."""
    item = next(each for each in office.entities("Item") if each["Name"] == name)
    kept = {key: item[key] for key in ("Id", "SyncToken")}
    office.enter("item", {**kept, "sparse": True, **changes})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"Active": False}, "“Consulting”, which “Advice” is sold as, is inactive."),
        ({"Type": "Inventory"}, "“Consulting”, which “Advice” is sold as, has become stock"),
    ],
)
def test_an_item_that_cannot_be_posted_to_any_more_holds_the_invoice_before_anything_is_written(
    office: Office, changes: dict[str, object], told: str
) -> None:
    _item(office, "Consulting")
    office.set("item.Advice", "Consulting")
    _change(office, "Consulting", **changes)
    advice = document(lines=[line("1", "100.00", product=_product("Advice"))])
    result = office.post(advice, document("inv-2"))
    assert (result.synced, result.needs_attention) == (1, 1)
    assert office.row().message.startswith(told)
    assert "choose another one for “Advice” in the settings" in office.row().message
    office.set("item.Advice", "")
    office.sync()
    assert office.status() is Status.SYNCED


def test_an_item_put_away_leaves_no_customer_behind_and_goes_on_when_it_is_active_again(
    office: Office,
) -> None:
    consulting = _item(office, "Consulting")
    office.set("item.Advice", "Consulting")
    _change(office, "Consulting", Active=False)
    office.post(document(lines=[line("1", "100.00", product=_product("Advice"))]))
    assert office.count("Customer", "Invoice") == (0, 0)
    (item,) = [each for each in office.entities("Item") if each["Id"] == consulting]
    _change(office, item["Name"], Active=True, Name="Consulting")
    assert office.resync().synced == 1
    assert _posted_on(office) == [consulting]


def test_mapped_items_cost_one_read_however_many_there_are(office: Office) -> None:
    for name in ("One", "Two", "Three"):
        _item(office, name)
        office.set(f"item.{name}", name)
    products = [line("1", "1.00", product=_product(name)) for name in ("One", "Two", "Three")]
    first = document(lines=[line("1", "100.00")])
    office.post(first)
    without = office.post(document("inv-2")).requests.reads
    shown = [document(f"inv-{at}", lines=products) for at in range(3, 8)]
    assert office.post(*shown).requests.reads == without + 1


def test_the_usual_service_is_not_made_where_every_line_has_its_own_item(office: Office) -> None:
    _item(office, "Consulting")
    office.set("item.Advice", "Consulting")
    before = office.count("Item")
    lines = [line("1", "100.00", product=_product("Advice"))]
    assert office.post(document(lines=lines)).synced == 1
    assert office.count("Item") == before


def test_the_usual_service_is_made_where_a_discount_has_to_stand_on_it(
    open_office: OpenOffice,
) -> None:
    office = open_office(allow_discount=False)
    consulting = _item(office, "Consulting")
    office.set("item.Advice", "Consulting")
    row = line("1", "100.00", product=_product("Advice"))
    row["taxes"][0]["amount"] = row["tax_amount"] = "11.70"
    shown = document(lines=[row], discount="10.00")
    assert office.post(shown).synced == 1
    first, discount = _posted_on(office)
    assert first == consulting
    assert discount != consulting


def test_a_correction_leaves_every_line_on_the_item_it_was_posted_to(office: Office) -> None:
    """A product is mapped, and mapped anew, after the invoice was posted."""
    consulting = _item(office, "Consulting", "Sales of Product Income")
    other = _item(office, "Other work")
    office.set("item.Advice", "Consulting")
    lines = [line("1", "60.00", product=_product("Advice")), line("1", "40.00", id="ln_2")]
    money = payment("103.00")
    sums = {"total": "103.00", "amount_paid": "103.00", "balance_due": "0.00"}
    office.post(document(lines=lines, discount="10.00", payments=[money], **sums))
    assert office.row().message.startswith("Spot-check: QuickBooks made 101.70 CAD")
    before = _posted_on(office)
    assert before[0] == consulting
    office.set("item.Advice", "Other work")
    office.set("item.Cleaning", other)
    office.sync()
    assert office.resolve("send_source_tax").synced == 1
    assert _posted_on(office) == before
