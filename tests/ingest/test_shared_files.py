"""Every file of the folder of real and vendor-shaped exports reads, with every row accounted for.

The numbers were counted in the files by other means than the readers.
"""

import shutil
from dataclasses import dataclass, field

import pytest

from pilot_analysis.pilot import load_pilot


@dataclass(frozen=True)
class Expected:
    """What one file gives to one clean table: rows read = set aside + kept, for each unit."""

    table: str
    source: str
    read: int
    kept: int
    aside: dict[str, int] = field(default_factory=dict)
    before: tuple[str, int, int, dict[str, int]] | None = None
    """what became the rows, such as responses: unit, read, kept, set aside"""


SURVEY = 'values = { wave = "w", respondent_role = "teacher", school_id = "S1" }\n'
CHOICE = 'items = { choice = "Q1", comment = "Q2" }\n'
STAR = 'where = { gr = ["K", "1"] }\n'
OTHER_GRADES = "not asked for (wanted: gr K or 1)"
IREADY = 'format = "iready_diagnostic"\nkeep = "first"\nvalues = { outcome_id = "x" }\n'
WIDE = 'format = "iready_diagnostic_and_instruction"\n'
WINDOWS = "windows = { fall = [2021-08-01, 2021-10-31], winter = [2021-11-01, 2022-01-15] }\n"
LATER = "another row of the same student_id is used"
NEITHER = "neither baseline nor most recent test"
ANOTHER = "another row of the same student_id and outcome_id and window is used"

FILES = {
    "carpentries/instructor_training_post_2018.csv": [
        Expected(
            "survey_responses",
            f'format = "survey"\n{SURVEY}items = {{ recommend = "LikelyToRecommend" }}\n',
            967, 889, {"blank: no value or text": 78}, ("responses", 967, 967, {}),
        )
    ],
    "clever/daily_participation_students.csv": [
        Expected(
            "usage", 'format = "clever_daily"\nvalues = { product_id = "P" }\n',
            2_353, 2_353, {}, ("days", 15_000, 7_500, {"no use that day": 7_500}),
        )
    ],
    "google_forms/learning_r_survey_2019.tsv": [
        Expected(
            "survey_responses",
            f'format = "google_forms"\n{SURVEY}items = {{ recommend = "Qpython_recommend" }}\n',
            2_020, 1_115, {"blank: no value or text": 905}, ("responses", 2_020, 2_020, {}),
        )
    ],
    "iready/diagnostic_and_instruction_math.csv": [
        Expected("students", f'{WIDE}values = {{ school_id = "S1" }}\n', 500, 500),
        Expected(
            "assessments", f'{WIDE}{WINDOWS}keep = "first"\n',
            1_002, 968, {ANOTHER: 34}, ("students", 500, 500, {}),
        ),
    ],
    "iready/diagnostic_results_ela.csv": [
        Expected("assessments", IREADY, 1_022, 975, {NEITHER: 47}),
    ],
    "iready/diagnostic_results_math.csv": [
        Expected("assessments", IREADY, 1_002, 970, {NEITHER: 32}),
        Expected("assessments", f"{IREADY}{WINDOWS}", 1_002, 968, {ANOTHER: 34}),
    ],
    "iready/personalized_instruction_by_lesson_math.csv": [
        Expected(
            "usage", 'format = "iready_lessons"\nvalues = { product_id = "P" }\n',
            3_461, 3_461, {}, ("lessons", 7_767, 7_767, {}),
        )
    ],
    "qualtrics/sample.csv": [
        Expected(
            "survey_responses", f'format = "qualtrics"\n{SURVEY}{CHOICE}', 2, 2, {},
            ("responses", 1, 1, {}),
        )
    ],
    "qualtrics/sample_legacy.csv": [
        Expected(
            "survey_responses", f'format = "qualtrics_legacy"\n{SURVEY}{CHOICE}', 2, 2, {},
            ("responses", 1, 1, {}),
        )
    ],
    "star/star_student_years.csv": [
        Expected(
            "students",
            f'{STAR}keep = "first"\ncolumns = {{ student_id = "id" }}\n'
            'values = { school_id = "S1" }\n',
            26_796, 8_638, {OTHER_GRADES: 13_642, LATER: 4_516},
        ),
        Expected(
            "assessments",
            f'{STAR}columns = {{ student_id = "id", window = "gr", score = "math" }}\n'
            'values = { outcome_id = "math" }\n',
            26_796, 12_471, {OTHER_GRADES: 13_642, "blank: no score": 683},
        ),
    ],
}  # fmt: skip
NO_EXPORTS = {
    "google_forms/learning_r_survey_2019_questions.csv": "the list of the questions' full texts",
    "README.md": "says where the files come from",
}
TOML = """
[pilot]
id = "shared"
title = "Shared"

[sources.schools]
file = "schools.csv"

[items.recommend]
question = "How likely are you to recommend it?"
kind = "recommend"
low = 0
high = 10
offered_from = 1

[items.choice]
question = "A choice"

[items.comment]
question = "Anything else?"
kind = "comment"
"""


@pytest.mark.parametrize(
    ("file", "expected"),
    [(file, expected) for file, given in FILES.items() for expected in given],
    ids=lambda given: given if isinstance(given, str) else given.table,
)
def test_every_row_is_accounted_for(shared_data, tmp_path, file, expected):
    name = file.rpartition("/")[2]
    shutil.copy(shared_data / file, tmp_path / name)
    (tmp_path / "schools.csv").write_text("school_id,name\nS1,The school\n")
    source = f'[sources.{expected.table}]\nfile = "{name}"\n{expected.source}'
    (tmp_path / "pilot.toml").write_text(TOML + source)
    ledger = load_pilot(tmp_path).ledger
    lines = ledger.query(f"table == '{expected.table}'")[["unit", "step", "reason", "rows"]]
    counted = [("rows", expected.read, expected.kept, expected.aside)]
    counted += [expected.before] if expected.before else []
    assert sorted(lines.itertuples(index=False, name=None)) == sorted(
        line
        for unit, read, kept, aside in counted
        for line in (
            (unit, "read", "", read),
            (unit, "kept", "", kept),
            *((unit, "set aside", reason, rows) for reason, rows in aside.items()),
        )
    )
    assert all(read == kept + sum(aside.values()) for _, read, kept, aside in counted)


def test_no_file_is_left_out(shared_data):
    there = {p.relative_to(shared_data).as_posix() for p in shared_data.rglob("*") if p.is_file()}
    assert there == {*FILES, *NO_EXPORTS}
