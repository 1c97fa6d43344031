"""``pilot.toml`` -> `PilotConfig`: the control panel of a pilot, checked key by key."""

from pilot_analysis.config.nearest import nearest
from pilot_analysis.config.read import read_config
from pilot_analysis.config.sections import (
    ArmConfig,
    DesignConfig,
    DisclosureConfig,
    DoseConfig,
    GroupConfig,
    InferenceConfig,
    ItemConfig,
    OutcomeConfig,
    PilotInfo,
    PrivacyConfig,
    ReportConfig,
    ScaleConfig,
)
from pilot_analysis.config.source import Source, fill, placeholders
from pilot_analysis.config.whole import PilotConfig

__all__ = [
    "ArmConfig",
    "DesignConfig",
    "DisclosureConfig",
    "DoseConfig",
    "GroupConfig",
    "InferenceConfig",
    "ItemConfig",
    "OutcomeConfig",
    "PilotConfig",
    "PilotInfo",
    "PrivacyConfig",
    "ReportConfig",
    "ScaleConfig",
    "Source",
    "fill",
    "nearest",
    "placeholders",
    "read_config",
]
