"""Notebooks for the tests of this folder."""

import nbformat
import pytest


@pytest.fixture
def make_notebook():
    """`make_notebook(*sources, tags={0: ["parameters"]})`: a notebook of code cells."""

    def make(*sources, tags=None):
        tags = {0: ["parameters"]} if tags is None else tags
        cells = [
            nbformat.v4.new_code_cell(
                source, id=f"cell-{number}", metadata={"tags": tags.get(number, [])}
            )
            for number, source in enumerate(sources)
        ]
        return nbformat.v4.new_notebook(
            cells=cells,
            metadata={
                "kernelspec": {
                    "name": "python3",
                    "display_name": "Python 3 (ipykernel)",
                    "language": "python",
                },
                "language_info": {"name": "python"},
            },
        )

    return make
