"""Invented figures that agree with each other: for Samplonia, for benchmarks and for tests."""

from crimestats.questionnaire import Questionnaire

LEVELS = {  # what follows from them by the parts rules is derived
    "homicide_offences": 380, "homicide_attempted_offences": 510, "homicide_victims": 412,
    "serious_assault_offences": 5200, "kidnapping_offences": 130, "fear_offences": 9100, "fear_cyber_offences": 900,
    "sexual_violence_offences": 3100, "sexual_exploitation_offences": 420, "robbery_offences": 8800,
    "serious_assault_victims": 5600, "sexual_violence_victims": 3300, "sexual_exploitation_victims": 450,
    "theft_offences": 61000, "vehicle_theft_offences": 7400, "burglary_offences": 21000, "fraud_offences": 15000,
    "fraud_cyber_offences": 4000, "corruption_offences": 700, "money_laundering_offences": 260,
    "migrant_smuggling_offences": 310, "computer_access_offences": 640, "computer_interference_offences": 220,
    "computer_interception_offences": 110, "pollution_offences": 330, "waste_offences": 150, "species_offences": 90,
    "depletion_offences": 120, "held": 14000, "held_unsentenced": 4100, "held_homicide": 900, "held_rape": 400,
    "held_bribery": 60, "held_drug_possession": 300, "held_drug_trafficking": 500, "entered": 9000,
    "entered_homicide": 300, "entered_rape": 150, "entered_bribery": 40, "entered_drug_possession": 200,
    "entered_drug_trafficking": 300, "capacity": 15500, "facilities": 61, "deaths": 96, "supervised": 5200,
    "held_unsentenced_lt6": 1900,
}  # fmt: skip
SUMMED = {"held_adult", "held_juvenile"}  # over the sexes, which are divided by age first
GROWTH = 1.03


def figures(
    definition: Questionnaire, years: tuple[int, ...], scale: float = 1.0
) -> dict[tuple[str, int], int]:
    """A figure for every item of un-cts-2024 and year: levels that grow steadily, divided among their parts.

    Raises:
        ValueError: No parts rule leads to an item, and it has no level here.
    """
    rules = [
        (rule.items[0], list(rule.parameters["parts"])) for rule in definition.rules if rule.kind == "parts"
    ]
    found: dict[tuple[str, int], int] = {}
    for step, year in enumerate(years):
        values = {item: round(level * scale * GROWTH**step) for item, level in LEVELS.items()}
        while len(values) < len(definition):
            before = len(values)
            for total, parts in rules:
                _divide(values, total, parts)
            if len(values) == before:
                raise ValueError(f"no rule gives {sorted(set(definition.data['item']) - set(values))}")
        found |= {(item, year): value for item, value in values.items()}
    return found


def _divide(values: dict[str, int], total: str, parts: list[str]) -> None:
    missing = [part for part in parts if part not in values]
    if total not in values and not missing:
        values[total] = sum(values[part] for part in parts)
    elif total in values and missing and not SUMMED & set(missing):
        rest = values[total] - sum(values.get(part, 0) for part in parts)
        weights = [1 / (rank + 2) for rank in range(len(missing))]
        shares = [int(rest * weight / sum(weights)) for weight in weights]
        shares[0] += rest - sum(shares)
        values |= dict(zip(missing, shares, strict=True))
