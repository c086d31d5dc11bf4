"""A product of the source stands on the product or service that was chosen for it."""

import pytest
from invoices import document, line
from office import NAME, PATIENCE, Office

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


def test_an_item_within_another_is_found_by_its_short_name_and_a_number_is_an_id_first(
    office: Office,
) -> None:
    parent = _item(office, "Work")
    child = _item(office, "Advice", SubItem=True, ParentRef={"value": parent})
    office.set("item.One", "Advice")
    office.set("item.Two", "Work:Advice")
    _item(office, child)
    office.set("item.Three", child)
    chosen = office.settings()
    assert [chosen[f"item.{name}"] for name in ("one", "two", "three")] == [child] * 3


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


def test_an_item_that_was_put_away_holds_the_invoice_until_another_is_chosen(
    office: Office,
) -> None:
    _item(office, "Consulting")
    office.set("item.Advice", "Consulting")
    (item,) = [each for each in office.entities("Item") if each["Name"] == "Consulting"]
    change = {key: item[key] for key in ("Id", "SyncToken")}
    office.enter("item", {**change, "sparse": True, "Active": False})
    office.post(document(lines=[line("1", "100.00", product=_product("Advice"))]))
    assert office.status() is Status.NEEDS_ATTENTION
    assert office.count("Invoice") == (0,)
    office.set("item.Advice", "")
    office.sync()
    assert office.status() is Status.SYNCED
