"""The clean tables of who and what: schools, people, classes, products, goals and reasons."""

from pilot_analysis.schema.columns import (
    Table,
    date,
    flag,
    folder_id,
    id_column,
    number,
    product,
    school,
    student,
    teacher,
    text,
    whole,
)

__all__ = ["ROSTERS"]

ROSTERS = (
    Table(
        "schools",
        "One row per school in the pilot.",
        ("school_id",),
        (
            folder_id("school_id", "School."),
            text("name", "Name as printed in the brief.", required=True),
            id_column("district_id", "District.", required=False),
            text("locale", "Locale, for instance city, suburb, town or rural."),
            whole("teachers_invited", "Teachers who were asked to take part (people).", 0),
            number(
                "principal_support",
                "Principal's support as the team rated it (1 low, 4 high).",
                1,
                4,
            ),
            flag("point_person", "Whether a point person was named."),
        ),
    ),
    Table(
        "teachers",
        "One row per teacher in the pilot.",
        ("teacher_id",),
        (
            id_column("teacher_id", "Teacher."),
            school(),
            text("role", "Role in the pilot.", choices=("teacher", "point_person", "coach")),
            flag("volunteered", "Whether the teacher volunteered (rather than being assigned)."),
            number("motivation", "Motivation at the start (1 low, 5 high).", 1, 5),
            number("years_experience", "Teaching experience (years).", 0, 70),
        ),
    ),
    Table(
        "students",
        "One row per student on a roster; groups are the columns the config names.",
        ("student_id",),
        (
            id_column("student_id", "Student (a pseudonym, never a name)."),
            school(),
            text("grade", "Grade at the start."),
            text("sex", "Sex as recorded."),
            text("race_ethnicity", "Race or ethnicity as recorded."),
            flag("english_learner", "English learner."),
            flag("disability", "Student with a disability."),
            flag("economically_disadvantaged", "Economically disadvantaged."),
        ),
    ),
    Table(
        "enrollments",
        "Who was in which class, with whom.",
        ("student_id", "class_id", "teacher_id"),
        (
            student(),
            id_column("class_id", "Class."),
            teacher(required=True),
            school(),
            text("subject", "Subject of the class."),
            number("weight", "Share of the student's time (co-taught: weights sum to 1).", 0, 1),
            date("begin", "First day."),
            date("end", "Last day."),
        ),
    ),
    Table(
        "assignments",
        "What each unit was assigned to.",
        ("unit", "unit_id", "window"),
        (
            text("unit", "Level that was assigned.", True, ("student", "class", "school")),
            id_column("unit_id", "The student, class or school."),
            text(
                "window",
                "Period the assignment holds for, as an outcome's `assignment_window`.",
                True,
            ),
            text("arm", "One of the config's arms.", True),
            product(),
            flag("randomized", "Whether chance decided."),
            id_column(
                "block",
                "Block within which units were assigned (often the school).",
                required=False,
            ),
        ),
    ),
    Table(
        "products",
        "One row per product (or other intervention).",
        ("product_id",),
        (
            folder_id("product_id", "Product."),
            text("name", "Name as printed.", required=True),
            text("subject", "Subject."),
            text("objective", "What the product is meant to do."),
            number(
                "recommended_minutes_per_week",
                "Vendor's recommended use (minutes a week).",
                0,
                3600,
            ),
            number("cost_per_license", "Price of a license (local currency).", 0),
        ),
    ),
    Table(
        "licenses",
        "Who held a license.",
        ("product_id", "student_id"),
        (
            product(True),
            student(),
            number(
                "target_minutes_per_week", "The student's own target (minutes a week).", 0, 3600
            ),
            date("begin", "First day."),
            date("end", "Last day."),
        ),
    ),
    Table(
        "goals",
        "A school's learning goals, set before the product.",
        ("school_id", "goal_id"),
        (
            school(),
            id_column("goal_id", "Goal."),
            whole("priority", "Rank (1 = first).", 1),
            text("objective", "The goal in the school's words."),
            id_column("outcome_id", "Outcome that measures it, as in the config.", required=False),
            product(),
            number(
                "alignment", "How well the product serves the goal (1 not at all, 4 fully).", 1, 4
            ),
            text("rater", "Who rated the alignment (a role, not a name)."),
        ),
    ),
    Table(
        "whys",
        "Why a school took part, stated before it started.",
        ("school_id", "why_id"),
        (
            school(),
            id_column("why_id", "Reason."),
            text(
                "kind",
                "Kind of reason.",
                True,
                (
                    "achievement_gap",
                    "equity_gap",
                    "growth",
                    "engagement",
                    "readiness",
                    "pain_point",
                    "shadow",
                ),
            ),
            text("statement", "The reason in the school's words.", required=True),
            id_column("outcome_id", "Outcome or survey scale it was grounded in.", required=False),
            text("group", "Group column of `students` that it speaks of."),
            text("reference_group", "Group column to compare with; blank: everyone else."),
            date("stated_on", "Day on which it was stated."),
        ),
    ),
)
