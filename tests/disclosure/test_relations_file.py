from math import inf

import pytest

from pilot_analysis.disclosure import Linear, Product
from pilot_analysis.disclosure.relations_file import read_relations, write_relations
from pilot_analysis.errors import DisclosureError


def test_relations_are_read_back_as_they_were_written(tmp_path):
    relations = (
        Linear({"a": 1.0, "b": 1.0, "total": -1.0}),
        Linear({"a": 1.0, "b": -1.0}, 0.0, inf),
        Linear({"a": 2.0}, -inf, 0.5),
        Product("people", "share", "n", 100.0),
    )
    write_relations(relations, tmp_path)
    assert read_relations(tmp_path) == relations


@pytest.mark.parametrize("text", ["", "{", "[1]", '[{"sum": {}}]', '[{"product": ["a"]}]'])
def test_what_is_not_understood_is_refused(text, tmp_path):
    (tmp_path / "relations.json").write_text(text)
    with pytest.raises(DisclosureError):
        read_relations(tmp_path)


def test_a_run_without_relations_is_refused(tmp_path):
    with pytest.raises(DisclosureError, match=r"relations\.json"):
        read_relations(tmp_path)
