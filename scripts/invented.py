"""Invented figures that agree with each other: for Samplonia, for benchmarks and for tests."""

import re

from crimestats.questionnaire import Questionnaire

LEVELS = {  # what follows from them by the parts rules is derived
    "homicide_offences": 380, "homicide_attempted_offences": 510, "homicide_victims": 412,
    "serious_assault_offences": 5200, "kidnapping_offences": 130, "fear_offences": 9100, "fear_cyber_offences": 900,
    "sexual_violence_offences": 3100, "sexual_exploitation_offences": 420, "robbery_offences": 8800,
    "serious_assault_victims": 5600, "sexual_violence_victims": 3300, "sexual_exploitation_victims": 450,
    "theft_offences": 61000, "vehicle_theft_offences": 7400, "burglary_offences": 21000, "fraud_offences": 15000,
    "fraud_cyber_offences": 4000, "corruption_offences": 740, "money_laundering_offences": 260,
    "migrant_smuggling_offences": 310, "computer_access_offences": 640, "computer_interference_offences": 220,
    "computer_interception_offences": 110, "pollution_offences": 330, "waste_offences": 150, "species_offences": 90,
    "depletion_offences": 120, "held": 14000, "held_unsentenced": 4100, "held_homicide": 870, "held_rape": 400,
    "held_bribery": 60, "held_drug_possession": 300, "held_drug_trafficking": 500, "entered": 9000,
    "entered_homicide": 280, "entered_rape": 150, "entered_bribery": 40, "entered_drug_possession": 200,
    "entered_drug_trafficking": 320, "capacity": 15500, "facilities": 61, "deaths": 96, "supervised": 5200, "supervised_m": 4300,
    "held_unsentenced_lt6": 1900, "homicide_victims_terrorist": 6, "homicide_victims_f_gender_other": 21,
    "homicide_victims_f_gender_earlier_violence": 8, "homicide_victims_f_gender_exploited": 3,
    "homicide_victims_f_gender_deprived": 4, "homicide_victims_f_gender_sexual_violence": 7,
    "homicide_victims_f_gender_mutilated": 1, "homicide_victims_f_gender_public_space": 5,
    "homicide_victims_f_gender_hate": 2, "homicide_victims_f_gender_sex_work": 6,
    "court": 61000, "court_legal_aid": 15000, "police_personnel": 13400, "prosecutors": 710, "judges": 860,
    "prison_staff": 5150, "survey_population": 3_400_000, "survey_households": 1_500_000, "survey_sample": 12_300,
    "survey_physical_violence_victims": 131_000, "survey_psychological_violence_victims": 247_000,
    "survey_sexual_violence_victims": 36_500, "survey_robbery_victims": 44_300, "survey_theft_victims": 214_000,
    "survey_fraud_victims": 172_000, "survey_harassment_victims": 305_000, "survey_bribery_victims": 58_700,
    "survey_contacts": 880_000, "survey_burglary_victims": 39_100, "survey_vehicle_theft_victims": 17_800,
    "survey_vehicle_parts_theft_victims": 26_900, "survey_safe_persons": 2_120_000,
}  # fmt: skip
PROCESS = {  # persons in formal contact; of later stages a share
    "": 90_000, "_homicide": 330, "_attempted_homicide": 410, "_serious_assault": 3900, "_kidnapping": 95,
    "_trafficking": 140, "_sexual_violence": 2130, "_sexual_exploitation": 350, "_robbery": 4150, "_burglary": 2610,
    "_theft": 3720, "_vehicle_theft": 1540, "_drug_possession": 1970, "_drug_trafficking": 1710, "_fraud": 2320,
    "_corruption": 510, "_bribery": 360, "_money_laundering": 190, "_migrant_smuggling": 270,
    "_arms_trafficking": 230, "_computer": 160,
}  # fmt: skip
STAGES = {"contact": 1.0, "prosecuted": 0.71, "convicted": 0.46}
SUMMED = {  # over the sexes, which are divided by age first
    f"{of}_{age}" for of in ("held", *STAGES) for age in ("adult", "juvenile")
}
REPORTED, RESPONSE = 0.37, 68.5
BASES = {"bribery": "contacts", "burglary": "households", "vehicle_theft": "households",
         "vehicle_parts_theft": "households", "safety": "population"}  # fmt: skip
_SURVEY = re.compile(r"survey_(?:(\w+?)_(prevalence|reporters|reporting)|(safety))(_[mf])?(_lower|_upper)?")
GROWTH = 1.03


def figures(
    definition: Questionnaire, years: tuple[int, ...], scale: float = 1.0
) -> dict[tuple[str, int], float]:
    """A figure for every item of un-cts-2024 and year: levels that grow steadily, divided among their parts.

    Raises:
        ValueError: No parts rule leads to an item, and it has no level here.
    """
    rules = [
        (rule.items[0], list(rule.parameters["parts"])) for rule in definition.rules if rule.kind == "parts"
    ]
    levels = LEVELS | {
        stage + of: level * share for stage, share in STAGES.items() for of, level in PROCESS.items()
    }
    levels = {item: level for item, level in levels.items() if item in definition}
    found: dict[tuple[str, int], float] = {}
    for step, year in enumerate(years):
        values: dict[str, float] = {
            item: round(level * scale * GROWTH**step) for item, level in levels.items()
        }
        while len(values) < len(definition):
            before = len(values)
            for total, parts in rules:
                _divide(values, total, parts)
            _survey(values, definition)
            if len(values) == before:
                raise ValueError(f"no rule gives {sorted(set(definition.data['item']) - set(values))}")
        found |= {(item, year): value for item, value in values.items()}
    return found


def _survey(values: dict[str, float], definition: Questionnaire) -> None:
    """Reports to the police, and shares with their confidence limits, from the victims of a survey."""
    if "survey_response_rate" in definition:
        values["survey_response_rate"] = RESPONSE
    for item in definition.data["item"]:
        if found := _SURVEY.fullmatch(item):
            offence, what, safety, sex, limit = (part or "" for part in found.groups())
            base = f"survey_{BASES.get(offence or safety, 'population')}{sex}"
            victims = f"survey_{offence}_victims{sex}" if offence else f"survey_safe_persons{sex}"
            if not {base, victims} <= set(values):
                continue
            share = 100 * (REPORTED if what == "reporting" else values[victims] / values[base])
            spread = {"_lower": -0.3, "_upper": 0.4}.get(limit, 0.0)
            reporters = int(values[victims] * REPORTED)
            values[item] = reporters if what == "reporters" else round(share + spread, 1)


def _divide(values: dict[str, float], total: str, parts: list[str]) -> None:
    missing = [part for part in parts if part not in values]
    if total not in values and not missing:
        values[total] = sum(values[part] for part in parts)
    elif total in values and missing and not SUMMED & set(missing):
        rest = values[total] - sum(values.get(part, 0) for part in parts)
        weights = [1 / (rank + 2) for rank in range(len(missing))]
        shares = [int(rest * weight / sum(weights)) for weight in weights]
        shares[0] += rest - sum(shares)
        values |= dict(zip(missing, shares, strict=True))
