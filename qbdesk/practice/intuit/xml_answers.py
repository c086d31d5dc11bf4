"""Answers in XML, as Intuit gives them to whoever does not ask for JSON (IntuitRestServiceDef)."""

import xml.etree.ElementTree as ET
from typing import Any

from starlette.responses import Response

from qbdesk.practice import wire

NAMESPACE = "http://schema.intuit.com/finance/v3"
# What the schema makes an attribute of the element that has it.
_ATTRIBUTES = (
    *("domain", "sparse", "status", "startPosition", "maxResults", "totalCount"),
    *("bId", "time", "type", "code", "element"),
)
_REFERENCE = {"value", "name", "type"}


def in_xml(answer: Response) -> Response:
    """The same answer, whose body is JSON, in XML."""
    root = ET.Element("IntuitResponse", xmlns=NAMESPACE)
    for name, value in wire.loads(bytes(answer.body)).items():
        _append(root, name, value)
    content = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return Response(content, answer.status_code, media_type="application/xml")


def _append(parent: ET.Element, name: str, value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            _append(parent, name, item)
    elif name in _ATTRIBUTES:
        parent.set(name, _text(value))
    elif isinstance(value, dict):
        _append_object(ET.SubElement(parent, name), value)
    else:
        ET.SubElement(parent, name).text = _text(value)


def _append_object(element: ET.Element, value: dict[str, Any]) -> None:
    if "value" in value and value.keys() <= _REFERENCE:
        element.text = _text(value["value"])
        for name in value.keys() - {"value"}:
            element.set(name, _text(value[name]))
        return
    for name, item in value.items():
        _append(element, name, item)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else wire.dumps(value)
