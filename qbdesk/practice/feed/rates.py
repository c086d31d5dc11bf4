"""Sales tax on services by province and territory, as an invoicing system names and charges it."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Rate:
    """One tax rate; `percent` 13 is 13 %."""

    id: str
    name: str
    percent: str
    jurisdiction: str

    @property
    def value(self) -> Decimal:
        return Decimal(self.percent)


GST = Rate("tr_gst", "GST", "5", "CA")


def _hst(province: str, percent: str) -> tuple[Rate, ...]:
    return (Rate(f"tr_hst_{province.lower()}", f"HST {province}", percent, f"CA-{province}"),)


# Nova Scotia: 14 % since 2025-04-01 (Canada Revenue Agency).
BY_REGION: dict[str, tuple[Rate, ...]] = {
    **{region: (GST,) for region in ("AB", "NT", "NU", "YT")},
    "ON": _hst("ON", "13"),
    "NS": _hst("NS", "14"),
    "NB": _hst("NB", "15"),
    "NL": _hst("NL", "15"),
    "PE": _hst("PE", "15"),
    "BC": (GST, Rate("tr_pst_bc", "PST BC", "7", "CA-BC")),
    "MB": (GST, Rate("tr_rst_mb", "RST MB", "7", "CA-MB")),
    "SK": (GST, Rate("tr_pst_sk", "PST SK", "6", "CA-SK")),
    "QC": (GST, Rate("tr_qst", "QST", "9.975", "CA-QC")),
}
