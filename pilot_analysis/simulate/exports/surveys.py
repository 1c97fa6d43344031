"""The teacher survey: two waves as Qualtrics exports them, the last one as Google Forms does."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pilot_analysis.simulate.exports.files import csv_bytes
from pilot_analysis.simulate.exports.mess import Aside, none_aside
from pilot_analysis.simulate.exports.people import People
from pilot_analysis.simulate.exports.questions import (
    AGREEMENT,
    ITEMS,
    QUESTIONS,
    STEMS,
    import_id,
    number_of,
)

__all__ = ["export_surveys"]

_STANDARD = {
    "StartDate": ("Start Date", "startDate"),
    "EndDate": ("End Date", "endDate"),
    "Status": ("Response Type", "status"),
    "IPAddress": ("IP Address", "ipAddress"),
    "Progress": ("Progress", "progress"),
    "Duration (in seconds)": ("Duration (in seconds)", "duration"),
    "Finished": ("Finished", "finished"),
    "RecordedDate": ("Recorded Date", "recordedDate"),
    "ResponseId": ("Response ID", "_recordId"),
    "RecipientLastName": ("Recipient Last Name", "recipientLastName"),
    "RecipientFirstName": ("Recipient First Name", "recipientFirstName"),
    "RecipientEmail": ("Recipient Email", "recipientEmail"),
    "ExternalReference": ("External Data Reference", "externalDataReference"),
    "LocationLatitude": ("Location Latitude", "locationLatitude"),
    "LocationLongitude": ("Location Longitude", "locationLongitude"),
    "DistributionChannel": ("Distribution Channel", "distributionChannel"),
    "UserLanguage": ("User Language", "userLanguage"),
}
_QUALTRICS = ("fall", "winter")
_FORMS = "spring"
_N_TWICE, _N_PREVIEWS, _N_PARTIAL = 2, 3, 4
_UNFINISHED = "not asked for (wanted: Finished True)"
_REPEATED = "another row of the same response_id and item_id is used"
_BLANK = "blank: no value or text"


def export_surveys(
    tables: Mapping[str, pd.DataFrame], people: People, rng: np.random.Generator
) -> tuple[dict[str, bytes], list[Aside]]:
    """Return the surveys' files, and what reading them must set aside.

    Agreement is in words. Qualtrics has previews, responses that stop halfway and a second
    response of the same person; the form has a second response of the same person.
    """
    answers = tables["survey_responses"]
    files, asides = {}, []
    for wave in _QUALTRICS:
        responses = _responses(answers, wave)
        if len(responses):
            files[f"qualtrics_teachers_{wave}.csv"], more = _qualtrics(responses, people, wave, rng)
            asides += more
    responses = _responses(answers, _FORMS)
    if len(responses):
        files["google_forms_teachers_spring.csv"], more = _google_forms(responses, rng)
        asides += more
    return files, none_aside(asides)


def _responses(answers: pd.DataFrame, wave: str) -> pd.DataFrame:
    """Return one row a response, a column an item, in words; sorted by when it was sent."""
    rows = answers[answers["wave"] == wave]
    said = rows["value"].map("{:g}".format, na_action="ignore").astype(object)
    worded = rows["item_id"].isin([i for i in ITEMS if i not in ("recommend", "comment")])
    words = {str(n): word for n, word in enumerate(AGREEMENT, start=1)}
    said = said.where(~worded, said.map(words)).where(rows["text"].isna(), rows["text"])
    wide = rows.assign(said=said).pivot_table(
        index=["answered_on", "respondent_id", "school_id", "product_id"],
        columns="item_id", values="said", aggfunc="first",
    )  # fmt: skip
    return wide.reindex(columns=list(ITEMS)).astype(object).fillna("").reset_index()


def _moments(days: pd.Series, rng: np.random.Generator) -> pd.Series:
    """Return moments on these days; on one day they follow one another as the rows do."""
    minutes = pd.Series(rng.integers(1, 9, len(days)), days.index).groupby(days).cumsum()
    seconds = pd.Series(rng.integers(0, 60, len(days)), days.index)
    start = pd.Timedelta(hours=7)
    return days + start + pd.to_timedelta(minutes, "min") + pd.to_timedelta(seconds, "s")


def _items_of(wave: str) -> list[str]:
    return [item for item in ITEMS if item != "recommend" or wave != "fall"]


def _qualtrics(
    responses: pd.DataFrame, people: People, wave: str, rng
) -> tuple[bytes, list[Aside]]:
    items = _items_of(wave)
    names = [*_STANDARD, *(number_of(item) for item in items), "school", "product"]
    texts = [text for text, _ in _STANDARD.values()]
    texts += [f"{STEMS[item]} - {QUESTIONS[item]}" if item in STEMS else QUESTIONS[item]
              for item in items]  # fmt: skip
    ids = [key for _, key in _STANDARD.values()] + [import_id(item) for item in items]
    top = [names, [*texts, "school", "product"],
           [f'{{"ImportId":"{key}"}}' for key in (*ids, "school", "product")]]  # fmt: skip
    known = _known(responses, people, rng)
    asked = [*_STANDARD, *items, "school", "product"]
    twice = _again(known, rng, "RecordedDate")
    previews = known.head(_N_PREVIEWS).assign(
        Status="Survey Preview", ExternalReference="", IPAddress="", RecipientEmail="",
        RecipientFirstName="", RecipientLastName="",
    )  # fmt: skip
    partial = known.tail(_N_PARTIAL).assign(
        Finished="False", Progress="38", **dict.fromkeys(items[4:], "")
    )
    everything = pd.concat([previews, known, twice, partial], ignore_index=True)
    everything["ResponseId"] = [f"R_{n:015x}" for n in rng.integers(0, 2**60, len(everything))]
    everything = everything.sort_values("RecordedDate", kind="stable")
    rows = everything[asked].astype(object).fillna("").to_numpy().tolist()
    blank = int((known[items] == "").to_numpy().sum())
    aside = [
        Aside("survey_responses", "responses", "a preview, not a response", len(previews)),
        Aside("survey_responses", "rows", _UNFINISHED, len(partial) * len(items)),
        Aside("survey_responses", "rows", _REPEATED, len(twice) * len(items)),
        Aside("survey_responses", "rows", _BLANK, blank),
    ]
    return csv_bytes([*top, *rows], line_end="\n"), aside


def _known(responses: pd.DataFrame, people: People, rng) -> pd.DataFrame:
    """Return responses with everything that Qualtrics adds: who, where from, how long."""
    n = len(responses)
    sent = _moments(responses["answered_on"], rng)
    took = pd.Series(rng.integers(150, 900, n), responses.index)
    who = people.respondents.loc[responses["respondent_id"]]
    return responses.assign(
        StartDate=(sent - pd.to_timedelta(took, "s")).dt.strftime("%Y-%m-%d %H:%M:%S"),
        EndDate=sent.dt.strftime("%Y-%m-%d %H:%M:%S"),
        RecordedDate=sent.dt.strftime("%Y-%m-%d %H:%M:%S"),
        Status="IP Address",
        # Addresses that are kept for documentation, and a point in the open sea.
        IPAddress=[f"192.0.2.{number}" for number in rng.integers(1, 255, n)],
        LocationLatitude="10.0000",
        LocationLongitude="-140.0000",
        Progress="100",
        Finished="True",
        **{"Duration (in seconds)": took.astype(str)},
        RecipientLastName=who["family"].to_numpy(),
        RecipientFirstName=who["given"].to_numpy(),
        RecipientEmail=who["email"].to_numpy(),
        ExternalReference=responses["respondent_id"],
        DistributionChannel="email",
        UserLanguage="EN",
        school=responses["school_id"],
        product=responses["product_id"],
    )


def _again(rows: pd.DataFrame, rng, moment: str) -> pd.DataFrame:
    """Return second responses of a few people, sent after everyone's first."""
    n = min(_N_TWICE, len(rows))
    twice = rows.iloc[np.sort(rng.choice(len(rows), n, replace=False))].copy()
    return twice.assign(**{moment: rows[moment].max()})


def _google_forms(responses: pd.DataFrame, rng) -> tuple[bytes, list[Aside]]:
    items = _items_of(_FORMS)
    header = ["Timestamp", "Your code (it stands in your letter)", "Your school's code",
              "Which software do you use?"]  # fmt: skip
    header += [f"{STEMS[i]} [{QUESTIONS[i]}]" if i in STEMS else QUESTIONS[i] for i in items]
    rows = responses.assign(
        sent=_moments(responses["answered_on"], rng), name=responses["product_id"].str.title()
    )
    twice = _again(rows, rng, "sent")
    everything = pd.concat([rows, twice]).sort_values("sent", kind="stable")
    moment = everything["sent"]
    everything["sent"] = (
        moment.dt.month.astype(str) + "/" + moment.dt.day.astype(str)
        + moment.dt.strftime("/%Y %H:%M:%S")
    )  # fmt: skip
    asked = ["sent", "respondent_id", "school_id", "name", *items]
    body = everything[asked].to_numpy(dtype=object).tolist()
    aside = [
        Aside("survey_responses", "rows", _REPEATED, len(twice) * len(items)),
        Aside("survey_responses", "rows", _BLANK, int((rows[items] == "").to_numpy().sum())),
    ]
    # Forms leaves an unnamed column where a question was deleted.
    return csv_bytes([[*header, ""], *([*row, ""] for row in body)]), aside
