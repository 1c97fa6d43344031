"""A small pilot that passes every check, written out as files, for tests to break."""

from pathlib import Path

_CONFIG = """\
[pilot]
id = "small"
title = "A small pilot"
simulated = true

[sources]
schools = { file = "schools.csv" }
teachers = { file = "teachers.csv" }
students = { file = "students.csv" }
enrollments = { file = "enrollments.csv" }
assignments = { file = "assignments.csv" }
products = { file = "products.csv" }
assessments = { file = "assessments.csv" }
usage = { file = "usage.csv" }
survey_responses = { file = "survey_responses.csv" }

[design]
comparison = "rostered"
assigned_unit = "class"
reference = "comparison"

[design.arms.comparison]
label = "comparison classes"

[design.arms.readwell]
label = "classes with Readwell"

[outcomes.reading]
label = "reading"
assessment = "reading"
pre_window = "fall"
post_window = "spring"
assignment_window = "2025-26"
role = "confirmatory"

[items.recommend]
question = "How likely are you to recommend it?"
kind = "recommend"
low = 0
high = 10

[items.easy]
question = "It is easy to use."
scale = "ease"

[scales.ease]
label = "Ease of use"

[groups.english_learner]
label = "English learners"
reference_label = "other students"
"""

SCHOOLS = ("S1", "S2")
CLASSES_PER_SCHOOL = 4
STUDENTS_PER_CLASS = 6


def write_small_pilot(folder: Path) -> Path:
    """Write ``pilot.toml`` and nine CSV files to `folder`, and return `folder`.

    Two schools, eight classes of six students (the even classes have the product), two tests, three
    weeks of use, two survey items. Everything follows from the position: no chance is involved.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pilot.toml").write_text(_CONFIG, encoding="utf-8")
    for name, rows in _tables().items():
        lines = "\n".join(",".join(map(str, row)) for row in rows)
        (folder / f"{name}.csv").write_text(lines + "\n", encoding="utf-8")
    return folder


def _tables() -> dict[str, list[tuple]]:
    tables = {
        "schools": [("school_id", "name", "teachers_invited", "point_person")],
        "teachers": [("teacher_id", "school_id", "role", "motivation")],
        "students": [("student_id", "school_id", "grade", "english_learner")],
        "enrollments": [("student_id", "class_id", "teacher_id", "school_id")],
        "assignments": [("unit", "unit_id", "window", "arm", "product_id")],
        "products": [("product_id", "name"), ("readwell", "Readwell")],
        "assessments": [("student_id", "outcome_id", "window", "score", "taken_on")],
        "usage": [("student_id", "product_id", "period_start", "period", "minutes")],
        "survey_responses": [
            ("response_id", "item_id", "survey_id", "wave", "respondent_id", "respondent_role",
             "school_id", "product_id", "value"),
        ],
    }  # fmt: skip
    for school in SCHOOLS:
        tables["schools"].append((school, f"School {school}", 5, "yes"))
        for number in range(1, CLASSES_PER_SCHOOL + 1):
            _add_class(tables, school, number)
    return tables


def _add_class(tables: dict[str, list[tuple]], school: str, number: int) -> None:
    class_id, teacher, treated = f"{school}-C{number}", f"{school}-T{number}", number % 2 == 0
    tables["teachers"].append((teacher, school, "teacher", 3 + number % 3))
    arm, product = ("readwell", "readwell") if treated else ("comparison", "")
    tables["assignments"].append(("class", class_id, "2025-26", arm, product))
    for place in range(1, STUDENTS_PER_CLASS + 1):
        student, learner = f"{class_id}-{place}", "yes" if place % 3 == 0 else "no"
        tables["students"].append((student, school, 4, learner))
        tables["enrollments"].append((student, class_id, teacher, school))
        fall = 180 + 3 * place + number
        spring = fall + 8 + (2 if treated else 0) + place % 2
        tables["assessments"].append((student, "reading", "fall", fall, "2025-09-15"))
        tables["assessments"].append((student, "reading", "spring", spring, "2026-05-11"))
        for week in ("2025-10-06", "2025-10-13", "2025-10-20") if treated else ():
            tables["usage"].append((student, "readwell", week, "week", 10 * place))
    if treated:
        for item, value in (("recommend", 6 + number), ("easy", 4)):
            tables["survey_responses"].append(
                (f"{teacher}-R", item, "spring", "1", teacher, "teacher", school, "readwell", value)
            )
