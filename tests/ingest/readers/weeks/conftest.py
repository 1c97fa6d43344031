"""Reading a log whose files a test writes."""

import pytest
from usage_log import read_log

from pilot_analysis.config import Source
from pilot_analysis.errors import DataError


@pytest.fixture
def read(tmp_path):
    """`read(files, **source)`: what the weekly rows, the step and the read files are."""

    def read(content, **source):
        contents = content if isinstance(content, dict) else {"log.csv": content}
        for name, data in contents.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data.encode() if isinstance(data, str) else data)
        source = Source(**({"file": "log.csv", "format": "usage_events"} | source))
        return read_log(tmp_path, source)

    return read


@pytest.fixture
def complaint(read):
    """`complaint(content, **source)`: the lines of the error that reading ends with."""

    def told(content, **source):
        with pytest.raises(DataError) as caught:
            read(content, **source)
        return [line.strip() for line in str(caught.value).splitlines()]

    return told
