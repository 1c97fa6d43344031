"""What is said of the demo's data, counted again in its exports without the project's readers."""

import csv
import gzip
import io
import statistics
import zipfile
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from pilot_analysis.check.students import NEVER_USED, missing_students
from pilot_analysis.evaluation.joins import MATCHED, joins
from pilot_analysis.evaluation.not_tested import not_tested
from pilot_analysis.evaluation.oddities import find_oddities
from pilot_analysis.evaluation.quality_coverage import coverage

RAW = Path(__file__).parents[2] / "data" / "raw" / "demo"
WINDOWS = {
    "fall": ("2025-09-22", "2025-10-03"),
    "winter": ("2026-01-12", "2026-01-23"),
    "spring": ("2026-05-11", "2026-05-22"),
}
PRODUCT = {"reading": "readwell", "mathematics": "numera"}


def rows(data):
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def packed(archive, member=None):
    with zipfile.ZipFile(RAW / archive) as package:
        return rows(package.read(member or package.namelist()[0]))


def iso(text):
    return datetime.strptime(text, "%m/%d/%Y").date().isoformat()


class Exports:
    """The exports, read with nothing but csv."""

    def __init__(self):
        assigned = rows((RAW / "assignments.csv").read_bytes())
        self.arms = {a["unit_id"]: a["arm"] for a in assigned}
        users = packed("oneroster.zip", "users.csv")
        users = [u for u in users if u["status"] == "active" and u["role"] == "student"]
        named = {u["sourcedId"]: u["identifier"] for u in users}
        self.students = set(named.values())
        self.places = defaultdict(list)  # student -> (begin, end, class); every class has an arm
        for e in packed("oneroster.zip", "enrollments.csv"):
            taught = e["classSourcedId"] in self.arms
            if e["status"] == "active" and taught and e["userSourcedId"] in named:
                place = (e["beginDate"], e["endDate"], e["classSourcedId"])
                self.places[named[e["userSourcedId"]]].append(place)
        self.seats = {
            product: {r["Student ID"] for r in rows((RAW / f"seats_{product}.csv").read_bytes())}
            for product in PRODUCT.values()
        }
        self.tests, self.outside, self.repeated = {}, 0, 0
        self._nwea()
        self._iready()
        self._used()

    def _nwea(self):
        for window in WINDOWS:
            for test in packed(f"nwea_map_{window}.zip"):
                if test["GrowthMeasureYN"] == "FALSE":
                    self.repeated += 1
                elif test["Subject"] == "Language Arts" and test["TestRITScore"]:
                    key = "reading", window, test["StudentID"]
                    assert key not in self.tests
                    self.tests[key] = float(test["TestRITScore"])

    def _iready(self):
        for test in packed("iready_diagnostic_math.zip"):
            day = test["Completion Date"]
            window = next((w for w, (a, b) in WINDOWS.items() if day and a <= iso(day) <= b), None)
            key = "mathematics", window, test["Student ID"]
            if window is None:
                self.outside += 1
            elif test["Rush Flag"] != "Red Rush Flag":
                self.repeated += key in self.tests
                self.tests[key] = float(test["Overall Scale Score"])

    def _used(self):
        self.use = defaultdict(set)  # product -> (student, Monday or day)
        with gzip.open(RAW / "lexia_student_export.csv.gz") as file:
            for row in rows(file.read()):
                if float(row["week_time"] or 0) > 0 or float(row["week_sessions"] or 0) > 0:
                    self.use["readwell"].add((row["studentrefid"], row["week_of"]))
        for path in (RAW / "clever").iterdir():
            for row in rows(gzip.decompress(path.read_bytes())):
                if row["active"] == "True" and row["sis_id"]:
                    week = datetime.fromisoformat(row["date"]).isocalendar()[:2]
                    self.use["numera"].add((row["sis_id"], week))

    def school(self, student):
        return min(self.places[student])[2][:3]

    def users(self, product):
        return {student for student, _ in self.use[product]}

    def group(self, student, outcome=None):
        """Arm of the first class of a student, of those that are compared for an outcome."""
        arms = [self.arms[class_id] for *_, class_id in sorted(self.places[student])]
        wanted = {PRODUCT.get(outcome), "comparison"} if outcome else set(arms)
        return next((arm for arm in arms if arm in wanted), None)

    def is_compared(self, student, outcome, treated):
        """Whether that class is at a school where the product is compared with something."""
        wanted = PRODUCT[outcome], "comparison"
        classes = (class_id for *_, class_id in sorted(self.places[student]))
        first = next((c for c in classes if self.arms[c] in wanted), "")
        return (outcome, first[:3]) in treated


@pytest.fixture(scope="module")
def exports():
    return Exports()


def of_roster(exports, ids):
    return [student for student in ids if student in exports.students]


def fates(found, table, to):
    part = found[found["table"].eq(table) & found["to"].eq(to)]
    return dict(zip(part["fate"], part["rows"], strict=True))


def test_the_students_who_are_looked_up(demo, exports):
    found = joins(demo)
    tests = [student for *_, student in exports.tests]
    seats = [student for held in exports.seats.values() for student in held]
    for table, ids in (("assessments", tests), ("licenses", seats)):
        known = len(of_roster(exports, ids))
        strangers = len(ids) - known
        assert strangers > 0
        assert fates(found, table, "students") == {
            MATCHED: known, "student not on the roster": strangers,
        }  # fmt: skip


def test_tests_find_outcomes_and_groups(demo, exports):
    treated = {  # nobody is compared at a school that has only the other product
        (outcome, class_id[:3])
        for outcome, product in PRODUCT.items()
        for class_id, arm in exports.arms.items()
        if arm == product
    }
    expected = Counter()
    for outcome, window, student in exports.tests:
        if student not in exports.students:
            continue
        if window == "winter":
            fate = "a test or window that no outcome uses"
        elif exports.is_compared(student, outcome, treated):
            fate = MATCHED
        else:
            fate = "student of no group that is compared"
        expected[fate] += 1
    assert fates(joins(demo), "assessments", "outcomes and groups") == expected


def test_oddities_of_each_kind(demo, exports):
    found = {name: o for name, o in find_oddities(demo).items() if o is not None}
    assert found["outside_windows"].rows == exports.outside
    assert found["repeated_tests"].rows == exports.repeated
    scores = defaultdict(list)
    for (outcome, window, student), score in exports.tests.items():
        if student in exports.students:
            scores[outcome, window].append((student, score))
    far = []
    for (outcome, window), given in scores.items():
        middle = statistics.median(score for _, score in given)
        spread = 1.4826 * statistics.median(abs(score - middle) for _, score in given)
        far += [(s, f"{outcome}, {window}") for s, x in given if abs(x - middle) > 4 * spread]
    cases = found["far_scores"].cases
    assert sorted(zip(cases["person_id"], cases["about"], strict=True)) == sorted(far)
    assert found["far_scores"].n == len({s for given in scores.values() for s, _ in given})
    use = {(s, p, w) for p, weeks in exports.use.items() for s, w in weeks if s in exports.places}
    odd = {(s, p, w) for s, p, w in use if exports.group(s) == "comparison"}
    assert found["comparison_use"].rows == len(odd)
    assert set(found["comparison_use"].cases["person_id"]) == {s for s, *_ in odd}
    assert found["no_license"].rows == sum(s not in exports.seats[p] for s, p, _ in use)


def test_coverage_of_the_students_of_each_school(demo, exports):
    found = coverage(demo).set_index(["school_id", "table"])
    held = {s for ids in exports.seats.values() for s in ids} & exports.students
    used = held & {s for product in exports.use for s in exports.users(product)}
    tested = {student for *_, student in exports.tests}
    schools = Counter(map(exports.school, exports.students))
    assert len(schools) == 10
    for school, n in schools.items():
        own = {s for s in exports.students if exports.school(s) == school}
        for table, known in (("assessments", tested), ("enrollments", set(exports.places))):
            line = found.loc[school, table]
            assert (line["known"], line["n"]) == (len(own & known), n)
        assert found.loc[(school, "licenses"), "known"] == len(own & held)
    use = found.xs("usage", level="table")  # at the school where the license was held
    assert (use["known"].sum(), use["n"].sum()) == (len(used), len(held))
    assert used < held


def test_those_who_never_used_their_license(demo, exports):
    missing = missing_students(demo)
    idle = missing[missing["missing"].eq(NEVER_USED)]
    for product, held in exports.seats.items():
        name = product.capitalize()
        expected = (held & exports.students) - exports.users(product)
        assert set(idle.loc[idle["about"].eq(name), "student_id"]) == expected


def test_those_without_a_test(demo, exports):
    found = missing_students(demo)
    for outcome, product in PRODUCT.items():
        lost = set(found.loc[found["about"].eq(outcome), "student_id"])
        listed = not_tested(demo, outcome)
        with_product = set(listed.loc[listed["arm"].eq(product), "student_id"])
        expected = {
            s for s in exports.places
            if exports.group(s, outcome) == product
            and not all((outcome, w, s) in exports.tests for w in ("fall", "spring"))
        }  # fmt: skip
        assert with_product == expected
        assert lost == set(listed["student_id"])


def test_the_schools_of_the_workbook_are_those_of_the_map(demo):
    sheet = load_workbook(RAW / "team_records.xlsx")["Schools"]
    ids = {row[0] for row in sheet.iter_rows(min_row=2, values_only=True)}
    assert set(coverage(demo)["school_id"]) == ids
