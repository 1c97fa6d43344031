"""Pilots that read two real surveys of whether people would recommend something."""

import csv
import json
from pathlib import Path

CARPENTRIES = "instructor_training_post_2018.csv"
LEARNING_R = "learning_r_survey_2019.tsv"
RECOMMEND = """
[items.recommend]
question = "How likely are you to recommend it to a friend or colleague?"
kind = "recommend"
low = 0
high = 10
"""
IN_WORDS = """
[items.worth]
question = "It was worth my time."
answers = ["Strongly Disagree", "Disagree", "Neither Agree nor Disagree", "Agree", "Strongly Agree"]

[items.new]
question = "How much of it was new?"
answers = ["None of it", "Some of it", "About half of it", "Most of it", "All of it"]
"""


def write_carpentries(folder: Path, shared: Path) -> Path:
    """Write the pilot of the Carpentries' survey: each member site is a school."""
    file = shared / "carpentries" / CARPENTRIES
    (folder / CARPENTRIES).write_bytes(file.read_bytes())
    with file.open(encoding="utf-8", newline="") as lines:
        sites = sorted({row["MemberSite"].strip() for row in csv.DictReader(lines)} - {""})
    # some sites are called by a date with slashes, which names no folder
    recode = ", ".join(f"{json.dumps(site)} = 'site {i}'" for i, site in enumerate(sites))
    (folder / "pilot.toml").write_text(
        f"""
[pilot]
id = "carpentries"
title = "After instructor training"

[sources.schools]
file = "{CARPENTRIES}"
columns = {{ school_id = "MemberSite", name = "MemberSite" }}
blanks = {{ school_id = "not stated", name = "Not stated" }}
recode.school_id = {{ {recode} }}
keep = "distinct"

[sources.survey_responses]
file = "{CARPENTRIES}"
format = "survey"
columns = {{ school_id = "MemberSite", answered_on = "Date" }}
values = {{ wave = "after", respondent_role = "teacher" }}
blanks = {{ school_id = "not stated" }}
recode.school_id = {{ {recode} }}
dates = "month first"
items = {{ recommend = "LikelyToRecommend", worth = "Worth", new = "NewInformation" }}
{RECOMMEND}offered_from = 0
{IN_WORDS}""",
        encoding="utf-8",
    )
    return folder


def write_learning_r(folder: Path, shared: Path, *, declared: bool) -> Path:
    """Write the pilot of the learning-R survey: one community that rates R and Python."""
    file = shared / "google_forms" / LEARNING_R
    (folder / LEARNING_R).write_bytes(file.read_bytes())
    (folder / "schools.csv").write_text("school_id,name\nweb,The community\n")
    (folder / "products.csv").write_text("product_id,name\nR,R\nPython,Python\n")
    sources = "".join(
        f"""
[[sources.survey_responses]]
file = "{LEARNING_R}"
format = "google_forms"
columns = {{ answered_on = "Qtime" }}
values = {{ wave = "2019", respondent_role = "teacher", school_id = "web", product_id = "{name}" }}
templates = {{ response_id = "{name} {{response row}}" }}
items = {{ recommend = "{column}" }}
"""
        for name, column in (("R", "Qrecommend"), ("Python", "Qpython_recommend"))
    )
    (folder / "pilot.toml").write_text(
        f"""
[pilot]
id = "learning-r"
title = "Learning R"

[sources]
schools = {{ file = "schools.csv" }}
products = {{ file = "products.csv" }}
{sources}{RECOMMEND}{"offered_from = 1" if declared else ""}
""",
        encoding="utf-8",
    )
    return folder
