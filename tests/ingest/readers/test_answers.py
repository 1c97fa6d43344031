"""Survey exports become one row per answer; every response is counted, and no scale is guessed."""

import csv
import io

import pytest

from pilot_analysis.errors import ConfigError, DataError
from pilot_analysis.pilot import load_pilot

HEAD = """
[pilot]
id = "asked"
title = "Asked"

[sources]
schools = { file = "schools.csv" }
"""
SOURCE = """
[[sources.survey_responses]]
file = "survey.csv"
values = { wave = "spring", respondent_role = "teacher", school_id = "S1" }
"""
RECOMMEND = """
[items.recommend]
question = "How likely are you to recommend it?"
kind = "recommend"
low = 0
high = 10
"""
FROM_0 = RECOMMEND + "offered_from = 0\n"
EASY = """
[items.easy]
question = "It is easy to use."
answers = ["Strongly disagree", "Disagree", "Neutral", "Agree", "Strongly agree"]
"""
USEFUL = EASY.replace("easy", "useful", 1)
COMMENT = """
[items.comment]
question = "Anything else?"
kind = "comment"
"""


def written(rows, delimiter=","):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return text.getvalue()


@pytest.fixture
def load(tmp_path):
    """`load(rows, source, *items)`: a pilot with one survey of these rows (or this text)."""

    def make(rows, source, *items, encoding="utf-8", toml=SOURCE):
        text = rows if isinstance(rows, str) else written(rows)
        (tmp_path / "schools.csv").write_text("school_id,name\nS1,North\n")
        (tmp_path / "survey.csv").write_text(text, encoding=encoding)
        (tmp_path / "pilot.toml").write_text(HEAD + toml + source + "".join(items))
        return load_pilot(tmp_path)

    return make


@pytest.fixture
def refusal(load):
    """`refusal(...)`: the one line that is said of such a pilot."""

    def told(*arguments, **named):
        with pytest.raises(DataError) as caught:
            load(*arguments, **named)
        lines = str(caught.value).splitlines()[1:]
        assert len(lines) == 1, lines
        return lines[0].strip()

    return told


def answers(pilot, item):
    rows = pilot.table("survey_responses").query("item_id == @item")
    return list(rows["text"] if rows["value"].isna().all() else rows["value"])


def ledger(pilot, unit):
    rows = pilot.ledger.query("table == 'survey_responses' and unit == @unit")
    return [tuple(row) for row in rows[["step", "reason", "rows"]].itertuples(index=False)]


# ---------------------------------------------------------------------------------- Qualtrics

QUALTRICS_IDS = [
    "startDate", "endDate", "status", "ipAddress", "recordedDate", "_recordId",
    "recipientLastName", "recipientFirstName", "recipientEmail", "distributionChannel",
    "QID1", "QID2", "QID7", "QID3_TEXT",
]  # fmt: skip
QUALTRICS_NAMES = [
    "StartDate", "EndDate", "Status", "IPAddress", "RecordedDate", "ResponseId",
    "RecipientLastName", "RecipientFirstName", "RecipientEmail", "DistributionChannel",
    "Q1", "Q14", "Q14", "Q3",
]  # fmt: skip
ENGLISH = [*QUALTRICS_NAMES[:10], "How likely ...?", "It is easy", "It is useful", "Anything else?"]
GERMAN = [
    "Anfangsdatum", "Enddatum", "Antworttyp", "IP-Adresse", "Erfassungsdatum", "Antwort-ID",
    "Nachname des Empfängers", "Vorname des Empfängers", "E-Mail des Empfängers",
    "Verteilungskanal", "Wie wahrscheinlich ...?", "Einfach", "Nützlich", "Noch etwas?",
]  # fmt: skip
MAPPED = """
format = "qualtrics"
items = { recommend = "Q1", easy = "QID2", useful = "QID7", comment = "Q3" }
"""


def qualtrics(labels=ENGLISH, status="IP Address", preview=("Survey Preview", "preview")):
    def response(number, kind, channel, *given):
        return [
            "2026-05-01 09:00:00", "2026-05-01 09:05:00", kind, f"192.0.2.{number}",
            "2026-05-02 09:05:01", f"R_{number}", "Lopez", "Maria", "maria@example.org", channel,
            *given,
        ]  # fmt: skip

    return [
        QUALTRICS_NAMES, labels, [f'{{"ImportId":"{i}"}}' for i in QUALTRICS_IDS],
        response(1, status, "anonymous", "9", "Agree", "Disagree", "Ask Maria Lopez, she knows"),
        response(2, preview[0], preview[1], "0", "Disagree", "Agree", "only a try"),
        response(3, status, "email", "", "Strongly agree", "", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("labels", [ENGLISH, GERMAN], ids=["english", "german"])
@pytest.mark.parametrize(
    ("status", "preview"),
    [
        ("IP Address", ("Survey Preview", "preview")),
        ("0", ("1", "preview")),
        ("IP-Adresse", ("Umfragevorschau", "preview")),
        ("IP Address", ("Offline Survey Preview", "offline")),
        ("16", ("17", "offline")),
        ("IP Address", ("Survey Test", "test")),
        ("IP Address", ("Spam", "email")),
    ],
    ids=["words", "numbers", "german words", "offline", "offline numbers", "test", "spam"],
)
def test_qualtrics_with_three_rows_of_headers(load, labels, status, preview):
    pilot = load(qualtrics(labels, status, preview), MAPPED, FROM_0, EASY, USEFUL, COMMENT)
    assert answers(pilot, "recommend") == [9]
    # The two questions with one number are told apart by their ImportIds.
    assert answers(pilot, "easy") == [4, 5]
    assert answers(pilot, "useful") == [2]
    rows = pilot.table("survey_responses")
    assert set(rows["response_id"]) == set(rows["respondent_id"]) == {"R_1", "R_3"}
    assert {day.isoformat()[:10] for day in rows["answered_on"]} == {"2026-05-02"}
    reason = {"Spam": "marked as spam", "Survey Test": "a test, not a response"}.get(
        preview[0], "a preview, not a response"
    )
    assert ledger(pilot, "responses") == [
        ("read", "", 3),
        ("set aside", reason, 1),
        ("kept", "", 2),
    ]
    assert ledger(pilot, "rows") == [
        ("read", "", 8), ("set aside", "blank: no value or text", 3), ("kept", "", 5),
    ]  # fmt: skip
    assert pilot.files.query("table == 'survey_responses'")["rows"].tolist() == [3]


def test_names_of_respondents_are_dropped_also_from_what_they_wrote(load):
    pilot = load(qualtrics(), MAPPED, FROM_0, EASY, USEFUL, COMMENT)
    assert answers(pilot, "comment") == ["Ask [name] [name], she knows"]
    told = pilot.table("survey_responses").to_csv() + pilot.ledger.to_csv()
    for private in ("Lopez", "Maria", "example.org", "192.0.2"):
        assert private not in told


def test_a_question_number_that_stands_twice_is_refused(refusal):
    source = MAPPED.replace("QID2", "Q14")
    assert refusal(qualtrics(), source, RECOMMEND, EASY, USEFUL, COMMENT) == (
        'survey.csv, row 1: 2 columns are called "Q14". items.easy of sources.survey_responses '
        'needs one of "Q14 [QID2]", "Q14 [QID7]".'
    )


@pytest.mark.parametrize("name", ["QID2", "qid2", "It is easy", "Q14 [QID2]"])
def test_a_question_may_be_named_in_any_way_that_tells_it_from_others(load, name):
    source = f'format = "qualtrics"\nitems = {{ easy = "{name}" }}\n'
    assert answers(load(qualtrics(), source, EASY), "easy") == [4, 5]


@pytest.mark.parametrize("name", ["IPAddress", "ipAddress", "RecipientEmail", "recipientlastname"])
@pytest.mark.parametrize("key", ["items = {{ comment = '{}' }}", "where = {{ '{}' = ['x'] }}"])
def test_what_says_who_somebody_is_may_not_be_an_item_or_a_rule(refusal, name, key):
    source = 'format = "qualtrics"\n' + key.format(name)
    source += '\nitems = { comment = "Q3" }\n' if "where" in key else "\n"
    told = refusal(qualtrics(), source, COMMENT)
    assert "says who somebody is" in told
    assert "Maria" not in told


def test_a_private_column_is_known_by_its_other_names(refusal):
    source = 'format = "qualtrics_legacy"\nitems = { comment = "V5" }\n'
    assert '"V5" (contacts) says who somebody is' in refusal(LEGACY, source, COMMENT)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (["x"] * 14, "row 3: the third row should hold an ImportId in every column"),
        (["[" * 100_000] * 14, "row 3: the third row should hold an ImportId in every column"),
        (['"QID1"'] * 14, "row 3: the third row should hold an ImportId in every column"),
        ([""] * 14, "row 3: the row is blank, and the first 3 must be headers"),
    ],
    ids=["text", "deep", "no object", "blank"],
)
def test_a_third_row_that_is_no_row_of_import_ids(refusal, row, told):
    rows = qualtrics()
    rows[2] = row
    assert told in refusal(rows, MAPPED, RECOMMEND, EASY, USEFUL, COMMENT)


def test_three_rows_of_headers_are_not_taken_for_two(refusal):
    source = 'format = "qualtrics_legacy"\nitems = { comment = "Q3" }\n'
    assert refusal(qualtrics(), source, COMMENT).startswith(
        "survey.csv, row 3: holds ImportIds, so there are more than 2 rows of headers. Say format"
    )


def test_headers_and_no_response(refusal):
    assert "3 rows of headers and no response below them" in refusal(
        qualtrics()[:3], MAPPED, RECOMMEND, EASY, USEFUL, COMMENT
    )


LEGACY = [
    ["V1", "V2", "V3", "V5", "V6", "V7", "V8", "V9", "V10", "Q1", "Q3", "LocationLatitude", ""],
    ["ResponseID", "ResponseSet", "Name", "EmailAddress", "IPAddress", "Status", "StartDate",
     "EndDate", "Finished", "How likely ...?", "Anything else?", "LocationLatitude", ""],
    ["R_1", "Default", "Anonymous", "a@example.org", "192.0.2.1", "0", "2017-07-18 08:28:09",
     "2017-07-18 08:28:48", "1", "7", "Fine", "47.1", ""],
    ["R_2", "Default", "Anonymous", "b@example.org", "192.0.2.2", "1", "2017-07-18 08:28:09",
     "2017-07-18 08:28:48", "1", "0", "a preview", "47.1", ""],
]  # fmt: skip


def test_the_legacy_form_with_two_rows_a_mark_and_an_empty_column(load):
    source = (
        'format = "qualtrics_legacy"\nitems = { recommend = "Q1", comment = "Anything else?" }\n'
    )
    pilot = load(LEGACY, source, FROM_0, COMMENT, encoding="utf-8-sig")
    assert answers(pilot, "recommend") == [7]
    assert answers(pilot, "comment") == ["Fine"]
    assert set(pilot.table("survey_responses")["response_id"]) == {"R_1"}
    assert ledger(pilot, "responses")[1] == ("set aside", "a preview, not a response", 1)
    assert pilot.files.query("table == 'survey_responses'")["rows"].tolist() == [2]


# ------------------------------------------------------------------------------- Google Forms

STEM = "How much do you agree?"
FORMS = [
    ["Timestamp", "How likely are you, on the whole, to recommend it?", f"{STEM} [It is easy]",
     f"{STEM} [It is useful]", "Where do you use it?", "", "Anything else?"],
    ["5/1/2026 9:05:01", "0", "Agree", "Disagree", "In class, At home, in the evening, or at night",
     "", "Fine, but slow"],
    ["5/2/2026 10:00:00", "10", "Strongly agree", "", "At home", "", ""],
    ["5/3/2026 11:00:00", "", "", "Agree", "", "", "=)"],
    ["5/4/2026 12:00:00", "8", "Neutral", "Agree", "Elsewhere, In class", "", ""],
]  # fmt: skip
OF_FORMS = f"""
format = "google_forms"
dates = "month first"
items.recommend = "{FORMS[0][1]}"
items.easy = "{STEM} [It is easy]"
items.useful = "{STEM} [It is useful]"
items.in_class = "Where do you use it?"
items.at_night = "Where do you use it?"
items.comment = "Anything else?"
"""


def box(item, option):
    return f"""
[items.{item}]
question = "Where do you use it?"
low = 0
high = 1
chosen = "{option}"
"""


IN_CLASS, AT_NIGHT = box("in_class", "In class"), box("at_night", "in the evening, or at night")


def test_google_forms(load):
    items = (RECOMMEND, EASY, USEFUL, COMMENT, IN_CLASS, AT_NIGHT)
    pilot = load(FORMS, OF_FORMS, *items)
    assert answers(pilot, "recommend") == [0, 10, 8]
    assert answers(pilot, "easy") == [4, 5, 3]
    assert answers(pilot, "useful") == [2, 4, 4]
    assert answers(pilot, "comment") == ["Fine, but slow", "=)"]
    # Chosen, not chosen, and (third response) not answered; the option itself holds a comma.
    assert answers(pilot, "in_class") == [1, 0, 1]
    assert answers(pilot, "at_night") == [1, 0, 0]
    rows = pilot.table("survey_responses")
    assert rows["answered_on"].min().isoformat() == "2026-05-01T00:00:00"
    assert ledger(pilot, "responses") == [("read", "", 4), ("kept", "", 4)]
    assert ledger(pilot, "rows")[0] == ("read", "", 24)


def test_without_a_name_a_response_is_known_by_file_and_row(load, tmp_path):
    other = SOURCE.replace('"survey.csv"', '"other.csv"').replace("spring", "fall")
    items = (
        'format = "google_forms"\ndates = "month first"\nitems = { comment = "Anything else?" }\n'
    )
    (tmp_path / "other.csv").write_text(written(FORMS))
    pilot = load(FORMS, items, other, items, COMMENT)
    rows = pilot.table("survey_responses")
    # Row 2 of one survey is another person than row 2 of another.
    assert list(rows["respondent_id"]) == [
        "survey.csv row 2", "survey.csv row 4", "other.csv row 2", "other.csv row 4",
    ]  # fmt: skip


def test_an_option_that_nobody_chose_may_be_misspelt(refusal):
    items = (RECOMMEND, EASY, USEFUL, COMMENT, AT_NIGHT, box("in_class", "In clas"))
    assert refusal(FORMS, OF_FORMS, *items) == (
        'survey.csv, column "Where do you use it?": no answer holds the option "In clas"; did you '
        "mean 'In class'? Correct `chosen` of items.in_class in pilot.toml, or take the item out."
    )


def test_a_part_of_an_option_is_not_the_option(load):
    rows = [["Timestamp", "Tools"], ["", "R Studio, Python"], ["", "R"], ["", "Python, R"]]
    tools = box("r", "R").replace("Where do you use it?", "Tools")
    pilot = load(rows, 'format = "google_forms"\nitems = { r = "Tools" }\n', tools)
    assert answers(pilot, "r") == [0, 1, 1]


def test_a_question_without_text_and_two_with_the_same_are_named_by_their_place(load, refusal):
    rows = [["Timestamp", "", "Why?", "Why?"], ["", "a", "b", "c"]]
    source = 'format = "google_forms"\nitems = {{ comment = "{}" }}\n'
    assert 'one of "Why? [column 3]", "Why? [column 4]"' in refusal(
        rows, source.format("Why?"), COMMENT
    )
    assert answers(load(rows, source.format("Why? [column 4]"), COMMENT), "comment") == ["c"]
    assert answers(load(rows, source.format("[column 2]"), COMMENT), "comment") == ["a"]


def test_headers_that_differ_in_case_only_are_two_columns(load, refusal):
    rows = [["Timestamp", "Why?", "WHY?"], ["", "a", "b"]]
    source = 'format = "google_forms"\nitems = {{ comment = "{}" }}\n'
    assert '2 columns are called "Why?"' in refusal(rows, source.format("Why?"), COMMENT)
    assert answers(load(rows, source.format("WHY? [column 3]"), COMMENT), "comment") == ["b"]


TEN = [["Timestamp", "Recommend"], ["", "10"], ["", "9"], ["", "1"]]


@pytest.mark.parametrize("form", ["google_forms", "survey"])
def test_a_scale_that_may_have_begun_with_1_is_refused(load, refusal, form):
    source = f'format = "{form}"\nitems = {{ recommend = "Recommend" }}\n'
    assert refusal(TEN, source, RECOMMEND) == (
        'survey.csv, column "Recommend": no answer is 0, so the form may have offered 1 to 10, '
        "which is no Net Promoter Score. Look at the form, and say offered_from = 0 or 1 for "
        "items.recommend."
    )
    for start in (0, 1):
        pilot = load(TEN, source, RECOMMEND + f"offered_from = {start}\n")
        assert answers(pilot, "recommend") == [10, 9, 1]
        assert pilot.config.items["recommend"].offered_from == start
    assert answers(load([*TEN, ["", "0"]], source, RECOMMEND), "recommend") == [10, 9, 1, 0]


def test_an_answer_of_0_that_is_set_aside_does_not_tell_the_scale(load, refusal):
    source = 'format = "qualtrics"\nitems = { recommend = "Q1" }\n'
    assert "no answer is 0" in refusal(qualtrics(), source, RECOMMEND)
    kept = [[cell.replace("Survey Preview", "IP Address") for cell in row] for row in qualtrics()]
    kept = [[cell.replace("preview", "email") for cell in row] for row in kept]
    assert answers(load(kept, source, RECOMMEND), "recommend") == [9, 0]


# ------------------------------------------------------------------------------ SurveyMonkey

MONKEY = [
    ["Respondent ID", "Collector ID", "Start Date", "End Date", "IP Address", "Email Address",
     "First Name", "Last Name", "Custom Data 1", "How likely are you to recommend it?",
     "Where do you use it?", "", "", "How much do you agree?", "", "Anything else?"],
    ["", "", "", "", "", "", "", "", "", "Response", "In class", "At home",
     "Other (please specify)", "It is easy", "It is useful", "Open-Ended Response"],
    ["118", "4", "05/01/2026 09:00:00 AM", "05/13/2026 09:05:00 AM", "192.0.2.1", "m@example.org",
     "Maria", "Lopez", "", "9", "In class", "", "on the bus", "Agree", "Disagree", "Fine"],
    ["119", "4", "05/01/2026 09:00:00 AM", "05/13/2026 09:05:00 AM", "192.0.2.2", "", "", "", "",
     "3", "", "At home", "", "Neutral", "Agree", ""],
]  # fmt: skip
OF_MONKEY = """
format = "surveymonkey"
items.recommend = "How likely are you to recommend it?"
items.easy = "It is easy"
items.useful = "How much do you agree? [It is useful]"
items.comment = "Anything else?"
"""


def test_surveymonkey(load, refusal):
    assert "no answer is 0" in refusal(MONKEY, OF_MONKEY, RECOMMEND, EASY, USEFUL, COMMENT)
    pilot = load(MONKEY, OF_MONKEY, FROM_0, EASY, USEFUL, COMMENT)
    assert answers(pilot, "recommend") == [9, 3]
    assert answers(pilot, "easy") == [4, 3]
    assert answers(pilot, "useful") == [2, 4]
    assert answers(pilot, "comment") == ["Fine"]
    rows = pilot.table("survey_responses")
    assert set(rows["respondent_id"]) == {"118", "119"}
    assert "Lopez" not in rows.to_csv()


def test_a_column_of_one_option_does_not_tell_who_left_the_question_out(refusal):
    source = """format = "surveymonkey"\nitems.in_class = "Where do you use it? [In class]"\n"""
    assert refusal(MONKEY, source, IN_CLASS) == (
        'survey.csv, column "Where do you use it? [In class]": holds "In class" or nothing, so a '
        "blank may mean not chosen or not answered. Export all options of the question in one "
        "column (SurveyMonkey: condensed; Qualtrics: without splitting multi-value fields), or "
        "take items.in_class out."
    )


def test_a_question_of_several_columns_is_not_its_first_column(refusal):
    source = OF_MONKEY.replace('"It is easy"', '"How much do you agree?"')
    assert refusal(MONKEY, source, RECOMMEND, EASY, USEFUL, COMMENT).endswith(
        'needs one of "How much do you agree? [It is easy]", '
        '"How much do you agree? [It is useful]".'
    )


# --------------------------------------------------------------------------- answers in words

WORDED = 'format = "survey"\nitems = { easy = "Easy" }\n'


def easy(answers_in_words, **more):
    added = "".join(f"{key} = {value}\n" for key, value in more.items())
    return f'\n[items.easy]\nquestion = "Easy?"\nanswers = {answers_in_words}\n{added}'


def rows_of(*texts):
    return [["Easy", "other"], *([text, "x"] for text in texts)]


def test_words_count_by_their_declared_order_and_never_by_the_alphabet(load):
    order = ["Never", "Rarely", "Sometimes", "Often", "Always"]
    pilot = load(rows_of(*sorted(order)), WORDED, easy(order))
    assert answers(pilot, "easy") == [5, 1, 4, 2, 3]
    pilot = load(rows_of(*sorted(order)), WORDED, easy(order[::-1]))
    assert answers(pilot, "easy") == [1, 5, 2, 4, 3]
    # An answer that nobody gave keeps its place.
    pilot = load(rows_of("Never", "Always"), WORDED, easy(order))
    assert answers(pilot, "easy") == [1, 5]


def test_space_and_case_of_an_answer_do_not_count(load):
    order = ["About none of it", "About half of it", "All"]
    texts = ("About\u00a0half\u00a0of\u00a0it", " about  half of it ", "ALL")
    pilot = load(rows_of(*texts), WORDED, easy(order, high=3))
    assert answers(pilot, "easy") == [2, 2, 3]


def test_words_that_mean_no_answer_are_counted_as_blank(load):
    order = ["No", "A little", "Yes"]
    item = easy(order, high=3, no_answer=["Not applicable", "I don't know"])
    pilot = load(rows_of("Yes", "not applicable", "I don't know", ""), WORDED, item)
    assert answers(pilot, "easy") == [3]
    assert ledger(pilot, "rows")[1] == ("set aside", "blank: no value or text", 3)


def test_an_answer_that_is_not_among_the_words_is_told(refusal):
    order = ["No", "A little", "Yes"]
    assert refusal(rows_of("Yes", "A litle", "A litle", "No"), WORDED, easy(order, high=3)) == (
        'survey.csv, row 3, column "Easy": "A litle" is not one of the answers; did you mean '
        "'A little'? Correct the answers of items.easy in pilot.toml, or add it to its no_answer; "
        "2 rows like this."
    )


def test_words_where_numbers_are_expected_are_told(refusal):
    item = '\n[items.easy]\nquestion = "Easy?"\n'
    assert refusal(rows_of("Agree", "4"), WORDED, item) == (
        'survey.csv, row 2, column "Easy": "Agree" is not a number. Say its answers from the '
        "lowest to the highest: answers of items.easy."
    )


def test_answers_must_be_as_many_as_the_steps_of_the_scale(load):
    with pytest.raises(ConfigError, match="3 answers in words, and 1 to 5 are 5"):
        load(rows_of("Yes"), WORDED, easy(["No", "A little", "Yes"]))


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ('format = "survey"\n', "survey.csv: no item is named, so no column of this survey would"),
        ('format = "survey"\nitems = { easy = "Eassy" }\n',
         "there is no column \"Eassy\"; did you mean 'Easy'? items.easy of sources.survey_"),
    ],
)  # fmt: skip
def test_a_survey_without_items_or_with_an_unknown_column(refusal, source, told):
    assert told in refusal(rows_of("Agree"), source, EASY)


def test_ragged_responses_are_refused(refusal):
    rows = [["Easy", "other"], ["Agree", "x"], ["Agree"]]
    assert 'row 3, column "other": the row has 1 cells and the header 2' in refusal(
        rows, WORDED, EASY
    )


# -------------------------------------------------------------------------------- real files


def of_shared(shared_data, tmp_path, file):
    data = (shared_data / file).read_bytes()
    name = file.rpartition("/")[2]
    (tmp_path / name).write_bytes(data)
    return name


def test_the_real_qualtrics_exports(load, shared_data, tmp_path):
    for file, form, more in (
        (
            "qualtrics/sample.csv",
            "qualtrics",
            'topics = "QID2_TEXT_eae5a8d0e7fd4bd183e983e5Topics"',
        ),
        ("qualtrics/sample_legacy.csv", "qualtrics_legacy", ""),
    ):
        name = of_shared(shared_data, tmp_path, file)
        choice = '\n[items.choice]\nquestion = "Choice"\n'
        topics = COMMENT.replace("items.comment", "items.topics") if more else ""
        source = (
            f'format = "{form}"\nitems = {{ choice = "Q1", comment = "Q2"{more and ", "}{more} }}\n'
        )
        toml = SOURCE.replace("survey.csv", name)
        pilot = load(rows_of("x"), source, choice, COMMENT, topics, toml=toml)
        assert answers(pilot, "choice") == [2]
        assert answers(pilot, "comment") == ["Hello World!"]
        rows = pilot.table("survey_responses")
        assert set(rows["respondent_id"]) == {"R_2YPOQ602ER1jkf1"}
        assert rows["answered_on"].dt.strftime("%Y-%m-%d").unique().tolist() == ["2017-07-18"]
        assert ledger(pilot, "responses") == [("read", "", 1), ("kept", "", 1)]
        assert "47.1" not in rows.to_csv()
        assert "130.92" not in rows.to_csv()
