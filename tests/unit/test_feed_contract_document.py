"""docs/paid-invoice-feed.openapi.yaml is itself in order."""

from typing import Any

from feed_contract import CONTRACT, INVOICE, faults, sums_that_fail, validator
from jsonschema import Draft202012Validator


def _references(node: Any) -> set[str]:
    if isinstance(node, list):
        return {reference for item in node for reference in _references(item)}
    if not isinstance(node, dict):
        return set()
    here = {node["$ref"]} if "$ref" in node else set()
    return here.union(*(_references(value) for value in node.values()))


def test_every_schema_of_the_contract_is_a_schema() -> None:
    for schema in CONTRACT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_whatever_the_contract_refers_to_is_there() -> None:
    for reference in _references(CONTRACT):
        node: Any = CONTRACT
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
        assert node


def test_nothing_is_defined_that_is_not_used() -> None:
    parts = CONTRACT["components"]
    defined = {
        f"#/components/{kind}/{name}"
        for kind in ("schemas", "responses", "parameters", "headers")
        for name in parts[kind]
    }
    assert defined - _references(CONTRACT) == set()


def test_the_example_page_keeps_the_contract_and_adds_up() -> None:
    answers = CONTRACT["paths"]["/v1/invoices"]["get"]["responses"]
    page = answers["200"]["content"]["application/json"]["example"]
    assert faults(validator("InvoicePage"), page) == []
    assert sums_that_fail(page["data"][0]) == set()


def test_money_written_as_a_json_number_breaks_the_contract() -> None:
    answers = CONTRACT["paths"]["/v1/invoices"]["get"]["responses"]
    invoice = answers["200"]["content"]["application/json"]["example"]["data"][0]
    assert faults(INVOICE, {**invoice, "total": 124.17}) == [
        "$.total: 124.17 is not of type 'string'"
    ]
